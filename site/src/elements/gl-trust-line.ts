// The trust file by which the page judges, in one line.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { policyLines } from "../app/policy_lines.js";
import type { Trust } from "../app/trust.js";
import { counted } from "../text/count.js";
import { send } from "./events.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

/** Largest number of witnesses that are named; more are only counted. */
const NAMED = 4;

@customElement("gl-trust-line")
export class GlTrustLine extends LitElement {
  static override styles = [
    shared,
    css`
      p {
        display: flex;
        flex-wrap: wrap;
        gap: 0.1rem 0.9rem;
        align-items: center;
        color: var(--dim);
        overflow-wrap: anywhere;
      }
      strong {
        color: var(--ink);
        font-weight: 600;
      }
      .changed {
        color: var(--fail);
      }
    `,
  ];

  @property({ attribute: false }) trust: Trust | undefined;

  override render(): unknown {
    const review = html`<button class="plain" @click=${this.#review}>
      ${this.trust ? "Review" : "Choose a trust file"}
    </button>`;
    return html`<p><span>${this.#words()}</span>${review}</p>`;
  }

  #words(): TemplateResult {
    const { trust } = this;
    if (!trust) return html`There is <strong>no trust file</strong>, so no signature counts yet.`;
    const { keys } = policyLines(trust.text);
    const logs = keys.filter((key) => key.kind === "log" && key.role === "log").map((key) => key.name);
    const witnesses = keys.filter((key) => key.kind === "witness" && key.role === "log").map((key) => key.name);
    // A witness is worth as much as its operator, so they are named.
    const who = witnesses.length > 0 && witnesses.length <= NAMED ? html` (${outside(witnesses.join(", "))})` : nothing;
    const auditors = keys.filter((key) => key.kind === "witness" && key.role === "audit").length;
    const audit = auditors > 0 ? html`, ${counted(auditors, "auditor")}` : nothing;
    const names = html`${outside(logs.join(", "))}, ${counted(witnesses.length, "witness", "witnesses")}${who}${audit}`;
    if (trust.changed !== undefined) {
      return html`<strong class="changed">The trust file that comes with this page has changed.</strong> The earlier one
        still counts: ${names}.`;
    }
    return trust.source === "reader"
      ? html`Judged by <strong>your own trust file</strong>: ${names}.`
      : html`Judged by <strong>the trust file that came with this page</strong>: ${names}.`;
  }

  #review(): void {
    send(this, "trust");
  }
}
