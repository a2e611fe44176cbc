// The page's frame: log, question, answer, trust file, and the voice for screen readers.
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, query } from "lit/decorators.js";
import { logText, writeAddress } from "../app/address.js";
import { Session } from "../app/session.js";
import { isOffline } from "../app/view.js";
import "./gl-answer.js";
import type { GlAnswer } from "./gl-answer.js";
import "./gl-drop.js";
import "./gl-header.js";
import "./gl-search.js";
import "./gl-trust-line.js";
import "./gl-trust.js";
import type { GlTrust } from "./gl-trust.js";
import "./gl-welcome.js";
import { shared } from "./shared.js";
import { announcement, title } from "./telling.js";

@customElement("gl-portal")
export class GlPortal extends LitElement {
  static override styles = [
    shared,
    css`
      main {
        max-width: 77rem;
        margin: 0 auto;
        padding: 1.5rem 1.25rem 2rem;
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.25rem;
      }
      .trust {
        padding: 0.65rem 1.25rem;
        font-size: 0.8125rem;
      }
      footer {
        max-width: 77rem;
        margin: 0 auto;
        padding: 0 1.5rem 3rem;
        font-size: 0.8125rem;
        color: var(--dim);
      }
      footer p {
        max-width: 88ch;
      }
      .skip {
        position: absolute;
        left: 0.75rem;
        top: -4rem;
        z-index: 5;
        padding: 0.6rem 1rem;
        background: var(--card);
        border: 1px solid var(--edge);
        border-radius: 8px;
      }
      .skip:focus {
        top: 0.6rem;
      }
      @media (max-width: 480px) {
        main {
          padding: 1rem 0.75rem 1.5rem;
          gap: 0.9rem;
        }
        footer {
          padding-inline: 1rem;
        }
      }
    `,
  ];

  readonly #session = new Session(this);
  @query("gl-trust") private trustPanel!: GlTrust;
  @query("gl-answer") private answer!: GlAnswer | null;
  /** A link inside an answer was followed: the reader continues at the next verdict. */
  #following = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.replaceChildren(); // the words for browsers that cannot run this
  }

  override render(): unknown {
    const session = this.#session;
    const { view, address, trust } = session;
    const report = view.kind === "report" ? view.report : undefined;
    const log = session.log ? logText(session.log) : "";
    return html`<a class="skip" href="#" @click=${this.#skip}>Skip to the verdict</a>
      <gl-header .report=${report} .log=${log} .home=${writeAddress({ ...address, query: "" })}></gl-header>
      <main
        @click=${this.#clicked}
        @ask=${({ detail }: HTMLElementEventMap["ask"]) => session.ask(detail)}
        @take=${this.#take}
        @take-folder=${this.#takeFolder}
        @trust=${() => this.trustPanel.show()}
      >
        <gl-search .value=${isOffline(view) ? "" : address.query}></gl-search>
        ${view.kind === "welcome" ? this.#welcome() : this.#answered()}
      </main>
      <footer>
        <p>
          This page cannot vouch for itself: its host could serve a page that lies. The command line makes the same
          check by the same rules, and <a href="SHA256SUMS">SHA256SUMS</a> lists the files of this page, to compare with
          the release.
        </p>
      </footer>
      <gl-drop @take=${this.#take} @take-folder=${this.#takeFolder}></gl-drop>
      <gl-trust
        .trust=${trust}
        .offered=${session.offered}
        .log=${log}
        @keep=${({ detail }: HTMLElementEventMap["keep"]) => session.keepTrust(detail)}
        @forget=${() => session.forgetTrust()}
        @accept=${() => session.acceptChangedTrust()}
        @withdraw=${() => session.withdrawOffer()}
      ></gl-trust>
      <div class="hush" role="status" aria-live="polite">${announcement(view)}</div>`;
  }

  #welcome(): TemplateResult {
    return html`<gl-welcome></gl-welcome>
      <div class="card trust"><gl-trust-line .trust=${this.#session.trust}></gl-trust-line></div>`;
  }

  #answered(): TemplateResult {
    const session = this.#session;
    return html`<gl-answer
      .view=${session.view}
      .address=${session.address}
      .log=${session.log}
      .trust=${session.trust}
      .bundle=${session.bundle}
      @limit=${({ detail: age }: HTMLElementEventMap["limit"]) => session.go({ ...session.address, age })}
      @scan=${() => session.scanAll()}
      @word=${({ detail }: HTMLElementEventMap["word"]) => session.acceptIndex(detail)}
      @again=${() => session.again()}
    ></gl-answer>`;
  }

  #take = ({ detail }: HTMLElementEventMap["take"]): void => void this.#session.take(detail);

  #takeFolder = ({ detail }: HTMLElementEventMap["take-folder"]): void => void this.#session.takeFolder(detail);

  override updated(): void {
    document.title = title(this.#session.view);
    if (!this.#following || !this.answer) return;
    this.#following = false;
    this.answer.focus();
  }

  #clicked(event: Event): void {
    this.#following = event
      .composedPath()
      .some((node) => node instanceof HTMLAnchorElement && node.hash.startsWith("#q="));
  }

  #skip(event: Event): void {
    event.preventDefault();
    this.answer?.focus();
  }
}
