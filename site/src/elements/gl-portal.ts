// The page: what the session is doing, laid out.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { logText, writeAddress } from "../app/address.js";
import { policyLines } from "../app/policy_lines.js";
import { Session, type Subject, type View } from "../app/session.js";
import type { EventView, Report } from "../report/types.js";
import type { Way } from "../report/wording.js";
import { commandLine } from "../text/command.js";
import { visibleText } from "../text/visible.js";
import "./gl-checks.js";
import "./gl-drop.js";
import "./gl-fraud.js";
import "./gl-header.js";
import "./gl-history.js";
import "./gl-search.js";
import "./gl-trust-line.js";
import "./gl-trust.js";
import type { GlTrust } from "./gl-trust.js";
import "./gl-verdict.js";
import type { GlVerdict } from "./gl-verdict.js";
import "./gl-welcome.js";
import { shared } from "./shared.js";
import { tell } from "./telling.js";

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
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 20.5rem;
        gap: 1.25rem;
        align-items: start;
      }
      .columns.bare {
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
      }
      .nothing {
        padding: 2.6rem 1.5rem;
        text-align: center;
        color: var(--dim);
        min-height: 12rem;
        align-content: center;
        text-wrap: balance;
      }
      .nothing strong {
        display: block;
        color: var(--ink);
        font-weight: 600;
        margin-bottom: 0.2rem;
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
      @media (max-width: 960px) {
        .columns,
        .columns.bare {
          grid-template-columns: minmax(0, 1fr);
        }
      }
      @media (max-width: 480px) {
        main {
          padding: 1rem 0.75rem 1.5rem;
          gap: 0.9rem;
        }
        .columns {
          gap: 0.9rem;
        }
        footer {
          padding-inline: 1rem;
        }
      }
    `,
  ];

  readonly #session = new Session();
  @query("gl-trust") private trustPanel!: GlTrust;
  @query("gl-verdict") private verdict!: GlVerdict | null;
  /** Index of the event that is open. */
  @state() private chosen: string | undefined;
  @state() private announcement = "";
  /** What became of the last bundle, while that is of interest. */
  @state() private bundling = "";
  /** What is on show is about this. */
  #about: Subject | undefined;
  /** A link inside an answer was followed: the reader goes on at the next one's verdict. */
  #following = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.replaceChildren(); // the words for browsers that cannot run this
    this.#session.addEventListener("change", this.#changed);
    this.#session.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#session.removeEventListener("change", this.#changed);
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
        @ask=${(event: CustomEvent<string>) => session.ask(event.detail)}
        @take=${this.#take}
        @trust=${() => this.trustPanel.show()}
      >
        <gl-search .value=${"subject" in view && view.subject.kind !== "artifact" ? "" : address.query}></gl-search>
        ${view.kind === "welcome" ? this.#welcome() : this.#answer(view)}
      </main>
      <footer>
        <p>
          This page cannot vouch for itself: whoever serves it could serve one that lies. The command line makes the
          same check with the same rules; and
          <a href="SHA256SUMS">SHA256SUMS</a> lists what this page is made of, to compare with what was released.
        </p>
      </footer>
      <gl-drop @take=${this.#take}></gl-drop>
      <gl-trust
        .trust=${trust}
        .offered=${session.offered}
        .log=${log}
        @keep=${(event: CustomEvent<string>) => session.keepTrust(event.detail)}
        @forget=${() => session.forgetTrust()}
        @accept=${() => session.acceptChangedTrust()}
        @withdraw=${() => session.withdrawOffer()}
      ></gl-trust>
      <div class="hush" role="status" aria-live="polite">${this.announcement}</div>`;
  }

  #welcome(): TemplateResult {
    return html`<gl-welcome></gl-welcome>
      <div class="card trust"><gl-trust-line .trust=${this.#session.trust}></gl-trust-line></div>`;
  }

  #answer(view: View): TemplateResult {
    const session = this.#session;
    return html`<gl-verdict
        .telling=${tell(view)}
        .line=${this.#line(view)}
        .age=${session.address.age}
        @limit=${(event: CustomEvent<string | undefined>) => session.go({ ...session.address, age: event.detail })}
        @scan=${() => session.scanAll()}
        ><gl-trust-line slot="trust" .trust=${view.kind === "report" ? view.trust : session.trust}></gl-trust-line
      ></gl-verdict>
      ${view.kind === "report" || view.kind === "working" || view.kind === "hashing" ? this.#columns(view) : nothing}`;
  }

  #columns(view: View): TemplateResult {
    const checks = view.kind === "report" ? view.report.checks : view.kind === "working" ? view.checks : [];
    const offline = "subject" in view && view.subject.kind !== "artifact";
    const panel = html`<gl-checks
      .checks=${checks}
      ?working=${view.kind !== "report"}
      .cost=${"cost" in view ? view.cost : undefined}
      .size=${logSize(view)}
      .way=${this.#way()}
      ?offline=${offline}
    >
      ${view.kind === "report" ? html`<p>${this.#actions(view)}</p>` : nothing}
    </gl-checks>`;
    if (view.kind === "report" && view.report.fraud)
      return html`<div class="columns bare">
        <gl-fraud .fraud=${view.report.fraud} .holds=${view.report.result === "verified"}></gl-fraud>${panel}
      </div>`;
    // Without events, the checks are what there is to read.
    if (view.kind === "report" && !view.report.events?.length)
      return html`<div class="columns bare">${panel}${noEvents(view.report)}</div>`;
    const shown =
      view.kind === "report"
        ? this.#history(view.report.events ?? [], 0, view.report)
        : view.kind === "working" && view.positions
          ? this.#history(view.found, view.positions)
          : card("", "Nothing is shown before it is proven.");
    return html`<div class="columns">${shown}${panel}</div>`;
  }

  /** The events; while working, as far as their entries were read: each in its place, none judged yet. */
  #history(events: readonly EventView[], expected: number, report?: Report): TemplateResult {
    return html`<gl-history
      .events=${events}
      .expected=${expected}
      .question=${report?.query}
      .keys=${report?.keys ?? []}
      .address=${this.#session.address}
      .now=${report?.now ?? Math.floor(Date.now() / 1000)}
      .chosen=${this.chosen}
      @choose=${(event: CustomEvent<string | undefined>) => (this.chosen = event.detail)}
    ></gl-history>`;
  }

  #actions(view: Extract<View, { kind: "report" }>): TemplateResult {
    const name = visibleText(view.report.query.id)
      .replace(/[^\w.@-]+/g, "_")
      .slice(0, 80);
    const save = (): void => saveFile(`${name}.report.json`, view.json);
    const again = view.subject.kind === "artifact" ? "Check again, past every cache" : "Check again";
    const bundle = html`<button
        class="plain"
        ?disabled=${this.bundling !== ""}
        @click=${() => this.#bundle(view, name)}
      >
        ${this.bundling || "Save an offline bundle"}
      </button>
      ·`;
    return html`<button class="plain" @click=${save}>Save the report</button> ·
      ${view.subject.kind === "artifact" && view.report.result !== "failed" ? bundle : nothing}
      <button class="plain" @click=${() => this.#session.again()}>${again}</button>`;
  }

  async #bundle(view: Extract<View, { kind: "report" }>, name: string): Promise<void> {
    this.bundling = "Reading the files …";
    try {
      saveFile(`${name}.glasslog-bundle`, await this.#session.bundle(view));
      this.bundling = "";
    } catch (error) {
      this.bundling = `No bundle: ${(error as Error).message}`;
    }
  }

  /** The command line for what is on show; `null` where there is none. */
  #line(view: View): string | undefined | null {
    if (!("subject" in view)) return null;
    const { subject: about } = view;
    const maxAge = this.#session.address.age;
    if (about.kind === "bundle") return commandLine({ kind: "bundle", file: about.file.name, maxAge });
    if (about.kind === "fraud") return commandLine({ kind: "fraud", file: about.file.name });
    const { log } = this.#session;
    return log
      ? commandLine({
          kind: "history",
          artifact: about.text,
          log: logText(log),
          maxAge,
          fullScan: this.#session.address.fullScan,
        })
      : null;
  }

  /** How completeness is to be shown, by what the trust file names. */
  #way(): Way {
    const { address, trust } = this.#session;
    const roles = new Set(
      trust && !address.fullScan ? policyLines(trust.text).keys.map(({ role, kind }) => `${role} ${kind}`) : [],
    );
    return roles.has("audit witness") ? "audited" : roles.has("index log") ? "index" : "scan";
  }

  #changed = (): void => {
    const { view, offered } = this.#session;
    const telling = view.kind === "welcome" ? undefined : tell(view);
    if (view.kind !== "working" && view.kind !== "hashing")
      this.announcement = telling
        ? `${visibleText(telling.headline)} ${visibleText(telling.why)} ${visibleText(telling.detail)}`
        : "";
    else this.announcement = "Checking";
    if (view.kind !== "report") this.bundling = "";
    const about = "subject" in view ? view.subject : undefined;
    if (about !== this.#about) [this.#about, this.chosen] = [about, undefined];
    document.title = telling ? `${visibleText(telling.headline)} · Glasslog` : "Glasslog";
    this.requestUpdate();
    if (offered !== undefined) void this.updateComplete.then(() => this.trustPanel.show());
  };

  #take = (event: CustomEvent<File>): void => void this.#session.take(event.detail);

  override updated(): void {
    if (!this.#following || !this.verdict) return;
    this.#following = false;
    void this.verdict.updateComplete.then(() => this.verdict?.focus());
  }

  #clicked(event: Event): void {
    this.#following = event
      .composedPath()
      .some((node) => node instanceof HTMLAnchorElement && node.hash.startsWith("#q="));
  }

  #skip(event: Event): void {
    event.preventDefault();
    this.verdict?.focus();
  }
}

/** How many entries the log has, as far as the page knows. */
function logSize(view: View): number | undefined {
  if (view.kind === "working") return view.size;
  return view.kind === "report" && view.report.checkpoint ? Number(view.report.checkpoint.size) : undefined;
}

function card(title: string, text: string): TemplateResult {
  return html`<div class="card nothing">${title ? html`<strong>${title}</strong>` : nothing}${text}</div>`;
}

function noEvents(report: Report): TemplateResult {
  return report.complete
    ? card("No events", "The log holds none about this, up to the checkpoint that was checked.")
    : card("No events are shown", "What could not be proven is not shown as if it were true.");
}

function saveFile(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
