// What a fraud proof is about, point by point.
import { html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { FraudView } from "../report/types.js";
import { figures } from "../text/count.js";
import { fact, factsStyles } from "./facts.js";
import "./gl-copy.js";
import "./gl-id.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

@customElement("gl-fraud")
export class GlFraud extends LitElement {
  static override styles = [shared, factsStyles];

  @property({ attribute: false }) fraud: FraudView | undefined;
  /** Whether it is shown to be so, and not only claimed. */
  @property({ type: Boolean }) holds = false;

  override render(): unknown {
    const { fraud } = this;
    if (!fraud) return nothing;
    return html`<section class="card" aria-labelledby="title">
      <header><h2 id="title">${this.holds ? "Who is accused of what" : "What the file claims"}</h2></header>
      <dl>
        ${fact("Kind", outside(fraud.kind))} ${fact("Index", outside(fraud.index))}
        ${fraud.log === null ? nothing : fact("Log", outside(fraud.log))}
        ${fact("Auditors", fraud.auditors.length === 0 ? html`<span class="dim">none of your trust file’s</span>` : outside(fraud.auditors.join(", ")))}
        ${fact("Manifest", html`entry ${figures(fraud.manifest)} of the index`)}
        ${fraud.run === null ? nothing : fact("Run", figures(fraud.run))}
        ${fraud.bucket === null ? nothing : fact("Bucket", outside(fraud.bucket))}
        ${fraud.key === null ? nothing : fact("Key", html`<gl-id .value=${fraud.key} room="26" what="key"></gl-id> <gl-copy .value=${fraud.key} what="key"></gl-copy>`)}
        ${fraud.position === null ? nothing : fact("Position", html`entry ${figures(fraud.position)} of the log`)}
      </dl>
    </section>`;
  }
}
