// One question at a time, from the address or a dropped file to its verdict.
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { parseProgress } from "../report/parse.js";
import type { EventView } from "@glasslog/verify";
import { Refused, Verifier, type Listener, type Verdict } from "../worker/client.js";
import type { Accusation, Contents } from "../worker/protocol.js";
import { ageSeconds, logUrl, readAddress, writeAddress, type Address } from "./address.js";
import { BUNDLE_HEADER, BundleWriter, MAX_BUNDLE } from "./bundle.js";
import { CacheWatch, type Cost } from "./cost.js";
import { explain } from "./explain.js";
import { Fetcher } from "./fetcher.js";
import type { Folder } from "./folder.js";
import { looksLikePolicy } from "./policy_lines.js";
import { browserMemory, shippedPolicy, TrustStore, type Trust } from "./trust.js";
import { asksLog, type Answer, type Subject, type View } from "./view.js";

/** First lines of accusations (docs/formats/index.md, inconsistency.md), and the largest size of one (core/src/text/limits.rs). */
const ACCUSATIONS: readonly (readonly [header: string, kind: Accusation])[] = [
  ["glasslog-index-fraud/v1\n", "fraud"],
  ["glasslog-inconsistency/v1\n", "inconsistency"],
];
const MAX_ACCUSATION = 32 << 20;

