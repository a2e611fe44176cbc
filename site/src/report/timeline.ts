// Lays out events on lanes, in the log's order, spaced by the times that actors claim.
import { clock, day, moment, seconds, span } from "../text/time.js";
import type { EventView } from "@glasslog/verify";

/** Largest number of lanes; the rest share the last one, since the eye cannot follow more. */
export const MAX_LANES = 8;
/** Least distance of two events, in pixels: closer ones would cover each other. */
const MIN_STEP = 11;
/** Largest distance of two events, in pixels: farther ones do not look like neighbours. */
const MAX_STEP = 90;
/** Room before the first mark and after the last, in pixels. */
const MARGIN = 16;
/** Pause in seconds that breaks the lanes: on a common scale it would compress all the rest. */
const GAP = 3 * 86_400;
/** Room that a break needs for its label, in pixels. */
const GAP_ROOM = 78;
/** Least distance of two dates, in pixels: closer ones would overlap. */
const DATE_ROOM = 64;

export type Mark = { readonly event: EventView; readonly lane: number; readonly x: number };
export type Link = { readonly from: Mark; readonly to: Mark | undefined };
export type Band = { readonly from: number; readonly to: number; readonly open: boolean };
export type Gap = { readonly from: number; readonly to: number; readonly label: string };
export type Tick = { readonly x: number; readonly label: string };

export type Timeline = {
  readonly width: number;
  readonly lanes: readonly string[];
  readonly marks: readonly Mark[];
  /** Links from each transfer to its receipt; without a receipt the link is open. */
  readonly links: readonly Link[];
  /** Bands from each hold to its release; without a release the band is open. */
  readonly bands: readonly Band[];
  readonly gaps: readonly Gap[];
  readonly ticks: readonly Tick[];
};

/** Lays out `events`, which are in log order, on at least `room` pixels. */
export function layOut(events: readonly EventView[], room: number, now: number): Timeline {
  const lanes = laneNames(events);
  const { positions, gaps, width } = place(events, room);
  const marks = events.map((event, at) => ({ event, lane: laneOf(lanes, event), x: positions[at] ?? 0 }));
  return {
    width,
    lanes,
    marks,
    links: links(marks),
    bands: bands(marks, width),
    gaps,
    ticks: ticks(marks, now),
  };
}

/** Name of an event's lane: its actor. */
export function laneName(event: EventView): string {
  return event.actor ?? "(no actor)";
}

/** Lists the lanes for some events, in the order in which their actors appear. */
export function laneNames(events: readonly EventView[]): string[] {
  const counts = new Map<string, number>();
  for (const event of events) counts.set(laneName(event), (counts.get(laneName(event)) ?? 0) + 1);
  const names = [...counts.keys()];
  if (names.length <= MAX_LANES) return names;
  const busiest = new Set(
    [...counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, MAX_LANES - 1)
      .map(([name]) => name),
  );
  return [...names.filter((name) => busiest.has(name)), `${names.length - busiest.size} others`];
}

function laneOf(lanes: readonly string[], event: EventView): number {
  const at = lanes.indexOf(laneName(event));
  return at < 0 ? lanes.length - 1 : at;
}

function place(events: readonly EventView[], room: number): { positions: number[]; gaps: Gap[]; width: number } {
  const pauses = events.map((event, at) => (at === 0 ? 0 : pause(events[at - 1], event)));
  const isGap = (length: number): boolean => length > GAP;
  // A logarithmic scale shows the difference of an hour and a day, and a month still fits on the page.
  const weights = pauses.map((length, at) => (at === 0 || isGap(length) ? 0 : 1 + Math.log2(1 + length / 600) / 2));
  const fixed = pauses.filter(isGap).length * GAP_ROOM;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const scale = Math.min(MAX_STEP, Math.max(MIN_STEP, total > 0 ? (room - 2 * MARGIN - fixed) / total : 0));
  const gaps: Gap[] = [];
  let x = MARGIN;
  const positions = pauses.map((length, at) => {
    const before = x;
    x += isGap(length) ? GAP_ROOM : (weights[at] ?? 0) * scale;
    if (isGap(length)) gaps.push({ from: before, to: x, label: span(length) });
    return x;
  });
  return { positions, gaps, width: Math.max(room, Math.ceil(x + MARGIN)) };
}

/** Claimed seconds between two neighbours; 0 if the clock went backwards. */
function pause(before: EventView | undefined, after: EventView): number {
  const [from, to] = [seconds(before?.occurredAt), seconds(after.occurredAt)];
  return from === undefined || to === undefined ? 0 : Math.max(0, to - from);
}

function links(marks: readonly Mark[]): Link[] {
  const receipts = new Map(
    marks
      .filter((mark) => mark.event.action === "receive" && mark.event.actsOn)
      .map((mark) => [mark.event.actsOn, mark]),
  );
  return marks
    .filter((mark) => mark.event.action === "transfer")
    .map((from) => ({ from, to: receipts.get(from.event.leafHash) }));
}

function bands(marks: readonly Mark[], width: number): Band[] {
  const releases = new Map(
    marks
      .filter((mark) => mark.event.action === "release" && mark.event.actsOn)
      .map((mark) => [mark.event.actsOn, mark]),
  );
  return marks
    .filter((mark) => mark.event.action === "hold")
    .map((mark) => {
      const release = releases.get(mark.event.leafHash);
      return { from: mark.x, to: release?.x ?? width, open: release === undefined };
    });
}

/** Labels each change of the day; if all events are of one day, each change of the minute. */
function ticks(marks: readonly Mark[], now: number): Tick[] {
  const timed = marks.flatMap((mark) => {
    const time = seconds(mark.event.occurredAt);
    return time === undefined ? [] : [{ x: mark.x, time }];
  });
  const oneDay = new Set(timed.map(({ time }) => day(time, now))).size === 1;
  const shown: Tick[] = [];
  let [last, free] = ["", 0];
  for (const { x, time } of timed) {
    const label = oneDay ? clock(time) : day(time, now);
    if (label !== last && x >= free) {
      const first = oneDay && shown.length === 0;
      shown.push({ x, label: first ? moment(time, now) : label });
      free = x + (first ? 1.6 * DATE_ROOM : DATE_ROOM);
    }
    last = label;
  }
  return shown;
}
