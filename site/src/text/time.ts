// Writes times for people, always in UTC and in the same words: an audit is read in many places.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const SPANS: readonly [seconds: number, one: string][] = [
  [365 * 86_400, "year"],
  [30 * 86_400, "month"],
  [7 * 86_400, "week"],
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** Seconds since the epoch of an RFC 3339 UTC time, or `undefined`: the time is a claim and may be anything. */
export function seconds(time: string | null | undefined): number | undefined {
  if (!time || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(time)) return undefined;
  const parsed = Date.parse(time);
  return Number.isNaN(parsed) ? undefined : parsed / 1000;
}

/** `2026-11-02T09:14:00Z`; the number itself for a time beyond those of dates. */
export function instant(time: number): string {
  const date = new Date(time * 1000);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString().replace(".000Z", "Z");
}

/** `2 Nov`, with the year when it is not the year of `now`. */
export function day(time: number, now: number): string {
  const date = new Date(time * 1000);
  const year = date.getUTCFullYear();
  const same = year === new Date(now * 1000).getUTCFullYear();
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}${same ? "" : ` ${year}`}`;
}

/** `09:14`. */
export function clock(time: number): string {
  return new Date(time * 1000).toISOString().slice(11, 16);
}

/** `2 Nov 09:14`. */
export function moment(time: number, now: number): string {
  return `${day(time, now)} ${clock(time)}`;
}

/** `4 minutes`, `3 days`: one unit, rounded down, and weeks only from two on. */
export function span(length: number): string {
  const unit = SPANS.find(([size, name]) => length >= (name === "week" || name === "month" ? 2 * size : size));
  if (!unit) return "no time";
  const number = Math.floor(length / unit[0]);
  return `${number} ${unit[1]}${number === 1 ? "" : "s"}`;
}
