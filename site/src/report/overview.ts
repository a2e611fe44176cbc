// Overview of a long history: the number of events in each part of the log, by position, which is proven, and not by
// the times that actors claim.
import type { EventView } from "@glasslog/verify";

export type Overview = {
  /** Number of events in each part, from the first event's position to the last one's. */
  readonly bars: readonly number[];
  readonly positions: Float64Array;
};

/** Divides the range of the log that holds `events`, which are in log order, into `parts`. */
export function overview(events: readonly EventView[], parts: number): Overview {
  const positions = Float64Array.from(events, (event) => Number(event.index));
  const bars = Array.from({ length: parts }, () => 0);
  for (let at = 0; at < positions.length; at++) {
    const part = Math.min(parts - 1, Math.floor(shareOf(positions, at) * parts));
    bars[part] = (bars[part] ?? 0) + 1;
  }
  return { bars, positions };
}

/** Position of an event within the range, 0 to 1. */
export function shareOf(positions: Float64Array, at: number): number {
  const [from = 0, to = 0] = [positions[0], positions.at(-1)];
  return to > from ? ((positions[at] ?? to) - from) / (to - from) : 0;
}

/** Finds the first event at or after a share of the range. */
export function eventAt(positions: Float64Array, share: number): number {
  const [from = 0, to = 0] = [positions[0], positions.at(-1)];
  const position = from + share * (to - from);
  let [low, high] = [0, positions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
