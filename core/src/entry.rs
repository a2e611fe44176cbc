//! One entry of a log, and which one it is that is not what the tree commits to.

use alloc::format;
use alloc::string::String;

use crate::entries::{EntriesError, parse_entries};
use crate::event::ParsedEntry;
use crate::hash::{Hash, leaf_hash, tree_root};
use crate::report::Evidence;
use crate::tile::EntryBundle;
use crate::trunk::TrunkPlan;

/// One entry of a log, proven to be at its index.
pub(crate) struct LogEntry {
    pub(crate) index: u64,
    pub(crate) leaf_hash: Hash,
    /// What it says, where it is an event.
    pub(crate) parsed: Option<ParsedEntry>,
}

/// An entry or a whole bundle that is not what the tree commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bundle as a whole: it does not decode, or its entries hash to something else.
    Bundle(EntryBundle, EntriesError),
    /// One entry of it.
    Entry {
        bundle: EntryBundle,
        index: u64,
        claimed: Hash,
        computed: Hash,
    },
}

impl Fault {
    /// Finds the first entry of a faulty bundle that differs from its leaf tile, if the tree vouches for that tile.
    pub(crate) fn locate(
        trunk: &TrunkPlan,
        bundle: EntryBundle,
        bytes: &[u8],
        tile: Option<&[u8]>,
    ) -> Self {
        let error = match trunk.verify_bundle(bundle, bytes) {
            Err(error) => error,
            Ok(_) => EntriesError::OutsideTree {
                bundle,
                size: trunk.head().size,
            },
        };
        let leaves = tile.and_then(|bytes| bundle.tile().parse_hashes(bytes).ok());
        let vouched =
            leaves.filter(|leaves| trunk.bundle_root(bundle.index()) == Some(tree_root(leaves)));
        let entries = parse_entries(bytes, bundle.width());
        let (Some(leaves), Ok(entries), Some(start)) = (vouched, entries, bundle.start()) else {
            return Self::Bundle(bundle, error);
        };
        let computed = entries.iter().map(|entry| leaf_hash(entry));
        let differs = leaves
            .into_iter()
            .zip(computed)
            .zip(start..)
            .find(|((claimed, computed), _)| claimed != computed);
        match differs {
            Some(((claimed, computed), index)) => Self::Entry {
                bundle,
                index,
                claimed,
                computed,
            },
            None => Self::Bundle(bundle, error),
        }
    }

    /// One sentence.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Bundle(bundle, EntriesError::Mismatch { .. }) => {
                let start = bundle.start().unwrap_or(u64::MAX);
                let last = start.saturating_add(u64::from(bundle.width()) - 1);
                format!("entries {start} to {last} are not what the tree commits to")
            }
            Self::Bundle(bundle, error) => format!("`{}` does not decode: {error}", bundle.path()),
            Self::Entry { index, .. } => {
                format!(
                    "entry {index} was altered or damaged: its hash is not the one that the tree commits to"
                )
            }
        }
    }

    /// Path, index and hashes.
    pub(crate) fn evidence(&self) -> Evidence {
        match self {
            Self::Bundle(
                bundle,
                EntriesError::Mismatch {
                    claimed, computed, ..
                },
            ) => Evidence::new()
                .with("path", bundle.path())
                .with("claimed", *claimed)
                .with("computed", *computed),
            Self::Bundle(bundle, error) => Evidence::new()
                .with("path", bundle.path())
                .with("error", error.code()),
            Self::Entry {
                bundle,
                index,
                claimed,
                computed,
            } => Evidence::new()
                .with("path", bundle.path())
                .with("index", *index)
                .with("claimed", *claimed)
                .with("computed", *computed),
        }
    }
}
