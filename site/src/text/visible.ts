// Makes every character of outside text visible: nothing from a log may hide, reorder or forge what a reader sees
// (docs/THREAT-MODEL.md, "text inside events").

/** A run of ordinary text, or one odd character with the name to show in its place. */
export type Piece = { readonly text: string; readonly odd: string | undefined };

/**
 * Characters that would be invisible or change how their neighbours look: controls, format characters (direction marks
 * and zero-width ones among them), line and paragraph separators, unpaired surrogates, private and unassigned code
 * points, and every space but the plain one and the narrow one that groups digits.
 */
const ODD =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\u115f\u1160\u2800\u3164\uffa0]|(?! |(?<=\d)\u202f(?=\d{3}))\p{Zs}/u;

/** Marks that pile up on one letter: more than two in a row are shown apart. */
const PILE = /(?<=\p{M}{2})\p{M}/u;

const ALL = new RegExp(`${ODD.source}|${PILE.source}`, "gu");

/** Text without odd characters, as most text is; this test is a hundred times quicker. */
const PLAIN = /^[ -~]*$/;

/** `U+202E` for a character. */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Splits text into ordinary runs and odd characters. */
export function visible(text: string): Piece[] {
  if (PLAIN.test(text)) return text === "" ? [] : [{ text, odd: undefined }];
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(ALL)) {
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), odd: undefined });
    pieces.push({ text: match[0], odd: codePoint(match[0]) });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), odd: undefined });
  return pieces;
}

/** The same as plain text, for titles, labels and file names: odd characters become `⟨U+202E⟩`. */
export function visibleText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(ALL, (character) => `⟨${codePoint(character)}⟩`);
}

/** Recognises text with odd characters: a command line made of it could differ from its looks. */
export function hasOddities(text: string): boolean {
  return visibleText(text) !== text;
}
