// Chromium as the tests use it: an installed one, in a closed network, with every fault of the page a failure.
import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/opt/google/chrome/chrome",
];

/** Where a browser is, if there is one; `CHROMIUM` names another. */
export const browserPath: string | undefined = process.env["CHROMIUM"] ?? PLACES.find((path) => existsSync(path));

/** Starts it. Without a sandbox as root, where it would not start otherwise; without its talk to the network at home. */
export function launch(more: string[] = []): Promise<Browser> {
  const root = process.getuid?.() === 0;
  return chromium.launch({
    ...(browserPath === undefined ? {} : { executablePath: browserPath }),
    args: [
      ...(root ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
  });
}

/** A page whose faults are collected: refused by its own security policy, thrown, or logged as an error. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`thrown: ${error.message}`));
  page.on("console", (message) => {
    // The browser itself logs each missing file as an error; a log has those by design.
    if (message.type() === "error" && !/status of 404/.test(message.text())) faults.push(`logged: ${message.text()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`security policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`);
    });
  });
  return { page, faults };
}
