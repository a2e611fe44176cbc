// Paths of the tests, and the server that serves them to a browser.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));
/** The package under test. */
export const packageDirectory = join(root, "wasm/pkg");
/** The package with the test-only entry points. */
export const vectorsPackage = process.env.GLASSLOG_VECTORS_PACKAGE;
/** Vectors, beside the repository. */
const vectorsDirectory = join(root, "../shared/vectors");

/** Why the vectors cannot be judged, if so. */
export const noVectors = !existsSync(vectorsDirectory)
  ? "../shared/vectors is absent"
  : !vectorsPackage
    ? "run by `cargo xtask test`"
    : false;

/** All vector files, by path. */
export function vectorFiles() {
  const paths = readdirSync(vectorsDirectory, { recursive: true }).filter((path) => path.endsWith(".json"));
  return paths.map((path) => [path, readFileSync(join(vectorsDirectory, path), "utf8")]);
}

/** Imports a module of a package by its path. */
export const load = (directory, file) => import(pathToFileURL(join(directory, file)));

const types = { ".js": "text/javascript", ".mjs": "text/javascript", "": "text/html" };

/**
 * Serves folders on loopback: `folders` maps first path segments to directories, `pages` paths to text. Resolves `posted`
 * with the first JSON that a page sends back.
 */
export async function serve(folders, pages) {
  let settle;
  const posted = new Promise((resolve) => (settle = resolve));
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (request.method === "POST") {
      const chunks = await request.setEncoding("utf8").toArray();
      settle(JSON.parse(chunks.join("")));
      return response.end();
    }
    const [, first, ...rest] = pathname.split("/");
    try {
      const body = pages[pathname] ?? readFileSync(join(folders[first], ...rest));
      response.setHeader("Content-Type", types[extname(pathname)] ?? "application/octet-stream").end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => (server.closeAllConnections(), server.close());
  return { address: `http://127.0.0.1:${server.address().port}`, posted, close };
}
