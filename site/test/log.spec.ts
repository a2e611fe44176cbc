// End to end: a real log, a plain static host, the real verifier, Chromium.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { seriousFaults, withAxe } from "./axe.js";
import { browserPath, launch, openPage } from "./browser.js";
import { temporary } from "./fixture/site.js";
import { auditIndex, binary, BUSY, copyOf, glasslog, makeLog, makeLongLog, MODEL, type Log } from "./log.js";
import { serve, type FileOf, type Host } from "./server.js";

const site = process.env["GLASSLOG_SITE"] ?? ".";
const shots = process.env["GLASSLOG_SHOTS"] ?? join(tmpdir(), "glasslog-portal-shots");
/** The verifier's headline about a history that is proven to be complete. */
const all = (events: number, about: string): RegExp =>
  new RegExp(`^These are all ${events} events about ${about} in the log \\S+ of \\d+ entries\\.$`);
const VERIFIED = all(5, `version ${MODEL}`);
const ALTERED = /^This copy of the record was altered or damaged\. Do not rely on it\. /;

const lacking = [
  browserPath === undefined && "no Chrome or Chromium is installed (CHROMIUM=PATH names one)",
  binary === undefined && "the command line is not built (cargo build -p glasslog-cli)",
  !existsSync(join(site, "../wasm/pkg/index.js")) && "the verifier is not built (cargo xtask wasm)",
].filter(Boolean);

