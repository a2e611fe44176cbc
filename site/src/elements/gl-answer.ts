// The answer to a question and the way to it: the verdict, the events or the accusation, and the checks.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Address } from "../app/address.js";
import { plannedWay } from "../app/policy_lines.js";
import { terminalLine } from "../app/terminal.js";
import type { Trust } from "../app/trust.js";
import { isOffline, subjectOf, type Answer, type Hashing, type View, type Working } from "../app/view.js";
import type { EventView, Report } from "@glasslog/verify";
import "./gl-actions.js";
import "./gl-checks.js";
import { differs } from "./gl-folder.js";
import "./gl-fraud.js";
import "./gl-heads.js";
import "./gl-history.js";
import "./gl-trust-line.js";
import "./gl-verdict.js";
import type { GlVerdict } from "./gl-verdict.js";
import { shared } from "./shared.js";
import { tell } from "./telling.js";

@customElement("gl-answer")
export class GlAnswer extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.25rem;
      }
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 20.5rem;
        gap: 1.25rem;
        align-items: start;
      }
      .columns.bare {
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
      }
      .nothing {
        padding: 2.6rem 1.5rem;
        text-align: center;
        color: var(--dim);
        min-height: 12rem;
        align-content: center;
        text-wrap: balance;
      }
      .nothing strong {
        display: block;
        color: var(--ink);
        font-weight: 600;
        margin-bottom: 0.2rem;
      }
      @media (max-width: 960px) {
        .columns,
        .columns.bare {
          grid-template-columns: minmax(0, 1fr);
        }
      }
      @media (max-width: 480px) {
        :host,
        .columns {
          gap: 0.9rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) view: View = { kind: "welcome" };
  @property({ attribute: false }) address!: Address;
  /** The log that is asked, if its address can be read. */
  @property({ attribute: false }) log: URL | undefined;
  /** The trust file by which the page judges now. */
  @property({ attribute: false }) trust: Trust | undefined;
  /** Makes the offline bundle of an answer. */
  @property({ attribute: false }) bundle: ((answer: Answer) => Promise<Blob>) | undefined;
  /** Index of the open event. */
  @state() private chosen: string | undefined;
  @query("gl-verdict") private verdict!: GlVerdict | null;

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("view");
    if (before && subjectOf(before) !== subjectOf(this.view)) this.chosen = undefined;
  }

  override render(): unknown {
    const { view, address, log } = this;
    const trust = view.kind === "report" ? view.trust : this.trust;
    return html`<gl-verdict
        .telling=${tell(view)}
        .line=${terminalLine(subjectOf(view), address, log, trust?.acceptsIndex ?? false)}
        .accepted=${trust?.acceptsIndex ?? false}
        .age=${address.age}
        ><gl-trust-line slot="trust" .trust=${trust}></gl-trust-line
      ></gl-verdict>
      ${view.kind === "report" || view.kind === "working" || view.kind === "hashing" ? this.#columns(view) : nothing}`;
  }

  /** Moves the reader to the verdict. */
  override focus(): void {
    void this.updateComplete.then(() => this.verdict?.updateComplete).then(() => this.verdict?.focus());
  }

  #columns(view: Answer | Working | Hashing): TemplateResult {
    const checks = this.#checks(view);
    if (view.kind === "report" && view.report.fraud) {
      const { fraud, result } = view.report;
      return html`<div class="columns bare">
        <gl-fraud .fraud=${fraud} .holds=${result === "verified"}></gl-fraud>${checks}
      </div>`;
    }
    if (view.kind === "report" && view.report.inconsistency) {
      const { inconsistency, result } = view.report;
      return html`<div class="columns bare">
        <gl-heads .heads=${inconsistency} .holds=${result === "verified"}></gl-heads>${checks}
      </div>`;
    }
    // Without events, the checks are what there is to read.
    if (view.kind === "report" && !view.report.events?.length) {
      return html`<div class="columns bare">${checks}${noEvents(view.report)}</div>`;
    }
    const folder = view.kind === "report" ? view.report.folder : undefined;
    return html`${differs(folder) ? html`<gl-folder .folder=${folder}></gl-folder>` : nothing}
      <div class="columns">${this.#events(view)}${checks}</div>`;
  }

  #checks(view: Answer | Working | Hashing): TemplateResult {
    const checks = view.kind === "report" ? view.report.checks : view.kind === "working" ? view.checks : [];
    const actions =
      view.kind === "report" ? html`<gl-actions .answer=${view} .bundle=${this.bundle}></gl-actions>` : nothing;
    return html`<gl-checks
      .checks=${checks}
      ?working=${view.kind !== "report"}
      .cost=${view.kind === "hashing" ? undefined : view.cost}
      .size=${logSize(view)}
      .way=${plannedWay(this.trust, this.address.fullScan)}
      ?offline=${isOffline(view)}
      >${actions}</gl-checks
    >`;
  }

  #events(view: Answer | Working | Hashing): TemplateResult {
    if (view.kind === "report") return this.#history(view.report.events ?? [], 0, view.report);
    if (view.kind === "working" && view.positions) return this.#history(view.found, view.positions);
    return card("", "Nothing is shown before it is proven.");
  }

  /** Shows the events; while working, those whose entries are proven, each in its place, with no signature judged. */
  #history(events: readonly EventView[], expected: number, report?: Report): TemplateResult {
    const choose = ({ detail }: HTMLElementEventMap["choose"]): void => void (this.chosen = detail);
    return html`<gl-history
      .events=${events}
      .expected=${expected}
      .question=${report?.query}
      .keys=${report?.keys ?? []}
      .address=${this.address}
      .now=${report?.now ?? Math.floor(Date.now() / 1000)}
      .chosen=${this.chosen}
      @choose=${choose}
    ></gl-history>`;
  }
}

/** Number of the log's entries, which a report tells. */
function logSize(view: View): number | undefined {
  return view.kind === "report" && view.report.checkpoint ? Number(view.report.checkpoint.size) : undefined;
}

function card(title: string, text: string): TemplateResult {
  return html`<div class="card nothing">${title ? html`<strong>${title}</strong>` : nothing}${text}</div>`;
}

function noEvents(report: Report): TemplateResult {
  if (report.completeBy === "index")
    return card("No events", "The log’s index lists no events about this; no auditor vouches for it.");
  return report.complete
    ? card("No events", "The log holds no events about this, up to the checkpoint that was checked.")
    : card("No events are shown", "Events that could not be proven are not shown.");
}
