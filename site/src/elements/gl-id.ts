// A long identifier, cut in the middle. It is whole on request, and whole when selected and copied.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { cutMiddle } from "../text/cut.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

@customElement("gl-id")
export class GlId extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: inline;
        font-family: var(--mono);
        font-size: 0.8125rem;
        overflow-wrap: anywhere;
      }
      /* The middle stays in the text with no width, so that a selection copies it. */
      .middle {
        font-size: 0;
      }
      button.cut {
        font-family: inherit;
        font-size: inherit;
        min-height: 1.25rem;
        min-width: 1.5rem;
        line-height: 1;
        padding: 0 0.3em;
        margin: 0 0.15em;
        border-color: transparent;
        background: var(--sunk);
        border-radius: 5px;
        user-select: none;
        vertical-align: baseline;
      }
      button.cut:hover {
        border-color: var(--accent);
      }
    `,
  ];

  /** The identifier. */
  @property() value = "";
  /** Number of characters that stay when it is cut. */
  @property({ type: Number }) room = 20;
  /** Name of the identifier, for the button's label. */
  @property() what = "identifier";
  @state() private whole = false;

  override render(): unknown {
    const { head, middle, tail } = cutMiddle(this.value, this.room);
    if (middle === "" || this.whole) return outside(this.value);
    const button = html`<button
      class="cut"
      title="Show the whole ${this.what}"
      aria-label="Show the whole ${this.what}"
      @click=${this.#show}
    >
      …
    </button>`;
    return html`${outside(head)}<span class="middle">${outside(middle)}</span
      >${button}${tail === "" ? nothing : outside(tail)}`;
  }

  #show(event: Event): void {
    event.stopPropagation();
    this.whole = true;
  }
}
