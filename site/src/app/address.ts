// What the address says: which question, about which log, with which limit. It never carries trust.

/** Limits on a checkpoint's age that the page offers, as the command line writes them. */
export const AGES: readonly (readonly [value: string, seconds: number, label: string])[] = [
  ["1h", 3_600, "1 hour"],
  ["1d", 86_400, "1 day"],
  ["7d", 604_800, "1 week"],
];

export type Address = {
  /** The question, empty when none was asked. */
  readonly query: string;
  /** Another log than the one that this page lies in. */
  readonly log: string | undefined;
  /** One of [AGES]. */
  readonly age: string | undefined;
  /** Whether to read every entry, index or not. */
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

/** Writes it, with the characters that names are made of left readable. */
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

/** The log's address with a final slash, or `undefined` when it is none that can be read. */
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

/** A log's address as people write it: without the slash at its end. */
export function logText(url: URL): string {
  return url.href.replace(/\/$/, "");
}
