//! Opens the store on disk, after comparing it with the log.

use super::store::{Problem, Store};
use super::{Dedup, levels, locked, public};
use glasslog_core::merkle::{Hash, leaf_hash};
use glasslog_core::tiles::frontier;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// An opened store.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Number of its entries, a multiple of the bundle width.
    pub(crate) size: u64,
    /// The partial tiles of that size.
    pub(crate) levels: Vec<Vec<Hash>>,
    /// The key events among its entries, in order.
    pub(crate) keys: Vec<(u64, Vec<u8>)>,
}

impl Dedup {
    /// Opens the store on disk, if it exists and covers a part of this log, whose public files are durable up to
    /// `durable`; returns its size, or the reason why it is unusable.
    ///
    /// The caller checks that the compared tiles are those of the signed head.
    pub(crate) fn load(&self, durable: u64) -> Result<Option<Loaded>, Problem> {
        match self.directory.exists() {
            true => self.compare(durable).map(Some),
            false => Ok(None),
        }
    }

    fn compare(&self, durable: u64) -> Result<Loaded, Problem> {
        let broken = |problem: String| Problem::Broken(problem);
        let store = Store::open(&self.directory)?;
        let none = || broken("it is empty".into());
        let watermark = store.watermark()?.ok_or_else(none)?;
        let size = watermark.head.size;
        if watermark.origin != self.origin {
            return Err(broken("it is of another log".into()));
        }
        if size > durable {
            return Err(broken(format!(
                "it ends at size {size}, but the log is durable up to {durable}: one of them is from a backup"
            )));
        }
        let levels =
            levels(&*self.storage, size, durable).map_err(|error| broken(error.to_string()))?;
        let root = frontier(size, &levels).map(|range| range.root());
        if root != Some(watermark.head.root) {
            return Err(broken(format!("the log has another root at size {size}")));
        }
        let keys = store.keys()?;
        let entries = keys.into_iter().map(|(index, leaf)| {
            let entry =
                public::entry(&*self.storage, index).map_err(|error| broken(error.to_string()))?;
            match leaf_hash(&entry) == leaf && index < size {
                true => Ok((index, entry)),
                false => Err(broken(format!("entry {index} is not that of the log"))),
            }
        });
        let keys = entries.collect::<Result<_, _>>()?;
        locked(&self.stored).size = size;
        self.facts.store(watermark.facts, Ordering::Relaxed);
        // No other thread sets it.
        let _ = self.store.set(Arc::new(store));
        Ok(Loaded { size, levels, keys })
    }
}
