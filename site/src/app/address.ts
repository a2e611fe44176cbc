// Reads and writes the page's address: the question, the log and the limit. An address never carries trust.

/** Limits on a checkpoint's age that the page offers, as the command line writes them. */
export const AGES: readonly (readonly [value: string, seconds: number, label: string])[] = [
  ["1h", 3_600, "1 hour"],
  ["1d", 86_400, "1 day"],
  ["7d", 604_800, "1 week"],
];

export type Address = {
  /** The question; empty if none was asked. */
  readonly query: string;
  /** A log other than the one that serves this page. */
  readonly log: string | undefined;
  /** One of [AGES]. */
  readonly age: string | undefined;
  /** Reads every entry, even if the trust file names an index. */
  readonly fullScan: boolean;
};

/** Reads a location's fragment. */
export function readAddress(fragment: string): Address {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ""));
  const age = parameters.get("age");
  return {
    query: (parameters.get("q") ?? "").trim(),
    log: parameters.get("log") || undefined,
    age: AGES.some(([value]) => value === age) ? (age ?? undefined) : undefined,
    fullScan: parameters.get("scan") === "full",
  };
}

/** Writes an address as a fragment. The characters that names are made of stay readable. */
export function writeAddress(address: Address): string {
  const parts = [
    address.query && `q=${encode(address.query)}`,
    address.log && `log=${encode(address.log)}`,
    address.age && `age=${encode(address.age)}`,
    address.fullScan && "scan=full",
  ].filter(Boolean);
  return parts.length > 0 ? `#${parts.join("&")}` : "#";
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll("%40", "@").replaceAll("%3A", ":").replaceAll("%2F", "/");
}

/** Seconds of an offered limit. */
export function ageSeconds(age: string | undefined): number | undefined {
  return AGES.find(([value]) => value === age)?.[1];
}

/** The log's address with a final slash, or `undefined` if the page cannot read such an address. */
export function logUrl(log: string | undefined, page: string): URL | undefined {
  try {
    const url = new URL(log ?? "../", page);
    if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
    url.hash = "";
    url.search = "";
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url;
  } catch {
    return undefined;
  }
}

/** A log's address as people write it, without the final slash. */
export function logText(url: URL): string {
  return url.href.replace(/\/$/, "");
}
