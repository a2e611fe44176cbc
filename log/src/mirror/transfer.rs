//! Copies the new entries of a tree: each bundle is compared with the signed root before it is stored, and the tiles are
//! computed from the entries.

use super::copy::Copy;
use super::error::MirrorError;
use super::tree::Tree;
use glasslog_client::drive::Observer;
use glasslog_client::source::{Source, read_file};
use glasslog_core::merkle::{Hash, Subtree, TreeHead};
use glasslog_core::tiles::{
    Edge, EntryBundle, FULL_WIDTH, PublicFile, ScanTiles, Tile, TilePlan, hashes_at, parse_entries,
};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Bundles that each thread may read ahead of the next one to store.
const AHEAD: u64 = 4;
/// Tiles of the walk from the root that are requested at a time.
const TILES_AT_ONCE: usize = 256;
/// Files and bytes that are stored at a time: enough that syncing them costs little, few enough to hold in memory.
const BATCH_FILES: usize = 512;
const BATCH_BYTES: usize = 32 << 20;

/// One tree to copy up to a head.
pub(super) struct Transfer<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) more: &'a [&'a dyn Source],
    pub(super) copy: &'a Copy,
    pub(super) tree: &'a Tree,
    pub(super) head: TreeHead,
    pub(super) threads: usize,
}

/// A bundle that the signed root commits to.
struct Verified {
    bundle: EntryBundle,
    bytes: Vec<u8>,
    leaves: Vec<Hash>,
}

/// Files that are verified and not stored yet.
struct Batch<'a> {
    copy: &'a Copy,
    folder: &'static str,
    files: Vec<PublicFile>,
    bytes: usize,
}

