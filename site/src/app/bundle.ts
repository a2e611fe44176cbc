// Writes an offline bundle (docs/formats/bundle.md): the question and every file that answering it took.
import { Unreachable, type FetchFile } from "./fetcher.js";

/** Largest bundle there may be (core/src/limits.rs). */
export const MAX_BUNDLE = 256 << 20;

/** First line of a bundle. */
export const BUNDLE_HEADER = "glasslog-bundle/v1\n";

/** Collects files as a verification is fed with them. Nothing is trusted here: whoever reads the bundle verifies it. */
export class BundleWriter {
  readonly #parts: (string | Uint8Array<ArrayBuffer>)[];
  /** A history may ask for a file again; a bundle holds it once. */
  readonly #paths = new Set<string>();
  #size = 0;

  constructor(artifact: string) {
    this.#parts = [BUNDLE_HEADER, `history ${artifact}\n`];
  }

  /** Brings files as `fetchFile` does, and keeps a copy of each. */
  tee(fetchFile: FetchFile): FetchFile {
    return async (path) => {
      const bytes = await fetchFile(path);
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
