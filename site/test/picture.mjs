// `npm run picture`: makes docs/images/portal.png, a real log in the portal.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import { build } from "../build.mjs";

const site = join(import.meta.dirname, "..");
process.env.GLASSLOG_SITE = site;

/** Bundles and loads a helper of the tests, which are TypeScript. */
async function helper(name) {
  const outfile = join(site, `node_modules/.cache/picture-${name}.mjs`);
  await esbuild.build({
    entryPoints: [join(site, `test/${name}.ts`)],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    outfile,
  });
  return import(pathToFileURL(outfile).href);
}

const { auditIndex, makeLog, MODEL } = await helper("log");
const { launch, openPage } = await helper("browser");
const { serve } = await helper("server");

const because = (code, text) => ["--reason-code", code, "--reason", text];
const hands = ["--from", "ml-platform", "--to", "edge-team"];
const log = makeLog({
  actors: ["ml-platform", "ci/nightly", "dana@example.com", "risk-board", "edge-team"],
  tell(record) {
    record("ml-platform", "register", ...because("release", "First signed release"));
    record("ci/nightly", "verify", ...because("nightly", "Nightly evaluation"));
    record("dana@example.com", "read", "--actor-type", "human", ...because("audit", "Bias audit"));
    const hold = record("risk-board", "hold", ...because("finding", "Audit finding under review"));
    record("ci/nightly", "read", "--outcome", "denied", ...because("nightly", "Nightly evaluation"));
    record("risk-board", "release", "--acts-on", hold, ...because("cleared", "Ticket RB-311"));
    const transfer = record("ml-platform", "transfer", ...hands, ...because("pilot", "Pilot in plant 4"));
    record("edge-team", "receive", ...hands, "--acts-on", transfer, ...because("pilot", "Pilot in plant 4"));
    record("edge-team", "deploy", "--env", "prod", ...because("pilot", "Plant 4, line 2"));
  },
});

auditIndex(log);

const dist = mkdtempSync(join(tmpdir(), "glasslog-picture-"));
await build({ out: dist });
const host = await serve({ "/portal/trust.policy": () => readFileSync(log.policy), "/portal/": dist, "/": log.public });
const browser = await launch();
const { page } = await openPage(browser, { viewport: { width: 1280, height: 1080 }, colorScheme: "light" });
await page.goto(`${host.url}portal/#q=${MODEL}&age=1h`);
await page.getByRole("heading", { level: 1, name: /^All 9 events/ }).waitFor();
await page.screenshot({ path: join(site, "../docs/images/portal.png") });
await browser.close();
await host.close();
