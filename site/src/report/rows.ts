// Chooses the rows of a long list that are drawn, and the room for the others. All rows have the same height; the open
// one also has its details below it.

/** A list, with the sizes that it has when drawn whole. */
export type List = {
  readonly count: number;
  /** Height of a row, in pixels. */
  readonly row: number;
  /** The open row. */
  readonly open: number | undefined;
  /** Height of its details. */
  readonly details: number;
};

/** Adjacent rows that are drawn, with the room for those left out before them. */
export type Span = { readonly before: number; readonly from: number; readonly to: number };

/** Rows drawn beyond the edges: the wheel reaches them before the next frame, and Tab moves to them. */
const BEYOND = 12;
/** Step of the first drawn row: without it, each pixel of scrolling would redraw the list. */
const STEP = 8;
/** Largest number of rows laid out: browsers end an element at 17 million pixels, and a phone's rows have 90. */
export const MOST_ROWS = 150_000;

/** Distance of a row from the top, in pixels. */
export function topOf(list: List, at: number): number {
  return at * list.row + (list.open !== undefined && at > list.open ? list.details : 0);
}

/** Finds the row at a distance from the top. */
export function rowAt({ count, row, open, details }: List, y: number): number {
  const end = open === undefined ? Infinity : (open + 1) * row;
  const at = y < end ? Math.floor(y / row) : Math.max(open ?? 0, Math.floor((y - details) / row));
  return Math.min(Math.max(at, 0), Math.max(count - 1, 0));
}

/** Chooses the rows to draw for `room` pixels from `top`. The row `kept`, which has the focus, is always drawn. */
export function drawn(
  list: List,
  top: number,
  room: number,
  kept: number | undefined,
): { readonly spans: readonly Span[]; readonly after: number } {
  const from = Math.max(0, Math.floor((rowAt(list, top) - BEYOND) / STEP) * STEP);
  const to = Math.min(list.count, Math.ceil((rowAt(list, top + room) + 1 + BEYOND) / STEP) * STEP);
  const pieces = [{ from, to }];
  if (kept !== undefined && kept < list.count && (kept < from || kept >= to)) {
    pieces.push({ from: kept, to: kept + 1 });
    pieces.sort((a, b) => a.from - b.from);
  }
  let end = 0;
  const spans = pieces.map((piece) => {
    const before = topOf(list, piece.from) - topOf(list, end);
    end = piece.to;
    return { ...piece, before };
  });
  return { spans, after: topOf(list, list.count) - topOf(list, end) };
}
