// Details of one event: everything that a report says about it.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { writeAddress, type Address } from "../app/address.js";
import { noteText, signatureStatus, WEIGHTS } from "../report/wording.js";
import type { EventView, ExceptionView, PartyView, SubjectView } from "@glasslog/verify";
import { figures } from "../text/count.js";
import { instant } from "../text/time.js";
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
    return html`<dl>
      ${fact("Signature", signature(event))} ${withdrawn(event)}
      ${event.notes.map((note) => fact("Note", outside(noteText(note))))} ${text("Outcome", event.outcome)}
      ${event.weight ? fact("Weight", WEIGHTS[event.weight]) : nothing}
      ${event.actor === null ? nothing : fact("Actor", this.#actor(event.actor, event.actorType))}
      ${event.onBehalfOf === null ? nothing : fact("On behalf of", this.#actor(event.onBehalfOf, null))}
      ${text("Roles", event.roles.join(", ") || null)} ${text("Claimed time", event.occurredAt)}
      ${text("Witnessed time", bracket(event.time))} ${event.reason ? fact("Reason", reason(event.reason)) : nothing}
      ${text("Ticket", event.reason?.ticket)} ${text("Environment", event.environment)} ${text("Region", event.region)}
      ${signed("Pipeline", event.pipeline)} ${event.transfer ? fact("Transfer", transfer(event.transfer)) : nothing}
      ${signed("Policy decision", event.policy)}
      ${event.exception ? fact("Exception", exception(event.exception)) : nothing}
      ${event.references.map((reference) => signed("Reference", reference))}
      ${event.subjects.map((subject) => fact("Artifact", this.#artifact(subject)))}
      ${event.actsOn === null ? nothing : fact("Acts on", this.#actsOn(event.actsOn))}
      ${event.key ? fact("About the key", id(event.key.keyid, "key id")) : nothing}
      ${event.key?.compromisedSince == null ? nothing : fact("Compromised since", html`entry ${figures(event.key.compromisedSince)}`)}
      ${text("Changed nothing", event.noEffect)}
      ${event.genesis?.admins.map((admin) => fact("Admin’s key", id(admin, "key id"))) ?? nothing}
      ${text("Predicate type", event.predicateType)}
      ${event.keyid === null ? nothing : fact("Key", id(event.keyid, "key id"))}
      ${fact("Position", html`entry ${figures(event.index)} of the log`)}
      ${fact("Leaf hash", id(event.leafHash, "leaf hash"))}
      ${event.eventId === null ? nothing : fact("Event id", id(event.eventId, "event id"))}
    </dl>`;
  }

  #actor(actor: string, type: string | null): TemplateResult {
    const kind = type ? html` <span class="dim">(${outside(type)})</span>` : nothing;
    return html`${this.#link(`actor:${actor}`, actor)}${kind}`;
  }

  #artifact({ name, digest, digests }: SubjectView): TemplateResult {
    const others = digests.filter((other) => other !== digest);
    return html`${this.#link(name, name)}<br />${id(digest, "digest")}
      ${others.map((other) => html`<br />${id(other, "digest")}`)}`;
  }

  #actsOn(leafHash: string): TemplateResult {
    const position = this.actsOnIndex === undefined ? nothing : html`entry ${figures(this.actsOnIndex)}, `;
    return html`${position}${id(leafHash, "leaf hash")}`;
  }

  #link(query: string, label: string): TemplateResult {
    if (!this.address) return outside(label);
    return html`<a href=${writeAddress({ ...this.address, query })}>${outside(label)}</a>`;
  }
}

function signature(event: EventView): TemplateResult {
  const { outcome, long } = signatureStatus(event);
  return html`<span class="status">${mark(outcome)}<span>${outside(long)}</span></span>`;
}

/** Says since when an event counts for nothing. */
function withdrawn({ withdrawnAt }: EventView): unknown {
  return withdrawnAt === null
    ? nothing
    : fact("Withdrawn", html`by entry ${figures(withdrawnAt)}; it counted until then`);
}

/** Writes the times between which witnesses vouch that an event came into the log. */
function bracket({ notBefore, notAfter }: EventView["time"]): string | null {
  const after = notBefore === null ? [] : [`after ${instant(Number(notBefore))}`];
  const by = notAfter === null ? [] : [`by ${instant(Number(notAfter))}`];
  return [...after, ...by].join(", ") || null;
}

function reason({ code, text: words }: NonNullable<EventView["reason"]>): TemplateResult {
  const shortly = words === null || code === null ? nothing : html` <span class="dim">(${outside(code)})</span>`;
  return html`<div class="long" tabindex="0" role="group" aria-label="Reason">
    ${outside(words ?? code ?? "", true)}${shortly}
  </div>`;
}

function transfer({ from, to }: NonNullable<EventView["transfer"]>): TemplateResult {
  return html`from ${party(from)} to ${party(to)}`;
}

function party({ custodian, location }: PartyView): TemplateResult {
  return location === null ? outside(custodian) : html`${outside(custodian)} at ${outside(location)}`;
}

function exception({ kind, approvedBy, expiresAt, reviewBy }: ExceptionView): TemplateResult {
  return html`${outside(kind)}, approved by ${outside(approvedBy.join(", "))}, until ${outside(expiresAt)}, to be
  reviewed by ${outside(reviewBy)}`;
}

/** Shows an object as the actor signed it, a member a line. */
function signed(name: string, object: object | null): unknown {
  if (object === null) return nothing;
  const lines = Object.entries(object).map(([member, value]) => {
    const said = typeof value === "string" ? value : JSON.stringify(value);
    return html`<div>${outside(`${member}: ${said}`)}</div>`;
  });
  return fact(name, html`<div class="long" tabindex="0" role="group" aria-label=${name}>${lines}</div>`);
}

function text(name: string, value: string | null | undefined): unknown {
  return value === null || value === undefined ? nothing : fact(name, outside(value));
}

function id(value: string, what: string): TemplateResult {
  return html`<gl-id .value=${value} room="34" .what=${what}></gl-id>
    <gl-copy .value=${value} .what=${what}></gl-copy>`;
}
