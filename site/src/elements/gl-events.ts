// The events, one a row, in the log's order; drawn in chunks so that a long history stays quick.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Address } from "../app/address.js";
import { actionText, noteBadge, signatureStatus } from "../report/wording.js";
import type { EventView, Question } from "../report/types.js";
import { counted, figures } from "../text/count.js";
import { cutText } from "../text/cut.js";
import { moment, seconds } from "../text/time.js";
import "./gl-event.js";
import { mark, weightMark } from "./marks.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

/** Rows drawn at first, and more at each press: what fits on several screens, and is laid out within a frame. */
const CHUNK = 100;

@customElement("gl-events")
export class GlEvents extends LitElement {
  static override styles = [
    shared,
    css`
      .scroll {
        overflow-x: auto;
      }
      header {
        align-items: center;
      }
      header .order {
        margin-left: auto;
      }
      table {
        border-collapse: collapse;
        width: 100%;
        font-size: 0.875rem;
      }
      th {
        font-weight: 500;
        color: var(--dim);
        text-align: left;
        font-size: 0.78125rem;
      }
      th,
      td {
        padding: 0.45rem 0.6rem;
        border-bottom: 1px solid var(--line);
        vertical-align: middle;
      }
      th:first-child,
      td:first-child {
        padding-left: 1.15rem;
      }
      th:last-child,
      td:last-child {
        padding-right: 1.15rem;
        text-align: right;
      }
      tbody tr:last-child td {
        border-bottom: 0;
      }
      tr.event {
        cursor: pointer;
      }
      tr.event:hover,
      tr.event.open {
        background: color-mix(in srgb, var(--accent) 6%, transparent);
      }
      tr.event.open td {
        border-bottom-color: transparent;
      }
      tr.more td {
        padding: 0;
        text-align: left;
        background: color-mix(in srgb, var(--accent) 4%, transparent);
      }
      button.toggle {
        display: inline-flex;
        align-items: center;
        gap: 0.5rem;
        border: 0;
        background: none;
        padding: 0.1rem 0.2rem;
        margin-left: -0.2rem;
        min-height: 1.6rem;
        font-size: inherit;
        white-space: nowrap;
        text-align: left;
      }
      .toggle .arrow {
        color: var(--dim);
        transition: transform 0.12s;
      }
      .open .toggle .arrow {
        transform: rotate(90deg);
      }
      @media (prefers-reduced-motion: reduce) {
        .toggle .arrow {
          transition: none;
        }
      }
      .weight {
        flex: none;
      }
      .routine {
        color: var(--routine);
      }
      .material {
        color: var(--material);
      }
      .custody {
        color: var(--custody);
      }
      .other {
        color: var(--edge);
      }
      .actor,
      .what {
        overflow-wrap: anywhere;
      }
      td.a,
      td.s {
        min-width: 9.5rem;
      }
      td.n {
        max-width: 13rem;
      }
      .reason {
        color: var(--dim);
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
        overflow-wrap: anywhere;
      }
      .when {
        white-space: nowrap;
      }
      .at {
        display: inline-flex;
        flex-wrap: wrap;
        justify-content: end;
        gap: 0.15rem 0.5rem;
        align-items: center;
        color: var(--dim);
      }
      .at .mark {
        flex: none;
      }
      .badge {
        display: inline-block;
        border: 1px solid currentColor;
        border-radius: 5px;
        padding: 0 0.35rem;
        font-size: 0.75rem;
        line-height: 1.35;
        white-space: nowrap;
      }
      .badge.denied {
        color: var(--unknown);
      }
      .badge.failure {
        color: var(--fail);
      }
      .chunk {
        padding: 0.8rem 1.15rem;
        border-top: 1px solid var(--line);
        display: flex;
        gap: 1rem;
        align-items: center;
      }
      /* On a phone a row is a small card: what and when above, who and why below. */
      @media (max-width: 640px) {
        thead {
          position: absolute;
          clip-path: inset(50%);
          height: 1px;
          overflow: hidden;
        }
        table,
        tbody,
        tr.more,
        tr.more td {
          display: block;
        }
        tr.event {
          display: grid;
          grid-template-columns: minmax(0, 1fr) auto;
          gap: 0.05rem 0.75rem;
          padding: 0.6rem 1.15rem 0.65rem;
          border-bottom: 1px solid var(--line);
        }
        tr.event.open {
          border-bottom: 0;
        }
        tr.event td {
          display: block;
          padding: 0;
          border: 0;
        }
        tr.event td.n {
          grid-column: 2;
          grid-row: 1;
          align-self: center;
        }
        tr.event td.w {
          grid-column: 2;
          grid-row: 2;
          color: var(--dim);
          font-size: 0.8125rem;
        }
        tr.event td.a {
          grid-column: 1;
          grid-row: 2;
        }
        tr.event td.r,
        tr.event td.s {
          grid-column: 1 / -1;
          font-size: 0.8125rem;
        }
        tr.event td:empty {
          display: none;
        }
      }
    `,
  ];

