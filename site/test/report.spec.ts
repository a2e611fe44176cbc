// Sentences about reports, and the layout of their events.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ageSeconds, logUrl, readAddress, writeAddress } from "../src/app/address.js";
import { Ledger, wholeLog } from "../src/app/cost.js";
import { looksLikePolicy, policyLines } from "../src/app/policy_lines.js";
import { TrustStore } from "../src/app/trust.js";
import { filtered } from "../src/report/filter.js";
import { eventAt, overview, shareOf } from "../src/report/overview.js";
import { accusationSentence } from "../src/report/accusation_words.js";
import { SIGNED_FAULTS } from "../src/report/index_faults.js";
import { parseReport } from "../src/report/parse.js";
import { drawn, rowAt, topOf, type List } from "../src/report/rows.js";
import { sentence } from "../src/report/sentence.js";
import { layOut } from "../src/report/timeline.js";
import type { Report } from "@glasslog/verify";
import { isKnown, plannedChecks } from "../src/report/wording.js";
import { contentsReport, fraudReport, reportFor, type Known } from "./fixture/reports.js";
import { POLICY } from "./fixture/site.js";

const NOW = 1_795_467_600;
const report = (artifact: string, limit?: bigint): Report =>
  parseReport(JSON.stringify(reportFor(artifact, NOW, limit)));

test("the headline is the verifier's, and a verdict is explained by its cause", () => {
  const table: [artifact: string, limit: bigint | undefined, tone: string, headline: string, why: RegExp][] = [
    ["resnet50@2.1", undefined, "pass", "The stand-in tells of 9 events about `resnet50@2.1`.", /^Two witnesses vouch/],
    ["actor:dana", undefined, "pass", "The stand-in tells of 9 events about `dana`.", /^Two witnesses vouch/],
    ["absent", undefined, "unknown", "The stand-in tells of 0 events about `absent`.", /^That is proven for this log/],
    ["altered", undefined, "fail", "Entry 88204 in `tile/entries/x000/344` hashes to", /was altered or damaged\./],
    ["tree", undefined, "fail", "Tile `tile/0/x000/344` does not hash to", /was altered or damaged\./],
    ["missing", undefined, "fail", "`tile/entries/x000/344` is missing.", /^A part of the record is missing\./],
    ["html", undefined, "fail", "The note has no blank line", /^This address does not hold a log\./],
    ["stranger", undefined, "unknown", "The trust policy names no log", /^Your trust file does not name this log\./],
    ["lonely", undefined, "unknown", "1 of 3 witnesses cosigned", /^Too few witnesses vouch for this log:/],
    ["unsigned", undefined, "unknown", "2 of 9 events are not signed", /not all of their signatures count\.$/],
    ["odd", undefined, "fail", "The signature of event 10 is wrong.", /^Do not rely on this record\./],
    ["old", 3600n, "unknown", "Witnesses vouch for it as of", /^The newest checkpoint that witnesses vouch for is/],
  ];
  for (const [artifact, limit, tone, headline, why] of table) {
    const told = sentence(report(artifact, limit), "reader");
    assert.equal(told.tone, tone, artifact);
    assert.ok(told.headline.startsWith(headline) && told.headline.endsWith("."), told.headline);
    assert.match(told.why, why);
  }
  assert.match(
    sentence(report("sha256:92"), "reader", "model.bin").why,
    /^This is about the content of the file model/,
  );
});

