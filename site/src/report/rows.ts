// Which rows of a long list are drawn, and how much room the others take. All rows are equally high, but for the one that
// is open, which has its details below it.

/** A list as it would be if all of it were drawn. */
export type List = {
  readonly count: number;
  /** Height of a row, in pixels. */
  readonly row: number;
  /** Which row is open. */
  readonly open: number | undefined;
  /** Height of its details. */
  readonly details: number;
};

/** Rows that are drawn in one piece, and the room of those left out before them. */
export type Span = { readonly before: number; readonly from: number; readonly to: number };

/** Rows drawn beyond the edges: what a flick of the wheel reaches before the next frame, and where Tab leads on to. */
const BEYOND = 12;
/** The first drawn row changes in steps of so many: not every pixel of scrolling is worth a drawing. */
const STEP = 8;
/** More rows than this are not laid out: browsers end an element at 17 million pixels, a phone's rows have 90. */
export const MOST_ROWS = 150_000;

/** Distance of a row from the top. */
export function topOf(list: List, at: number): number {
  return at * list.row + (list.open !== undefined && at > list.open ? list.details : 0);
}

/** The row at a distance from the top. */
export function rowAt({ count, row, open, details }: List, y: number): number {
  const end = open === undefined ? Infinity : (open + 1) * row;
  const at = y < end ? Math.floor(y / row) : Math.max(open ?? 0, Math.floor((y - details) / row));
  return Math.min(Math.max(at, 0), Math.max(count - 1, 0));
}

/** What is drawn where `room` pixels from `top` on are on show. The row `kept` is drawn wherever it is: it has the focus. */
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
