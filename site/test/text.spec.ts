// The pure parts: text made visible, identifiers cut, numbers and times in words, command lines quoted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, counted, figures, milliseconds } from "../src/text/count.js";
import { commandLine, shellWord } from "../src/text/command.js";
import { cutMiddle, cutText } from "../src/text/cut.js";
import { day, instant, moment, seconds, span } from "../src/text/time.js";
import { hasOddities, visible, visibleText } from "../src/text/visible.js";

test("what would hide or turn text is shown by its name", () => {
  const table: [string, string][] = [
    ["plain text, ünïcode, 模型, 👍", "plain text, ünïcode, 模型, 👍"],
    ["evil\u202emoc", "evil⟨U+202E⟩moc"],
    ["a\u0000b\u001b[31m", "a⟨U+0000⟩b⟨U+001B⟩[31m"],
    ["line\nbreak\tand\rreturn", "line⟨U+000A⟩break⟨U+0009⟩and⟨U+000D⟩return"],
    ["zero\u200bwidth\ufeff\u2060", "zero⟨U+200B⟩width⟨U+FEFF⟩⟨U+2060⟩"],
    ["isolates \u2066x\u2069", "isolates ⟨U+2066⟩x⟨U+2069⟩"],
    ["no\u00a0break and \u3000wide", "no⟨U+00A0⟩break and ⟨U+3000⟩wide"],
    ["tag \u{e0041}", "tag ⟨U+E0041⟩"],
    ["half \ud83d surrogate", "half ⟨U+D83D⟩ surrogate"],
    ["private \ue000 and filler \u3164", "private ⟨U+E000⟩ and filler ⟨U+3164⟩"],
    ["e\u0301 is one letter", "e\u0301 is one letter"],
    ["z\u0300\u0301\u0302\u0303", "z\u0300\u0301⟨U+0302⟩⟨U+0303⟩"],
    ["120\u202f451", "120\u202f451"],
    ["a\u202fb", "a⟨U+202F⟩b"],
  ];
  for (const [text, shown] of table) {
    assert.equal(visibleText(text), shown);
    assert.equal(
      visible(text)
        .map((piece) => piece.text)
        .join(""),
      text,
      "no character is lost",
    );
    assert.equal(hasOddities(text), shown !== text);
  }
});

test("long identifiers lose their middle, on request nothing", () => {
  assert.deepEqual(cutMiddle("short"), { head: "short", middle: "", tail: "" });
  const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
  const { head, middle, tail } = cutMiddle(digest, 20);
  assert.equal(head + middle + tail, digest);
  assert.equal(cutText(digest, 20), "sha256:0123456…abcdef");
  assert.equal(cutText("x".repeat(23), 20), "x".repeat(23), "not worth a cut");
  assert.equal([...cutText("👍".repeat(40), 20)].length, 21, "never through a character");
});

test("numbers", () => {
  assert.equal(figures(120451), "120\u202f451");
  assert.equal(figures(9999), "9999");
  assert.equal(figures("18446744073709551615"), "18\u202f446\u202f744\u202f073\u202f709\u202f551\u202f615");
  assert.equal(counted(1, "entry", "entries"), "1 entry");
  assert.equal(counted(0, "event"), "0 events");
  assert.deepEqual([0, 1, 999, 1000, 52_400, 999_600, 3_400_000_000].map(bytes), [
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1.0 KB",
    "52 KB",
    "1.0 MB",
    "3.4 GB",
  ]);
  assert.deepEqual([0.2, 41.3, 1300, 12_600].map(milliseconds), ["1 ms", "41 ms", "1.3 s", "13 s"]);
});

test("times", () => {
  const now = Date.UTC(2026, 10, 23) / 1000;
  assert.equal(seconds("2026-11-22T15:04:05Z"), Date.UTC(2026, 10, 22, 15, 4, 5) / 1000);
  for (const none of [
    null,
    undefined,
    "",
    "yesterday",
    "2026-11-22",
    "2026-11-22T15:04:05+01:00",
    "2026-13-40T00:00:00Z",
  ])
    assert.equal(seconds(none), undefined);
  assert.equal(moment(now, now), "23 Nov 00:00");
  assert.equal(instant(now), "2026-11-23T00:00:00Z");
  assert.equal(instant(2 ** 62), "4611686018427388000");
  assert.equal(day(now - 400 * 86_400, now), "19 Oct 2025");
  const spans: [number, string][] = [
    [0, "no time"],
    [1, "1 second"],
    [59, "59 seconds"],
    [251, "4 minutes"],
    [3600, "1 hour"],
    [86_399, "23 hours"],
    [3 * 86_400, "3 days"],
    [13 * 86_400, "13 days"],
    [14 * 86_400, "2 weeks"],
    [400 * 86_400, "1 year"],
  ];
  for (const [length, words] of spans) assert.equal(span(length), words);
});

test("command lines mean what they show", () => {
  const log = "https://models.example.com/access";
  const line = (artifact: string): string | undefined =>
    commandLine({ kind: "history", artifact, log, maxAge: undefined, fullScan: false, acceptIndex: false });
  assert.equal(line("resnet50@2.1"), `glasslog history resnet50@2.1 --log ${log} --policy trust.policy`);
  assert.equal(line("it's $HOME;`x`"), `glasslog history 'it'\\''s $HOME;\`x\`' --log ${log} --policy trust.policy`);
  assert.equal(line("--help"), `glasslog history name:--help --log ${log} --policy trust.policy`);
  assert.equal(line("x\nrm -rf ~"), undefined);
  assert.equal(
    commandLine({ kind: "bundle", file: "a b.glasslog-bundle", maxAge: "1h", acceptIndex: true }),
    "glasslog verify bundle 'a b.glasslog-bundle' --policy trust.policy --accept-index --max-checkpoint-age 1h",
  );
  assert.equal(
    commandLine({ kind: "history", artifact: "x@1", log, maxAge: undefined, fullScan: true, acceptIndex: false }),
    `glasslog history x@1 --log ${log} --policy trust.policy --full-scan`,
  );
  assert.equal(
    commandLine({ kind: "fraud", file: "-index.fraud" }),
    "glasslog verify fraud ./-index.fraud --policy trust.policy",
  );
  assert.equal(
    commandLine({ kind: "file", file: "-model", log, maxAge: undefined, fullScan: true, acceptIndex: false }),
    `glasslog verify file ./-model --log ${log} --policy trust.policy --full-scan`,
  );
  assert.equal(shellWord(""), "''");
});
