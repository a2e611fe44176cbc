//! Removes the files of runs that no manifest within the grace period names.
//!
//! Two ranges may have one root, and two runs one reserved bucket or one chunk of a list: a file goes only when no run
//! that stays has it. A crash in between leaves fewer files of a run that the inventory still knows; the next collection
//! goes on.

use super::Indexer;
use super::inventory::Inventory;
use super::place::run_folder;
use crate::disk::DiskError;
use crate::error::LogError;
use crate::layout::Layout;
use glasslog_core::hash::Hash;
use glasslog_core::index::file::IndexFile;
use glasslog_core::index::run::RunHead;
use std::path::Path;

/// Files that one call looks at, so that it is short.
const FILES_AT_ONCE: u64 = 4_096;

/// A run whose buckets are being removed, and the next of them.
#[derive(Debug)]
pub(super) struct Collecting {
    run: RunHead,
    next: u64,
}

impl Indexer {
    /// Removes files of runs that have been superseded for longer than the grace period, a few thousand at a time;
    /// returns whether there may be more. To be called while nothing is being made.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn collect(&mut self, now: u64) -> Result<bool, LogError> {
        if let Some(bucket) = self.place.bucket() {
            // Removing is the one thing that the lock does not fence.
            bucket.check_writer()?;
        }
        let workshop = self.workshop.clone();
        let mut inventory = workshop.inventory();
        let mut collecting = match self.collecting.take() {
            Some(collecting) => collecting,
            None => match inventory.expired(now, self.pace.grace) {
                None => return Ok(false),
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
        if !shared && self.place.bucket().is_none() {
            remove_empty(&self.layout, &root)?;
            self.place.forget_run(&root);
        }
        self.remove_shareable(run, &inventory)?;
        inventory.forget(run)?;
        Ok(true)
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
        self.place.remove(&file.path())
    }
}

/// Removes the folders of a run, which hold no file any more.
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
