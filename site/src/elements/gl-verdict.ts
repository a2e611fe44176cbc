// The verdict: a sentence first and largest, then three claims, the trust file, and the command line that repeats it.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { AGES } from "../app/address.js";
import type { Claim } from "../report/sentence.js";
import { send } from "./events.js";
import "./gl-command.js";
import { mark, type MarkKind } from "./marks.js";
import { shared } from "./shared.js";
import { outside, told } from "./text.js";

/** Text of the card for any subject. */
export type Telling = {
  readonly tone: MarkKind;
  readonly headline: string;
  readonly why: string;
  /** Something else that the reader must know. */
  readonly detail: string;
  /** The claims, or `undefined` if none was examined. */
  readonly claims: readonly Claim[] | undefined;
  /** Share of the work that is done, while working. */
  readonly done: number | undefined;
  /** Offers to read the whole log. */
  readonly offersScan?: boolean;
  /** Offers to take the index's word. */
  readonly offersWord?: boolean;
};

/** Longest name that stays in one piece: a line break at its hyphen would look like a part of it. */
const SHORT = 40;

/** Shows a headline: names between backticks as code. */
function words(headline: string): unknown {
  const parts = headline.split("`");
  // An unpaired backtick is part of the text.
  if (parts.length % 2 === 0) return unbroken(headline);
  return parts.map((part, at) => (at % 2 === 1 ? html`<code>${unbroken(part)}</code>` : unbroken(part)));
}

function unbroken(text: string): unknown {
  const parts = text.split(/( )/);
  return parts.map((part) =>
    /[-@/:]/.test(part) && part.length <= SHORT ? html`<span class="word">${outside(part)}</span>` : outside(part),
  );
}

