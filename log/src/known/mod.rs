//! The table of what a log holds, so that nothing gets in twice: in memory what is new, in a store on disk the rest
//! (`docs/formats/log-directory.md`, "The table of known entries"; `docs/decisions/table-of-known-entries.md`).
//!
//! ```text
//! Ledger: the newest entries ─▶ frozen batches ─▶ filter ─▶ store
//!                                    └ moved there once the public files of their entries are durable
//! ```
//! The store is a cache: it is compared with the log when it is opened and made again where it does not fit, and what it
//! says of an entry is looked up in the log before anybody hears it. Nothing waits for it to be durable.

mod batch;
mod filter;
mod public;
mod store;

use crate::error::LogError;
use crate::storage::Storage;
use filter::Filter;
use glasslog_core::edge::frontier;
use glasslog_core::event;
use glasslog_core::hash::{Hash, leaf_hash, sha256};
use glasslog_core::registration::{Binding, bindings};
use glasslog_core::tree::TreeHead;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use store::{Facts, Kind, Store, Watermark};

pub(crate) use batch::{Batch, Events};
pub(crate) use public::{leaf, levels};
pub(crate) use store::Problem;

/// Name of the store's directory in the private state.
pub(crate) const DIRECTORY: &str = "known";

/// How much of the table is kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// A log with fewer entries has no store, and fewer new ones are not added to it: reading so many from the log at
    /// opening takes less time than opening a store.
    pub least: u64,
    /// So many new entries are frozen into a batch.
    pub batch: u64,
    /// After so many look-ups in the store a filter is made of it: a writer of a few entries is done before.
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

/// Batches that are moved into the store at once: larger runs there are joined less often.
const TOGETHER: usize = 4;

/// What is in memory beside the newest entries.
#[derive(Debug, Default)]
struct Recent {
    /// Batches that are not in the store, oldest first.
    frozen: Vec<Arc<Batch>>,
    /// Of the hashes in batches and store; absent while the store is hardly asked.
    filter: Option<Filter>,
}

/// A thread that reads the store's hashes into the filter.
#[derive(Debug, Default)]
struct Filling {
    thread: Option<JoinHandle<()>>,
    has_begun: bool,
}

/// The table of one log, below the newest entries.
#[derive(Debug)]
pub(crate) struct Known {
    storage: Arc<dyn Storage>,
    directory: PathBuf,
    origin: Hash,
    pub(crate) bounds: Bounds,
    recent: RwLock<Recent>,
    store: OnceLock<Arc<Store>>,
    /// How far the store goes, while the table is in use; taken by whoever adds to it.
    stored: Mutex<Stored>,
    /// Whether the filter has all hashes of the store.
    is_complete: Arc<AtomicBool>,
    /// Facts in the store.
    facts: AtomicU64,
    /// Look-ups in the store.
    asked: AtomicU64,
    filling: Mutex<Filling>,
    stop: Arc<AtomicBool>,
    failure: Mutex<Option<LogError>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Stored {
    size: u64,
    /// Another process has the store, which cannot be in an orderly setup: everything stays in memory.
    is_elsewhere: bool,
}

/// A panic elsewhere leaves these values whole: each change is complete before anything can panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    /// An empty table, whose store will be made in `directory` when there is enough to keep.
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

    /// Takes the store on disk into use, if there is one that knows a part of this log, whose public files are durable
    /// up to `settled`; says how far it goes, or why it is of no use.
    ///
    /// Whether the tiles that it is compared with are those of the signed head is for the caller to see.
    pub(crate) fn load(&self, settled: u64) -> Result<Option<Loaded>, Problem> {
        match self.directory.exists() {
            true => self.compare(settled).map(Some),
            false => Ok(None),
        }
    }

    /// Leaves the store on disk to the process that has it.
    pub(crate) fn stay_in_memory(&self) {
        locked(&self.stored).is_elsewhere = true;
    }

