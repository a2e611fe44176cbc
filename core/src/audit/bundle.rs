//! One entry bundle of an audit: compared with the tree and its leaf tile, and read. Any number at a time, in any order.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::entry::Fault;
use crate::event::{self, ParsedEntry};
use crate::hash::{Hash, leaf_hash};
use crate::head::missing;
use crate::index::map::MapFunction;
use crate::index_key::{LookupKey, keys_of};
use crate::report::{CheckCode, Checks, Class, Evidence};
use crate::tile::{EntryBundle, Tile, encode_hashes};
use crate::trunk::TrunkPlan;

/// Compares bundles with a tree whose trunk was checked; cheap to clone, so that each thread has its own.
#[derive(Clone)]
pub struct BundleReader {
    trunk: Arc<TrunkPlan>,
    /// The key function of the log's index, if that is audited too.
    map: Option<MapFunction>,
}

/// A bundle that was compared and read, or why not.
pub struct CheckedBundle {
    pub(crate) bundle: EntryBundle,
    pub(crate) leaves: Vec<Hash>,
    pub(crate) entries: Vec<CheckedEntry>,
    pub(crate) fault: Option<BundleFault>,
    /// Whether there was a leaf tile to compare.
    pub(crate) has_tile: bool,
}

/// An entry as its bundle has it.
pub(crate) struct CheckedEntry {
    pub(crate) parsed: Option<ParsedEntry>,
    /// Under which keys the index must list it.
    pub(crate) keys: Vec<Hash>,
}

/// Why a bundle says nothing.
pub(crate) enum BundleFault {
    /// A file could not be had.
    Missing(String),
    /// The bundle does not hold what the tree commits to.
    Entries(Fault),
    /// The leaf tile is not what the entries hash to.
    Tile(Tile),
}

impl BundleReader {
    pub(crate) const fn new(trunk: Arc<TrunkPlan>, map: Option<MapFunction>) -> Self {
        Self { trunk, map }
    }

    /// Full bundles of the log; what comes after them is read in the usual way.
    #[must_use]
    pub fn full_bundles(&self) -> u64 {
        self.trunk.head().size / u64::from(crate::tile::FULL_WIDTH)
    }

    /// The bundle of this number, and its leaf tile, unless that is part of the trunk.
    #[must_use]
    pub fn files(&self, number: u64) -> Option<(EntryBundle, Option<Tile>)> {
        let start = number.checked_mul(u64::from(crate::tile::FULL_WIDTH))?;
        let bundle = EntryBundle::containing(start, self.trunk.head().size)?;
        Some((bundle, bundle.is_full().then(|| bundle.tile())))
    }

    /// Compares a bundle with the tree, and its leaf tile with the bundle; `None` is a file that could not be had.
    #[must_use]
    pub fn check(
        &self,
        bundle: EntryBundle,
        bytes: Option<&[u8]>,
        tile: Option<&[u8]>,
    ) -> CheckedBundle {
        let mut checked = CheckedBundle {
            bundle,
            leaves: Vec::new(),
            entries: Vec::new(),
            fault: None,
            has_tile: bundle.is_full(),
        };
        let Some(bytes) = bytes else {
            checked.fault = Some(BundleFault::Missing(bundle.path()));
            return checked;
        };
        let verified = match self.trunk.verify_bundle(bundle, bytes) {
            Ok(verified) => verified,
            Err(error) => {
                let root = self.trunk.bundle_root(bundle.index());
                let fault = Fault::locate(root, error, bundle, bytes, tile);
                checked.fault = Some(BundleFault::Entries(fault));
                return checked;
            }
        };
        if bundle.is_full() {
            match tile {
                None => checked.fault = Some(BundleFault::Missing(bundle.tile().path())),
                Some(tile) if tile != encode_hashes(verified.leaves()) => {
                    checked.fault = Some(BundleFault::Tile(bundle.tile()));
                }
                Some(_) => {}
            }
        }
        checked.leaves = verified.leaves().to_vec();
        let read = |entry: &&[u8]| self.read(entry);
        checked.entries = verified.entries().iter().map(read).collect();
        checked
    }

    fn read(&self, entry: &[u8]) -> CheckedEntry {
        let parsed = event::parse(entry).ok();
        let keys: BTreeSet<Hash> = match self.map {
            None => BTreeSet::new(),
            Some(MapFunction::AccessV1) => keys_of(parsed.as_ref())
                .iter()
                .map(LookupKey::hash)
                .collect(),
            Some(MapFunction::LeafV1) => BTreeSet::from([leaf_hash(entry)]),
        };
        CheckedEntry {
            parsed,
            keys: keys.into_iter().collect(),
        }
    }
}

impl CheckedBundle {
    /// The bundle.
    #[must_use]
    pub const fn bundle(&self) -> EntryBundle {
        self.bundle
    }

    /// Whether it is what the tree commits to, and its leaf tile too.
    #[must_use]
    pub const fn is_right(&self) -> bool {
        self.fault.is_none()
    }

    /// The keys of each entry, in log order, under which the index must list it.
    pub fn keys(&self) -> impl Iterator<Item = &[Hash]> {
        self.entries.iter().map(|entry| entry.keys.as_slice())
    }
}

impl BundleFault {
    /// Writes down why the audit cannot go on.
    pub(crate) fn settle(self, checks: &mut Checks) {
        match self {
            Self::Missing(path) => missing(checks, &path),
            Self::Entries(fault) => {
                checks.pass(
                    CheckCode::Tree,
                    "the hash tiles fold to the checkpoint's root",
                    None,
                );
                let evidence = Some(fault.evidence());
                checks.fail(CheckCode::Entries, Class::False, fault.detail(), evidence);
            }
            Self::Tile(tile) => {
                let evidence = Evidence::new().with("path", tile.path());
                let detail = format!("`{}` is not what the entries hash to", tile.path());
                checks.fail(CheckCode::Tree, Class::False, detail, Some(evidence));
            }
        }
    }
}