@customElement("gl-verdict")
export class GlVerdict extends LitElement {
  static override styles = [
    shared,
    css`
      .card {
        overflow: clip;
      }
      .top {
        position: relative;
        display: grid;
        grid-template-columns: 46px minmax(0, 1fr);
        align-content: start;
        gap: 0.2rem 1.15rem;
        padding: 1.6rem 1.6rem 1.4rem;
        /* Room for two lines of each text, so that nothing below moves when the text changes. */
        min-height: 12rem;
        background: var(--ground, transparent);
      }
      .top.pass {
        --ground: var(--pass-ground);
      }
      .top.fail {
        --ground: var(--fail-ground);
      }
      .top.unknown {
        --ground: var(--unknown-ground);
      }
      .top > .mark {
        width: 46px;
        height: 46px;
        grid-row: span 2;
      }
      h1 {
        color: var(--ink);
        font-size: 1.625rem;
        line-height: 1.25;
        font-weight: 660;
        letter-spacing: -0.021em;
        text-wrap: balance;
        overflow-wrap: anywhere;
        align-self: center;
        min-height: 46px;
        display: flex;
        align-items: center;
        outline-offset: 6px;
      }
      .word {
        white-space: nowrap;
      }
      h1 code {
        font-size: 0.9em;
        font-weight: 600;
      }
      .why {
        grid-column: 2;
        margin-top: 0.3rem;
        color: var(--dim);
        max-width: 80ch;
        overflow-wrap: anywhere;
      }
      .top.pass .why,
      .top.fail .why,
      .top.unknown .why {
        color: color-mix(in srgb, var(--ink) 78%, var(--ground));
      }
      .remedy {
        grid-column: 2;
        margin-top: 0.6rem;
        color: var(--ink);
      }
      .detail {
        display: block;
        margin-top: 0.35rem;
        font-size: 0.875rem;
      }
      progress {
        position: absolute;
        inset: auto 0 0;
        width: 100%;
        height: 3px;
        border: 0;
        appearance: none;
        background: var(--line);
        accent-color: var(--accent);
      }
      progress::-webkit-progress-bar {
        background: var(--line);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      .claims {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1fr));
        border-top: 1px solid var(--line);
        list-style: none;
        margin: 0;
        padding: 0;
      }
      .claim {
        padding: 0.9rem 1.25rem 0.95rem;
        border-left: 1px solid var(--line);
        min-height: 6.2rem;
      }
      .claim:first-child {
        border-left: 0;
      }
      .claim h2 {
        font-size: 0.9375rem;
        font-weight: 620;
        display: flex;
        align-items: center;
        gap: 0.5rem;
      }
      .claim p {
        margin-top: 0.15rem;
        font-size: 0.875rem;
        color: var(--dim);
      }
      .claim label {
        display: inline-flex;
        align-items: center;
        gap: 0.35rem;
        font-size: 0.8125rem;
        color: var(--dim);
        white-space: nowrap;
      }
      .claim.fresh {
        position: relative;
      }
      .claim.fresh label {
        position: absolute;
        top: 0.65rem;
        right: 1rem;
      }
      select {
        padding: 0.1rem 0.3rem;
        min-height: 1.75rem;
      }
      .row {
        border-top: 1px solid var(--line);
        padding: 0.6rem 1.25rem;
        font-size: 0.8125rem;
      }
      @media (max-width: 860px) {
        .claims {
          grid-template-columns: minmax(0, 1fr);
        }
        .claim {
          border-left: 0;
          border-top: 1px solid var(--line);
          min-height: 0;
          padding: 0.75rem 1.15rem 0.8rem;
        }
        .claim:first-child {
          border-top: 0;
        }
      }
      @media (max-width: 640px) {
        .top {
          grid-template-columns: 32px minmax(0, 1fr);
          gap: 0.35rem 0.8rem;
          padding: 1.15rem 1.15rem 1.1rem;
          min-height: 13.5rem;
        }
        .top > .mark {
          width: 32px;
          height: 32px;
          grid-row: auto;
        }
        h1 {
          font-size: 1.3125rem;
          min-height: 32px;
        }
        .why,
        .remedy {
          grid-column: 1 / -1;
        }
        .row {
          padding-inline: 1.15rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) telling: Telling | undefined;
  /** The command line: `undefined` if it could not be written safely, `null` if there is none. */
  @property({ attribute: false }) line: string | undefined | null = null;
  /** The limit on the checkpoint's age. */
  @property({ attribute: false }) age: string | undefined;
  /** Set if the reader takes the word of the log's index. */
  @property({ type: Boolean }) accepted = false;

  override render(): unknown {
    const { telling } = this;
    if (!telling) return nothing;
    const { tone, headline, why, detail, claims, done } = telling;
    return html`<section class="card" aria-labelledby="headline">
      <div class="top ${tone}">
        ${mark(tone, 46, tone !== "pending")}
        <h1 id="headline" tabindex="-1"><span>${words(headline)}</span></h1>
        <p class="why">${told(why)}${detail ? html`<span class="detail">${told(detail)}</span>` : nothing}</p>
        ${telling.offersScan || telling.offersWord ? this.#remedy(telling) : nothing}${tone === "pending" ? progress(done) : nothing}
      </div>
      ${
        claims
          ? html`<ul class="claims">
              ${claims.map((claim) => this.#claim(claim))}
            </ul>`
          : nothing
      }
      <div class="row"><slot name="trust"></slot></div>
      ${this.accepted ? this.#acceptance() : nothing}
      ${this.line === null ? nothing : html`<div class="row"><gl-command .line=${this.line}></gl-command></div>`}
    </section>`;
  }

  /** Moves the focus to the sentence. */
  override focus(): void {
    this.renderRoot.querySelector("h1")?.focus();
  }

  #remedy({ offersScan, offersWord }: Telling): TemplateResult {
    const scan = (): void => send(this, "scan");
    const accept = (): void => send(this, "word", true);
    return html`<p class="remedy">
      ${offersScan ? html`<button @click=${scan}>Read the whole log instead</button>` : nothing}
      ${
        offersWord
          ? html`<button @click=${accept}>Take the index’s word</button>
              <span class="detail"
                >Its operator could then leave an event, or the revocation of a key, out of every answer about this log,
                and this page would not notice. This browser remembers the choice.</span
              >`
          : nothing
      }
    </p>`;
  }

  #acceptance(): TemplateResult {
    const withdraw = (): void => send(this, "word", false);
    return html`<div class="row">
      You take the word of this log’s index that it leaves nothing out.
      <button class="plain" @click=${withdraw}>No longer</button>
    </div>`;
  }

  #claim(claim: Claim): TemplateResult {
    const pending = this.telling?.tone === "pending";
    const kind = pending ? "pending" : claim.outcome;
    return html`<li class="claim ${claim.name.toLowerCase()}">
      <h2>${mark(kind)}${claim.name}</h2>
      <p>${told(claim.text)}</p>
      ${claim.name === "Fresh" ? this.#limit() : nothing}
    </li>`;
  }

  #limit(): TemplateResult {
    const choose = (event: Event): void => {
      const age = (event.target as HTMLSelectElement).value || undefined;
      send(this, "limit", age);
    };
    const option = ([value, , label]: (typeof AGES)[number]): TemplateResult =>
      html`<option value=${value} ?selected=${this.age === value}>${label}</option>`;
    return html`<label
      >limit
      <select aria-label="Oldest checkpoint to accept as fresh" @change=${choose}>
        <option value="" ?selected=${this.age === undefined}>none</option>
        ${AGES.map(option)}
      </select></label
    >`;
  }
}

function progress(done: number | undefined): TemplateResult {
  return html`<progress max="1" value=${done ?? nothing} aria-label="Progress"></progress>`;
}
