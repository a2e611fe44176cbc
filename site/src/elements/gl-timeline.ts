// The timeline: lanes for actors, shapes for weights, dashed lines for transfers, bands for holds.
import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { laneNames, layOut, type Timeline } from "../report/timeline.js";
import { actionText, signatureStatus } from "../report/wording.js";
import type { EventView } from "@glasslog/verify";
import { counted, figures } from "../text/count.js";
import { cutText } from "../text/cut.js";
import { visibleText } from "../text/visible.js";
import { send } from "./events.js";
import "./gl-overview.js";
import { weightMark, weightShape, weightStyles } from "./marks.js";
import { shared } from "./shared.js";

/** Events drawn at once; if there are more, the strip below leads to them. */
const SHOWN = 200;
const LANE = 32;
/** Height of a lane with its name above it. */
const NARROW_LANE = 42;
const TOP = 32;
/** Width in pixels below which names are above their lanes. */
const NARROW = 520;

/** Name of a lane as it is drawn. */
function laneLabel(lane: string, narrow = false): string {
  return cutText(visibleText(lane), narrow ? 34 : 22);
}

@customElement("gl-timeline")
export class GlTimeline extends LitElement {
  static override styles = [
    shared,
    weightStyles,
    css`
      .body {
        position: relative;
        display: flex;
        padding: 0.4rem 0 0.7rem;
      }
      .scroll {
        flex: 1;
        min-width: 0;
        overflow-x: auto;
        padding-right: 1.15rem;
      }
      svg.lanes {
        display: block;
      }
      /* On a phone the names stay in place while the lanes move below them. */
      svg.over {
        position: absolute;
        pointer-events: none;
      }
      svg.over + .scroll {
        padding-left: 1.15rem;
      }
      text {
        font-family: var(--sans);
        font-size: 12px;
        fill: var(--dim);
      }
      text.pause {
        font-size: 11px;
      }
      text.name {
        fill: var(--ink);
      }
      .line {
        stroke: var(--line);
        stroke-width: 1.5;
      }
      .link {
        fill: none;
        stroke: var(--custody);
        stroke-width: 1.5;
        stroke-dasharray: 4 4;
      }
      .band {
        fill: var(--unknown);
        opacity: 0.13;
      }
      .quiet {
        fill: var(--card);
      }
      .hit {
        cursor: pointer;
      }
      .hit:hover .ring,
      .ring.chosen {
        opacity: 1;
      }
      .ring {
        fill: none;
        stroke: var(--accent);
        stroke-width: 2;
        opacity: 0;
      }
      .badge {
        stroke: var(--card);
        stroke-width: 1.5;
      }
      .waiting {
        display: grid;
        place-content: center;
        min-height: 15rem;
        color: var(--dim);
        font-size: 0.875rem;
      }
      .waiting.tall {
        min-height: 27rem;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0.2rem 1.1rem;
        padding: 0.6rem 1.15rem 0.75rem;
        border-top: 1px solid var(--line);
        color: var(--dim);
        font-size: 0.78125rem;
      }
      .legend span {
        display: inline-flex;
        gap: 0.4rem;
        align-items: center;
      }
    `,
  ];

  /** Events in log order. */
  @property({ attribute: false }) events: readonly EventView[] = [];
  /** Number of events while entries are still being read; then 0. */
  @property({ type: Number }) expected = 0;
  /** Time of the report, for the year of dates. */
  @property({ type: Number }) now = 0;
  /** Index of the event that is open in the table. */
  @property({ attribute: false }) chosen: string | undefined;
  @state() private room = 0;
  /** Position in the list of the first event drawn. */
  @state() private start = 0;

  #pen: CanvasRenderingContext2D | null | undefined;
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

  override willUpdate(changed: Map<string, unknown>): void {
    const latest = Math.max(0, this.events.length - SHOWN);
    if (changed.has("events")) this.start = latest;
    const chosen =
      changed.has("chosen") && this.chosen !== undefined
        ? this.events.findIndex((event) => String(event.index) === this.chosen)
        : -1;
    if (chosen >= 0 && (chosen < this.start || chosen >= this.start + SHOWN)) this.start = chosen - SHOWN / 2;
    this.start = Math.min(Math.max(0, this.start), latest);
  }

  override render(): unknown {
    const { start } = this;
    const events = this.events.slice(start, start + SHOWN);
    return html`<section class="card" aria-labelledby="title">
      <header>
        <h2 id="title">Who touched it, and when</h2>
        <p>in the log’s order; distances follow the times that actors claim</p>
      </header>
      ${this.expected > 0 ? this.#waiting() : this.#drawn(events)}
      ${this.expected === 0 && this.events.length > SHOWN ? this.#strip() : nothing}
    </section>`;
  }

