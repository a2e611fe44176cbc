// Parses a report's JSON without losing digits: positions have 64 bits, JavaScript's integers 53.
import type { Check, EventView, Report, Whole } from "@glasslog/verify";

/** Finds integers that JavaScript may not hold: they are rare, and quick to rule out in a long report. */
const LONG_INTEGER = /[:,[]-?\d{16}/;
const STRING_OR_INTEGER = /"(?:[^"\\]|\\.)*"|-?\d+/g;

/** Parses the verifier's report. Whole numbers past 2^53 become text, digit by digit. */
export function parseReport(json: string): Report {
  const report = parseExact(json) as Report;
  if (report.schemaVersion !== 1) throw new Error(`unknown report version \`${String(report.schemaVersion)}\``);
  return report;
}

/** Progress of a verification. */
export type Progress = {
  /** Number of entries read, of `total` to read. */
  readonly done: number;
  readonly total: number;
  /** Number of events that the index lists, once known. */
  readonly positions: number | undefined;
  readonly checks: readonly Check[];
};

/** Parses the verifier's progress. Counts past 2^53 lose digits, which a progress bar does not show. */
export function parseProgress(json: string): Progress {
  const { done, total, positions, checks } = parseExact(json) as {
    readonly done: Whole;
    readonly total: Whole;
    readonly positions: Whole | null;
    readonly checks: readonly Check[];
  };
  return {
    done: Number(done),
    total: Number(total),
    positions: positions === null ? undefined : Number(positions),
    checks,
  };
}

/** Parses events that were found, with the number to ask from next. */
export function parseFound(json: string): { readonly next: number; readonly events: readonly EventView[] } {
  return parseExact(json) as { next: number; events: EventView[] };
}

function parseExact(json: string): unknown {
  if (!LONG_INTEGER.test(json)) return JSON.parse(json);
  const exact = json.replace(STRING_OR_INTEGER, (token) => {
    const safe = token.startsWith('"') || Number.isSafeInteger(Number(token));
    return safe ? token : `"${token}"`;
  });
  return JSON.parse(exact);
}