  /** In log order. */
  @property({ attribute: false }) events: readonly EventView[] = [];
  @property({ attribute: false }) question: Question | undefined;
  @property({ attribute: false }) address: Address | undefined;
  @property({ type: Number }) now = 0;
  /** Index of the open event. */
  @property({ attribute: false }) chosen: string | undefined;
  @state() private shown = CHUNK;
  @state() private newestFirst = false;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("events")) this.shown = CHUNK;
    // An event that is chosen from outside must be among the rows.
    const at = this.chosen === undefined ? -1 : this.#ordered().findIndex((event) => String(event.index) === this.chosen);
    if (at >= this.shown) this.shown = Math.ceil((at + 1) / CHUNK) * CHUNK;
  }

  override render(): unknown {
    const events = this.#ordered().slice(0, this.shown);
    const actors = new Set(this.events.map((event) => event.actor)).size;
    const several = this.#severalArtifacts();
    return html`<section class="card" aria-labelledby="title">
      <header>
        <h2 id="title">Events</h2>
        <p>${counted(this.events.length, "event")}, ${counted(actors, "actor")}; times are UTC, as actors claim them</p>
        <button class="order plain" @click=${() => (this.newestFirst = !this.newestFirst)}>${this.newestFirst ? "Oldest first" : "Newest first"}</button>
      </header>
      <table>
        <thead>
          <tr>
            <th scope="col">Action</th>
            <th scope="col">Actor</th>
            ${several ? html`<th scope="col">Artifact</th>` : nothing}
            <th scope="col">Reason</th>
            <th scope="col">When</th>
            <th scope="col">Entry</th>
          </tr>
        </thead>
        <tbody>
          ${repeat(events, (event) => String(event.index), (event) => this.#row(event, several))}
        </tbody>
      </table>
      ${this.#more()}
    </section>`;
  }

  /** Whether the events are about more than one thing, so that each must say about which. */
  #severalArtifacts(): boolean {
    const names = new Set(this.events.map((event) => event.subjects.map((subject) => subject.name).join("\n")));
    return names.size > 1 || (this.question?.kind === "actor" && names.size > 0);
  }

  #ordered(): readonly EventView[] {
    return this.newestFirst ? [...this.events].reverse() : this.events;
  }

  #row(event: EventView, several: boolean): TemplateResult {
    const index = String(event.index);
    const open = this.chosen === index;
    const status = signatureStatus(event);
    const time = seconds(event.occurredAt);
    const toggle = (click: Event): void => {
      click.stopPropagation();
      this.dispatchEvent(new CustomEvent("choose", { detail: open ? undefined : index, bubbles: true, composed: true }));
    };
    return html`<tr class="event ${open ? "open" : ""}" id="entry-${index}" @click=${toggle}>
        <td>
          <button class="toggle" aria-expanded=${open ? "true" : "false"} aria-controls="more-${index}" @click=${toggle}>
            ${weightMark(event.weight)}<span>${outside(actionText(event))}</span>${badge(event.outcome)}
          </button>
        </td>
        <td class="a"><span class="actor">${outside(cutText(event.actor ?? "", 40))}</span></td>
        ${several ? html`<td class="s"><span class="what">${subjects(event)}</span></td>` : nothing}
        <td class="r">${event.reason ? html`<span class="reason">${outside(event.reason.text ?? event.reason.code, true)}</span>` : nothing}</td>
        <td class="w"><span class="when" title=${event.occurredAt ?? ""}>${time === undefined ? outside(event.occurredAt ?? "no time") : moment(time, this.now)}</span></td>
        <td class="n">
          <span class="at" title=${status.short}
            >${event.notes.map((note) => html`<span class="badge unknown">${outside(noteBadge(note))}</span>`)}${status.outcome === "pass" ? nothing : html`<span class="badge ${status.outcome}">${outside(status.short)}</span>`}${figures(event.index)}${mark(status.outcome)}</span
          >
        </td>
      </tr>
      ${open ? html`<tr class="more" id="more-${index}"><td colspan=${several ? 6 : 5}>${this.#details(event)}</td></tr>` : nothing}`;
  }

  #details(event: EventView): TemplateResult {
    const target = event.actsOn === null ? undefined : this.events.find((other) => other.leafHash === event.actsOn);
    return html`<gl-event .event=${event} .address=${this.address} .actsOnIndex=${target && String(target.index)}></gl-event>`;
  }

  #more(): TemplateResult | typeof nothing {
    const left = this.events.length - this.shown;
    if (left <= 0) return nothing;
    return html`<div class="chunk">
      <button @click=${() => (this.shown += CHUNK)}>Show ${figures(Math.min(left, CHUNK))} more</button>
      <span class="small dim">${figures(this.shown)} of ${figures(this.events.length)} shown</span>
    </div>`;
  }
}

function subjects(event: EventView): unknown {
  const [first, ...others] = event.subjects;
  if (!first) return nothing;
  return html`${outside(cutText(first.name, 34))}${others.length > 0 ? html` <span class="dim">and ${figures(others.length)} more</span>` : nothing}`;
}

function badge(outcome: string | null): unknown {
  if (outcome === null || outcome === "success") return nothing;
  return html`<span class="badge ${outcome === "denied" || outcome === "failure" ? outcome : ""}">${outside(outcome)}</span>`;
}
