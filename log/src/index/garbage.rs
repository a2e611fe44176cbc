//! Removal of files of runs that neither the audited manifest nor one within the grace period names, and of partial files
//! of the index log whose full ones exist.
//!
//! Two ranges may have one root, and two runs one reserved bucket or one chunk of a list: a file is removed only if no
//! remaining run has it. A crash during removal leaves fewer files of a run that is still in the inventory; the next
//! collection continues.

use super::Indexer;
use super::inventory::Inventory;
use crate::directory::error::DiskError;
use crate::directory::layout::Layout;
use crate::error::LogError;
use glasslog_core::fetch::LogFile;
use glasslog_core::index::format::{
    AUDITED_PATH, INDEX_FOLDER, IndexFile, Manifest, RunHead, run_folder,
};
use glasslog_core::merkle::Hash;
use glasslog_core::note::TlogProof;
use glasslog_core::tiles::{EntryBundle, FULL_WIDTH, Tile, hashes_at};
use std::path::Path;

/// Files that one call examines, so that it is short.
const FILES_AT_ONCE: u64 = 4_096;

/// A run whose buckets are being removed, and the next of them.
#[derive(Debug)]
pub(super) struct Collecting {
    run: RunHead,
    next: u64,
}

impl Indexer {
    /// Removes files of runs that have been superseded for longer than the grace period, a few thousand at a time;
    /// returns true if there may be more. It must not run while runs are being built.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn collect(&mut self, now: u64) -> Result<bool, LogError> {
        if let Some(bucket) = self.files.bucket() {
            // The lock object does not protect against removals by a replaced writer.
            bucket.check_writer()?;
        }
        let builder = self.builder.clone();
        let mut inventory = builder.inventory();
        let mut collecting = match self.collecting.take() {
            Some(collecting) => collecting,
            None => match self.next_expired(&mut inventory, now)? {
                None => {
                    drop(inventory);
                    return self.sweep();
                }
                Some(run) => Collecting { run, next: 0 },
            },
        };
        let run = &collecting.run;
        let shared = inventory.others(run).any(|other| other.root == run.root);
        let root = run.root;
        if !shared && collecting.next < run.buckets() {
            let end = run.buckets().min(collecting.next + FILES_AT_ONCE);
            for number in collecting.next..end {
                self.remove(&IndexFile::Bucket { root, number })?;
            }
            collecting.next = end;
            if end < run.buckets() {
                self.collecting = Some(collecting);
                return Ok(true);
            }
        }
        if !shared && self.files.bucket().is_none() {
            remove_empty(&self.layout, &root)?;
            self.files.forget_run(&root);
        }
        self.remove_shareable(run, &inventory)?;
        inventory.forget(run)?;
        Ok(true)
    }

    /// Returns a run that may be removed. The grace period of a run that the audited manifest names begins again: readers
    /// that require auditors need its files, however old it is.
    fn next_expired(
        &self,
        inventory: &mut Inventory,
        now: u64,
    ) -> Result<Option<RunHead>, LogError> {
        let grace = self.schedule.grace;
        if inventory.expired(now, grace, &[]).is_none() {
            return Ok(None);
        }
        let audited = self.files.read(AUDITED_PATH)?;
        let audited = audited.and_then(|bytes| TlogProof::parse(&bytes).ok());
        let audited = audited.and_then(|proof| Manifest::parse(proof.extra()).ok());
        let named = audited.as_ref().map_or(&[][..], Manifest::runs);
        inventory.keep_named(named, now, grace)?;
        Ok(inventory.expired(now, grace, named))
    }

    /// Removes the partial tiles and bundles of the index log whose full ones are public: readers use those instead
    /// ([tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), "Partial Tiles"). Returns true if there
    /// were any.
    ///
    /// The oldest are removed first, so that after a crash the search, which begins at the newest, finds all remaining
    /// ones.
    fn sweep(&mut self) -> Result<bool, LogError> {
        let size = self.edge.size();
        let full = |level| hashes_at(level, size) / u64::from(FULL_WIDTH);
        if self.swept == Some(full(0)) {
            return Ok(false);
        }
        let mut is_any = false;
        for level in (0..).take_while(|level| full(*level) > 0) {
            let mut found = Vec::new();
            for index in (0..full(level)).rev() {
                let folders = partial_folders(level, index);
                let partials = folders.iter().map(|folder| self.partials(folder));
                let partials = partials.collect::<Result<Vec<_>, LogError>>()?.concat();
                if partials.is_empty() {
                    break;
                }
                found.push((folders, partials));
            }
            is_any |= !found.is_empty();
            for (folders, partials) in found.into_iter().rev() {
                for path in &partials {
                    self.files.remove(path)?;
                }
                folders.iter().for_each(|folder| self.files.leave(folder));
            }
        }
        self.swept = Some(full(0));
        Ok(is_any)
    }

    /// Returns the partial files in a folder.
    fn partials(&self, folder: &str) -> Result<Vec<String>, LogError> {
        let is_partial = |path: &String| LogFile::parse(path).is_some_and(|file| file.is_partial());
        let names = self.files.list(folder)?.into_iter();
        let paths = names.map(|name| format!("{folder}/{name}"));
        Ok(paths.filter(is_partial).collect())
    }

    fn remove_shareable(&self, run: &RunHead, inventory: &Inventory) -> Result<(), LogError> {
        if let Some(hash) = run.reserved
            && inventory
                .others(run)
                .all(|other| other.reserved != Some(hash))
        {
            self.remove(&IndexFile::Reserved(hash))?;
        }
        for hash in inventory.own_lists(run)? {
            self.remove(&IndexFile::Postings(hash))?;
        }
        Ok(())
    }

    /// Removes a file, if it is there.
    fn remove(&self, file: &IndexFile) -> Result<(), LogError> {
        self.files.remove(&file.path())
    }
}

/// Returns the folders of the partial files of one tile of the index log.
fn partial_folders(level: u8, index: u64) -> Vec<String> {
    let tile = Tile::new(level, index, FULL_WIDTH).map(|tile| tile.path());
    let bundle = EntryBundle::new(index, FULL_WIDTH).filter(|_| level == 0);
    let paths = tile.into_iter().chain(bundle.map(|bundle| bundle.path()));
    paths
        .map(|path| format!("{INDEX_FOLDER}{path}.p"))
        .collect()
}

/// Removes the empty folders of a run.
fn remove_empty(layout: &Layout, root: &Hash) -> Result<(), LogError> {
    fn remove(folder: &Path) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                remove(&entry.path())?;
            }
        }
        std::fs::remove_dir(folder)
    }
    let folder = layout.public_file(&run_folder(root));
    match remove(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DiskError::new("remove", &folder, &error).into())
        }
        _ => Ok(()),
    }
}
