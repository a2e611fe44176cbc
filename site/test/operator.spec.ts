// Operators who lie about their index, each in one way (tests/support/operator): the page must detect each lie as the
// command line does, describe it in plain words, and never take it for "no events". One page asks about all of them.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { checkTitle } from "../src/report/wording.js";
import { browserPath, launch, openPage } from "./browser.js";
import { temporary } from "./fixture/site.js";
import { binary, glasslog } from "./log.js";
import { serve, type FileOf, type Host } from "./server.js";

const site = process.env["GLASSLOG_SITE"] ?? ".";
/** Folder to which `cargo xtask test portal-tests` writes the operators' logs. */
const operators = process.env["GLASSLOG_OPERATORS"];

/** Result that a client must see: the first check that does not pass, and the broken rule in its evidence. */
type Seen = { readonly exit: number; readonly check: string; readonly error: string };
type Case = {
  readonly name: string;
  readonly lie: string;
  readonly artifact: string;
  /** The reader takes the index's word. */
  readonly acceptIndex: boolean;
  readonly client: Seen;
  readonly events: number;
};
type Check = {
  readonly code: string;
  readonly outcome: string;
  readonly detail: string;
  readonly evidence: { readonly [name: string]: unknown } | null;
};

const START = "Who touched this model, when, and why?";
/** Explanations of faults without words of their own: no lie may end there. */
const WORDLESS = /This check failed\.|This could not be decided\./;
/** Headlines of answers. */
const ANSWER = /^(These are all|This is the only|No event about|The events shown) |only the index says/;

const lacking = [
  browserPath === undefined && "no Chrome or Chromium is installed (CHROMIUM=PATH names one)",
  binary === undefined && "the command line is not built (cargo build -p glasslog-cli)",
  !existsSync(join(site, "../wasm/pkg/index.js")) && "the verifier is not built (cargo xtask wasm)",
  operators === undefined &&
    "the lying operators' logs are not written (cargo xtask test portal-tests does; GLASSLOG_OPERATORS names them)",
].filter(Boolean);

