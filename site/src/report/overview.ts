// A long history at a glance: how many events lie in each part of the log. By position, which is proven, and not by the
// times that actors claim.
import type { EventView } from "./types.js";

export type Overview = {
  /** Events in each part, from the first event's position to the last one's. */
  readonly bars: readonly number[];
  readonly positions: Float64Array;
};

/** Cuts the stretch of the log that `events`, which are in log order, lie in into `parts`. */
export function overview(events: readonly EventView[], parts: number): Overview {
  const positions = Float64Array.from(events, (event) => Number(event.index));
  const bars = Array.from({ length: parts }, () => 0);
  for (let at = 0; at < positions.length; at++) {
    const part = Math.min(parts - 1, Math.floor(shareOf(positions, at) * parts));
    bars[part] = (bars[part] ?? 0) + 1;
  }
  return { bars, positions };
}

/** How far into the stretch an event lies, 0 to 1. */
export function shareOf(positions: Float64Array, at: number): number {
  const [from = 0, to = 0] = [positions[0], positions.at(-1)];
  return to > from ? ((positions[at] ?? to) - from) / (to - from) : 0;
}

/** The first event at or after a share of the stretch. */
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
