//! Sentences and phrases that several checks share.

use alloc::format;
use alloc::string::{String, ToString};

/// Detail of a check that the verification did not come to.
pub(crate) const NOT_REACHED: &str = "not reached";

pub(crate) const NO_FILE_MISSING: &str = "no needed file is missing";

pub(crate) const TREE_FOLDS: &str = "the hash tiles fold to the checkpoint's root";

pub(crate) const PROOF_WELL_FORMED: &str = "the proof is well formed";

pub(crate) const NO_GENESIS: &str =
    "entry 0 is not a genesis event: this log states no keys for events";

pub(crate) const NO_PINNED_GENESIS: &str =
    "the trust policy pins a genesis, but entry 0 is not a genesis event";

pub(crate) const INDEX_FILES_COMMITTED: &str =
    "the files of the index are those that the manifest commits to";

/// A missing file: a failure, never "nothing happened".
pub(crate) fn missing(path: &str) -> String {
    format!("`{path}` is missing, so its contents could not be checked")
}

/// Two checkpoints with different origins.
pub(crate) fn two_logs(old: &str, new: &str) -> String {
    format!("`{old}` and `{new}` are two logs")
}

pub(crate) fn wrong_signature(origin: &str) -> String {
    format!("the signature by the key of `{origin}` is wrong")
}

pub(crate) fn signed_by_index(origin: &str) -> String {
    format!("signed by the index `{origin}`")
}

/// `1 event`, `2 events`.
pub(crate) fn events_of(count: u64) -> String {
    match count {
        1 => "1 event".to_string(),
        count => format!("{count} events"),
    }
}

/// `1 entry`, `2 entries`.
pub(crate) fn entries(count: u64) -> String {
    if count == 1 {
        "1 entry".to_string()
    } else {
        format!("{count} entries")
    }
}
