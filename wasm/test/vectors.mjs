// Other people's test vectors, judged through the wasm. Runs in Node, in a page and in a worker.

/**
 * Judges vector files and returns what went otherwise than their authors say.
 *
 * `verify` is the package built with its feature `vectors`; `files` maps paths in shared/vectors to their text. A file is
 * handed on as it is: its 64-bit numbers would not survive JSON.parse, which only reads the expectation here.
 */
export function judge(verify, files) {
  const wrong = [];
  let judged = 0;
  const expect = (name, accepted, expected) => {
    judged += 1;
    if (accepted !== expected) wrong.push(`${name}: ${accepted ? "accepted" : "refused"}`);
  };
  for (const [path, text] of files) {
    if (path.startsWith("merkle/inclusion/")) {
      expect(path, verify.acceptsInclusion(text), !JSON.parse(text).wantErr);
    } else if (path.startsWith("merkle/consistency/")) {
      expect(path, verify.acceptsConsistency(text), !JSON.parse(text).wantErr);
    } else if (path === "ed25519/ed25519vectors.json") {
      for (const { number, key, sig, msg, flags } of JSON.parse(text)) {
        // Strict: whatever has an edge case is refused.
        expect(`${path} ${number}`, verify.acceptsEd25519(key, sig, msg), (flags ?? []).length === 0);
      }
    }
  }
  return { judged, wrong };
}
