// Details of one event: everything that a report says about it.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { writeAddress, type Address } from "../app/address.js";
import { noteText, signatureStatus, WEIGHTS } from "../report/wording.js";
import type { EventView } from "../report/types.js";
import { figures } from "../text/count.js";
import { fact, factsStyles } from "./facts.js";
import "./gl-copy.js";
import "./gl-id.js";
import { mark } from "./marks.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

@customElement("gl-event")
export class GlEvent extends LitElement {
  static override styles = [
    shared,
    factsStyles,
    css`
      .status {
        display: flex;
        gap: 0.5rem;
      }
      .status .mark {
        flex: none;
        margin-top: 0.1rem;
      }
      .long {
        max-height: 14rem;
        overflow: auto;
      }
    `,
  ];

  @property({ attribute: false }) event: EventView | undefined;
  /** The page's address, on which links build. */
  @property({ attribute: false }) address: Address | undefined;
  /** Index of the event that this one acts on, if that event is in the list. */
  @property({ attribute: false }) actsOnIndex: string | undefined;

  override render(): unknown {
    const { event } = this;
    if (!event) return nothing;
    const status = signatureStatus(event);
    return html`<dl>
      ${fact("Signature", html`<span class="status">${mark(status.outcome)}<span>${outside(status.long)}</span></span>`)}
      ${event.notes.map((note) => fact("Note", outside(noteText(note))))} ${text("Outcome", event.outcome)}
      ${event.weight ? fact("Weight", WEIGHTS[event.weight]) : nothing}
      ${event.actor === null ? nothing : fact("Actor", html`${this.#link(`actor:${event.actor}`, event.actor)}${event.actorType ? html` <span class="dim">(${outside(event.actorType)})</span>` : nothing}`)}
      ${text("Claimed time", event.occurredAt)}
      ${event.reason ? fact("Reason", html`<div class="long" tabindex="0" role="group" aria-label="Reason">${outside(event.reason.text ?? event.reason.code, true)}${event.reason.text === null ? nothing : html` <span class="dim">(${outside(event.reason.code)})</span>`}</div>`) : nothing}
      ${text("Ticket", event.reason?.ticket)} ${text("Environment", event.environment)}
      ${text("Pipeline", event.pipeline)}
      ${event.transfer ? fact("Transfer", html`from ${outside(event.transfer.from)} to ${outside(event.transfer.to)}`) : nothing}
      ${event.subjects.map((subject) => fact("Artifact", html`${this.#link(subject.name, subject.name)}<br />${id(subject.digest, "digest")}`))}
      ${event.actsOn === null ? nothing : fact("Acts on", html`${this.actsOnIndex === undefined ? nothing : html`entry ${figures(this.actsOnIndex)}, `}${id(event.actsOn, "leaf hash")}`)}
      ${event.keyid === null ? nothing : fact("Key", id(event.keyid, "key id"))}
      ${fact("Position", html`entry ${figures(event.index)} of the log`)}
      ${fact("Leaf hash", id(event.leafHash, "leaf hash"))}
      ${event.eventId === null ? nothing : fact("Event id", id(event.eventId, "event id"))}
    </dl>`;
  }

  #link(query: string, label: string): unknown {
    if (!this.address) return outside(label);
    return html`<a href=${writeAddress({ ...this.address, query })}>${outside(label)}</a>`;
  }
}

function text(name: string, value: string | null | undefined): unknown {
  return value === null || value === undefined ? nothing : fact(name, outside(value));
}

function id(value: string, what: string): unknown {
  return html`<gl-id .value=${value} room="34" .what=${what}></gl-id>
    <gl-copy .value=${value} .what=${what}></gl-copy>`;
}
