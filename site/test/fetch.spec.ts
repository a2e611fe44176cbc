// Fetching of files: bounded in number, size and tries, and with a missing file told from a busy server.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Fetcher, Unreachable } from "../src/app/fetcher.js";
import type { WantedFile } from "../src/worker/protocol.js";

const LOG = new URL("https://models.example.com/access/");
const real = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = real;
});

/** A promise that is resolved from outside. */
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

type Asked = { url: string; options: RequestInit };

/** Answers requests by the path after the log's address, and records them. */
function answer(respond: (path: string, attempt: number) => Response | Promise<Response>): Asked[] {
  const asked: Asked[] = [];
  globalThis.fetch = (input, options = {}) => {
    const url = String(input);
    asked.push({ url, options });
    return Promise.resolve(respond(url.slice(LOG.href.length), asked.filter((each) => each.url === url).length));
  };
  return asked;
}

const CHECKPOINT: WantedFile = {
  path: "checkpoint",
  limit: 1_000_000,
  isImmutable: false,
  isOptional: false,
  entries: 0,
};
const tile = (path: string): WantedFile => ({
  path,
  limit: 8192,
  isImmutable: true,
  isOptional: path.includes(".p/"),
  entries: 0,
});
const fetcher = (signal = new AbortController().signal, reload = false): Fetcher => new Fetcher(LOG, signal, reload);

test("a file is brought whole, and counted", async () => {
  const asked = answer(() => new Response("hello"));
  const files = fetcher();
  assert.equal(new TextDecoder().decode(await files.file(CHECKPOINT)), "hello");
  await files.file(tile("tile/0/x001/067.p/12"));
  assert.deepEqual(
    asked.map(({ url, options }) => [url, options.cache]),
    [
      ["https://models.example.com/access/checkpoint", "no-cache"],
      ["https://models.example.com/access/tile/0/x001/067.p/12", "default"],
    ],
  );
  assert.deepEqual([files.ledger.files, files.ledger.bytes], [2, 10]);
});

test("checked again, every cache is passed by", async () => {
  const asked = answer(() => new Response(""));
  await fetcher(undefined, true).file(tile("tile/0/000"));
  assert.equal(asked[0]?.options.cache, "reload");
});

test("404 says that there is none; anything else is no answer about the log", async () => {
  answer(() => new Response("", { status: 404 }));
  assert.equal(await fetcher().file(tile("tile/0/000")), undefined);
  for (const [status, tries] of [
    [403, 1],
    [410, 1],
    [500, 3],
    [429, 3],
  ] as const) {
    const asked = answer(() => new Response("", { status }));
    await assert.rejects(
      fetcher().file(tile("tile/0/000")),
      (error) => error instanceof Unreachable && error.reason === `the server answered with HTTP ${status}`,
    );
    assert.equal(asked.length, tries, `HTTP ${status}`);
  }
});

test("403 says that there is none of what a log need not have", async () => {
  answer(() => new Response("", { status: 403 }));
  assert.equal(await fetcher().file(tile("tile/0/001.p/3")), undefined);
  await assert.rejects(fetcher().file(tile("tile/0/001")), Unreachable);
});

test("a busy server is asked again", async () => {
  answer((_, attempt) => (attempt < 3 ? new Response("", { status: 503 }) : new Response("late")));
  assert.equal((await fetcher().file(CHECKPOINT))?.length, 4);
});

test("an endless body is cut where it can no longer be what was asked for", async () => {
  let sent = 0;
  answer(
    () =>
      new Response(new ReadableStream({ pull: (controller) => (sent++, controller.enqueue(new Uint8Array(4096))) })),
  );
  const bytes = await fetcher().file(tile("tile/0/000"));
  assert.ok(bytes && bytes.length > 8192 && bytes.length <= 8192 + 4096);
  assert.ok(sent < 10, "the rest is never read");
});

test("at most twelve are under way", async () => {
  const active: ((response: Response) => void)[] = [];
  answer(() => new Promise((resolve) => active.push(resolve)));
  const files = fetcher();
  const all = Promise.all(
    Array.from({ length: 40 }, (_, at) => files.file(tile(`tile/0/${String(at).padStart(3, "0")}`))),
  );
  let most = 0;
  for (let answered = 0; answered < 40; answered++) {
    // Requests that may start have started by the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, active.length);
    active.shift()?.(new Response("x"));
  }
  await all;
  assert.equal(most, 12);
});

test("a path that leads elsewhere is not followed", async () => {
  const asked = answer(() => new Response("x"));
  for (const path of [
    "../secret",
    "/etc/passwd",
    "https://evil.example/x",
    "tile//0",
    "tile/../x",
    "a?b",
    "a#b",
    "",
    "tile/0/",
    "//evil.example/x",
    "tile/%2e%2e/x",
  ]) {
    await assert.rejects(fetcher().file(tile(path)), Unreachable, path);
  }
  assert.equal(asked.length, 0);
});

test("a newer question ends an older one's requests", async () => {
  const control = new AbortController();
  const { promise: asked, resolve: ask } = deferred();
  globalThis.fetch = (_, options) =>
    new Promise((_resolve, reject) => {
      options?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
      ask();
    });
  const under = fetcher(control.signal).file(CHECKPOINT);
  await asked;
  control.abort(new Error("superseded"));
  await assert.rejects(under, /superseded/);
});

test("a log that has grown is read again, three times at most", async () => {
  for (const [versions, status, attempts] of [
    [1, 404, 1],
    [2, 404, 2],
    [9, 404, 3],
    [1, 403, 1],
    [2, 403, 2],
    [9, 403, 3],
  ] as const) {
    let reads = 0;
    answer((path) => {
      if (path !== "checkpoint") return new Response("", { status });
      return new Response(String(Math.min(reads++, versions - 1)));
    });
    const files = fetcher();
    let tried = 0;
    const attempt = async (): Promise<boolean> => {
      tried++;
      await files.file(CHECKPOINT);
      return (await files.file(tile("tile/0/001"))) === undefined;
    };
    const outcome = files.reading(attempt, (isMissing) => isMissing);
    if (status === 404) assert.equal(await outcome, true);
    else await assert.rejects(outcome, Unreachable);
    assert.equal(tried, attempts, `${versions} checkpoints, HTTP ${status}`);
  }
});

test("a log is not read again after an answer, or after a failure of another kind", async () => {
  for (const status of [200, 500]) {
    let reads = 0;
    answer((path) => (path === "checkpoint" ? new Response(String(reads++)) : new Response("", { status })));
    const files = fetcher();
    let tried = 0;
    const attempt = async (): Promise<boolean> => {
      tried++;
      await files.file(CHECKPOINT);
      return (await files.file(tile("tile/0/001"))) === undefined;
    };
    await files
      .reading(attempt, (isMissing) => isMissing)
      .catch((error: unknown) => assert.ok(error instanceof Unreachable));
    assert.equal(tried, 1, `HTTP ${status}`);
  }
});
