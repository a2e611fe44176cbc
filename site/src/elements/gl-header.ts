// The log on show, with its size, witnesses and age. Only facts that a report proved are in bold.
import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { freshness, witnesses } from "../report/evidence.js";
import type { Report } from "@glasslog/verify";
import { figures } from "../text/count.js";
import { span } from "../text/time.js";
import { glyph } from "./marks.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

@customElement("gl-header")
export class GlHeader extends LitElement {
  static override styles = [
    shared,
    css`
      header {
        display: flex;
        align-items: center;
        gap: 0.5rem 0.9rem;
        min-height: 3.4rem;
        padding: 0.5rem 1.25rem;
        border-bottom: 1px solid var(--line);
        background: var(--card);
      }
      .brand {
        display: flex;
        gap: 0.6rem;
        align-items: center;
        color: inherit;
        font-weight: 660;
        letter-spacing: -0.012em;
        text-decoration: none;
      }
      .chip {
        display: inline-flex;
        gap: 0.35rem;
        border: 1px solid var(--line);
        border-radius: 99px;
        padding: 0.15rem 0.7rem;
        font-size: 0.8125rem;
        color: var(--dim);
        white-space: nowrap;
        min-width: 0;
      }
      .chip b {
        color: var(--ink);
        font-weight: 600;
      }
      .log {
        flex: 0 1 auto;
      }
      .log > * {
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .facts {
        display: flex;
        gap: 0.5rem;
        margin-left: auto;
      }
      @media (max-width: 860px) {
        .facts .more {
          display: none;
        }
      }
      @media (max-width: 480px) {
        header {
          padding-inline: 1rem;
        }
        .facts {
          display: none;
        }
        .log {
          margin-left: auto;
        }
      }
    `,
  ];

  /** The report on show. */
  @property({ attribute: false }) report: Report | undefined;
  /** Address of the log. */
  @property() log = "";
  /** Fragment for a new start: the same log, no question. */
  @property() home = "#";

  override render(): unknown {
    return html`<header>
      <a class="brand" href=${this.home} aria-label="Glasslog: start again">
        <svg width="26" height="26" viewBox="0 0 26 26" aria-hidden="true">${svg`${glyph}`}</svg><span>Glasslog</span>
      </a>
      ${this.#name()}
      <div class="facts">${this.#facts()}</div>
    </header>`;
  }

  /** Shows the log's proven name; before it is proven, only the log's address. */
  #name(): TemplateResult {
    const signed = this.report?.checks.some((check) => check.code === "log-signature" && check.outcome === "pass");
    const origin = this.report?.checkpoint?.origin;
    if (signed && origin !== undefined)
      return html`<span class="chip log" title=${this.log}><b>${outside(origin)}</b></span>`;
    return html`<span class="chip log" title="Not verified yet"
      ><span>${outside(this.log.replace(/^https?:\/\//, ""))}</span></span
    >`;
  }

  #facts(): unknown {
    const { report } = this;
    if (!report?.checkpoint || report.result === "failed") return nothing;
    const all = witnesses(report);
    const seen = freshness(report);
    return [
      html`<span class="chip more"><b>${figures(report.checkpoint.size)}</b> entries</span>`,
      all.length > 0
        ? html`<span class="chip more"
            ><b>${all.filter((each) => each.counted).length} of ${all.length}</b> witnesses</span
          >`
        : nothing,
      seen ? html`<span class="chip"><b>${span(seen.age)}</b> old</span>` : nothing,
    ];
  }
}
