// Cuts long identifiers in the middle: both ends are what people compare.

/** Head, hidden middle and tail; the middle is empty when the whole fits. */
export type Cut = { readonly head: string; readonly middle: string; readonly tail: string };

/**
 * Cuts `id` so that about `room` characters stay. The part before a digest's colon stays whole: it names the
 * algorithm.
 */
export function cutMiddle(id: string, room = 20): Cut {
  const characters = [...id];
  // One character in the middle would save nothing over the ellipsis, and two hardly anything.
  if (characters.length <= room + 3) return { head: id, middle: "", tail: "" };
  const prefix = /^[a-z0-9-]{1,12}:(?=[0-9a-f]{40,}$)/.exec(id)?.[0].length ?? 0;
  const tailLength = Math.floor((room - Math.min(prefix, room / 2)) / 2);
  const headLength = room - tailLength;
  return {
    head: characters.slice(0, headLength).join(""),
    middle: characters.slice(headLength, -tailLength).join(""),
    tail: characters.slice(-tailLength).join(""),
  };
}

/** The same as one text. */
export function cutText(id: string, room = 20): string {
  const { head, middle, tail } = cutMiddle(id, room);
  return middle === "" ? id : `${head}…${tail}`;
}
