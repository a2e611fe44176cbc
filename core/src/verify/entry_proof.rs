//! One entry of a log, and which one it is that is not what the tree commits to.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::event::event::ParsedEntry;
use crate::merkle::compact::tree_root;
use crate::merkle::hash::{Hash, leaf_hash};
use crate::merkle::tree::Subtree;
use crate::report::evidence::Evidence;
use crate::tiles::entries::{EntriesError, parse_entries};
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::plan::VerifiedTiles;

/// One entry of a log, proven to be at its index.
pub(crate) struct ProvenEntry<'a> {
    pub(crate) index: u64,
    pub(crate) leaf_hash: Hash,
    pub(crate) bytes: &'a [u8],
    /// The hashes of its lookup keys.
    pub(crate) keys: Vec<Hash>,
    /// The event, if the entry is one.
    pub(crate) parsed: Option<ParsedEntry>,
}

/// An entry or a whole bundle that is not what the tree commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bundle as a whole: it does not decode, or its entries hash to something else.
    Bundle(EntryBundle, EntriesError),
    /// No tile vouches for the entry.
    Unvouched { index: u64 },
    /// One entry of it.
    Entry {
        bundle: EntryBundle,
        index: u64,
        claimed: Hash,
        computed: Hash,
    },
}

impl Fault {
    /// Finds the first entry of a faulty bundle that differs from its leaf tile, if the bundle's root in the tree
    /// vouches for that tile. `error` is what is wrong with the bundle as a whole.
    pub(crate) fn locate(
        root: Option<Hash>,
        error: EntriesError,
        bundle: EntryBundle,
        bytes: &[u8],
        tile: Option<&[u8]>,
    ) -> Self {
        let leaves = tile.and_then(|bytes| bundle.tile().parse_hashes(bytes).ok());
        let vouched = leaves.filter(|leaves| root == Some(tree_root(leaves)));
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
                format!("entries {start} to {last} differ from what the tree commits to")
            }
            Self::Bundle(bundle, error) => format!("`{}` does not decode: {error}", bundle.path()),
            Self::Unvouched { index } => format!("no tile vouches for entry {index}"),
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
            Self::Unvouched { index } => Evidence::new().with("index", *index),
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

/// One entry out of its bundle, with its leaf hash, if that is the one in the verified tiles.
pub(crate) fn prove_entry(
    tiles: &VerifiedTiles,
    bundle: EntryBundle,
    bytes: &[u8],
    index: u64,
) -> Result<(Hash, Vec<u8>), Fault> {
    let unvouched = || Fault::Unvouched { index };
    let claimed = tiles
        .hash(Subtree { level: 0, index })
        .ok_or_else(unvouched)?;
    let entries =
        parse_entries(bytes, bundle.width()).map_err(|error| Fault::Bundle(bundle, error))?;
    let at = bundle.start().and_then(|start| index.checked_sub(start));
    let at = at.and_then(|at| usize::try_from(at).ok());
    let entry = at.and_then(|at| entries.get(at)).ok_or_else(unvouched)?;
    let computed = leaf_hash(entry);
    if computed != claimed {
        return Err(Fault::Entry {
            bundle,
            index,
            claimed,
            computed,
        });
    }
    Ok((claimed, entry.to_vec()))
}
