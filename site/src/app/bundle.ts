// Writes an offline bundle (docs/formats/bundle.md): the question and every file that the answer took.
import { Unreachable, type FetchFile } from "./fetcher.js";

/** Largest bundle that the verifier takes, in bytes (core/src/text/limits.rs). */
export const MAX_BUNDLE = 256 << 20;

/** First line of a bundle. */
export const BUNDLE_HEADER = "glasslog-bundle/v1\n";

/** Collects the files of one verification. Nothing is trusted here: the bundle's reader verifies it. */
export class BundleWriter {
  readonly #parts: (string | Uint8Array<ArrayBuffer>)[];
  /** Paths that are in the bundle: a history may ask for a file again, a bundle holds it once. */
  readonly #paths = new Set<string>();
  #size = 0;

  constructor(artifact: string) {
    this.#parts = [BUNDLE_HEADER, `history ${artifact}\n`];
  }

  /** Fetches files as `fetchFile` does, and keeps a copy of each. */
  tee(fetchFile: FetchFile): FetchFile {
    return async (file) => {
      const { path } = file;
      const bytes = await fetchFile(file);
      if (!bytes || this.#paths.has(path)) return bytes;
      this.#paths.add(path);
      this.#size += bytes.length;
      if (this.#size > MAX_BUNDLE) throw new Unreachable(path, "the bundle would be larger than 256 MB");
      this.#parts.push(`${path} ${bytes.length}\n`, bytes.slice());
      return bytes;
    };
  }

  blob(): Blob {
    return new Blob(this.#parts, { type: "application/octet-stream" });
  }
}
