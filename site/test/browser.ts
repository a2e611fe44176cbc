// Starts an installed Chromium without network access, and collects the faults of its pages.
import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/opt/google/chrome/chrome",
];

/** Path of a browser, if one is installed; `CHROMIUM` names another. */
export const browserPath: string | undefined = process.env["CHROMIUM"] ?? PLACES.find((path) => existsSync(path));

/** Starts the browser: as root without a sandbox, or it would not start, and without requests of its own. */
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

/** Opens a page and collects its faults: refusals by its security policy, exceptions, and logged errors. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`thrown: ${error.message}`));
  page.on("console", (message) => {
    // The browser logs each missing file as an error; a log may lack files by design.
    if (message.type() === "error" && !/status of 404/.test(message.text())) faults.push(`logged: ${message.text()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`security policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`);
    });
  });
  return { page, faults };
}
