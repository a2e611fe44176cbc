//! The head of a log as a report shows it.

use alloc::string::{String, ToString};

use serde::Serialize;

use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;

/// The checkpoint that the verdict is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CheckpointSummary {
    /// The log's origin line.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root hash, base64.
    pub root: Hash,
}

impl CheckpointSummary {
    pub(crate) fn new(origin: &str, head: &TreeHead) -> Self {
        Self {
            origin: origin.to_string(),
            size: head.size,
            root: head.root,
        }
    }
}
