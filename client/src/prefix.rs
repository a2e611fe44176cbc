//! The beginning of a tree: the root that a log had at an older size, by the tiles under a newer head
//! ([RFC 6962 §2.1.2](https://www.rfc-editor.org/rfc/rfc6962#section-2.1.2)).

use std::collections::BTreeMap;

use glasslog_core::fetch::LogFile;
use glasslog_core::merkle::{ConsistencyProof, Hash, TreeHead, empty_root};
use glasslog_core::tiles::{ConsistencyPlan, Tile, TileError};

use crate::error::Error;
use crate::source::{Source, read_file};

/// The reason why the beginning of a tree is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// A tile could not be read.
    #[error(transparent)]
    Source(#[from] Error),
    /// A tile is missing or false.
    #[error(transparent)]
    Tile(#[from] TileError),
}

/// Computes the root that the tree of `head` has at an older size, and the proof of it. `file` names its tiles.
///
/// # Errors
/// A tile cannot be read, is missing, or is not the one that the head commits to.
pub fn prefix(
    source: &dyn Source,
    file: fn(Tile) -> LogFile,
    size: u64,
    head: TreeHead,
) -> Result<(Hash, ConsistencyProof), PrefixError> {
    // Every tree extends the empty tree and itself, without a proof.
    let trivial = match size {
        0 => Some(empty_root()),
        size if size == head.size => Some(head.root),
        _ => None,
    };
    if let Some(root) = trivial {
        let proof = ConsistencyProof::from_hashes(Vec::new());
        return Ok((root, proof.map_err(TileError::from)?));
    }
    let plan = ConsistencyPlan::new(size, head)?;
    let mut files = BTreeMap::new();
    for tile in plan.tiles() {
        if let Some(bytes) = read_file(source, &file(*tile))? {
            files.insert(*tile, bytes);
        }
    }
    let (prefix, proof) = plan.finish(&files)?;
    Ok((prefix.root, proof))
}
