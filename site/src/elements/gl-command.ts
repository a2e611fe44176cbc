// The command line that repeats the check in a terminal, without this page.
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import "./gl-copy.js";
import { shared } from "./shared.js";

@customElement("gl-command")
export class GlCommand extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        gap: 0.3rem 0.9rem;
      }
      .label {
        color: var(--dim);
        font-size: 0.8125rem;
        white-space: nowrap;
      }
      code {
        overflow-wrap: anywhere;
        background: var(--sunk);
        border-radius: 7px;
        padding: 0.3rem 0.6rem;
      }
      @media (max-width: 640px) {
        :host {
          grid-template-columns: minmax(0, 1fr) auto;
        }
        code {
          grid-row: 2;
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  /** The line; `undefined` if it could not be written safely. */
  @property() line: string | undefined;

  override render(): unknown {
    if (this.line === undefined)
      return html`<span class="label">No command line: the question contains unusual characters.</span>`;
    return html`<span class="label">Same check in a terminal</span><code>${this.line}</code
      ><gl-copy .value=${this.line} what="the command line"></gl-copy>`;
  }
}