/** Holds the question and its answer for the element that draws them, and asks that element to draw each change. */
export class Session implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #page = new URL("./", location.href.split("#", 1)[0]);
  readonly #verifier = new Verifier();
  readonly #store = new TrustStore(browserMemory(), this.#page);
  readonly #shipped = shippedPolicy(this.#page);
  #running = new AbortController();
  /** Subject of the current question, kept so that it can be asked again. */
  #subject: Subject | undefined;
  /** Set when the page's own security policy refused a request. */
  #blocked = false;
  /** The last file or folder that was hashed here. */
  #hashed: Extract<Subject, { kind: "contents" }> | undefined;

  address: Address = readAddress("");
  view: View = { kind: "welcome" };
  trust: Trust | undefined;
  /** A trust file that was dropped and that the reader has not accepted yet. */
  offered: string | undefined;

  /** The log that is asked, or `undefined` if its address cannot be read. */
  get log(): URL | undefined {
    return logUrl(this.address.log, this.#page.href);
  }

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Follows the address now and at each change. */
  hostConnected(): void {
    document.addEventListener("securitypolicyviolation", this.#refused);
    addEventListener("hashchange", this.#moved);
    this.#moved();
  }

  hostDisconnected(): void {
    document.removeEventListener("securitypolicyviolation", this.#refused);
    removeEventListener("hashchange", this.#moved);
    this.#running.abort(new Superseded());
  }

  readonly #refused = (event: SecurityPolicyViolationEvent): void => {
    if (event.effectiveDirective === "connect-src") this.#blocked = true;
  };

  readonly #moved = (): void => void this.#follow();

  /** Asks a question by changing the address, so that the question can be linked to. */
  ask(query: string): void {
    this.go({ ...this.address, query: query.trim(), fullScan: false });
  }

  /** Follows an address; the current address asks again. */
  go(address: Address): void {
    const fragment = writeAddress(address);
    if (fragment === (location.hash || "#")) void this.#follow();
    else location.hash = fragment;
  }

  /** Asks the same question again and bypasses every cache. */
  again(): void {
    if (this.#subject) void this.#answer(this.#subject, true);
  }

  /** Asks the same question again and reads every entry, without the index. */
  scanAll(): void {
    this.go({ ...this.address, fullScan: true });
  }

  /** Asks once more and keeps every file, for a bundle that verifies the same offline. */
  readonly bundle = async ({ subject, trust, report }: Answer): Promise<Blob> => {
    if (!asksLog(subject) || !this.log) throw new Error("there is nothing to bundle");
    const { signal } = new AbortController();
    const question = subject.kind === "artifact" ? subject.text : subject.contents.digest;
    const writer = new BundleWriter(question);
    const files = writer.tee(new Fetcher(this.log, signal, false).file);
    const { acceptsIndex: acceptIndex } = trust;
    const { fullScan } = this.address;
    const options = { now: Number(report.now), maxCheckpointAge: undefined, fullScan, acceptIndex };
    await this.#verifier.history(question, trust.text, options, files, {}, signal);
    return writer.blob();
  };

  /** Takes the word of the log's index from now on, or no longer, and asks the same question again. */
  async acceptIndex(accepts: boolean): Promise<void> {
    if (this.log) this.#store.acceptIndex(this.log, accepts, seconds());
    if (this.trust) this.trust = { ...this.trust, acceptsIndex: accepts };
    await this.#retry();
  }

  /** Takes a file that was dropped or chosen: a bundle, an accusation, a trust file or a model. */
  async take(file: File): Promise<void> {
    const head = await file.slice(0, 4096).text();
    if (head.startsWith(BUNDLE_HEADER)) return this.#answer({ kind: "bundle", file }, false);
    const accusation = ACCUSATIONS.find(([header]) => head.startsWith(header));
    if (accusation) return this.#answer({ kind: accusation[1], file }, false);
    if (file.size < 65_536 && looksLikePolicy(await file.text())) {
      this.offered = await file.text();
      return this.#tell();
    }
    const hash = (listener: Listener, signal: AbortSignal): Promise<Contents> =>
      this.#verifier.hash(file, listener, signal);
    await this.#hash(file.name, file.size, hash);
  }

  /** Takes a folder that was dropped or chosen. */
  async takeFolder({ name, files }: Folder): Promise<void> {
    const hash = async (listener: Listener, signal: AbortSignal): Promise<Contents> =>
      this.#verifier.hashFolder(await files(), listener, signal);
    await this.#hash(name, 0, hash);
  }

  /** Judges by the reader's own trust file from now on, and keeps it. */
  async keepTrust(text: string): Promise<void> {
    this.offered = undefined;
    if (this.log) this.#store.keep(this.log, text, seconds());
    const acceptsIndex = this.trust?.acceptsIndex ?? false;
    this.trust = { text, source: "reader", since: seconds(), changed: undefined, acceptsIndex };
    await this.#retry();
  }

  /** Forgets the reader's own trust file and judges by the one that comes with the page. */
  async forgetTrust(): Promise<void> {
    if (this.log) this.#store.forget(this.log);
    await this.#choose();
    await this.#retry();
  }

  /** Accepts the changed trust file that comes with the page. */
  async acceptChangedTrust(): Promise<void> {
    if (this.trust?.changed !== undefined) this.#store.acceptShipped(this.trust.changed, seconds());
    await this.#choose();
    await this.#retry();
  }

  withdrawOffer(): void {
    this.offered = undefined;
    this.#tell();
  }

  async #follow(): Promise<void> {
    const before = this.log?.href;
    this.address = readAddress(location.hash);
    if (this.log?.href !== before) this.trust = undefined;
    if (!this.trust) await this.#choose();
    const { query } = this.address;
    if (query === "") {
      this.#running.abort(new Superseded());
      this.#subject = undefined;
      return this.#show({ kind: "welcome" });
    }
    const hashed = this.#hashed?.contents.digest === query ? this.#hashed : undefined;
    await this.#answer(hashed ?? { kind: "artifact", text: query }, false);
  }

  async #choose(): Promise<void> {
    const shipped = await this.#shipped;
    this.trust = this.log && this.#store.choose(this.log, shipped, seconds());
    this.#tell();
  }

  async #retry(): Promise<void> {
    this.#tell();
    if (this.#subject) await this.#answer(this.#subject, false);
  }

  async #hash(
    name: string,
    size: number,
    hash: (listener: Listener, signal: AbortSignal) => Promise<Contents>,
  ): Promise<void> {
    const signal = this.#begin();
    const hashing = (done: number, total: number): void => this.#show({ kind: "hashing", file: name, done, total });
    hashing(0, size);
    try {
      const contents = await hash({ hashing }, signal);
      this.#hashed = { kind: "contents", name, contents };
      this.ask(contents.digest);
    } catch (error) {
      this.#stopped({ kind: "artifact", text: name }, error, signal);
    }
  }

  async #answer(subject: Subject, reload: boolean): Promise<void> {
    const signal = this.#begin();
    this.#subject = subject;
    if (!this.trust) await this.#choose();
    const { trust } = this;
    if (signal.aborted) return;
    if (!trust) return this.#show({ kind: "untrusted", subject });
    const started = performance.now();
    const fetcher = this.log && new Fetcher(this.log, signal, reload);
    const watch = this.log && new CacheWatch(this.log.href);
    const cost = (): Cost => {
      const { files = 0, bytes = 0, meanEntry } = fetcher?.ledger ?? {};
      return { files, bytes, meanEntry, cached: watch?.cached, milliseconds: performance.now() - started };
    };
    this.#show({
      kind: "working",
      subject,
      done: 0,
      total: 0,
      positions: undefined,
      checks: [],
      cost: cost(),
      found: [],
    });
    try {
      const { report, json } = await this.#verdict(subject, trust, fetcher, signal, cost);
      this.#show({ kind: "report", subject, report, json, cost: cost(), trust });
    } catch (error) {
      this.#stopped(subject, error, signal);
    } finally {
      watch?.stop();
    }
  }

  #verdict(
    subject: Subject,
    trust: Trust,
    fetcher: Fetcher | undefined,
    signal: AbortSignal,
    cost: () => Cost,
  ): Promise<Verdict> {
    const { age, fullScan } = this.address;
    const { acceptsIndex: acceptIndex } = trust;
    const options = { now: seconds(), maxCheckpointAge: ageSeconds(age), fullScan, acceptIndex };
    if (subject.kind === "fraud" || subject.kind === "inconsistency") {
      if (subject.file.size > MAX_ACCUSATION) throw new Refused("the file is larger than 32 MB, the limit");
      return this.#verifier.accusation(subject.kind, subject.file, trust.text, options, signal);
    }
    if (subject.kind === "bundle") {
      if (subject.file.size > MAX_BUNDLE)
        throw new Refused("the bundle is larger than 256 MB: verify it with the command line");
      // A bundle that is dropped on an answer must be about the same question.
      const artifact = this.address.query === "" ? undefined : this.address.query;
      return this.#verifier.bundle(subject.file, artifact, trust.text, options, signal);
    }
    if (!fetcher) throw new Refused("the page cannot read the log’s address");
    const attempt = (): Promise<Verdict> => {
      let found: readonly EventView[] = [];
      const progress = (text: string, more: readonly EventView[]): void => {
        if (more.length > 0) found = inOrder([...found, ...more]);
        this.#show({ kind: "working", subject, ...parseProgress(text), cost: cost(), found });
      };
      return subject.kind === "contents"
        ? this.#verifier.contents(subject.contents, trust.text, options, fetcher.file, { progress }, signal)
        : this.#verifier.history(subject.text, trust.text, options, fetcher.file, { progress }, signal);
    };
    return fetcher.reading(attempt, ({ report }) => report.class === "unfinished");
  }

  #stopped(subject: Subject, error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return; // a newer question is on show
    this.#show({ kind: "stopped", subject, ...explain(error, this.#blocked) });
  }

  #begin(): AbortSignal {
    this.#running.abort(new Superseded());
    this.#running = new AbortController();
    this.#blocked = false;
    return this.#running.signal;
  }

  #show(view: View): void {
    this.view = view;
    this.#tell();
  }

  #tell(): void {
    this.#host.requestUpdate();
  }
}

/** A newer question replaced this one. */
class Superseded extends Error {}

/** Sorts events into log order; they arrive in waves, almost in order. */
function inOrder(events: EventView[]): EventView[] {
  return events.sort((a, b) => Number(a.index) - Number(b.index));
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
