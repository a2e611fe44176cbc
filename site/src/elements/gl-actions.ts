// Buttons below a report: save it, save an offline bundle, check again.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { asksLog, type Answer } from "../app/view.js";
import { visibleText } from "../text/visible.js";
import { send } from "./events.js";
import { shared } from "./shared.js";

/** Longest name of a saved file, without its ending. */
const NAME = 80;
/** Time in which a browser has begun to save a file, in milliseconds. */
const SAVED = 10_000;

@customElement("gl-actions")
export class GlActions extends LitElement {
  static override styles = shared;

  @property({ attribute: false }) answer: Answer | undefined;
  /** Makes the offline bundle of an answer. */
  @property({ attribute: false }) bundle: ((answer: Answer) => Promise<Blob>) | undefined;
  /** The progress of the last bundle, or why there is none. */
  @state() private bundling = "";

  override render(): unknown {
    const { answer } = this;
    if (!answer) return nothing;
    const isOfLog = asksLog(answer.subject);
    return html`<p>
      <button class="plain" @click=${this.#saveReport}>Save the report</button> ·
      ${isOfLog && answer.report.result !== "failed" ? this.#bundleButton() : nothing}
      <button class="plain" @click=${() => send(this, "again")}>
        ${isOfLog ? "Check again without caches" : "Check again"}
      </button>
    </p>`;
  }

  #bundleButton(): TemplateResult {
    return html`<button class="plain" ?disabled=${this.bundling !== ""} @click=${this.#saveBundle}>
        ${this.bundling || "Save an offline bundle"}
      </button>
      ·`;
  }

  #saveReport(): void {
    if (this.answer) saveFile(`${fileName(this.answer)}.report.json`, this.answer.json);
  }

  async #saveBundle(): Promise<void> {
    const { answer, bundle } = this;
    if (!answer || !bundle) return;
    this.bundling = "Reading the files …";
    try {
      saveFile(`${fileName(answer)}.glasslog-bundle`, await bundle(answer));
      this.bundling = "";
    } catch (error) {
      this.bundling = `No bundle: ${(error as Error).message}`;
    }
  }
}

function fileName({ report }: Answer): string {
  return visibleText(report.query.id)
    .replace(/[^\w.@-]+/g, "_")
    .slice(0, NAME);
}

function saveFile(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SAVED);
}
