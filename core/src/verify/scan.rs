//! Reads every entry of a log in order, each vouched for by the tree, and replays the keys (tlog-tiles;
//! `docs/formats/events.md`).
//!
//! The tiles above the bundles are checked against the root first. From then on each entry bundle is checked on
//! arrival, so that the first damaged one is named at once.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::fetch::wave::{self, Wave};
use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::evidence::Evidence;
use crate::report::words::TREE_FOLDS;
use crate::text::limits::MAX_IN_FLIGHT;
use crate::tiles::entries::EntriesError;
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::scan_tiles::ScanTiles;
use crate::tiles::tile::{Tile, TileError};
use crate::verify::entry_proof::{Fault, ProvenEntry};
use crate::verify::key_history::KeyHistory;

/// Result of a step of a scan.
pub(crate) enum ScanStep {
    /// More files are needed.
    More,
    /// Every entry was read.
    Done,
    /// The entry bundles have more bytes than the limit allows.
    TooLarge,
    /// A file is missing.
    Missing(String),
    /// The tiles do not fold to the root.
    Tree(TileError),
    /// A bundle does not hold what the tree commits to.
    Entries(Fault),
}

impl ScanStep {
    /// Records why a scan cannot continue.
    pub(crate) fn record(self, checks: &mut Checks) {
        match self {
            Self::More | Self::Done | Self::TooLarge => {}
            Self::Missing(path) => crate::verify::checkpoint_checks::missing(checks, &path),
            Self::Tree(error) => {
                let path = error.tile().map(Tile::path);
                let evidence = path.map(|path| Evidence::new().with("path", path));
                checks.fail(CheckCode::Tree, Class::False, error.to_string(), evidence);
            }
            Self::Entries(fault) => {
                checks.pass(CheckCode::Tree, TREE_FOLDS, None);
                checks.fail(
                    CheckCode::Entries,
                    Class::False,
                    fault.detail(),
                    Some(fault.evidence()),
                );
            }
        }
    }
}

/// A scan under way.
pub(crate) struct Scan {
    scan_tiles: ScanTiles,
    stage: Stage,
    wave: Wave,
    key_history: KeyHistory,
    read: u64,
    /// Bytes of entry bundles that may still be read.
    left: u64,
}

enum Stage {
    Tiles,
    /// From this entry on no bundle was asked for yet.
    Bundles(u64),
    /// A bundle differs; its leaf tile will tell which entry.
    Locate(EntryBundle, Vec<u8>, EntriesError),
    Done,
}

impl Scan {
    /// Starts to read a log up to `head`, at most `limit` bytes of entry bundles. Fails for an empty log whose root is not
    /// that of an empty log.
    pub(crate) fn new(
        origin: &str,
        head: TreeHead,
        pin: Option<Hash>,
        limit: u64,
    ) -> Result<Self, TileError> {
        let scan_tiles = ScanTiles::new(head)?;
        let mut scan = Self {
            scan_tiles,
            stage: Stage::Tiles,
            wave: Wave::default(),
            key_history: KeyHistory::new(origin, pin),
            read: 0,
            left: limit,
        };
        scan.advance();
        Ok(scan)
    }

    pub(crate) fn needs(&self) -> Vec<String> {
        self.wave.needs()
    }

    /// Entries read so far.
    pub(crate) const fn read(&self) -> u64 {
        self.read
    }

    /// Entries of the log.
    pub(crate) const fn size(&self) -> u64 {
        self.scan_tiles.head().size
    }

    /// Returns true if every entry was read.
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    pub(crate) const fn key_history(&self) -> &KeyHistory {
        &self.key_history
    }

    /// As [`key_history`](Self::key_history), to count entries that the caller has judged.
    pub(crate) const fn key_history_mut(&mut self) -> &mut KeyHistory {
        &mut self.key_history
    }

    /// The tiles that vouch for the bundles.
    pub(crate) const fn tiles(&self) -> &ScanTiles {
        &self.scan_tiles
    }

    /// Takes one file in, and shows each entry that it proves to `visit`, in log order.
    pub(crate) fn supply(
        &mut self,
        path: &str,
        bytes: Option<Vec<u8>>,
        visit: &mut dyn FnMut(&ProvenEntry<'_>, &KeyHistory),
    ) -> ScanStep {
        if !self.wave.supply(path, bytes) {
            return ScanStep::More;
        }
        let missing = self.wave.missing().map(ToString::to_string);
        let files = self.wave.take();
        match &self.stage {
            Stage::Locate(bundle, bytes, error) => {
                let root = self.scan_tiles.bundle_root(bundle.index());
                let tile = files.into_values().next();
                let error = error.clone();
                let fault = Fault::locate(root, error, *bundle, bytes, tile.as_deref());
                return ScanStep::Entries(fault);
            }
            Stage::Tiles => {
                for (tile, bytes) in wave::tiles(files) {
                    if let Err(error) = self.scan_tiles.supply(&tile, &bytes) {
                        return ScanStep::Tree(error);
                    }
                }
            }
            Stage::Bundles(_) => {
                // Files sort as in the log, so keys are replayed in order. Past a missing bundle they are only compared with
                // the tree.
                for (file, bytes) in files {
                    let LogFile::Bundle(bundle) = file else {
                        continue;
                    };
                    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                    let left = self.left.checked_sub(length);
                    match self.scan_tiles.verify_bundle(bundle, &bytes) {
                        Ok(_) if bundle.start() != Some(self.read) => {}
                        Ok(_) if left.is_none() => return ScanStep::TooLarge,
                        Ok(entries) => {
                            self.left = left.unwrap_or(0);
                            for (index, leaf_hash, bytes) in entries.iter() {
                                let entry = self.key_history.absorb(index, leaf_hash, bytes);
                                visit(&entry, &self.key_history);
                                self.read += 1;
                            }
                        }
                        Err(error) => {
                            self.wave = Wave::of([LogFile::Tile(bundle.tile())]);
                            self.stage = Stage::Locate(bundle, bytes, error);
                            return ScanStep::More;
                        }
                    }
                }
            }
            Stage::Done => return ScanStep::Done,
        }
        if let Some(path) = missing {
            return ScanStep::Missing(path);
        }
        self.advance();
        if self.is_done() {
            ScanStep::Done
        } else {
            ScanStep::More
        }
    }

    /// Asks for the next files.
    fn advance(&mut self) {
        if matches!(self.stage, Stage::Tiles) {
            let tiles = self.scan_tiles.next_tiles(MAX_IN_FLIGHT);
            if !tiles.is_empty() {
                self.wave = Wave::of(tiles.into_iter().map(LogFile::Tile));
                return;
            }
            self.stage = Stage::Bundles(0);
        }
        let Stage::Bundles(mut from) = self.stage else {
            return;
        };
        let mut batch = Vec::new();
        while batch.len() < MAX_IN_FLIGHT
            && let Some(bundle) = EntryBundle::containing(from, self.size())
        {
            from = from.saturating_add(u64::from(bundle.width()));
            batch.push(LogFile::Bundle(bundle));
        }
        self.stage = if batch.is_empty() {
            Stage::Done
        } else {
            Stage::Bundles(from)
        };
        self.wave = Wave::of(batch);
    }
}
