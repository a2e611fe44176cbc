// Which trust file the page judges by: the reader's own where there is one, else the one that came with the page, and
// then says so (docs/decisions/portal-trust.md).
import { looksLikePolicy } from "./policy_lines.js";
import type { TrustSource } from "../report/sentence.js";

/** A trust file and where it comes from. */
export type Trust = {
  readonly text: string;
  readonly source: TrustSource;
  /** When this page first saw it, in seconds; 0 when it does not remember. */
  readonly since: number;
  /** The file that comes with the page now, where it is another than the one first seen. */
  readonly changed: string | undefined;
};

type Kept = { readonly text: string; readonly since: number };

/** Where the page keeps what it has seen; a browser may refuse, and then nothing is remembered. */
export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const PREFIX = "glasslog.trust.v1 ";

export class TrustStore {
  readonly #memory: Memory;
  readonly #page: URL;

  /** `page` is the folder that the portal lies in. */
  constructor(memory: Memory, page: URL) {
    this.#memory = memory;
    this.#page = page;
  }

  /** The trust file for a log. `shipped` is the one that came with the page, if any. */
  choose(log: URL, shipped: string | undefined, now: number): Trust | undefined {
    const own = this.#read(`reader ${log.href}`);
    if (own) return { ...own, source: "reader", changed: undefined };
    if (shipped === undefined) return undefined;
    // A loopback address means another machine's log today than tomorrow: there is nothing to hold on to.
    if (isLoopback(this.#page)) return { text: shipped, source: "page", since: 0, changed: undefined };
    const first = this.#read(`page ${this.#page.href}`);
    if (first) return { ...first, source: "page", changed: first.text === shipped ? undefined : shipped };
    this.acceptShipped(shipped, now);
    return { text: shipped, source: "page", since: now, changed: undefined };
  }

  /** Keeps the reader's own file for a log. */
  keep(log: URL, text: string, now: number): void {
    this.#write(`reader ${log.href}`, { text, since: now });
  }

  /** Forgets the reader's own file for a log. */
  forget(log: URL): void {
    try {
      this.#memory.removeItem(`${PREFIX}reader ${log.href}`);
    } catch {
      // Nothing was kept in the first place.
    }
  }

  /** Holds on to what comes with the page from now on. */
  acceptShipped(text: string, now: number): void {
    this.#write(`page ${this.#page.href}`, { text, since: now });
  }

  #read(key: string): Kept | undefined {
    try {
      const kept = JSON.parse(this.#memory.getItem(PREFIX + key) ?? "null") as Kept | null;
      return kept && typeof kept.text === "string" && typeof kept.since === "number" ? kept : undefined;
    } catch {
      return undefined;
    }
  }

  #write(key: string, kept: Kept): void {
    try {
      this.#memory.setItem(PREFIX + key, JSON.stringify(kept));
    } catch {
      // Full or forbidden: the choice then lasts as long as the page.
    }
  }
}

function isLoopback(url: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}

/** The browser's own memory, or one that lasts as long as the page. */
export function browserMemory(): Memory {
  try {
    localStorage.getItem(PREFIX);
    return localStorage;
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}

/** The `trust.policy` beside the page, if it has one. A host that answers everything with a page has none. */
export async function shippedPolicy(page: URL): Promise<string | undefined> {
  try {
    const response = await fetch(new URL("trust.policy", page), { cache: "no-cache", referrerPolicy: "no-referrer" });
    const text = response.ok ? await response.text() : "";
    return looksLikePolicy(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
