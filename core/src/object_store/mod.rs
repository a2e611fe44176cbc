//! What the writers of a log in a bucket leave for each other (`docs/formats/object-store.md`): formats, and nothing of
//! what may be done with them, which is `glasslog_log::object_store::protocol`.

mod batch;
mod lock;

pub use batch::{decode_batch, encode_batch, payload};
pub use lock::{Batch, Holder, Lock, LockError, MAX_BATCHES, Manifest};

/// Folder of staged batches.
pub const STAGED: &str = "private/staged/";
/// Folder of decided manifests.
pub const MANIFEST: &str = "private/manifest/";