    fn compare(&self, settled: u64) -> Result<Loaded, Problem> {
        let broken = |problem: String| Problem::Broken(problem);
        let store = Store::open(&self.directory)?;
        let none = || broken("it is empty".into());
        let watermark = store.watermark()?.ok_or_else(none)?;
        let size = watermark.head.size;
        if watermark.origin != self.origin {
            return Err(broken("it is of another log".into()));
        }
        if size > settled {
            return Err(broken(format!(
                "it ends at size {size}, but the log is durable up to {settled}: one of them is from a backup"
            )));
        }
        let levels =
            levels(&*self.storage, size, settled).map_err(|error| broken(error.to_string()))?;
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
                false => Err(broken(format!("entry {index} is another one in the log"))),
            }
        });
        let keys = entries.collect::<Result<_, _>>()?;
        locked(&self.stored).size = size;
        self.facts.store(watermark.facts, Ordering::Relaxed);
        // Nobody else sets it.
        let _ = self.store.set(Arc::new(store));
        Ok(Loaded { size, levels, keys })
    }

    /// Where the entry with this leaf hash stands, of those that were frozen.
    pub(crate) fn leaf(&self, hash: &Hash) -> Option<u64> {
        let in_batch = |batch: &Batch| batch.leaves.get(hash).copied();
        match self.recall(Kind::Leaf, hash, in_batch)? {
            Place::Batch(index) => Some(index),
            Place::Store(index) => self.proven(leaf(&*self.storage, index).map(|leaf| {
                let is_there = leaf == *hash;
                is_there.then_some(index)
            })),
        }
    }

    /// The first index of a payload, of those that were frozen.
    pub(crate) fn payload(&self, digest: &Hash) -> Option<u64> {
        let in_batch = |batch: &Batch| batch.events.payloads.get(digest).copied();
        match self.recall(Kind::Payload, digest, in_batch)? {
            Place::Batch(index) => Some(index),
            Place::Store(index) => self.proven(public::entry(&*self.storage, index).map(|entry| {
                let entry = event::parse(&entry).ok();
                let is_there =
                    entry.is_some_and(|entry| entry.envelope.payload_digest() == *digest);
                is_there.then_some(index)
            })),
        }
    }

    /// What the name with this SHA-256 is bound to, of those that were frozen.
    pub(crate) fn binding(&self, name: &Hash) -> Option<Binding> {
        let in_batch = |batch: &Batch| batch.events.names.get(name).cloned();
        match self.recall(Kind::Name, name, in_batch)? {
            Place::Batch(binding) => Some(binding),
            Place::Store(at) => self.proven(public::entry(&*self.storage, at).map(|entry| {
                let entry = event::parse(&entry).ok()?;
                let mut bound = bindings(&entry).into_iter();
                let found = bound.find(|(bound, _)| sha256(bound.as_bytes()) == *name);
                found.map(|(_, digests)| Binding { at, digests })
            })),
        }
    }

    fn recall<T>(
        &self,
        kind: Kind,
        hash: &Hash,
        in_batch: impl Fn(&Batch) -> Option<T>,
    ) -> Option<Place<T>> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        let is_complete = self.is_complete.load(Ordering::Acquire);
        if let Some(filter) = recent.filter.as_ref().filter(|_| is_complete)
            && !filter.may_have(hash)
        {
            return None;
        }
        if let Some(found) = recent.frozen.iter().rev().find_map(|batch| in_batch(batch)) {
            return Some(Place::Batch(found));
        }
        drop(recent);
        let store = self.store.get()?;
        if self.asked.fetch_add(1, Ordering::Relaxed) == self.bounds.patience {
            self.begin_filter(store);
        }
        let found = store.get(kind, hash).unwrap_or_else(|problem| {
            self.fail(&problem.to_string());
            None
        });
        found.map(Place::Store)
    }

    /// What the log says of a fact that the store gave; a store that is wrong about the log is not asked again.
    fn proven<T>(&self, found: Result<Option<T>, LogError>) -> Option<T> {
        match found {
            Ok(Some(found)) => Some(found),
            Ok(None) => {
                self.fail("it says of an entry what the log does not say");
                None
            }
            Err(error) => {
                locked(&self.failure).get_or_insert(error);
                None
            }
        }
    }

    fn fail(&self, problem: &str) {
        let (path, problem) = (self.directory.clone(), problem.to_owned());
        let failed = LogError::KnownEntries { path, problem };
        locked(&self.failure).get_or_insert(failed);
    }

    /// Tells whether every answer so far was a true one.
    ///
    /// # Errors
    /// The first failure; the log must then be opened again.
    pub(crate) fn check(&self) -> Result<(), LogError> {
        locked(&self.failure).clone().map_or(Ok(()), Err)
    }

    /// Takes the entries that follow those that were frozen before.
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

    /// Moves what is frozen of entries before `end` into the store, if it is enough to be worth it. The log has the
    /// public files of size `at`, which is not smaller, and they are durable.
    ///
    /// # Errors
    /// When the store cannot be written, or public files cannot be read.
    pub(crate) fn store_before(&self, end: u64, at: u64) -> Result<(), LogError> {
        let mut stored = locked(&self.stored);
        if stored.is_elsewhere {
            return Ok(());
        }
        let batches: Vec<Arc<Batch>> = {
            let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
            let done = recent.frozen.iter().take_while(|batch| batch.end <= end);
            done.cloned().collect()
        };
        let (Some(first), Some(last)) = (batches.first(), batches.last()) else {
            return Ok(());
        };
        if last.end - first.first < self.bounds.least {
            return Ok(());
        }
        for batches in batches.chunks(TOGETHER) {
            let end = batches.last().map_or(0, |batch| batch.end);
            self.store(&mut stored, batches, end, at)?;
            let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
            recent.frozen.retain(|batch| batch.end > end);
        }
        Ok(())
    }

    /// Moves batches, of which the last ends at `end`.
    fn store(
        &self,
        stored: &mut Stored,
        batches: &[Arc<Batch>],
        end: u64,
        at: u64,
    ) -> Result<(), LogError> {
        let broken = |problem: Problem| LogError::KnownEntries {
            path: self.directory.clone(),
            problem: problem.to_string(),
        };
        let store = match self.store.get() {
            Some(store) => Arc::clone(store),
            None => {
                // What is there is of no use, or `load` would have taken it.
                remove(&self.directory)
                    .map_err(|error| broken(Problem::Broken(error.to_string())))?;
                let store = Arc::new(Store::open(&self.directory).map_err(broken)?);
                Arc::clone(self.store.get_or_init(|| store))
            }
        };
        let levels = levels(&*self.storage, end, at)?;
        let not_whole = || broken(Problem::Broken(format!("size {end} has no frontier")));
        let range = frontier(end, &levels).ok_or_else(not_whole)?;
        let mut facts = Facts::default();
        for batch in batches {
            for (leaf, index) in &batch.leaves {
                facts.index(Kind::Leaf, leaf, *index);
            }
            for (payload, index) in &batch.events.payloads {
                facts.index(Kind::Payload, payload, *index);
            }
            for (name, binding) in &batch.events.names {
                facts.index(Kind::Name, name, binding.at);
            }
            for index in &batch.events.keys {
                facts.key_event(*index, leaf(&*self.storage, *index)?);
            }
        }
        let watermark = Watermark {
            head: TreeHead {
                size: end,
                root: range.root(),
            },
            facts: self.facts.load(Ordering::Relaxed) + facts.count(),
            origin: self.origin,
        };
        store.add(facts, &watermark).map_err(broken)?;
        self.facts.store(watermark.facts, Ordering::Relaxed);
        stored.size = end;
        Ok(())
    }

    /// Begins to make the filter: until it has all hashes of the store, the store itself is asked.
    fn begin_filter(&self, store: &Arc<Store>) {
        let mut filling = locked(&self.filling);
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        if filling.has_begun || recent.filter.is_some() {
            return;
        }
        filling.has_begun = true;
        // What is moved into the store from here on was in a batch here, or is frozen later.
        let facts = self.facts.load(Ordering::Relaxed) as usize;
        let mut filter = Filter::new(facts + facts / 2);
        filter.reserve(facts);
        recent
            .frozen
            .iter()
            .for_each(|batch| add_all(&mut filter, batch));
        let Some(layer) = filter.first() else { return };
        recent.filter = Some(filter);
        let (store, stop) = (Arc::clone(store), Arc::clone(&self.stop));
        let is_complete = Arc::clone(&self.is_complete);
        let thread = thread::Builder::new().name("filter".into());
        // Without a thread or with a store that cannot be read the filter stays incomplete, and the store is asked.
        filling.thread = thread
            .spawn(move || {
                if store.fill(&layer, &stop) == Ok(true) {
                    is_complete.store(true, Ordering::Release);
                }
            })
            .ok();
    }

    /// Up to which size the store knows the log, and bytes of memory that the filter takes.
    pub(crate) fn extent(&self) -> (u64, usize) {
        let size = locked(&self.stored).size;
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        (size, recent.filter.as_ref().map_or(0, Filter::bytes))
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = locked(&self.filling).thread.take() {
            let _ = thread.join();
        }
        let is_wrong = matches!(*locked(&self.failure), Some(LogError::KnownEntries { .. }));
        if is_wrong && let Some(store) = self.store.take() {
            drop(store);
            // The next writer makes it again; if it is still there then, it is compared with the log again.
            let _ = remove(&self.directory);
        }
    }
}

/// Where something was found.
enum Place<T> {
    Batch(T),
    Store(u64),
}

/// A store that is in use.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Its entries, a whole number of bundles.
    pub(crate) size: u64,
    /// The partial tiles of that size.
    pub(crate) levels: Vec<Vec<Hash>>,
    /// The events about keys among its entries, in order.
    pub(crate) keys: Vec<(u64, Vec<u8>)>,
}

fn add_all(filter: &mut Filter, batch: &Batch) {
    batch.leaves.keys().for_each(|hash| filter.add(hash));
    batch
        .events
        .payloads
        .keys()
        .for_each(|hash| filter.add(hash));
    batch.events.names.keys().for_each(|hash| filter.add(hash));
}

fn remove(directory: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
