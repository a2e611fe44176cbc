//! Formats of the objects that the writers of a log in a bucket share (`docs/formats/object-store.md`). The protocol
//! over them is `glasslog_log::object_store::protocol`.

mod batch;
mod lock;

pub use batch::{decode_batch, encode_batch, payload};
pub use lock::{Batch, Holder, Lock, LockError, MAX_BATCHES, Manifest};

/// Folder of staged batches.
pub const STAGED: &str = "private/staged/";
/// Folder of decided manifests.
pub const MANIFEST: &str = "private/manifest/";
