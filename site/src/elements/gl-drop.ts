// Takes a file or a folder that is dropped anywhere on the page.
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { droppedFolder } from "../app/folder.js";
import { send } from "./events.js";
import { shared } from "./shared.js";

@customElement("gl-drop")
export class GlDrop extends LitElement {
  static override styles = [
    shared,
    css`
      div {
        position: fixed;
        inset: 0.75rem;
        z-index: 10;
        display: grid;
        place-content: center;
        text-align: center;
        gap: 0.25rem;
        padding: 1rem;
        border: 2px dashed var(--accent);
        border-radius: 18px;
        background: color-mix(in srgb, var(--bg) 92%, transparent);
        pointer-events: none;
      }
      strong {
        font-size: 1.5rem;
        font-weight: 650;
        letter-spacing: -0.02em;
      }
    `,
  ];

  /** Number of elements that the drag is inside: each one entered or left sends an event. */
  @state() private depth = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("dragenter", this.#enter);
    addEventListener("dragleave", this.#leave);
    addEventListener("dragover", this.#over);
    addEventListener("drop", this.#drop);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("dragenter", this.#enter);
    removeEventListener("dragleave", this.#leave);
    removeEventListener("dragover", this.#over);
    removeEventListener("drop", this.#drop);
  }

  override render(): unknown {
    if (this.depth <= 0) return nothing;
    return html`<div>
      <strong>Drop it to see what the log knows of it</strong
      ><span class="dim">It stays on this machine: only its SHA-256 is looked up.</span>
    </div>`;
  }

  #enter = (event: DragEvent): void => {
    if (holdsFiles(event)) this.depth++;
  };

  #leave = (event: DragEvent): void => {
    if (holdsFiles(event)) this.depth--;
  };

  #over = (event: DragEvent): void => {
    if (holdsFiles(event)) event.preventDefault();
  };

  #drop = (event: DragEvent): void => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    this.depth = 0;
    const folder = droppedFolder(event.dataTransfer);
    if (folder) return send(this, "take-folder", folder);
    const file = event.dataTransfer?.files[0];
    if (file) send(this, "take", file);
  };
}

function holdsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
