// A history: the filter, the timeline, and the events one by one.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Address } from "../app/address.js";
import { EVERYTHING, filtered, KINDS, type Filter, type Kind } from "../report/filter.js";
import type { EventView, Question } from "@glasslog/verify";
import { figures } from "../text/count.js";
import "./gl-events.js";
import "./gl-timeline.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

/** Number of events from which a filter is shown; fewer are quicker to read through. */
const MANY = 20;
/** Pause after a key press before the filter is applied, in milliseconds. */
const REST = 120;

@customElement("gl-history")
export class GlHistory extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.25rem;
      }
      .filter {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem 0.75rem;
        padding: 0.55rem 0.6rem 0.55rem 1.15rem;
        font-size: 0.875rem;
      }
      .filter:focus-within {
        border-color: var(--edge);
      }
      input {
        flex: 1 1 12rem;
        min-width: 0;
        min-height: 2rem;
        border: 0;
        background: none;
        color: inherit;
        font: inherit;
        border-radius: 4px;
      }
      input::placeholder {
        color: var(--dim);
        opacity: 1;
      }
      .keys {
        font-size: 0.8125rem;
        color: var(--dim);
        padding: 0 0.25rem;
        overflow-wrap: anywhere;
      }
      @media (max-width: 480px) {
        :host {
          gap: 0.9rem;
        }
      }
    `,
  ];

  /** All events, in log order. */
  @property({ attribute: false }) events: readonly EventView[] = [];
  /** Number of events while entries are still being read; then 0. */
  @property({ type: Number }) expected = 0;
  @property({ attribute: false }) question: Question | undefined;
  /** The keys for which the history is complete. */
  @property({ attribute: false }) keys: readonly Question[] = [];
  @property({ attribute: false }) address: Address | undefined;
  @property({ type: Number }) now = 0;
  /** Index of the open event. */
  @property({ attribute: false }) chosen: string | undefined;
  @state() private filter: Filter = EVERYTHING;
  @state() private shown: readonly EventView[] = [];
  @state() private said = "";
  #rest: ReturnType<typeof setTimeout> | undefined;
  #byLeaf: Map<string, EventView> | undefined;

  override willUpdate(changed: PropertyValues): void {
    if (changed.has("events")) this.#byLeaf = undefined;
    if (changed.has("question")) this.filter = EVERYTHING;
    if (!changed.has("events") && !changed.has("filter")) return;
    this.shown = filtered(this.events, this.filter);
    this.said =
      this.filter === EVERYTHING
        ? ""
        : `${figures(this.shown.length)} of ${figures(this.events.length)} events are on show`;
  }

  override render(): unknown {
    const { shown, now, chosen } = this;
    return html`${this.#total >= MANY ? this.#filter() : nothing}
      ${shown.length > 0 || this.expected > 0 ? this.#timeline() : nothing}
      <gl-events
        .events=${shown}
        .expected=${this.expected}
        .all=${this.events.length}
        .question=${this.question}
        .address=${this.address}
        .now=${now}
        .chosen=${chosen}
        .find=${this.#find}
      ></gl-events>
      ${this.#lookedUp()}
      <div class="hush" role="status">${this.said}</div>`;
  }

  #timeline(): TemplateResult {
    return html`<gl-timeline
      .events=${this.shown}
      .expected=${this.expected}
      .now=${this.now}
      .chosen=${this.chosen}
    ></gl-timeline>`;
  }

  get #total(): number {
    return Math.max(this.events.length, this.expected);
  }

  #filter(): TemplateResult {
    const type = (event: Event): void => {
      const text = (event.target as HTMLInputElement).value;
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => (this.filter = { ...this.filter, text }), REST);
    };
    const pick = (event: Event): void => {
      this.filter = { ...this.filter, kind: (event.target as HTMLSelectElement).value as Kind };
    };
    const option = ([kind, name]: [string, string]): TemplateResult =>
      html`<option value=${kind} ?selected=${this.filter.kind === kind}>${name}</option>`;
    return html`<div class="card filter" role="search" aria-label="Events on show">
      <input
        type="search"
        aria-label="Filter events by words"
        placeholder="Filter by actor, action, reason, artifact or entry"
        autocomplete="off"
        spellcheck="false"
        maxlength="200"
        ?disabled=${this.expected > 0}
        @input=${type}
      />
      <select aria-label="Filter events by kind" ?disabled=${this.expected > 0} @change=${pick}>
        ${Object.entries(KINDS).map(option)}
      </select>
    </div>`;
  }

  #find = (leafHash: string): EventView | undefined => {
    this.#byLeaf ??= new Map(this.events.map((event) => [event.leafHash, event]));
    return this.#byLeaf.get(leafHash);
  };

  /** Lists the keys for which the history is complete, if it followed registrations to several. */
  #lookedUp(): TemplateResult | typeof nothing {
    if (this.keys.length < 2) return nothing;
    const key = ({ kind, id }: Question, at: number): TemplateResult =>
      html`${at > 0 ? ", " : ""}${kind} ${outside(kind === "digest" ? shortDigest(id) : id)}`;
    return html`<p class="keys">Looked up together: ${this.keys.map(key)}.</p>`;
  }
}

function shortDigest(id: string): string {
  return id.length > 24 ? `${id.slice(0, 15)}…${id.slice(-8)}` : id;
}
