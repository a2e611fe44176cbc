//! One entry bundle of an audit: compared with the tree and its leaf tile, and read. Any number at a time, in any
//! order.

use core::sync::atomic::{AtomicBool, Ordering};

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::event::event::{self, ParsedEntry};
use crate::index::format::map::MapFunction;
use crate::merkle::hash::Hash;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::evidence::Evidence;
use crate::report::words::TREE_FOLDS;
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::scan_tiles::ScanTiles;
use crate::tiles::tile::Tile;
use crate::verify::checkpoint_checks::missing;
use crate::verify::entry_proof::Fault;

/// Compares bundles with a tree whose tiles are checked; cheap to clone, so that each thread has its own.
#[derive(Clone)]
pub struct BundleReader {
    scan_tiles: Arc<ScanTiles>,
    /// The key function of the log's index, if that is audited too.
    map: Option<MapFunction>,
    without_events: Arc<AtomicBool>,
}

/// A bundle that was compared and read, or why not.
pub struct CheckedBundle {
    pub(crate) bundle: EntryBundle,
    /// Its hash in the tree.
    pub(crate) root: Option<Hash>,
    pub(crate) leaves: Vec<Hash>,
    /// The events; none of a log that has no genesis, and so says nothing that can be judged.
    pub(crate) events: Vec<Option<ParsedEntry>>,
    /// Under which keys the index must list the entries, and where those of each end.
    keys: Vec<Hash>,
    ends: Vec<usize>,
    pub(crate) fault: Option<BundleFault>,
    /// True if there was a leaf tile to compare.
    pub(crate) has_tile: bool,
}

/// Why a bundle says nothing.
pub(crate) enum BundleFault {
    /// A file is missing.
    Missing(String),
    /// The bundle does not hold what the tree commits to.
    Entries(Fault),
    /// The leaf tile is not what the entries hash to.
    Tile(Tile),
}

impl BundleReader {
    /// `without_events` is set once the log is known to have no genesis: the contents of its entries are then not
    /// judged.
    pub(crate) const fn new(
        scan_tiles: Arc<ScanTiles>,
        map: Option<MapFunction>,
        without_events: Arc<AtomicBool>,
    ) -> Self {
        Self {
            scan_tiles,
            map,
            without_events,
        }
    }

    /// Full bundles of the log; what comes after them is read in the usual way.
    #[must_use]
    pub fn full_bundles(&self) -> u64 {
        self.scan_tiles.head().size / u64::from(crate::tiles::width::FULL_WIDTH)
    }

    /// The bundle of this number, and its leaf tile, unless that is among the checked tiles.
    #[must_use]
    pub fn files(&self, number: u64) -> Option<(EntryBundle, Option<Tile>)> {
        let start = number.checked_mul(u64::from(crate::tiles::width::FULL_WIDTH))?;
        let bundle = EntryBundle::containing(start, self.scan_tiles.head().size)?;
        Some((bundle, bundle.is_full().then(|| bundle.tile())))
    }

    /// Compares a bundle with the tree, and its leaf tile with the bundle; `None` is a missing file.
    #[must_use]
    pub fn check(
        &self,
        bundle: EntryBundle,
        bytes: Option<&[u8]>,
        tile: Option<&[u8]>,
    ) -> CheckedBundle {
        let mut checked = CheckedBundle {
            bundle,
            root: None,
            leaves: Vec::new(),
            events: Vec::new(),
            keys: Vec::new(),
            ends: Vec::new(),
            fault: None,
            has_tile: bundle.is_full(),
        };
        let Some(bytes) = bytes else {
            checked.fault = Some(BundleFault::Missing(bundle.path()));
            return checked;
        };
        let verified = match self.scan_tiles.verify_bundle(bundle, bytes) {
            Ok(verified) => verified,
            Err(error) => {
                let root = self.scan_tiles.bundle_root(bundle.index());
                let fault = Fault::locate(root, error, bundle, bytes, tile);
                checked.fault = Some(BundleFault::Entries(fault));
                return checked;
            }
        };
        if bundle.is_full() {
            match tile {
                None => checked.fault = Some(BundleFault::Missing(bundle.tile().path())),
                Some(tile) if !is_tile(tile, verified.leaves()) => {
                    checked.fault = Some(BundleFault::Tile(bundle.tile()));
                }
                Some(_) => {}
            }
        }
        checked.root = self.scan_tiles.bundle_root(bundle.index());
        let (entries, leaves) = verified.into_parts();
        self.read(&entries, &leaves, &mut checked);
        checked.leaves = leaves;
        checked
    }

    fn read(&self, entries: &[&[u8]], leaves: &[Hash], checked: &mut CheckedBundle) {
        let is_judged = !self.without_events.load(Ordering::Relaxed);
        for (entry, leaf) in entries.iter().zip(leaves) {
            let is_indexed = self.map == Some(MapFunction::AccessV2);
            let read = (is_judged || is_indexed).then(|| event::read(entry));
            let (mut keys, parsed) = read.unwrap_or_default();
            match self.map {
                None => {}
                Some(MapFunction::AccessV2) => checked.keys.append(&mut keys),
                // The key of an entry is its leaf hash.
                Some(MapFunction::LeafV1) => checked.keys.push(*leaf),
            }
            if self.map.is_some() {
                checked.ends.push(checked.keys.len());
            }
            if is_judged {
                checked.events.push(parsed);
            }
        }
    }
}

/// Returns true if these are the bytes of the tile with these hashes.
fn is_tile(bytes: &[u8], hashes: &[Hash]) -> bool {
    let (found, rest) = bytes.as_chunks::<32>();
    rest.is_empty()
        && found.len() == hashes.len()
        && found
            .iter()
            .zip(hashes)
            .all(|(found, hash)| found == hash.as_bytes())
}

impl CheckedBundle {
    /// The bundle.
    #[must_use]
    pub const fn bundle(&self) -> EntryBundle {
        self.bundle
    }

    /// Returns true if the tree commits to it and to its leaf tile.
    #[must_use]
    pub const fn is_right(&self) -> bool {
        self.fault.is_none()
    }

    /// The keys of each entry, in log order, under which the index must list it; none where no index is audited.
    pub fn keys(&self) -> impl Iterator<Item = &[Hash]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let ranges = starts.zip(self.ends.iter().copied());
        ranges.map(|(start, end)| self.keys.get(start..end).unwrap_or_default())
    }
}

impl BundleFault {
    /// Records why the audit cannot continue.
    pub(crate) fn record(self, checks: &mut Checks) {
        match self {
            Self::Missing(path) => missing(checks, &path),
            Self::Entries(fault) => {
                checks.pass(CheckCode::Tree, TREE_FOLDS, None);
                let evidence = Some(fault.evidence());
                checks.fail(CheckCode::Entries, Class::False, fault.detail(), evidence);
            }
            Self::Tile(tile) => {
                let evidence = Evidence::new().with("path", tile.path());
                let detail = format!("`{}` differs from the hashes of the entries", tile.path());
                checks.fail(CheckCode::Tree, Class::False, detail, Some(evidence));
            }
        }
    }
}