describe("a real log", { skip: lacking.length > 0 && lacking.join("; ") }, () => {
  let browser: Browser;
  let log: Log;
  let dist: string;
  let host: Host;

  before(async () => {
    dist = await temporary("dist");
    const { build } = (await import(pathToFileURL(join(site, "build.mjs")).href)) as {
      build(options: object): Promise<void>;
    };
    await build({ out: dist });
    log = makeLog();
    host = await serveTree(log.public);
    browser = await launch();
    await mkdir(shots, { recursive: true });
  });

  after(async () => {
    await browser?.close();
    await host?.close();
  });

  /** Serves a log's public files together with the portal. */
  function serveTree(tree: string): Promise<Host> {
    return serve({ "/portal/trust.policy": () => readFileSync(log.policy), "/portal/": dist, "/": tree });
  }

  /** Opens the page on a host, runs, and fails if the page itself had a fault. */
  async function visit(at: Host, fragment: string, run: (page: Page) => Promise<void>): Promise<void> {
    const { page, faults } = await openPage(browser, { viewport: { width: 1280, height: 900 }, acceptDownloads: true });
    await withAxe(page.context());
    try {
      await page.goto(`${at.url}portal/${fragment}`);
      await run(page);
      assert.deepEqual(faults, []);
    } finally {
      await page.context().close();
    }
  }

  /** Opens the page on a damaged copy of the log. */
  async function damaged(damage: (tree: string) => void, run: (page: Page) => Promise<void>): Promise<void> {
    const tree = copyOf(log);
    damage(tree);
    const other = await serveTree(tree);
    try {
      await visit(other, `#q=${MODEL}`, run);
    } finally {
      await other.close();
      rmSync(tree, { recursive: true });
    }
  }

  const headline = (page: Page, text: RegExp): Promise<void> =>
    page.getByRole("heading", { level: 1, name: text }).waitFor();
  const explained = (page: Page, why: RegExp): Promise<void> =>
    page.locator("gl-verdict .why").filter({ hasText: why }).waitFor();
  const outcomes = (page: Page): Promise<string[]> =>
    page
      .locator("gl-verdict .claim")
      .evaluateAll((claims) =>
        claims.map(
          (claim) =>
            `${claim.querySelector("h2")?.textContent?.trim()} ` +
            `${claim.querySelector("svg")?.getAttribute("aria-label")}`,
        ),
      );

  test("a history is found, proven, and the same as the command line's, byte for byte", async (context) => {
    await visit(host, "", async (page) => {
      await page.keyboard.press("/");
      await page.keyboard.type(MODEL);
      const started = performance.now();
      await page.keyboard.press("Enter");
      await headline(page, VERIFIED);
      context.diagnostic(`first verdict after ${Math.round(performance.now() - started)} ms`);
      assert.deepEqual(await outcomes(page), ["Included passed", "Complete passed", "Fresh not decided"]);
      assert.equal(await page.locator("gl-events tr.event").count(), 5);
      assert.deepEqual(await seriousFaults(page), []);
      await page.screenshot({ path: join(shots, "log-desktop-light.png"), fullPage: true });
      const report = await download(page, "Save the report");
      const { now } = JSON.parse(report.toString()) as { now: number };
      const line = await page.locator("gl-command code").innerText();
      assert.equal(line, `glasslog history ${MODEL} --log ${host.url.replace(/\/$/, "")} --policy trust.policy`);
      const time = new Date(now * 1000).toISOString().replace(".000", "");
      const { status, stdout } = glasslog(
        "history",
        MODEL,
        "--log",
        log.public,
        "--policy",
        log.policy,
        "--format",
        "json",
        "--now",
        time,
      );
      assert.deepEqual([status, stdout], [0, `${report.toString()}\n`]);
    });
  });

  test("a dropped file is hashed and its history found, whatever it is called", async () => {
    await visit(host, "", async (page) => {
      await page
        .locator("gl-search input[type=file]:not([webkitdirectory])")
        .setInputFiles({ name: "renamed.bin", mimeType: "application/octet-stream", buffer: readFileSync(log.model) });
      await headline(page, new RegExp(`^The file is registered as ${MODEL} by maya@example.com in the log `));
      await explained(page, /^This is about the content of the file renamed\.bin\. /);
      assert.ok(page.url().endsWith(`#q=sha256:${createHash("sha256").update(readFileSync(log.model)).digest("hex")}`));
    });
  });

  test("a large file is hashed in pieces, with progress", async () => {
    await visit(host, "", async (page) => {
      const large = join(await temporary("large"), "large.bin");
      const bytes = randomBytes(40 << 20);
      writeFileSync(large, bytes);
      await page.locator("gl-search input[type=file]:not([webkitdirectory])").setInputFiles(large);
      await headline(page, /^No event about sha256:[0-9a-f]{64} is in the log /);
      await explained(page, /^This is about the content of the file large\.bin\. That is proven for this log/);
      assert.ok(page.url().endsWith(`#q=sha256:${createHash("sha256").update(bytes).digest("hex")}`));
      assert.deepEqual(await outcomes(page), ["Included not decided", "Complete passed", "Fresh not decided"]);
    });
  });

  test("a folder is compared file by file, as the command line does, chosen or dropped", async () => {
    const model = join(await temporary("folder"), "model");
    await mkdir(join(model, "tokenizer"), { recursive: true });
    await mkdir(join(model, ".git"));
    for (const path of [".git/HEAD", ".hidden", "config.json", "model.bin", "tokenizer/a.b", "tokenizer/vocab.json"])
      writeFileSync(join(model, path), `content of ${path}`);
    const own = makeLog({
      actors: ["maya@example.com"],
      model,
      tell: (record) => void record("maya@example.com", "register", "--reason-code", "release", "--reason", "First"),
    });
    const policy = (): Buffer => readFileSync(own.policy);
    const other = await serve({ "/portal/trust.policy": policy, "/portal/": dist, "/": own.public });
    const registered = new RegExp(`^The folder is registered as ${MODEL} by maya@example.com in the log `);
    /** Saves the report, and compares it with the command line's. */
    const compare = async (page: Page, status: number): Promise<void> => {
      const report = (await download(page, "Save the report")).toString();
      const { now } = JSON.parse(report) as { now: number };
      const trust = ["--policy", own.policy, "--now", new Date(now * 1000).toISOString().replace(".000", "")];
      const answer = glasslog("verify", "file", model, "--log", own.public, ...trust, "--format", "json");
      assert.deepEqual([answer.status, answer.stdout], [status, `${report}\n`]);
    };
    try {
      await visit(other, "", async (page) => {
        await dropPath(page, model);
        await headline(page, registered);
        await page.locator("gl-verdict").getByText("Not hashed: .git.").waitFor();
        await compare(page, 0);
      });
      await visit(other, "", async (page) => {
        const choose = (): Promise<void> => page.locator("gl-search input[webkitdirectory]").setInputFiles(model);
        await choose();
        await headline(page, registered);
        writeFileSync(join(model, "model.bin"), "other weights");
        writeFileSync(join(model, "evil.py"), "import os");
        rmSync(join(model, "config.json"));
        await choose();
        await headline(page, new RegExp(`; the most similar registration is that of ${MODEL} by maya@example.com`));
        const text = (await page.locator("gl-folder section").innerText()).split("\n").filter(Boolean);
        assert.deepEqual(text.slice(1), [
          "Changed: 1 file",
          "model.bin",
          "Missing: 1 file",
          "config.json",
          "Extra: 1 file",
          "evil.py",
        ]);
        // No event is about the folder as it is now: nothing is proven and nothing is refuted.
        await compare(page, 4);
        // One file of the folder finds its model.
        const one = join(model, "tokenizer/vocab.json");
        await page.locator("gl-search input[type=file]:not([webkitdirectory])").setInputFiles(one);
        await headline(
          page,
          new RegExp(`^The file is registered as tokenizer/vocab.json of ${MODEL} by maya@example.com in the log `),
        );
      });
    } finally {
      await other.close();
    }
  });

  test("an actor has events, an unknown model has none", async () => {
    await visit(host, "#q=actor:maya@example.com", (page) => headline(page, all(4, "actor maya@example.com")));
    await visit(host, "#q=other-model", (page) =>
      headline(page, /^No event about the name other-model is in the log /),
    );
  });

  test("within a limit, fresh is proven too", async () => {
    await visit(host, `#q=${MODEL}&age=1h`, async (page) => {
      await headline(page, VERIFIED);
      assert.deepEqual(await outcomes(page), ["Included passed", "Complete passed", "Fresh passed"]);
    });
  });

  for (const folder of ["tile/entries", "tile/0"]) {
    test(`one byte changed under ${folder} turns the verdict red, and nothing after it is green`, async () => {
      await damaged(
        (tree) =>
          flip(filesUnder(join(tree, folder)).filter((path) => folder !== "tile/0" || !path.includes("entries"))),
        async (page) => {
          await explained(page, ALTERED);
          assert.equal(await page.locator("gl-events").count(), 0, "no event is shown");
          const [included, complete] = await outcomes(page);
          assert.deepEqual([included, complete], ["Included failed", "Complete not decided"]);
          assert.deepEqual(await seriousFaults(page), []);
          if (folder === "tile/entries")
            await page.screenshot({ path: join(shots, "log-altered-desktop-light.png"), fullPage: true });
        },
      );
    });
  }

  test("a missing file is a failure, never a shorter history", async () => {
    await damaged(
      (tree) => rmSync(join(tree, "tile/entries"), { recursive: true }),
      async (page) => {
        await explained(page, /^A part of the record is missing\./);
      },
    );
  });

  test("without its index a small log is read whole", async () => {
    await damaged(
      (tree) => rmSync(join(tree, "index"), { recursive: true }),
      async (page) => {
        await headline(page, VERIFIED);
        const report = await download(page, "Save the report");
        const { now } = JSON.parse(report.toString()) as { now: number };
        const time = new Date(now * 1000).toISOString().replace(".000", "");
        const { stdout } = glasslog(
          "history",
          MODEL,
          "--log",
          log.public,
          "--policy",
          log.policy,
          "--format",
          "json",
          "--now",
          time,
        );
        assert.equal(stdout, `${report.toString()}\n`);
      },
    );
  });

  test("in a long log the index needs few files for one event, and a long history fills in", async (context) => {
    const long = makeLongLog(6000);
    auditIndex(long);
    const bundles = join(long.public, "tile/entries");
    /** The last bundle of entries is sent after this. */
    let last = Promise.resolve();
    const file: FileOf = async (path) => {
      if (path.startsWith("tile/entries/") && path.includes(".p/")) await last;
      return existsSync(join(long.public, path)) ? readFileSync(join(long.public, path)) : undefined;
    };
    assert.ok(
      filesUnder(bundles).some((path) => path.includes(".p/")),
      "the last bundle is partial",
    );
    const other = await serve(
      { "/portal/trust.policy": () => readFileSync(long.policy), "/portal/": dist, "/": file },
      true,
    );
    try {
      await visit(other, "", async (page) => {
        await page.getByRole("heading", { level: 1, name: "Who touched this model, when, and why?" }).waitFor();
        const cost = (): Promise<string> => page.locator("gl-checks .cost").innerText();
        const whole = (): Promise<string> => page.locator("gl-checks .whole").innerText();
        const started = performance.now();
        await page.evaluate(() => (location.hash = "#q=rare@4711"));
        await headline(page, /^This is the only event about version rare@4711 in the log /);
        const milliseconds = Math.round(performance.now() - started);
        context.diagnostic(`one of 6002 entries after ${milliseconds} ms: ${await cost()} ${await whole()}`);
        const [, files] = /^(\d+) files/.exec(await cost()) ?? [];
        // Two runs, and in each the version, its bare name, its bytes and the signer's key.
        assert.ok(Number(files) <= 15, `${files} files`);
        assert.match(await whole(), /^The whole log is 49 files, about \d\.\d MB\.$/);
        // By now, files that never change are in the browser's cache.
        await page.evaluate(() => (location.hash = "#q=rare@4711&age=7d"));
        await page
          .locator("gl-checks .cost")
          .getByText(/kept by this browser/)
          .waitFor();
        // The list is watched frame by frame while the history fills in.
        await page.evaluate(watchList);
        let send = (): void => {};
        last = new Promise((resolve) => (send = resolve));
        await page.evaluate((query) => (location.hash = `#q=${query}`), BUSY);
        await page.waitForFunction(() =>
          (globalThis as unknown as { seen: string[] }).seen.some((line) => line.startsWith("3000 events, positions")),
        );
        send();
        await headline(page, all(3000, "version busy@1"));
        context.diagnostic(`3000 of 6002 entries: ${await cost()}`);
        const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
        assert.ok(
          seen.some((line) => /^3000 events, positions proven against the index; .*: none green$/.test(line)),
          seen.join("\n"),
        );
        assert.deepEqual(
          seen.filter((line) => line.includes("positions proven") && !line.endsWith("none green")),
          [],
        );
        assert.ok((await page.locator("gl-events tr.event").count()) < 80);
        assert.deepEqual(await seriousFaults(page), []);
        await page.screenshot({ path: join(shots, "log-long-desktop-light.png"), fullPage: true });
      });
    } finally {
      await other.close();
    }
  });

  test("a page in place of the checkpoint is no log", async () => {
    await damaged(
      (tree) => writeFileSync(join(tree, "checkpoint"), "<!doctype html><title>Not found</title>"),
      async (page) => {
        await explained(page, /^This address does not hold a log\./);
      },
    );
  });

  test("a false signature of the log is told as such", async () => {
    await damaged(
      (tree) => {
        const path = join(tree, "checkpoint");
        const lines = readFileSync(path, "utf8").split("\n");
        const at = lines.findIndex((line) => line.startsWith(`— `));
        const [dash, name, signature = ""] = (lines[at] ?? "").split(" ");
        const bytes = Buffer.from(signature, "base64");
        bytes[20] = (bytes[20] ?? 0) ^ 1;
        lines[at] = [dash, name, bytes.toString("base64")].join(" ");
        writeFileSync(path, lines.join("\n"));
      },
      async (page) => {
        await explained(page, ALTERED);
      },
    );
  });

  test("a saved bundle is verified offline by the page and by the command line", async () => {
    await visit(host, `#q=${MODEL}`, async (page) => {
      await headline(page, VERIFIED);
      const bundle = await download(page, "Save an offline bundle");
      const path = join(await temporary("bundle"), "saved.glasslog-bundle");
      writeFileSync(path, bundle);
      assert.equal(glasslog("verify", "bundle", path, "--policy", log.policy).status, 0);
      let requests = 0;
      page.on("request", () => requests++);
      await page.locator("gl-search input[type=file]:not([webkitdirectory])").setInputFiles(path);
      await page.getByText("all in this tab and without a request").waitFor();
      await headline(page, VERIFIED);
      assert.equal(requests, 0);
    });
  });

  test("with an auditor's cosignature on the index, completeness is more than a claim", async () => {
    const audited = makeLog();
    auditIndex(audited);
    const other = await serve({
      "/portal/trust.policy": () => readFileSync(audited.policy),
      "/portal/": dist,
      "/": audited.public,
    });
    try {
      await visit(other, `#q=${MODEL}`, async (page) => {
        await headline(page, VERIFIED);
        await page
          .locator("gl-verdict")
          .getByText(/An auditor has recomputed the index, so no event about it can be missing\./)
          .waitFor();
        await page
          .locator("gl-verdict .claim")
          .getByText(/^no other exists among the log’s \d+ entries, as auditors vouch$/)
          .waitFor();
        assert.equal(await page.getByRole("button", { name: "Read the whole log instead" }).count(), 0);
      });
    } finally {
      await other.close();
    }
  });

  test("evidence of two heads is judged as by the command line, without a request", async () => {
    const folder = join(site, "../docs/formats/vectors/inconsistency");
    const [evidence, policy] = [join(folder, "fork.inconsistency"), join(folder, "trust.policy")];
    await visit(host, "", async (page) => {
      await page.getByRole("heading", { level: 1, name: "Who touched this model, when, and why?" }).waitFor();
      await page.locator("gl-search input[type=file]:not([webkitdirectory])").setInputFiles(evidence);
      await explained(page, /^Your trust file does not name the accused log\./);
      await page.getByRole("button", { name: "Review" }).click();
      await page.getByLabel("The file itself").fill(readFileSync(policy, "utf8"));
      let requests = 0;
      page.on("request", () => requests++);
      await page.getByRole("button", { name: "Trust these keys" }).click();
      await headline(page, /^The log \S+ signed two heads that cannot both be true: /);
      await explained(page, /^The accusation holds\. .* Also accused: the witness b, who cosigned both\./);
      assert.equal(requests, 0);
      const report = await download(page, "Save the report");
      const { now } = JSON.parse(report.toString()) as { now: number };
      await page.locator("gl-heads").getByText("Two histories of one log", { exact: true }).waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      const time = new Date(now * 1000).toISOString().replace(".000", "");
      const line = ["verify", "inconsistency", evidence, "--policy", policy, "--format", "json", "--now", time];
      assert.deepEqual(glasslog(...line), { status: 0, stdout: `${report.toString()}\n` });
      await page.screenshot({ path: join(shots, "log-heads-desktop-light.png"), fullPage: true });
    });
  });

  test("a fraud proof is judged as by the command line, without a request, by the trust file in use", async () => {
    const vectors = join(site, "../docs/formats/vectors/index");
    const [proof, policy] = [join(vectors, "omission.fraud"), join(vectors, "trust.policy")];
    await visit(host, "", async (page) => {
      await page.getByRole("heading", { level: 1, name: "Who touched this model, when, and why?" }).waitFor();
      await page.locator("gl-search input[type=file]:not([webkitdirectory])").setInputFiles(proof);
      await explained(page, /^Your trust file does not name the accused index\./);
      await page.getByRole("button", { name: "Review" }).click();
      await page.getByLabel("The file itself").fill(readFileSync(policy, "utf8"));
      let requests = 0;
      page.on("request", () => requests++);
      await page.getByRole("button", { name: "Trust these keys" }).click();
      await page
        .getByRole("heading", {
          level: 1,
          name: /^The signer of the index \S+ signed a false statement: /,
        })
        .waitFor();
      assert.equal(requests, 0);
      const report = await download(page, "Save the report");
      const { now, fraud } = JSON.parse(report.toString()) as { now: number; fraud: { position: number } };
      await page.locator("gl-fraud").getByText(`entry ${fraud.position} of the log`, { exact: true }).waitFor();
      const time = new Date(now * 1000).toISOString().replace(".000", "");
      assert.deepEqual(glasslog("verify", "fraud", proof, "--policy", policy, "--format", "json", "--now", time), {
        status: 0,
        stdout: `${report.toString()}\n`,
      });
      await page.screenshot({ path: join(shots, "log-fraud-desktop-light.png"), fullPage: true });
    });
  });

  test("another log's trust file proves nothing here", async () => {
    await visit(host, `#q=${MODEL}`, async (page) => {
      await headline(page, VERIFIED);
      await page.getByRole("button", { name: "Review" }).click();
      const stranger = join(await temporary("stranger"), "log");
      assert.equal(glasslog("init", stranger, "--origin", "stranger.example/log").status, 0);
      await page.getByLabel("The file itself").fill(readFileSync(join(stranger, "trust.policy"), "utf8"));
      await page.getByRole("button", { name: "Trust these keys" }).click();
      await explained(page, /^Your trust file does not name this log\./);
      assert.equal(await page.locator("gl-verdict .pass").count(), 0);
    });
  });

  test("only the page fetches, and only files of the log", async () => {
    await visit(host, "", async (page) => {
      const asked: string[] = [];
      page.on("request", (request) => asked.push(new URL(request.url()).pathname));
      await page.evaluate((query) => (location.hash = `#q=${query}`), MODEL);
      await headline(page, VERIFIED);
      assert.ok(asked.includes("/checkpoint"));
      assert.deepEqual(
        asked.filter((path) => !/^\/(checkpoint|tile\/|index\/|portal\/)/.test(path)),
        [],
      );
      assert.ok(asked.some((path) => path.startsWith("/tile/entries/")));
      assert.ok(asked.length < 16, `${asked.length} requests: ${asked.join(" ")}`);
    });
  });

  test("`glasslog portal` puts the same page into the log", async (context) => {
    const { status, stdout } = glasslog("portal", log.path, "--connect", "https://logs.example.org/x");
    if (status !== 0 && /does not contain the portal/.test(stdout))
      return context.skip("this command line was built without the portal");
    assert.equal(status, 0, stdout);
    const placed = join(log.public, "portal");
    // The binary may hold an older build than the sources, so its own list of hashes counts.
    const sums = readFileSync(join(placed, "SHA256SUMS"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split("  "));
    assert.ok(sums.length >= 6);
    for (const [sum, file = ""] of sums) {
      let bytes: string | Buffer = readFileSync(join(placed, file));
      if (file === "index.html") {
        const allowed = "connect-src 'self' https://logs.example.org;";
        assert.ok(bytes.includes(allowed));
        bytes = bytes.toString().replace(allowed, "connect-src 'self';");
      }
      assert.equal(createHash("sha256").update(bytes).digest("hex"), sum, file);
    }
    assert.deepEqual(readFileSync(join(placed, "trust.policy")), readFileSync(log.policy));
    const other = await serve({ "/": log.public });
    try {
      await visit(other, `#q=${MODEL}`, (page) => headline(page, VERIFIED));
    } finally {
      await other.close();
    }
  });
});

/** Records the summary of the list of events frame by frame, and any green mark in it. */
function watchList(): void {
  const seen: string[] = [];
  (globalThis as unknown as { seen: string[] }).seen = seen;
  const look = (): void => {
    const list = document
      .querySelector("gl-portal")
      ?.shadowRoot?.querySelector("gl-answer")
      ?.shadowRoot?.querySelector("gl-history")
      ?.shadowRoot?.querySelector("gl-events")?.shadowRoot;
    const words = list?.querySelector("header p")?.textContent;
    const line = words && `${words}: ${list?.querySelector("svg.pass") ? "green" : "none green"}`;
    if (line && line !== seen.at(-1)) seen.push(line);
    requestAnimationFrame(look);
  };
  look();
}

/** Lists every file under a folder. */
function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** Changes one bit in the middle of each file. */
function flip(paths: string[]): void {
  assert.ok(paths.length > 0);
  for (const path of paths) {
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  }
}

/** Drops a file or folder of this machine on the page, as a file manager does. */
async function dropPath(page: Page, path: string): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
}

/** Presses a button that saves a file, and reads the file. */
async function download(page: Page, name: string): Promise<Buffer> {
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
  return readFileSync(await saved.path());
}
