// Chooses the trust file by which the page judges: the reader's own if there is one, else the file that came with the
// page, and then the page says so (docs/decisions/portal-trust.md).
import { looksLikePolicy } from "./policy_lines.js";
import type { TrustSource } from "../report/sentence.js";

/** A trust file and where it comes from. */
export type Trust = {
  readonly text: string;
  readonly source: TrustSource;
  /** Time when this page first saw it, in seconds since the epoch; 0 if it does not remember. */
  readonly since: number;
  /** The file that comes with the page now, if it differs from the one first seen. */
  readonly changed: string | undefined;
  /** The reader takes the word of the log's index that it leaves nothing out, although no auditor vouches for it. */
  readonly acceptsIndex: boolean;
};

type Kept = { readonly text: string; readonly since: number };

/** Storage for the trust files that the page has seen. A browser may refuse to store anything. */
export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const PREFIX = "glasslog.trust.v1 ";

export class TrustStore {
  readonly #memory: Memory;
  readonly #page: URL;
  /** Logs whose index is accepted until the page is closed. */
  readonly #accepted = new Set<string>();

  /** Keeps trust files for the portal in the folder `page`. */
  constructor(memory: Memory, page: URL) {
    this.#memory = memory;
    this.#page = page;
  }

  /** The trust file for a log. `shipped` is the one that came with the page, if any. */
  choose(log: URL, shipped: string | undefined, now: number): Trust | undefined {
    const acceptsIndex = this.#accepted.has(log.href) || this.#read(`index ${log.href}`) !== undefined;
    const own = this.#read(`reader ${log.href}`);
    if (own) return { ...own, source: "reader", changed: undefined, acceptsIndex };
    if (shipped === undefined) return undefined;
    const fromPage = { text: shipped, source: "page", changed: undefined, acceptsIndex } as const;
    // A loopback address may lead to another log tomorrow, so the file is not remembered.
    if (isLoopback(this.#page)) return { ...fromPage, since: 0 };
    const first = this.#read(`page ${this.#page.href}`);
    if (first) return { ...fromPage, ...first, changed: first.text === shipped ? undefined : shipped };
    this.acceptShipped(shipped, now);
    return { ...fromPage, since: now };
  }

  /** Remembers that the reader accepts the index of a log, or no longer does. */
  acceptIndex(log: URL, accepts: boolean, now: number): void {
    if (!accepts) {
      this.#accepted.delete(log.href);
      return this.#remove(`index ${log.href}`);
    }
    this.#accepted.add(log.href);
    // A loopback address may lead to another log tomorrow.
    if (!isLoopback(log)) this.#write(`index ${log.href}`, { text: "accepted", since: now });
  }

  /** Keeps the reader's own file for a log. */
  keep(log: URL, text: string, now: number): void {
    this.#write(`reader ${log.href}`, { text, since: now });
  }

  /** Forgets the reader's own file for a log. */
  forget(log: URL): void {
    this.#remove(`reader ${log.href}`);
  }

  /** Remembers the trust file that comes with the page. */
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

  #remove(key: string): void {
    try {
      this.#memory.removeItem(PREFIX + key);
    } catch {
      // Nothing was kept in the first place.
    }
  }

  #write(key: string, kept: Kept): void {
    try {
      this.#memory.setItem(PREFIX + key, JSON.stringify(kept));
    } catch {
      // Storage is full or forbidden: the choice lasts until the page is closed.
    }
  }
}

function isLoopback(url: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}

/** The browser's storage, or a memory that lasts until the page is closed. */
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

/** Fetches the `trust.policy` beside the page. A host that answers any request with a page has none. */
export async function shippedPolicy(page: URL): Promise<string | undefined> {
  try {
    const response = await fetch(new URL("trust.policy", page), { cache: "no-cache", referrerPolicy: "no-referrer" });
    const text = response.ok ? await response.text() : "";
    return looksLikePolicy(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