impl Transfer<'_> {
    /// Copies the entries from `from`, the size of the copy, up to the head; the checkpoint is the caller's.
    pub(super) fn run(&self, from: u64, observer: &dyn Observer) -> Result<(), MirrorError> {
        if from == self.head.size {
            return Ok(());
        }
        let first = from / u64::from(FULL_WIDTH);
        let mut edge = self.edge(first * u64::from(FULL_WIDTH))?;
        let scan = self.scan(first)?;
        let mut batch = Batch {
            copy: self.copy,
            folder: self.tree.folder,
            files: Vec::new(),
            bytes: 0,
        };
        self.bundles(first, &scan, |verified| {
            let entries = parse_entries(&verified.bytes, verified.bundle.width());
            let entries = entries.map_err(|error| self.false_bundle(verified.bundle, error))?;
            for (entry, leaf) in entries.into_iter().zip(verified.leaves) {
                let appended = edge.append_hashed(entry, leaf, |file| batch.add(file));
                appended.map_err(|error| self.false_bundle(verified.bundle, error))?;
            }
            observer.progress(edge.size(), self.head.size);
            batch.store_if_large()
        })?;
        edge.partials(from)
            .into_iter()
            .for_each(|file| batch.add(file));
        if edge.head() != self.head {
            return Err(MirrorError::False {
                path: self.tree.checkpoint.path(),
                problem: "its root is not that of the entries".into(),
            });
        }
        batch.store()
    }

    /// Removes partial files of the older size whose full ones are in the copy now.
    pub(super) fn remove_superseded(&self, older: u64) -> Result<(), MirrorError> {
        for level in 0.. {
            let hashes = hashes_at(level, older);
            let Some(last) = hashes.checked_sub(1) else {
                return Ok(());
            };
            let Some(tile) = Tile::containing(level, last, older).filter(|tile| !tile.is_full())
            else {
                continue;
            };
            let full = tile.full();
            if Tile::containing(level, last, self.head.size) != Some(full) {
                continue;
            }
            self.copy.remove_partials(&(self.tree.tile)(full).path())?;
            if let (0, Some(bundle)) = (level, EntryBundle::new(full.index(), FULL_WIDTH)) {
                self.copy
                    .remove_partials(&(self.tree.bundle)(bundle).path())?;
            }
        }
        Ok(())
    }

    /// Returns the right edge of the first `size` entries, a whole number of bundles, by the tiles under the new head.
    fn edge(&self, size: u64) -> Result<Edge, MirrorError> {
        let levels = (0u8..)
            .map(|level| (level, hashes_at(level, size)))
            .take_while(|(_, hashes)| *hashes > 0);
        let partial = |(level, hashes): (u8, u64)| {
            let start = hashes - hashes % u64::from(FULL_WIDTH);
            (start..hashes).map(move |index| Subtree {
                level: level * 8,
                index,
            })
        };
        let levels: Vec<Vec<Subtree>> = levels.map(|level| partial(level).collect()).collect();
        let plan = TilePlan::new(self.head, &levels.concat())?;
        let tiles = plan.finish(&self.tree.tiles(self.source, plan.tiles())?)?;
        let hashes = |subtrees: Vec<Subtree>| {
            let hashes = subtrees.into_iter().filter_map(|it| tiles.hash(it));
            hashes.collect()
        };
        let edge = Edge::resume(size, levels.into_iter().map(hashes).collect());
        edge.map_err(|error| MirrorError::False {
            path: self.tree.checkpoint.path(),
            problem: error.to_string(),
        })
    }

    /// Reads the tiles that say which entries each bundle has, from the root down.
    fn scan(&self, first: u64) -> Result<ScanTiles, MirrorError> {
        let mut scan = ScanTiles::starting(self.head, first)?;
        loop {
            let tiles = scan.next_tiles(TILES_AT_ONCE);
            if tiles.is_empty() {
                return Ok(scan);
            }
            let mut fetches = self.source.fetches();
            let files = tiles.iter().map(|tile| (self.tree.tile)(*tile));
            files.for_each(|file| fetches.ask(file.path()));
            for tile in &tiles {
                let found = fetches.next().map_or(Ok(None), |(_, answer)| answer)?;
                // The full tile stands in for a partial one that the log has removed.
                let bytes = match found {
                    Some(bytes) => bytes,
                    None => {
                        let files = self.tree.tiles(self.source, &[*tile])?;
                        files.into_values().next().unwrap_or_default()
                    }
                };
                scan.supply(tile, &bytes)?;
            }
        }
    }

    /// Reads and compares the bundles from number `first` on with several threads, and hands them over in log order.
    fn bundles(
        &self,
        first: u64,
        scan: &ScanTiles,
        mut take: impl FnMut(Verified) -> Result<(), MirrorError>,
    ) -> Result<(), MirrorError> {
        let last = self.head.size.div_ceil(u64::from(FULL_WIDTH));
        let (jobs, queue) = channel();
        let (done, results) = channel();
        let queue = &Mutex::new(queue);
        thread::scope(move |scope| {
            for _ in 0..self.threads.max(1) {
                let done = done.clone();
                scope.spawn(move || self.work(scan, queue, &done));
            }
            // Without this sender, the results end when the threads end. The jobs end with this function.
            drop(done);
            let (jobs, mut waiting) = (jobs, BTreeMap::new());
            let (mut asked, mut next) = (first, first);
            while next < last {
                while asked < last.min(next + AHEAD * self.threads.max(1) as u64) {
                    // The threads outlive this side, so that sending does not fail.
                    let _ = jobs.send(asked);
                    asked += 1;
                }
                let Ok((number, bundle)) = results.recv() else {
                    break;
                };
                waiting.insert(number, bundle);
                while let Some(bundle) = waiting.remove(&next) {
                    take(bundle?)?;
                    next += 1;
                }
            }
            Ok(())
        })
    }

    fn work(
        &self,
        scan: &ScanTiles,
        queue: &Mutex<Receiver<u64>>,
        done: &Sender<(u64, Result<Verified, MirrorError>)>,
    ) {
        loop {
            let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(number) = job else { return };
            if done.send((number, self.bundle(scan, number))).is_err() {
                return;
            }
        }
    }

    /// Returns a bundle: from the copy, if an interrupted pass stored it, else from the log, else from elsewhere.
    fn bundle(&self, scan: &ScanTiles, number: u64) -> Result<Verified, MirrorError> {
        let start = number * u64::from(FULL_WIDTH);
        let outside = || MirrorError::Missing {
            path: self.tree.checkpoint.path(),
        };
        let bundle = EntryBundle::containing(start, self.head.size).ok_or_else(outside)?;
        let file = (self.tree.bundle)(bundle);
        let stored = self.copy.source().read(&file.path())?;
        if let Some(bytes) = stored
            && let Ok(verified) = verify(scan, bundle, bytes)
        {
            return Ok(verified);
        }
        let read = |source: &dyn Source| {
            let bytes = read_file(source, &file)?;
            let bytes = bytes.ok_or_else(|| MirrorError::Missing { path: file.path() })?;
            verify(scan, bundle, bytes).map_err(|problem| self.false_bundle(bundle, problem))
        };
        read(self.source).or_else(|problem| {
            let mut others = self.more.iter().filter_map(|source| read(*source).ok());
            others.next().ok_or(problem)
        })
    }

    fn false_bundle(&self, bundle: EntryBundle, problem: impl ToString) -> MirrorError {
        MirrorError::False {
            path: (self.tree.bundle)(bundle).path(),
            problem: problem.to_string(),
        }
    }
}

fn verify(scan: &ScanTiles, bundle: EntryBundle, bytes: Vec<u8>) -> Result<Verified, String> {
    let entries = scan.verify_bundle(bundle, &bytes);
    let leaves = entries.map(|entries| entries.leaves().to_vec());
    Ok(Verified {
        bundle,
        leaves: leaves.map_err(|error| error.to_string())?,
        bytes,
    })
}

impl Batch<'_> {
    fn add(&mut self, mut file: PublicFile) {
        file.path.insert_str(0, self.folder);
        self.bytes += file.bytes.len();
        self.files.push(file);
    }

    fn store_if_large(&mut self) -> Result<(), MirrorError> {
        match self.files.len() >= BATCH_FILES || self.bytes >= BATCH_BYTES {
            true => self.store(),
            false => Ok(()),
        }
    }

    fn store(&mut self) -> Result<(), MirrorError> {
        self.copy.add(&self.files)?;
        self.files.clear();
        self.bytes = 0;
        Ok(())
    }
}
