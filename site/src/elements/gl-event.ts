// Everything that a report says about one event.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { writeAddress, type Address } from "../app/address.js";
import { noteText, signatureStatus, WEIGHTS } from "../report/wording.js";
import type { EventView } from "../report/types.js";
import { figures } from "../text/count.js";
import "./gl-copy.js";
import "./gl-id.js";
import { mark } from "./marks.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

@customElement("gl-event")
export class GlEvent extends LitElement {
  static override styles = [
    shared,
    css`
      dl {
        display: grid;
        grid-template-columns: 8.5rem minmax(0, 1fr);
        gap: 0.35rem 1rem;
        margin: 0;
        padding: 0.9rem 1.15rem 1.1rem;
        font-size: 0.875rem;
        overflow-wrap: anywhere;
      }
      dt {
        color: var(--dim);
      }
      dd {
        margin: 0;
        min-width: 0;
      }
      .status {
        display: flex;
        gap: 0.5rem;
      }
      .status .mark {
        flex: none;
        margin-top: 0.1rem;
      }
      gl-copy {
        display: inline-block;
        margin-left: 0.35rem;
      }
      .long {
        max-height: 14rem;
        overflow: auto;
      }
      @media (max-width: 560px) {
        dl {
          grid-template-columns: minmax(0, 1fr);
          gap: 0;
        }
        dd {
          margin-bottom: 0.5rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) event: EventView | undefined;
  /** The page's address, which links lead on from. */
  @property({ attribute: false }) address: Address | undefined;
  /** Index of the event that this one acts on, where it is in the list too. */
  @property({ attribute: false }) actsOnIndex: string | undefined;

  override render(): unknown {
    const { event } = this;
    if (!event) return nothing;
    const status = signatureStatus(event);
    return html`<dl>
      ${row("Signature", html`<span class="status">${mark(status.outcome)}<span>${outside(status.long)}</span></span>`)}
      ${event.notes.map((note) => row("Note", outside(noteText(note))))}
      ${text("Outcome", event.outcome)}
      ${event.weight ? row("Weight", WEIGHTS[event.weight]) : nothing}
      ${event.actor === null ? nothing : row("Actor", html`${this.#link(`actor:${event.actor}`, event.actor)}${event.actorType ? html` <span class="dim">(${outside(event.actorType)})</span>` : nothing}`)}
      ${text("Claimed time", event.occurredAt)}
      ${event.reason ? row("Reason", html`<div class="long" tabindex="0" role="group" aria-label="Reason">${outside(event.reason.text ?? event.reason.code, true)}${event.reason.text === null ? nothing : html` <span class="dim">(${outside(event.reason.code)})</span>`}</div>`) : nothing}
      ${text("Ticket", event.reason?.ticket)} ${text("Environment", event.environment)} ${text("Pipeline", event.pipeline)}
      ${event.transfer ? row("Transfer", html`from ${outside(event.transfer.from)} to ${outside(event.transfer.to)}`) : nothing}
      ${event.subjects.map((subject) => row("Artifact", html`${this.#link(subject.name, subject.name)}<br />${id(subject.digest, "digest")}`))}
      ${event.actsOn === null ? nothing : row("Acts on", html`${this.actsOnIndex === undefined ? nothing : html`entry ${figures(this.actsOnIndex)}, `}${id(event.actsOn, "leaf hash")}`)}
      ${event.keyid === null ? nothing : row("Key", id(event.keyid, "key id"))}
      ${row("Position", html`entry ${figures(event.index)} of the log`)}
      ${row("Leaf hash", id(event.leafHash, "leaf hash"))}
      ${event.eventId === null ? nothing : row("Event id", id(event.eventId, "event id"))}
    </dl>`;
  }

  #link(query: string, label: string): unknown {
    if (!this.address) return outside(label);
    return html`<a href=${writeAddress({ ...this.address, query })}>${outside(label)}</a>`;
  }
}

function row(name: string, value: unknown): unknown {
  return html`<dt>${name}</dt><dd>${value}</dd>`;
}

function text(name: string, value: string | null | undefined): unknown {
  return value === null || value === undefined ? nothing : row(name, outside(value));
}

function id(value: string, what: string): unknown {
  return html`<gl-id .value=${value} room="34" .what=${what}></gl-id> <gl-copy .value=${value} .what=${what}></gl-copy>`;
}
