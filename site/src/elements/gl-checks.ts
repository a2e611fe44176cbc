// The verifier's list of checks, in its order. A check that was not reached is not decided.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { bytes, counted, figures, milliseconds } from "../text/count.js";
import { wholeLog, type Cost } from "../app/cost.js";
import { checkDetail, checkTitle, isReached, plannedChecks, type Way } from "../report/wording.js";
import type { Check, Fact } from "@glasslog/verify";
import "./gl-id.js";
import { mark } from "./marks.js";
import { shared } from "./shared.js";
import { outside, told } from "./text.js";

@customElement("gl-checks")
export class GlChecks extends LitElement {
  static override styles = [
    shared,
    css`
      ol {
        list-style: none;
        margin: 0;
        padding: 0.45rem 0;
      }
      li {
        display: grid;
        grid-template-columns: 18px minmax(0, 1fr);
        gap: 0 0.65rem;
        padding: 0.42rem 1.15rem;
        font-size: 0.875rem;
        overflow-wrap: anywhere;
      }
      li .mark {
        margin-top: 0.1rem;
      }
      li p {
        color: var(--dim);
        font-size: 0.78125rem;
        line-height: 1.45;
        min-height: 1.45em;
      }
      li.idle h3,
      li.idle .mark {
        color: var(--dim);
      }
      h3 {
        font-size: inherit;
        font-weight: 500;
      }
      code {
        font-size: 0.75rem;
      }
      /* The row itself opens to show the evidence, so that no extra line is needed. */
      summary {
        cursor: pointer;
        list-style: none;
        position: relative;
        padding-right: 1.1rem;
        border-radius: 4px;
      }
      summary::-webkit-details-marker {
        display: none;
      }
      summary::after {
        content: "";
        position: absolute;
        right: 0.2rem;
        top: 0.5em;
        width: 0.4rem;
        height: 0.4rem;
        border: solid var(--edge);
        border-width: 0 1.5px 1.5px 0;
        transform: rotate(45deg);
      }
      details[open] > summary::after {
        transform: translateY(0.2rem) rotate(225deg);
      }
      summary:hover::after {
        border-color: var(--accent);
      }
      dl {
        font-size: 0.78125rem;
        margin: 0.3rem 0 0.3rem;
        padding-left: 0.6rem;
        border-left: 2px solid var(--line);
      }
      dt {
        color: var(--dim);
      }
      dd {
        margin: 0 0 0.25rem;
      }
      footer {
        display: grid;
        gap: 0.35rem;
        padding: 0.75rem 1.15rem 0.85rem;
        border-top: 1px solid var(--line);
        font-size: 0.8125rem;
        color: var(--dim);
      }
    `,
  ];

  /** Checks so far; while working, planned checks fill the list. */
  @property({ attribute: false }) checks: readonly Check[] = [];
  @property({ type: Boolean }) working = false;
  @property({ attribute: false }) cost: Cost | undefined;
  /** Way in which completeness will be shown, which decides the planned checks. */
  @property() way: Way = "scan";
  /** Number of entries of the log, once known. */
  @property({ attribute: false }) size: number | undefined;
  @property({ type: Boolean }) offline = false;

  override render(): unknown {
    return html`<section class="card" aria-labelledby="title">
      <header><h2 id="title">How this was checked</h2></header>
      <ol>
        ${this.#list().map((check) => this.#row(check))}
      </ol>
      <footer>${this.#costs()}<slot></slot></footer>
    </section>`;
  }

  #list(): readonly Check[] {
    if (this.checks.length > 0 || !this.working) return this.checks;
    return plannedChecks(this.way).map((code) => ({
      code,
      outcome: "unknown",
      required: true,
      detail: "not reached",
      evidence: null,
    }));
  }

  #row(check: Check): TemplateResult {
    const reached = isReached(check);
    const kind = reached ? check.outcome : this.working ? "pending" : "unknown";
    const detail = reached || !this.working ? told(checkDetail(check)) : "\u00a0";
    const text = html`<h3>${outside(checkTitle(check.code))}</h3>
      <p>${detail}</p>`;
    const evidence = this.working ? null : check.evidence;
    return html`<li class=${reached ? "" : "idle"}>
      ${mark(kind)}
      ${
        evidence
          ? html`<details>
              <summary title="Evidence">${text}</summary>
              ${facts(evidence)}
            </details>`
          : html`<div>${text}</div>`
      }
    </li>`;
  }

  #costs(): TemplateResult | typeof nothing {
    if (!this.cost) return nothing;
    const { files, bytes: size, cached, milliseconds: time } = this.cost;
    if (this.offline) return html`<p>${milliseconds(time)}, all in this tab and without a request.</p>`;
    const kept = cached ? ` (${figures(cached)} kept by this browser)` : "";
    const spent = `${counted(files, "file")}${kept}, ${bytes(size)}, ${milliseconds(time)}`;
    return html`<p class="cost">
        ${spent}${this.working ? " so far." : ", all checked in this tab. The server was trusted with nothing."}
      </p>
      ${this.#instead(this.cost)}`;
  }

  /** Cost of the same answer without an index: the whole log. */
  #instead({ files, meanEntry }: Cost): TemplateResult | typeof nothing {
    if (this.size === undefined) return nothing;
    const whole = wholeLog(this.size, meanEntry);
    if (whole.files <= files) return nothing;
    return html`<p class="whole">
      The whole log is
      ${counted(whole.files, "file")}${whole.bytes === undefined ? "" : `, about ${bytes(whole.bytes)}`}.
    </p>`;
  }
}

/** Evidence of any shape, as the verifier wrote it. */
function facts(fact: Fact): TemplateResult {
  if (fact === null) return html`none`;
  if (typeof fact === "number") return html`${figures(fact)}`;
  if (typeof fact === "string")
    return fact.length > 40 ? html`<gl-id .value=${fact} room="26" what="value"></gl-id>` : outside(fact);
  if (Array.isArray(fact)) return html`${(fact as readonly Fact[]).map((each) => html`<div>${facts(each)}</div>`)}`;
  const named = Object.entries(fact as { readonly [name: string]: Fact });
  return html`<dl>
    ${named.map(
      ([name, value]) =>
        html`<dt>${outside(name)}</dt>
          <dd>${facts(value)}</dd>`,
    )}
  </dl>`;
}
