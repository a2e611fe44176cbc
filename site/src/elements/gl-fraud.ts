// What a fraud proof is about, point by point.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { FraudView } from "../report/types.js";
import { figures } from "../text/count.js";
import "./gl-copy.js";
import "./gl-id.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

@customElement("gl-fraud")
export class GlFraud extends LitElement {
  static override styles = [
    shared,
    css`
      dl {
        display: grid;
        grid-template-columns: 8.5rem minmax(0, 1fr);
        gap: 0.45rem 1rem;
        margin: 0;
        padding: 0.9rem 1.15rem 1.1rem;
        font-size: 0.875rem;
        overflow-wrap: anywhere;
      }
      dt {
        color: var(--dim);
      }
      dd {
        margin: 0;
        min-width: 0;
      }
      gl-copy {
        display: inline-block;
        margin-left: 0.35rem;
      }
    `,
  ];

  @property({ attribute: false }) fraud: FraudView | undefined;
  /** Whether it is shown to be so, and not only claimed. */
  @property({ type: Boolean }) holds = false;

  override render(): unknown {
    const { fraud } = this;
    if (!fraud) return nothing;
    return html`<section class="card" aria-labelledby="title">
      <header><h2 id="title">${this.holds ? "Who is accused of what" : "What the file claims"}</h2></header>
      <dl>
        ${row("Kind", outside(fraud.kind))} ${row("Index", outside(fraud.index))} ${fraud.log === null ? nothing : row("Log", outside(fraud.log))}
        ${row("Auditors", fraud.auditors.length === 0 ? html`<span class="dim">none of your trust file’s</span>` : outside(fraud.auditors.join(", ")))}
        ${row("Manifest", html`entry ${figures(fraud.manifest)} of the index`)} ${fraud.run === null ? nothing : row("Run", figures(fraud.run))}
        ${fraud.bucket === null ? nothing : row("Bucket", outside(fraud.bucket))}
        ${fraud.key === null ? nothing : row("Key", html`<gl-id .value=${fraud.key} room="26" what="key"></gl-id> <gl-copy .value=${fraud.key} what="key"></gl-copy>`)}
        ${fraud.position === null ? nothing : row("Position", html`entry ${figures(fraud.position)} of the log`)}
      </dl>
    </section>`;
  }
}

function row(name: string, value: unknown): unknown {
  return html`<dt>${name}</dt><dd>${value}</dd>`;
}
