// Rules that a list or a manifest of the index breaks although the index signed it, by the code in a check's evidence
// (docs/formats/codes.md): its signer broke them, and no server on the way.

export const SIGNED_FAULTS: Readonly<Record<string, "list" | "manifest">> = {
  "index-bucket-truncated": "list",
  "index-bucket-key-order": "list",
  "index-bucket-wrong-bucket": "list",
  "index-bucket-reserved-key": "list",
  "index-bucket-not-reserved": "list",
  "index-bucket-empty-reserved": "list",
  "index-list-order": "list",
  "index-postings-no-offset": "list",
  "index-postings-too-many": "list",
  "index-postings-length": "list",
  "index-postings-first": "list",
  "index-postings-order": "list",
  "index-postings-out-of-range": "list",
  "index-manifest-too-large": "manifest",
  "index-manifest-header": "manifest",
  "index-manifest-mapfn": "manifest",
  "index-manifest-unknown-mapfn": "manifest",
  "index-manifest-run": "manifest",
  "index-manifest-too-many-runs": "manifest",
  "index-manifest-gap": "manifest",
  "index-manifest-run-length": "manifest",
  "index-manifest-run-bits": "manifest",
  "index-manifest-coverage": "manifest",
  "index-manifest-no-checkpoint": "manifest",
};
