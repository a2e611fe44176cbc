// The files by which a folder differs from its registration.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { FolderView } from "@glasslog/verify";
import { counted, figures } from "../text/count.js";
import { shared } from "./shared.js";
import { outside } from "./text.js";

/** Most paths of each kind on show: a reader reads no more, and the report that is saved has them all. */
const SHOWN = 100;

/** Tells whether a folder differs from the registration that it was compared with. */
export function differs(folder: FolderView | undefined): folder is FolderView {
  return folder !== undefined && folder.changed.length + folder.missing.length + folder.extra.length > 0;
}

@customElement("gl-folder")
export class GlFolder extends LitElement {
  static override styles = [
    shared,
    css`
      .card {
        padding: 1rem 1.25rem 1.1rem;
      }
      h2 {
        font-size: 0.9375rem;
      }
      h3 {
        margin: 0.75rem 0 0.25rem;
        font-size: 0.8125rem;
        font-weight: 600;
      }
      ul {
        margin: 0;
        padding: 0;
        list-style: none;
        font-size: 0.8125rem;
      }
      li {
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) folder: FolderView | undefined;

  override render(): unknown {
    const { folder } = this;
    if (!folder) return nothing;
    return html`<section class="card">
      <h2>Files that differ from the registration</h2>
      ${paths("Changed", folder.changed)} ${paths("Missing", folder.missing)} ${paths("Extra", folder.extra)}
    </section>`;
  }
}

function paths(kind: string, all: readonly string[]): TemplateResult | typeof nothing {
  if (all.length === 0) return nothing;
  const more = all.length - SHOWN;
  return html`<h3>${kind}: ${counted(all.length, "file")}</h3>
    <ul>
      ${all.slice(0, SHOWN).map((path) => html`<li><code>${outside(path)}</code></li>`)}
      ${more > 0 ? html`<li class="dim">and ${figures(more)} more, in the saved report</li>` : nothing}
    </ul>`;
}