test("the verdict about a file or folder is explained as registered, contradicted, under a hold or without evidence", () => {
  const differs = "The folder is not as entry 12 registers `resnet50@2.1`: 1 changed, 2 missing, 150 extra.";
  const heldBack = "The actor who registered it holds it back. Do not use it.";
  const table: [kind: "file" | "folder", known: Known, tone: string, headline: string, why: string][] = [
    ["file", "registered", "pass", "The stand-in tells of 9 events", "Two witnesses vouch"],
    ["file", "mentioned", "pass", "The stand-in tells of 9 events", "Two witnesses vouch"],
    ["file", "contradicted", "fail", differs, "An event names it as that version all the same."],
    ["file", "held", "fail", differs, heldBack],
    ["file", "denied", "unknown", "The stand-in tells of", "The events that name it were denied or failed,"],
    ["file", "absent", "unknown", "The stand-in tells of 0 events", "That is proven for this log"],
    [
      "folder",
      "registered",
      "pass",
      "The stand-in tells of 9 events",
      "Each of its files is as it was registered. Two",
    ],
    ["folder", "names", "pass", "The stand-in tells of 9 events", "Two witnesses vouch"],
    ["folder", "mentioned", "pass", "The stand-in tells of 9 events", "Two witnesses vouch"],
    ["folder", "differs", "fail", differs, "Of its files, 1 changed, 2 missing, 150 extra."],
    ["folder", "held", "fail", differs, heldBack],
    [
      "folder",
      "similar",
      "unknown",
      "The stand-in tells of",
      "Nobody registered it; beside the most similar registration, 1 changed, 2 missing, 150 extra.",
    ],
  ];
  for (const [kind, known, tone, headline, why] of table) {
    const told = sentence(parseReport(JSON.stringify(contentsReport(kind, known, NOW))), "reader", "x");
    assert.equal(told.tone, tone);
    assert.ok(told.headline.startsWith(headline), told.headline);
    assert.ok(told.why.startsWith(`This is about the content of the ${kind} x. ${why}`), told.why);
  }
  const told = (known: Known) => sentence(parseReport(JSON.stringify(contentsReport("folder", known, NOW))), "reader");
  assert.match(told("names").detail, /their names are not confirmed/);
});

test("what an index proves is said with who vouches for it, and what was wrong with it in plain words", () => {
  const table: [artifact: string, tone: string, why: RegExp, complete: string, scan: boolean][] = [
    [
      "audited@1",
      "pass",
      /An auditor has recomputed the index, so no event about it can be missing\.$/,
      "no other exists among the log’s 120 451 entries, as auditors vouch",
      false,
    ],
    [
      "claimed@1",
      "pass",
      /You take its index’s word that there are no others; no auditor vouches for it\.$/,
      "no other exists among the log’s 120 451 entries, as its index claims",
      true,
    ],
    [
      "tail@1",
      "pass",
      /can be missing\. The newest 131 entries were read one by one\.$/,
      "no other exists among the log’s 120 451 entries, as auditors vouch",
      false,
    ],
    [
      "fresh@1",
      "pass",
      /grew\. The newest 120 451 entries were read one by one\.$/,
      "no other exists among the log’s 120 451 entries",
      false,
    ],
    [
      "short@1",
      "unknown",
      /^The events up to entry 98 304 of 120 451 are found\..* too many to read here/,
      "complete up to entry 98 304 of 120 451",
      true,
    ],
    [
      "nothing@1",
      "unknown",
      /no auditor vouches for it/,
      "none exists among the log’s 120 451 entries, as its index claims",
      true,
    ],
    [
      "noindex@1",
      "fail",
      /^A part of the log’s index is missing\..* never means that there are no events/,
      "not decided: others could exist",
      true,
    ],
    [
      "badindex@1",
      "fail",
      /^This copy of the log’s index was altered .* lists that differ from those/,
      "not decided: others could exist",
      true,
    ],
    [
      "badlist@1",
      "fail",
      /^The index of this log is false\..* breaks the rules of lists/,
      "not decided: others could exist",
      true,
    ],
    [
      "badmanifest@1",
      "fail",
      /^The index of this log is false\..* breaks the rules of manifests/,
      "not decided: others could exist",
      true,
    ],
    [
      "omits@1",
      "fail",
      /^The index of this log is false\..* It leaves out an entry/,
      "not decided: others could exist",
      true,
    ],
    [
      "inserts@1",
      "fail",
      /^The index of this log is false\..* It lists an entry/,
      "not decided: others could exist",
      true,
    ],
    [
      "unaudited@1",
      "unknown",
      /^Too few auditors that you trust .* could leave events out/,
      "not decided: others could exist",
      true,
    ],
    [
      "otherindex@1",
      "unknown",
      /^This index does not fit this log\. It belongs to another log, or/,
      "not decided: others could exist",
      true,
    ],
    [
      "twofaced@1",
      "fail",
      /^This log has shown two different histories\..* Keep both as evidence/,
      "not decided: others could exist",
      true,
    ],
    ["missing@1", "fail", /^A part of the record is missing\./, "not decided: others could exist", false],
  ];
  for (const [artifact, tone, why, complete, scan] of table) {
    const told = sentence(report(artifact), "reader");
    assert.deepEqual(
      [told.tone, told.claims[1].text, told.wantsFullScan],
      [tone, complete.replaceAll(" 451", "\u202f451").replaceAll(" 304", "\u202f304"), scan],
      artifact,
    );
    assert.match(told.why.replaceAll("\u202f", " "), why);
  }
});

