//! Reads single entries of a log, each vouched for by the tree, with as few files as they need (tlog-tiles).
//!
//! The positions come first, then entries in bounded batches: a few entry bundles, and the tiles above them that are not
//! there yet. What is in the same bundle is read once, in later rounds too while there is room.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::fetch::wave::{self, Wave};
use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::text::limits::MAX_IN_FLIGHT;
use crate::tiles::entries::EntriesError;
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::lookup_tiles::LookupTiles;
use crate::verify::entry_proof::Fault;
use crate::verify::scan::ScanStep;

/// Bytes of entry bundles that are kept for later rounds: some 30 of usual events.
const MAX_KEPT_BUNDLES: usize = 4 << 20;

/// Receives each wanted entry: its index, leaf hash and bytes.
type Visit<'a> = &'a mut dyn FnMut(u64, Hash, &[u8]);

/// A reading under way.
pub(crate) struct Reader {
    lookup_tiles: LookupTiles,
    /// Positions to read, in order.
    wanted: Vec<u64>,
    /// Number of them that were read.
    read: usize,
    /// The bundles of the batch that is under way.
    batch: Vec<EntryBundle>,
    wave: Wave,
    /// Bundles that are here, with their bytes: what a later round reads is mostly near, such as the enrolments near the
    /// genesis.
    kept: BTreeMap<EntryBundle, Vec<u8>>,
    kept_bytes: usize,
    /// The bundles of the batch that came.
    fetched: BTreeMap<EntryBundle, Vec<u8>>,
    /// A bundle differs; its leaf tile will tell which entry.
    locate: Option<(EntryBundle, Vec<u8>, EntriesError)>,
}

impl Reader {
    pub(crate) fn new(lookup_tiles: LookupTiles) -> Self {
        Self {
            lookup_tiles,
            wanted: Vec::new(),
            read: 0,
            batch: Vec::new(),
            wave: Wave::default(),
            kept: BTreeMap::new(),
            kept_bytes: 0,
            fetched: BTreeMap::new(),
            locate: None,
        }
    }

    pub(crate) const fn head(&self) -> TreeHead {
        self.lookup_tiles.head()
    }

    /// Number of positions read, and of positions to read.
    pub(crate) fn progress(&self) -> (u64, u64) {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        (count(self.read), count(self.wanted.len()))
    }

    /// Starts to read the entries at these positions, which are in order; what is past the end of the log is left out.
    /// Those in bundles that are still here are shown at once.
    pub(crate) fn start(&mut self, positions: Vec<u64>, visit: Visit<'_>) -> ScanStep {
        self.wanted = positions;
        self.read = 0;
        self.go_on(visit)
    }

    pub(crate) fn needs(&self) -> Vec<String> {
        self.wave.needs()
    }

    /// Takes one file in, and shows each wanted entry that it proves, in log order.
    pub(crate) fn supply(
        &mut self,
        path: &str,
        bytes: Option<Vec<u8>>,
        visit: Visit<'_>,
    ) -> ScanStep {
        if !self.wave.supply(path, bytes) {
            return ScanStep::More;
        }
        let missing = self.wave.missing().map(ToString::to_string);
        let lacks_tile = self.wave.lacks_tile();
        let mut files = self.wave.take();
        if let Some((bundle, bytes, error)) = self.locate.take() {
            let root = self.lookup_tiles.bundle_root(bundle);
            let tile = files.into_values().next();
            let fault = Fault::locate(root, error, bundle, &bytes, tile.as_deref());
            return ScanStep::Entries(fault);
        }
        if let Some(path) = missing.clone().filter(|_| lacks_tile) {
            // Without the tiles above them, bundles cannot be judged.
            return ScanStep::Missing(path);
        }
        for bundle in &self.batch {
            if let Some(bytes) = files.remove(&LogFile::Bundle(*bundle)) {
                self.fetched.insert(*bundle, bytes);
            }
        }
        if let Err(error) = self.lookup_tiles.supply(&wave::tiles(files)) {
            return ScanStep::Tree(error);
        }
        match (self.show(visit), missing) {
            (Some(step), _) => step,
            (None, Some(path)) => ScanStep::Missing(path),
            (None, None) => self.go_on(visit),
        }
    }

    /// Shows batches that are here, until one is not.
    fn go_on(&mut self, visit: Visit<'_>) -> ScanStep {
        loop {
            self.next_batch();
            if self.batch.is_empty() {
                return ScanStep::Done;
            }
            if !self.wave.needs().is_empty() {
                return ScanStep::More;
            }
            if let Some(step) = self.show(visit) {
                return step;
            }
        }
    }

    /// Leaves the positions that were not read.
    pub(crate) fn stop(&mut self) {
        self.wanted.truncate(self.read);
        self.batch = Vec::new();
        self.wave = Wave::default();
    }

    /// Verifies the bundles of the batch that are here, and shows their wanted entries. A step where one differs.
    fn show(&mut self, visit: Visit<'_>) -> Option<ScanStep> {
        for bundle in core::mem::take(&mut self.batch) {
            let was_kept = self.kept.remove(&bundle);
            let is_new = was_kept.is_none();
            let Some(bytes) = was_kept.or_else(|| self.fetched.remove(&bundle)) else {
                self.skip(bundle);
                continue;
            };
            let entries = match self.lookup_tiles.verify_bundle(bundle, &bytes) {
                Ok(entries) => entries,
                Err(error) => {
                    self.wave = Wave::of([LogFile::Tile(bundle.tile())]);
                    self.locate = Some((bundle, bytes, error));
                    return Some(ScanStep::More);
                }
            };
            for (index, leaf_hash, entry) in entries.iter() {
                if self.wanted.get(self.read) == Some(&index) {
                    self.read += 1;
                    visit(index, leaf_hash, entry);
                }
            }
            let new_bytes = if is_new { bytes.len() } else { 0 };
            if self.kept_bytes.saturating_add(new_bytes) <= MAX_KEPT_BUNDLES {
                self.kept_bytes = self.kept_bytes.saturating_add(new_bytes);
                self.kept.insert(bundle, bytes);
            }
        }
        None
    }

    /// Leaves out the wanted entries of a bundle that is missing.
    fn skip(&mut self, bundle: EntryBundle) {
        let end = bundle
            .start()
            .map(|start| start.saturating_add(u64::from(bundle.width())));
        let rest = self.wanted.get(self.read..).unwrap_or_default().iter();
        let skipped = rest.take_while(|index| end.is_some_and(|end| **index < end));
        self.read = self.read.saturating_add(skipped.count());
    }

    /// Takes up the next bundles, and asks for those that are not here and for the tiles above them.
    fn next_batch(&mut self) {
        let rest = self.wanted.get(self.read..).unwrap_or_default();
        for index in rest {
            let Some(bundle) = EntryBundle::containing(*index, self.head().size) else {
                break;
            };
            if self.batch.last() != Some(&bundle) {
                if self.batch.len() == MAX_IN_FLIGHT {
                    break;
                }
                self.batch.push(bundle);
            }
        }
        let mut files: Vec<LogFile> = Vec::new();
        if !self.batch.is_empty() {
            files.extend(
                self.lookup_tiles
                    .tiles_for(&self.batch)
                    .into_iter()
                    .map(LogFile::Tile),
            );
        }
        let missing = self
            .batch
            .iter()
            .filter(|bundle| !self.kept.contains_key(bundle));
        files.extend(missing.copied().map(LogFile::Bundle));
        self.wave = Wave::of(files);
    }
}