  #drawn(events: readonly EventView[]): TemplateResult {
    return html`${this.room > 0 ? this.#lanes(events) : nothing} ${this.#legend(events)}`;
  }

  #strip(): TemplateResult {
    const move = ({ detail }: HTMLElementEventMap["move"]): void => void (this.start = detail);
    return html`<gl-overview
      .events=${this.events}
      .start=${this.start}
      .shown=${SHOWN}
      .now=${this.now}
      @move=${move}
    ></gl-overview>`;
  }

  #lanes(events: readonly EventView[]): TemplateResult {
    const narrow = this.room < NARROW;
    const names = narrow
      ? 0
      : Math.ceil(30 + Math.max(...laneNames(events).map((lane) => this.#textWidth(laneLabel(lane)))));
    const timeline = layOut(events, this.room - names - (narrow ? 38 : 20), this.now);
    const laneY = (lane: number): number => TOP + (narrow ? 8 : 0) + lane * (narrow ? NARROW_LANE : LANE);
    const height = laneY(timeline.lanes.length) + 22;
    const what = `${counted(events.length, "event")} in ${counted(timeline.lanes.length, "lane")}`;
    const label = `Timeline of ${what}. The same events are in the table below.`;
    const name = (lane: string, at: number): unknown =>
      svg`<text class="name" x="18" y=${laneY(at) - (narrow ? 13 : -4)}>${laneLabel(lane, narrow)}</text>`;
    return html`<div class="body">
      <svg
        class="lanes ${narrow ? "over" : ""}"
        width=${narrow ? this.room : names}
        height=${height}
        aria-hidden="true"
      >
        ${timeline.lanes.map(name)}
      </svg>
      <div
        class="scroll"
        tabindex=${timeline.width > this.room - names ? 0 : nothing}
        role="group"
        aria-label="Timeline"
      >
        <svg class="lanes" width=${timeline.width} height=${height} role="img" aria-label=${label}>
          ${this.#drawing(timeline, laneY, height)}
        </svg>
      </div>
    </div>`;
  }

  /** Reserves about as much room as the lanes will take, so that the list below stays in place. */
  #waiting(): TemplateResult {
    return html`<p class="waiting ${this.expected > SHOWN ? "tall" : ""}">
      The timeline is drawn when every event is verified.
    </p>`;
  }

  #drawing(timeline: Timeline, laneY: (lane: number) => number, height: number): unknown {
    const { width, lanes, gaps, bands, links, marks, ticks } = timeline;
    return [
      bands.map(
        ({ from, to }) =>
          svg`<rect class="band" x=${from} y="6" width=${Math.max(4, to - from)} height=${height - 30}>
            <title>on hold</title>
          </rect>`,
      ),
      lanes.map((_, at) => svg`<line class="line" x1="0" x2=${width} y1=${laneY(at)} y2=${laneY(at)}/>`),
      gaps.map(({ from, to, label }) => {
        const middle = (from + to) / 2;
        const breaks = lanes.map(
          (_, at) => svg`<rect class="quiet" x=${middle - 9} y=${laneY(at) - 4} width="18" height="8"/>`,
        );
        return svg`${breaks}<text class="pause" x=${middle} y="12" text-anchor="middle">${label}</text>`;
      }),
      links.map(({ from, to }) => {
        const [x1, y1] = [from.x, laneY(from.lane)];
        if (!to) return svg`<path class="link" d="M${x1} ${y1} H ${width}"><title>not received</title></path>`;
        const [x2, y2] = [to.x, laneY(to.lane)];
        const bend = Math.max(8, (x2 - x1) / 2);
        return svg`<path class="link" d="M${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2} ${y2}"/>`;
      }),
      marks.map(({ event, x, lane }) => this.#mark(event, x, laneY(lane))),
      ticks.map(({ x, label }) => {
        const [at, anchor] = x > width - 50 ? [width, "end"] : [Math.max(0, x - 5), "start"];
        return svg`<text x=${at} y=${height - 6} text-anchor=${anchor}>${label}</text>`;
      }),
    ];
  }

  #mark(event: EventView, x: number, y: number): TemplateResult<2> {
    const index = String(event.index);
    const status = signatureStatus(event);
    const odd = status.outcome !== "pass" || event.outcome === "denied" || event.outcome === "failure";
    const [action, actor] = [visibleText(actionText(event)), visibleText(event.actor ?? "?")];
    const what = `${action} by ${actor}, entry ${figures(event.index)}`;
    const title = odd ? `${what}: ${status.outcome === "pass" ? event.outcome : status.short}` : what;
    const kind = status.outcome === "fail" ? "fail" : "unknown";
    const badge = svg`<circle class="badge ${kind}" cx=${x + 6} cy=${y - 6} r="4" fill="currentColor"/>`;
    const choose = (): void => send(this, "choose", index);
    return svg`<g class="hit" @click=${choose}>
      <title>${title}</title>
      <rect x=${x - 9} y=${y - 13} width="18" height="26" fill="transparent"/>
      <circle class="ring ${this.chosen === index ? "chosen" : ""}" cx=${x} cy=${y} r="9.5"/>
      ${weightShape(event.weight, x, y)}${odd ? badge : nothing}
    </g>`;
  }

  #legend(events: readonly EventView[]): TemplateResult {
    const has = (action: string): boolean => events.some((event) => event.action === action);
    return html`<div class="legend">
      <span>${weightMark("routine")}routine</span><span>${weightMark("material")}material</span
      ><span>${weightMark("custody")}custody</span>
      ${
        has("transfer")
          ? html`<span
              ><svg width="22" height="8" aria-hidden="true"><path class="link" d="M0 4H22" /></svg>from hand to
              hand</span
            >`
          : nothing
      }
      ${
        has("hold")
          ? html`<span
              ><svg width="16" height="12" aria-hidden="true"><rect class="band" width="16" height="12" /></svg>on
              hold</span
            >`
          : nothing
      }
    </div>`;
  }

  /** Width of a text as it will be drawn, in pixels. */
  #textWidth(text: string): number {
    this.#pen ??= document.createElement("canvas").getContext("2d");
    if (!this.#pen) return 7.5 * text.length;
    this.#pen.font = `12px ${getComputedStyle(this).fontFamily}`;
    return this.#pen.measureText(text).width;
  }
}
