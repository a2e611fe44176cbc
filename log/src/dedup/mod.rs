//! The table of known entries, by which a log refuses duplicates: the newest facts are in memory, the others in a store
//! on disk (`docs/formats/log-directory.md`, "The table of known entries"; `docs/decisions/table-of-known-entries.md`).
//!
//! ```text
//! Admitter: the newest entries ─▶ frozen batches ─▶ filter ─▶ store
//!                                      └ moved there once the public files of their entries are durable
//! ```
//! The store is a cache: it is compared with the log when it is opened, and rebuilt if it does not match; each of its
//! answers is verified in the log. Nothing waits for it to be durable.

mod batch;
pub(crate) mod error;
mod filling;
mod filter;
mod load;
mod lookup;
mod moving;
mod public;
mod store;

use crate::error::LogError;
use crate::storage::Storage;
use filling::{Filling, add_all};
use filter::Filter;
use glasslog_core::merkle::{Hash, sha256};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use store::Store;

pub(crate) use batch::{Batch, Events};
pub use error::DedupError;
pub(crate) use load::Loaded;
pub(crate) use public::{leaf, levels, levels_in};
pub(crate) use store::Problem;

/// Name of the store's directory in the private state.
pub(crate) const DIRECTORY: &str = "known";

/// Bounds of the part of the table in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Least number of entries in a store: reading fewer from the log at opening takes less time than opening a store.
    pub least: u64,
    /// Number of new entries that are frozen into a batch.
    pub batch: u64,
    /// Number of look-ups in the store after which its filter is built: a writer of a few entries ends before.
    pub patience: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            least: 4_096,
            batch: 1 << 17,
            patience: 4_096,
        }
    }
}

/// The facts in memory besides the newest entries.
#[derive(Debug, Default)]
struct Recent {
    /// Batches that are not in the store, oldest first.
    frozen: Vec<Arc<Batch>>,
    /// Filter of the hashes in batches and store; absent while the store has few look-ups.
    filter: Option<Filter>,
}

/// The table of one log, without the newest entries.
#[derive(Debug)]
pub(crate) struct Dedup {
    storage: Arc<dyn Storage>,
    directory: PathBuf,
    origin: Hash,
    pub(crate) bounds: Bounds,
    recent: RwLock<Recent>,
    store: OnceLock<Arc<Store>>,
    /// Progress of the store; locked while facts are added.
    stored: Mutex<Stored>,
    /// True if the filter has all hashes of the store.
    is_complete: Arc<AtomicBool>,
    /// Number of facts in the store.
    facts: AtomicU64,
    /// Number of look-ups in the store.
    asked: AtomicU64,
    filling: Mutex<Filling>,
    stop: Arc<AtomicBool>,
    failure: Mutex<Option<LogError>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Stored {
    size: u64,
    /// True if another process has the store, which does not happen in a correct setup: everything stays in memory.
    is_elsewhere: bool,
}

/// A panic in another thread leaves these values valid: each change is complete before anything can panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Dedup {
    /// Returns an empty table, whose store is created in `directory` when there are enough facts.
    pub(crate) fn new(
        storage: &Arc<dyn Storage>,
        directory: &Path,
        origin: &str,
        bounds: Bounds,
    ) -> Self {
        Self {
            storage: Arc::clone(storage),
            directory: directory.to_owned(),
            origin: sha256(origin.as_bytes()),
            bounds,
            recent: RwLock::default(),
            store: OnceLock::new(),
            stored: Mutex::default(),
            is_complete: Arc::default(),
            facts: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            filling: Mutex::default(),
            stop: Arc::default(),
            failure: Mutex::default(),
        }
    }

    /// Leaves the store on disk to the process that has it.
    pub(crate) fn stay_in_memory(&self) {
        locked(&self.stored).is_elsewhere = true;
    }

    fn fail(&self, problem: &str) {
        let (path, problem) = (self.directory.clone(), problem.to_owned());
        let failed = LogError::Dedup(DedupError { path, problem });
        locked(&self.failure).get_or_insert(failed);
    }

    /// Checks that every answer so far was correct.
    ///
    /// # Errors
    /// The first failure; the log must then be opened again.
    pub(crate) fn check(&self) -> Result<(), LogError> {
        locked(&self.failure).clone().map_or(Ok(()), Err)
    }

    /// Adds the entries that follow the frozen ones.
    pub(crate) fn freeze(&self, batch: Batch) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        let recent = &mut *recent;
        if recent.filter.is_none() && self.store.get().is_none() {
            recent.filter = Some(Filter::new(0));
            self.is_complete.store(true, Ordering::Release);
        }
        if let Some(filter) = &mut recent.filter {
            add_all(filter, &batch);
        }
        recent.frozen.push(Arc::new(batch));
    }

    /// Returns the size up to which the store covers the log, and the memory of the filter in bytes.
    pub(crate) fn extent(&self) -> (u64, usize) {
        let size = locked(&self.stored).size;
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        (size, recent.filter.as_ref().map_or(0, Filter::bytes))
    }
}

impl Drop for Dedup {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = locked(&self.filling).thread.take() {
            let _ = thread.join();
        }
        let is_wrong = matches!(
            *locked(&self.failure),
            Some(LogError::Dedup(DedupError { .. }))
        );
        if is_wrong && let Some(store) = self.store.take() {
            drop(store);
            // The next writer rebuilds it; a store that could not be removed is compared with the log again.
            let _ = moving::remove(&self.directory);
        }
    }
}
