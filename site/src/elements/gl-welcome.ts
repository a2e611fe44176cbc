// The start page: the questions that a reader can ask, and the three kinds of answers.
import { css, html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";
import { treeArt } from "./art.js";
import { mark } from "./marks.js";
import { shared } from "./shared.js";

@customElement("gl-welcome")
export class GlWelcome extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 2.25rem;
      }
      .lead {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 360px;
        gap: 2rem;
        align-items: center;
        padding: 1.5rem 1.5rem 0 0.25rem;
      }
      .lead svg {
        width: 100%;
        height: auto;
      }
      h1 {
        font-size: clamp(1.75rem, 1.2rem + 2.4vw, 2.6rem);
        line-height: 1.14;
        font-weight: 670;
        letter-spacing: -0.03em;
        max-width: 21ch;
        text-wrap: balance;
      }
      .lead p {
        margin-top: 0.8rem;
        max-width: 58ch;
        font-size: 1.0625rem;
        color: var(--dim);
      }
      .ways {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1fr));
        gap: 1.25rem;
      }
      .ways section {
        padding: 1.15rem 1.25rem 1.25rem;
      }
      h2 {
        font-size: 1rem;
        font-weight: 630;
        letter-spacing: -0.008em;
      }
      .ways p {
        margin-top: 0.35rem;
        font-size: 0.9375rem;
        color: var(--dim);
      }
      dl {
        margin: 0.8rem 0 0;
        display: grid;
        gap: 0.45rem;
        font-size: 0.875rem;
      }
      dl div {
        display: grid;
        grid-template-columns: minmax(0, 11.5rem) minmax(0, 1fr);
        gap: 0.6rem;
      }
      dd {
        margin: 0;
        color: var(--dim);
      }
      .worth {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1fr));
        gap: 1.25rem;
        padding: 0 0.25rem;
        font-size: 0.9375rem;
        color: var(--dim);
      }
      .worth h2 {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        color: var(--ink);
        font-size: 0.9375rem;
        margin-bottom: 0.15rem;
      }
      /* A legend of shapes, without colours: nothing is proven yet. */
      .worth .mark {
        color: var(--ink);
      }
      @media (max-width: 860px) {
        .ways,
        .worth {
          grid-template-columns: minmax(0, 1fr);
        }
        .lead {
          grid-template-columns: minmax(0, 1fr);
          padding: 0.5rem 0.25rem 0;
        }
        .lead svg {
          display: none;
        }
      }
    `,
  ];

  override render(): unknown {
    return html`<div class="lead">
        <div>
          <h1>Who touched this model, when, and why?</h1>
          <p>
            Every access to a model is signed by its actor and written to a log that can only grow. This page reads that
            log and proves in your own browser which events it holds, and that none was left out.
          </p>
        </div>
        <svg viewBox="0 0 360 232" aria-hidden="true">${treeArt}</svg>
      </div>
      <div class="ways">
        <section class="card">
          <h2>Ask by name</h2>
          <dl>
            <div>
              <dt><code>resnet50@2.1</code></dt>
              <dd>one version</dd>
            </div>
            <div>
              <dt><code>resnet50</code></dt>
              <dd>every version</dd>
            </div>
            <div>
              <dt><code>sha256:9f2c…</code></dt>
              <dd>one content</dd>
            </div>
            <div>
              <dt><code>actor:ci@example.org</code></dt>
              <dd>all by one actor</dd>
            </div>
            <div>
              <dt><code>key:sha256:5e23…</code></dt>
              <dd>all signed by one key</dd>
            </div>
          </dl>
        </section>
        <section class="card">
          <h2>Drop a model</h2>
          <p>
            A file or a folder, anywhere on this page. It is hashed here and stays on this machine; the log is asked by
            its SHA-256, not by its name. A folder is compared file by file with its registration.
          </p>
        </section>
        <section class="card">
          <h2>Drop a proof</h2>
          <p>
            A <code>.glasslog-bundle</code> holds a history with all its proofs, a <code>.fraud</code> file proves that
            an index is false, an <code>.inconsistency</code> that a log showed two histories. All are checked without
            asking a server.
          </p>
        </section>
      </div>
      <div class="worth">
        <div>
          <h2>${mark("pass", 18, false)}Proven</h2>
          A verdict makes three claims: <b>included</b>, <b>complete</b> and <b>fresh</b>. Each is proven by itself.
        </div>
        <div>
          <h2>${mark("unknown", 18, false)}Not decided</h2>
          A claim that could not be decided is shown as a question, never as a weaker yes.
        </div>
        <div>
          <h2>${mark("fail", 18, false)}False</h2>
          If something was altered or damaged, the page says so, with the first check that failed.
        </div>
      </div>`;
  }
}
