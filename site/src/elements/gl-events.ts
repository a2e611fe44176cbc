// The events, one per row, in the log's order. Of a long history only the visible rows are drawn, in a scrolling list.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Address } from "../app/address.js";
import { drawn, MOST_ROWS, topOf, type List } from "../report/rows.js";
import type { EventView, Question } from "@glasslog/verify";
import { counted, figures } from "../text/count.js";
import { send } from "./events.js";
import "./gl-event.js";
import { listStyles } from "./list_styles.js";
import { eventRow, pendingRow, rowStyles } from "./row.js";
import { shared } from "./shared.js";

/** Largest number of rows that are all drawn, as high as their text, and that scroll with the page. */
const PLAIN = 100;
/** Height of a row in pixels until one was measured. */
const ROW = 45;

/** Slots for the rows of a long list: a row that scrolls into view reuses the slot of one that left. */
const SLOTS = 64;

/** A row in the body of the table, or empty room in place of rows. */
type Piece = { readonly key: string; readonly content: TemplateResult };

@customElement("gl-events")
export class GlEvents extends LitElement {
  static override styles = [shared, rowStyles, listStyles];

  /** Events in log order. */
  @property({ attribute: false }) events: readonly EventView[] = [];
  /** Number of events while entries are still being read; then 0. */
  @property({ type: Number }) expected = 0;
  /** Number of events without the filter. */
  @property({ type: Number }) all = 0;
  @property({ attribute: false }) question: Question | undefined;
  @property({ attribute: false }) address: Address | undefined;
  @property({ type: Number }) now = 0;
  /** Index of the open event. */
  @property({ attribute: false }) chosen: string | undefined;
  /** Finds an event by its leaf hash among all events, including those that the filter hides. */
  @property({ attribute: false }) find: (leafHash: string) => EventView | undefined = () => undefined;
  @state() private newestFirst = false;
  /** Visible part of the list, in pixels from its top. */
  @state() private top = 0;
  @state() private room = 600;
  @state() private rowHeight = ROW;
  @state() private details = 0;
  /** Row with the focus: it stays drawn, or the next key press would start at the top of the page. */
  @state() private focused: number | undefined;
  @query(".rows") private scroller!: HTMLElement | null;
  #actors = 0;
  #several = false;

