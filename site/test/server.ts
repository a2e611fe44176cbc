// A static file server on loopback, which serves files unchanged.
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Files of a log that never change under their name. */
const IMMUTABLE = /\/tile\/|\/index\/(run|reserved|postings)\//;

/** Contents of a path: bytes, nothing, or a promise that may stay open. */
export type FileOf = (path: string) => Buffer | undefined | Promise<Buffer | undefined>;

export type Host = { readonly url: string; close(): Promise<void> };

/**
 * Serves folders, by the longest prefix of the path. A function may replace a folder. With `keeps`, browsers may cache
 * files that never change under their name, as `glasslog serve` lets them.
 */
export async function serve(mounts: Readonly<Record<string, string | FileOf>>, keeps = false): Promise<Host> {
  const prefixes = Object.keys(mounts).sort((a, b) => b.length - a.length);
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname);
    const prefix = prefixes.find((candidate) => path.startsWith(candidate));
    const mount = prefix === undefined ? undefined : mounts[prefix];
    const rest = path.slice(prefix?.length ?? 0).replace(/(^|\/)$/, "$1index.html");
    const file =
      typeof mount === "function"
        ? Promise.resolve(mount(rest))
        : mount === undefined
          ? Promise.resolve(undefined)
          : readFile(join(mount, normalize(`/${rest}`))).catch(() => undefined);
    void file.then((bytes) => {
      if (!bytes) return response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
      const kept = keeps && IMMUTABLE.test(path) ? { "cache-control": "public, max-age=31536000, immutable" } : {};
      return response
        .writeHead(200, { "content-type": TYPES[extname(rest)] ?? "application/octet-stream", ...kept })
        .end(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(() => resolve()))),
  };
}