describe("operators who lie about their index", { skip: lacking.length > 0 && lacking.join("; ") }, () => {
  const folder = operators ?? "";
  const at = (name: string, path: string): string => join(folder, name, path);
  let browser: Browser;
  let host: Host;
  let dist: string;
  let cases: readonly Case[];

  before(async () => {
    const all = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")) as readonly Case[];
    assert.ok(all.length > 50, `only ${all.length} cases`);
    // One case of each kind; GLASSLOG_LONG_TESTS takes all.
    const first = new Map(
      [...all].reverse().map((each) => [`${each.client.exit} ${each.client.check} ${each.client.error}`, each]),
    );
    cases = process.env["GLASSLOG_LONG_TESTS"] === undefined ? [...first.values()].reverse() : all;
    dist = await temporary("dist");
    const { build } = (await import(pathToFileURL(join(site, "build.mjs")).href)) as {
      build(options: object): Promise<void>;
    };
    await build({ out: dist });
    host = await serve({ "/portal/": dist, "/": fileOf });
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await host?.close();
  });

  /** Reads the file at `CASE/PATH` of a case's public tree. */
  const fileOf: FileOf = (path) => {
    const [name = "", ...rest] = path.split("/");
    const file = at(name, join("public", ...rest));
    return existsSync(file) ? readFileSync(file) : undefined;
  };

  /** Opens the page with each case's trust file kept for its log, as a reader keeps one. */
  async function open(): Promise<{ page: Page; faults: string[] }> {
    const opened = await openPage(browser, { viewport: { width: 1280, height: 900 } });
    const kept = cases.flatMap(({ name, acceptIndex }) => {
      const keep = (what: string, text: string): string[] => [
        `glasslog.trust.v1 ${what} ${host.url}${name}/`,
        JSON.stringify({ text, since: 1 }),
      ];
      const policy = keep("reader", readFileSync(at(name, "trust.policy"), "utf8"));
      return acceptIndex ? [policy, keep("index", "accepted")] : [policy];
    });
    await opened.page.addInitScript((entries) => {
      for (const [key = "", value = ""] of entries) localStorage.setItem(key, value);
      // Files that the page saves are kept in memory.
      const saved = globalThis as unknown as { saved: Blob | undefined };
      const make = URL.createObjectURL.bind(URL);
      URL.createObjectURL = (blob) => ((saved.saved = blob as Blob), make(blob));
    }, kept);
    await opened.page.goto(`${host.url}portal/`);
    await opened.page.getByRole("heading", { level: 1, name: START }).waitFor();
    return opened;
  }

  /** Reads the report on show, as the page saves it. */
  async function report(page: Page): Promise<string> {
    await page.getByRole("button", { name: "Save the report" }).click();
    return page.evaluate(async () => (await (globalThis as unknown as { saved?: Blob }).saved?.text()) ?? "");
  }

  /** Lists what the page gets wrong about one lie. */
  async function faultsOf(
    page: Page,
    { name, artifact, acceptIndex, client, events }: Case,
  ): Promise<{ headline: string; problems: string[] }> {
    // The start page comes between, so that an earlier report is not taken for this one.
    await page.evaluate(() => (location.hash = "#"));
    await page.getByRole("heading", { level: 1, name: START }).waitFor();
    await page.evaluate(
      (fragment) => (location.hash = fragment),
      `#q=${encodeURIComponent(artifact)}&log=${host.url}${name}`,
    );
    await page.getByRole("button", { name: "Save the report" }).waitFor();
    const json = await report(page);
    const headline = await page.getByRole("heading", { level: 1 }).innerText();
    const {
      now,
      result,
      checks,
      events: found,
    } = JSON.parse(json) as { now: number; result: string; checks: readonly Check[]; events: readonly unknown[] };
    const problems: string[] = [];
    const expect = (holds: boolean, what: string): void => void (holds || problems.push(what));

    const time = new Date(now * 1000).toISOString().replace(".000", "");
    const { status, stdout } = glasslog(
      "history",
      artifact,
      "--log",
      at(name, "public"),
      "--policy",
      at(name, "trust.policy"),
      "--format",
      "json",
      "--now",
      time,
      ...(acceptIndex ? ["--accept-index"] : []),
    );
    expect(stdout === `${json}\n`, "the command line's report is another");
    expect(status === client.exit, `the command line ends with ${status}`);
    expect(!WORDLESS.test(await page.locator("gl-verdict .why").innerText()), "there are no words for it");
    const shown = await page.locator("gl-events tr.event").count();
    expect(shown === found.length && (client.exit !== 0 || shown === events), `${shown} events are on show`);
    if (client.check === "") {
      expect(result === (client.exit === 0 ? "verified" : "unknown"), `it is ${result}`);
      return { headline, problems };
    }
    const first = checks.find(({ code }) => code === client.check);
    expect(first !== undefined && first.outcome !== "pass", `${client.check} is passed`);
    expect(
      client.error === "" || Object.values(first?.evidence ?? {}).includes(client.error),
      `the evidence of ${client.check} is ${JSON.stringify(first?.evidence)}`,
    );
    const row = page
      .locator("gl-checks li")
      .filter({ has: page.getByRole("heading", { level: 3, name: checkTitle(client.check), exact: true }) });
    const mark = await row.locator("svg.mark").first().getAttribute("aria-label");
    expect(mark === (first?.outcome === "fail" ? "failed" : "not decided"), `${client.check} is shown as ${mark}`);
    expect((await page.locator("gl-verdict .top.pass").count()) === 0, "it is green");
    expect(!ANSWER.test(headline), "it reads as an answer");
    return { headline, problems };
  }

  test("each lie is detected, in words, with the same report as the command line's", async (context) => {
    const { page, faults } = await open();
    const [told, wrong] = [new Map<string, number>(), [] as string[]];
    for (const each of cases) {
      const { headline, problems } = await faultsOf(page, each);
      told.set(headline, (told.get(headline) ?? 0) + 1);
      const { exit, check, error } = each.client;
      if (problems.length > 0) {
        const kind = `${each.lie}; ${exit} ${check} ${error}`;
        wrong.push(`${each.name} (${kind}): ${problems.join("; ")}; told as: ${headline}`);
      }
    }
    for (const [headline, number] of told) context.diagnostic(`${number} × ${headline}`);
    assert.deepEqual(wrong, []);
    assert.deepEqual(faults, []);
    await page.context().close();
  });
});
