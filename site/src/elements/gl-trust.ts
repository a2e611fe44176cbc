// The trust file in full: its keys, when it was first seen, and a way to replace it.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { looksLikePolicy, policyLines, type NamedKey } from "../app/policy_lines.js";
import type { Trust } from "../app/trust.js";
import { moment } from "../text/time.js";
import { send } from "./events.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

/** Role of a key, by section and kind; the auditors' section repeats the key of the index that they vouch for. */
const ROLES: Readonly<Record<string, string>> = {
  "index log": "index",
  "index witness": "index witness",
  "audit log": "index",
  "audit witness": "auditor",
};

@customElement("gl-trust")
export class GlTrust extends LitElement {
  static override styles = [
    shared,
    css`
      dialog {
        width: min(44rem, calc(100vw - 2rem));
        max-height: calc(100dvh - 3rem);
        padding: 0;
        color: inherit;
        background: var(--card);
        border: 1px solid var(--edge);
        border-radius: 16px;
        overflow: auto;
      }
      dialog::backdrop {
        background: rgb(5 12 12 / 0.5);
      }
      form {
        display: grid;
        gap: 1rem;
        padding: 1.4rem 1.5rem 1.5rem;
      }
      h2 {
        outline: none;
        font-size: 1.25rem;
        letter-spacing: -0.015em;
      }
      h3 {
        font-size: 0.9375rem;
        font-weight: 620;
        margin-bottom: 0.3rem;
      }
      ul {
        list-style: none;
        margin: 0;
        padding: 0;
        border: 1px solid var(--line);
        border-radius: 10px;
      }
      li {
        display: grid;
        grid-template-columns: 5.5rem minmax(0, 1fr) auto;
        gap: 0.75rem;
        padding: 0.45rem 0.8rem;
        border-top: 1px solid var(--line);
        font-size: 0.875rem;
        overflow-wrap: anywhere;
      }
      li:first-child {
        border-top: 0;
      }
      textarea {
        width: 100%;
        min-height: 9.5rem;
        resize: vertical;
        font-family: var(--mono);
        font-size: 0.75rem;
        line-height: 1.5;
        color: inherit;
        background: var(--sunk);
        border: 1px solid var(--edge);
        border-radius: 10px;
        padding: 0.7rem 0.8rem;
        white-space: pre;
        overflow: auto;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.6rem;
      }
      .notice {
        border-left: 3px solid var(--fail);
        padding: 0.1rem 0 0.1rem 0.9rem;
        display: grid;
        gap: 0.6rem;
        justify-items: start;
      }
      @media (max-width: 480px) {
        li {
          grid-template-columns: minmax(0, 1fr) auto;
        }
        li > :nth-child(2) {
          grid-column: 1 / -1;
          grid-row: 2;
        }
      }
    `,
  ];

  @property({ attribute: false }) trust: Trust | undefined;
  /** A trust file that was dropped and that the reader has not accepted yet. */
  @property({ attribute: false }) offered: string | undefined;
  /** The log it is about. */
  @property() log = "";
  @query("dialog") private dialog!: HTMLDialogElement;
  @query("input") private picker!: HTMLInputElement;
  /** Text that the reader typed or loaded, if it differs from the trust file in use. */
  @state() private draft: string | undefined;

  /** Opens it. */
  show(): void {
    this.draft = this.offered;
    if (!this.dialog.open) this.dialog.showModal();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("offered")) this.draft = this.offered;
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("offered") && this.offered !== undefined && !this.dialog.open) this.dialog.showModal();
  }

  override render(): unknown {
    const text = this.draft ?? this.trust?.text ?? "";
    return html`<dialog aria-labelledby="title" @close=${this.#closed}>
      <form method="dialog">
        <h2 id="title" tabindex="-1" autofocus>Whose signatures count</h2>
        <p class="dim">
          A trust file names the log’s key and the witnesses that must have cosigned. It decides what can be proven
          here, so get it by another way than this page: from the log’s operator, a colleague or a repository. It is
          kept in this browser, for <bdi>${this.log}</bdi>.
        </p>
        ${this.#changed()} ${this.#keys(text)}
        <div>
          <h3><label for="text">The file itself</label></h3>
          <textarea
            id="text"
            spellcheck="false"
            autocomplete="off"
            placeholder="log example.com/log+1234abcd+…"
            .value=${text}
            @input=${this.#typed}
          ></textarea>
        </div>
        ${this.#actions()}
      </form>
    </dialog>`;
  }

  #changed(): TemplateResult | typeof nothing {
    if (this.trust?.changed === undefined) return nothing;
    return html`<div class="notice">
      <p>
        <strong
          >The file that comes with this page differs from the one first seen on
          ${moment(this.trust.since, now())}.</strong
        >
        Keys do change, and pages get replaced. Ask the log’s operator before you accept it.
      </p>
      <button type="button" @click=${() => this.#decide(() => send(this, "accept"))}>Accept the new one</button>
    </div>`;
  }

  #keys(text: string): TemplateResult | typeof nothing {
    const { keys, quorum, pinned } = policyLines(text);
    if (keys.length === 0) return nothing;
    const key = ({ kind, role, name, id }: NamedKey): TemplateResult =>
      html`<li>
        <span class="dim">${ROLES[`${role} ${kind}`] ?? kind}</span><span>${outside(name)}</span
        ><code>${outside(id)}</code>
      </li>`;
    return html`<div>
      <h3>Keys that it names</h3>
      <ul>
        ${keys.map(key)}
      </ul>
      <p class="dim small">Quorum: ${outside(quorum ?? "none")}. First entry: ${pinned ? "pinned" : "not pinned"}.</p>
    </div>`;
  }

  #actions(): TemplateResult {
    const changed = this.draft !== undefined && this.draft !== this.trust?.text;
    const usable = looksLikePolicy(this.draft ?? this.trust?.text ?? "");
    const keep = changed ? "Trust these keys" : "Keep as my own";
    return html`<div class="actions">
      ${
        changed || this.trust?.source === "page"
          ? html`<button type="button" class="primary" ?disabled=${!usable} @click=${this.#keep}>${keep}</button>`
          : nothing
      }
      <button type="button" @click=${() => this.picker.click()}>Load a file</button>
      ${
        this.trust?.source === "reader"
          ? html`<button type="button" @click=${this.#forget}>Forget mine</button>`
          : nothing
      }
      <button>Close</button>
      <input type="file" hidden tabindex="-1" aria-label="A trust file" @change=${this.#load} />
    </div>`;
  }

  #typed(event: Event): void {
    this.draft = (event.target as HTMLTextAreaElement).value;
  }

  async #load(): Promise<void> {
    const file = this.picker.files?.[0];
    this.picker.value = "";
    if (file && file.size < 1_000_000) this.draft = await file.text();
  }

  #keep(): void {
    const text = this.draft ?? this.trust?.text ?? "";
    this.#decide(() => send(this, "keep", text));
  }

  #forget(): void {
    this.#decide(() => send(this, "forget"));
  }

  #decide(tell: () => void): void {
    this.draft = undefined;
    tell();
    this.dialog.close();
  }

  #closed(): void {
    this.draft = undefined;
    send(this, "withdraw");
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
