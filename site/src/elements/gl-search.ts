// The question: a name, a digest, an actor or a key, or a file or folder.
import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { chosenFolder } from "../app/folder.js";
import { send } from "./events.js";
import { shared } from "./shared.js";

@customElement("gl-search")
export class GlSearch extends LitElement {
  static override styles = [
    shared,
    css`
      form {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        background: var(--card);
        border: 1px solid var(--edge);
        border-radius: 12px;
        padding: 0.45rem 0.5rem 0.45rem 1rem;
      }
      form:focus-within {
        outline: 2px solid var(--accent);
        outline-offset: 1px;
      }
      svg {
        flex: none;
        color: var(--dim);
      }
      input {
        flex: 1;
        min-width: 0;
        border: 0;
        background: none;
        color: inherit;
        font: inherit;
        font-size: 1.0625rem;
        outline: none;
        padding: 0.35rem 0;
      }
      /* The form as a whole shows the focus. */
      input:focus-visible {
        outline: none;
      }
      input::placeholder {
        color: var(--dim);
        opacity: 1;
      }
      input::-webkit-search-cancel-button {
        display: none;
      }
      button {
        min-height: 2.4rem;
        padding-inline: 0.95rem;
        white-space: nowrap;
      }
      .hint {
        color: var(--dim);
        font-size: 0.8125rem;
        white-space: nowrap;
      }
      @media (max-width: 860px) {
        .hint {
          display: none;
        }
      }
      @media (max-width: 480px) {
        form {
          flex-wrap: wrap;
          padding: 0.5rem;
        }
        svg {
          margin-left: 0.35rem;
        }
        input {
          flex: 1 1 70%;
        }
        button {
          flex: 1;
        }
      }
    `,
  ];

  /** The question in the address. */
  @property() value = "";
  @query("input[type=search]") private field!: HTMLInputElement;
  @query("input[type=file]:not([webkitdirectory])") private picker!: HTMLInputElement;
  @query("input[webkitdirectory]") private folderPicker!: HTMLInputElement;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.#slash);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.#slash);
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("value")) this.field.value = this.value;
  }

  override render(): unknown {
    return html`<form role="search" @submit=${this.#submit}>
      <svg
        width="18"
        height="18"
        viewBox="0 0 18 18"
        fill="none"
        stroke="currentColor"
        stroke-width="1.7"
        aria-hidden="true"
      >
        <circle cx="7.5" cy="7.5" r="5" />
        <path d="m11.5 11.5 4 4" stroke-linecap="round" />
      </svg>
      <input
        type="search"
        aria-label="Artifact, digest, actor or key"
        aria-keyshortcuts="/"
        placeholder="Artifact, digest, actor or key"
        autocomplete="off"
        autocapitalize="off"
        autocorrect="off"
        spellcheck="false"
        enterkeyhint="search"
        maxlength="1024"
      />
      <span class="hint">or drop a model anywhere</span>
      <button type="button" @click=${() => this.picker.click()}>Choose a file</button>
      <button type="button" @click=${() => this.folderPicker.click()}>Choose a folder</button>
      <button class="primary">Check</button>
      <input
        type="file"
        hidden
        tabindex="-1"
        aria-label="A model file, an offline bundle, an accusation or a trust file"
        @change=${this.#picked}
      />
      <input
        type="file"
        webkitdirectory
        hidden
        tabindex="-1"
        aria-label="The folder of a model"
        @change=${this.#pickedFolder}
      />
    </form>`;
  }

  /** Puts the cursor into the field. */
  override focus(): void {
    this.field.focus();
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.field.value.trim();
    if (text) send(this, "ask", text);
  }

  #picked(): void {
    const file = this.picker.files?.[0];
    this.picker.value = "";
    if (file) send(this, "take", file);
  }

  #pickedFolder(): void {
    const folder = chosenFolder(this.folderPicker.files);
    this.folderPicker.value = "";
    if (folder) send(this, "take-folder", folder);
  }

  /** Moves the focus here on a slash key, except from another field. */
  #slash = (event: KeyboardEvent): void => {
    const typing = event
      .composedPath()
      .some((node) => node instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    this.field.focus();
    this.field.select();
  };
}