  readonly #resize = new ResizeObserver(() => this.#measure());

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("events")) {
      this.#actors = new Set(this.events.map((event) => event.actor)).size;
      const names = new Set(this.events.map((event) => event.subjects.map((subject) => subject.name).join("\n")));
      // With several artifacts, or the history of an actor, each row names its artifacts.
      this.#several = names.size > 1 || (this.question?.kind === "actor" && names.size > 0);
      if (!this.#filling(changed)) this.focused = undefined;
    }
  }

  /** Recognises events that are added to a list on show: it keeps its scroll position. */
  #filling(changed: PropertyValues<this>): boolean {
    return this.expected > 0 || changed.has("expected");
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("events") && this.scroller && !this.#filling(changed)) this.scroller.scrollTop = 0;
    // An event that was chosen elsewhere scrolls into view.
    if (changed.has("chosen") && this.chosen !== undefined) this.#show(this.#rowOf(this.chosen));
    // Measuring forces a layout, so it is not done at each step of scrolling.
    if (changed.has("events") || changed.has("expected") || changed.has("chosen")) this.#measure();
  }

  override render(): unknown {
    return html`<section class="card" aria-labelledby="title">
      <header>
        <h2 id="title">Events</h2>
        <p>${this.#summary()}</p>
        <button class="order plain" @click=${this.#turn}>${this.newestFirst ? "Oldest first" : "Newest first"}</button>
      </header>
      ${this.#count === 0 ? this.#none() : this.#table()} ${this.#total > MOST_ROWS ? this.#cut() : nothing}
    </section>`;
  }

  #none(): TemplateResult {
    return html`<p class="none">None of the ${figures(this.all)} events matches the filter.</p>`;
  }

  #cut(): TemplateResult {
    return html`<p class="cut small dim">
      The list ends after ${figures(MOST_ROWS)} of ${figures(this.#total)} events: reverse its order or filter it to see
      the others.
    </p>`;
  }

  #summary(): string {
    if (this.expected > 0) {
      const read = figures(this.events.length);
      return `${counted(this.expected, "event")}, positions proven against the index; ${read} read so far`;
    }
    const some =
      this.all > this.events.length
        ? `${figures(this.events.length)} of ${counted(this.all, "event")}`
        : counted(this.events.length, "event");
    return `${some}, ${counted(this.#actors, "actor")}; times are UTC, as actors claim them`;
  }

  #table(): TemplateResult {
    return html`<div
      class="rows ${this.#long ? "long" : ""}"
      tabindex=${this.#long ? 0 : nothing}
      role="group"
      aria-label="List of events"
      @scroll=${this.#scrolled}
    >
      <table aria-rowcount=${this.#count + 1}>
        <thead>
          <tr aria-rowindex="1">
            <th scope="col" class="c-action">Action</th>
            <th scope="col">Actor</th>
            ${this.#several ? html`<th scope="col">Artifact</th>` : nothing}
            <th scope="col">Reason</th>
            <th scope="col" class="c-when">When</th>
            <th scope="col" class="c-entry">Entry</th>
          </tr>
        </thead>
        <tbody @keydown=${this.#key} @focusin=${this.#focusIn} @focusout=${() => (this.focused = undefined)}>
          ${repeat(
            this.#pieces(),
            ({ key }) => key,
            ({ content }) => content,
          )}
        </tbody>
      </table>
    </div>`;
  }

  get #total(): number {
    return Math.max(this.events.length, this.expected);
  }

  get #count(): number {
    return Math.min(this.#total, MOST_ROWS);
  }

  get #long(): boolean {
    return this.#count > PLAIN;
  }

  #list(): List {
    const open = this.chosen === undefined ? undefined : this.#rowOf(this.chosen);
    return { count: this.#count, row: this.rowHeight, open, details: this.details };
  }

  /** Event in a row; `undefined` while its entry is not verified. */
  #eventAt(at: number): EventView | undefined {
    return this.events[this.newestFirst ? this.#total - 1 - at : at];
  }

  #rowOf(index: string): number | undefined {
    const at = this.events.findIndex((event) => String(event.index) === index);
    if (at < 0) return undefined;
    const row = this.newestFirst ? this.#total - 1 - at : at;
    return row < this.#count ? row : undefined;
  }

  #pieces(): Piece[] {
    if (!this.#long)
      return Array.from({ length: this.#count }, (_, at) => ({
        key: String(this.#eventAt(at)?.index ?? `pending ${at}`),
        content: this.#row(at),
      }));
    const { spans, after } = drawn(this.#list(), this.top, this.room, this.focused);
    const slots = Math.max(SLOTS, ...spans.map(({ from, to }) => to - from));
    const pieces: Piece[] = [];
    const leaveOut = (key: string, height: number): void => {
      if (height > 0)
        pieces.push({
          key,
          content: html`<tr class="room" aria-hidden="true" .style=${`height: ${height}px`}>
            <td colspan=${this.#several ? 6 : 5}></td>
          </tr>`,
        });
    };
    for (const [number, { before, from, to }] of spans.entries()) {
      leaveOut(`room ${number}`, before);
      for (let at = from; at < to; at++) {
        // The row with the focus keeps its slot; the row that would take it gets an extra one.
        const own = at % slots;
        const slot = at !== this.focused && this.focused !== undefined && own === this.focused % slots ? slots : own;
        pieces.push({ key: `slot ${slot}`, content: this.#row(at) });
      }
    }
    leaveOut("room after", after);
    return pieces;
  }

  #row(at: number): TemplateResult {
    const event = this.#eventAt(at);
    if (!event) return pendingRow(at, this.#several);
    const index = String(event.index);
    const open = this.chosen === index;
    const toggle = (click: Event): void => {
      click.stopPropagation();
      send(this, "choose", open ? undefined : index);
    };
    const undecided = this.expected > 0;
    const details = open ? this.#details(event) : undefined;
    return eventRow(event, { at, now: this.now, several: this.#several, details, undecided, toggle });
  }

  #details(event: EventView): TemplateResult {
    if (this.expected > 0) return html`<p class="none">Its details are shown when the check is done.</p>`;
    const target = event.actsOn === null ? undefined : this.find(event.actsOn);
    return html`<gl-event
      .event=${event}
      .address=${this.address}
      .actsOnIndex=${target && String(target.index)}
    ></gl-event>`;
  }

  #turn = (): void => {
    this.newestFirst = !this.newestFirst;
    this.focused = undefined;
    if (this.scroller) this.scroller.scrollTop = 0;
  };

  #scrolled = (): void => {
    if (this.scroller) this.top = this.scroller.scrollTop;
  };

  #measure(): void {
    const { scroller } = this;
    if (!scroller || !this.#long) return;
    this.top = scroller.scrollTop;
    this.room = scroller.clientHeight;
    const height = scroller.querySelector("tr.event")?.getBoundingClientRect().height;
    if (height) this.rowHeight = height;
    const more = scroller.querySelector("tr.more")?.getBoundingClientRect().height;
    if (more !== undefined || this.chosen === undefined) this.details = more ?? 0;
  }

  /** Scrolls a row to the middle unless it is visible. */
  #show(at: number | undefined): void {
    const { scroller } = this;
    if (!scroller || !this.#long || at === undefined) return;
    const head = scroller.querySelector("thead")?.clientHeight ?? 0;
    const y = topOf(this.#list(), at);
    const [from, to] = [scroller.scrollTop, scroller.scrollTop + scroller.clientHeight - head];
    if (y >= from && y + this.rowHeight <= to) return;
    scroller.scrollTop = Math.max(0, y - (scroller.clientHeight - head - this.rowHeight) / 2);
    this.#scrolled();
  }

  #focusIn = (event: FocusEvent): void => {
    const row = (event.target as Element).closest("tr.event, tr.more");
    const at = (row?.matches(".more") ? row.previousElementSibling : row)?.getAttribute("data-at");
    this.focused = at ? Number(at) : undefined;
  };

  /** Moves the focus from row to row, including rows that are not drawn yet. */
  #key = (event: KeyboardEvent): void => {
    const at = Number(
      (event.target as Element).closest("button.toggle")?.closest("tr")?.getAttribute("data-at") ?? NaN,
    );
    if (Number.isNaN(at) || event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.room / this.rowHeight) - 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    void this.#focusRow(Math.min(Math.max(at + step, 0), this.#count - 1));
  };

  async #focusRow(at: number): Promise<void> {
    this.#show(at);
    this.focused = at;
    await this.updateComplete;
    const button = this.renderRoot.querySelector<HTMLElement>(`tr[data-at="${at}"] button.toggle`);
    button?.focus({ preventScroll: this.#long });
    if (!this.#long) button?.scrollIntoView({ block: "nearest" });
  }
}
