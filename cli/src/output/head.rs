//! A checkpoint in the JSON results of writing verbs.

use glasslog_core::merkle::TreeHead;
use serde::Serialize;

/// A checkpoint in the results of writing verbs.
#[derive(Serialize)]
pub(crate) struct Head {
    origin: String,
    size: u64,
    root: String,
}

impl Head {
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn new(origin: &str, head: &TreeHead) -> Self {
        Self {
            origin: origin.to_owned(),
            size: head.size,
            root: head.root.to_base64(),
        }
    }
}
