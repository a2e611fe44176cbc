// A button that copies a text and confirms it.
import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { shared } from "./shared.js";

@customElement("gl-copy")
export class GlCopy extends LitElement {
  static override styles = [
    shared,
    css`
      button {
        min-height: 1.65rem;
        padding: 0.05rem 0.55rem;
        font-size: 0.78125rem;
      }
    `,
  ];

  /** Text to copy. */
  @property() value = "";
  /** Name of the text, for the button's label. */
  @property() what = "";
  @state() private said = "";

  override render(): unknown {
    return html`<button @click=${this.#copy} aria-label="Copy ${this.what}">${this.said || "Copy"}</button
      ><span class="hush" role="status">${this.said && `${this.what}: ${this.said}`}</span>`;
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.value);
      this.said = "Copied";
    } catch {
      this.said = "Not allowed";
    }
    setTimeout(() => (this.said = ""), 2000);
  }
}