test("a fraud proof is told as what it came to, and who is accused", () => {
  const told = (text: string): ReturnType<typeof accusationSentence> =>
    accusationSentence(parseReport(JSON.stringify(fraudReport(text, NOW))));
  assert.match(told("kind omission").why, /manifest 12, .* the log `models\.example\.com\/access`\. No auditor/);
  assert.match(
    told("kind insertion audited").why,
    /Also accused: the auditor `auditor\.example\.org`, who confirmed it\.$/,
  );
  const table: [text: string, tone: string, headline: string, why: RegExp][] = [
    ["kind omission", "pass", "The stand-in tells of 0 events about `omission`.", /^The accusation holds\./],
    ["kind omission wrong", "fail", "Nothing false is shown:", /^This file proves nothing against the index\./],
    ["kind omission forged", "fail", "The signature by the key of", /^This accusation is forged:/],
    [
      "kind omission stranger",
      "unknown",
      "The trust policy names no key",
      /^Your trust file does not name the accused/,
    ],
    ["no proof", "fail", "The first line is not", /^This is not a fraud proof that can be checked\./],
  ];
  for (const [text, tone, headline, why] of table) {
    const { why: reason, ...verdict } = told(text);
    assert.equal(verdict.tone, tone, text);
    assert.ok(verdict.headline.startsWith(headline), verdict.headline);
    assert.match(reason, why);
  }
});

test("every check of docs/formats/report.md has a title here, and is planned in its place", () => {
  const page = readFileSync(join(process.env["GLASSLOG_SITE"] ?? ".", "../docs/formats/report.md"), "utf8");
  const table = page.slice(page.indexOf("## Checks"), page.indexOf("## Verdict"));
  const codes = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code = ""]) => code);
  assert.ok(codes.length > 15, "the table was found");
  assert.deepEqual(
    codes.filter((code) => !isKnown(code)),
    [],
  );
  const planned = plannedChecks("audited");
  assert.deepEqual(
    planned.filter((code) => !isKnown(code)),
    [],
  );
  assert.deepEqual(
    report("audited@1").checks.map((check) => check.code),
    planned,
  );
  assert.deepEqual(
    report("claimed@1").checks.map((check) => check.code),
    plannedChecks("index"),
  );
  assert.deepEqual(
    report("x@1").checks.map((check) => check.code),
    plannedChecks("scan"),
  );
});

test("every fault of a list or manifest in docs/formats/codes.md is known, with its maker", () => {
  const page = readFileSync(join(process.env["GLASSLOG_SITE"] ?? ".", "../docs/formats/codes.md"), "utf8");
  const codes = [...page.matchAll(/^\| `(index-(?:bucket|list|manifest|postings)-[a-z-]+)` \|/gm)];
  assert.ok(codes.length > 20, "the tables were found");
  // Files that the signed manifest does not commit to, a manifest that the index log does not hold, and one of a later
  // version, which may be right.
  const unsigned = [
    "index-bucket-short-file",
    "index-bucket-path",
    "index-bucket-leaf",
    "index-bucket-no-reserved",
    "index-bucket-too-large",
    "index-manifest-not-included",
    "index-manifest-unknown-version",
    "index-postings-no-chunk",
    "index-postings-leaves-length",
    "index-postings-root",
  ];
  assert.deepEqual(codes.map(([, code = ""]) => code).sort(), [...Object.keys(SIGNED_FAULTS), ...unsigned].sort());
});

