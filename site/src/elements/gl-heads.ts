// Two heads of one log that cannot both be true, fact by fact.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { CheckpointSummary, InconsistencySummary } from "@glasslog/verify";
import { counted } from "../text/count.js";
import { fact, factsStyles } from "./facts.js";
import "./gl-copy.js";
import "./gl-id.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

@customElement("gl-heads")
export class GlHeads extends LitElement {
  static override styles = [shared, factsStyles];

  @property({ attribute: false }) heads: InconsistencySummary | undefined;
  /** Set if the contradiction is proven, and not only claimed. */
  @property({ type: Boolean }) holds = false;

  override render(): unknown {
    const { heads } = this;
    if (!heads) return nothing;
    const entries = (head: CheckpointSummary): string => counted(head.size, "entry", "entries");
    return html`<section class="card" aria-labelledby="title">
      <header><h2 id="title">${this.holds ? "Two histories of one log" : "What the file claims"}</h2></header>
      <dl>
        ${fact(heads.role === "index" ? "Index" : "Log", outside(heads.old.origin))}
        ${fact("One head", html`${entries(heads.old)}, root ${root(heads.old.root)}`)}
        ${fact("The other head", html`${entries(heads.new)}, root ${root(heads.new.root)}`)}
        ${fact("Its root there", html`${root(heads.prefix)} at ${entries(heads.old)}`)}
        ${fact("Cosigned both", witnesses(heads))}
      </dl>
    </section>`;
  }
}

function witnesses({ witnesses: names }: InconsistencySummary): TemplateResult {
  return names.length === 0
    ? html`<span class="dim">none that your trust file names</span>`
    : outside(names.join(", "));
}

function root(value: string): TemplateResult {
  return html`<gl-id .value=${value} room="26" what="root"></gl-id> <gl-copy .value=${value} what="root"></gl-copy>`;
}
