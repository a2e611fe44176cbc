// Contents of a fraud proof, fact by fact.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { FraudSummary } from "@glasslog/verify";
import { figures } from "../text/count.js";
import { fact, factsStyles } from "./facts.js";
import "./gl-copy.js";
import "./gl-id.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

@customElement("gl-fraud")
export class GlFraud extends LitElement {
  static override styles = [shared, factsStyles];

  @property({ attribute: false }) fraud: FraudSummary | undefined;
  /** Set if the accusation is proven, and not only claimed. */
  @property({ type: Boolean }) holds = false;

  override render(): unknown {
    const { fraud } = this;
    if (!fraud) return nothing;
    return html`<section class="card" aria-labelledby="title">
      <header><h2 id="title">${this.holds ? "Who is accused of what" : "What the file claims"}</h2></header>
      <dl>
        ${fact("Kind", outside(fraud.kind))} ${fact("Index", outside(fraud.index))}
        ${fraud.log === null ? nothing : fact("Log", outside(fraud.log))} ${fact("Auditors", auditors(fraud))}
        ${fact("Manifest", html`entry ${figures(fraud.manifest)} of the index`)}
        ${fraud.run === null ? nothing : fact("Run", figures(fraud.run))}
        ${fraud.bucket === null ? nothing : fact("Bucket", outside(fraud.bucket))}
        ${fraud.key === null ? nothing : fact("Key", key(fraud.key))}
        ${fraud.position === null ? nothing : fact("Position", html`entry ${figures(fraud.position)} of the log`)}
      </dl>
    </section>`;
  }
}

function auditors({ auditors: names }: FraudSummary): TemplateResult {
  return names.length === 0
    ? html`<span class="dim">none that your trust file names</span>`
    : outside(names.join(", "));
}

function key(value: string): TemplateResult {
  return html`<gl-id .value=${value} room="26" what="key"></gl-id> <gl-copy .value=${value} what="key"></gl-copy>`;
}