test("three claims, never merged", () => {
  const outcomes = (artifact: string, limit?: bigint): string[] =>
    sentence(report(artifact, limit), "reader").claims.map((claim) => `${claim.name} ${claim.outcome}`);
  assert.deepEqual(outcomes("x@1", 3600n), ["Included pass", "Complete pass", "Fresh pass"]);
  assert.deepEqual(outcomes("x@1"), ["Included pass", "Complete pass", "Fresh unknown"]);
  assert.deepEqual(outcomes("absent"), ["Included unknown", "Complete pass", "Fresh unknown"]);
  assert.deepEqual(outcomes("altered"), ["Included fail", "Complete unknown", "Fresh unknown"]);
});

test("the source of the trust file is named, and a log without witnesses depends on its operator", () => {
  assert.match(sentence(report("x@1"), "page").why, /Judged by the trust file that came with this page\.$/);
  assert.doesNotMatch(sentence(report("x@1"), "reader").why, /came with this page/);
  assert.match(
    sentence(report("nowitness@1"), "reader").why,
    /^No witness vouches for this log: its operator could show others a different one\./,
  );
  assert.equal(sentence(report("nowitness@1"), "reader").claims[2].text, "no witness vouches for the time");
});

test("a good history with something to mind says so", () => {
  const told = sentence(report("twice@1.0"), "reader");
  assert.equal(told.tone, "pass");
  assert.match(
    told.detail,
    new RegExp(
      "^1 event by a compromised key counts for nothing\\. " +
        "A name and version was registered here with two different contents\\.$",
    ),
  );
});

test("positions past 2^53 keep their digits", () => {
  const text = JSON.stringify(report("x@1")).replace('"size":120451', '"size":18446744073709551615');
  assert.equal(parseReport(text).checkpoint?.size, "18446744073709551615");
  assert.equal(
    parseReport(text.replaceAll("First signed release", '\\"12345678901234567890\\"')).events?.[0]?.reason?.text,
    '"12345678901234567890"',
  );
  assert.throws(() => parseReport('{"schemaVersion":2}'), /unknown report version/);
});

test("the timeline keeps the log's order, shows gaps, hands and holds", () => {
  const events = report("held@1").events ?? [];
  const timeline = layOut(events, 600, NOW);
  const positions = timeline.marks.map((mark) => mark.x);
  assert.deepEqual(
    positions,
    [...positions].sort((a, b) => a - b),
  );
  assert.ok(Math.max(...positions) <= timeline.width);
  assert.deepEqual(timeline.lanes, ["ml-platform", "ci/eval-nightly", "dana@example.com", "risk-board"]);
  assert.deepEqual(
    timeline.gaps.map((gap) => gap.label),
    ["12 days"],
  );
  assert.deepEqual(
    timeline.links.map((link) => link.to),
    [undefined],
    "no actor has received it",
  );
  assert.deepEqual(
    timeline.bands.map((band) => band.open),
    [false, true],
  );
  const received = layOut(report("x@1").events ?? [], 600, NOW).links[0];
  assert.deepEqual([received?.from.event.action, received?.to?.event.action], ["transfer", "receive"]);
  const crowd = layOut(report("many@1").events ?? [], 600, NOW);
  assert.equal(crowd.lanes.at(-1), "6 others");
  assert.ok(crowd.marks.every((mark) => mark.lane < 8));
});

test("dates are told where the day changes, times where there is but one day", () => {
  const events = report("x@1").events ?? [];
  const labels = (some: typeof events): string[] => layOut(some, 2000, NOW).ticks.map((tick) => tick.label);
  assert.deepEqual(labels(events), ["2 Nov", "4 Nov", "5 Nov", "9 Nov", "10 Nov", "20 Nov"]);
  assert.deepEqual(labels(events.slice(0, 2)), ["2 Nov 09:14", "22:00"]);
});

test("a clock that goes backwards moves nothing backwards", () => {
  const events = [...(report("x@1").events ?? [])].reverse();
  const positions = layOut(events, 600, NOW).marks.map((mark) => mark.x);
  assert.deepEqual(
    positions,
    [...positions].sort((a, b) => a - b),
  );
});

