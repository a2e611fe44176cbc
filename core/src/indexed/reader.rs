//! Reads single entries of a log, each vouched for by the tree, with as few files as they need (tlog-tiles).
//!
//! The positions come first, then entries in bounded batches: a few entry bundles, and the tiles above them that are not
//! there yet. What is in the same bundle is read once.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::entries::EntriesError;
use crate::entry::Fault;
use crate::fetch::{self, Resource, Wave};
use crate::hash::Hash;
use crate::limits::MAX_IN_FLIGHT;
use crate::scan::ScanStep;
use crate::sparse_trunk::SparseTrunk;
use crate::tile::EntryBundle;
use crate::tree::TreeHead;

/// A reading under way.
pub(crate) struct Reader {
    trunk: SparseTrunk,
    /// Positions to read, in order.
    wanted: Vec<u64>,
    /// How many of them were.
    read: usize,
    /// The bundles of the batch that is under way.
    batch: Vec<EntryBundle>,
    wave: Wave,
    /// A bundle differs; its leaf tile will tell which entry.
    locate: Option<(EntryBundle, Vec<u8>, EntriesError)>,
}

impl Reader {
    pub(crate) fn new(trunk: SparseTrunk) -> Self {
        Self {
            trunk,
            wanted: Vec::new(),
            read: 0,
            batch: Vec::new(),
            wave: Wave::default(),
            locate: None,
        }
    }

    pub(crate) const fn head(&self) -> TreeHead {
        self.trunk.head()
    }

    /// How many positions were read, and how many are to be.
    pub(crate) fn progress(&self) -> (u64, u64) {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        (count(self.read), count(self.wanted.len()))
    }

    /// Starts to read the entries at these positions, which are in order; what is past the end of the log is left out.
    /// `true` where there are some.
    pub(crate) fn start(&mut self, positions: Vec<u64>) -> bool {
        self.wanted = positions;
        self.read = 0;
        self.advance();
        !self.batch.is_empty()
    }

    pub(crate) fn needs(&self) -> Vec<String> {
        self.wave.needs()
    }

    /// Takes one file in, and shows each wanted entry that it proves to `visit`, in log order.
    pub(crate) fn supply(
        &mut self,
        path: &str,
        bytes: Option<Vec<u8>>,
        visit: &mut dyn FnMut(u64, Hash, &[u8]),
    ) -> ScanStep {
        if !self.wave.supply(path, bytes) {
            return ScanStep::More;
        }
        let missing = self.wave.missing().map(ToString::to_string);
        let mut files = self.wave.take();
        if let Some((bundle, bytes, error)) = self.locate.take() {
            let root = self.trunk.bundle_root(bundle);
            let tile = files.into_values().next();
            let fault = Fault::locate(root, error, bundle, &bytes, tile.as_deref());
            return ScanStep::Entries(fault);
        }
        if let Some(path) = missing {
            return ScanStep::Missing(path);
        }
        let bundles = core::mem::take(&mut self.batch);
        let mut contents = Vec::with_capacity(bundles.len());
        for bundle in &bundles {
            contents.push(files.remove(&Resource::Bundle(*bundle)).unwrap_or_default());
        }
        if let Err(error) = self.trunk.supply(&fetch::tiles(files)) {
            return ScanStep::Tree(error);
        }
        for (bundle, bytes) in bundles.into_iter().zip(contents) {
            let entries = match self.trunk.verify_bundle(bundle, &bytes) {
                Ok(entries) => entries,
                Err(error) => {
                    self.wave = Wave::of([Resource::Tile(bundle.tile())]);
                    self.locate = Some((bundle, bytes, error));
                    return ScanStep::More;
                }
            };
            for (index, leaf_hash, entry) in entries.iter() {
                if self.wanted.get(self.read) == Some(&index) {
                    self.read += 1;
                    visit(index, leaf_hash, entry);
                }
            }
        }
        self.advance();
        if self.batch.is_empty() {
            ScanStep::Done
        } else {
            ScanStep::More
        }
    }

    /// Asks for the next files.
    fn advance(&mut self) {
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
        let tiles = self.trunk.tiles_for(&self.batch);
        let bundles = self.batch.iter().copied().map(Resource::Bundle);
        // An empty batch wants nothing, not even the edge.
        let tiles = tiles
            .into_iter()
            .filter(|_| !self.batch.is_empty())
            .map(Resource::Tile);
        self.wave = Wave::of(tiles.chain(bundles));
    }
}
