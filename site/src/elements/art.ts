// A picture of an inclusion proof: one lit leaf, its path to the root, and the hashes beside that path.
import { svg, type TemplateResult } from "lit";

const LEVELS = 4;
const WIDTH = 360;
const TILE = 26;
const RISE = 62;
/** The leaf that is lit. */
const LIT = 5;

type Place = { readonly level: number; readonly at: number; readonly x: number; readonly y: number };

function place(level: number, at: number): Place {
  const count = 2 ** (LEVELS - 1 - level);
  return { level, at, x: (WIDTH / count) * (at + 0.5), y: 16 + (LEVELS - 1 - level) * RISE };
}

const places = Array.from({ length: LEVELS }, (_, level) =>
  Array.from({ length: 2 ** (LEVELS - 1 - level) }, (_, at) => place(level, at)),
).flat();

function isOnPath({ level, at }: Place): boolean {
  return at === LIT >> level;
}

/** Recognises the siblings of the path's tiles, which are what a proof holds. */
function isSibling({ level, at }: Place): boolean {
  return level < LEVELS - 1 && at === ((LIT >> level) ^ 1);
}

function line(child: Place): TemplateResult<2> {
  const parent = place(child.level + 1, child.at >> 1);
  const lit = isOnPath(child);
  const way = `M${child.x} ${child.y} V ${(child.y + parent.y) / 2} H ${parent.x} V ${parent.y}`;
  const [width, opacity] = lit ? [2.2, 0.9] : [1.2, 0.22];
  return svg`<path d=${way} fill="none" stroke="var(--accent)" stroke-width=${width} opacity=${opacity}/>`;
}

function tile(each: Place): TemplateResult<2> {
  const [x, y] = [each.x - TILE / 2, each.y - TILE / 2];
  const [edge, glass] = isOnPath(each) ? [1, 0.42] : isSibling(each) ? [0.75, 0.14] : [0.3, 0.03];
  return svg`<rect x=${x} y=${y} width=${TILE} height=${TILE} rx="6" fill="var(--bg)"/>
    <rect x=${x} y=${y} width=${TILE} height=${TILE} rx="6" fill="var(--accent)" fill-opacity=${glass}
      stroke="var(--accent)" stroke-width="1.8" stroke-opacity=${edge}/>`;
}

/** The whole picture, 360 by 230. */
export const treeArt = svg`${places.filter(({ level }) => level < LEVELS - 1).map(line)}${places.map(tile)}`;