test("of a long list the rows on show are drawn, and the rest has the room that it would take", () => {
  const list: List = { count: 100_000, row: 45, open: undefined, details: 0 };
  for (const [opened, kept] of [
    [undefined, undefined],
    [500, undefined],
    [500, 99_999],
    [undefined, 3],
    [40_010, 40_005],
  ] as const) {
    const each: List = { ...list, open: opened, details: opened === undefined ? 0 : 333 };
    for (const top of [0, 44, 45, 22_600, 1_800_000, 4_499_000]) {
      const { spans, after } = drawn(each, top, 700, kept);
      const ordinals = spans.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at));
      assert.deepEqual(
        ordinals,
        [...new Set(ordinals)].sort((a, b) => a - b),
        "each once, in order",
      );
      assert.ok(ordinals.includes(rowAt(each, top)) && ordinals.includes(rowAt(each, top + 700)), "all on show");
      assert.ok(kept === undefined || ordinals.includes(kept), "and the one with the focus");
      assert.ok(ordinals.length < 64, `${ordinals.length} rows`);
      const rows = ordinals.length * 45 + (opened !== undefined && ordinals.includes(opened) ? 333 : 0);
      assert.equal(
        spans.reduce((sum, { before }) => sum + before, rows + after),
        topOf(each, each.count),
        "the list is as high as if all were drawn",
      );
    }
    for (const at of [0, 1, 499, 500, 501, 40_010, 99_999]) assert.equal(rowAt(each, topOf(each, at)), at);
  }
  assert.deepEqual(drawn({ ...list, count: 0 }, 0, 700, undefined), {
    spans: [{ before: 0, from: 0, to: 0 }],
    after: 0,
  });
});

test("a filter looks at what the row says, at all events, and hides nothing else", () => {
  const events = report("odd").events ?? [];
  const story = report("held@1").events ?? [];
  const found = (text: string, kind: Parameters<typeof filtered>[1]["kind"] = "all"): unknown[] =>
    filtered(story, { text, kind }).map((event) => event.index);
  assert.equal(filtered(story, { text: "  ", kind: "all" }), story);
  assert.deepEqual(found("DANA bias"), [74_907, 77_400]);
  assert.deepEqual(found("dana", "refused"), [77_400]);
  assert.deepEqual(found("77900"), [77_900]);
  assert.deepEqual(found("", "custody"), [79_640]);
  assert.deepEqual(found("nobody"), []);
  assert.deepEqual(
    filtered(events, { text: "", kind: "doubtful" }).map((event) => event.index),
    [10, 11],
  );
});

test("the strip shows where in the log events lie, and leads back to them", () => {
  const events = report("many@1").events ?? [];
  const { bars, positions } = overview(events, 50);
  assert.equal(
    bars.reduce((sum, number) => sum + number, 0),
    5000,
  );
  assert.ok(bars.every((number) => number >= 99 && number <= 101));
  for (const at of [0, 1, 2500, 4999]) assert.equal(eventAt(positions, shareOf(positions, at)), at);
  assert.deepEqual(overview(events.slice(0, 1), 3).bars, [1, 0, 0]);
});

test("what the whole log would take follows from its size, and from the entries that came", () => {
  assert.deepEqual(wholeLog(0, undefined), { files: 0, bytes: undefined });
  assert.deepEqual(wholeLog(1, 100), { files: 2, bytes: 32 + 102 });
  assert.deepEqual(wholeLog(256, 100), { files: 3, bytes: 257 * 32 + 256 * 102 });
  assert.deepEqual(wholeLog(70_000, 500), { files: 274 + 274 + 2 + 1, bytes: (70_000 + 273 + 1) * 32 + 70_000 * 502 });
  const ledger = new Ledger();
  assert.equal(ledger.meanEntry, undefined);
  ledger.came(
    { path: "tile/entries/000.p/10", limit: 16_777_472, isImmutable: true, isOptional: true, entries: 10 },
    1020,
  );
  ledger.came({ path: "tile/0/000.p/10", limit: 8192, isImmutable: true, isOptional: true, entries: 0 }, 320);
  assert.equal(ledger.meanEntry, 100);
});

