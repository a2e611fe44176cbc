//! Formats of the index's files (`docs/formats/index.md`).

pub(crate) mod bucket;
pub(crate) mod file;
pub(crate) mod manifest;
pub(crate) mod map;
pub(crate) mod postings;
pub(crate) mod run_head;

pub use bucket::{Bucket, BucketError, Postings, bucket_leaf, open_file};
pub use file::{
    AUDITED_PATH, INDEX_CHECKPOINT_PATH, INDEX_FOLDER, IndexFile, LATEST_PATH, run_folder,
};
pub use manifest::{Manifest, ManifestError, encode_run, parse_run};
pub use map::MapFunction;
pub use postings::{CHUNK, PostingsError, chunk_leaf, encode_chunks, parse_chunk, parse_leaves};
pub use run_head::{BucketName, RunHead};
