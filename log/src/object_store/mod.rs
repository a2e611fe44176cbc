//! Logs in an S3-compatible bucket, written by several processes (`docs/formats/object-store.md`).

pub mod protocol;