test("an address carries the question, never trust", () => {
  const address = { query: "resnet50@2.1", log: "https://models.example.com/access", age: "1h", fullScan: false };
  assert.equal(writeAddress(address), "#q=resnet50@2.1&log=https://models.example.com/access&age=1h");
  assert.deepEqual(readAddress(writeAddress(address)), address);
  assert.equal(
    writeAddress({ ...address, fullScan: true }),
    "#q=resnet50@2.1&log=https://models.example.com/access&age=1h&scan=full",
  );
  assert.equal(readAddress("#q=x&scan=full").fullScan, true);
  const awkward = { query: "a&b=c#d%20 +ü", log: undefined, age: undefined, fullScan: false };
  assert.deepEqual(readAddress(writeAddress(awkward)), awkward);
  assert.deepEqual(readAddress("#policy=evil&age=99y"), { query: "", log: undefined, age: undefined, fullScan: false });
  assert.equal(ageSeconds("1d"), 86_400);
  const page = "https://h.example/access/portal/";
  assert.equal(logUrl(undefined, page)?.href, "https://h.example/access/");
  assert.equal(logUrl("https://o.example/log?x#y", page)?.href, "https://o.example/log/");
  for (const bad of ["javascript:alert(1)", "file:///etc/", "data:,x", "http://"])
    assert.equal(logUrl(bad, page), undefined);
});

test("a trust file's keys are shown by role", () => {
  const index = "log models.example.com/access/index+11223344+AAAA\nquorum none";
  const sections = `[log]\n${POLICY}\n[index]\n${index}\n[genesis]\nAAAA=\n`;
  const { keys, quorum, pinned } = policyLines(sections);
  assert.deepEqual(
    keys.map((key) => `${key.role} ${key.kind} ${key.name} ${key.id}`),
    [
      "log log models.example.com/access 0a1b2c3d",
      "log witness witness.one/w1 5e6f7a8b",
      "log witness witness.two/w2 9c0d1e2f",
      "index log models.example.com/access/index 11223344",
    ],
  );
  assert.deepEqual([quorum, pinned], ["both", true]);
  assert.ok(looksLikePolicy(sections));
  assert.ok(!looksLikePolicy("<!doctype html><p>log me in"));
});

test("the reader's trust file comes first, the page's is remembered, and a change of it is told", () => {
  const kept = new Map<string, string>();
  const memory = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const [page, log] = [new URL("https://h.example/portal/"), new URL("https://h.example/")];
  const store = new TrustStore(memory, page);
  assert.equal(store.choose(log, undefined, 1), undefined);
  assert.deepEqual(store.choose(log, "one", 1), {
    text: "one",
    source: "page",
    since: 1,
    changed: undefined,
    acceptsIndex: false,
  });
  assert.deepEqual(store.choose(log, "two", 2), {
    text: "one",
    source: "page",
    since: 1,
    changed: "two",
    acceptsIndex: false,
  });
  store.acceptShipped("two", 3);
  assert.deepEqual(store.choose(log, "two", 4), {
    text: "two",
    source: "page",
    since: 3,
    changed: undefined,
    acceptsIndex: false,
  });
  store.keep(log, "mine", 5);
  store.acceptIndex(log, true, 6);
  assert.equal(store.choose(log, "two", 6)?.acceptsIndex, true);
  assert.equal(store.choose(new URL("https://other.example/"), "two", 6)?.acceptsIndex, false);
  store.acceptIndex(log, false, 6);
  assert.deepEqual(store.choose(log, "three", 6), {
    text: "mine",
    source: "reader",
    since: 5,
    changed: undefined,
    acceptsIndex: false,
  });
  assert.equal(store.choose(new URL("https://other.example/"), "two", 6)?.source, "page", "for this log alone");
  store.forget(log);
  assert.equal(store.choose(log, "two", 7)?.text, "two");
  kept.set([...kept.keys()][0] ?? "", "{broken");
  assert.equal(store.choose(log, "two", 8)?.since, 8);
  const local = new TrustStore(memory, new URL("http://127.0.0.1:8080/portal/"));
  local.choose(log, "one", 1);
  assert.equal(local.choose(log, "two", 2)?.changed, undefined, "a loopback address is another log tomorrow");
});
