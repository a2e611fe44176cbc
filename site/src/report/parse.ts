// Reads a report's JSON without losing digits: positions are 64-bit, and JavaScript's numbers are not.
import type { Check, EventView, Report } from "./types.js";

/** Whether there may be an integer that JavaScript cannot hold; rare, and quick to rule out in a long report. */
const LONG_INTEGER = /[:,[]-?\d{16}/;
const STRING_OR_INTEGER = /"(?:[^"\\]|\\.)*"|-?\d+/g;

/** Reads what the verifier wrote. Whole numbers past 2^53 become their digits as text. */
export function parseReport(json: string): Report {
  const report = parseExact(json) as Report;
  if (report.schemaVersion !== 1) throw new Error(`unknown report version \`${String(report.schemaVersion)}\``);
  return report;
}

/** How far a verification is. */
export type Progress = {
  /** Entries read, of those that must be. */
  readonly done: number;
  readonly total: number;
  /** How many events the index proves there to be, once that is known. */
  readonly positions: number | undefined;
  /** Entries of the log, once its checkpoint is verified. */
  readonly size: number | undefined;
  readonly checks: readonly Check[];
};

/** Reads how far the verifier is; counts past 2^53 lose digits here, which a progress bar does not mind. */
export function parseProgress(json: string): Progress {
  const { done, total, positions, size, checks } = parseExact(json) as {
    [name: string]: unknown;
    checks: readonly Check[];
  };
  const number = (value: unknown): number | undefined =>
    value === undefined || value === null ? undefined : Number(value);
  return { done: Number(done), total: Number(total), positions: number(positions), size: number(size), checks };
}

/** Events that were found, and where to go on asking. */
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
