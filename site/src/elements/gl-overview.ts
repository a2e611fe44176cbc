// A long history as a strip: a bar for each part of the log, and a movable window that the lanes show.
import { css, html, LitElement, svg, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { eventAt, overview, shareOf, type Overview } from "../report/overview.js";
import type { EventView } from "@glasslog/verify";
import { figures } from "../text/count.js";
import { moment, seconds } from "../text/time.js";
import { visibleText } from "../text/visible.js";
import { send } from "./events.js";
import { shared } from "./shared.js";

const HEIGHT = 36;
/** Width of a bar and of the gap after it, in pixels. */
const BAR = 5;
/** Least width of the window, in pixels: it must be easy to find and grab. */
const HANDLE = 10;

@customElement("gl-overview")
export class GlOverview extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        border-top: 1px solid var(--line);
        padding: 0.7rem 1.15rem 0.75rem;
        font-size: 0.78125rem;
        color: var(--dim);
      }
      .strip {
        touch-action: none;
        cursor: ew-resize;
        border-radius: 6px;
        background: var(--sunk);
      }
      svg {
        display: block;
        width: 100%;
      }
      .bar {
        fill: var(--routine);
        opacity: 0.55;
      }
      .window {
        fill: var(--accent);
        fill-opacity: 0.14;
        stroke: var(--accent);
        stroke-width: 1.5;
      }
      p {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0 1rem;
        margin-top: 0.35rem;
      }
    `,
  ];

  /** All events, in log order. */
  @property({ attribute: false }) events: readonly EventView[] = [];
  /** Position of the first event that the lanes show, and the number of events that they show. */
  @property({ type: Number }) start = 0;
  @property({ type: Number }) shown = 0;
  @property({ type: Number }) now = 0;
  @state() private room = 0;
  #overview: Overview = { bars: [], positions: new Float64Array() };
  readonly #resize = new ResizeObserver(([entry]) => {
    if (entry) this.room = Math.floor(entry.contentRect.width);
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has("events") || changed.has("room"))
      this.#overview = overview(this.events, Math.max(1, Math.floor(this.room / BAR)));
  }

  override render(): unknown {
    const { events, start, room } = this;
    const last = Math.min(start + this.shown, events.length) - 1;
    const { bars, positions } = this.#overview;
    const most = Math.max(1, ...bars);
    // Heights follow the square root: one busy day would flatten all others.
    const bar = (number: number, at: number): unknown => {
      const height = Math.ceil(Math.sqrt(number / most) * (HEIGHT - 6));
      return number === 0
        ? ""
        : svg`<rect class="bar" x=${at * BAR} y=${HEIGHT - height} width=${BAR - 1.5} height=${height}/>`;
    };
    const width = Math.max(HANDLE, (shareOf(positions, last) - shareOf(positions, start)) * room);
    const x = Math.min(shareOf(positions, start) * room, room - width);
    const text = `events ${figures(start + 1)} to ${figures(last + 1)} of ${figures(events.length)}`;
    return html`<div
        class="strip"
        role="slider"
        tabindex="0"
        aria-label="Which events the timeline shows"
        aria-orientation="horizontal"
        aria-valuemin="1"
        aria-valuemax=${events.length}
        aria-valuenow=${start + 1}
        aria-valuetext="${text}, ${this.#when(start)} to ${this.#when(last)}"
        @keydown=${this.#key}
        @pointerdown=${this.#grab}
        @pointermove=${this.#drag}
      >
        <svg height=${HEIGHT} aria-hidden="true">
          ${bars.map(bar)}
          <rect class="window" x=${Math.max(1, x)} y="1" width=${Math.max(0, width - 2)} height=${HEIGHT - 2} rx="4" />
        </svg>
      </div>
      <p>
        <span>${text}</span
        ><span>entry ${figures(events[0]?.index ?? 0)} to ${figures(events.at(-1)?.index ?? 0)} of the log</span>
      </p>`;
  }

  #when(at: number): string {
    const time = this.events[at]?.occurredAt;
    const parsed = seconds(time);
    return parsed === undefined ? visibleText(time ?? "no time") : moment(parsed, this.now);
  }

  #key = (event: KeyboardEvent): void => {
    const { shown, start } = this;
    const to: Readonly<Record<string, number>> = {
      ArrowLeft: start - shown / 4,
      ArrowDown: start - shown / 4,
      ArrowRight: start + shown / 4,
      ArrowUp: start + shown / 4,
      PageDown: start - shown,
      PageUp: start + shown,
      Home: 0,
      End: this.events.length,
    };
    const target = to[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#move(target);
  };

  #grab = (event: PointerEvent): void => {
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.#point(event);
  };

  #drag = (event: PointerEvent): void => {
    if ((event.currentTarget as Element).hasPointerCapture(event.pointerId)) this.#point(event);
  };

  /** Puts the middle of the window at the pointer. */
  #point(event: PointerEvent): void {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - left) / width, 0), 1);
    this.#move(eventAt(this.#overview.positions, share) - this.shown / 2);
  }

  #move(start: number): void {
    send(this, "move", Math.round(Math.min(Math.max(start, 0), Math.max(0, this.events.length - this.shown))));
  }
}
