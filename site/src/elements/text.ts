// Shows text from a log as data: never as markup, with every odd character visible, and without changing the direction
// of its surroundings.
import { html, type TemplateResult } from "lit";
import { visible } from "../text/visible.js";

/** Shows outside text. Identifiers always run from left to right, prose in the direction of its letters. */
export function outside(text: string, prose = false): TemplateResult {
  const pieces = visible(text).map(({ text: run, odd }) =>
    odd ? html`<span class="odd" title="an invisible or direction-changing character">${odd}</span>` : run,
  );
  return prose ? html`<bdi>${pieces}</bdi>` : html`<bdi dir="ltr">${pieces}</bdi>`;
}

/**
 * Shows a sentence of the page or of the verifier. The verifier puts names of files, logs and keys between backticks;
 * here they are shown as code.
 */
export function told(text: string): TemplateResult {
  const parts = text.split("`");
  // An unpaired backtick is part of the text.
  if (parts.length % 2 === 0) return outside(text);
  return html`${parts.map((part, at) => (at % 2 === 1 ? html`<code>${outside(part)}</code>` : outside(part)))}`;
}
