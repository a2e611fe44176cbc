//! The storage of a log in a bucket, for as long as this process holds the lease.
//!
//! Every change of the lock is made under one mutex, and a change without an answer is resolved before the next one:
//! the state of the last change is always known.

use super::ahead::Ahead;
use super::client::{Client, PATIENCE, Read, Remove};
use super::error::StoreError;
use super::protocol::{
    Change, Create, LOCK, Lease, Outcome, PRIVATE, PROBE, PUBLIC, Presence, Update,
};
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::storage::error::{JournalError, StorageError};
use crate::storage::{self, Staged, Storage, Version};
use crate::writer::error::HistoryError;
use glasslog_core::merkle::{TreeHead, sha256};
use glasslog_core::note::Checkpoint;
use glasslog_core::object_store::{
    Batch, Lock, MANIFEST, Manifest, STAGED, decode_batch, encode_batch,
};
use glasslog_core::tiles::PublicFile;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// Renewals of the lease within the time of a lease.
const RENEWALS: u32 = 4;
/// Age from which a probe is over.
const PROBE_LASTS: Duration = Duration::from_secs(3_600);
/// Time limit of releasing the lease: other candidates wait no longer than this without it.
const FAREWELL: Duration = Duration::from_secs(2);

/// The part of a bucket that holds a log, and the right to write it. The lease is released when the last clone is
/// dropped.
#[derive(Clone, Debug)]
pub struct Bucket {
    shared: Arc<Shared>,
    /// The renewing thread ends when this is dropped.
    _alive: Sender<()>,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    hold: Mutex<Hold>,
    /// The status of the lease, readable while a change is under way.
    pulse: Pulse,
    /// Batches that the lock does not name any more.
    done: Mutex<Vec<Batch>>,
    /// Read-ahead, while the log is opened.
    ahead: Mutex<Option<Ahead>>,
}

/// The status of the lease, readable without blocking.
#[derive(Debug)]
struct Pulse {
    began: Instant,
    /// Milliseconds from `began` to the last successful change.
    changed: AtomicU64,
    is_lost: AtomicBool,
}

impl Pulse {
    fn beat(&self) {
        let since = self.began.elapsed().as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.changed.store(since, Ordering::Relaxed);
    }

    /// Returns the time since the last successful change.
    fn silence(&self) -> Duration {
        let changed = Duration::from_millis(self.changed.load(Ordering::Relaxed));
        self.began.elapsed().saturating_sub(changed)
    }
}

#[derive(Debug)]
struct Hold {
    /// `None` after another writer took over.
    lease: Option<Lease>,
    pending: Option<Change>,
    successor: Option<String>,
}

/// A panic in another thread leaves these values valid: each change is one assignment.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bucket {
    /// Returns the storage of the process that won the lease, and renews the lease from now on.
    pub(super) fn new(client: Client, lease: Lease) -> Self {
        let every = client.lease() / RENEWALS;
        let shared = Arc::new(Shared {
            client,
            hold: Mutex::new(Hold {
                lease: Some(lease),
                pending: None,
                successor: None,
            }),
            pulse: Pulse {
                began: Instant::now(),
                changed: AtomicU64::new(0),
                is_lost: AtomicBool::new(false),
            },
            done: Mutex::default(),
            ahead: Mutex::default(),
        });
        let (alive, ended) = channel();
        let weak = Arc::downgrade(&shared);
        thread::spawn(move || {
            while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                if !renew(&weak, every) {
                    return;
                }
            }
        });
        let bucket = Self {
            shared,
            _alive: alive,
        };
        bucket.sweep();
        bucket
    }

    /// Returns true if another writer has taken over, according to the requests so far.
    pub fn is_deposed(&self) -> bool {
        self.shared.pulse.is_lost.load(Ordering::Relaxed)
    }

    /// Returns true if the store has not answered for a whole lease: another process may be the writer.
    pub fn is_doubtful(&self) -> bool {
        self.shared.pulse.silence() > self.shared.client.lease()
    }

    /// Verifies, by a change of the lock, that this process is still the writer.
    ///
    /// # Errors
    /// [`StoreError::NotWriter`], or the failure of the store.
    pub fn check_writer(&self) -> Result<(), StoreError> {
        let mut hold = locked(&self.shared.hold);
        self.shared
            .change_within(FAREWELL, &mut hold, |lease| Ok(lease.renew(None)))
    }

    /// Removes undecided objects of earlier writers, whose epochs are over, and old scratch objects.
    fn sweep(&self) {
        let Ok(lock) = self.lock() else { return };
        // Objects that cannot be listed or removed now are harmless, and the next writer removes them.
        let found = self.shared.client.list_with_ages(PRIVATE, LOCK);
        let mut named: Vec<String> = lock.staged.iter().map(Batch::key).collect();
        named.extend(lock.index.iter().map(Manifest::key));
        let is_stale = |(key, age): &(String, Duration)| {
            let name = key
                .strip_prefix(STAGED)
                .or_else(|| key.strip_prefix(MANIFEST));
            let epoch = name.and_then(|name| name.split_once('-')?.0.parse::<u64>().ok());
            let is_over = epoch.is_some_and(|epoch| epoch < lock.epoch) && !named.contains(key);
            is_over || (key.starts_with(PROBE) && *age > PROBE_LASTS)
        };
        let stale = found.unwrap_or_default().into_iter().filter(is_stale);
        let stale = stale.map(|(key, _)| Remove(key)).collect();
        let _ = self.shared.client.drive_all::<Remove>(stale);
    }

    /// Returns the lock as this writer left it.
    fn lock(&self) -> Result<Lock, StoreError> {
        let hold = locked(&self.shared.hold);
        hold.current().map(|lease| lease.lock().clone())
    }

    /// Returns the newest decided manifest of the index, with the head of the index log that includes it.
    pub(crate) fn manifest(&self) -> Result<Option<(TreeHead, Vec<u8>)>, LogError> {
        let Some(index) = self.lock()?.index else {
            return Ok(None);
        };
        let path = || PathBuf::from(self.shared.client.locate(&index.key()));
        let object = self.shared.client.read(&index.key())?;
        let object = object.ok_or_else(|| LogError::missing(path()))?;
        let (size, root) = (index.size, index.root);
        Ok(Some((TreeHead { size, root }, object.bytes)))
    }

    /// Decides that `manifest` is the next entry of the index log, whose head changes from `before` to `after`.
    pub(crate) fn decide_manifest(
        &self,
        before: &TreeHead,
        after: &TreeHead,
        manifest: &[u8],
    ) -> Result<(), LogError> {
        let mut hold = locked(&self.shared.hold);
        if let Some(pending) = hold.pending.take() {
            self.shared.finish(PATIENCE, &mut hold, pending)?;
        }
        let lease = hold.current()?;
        let old = lease.lock().index.clone();
        let known = old.as_ref().map(|index| (index.size, index.root));
        let expected = (before.size > 0).then_some((before.size, before.root));
        if known != expected {
            let path = self.locate_private("lock");
            return Err(StorageError::HeadMoved { path }.into());
        }
        let next = lease.next_manifest(after.size, after.root);
        let mut create = Create::new(next.key(), manifest.to_vec());
        if self.shared.client.drive(&mut create)? == Presence::Differs {
            return Err(LogError::differs(self.shared.client.locate(create.key())));
        }
        self.shared
            .change(&mut hold, |lease| Ok(lease.index(next)))?;
        // The tiles of the old manifest are public by now; if its object cannot be removed, the next writer does so.
        let _ = old.map(|old| self.shared.client.drive(&mut Remove(old.key())));
        Ok(())
    }

    /// Turns read-ahead on or off; it is on while one thread opens a log with this lease.
    pub(crate) fn set_reading_ahead(&self, is_opening: bool) {
        let size = self.lock().map_or(0, |lock| lock.size());
        *locked(&self.shared.ahead) = is_opening.then(|| Ahead::new(size));
    }

    fn read_ahead(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        let mut ahead = locked(&self.shared.ahead);
        let Some(ahead) = ahead.as_mut() else {
            return Ok(None);
        };
        if let Some(bytes) = ahead.take(path) {
            return Ok(Some(bytes));
        }
        let paths = ahead.plan(path);
        if !paths.is_empty() {
            let found = self.read_many(&paths)?;
            ahead.keep(paths, found);
        }
        Ok(ahead.take(path))
    }

    fn public(&self, path: &str) -> String {
        format!("{PUBLIC}{path}")
    }
}

/// Renews the lease unless a recent change has done so; returns false if there is nothing left to renew.
fn renew(shared: &Weak<Shared>, every: Duration) -> bool {
    let Some(shared) = shared.upgrade() else {
        return false;
    };
    let mut hold = locked(&shared.hold);
    if shared.pulse.silence() < every / 2 {
        return true;
    }
    // A store that does not answer may answer later; a takeover by another writer is final.
    let renewed = shared.change(&mut hold, |lease| Ok(lease.renew(None)));
    !matches!(
        renewed,
        Err(StoreError::NotWriter { .. } | StoreError::NoLock { .. })
    )
}

impl Hold {
    fn current(&self) -> Result<&Lease, StoreError> {
        let url = self.successor.clone();
        self.lease.as_ref().ok_or(StoreError::NotWriter { url })
    }
}

impl Shared {
    fn change(
        &self,
        hold: &mut Hold,
        make: impl FnOnce(&Lease) -> Result<Change, StoreError>,
    ) -> Result<(), StoreError> {
        self.change_within(PATIENCE, hold, make)
    }

    fn change_within(
        &self,
        limit: Duration,
        hold: &mut Hold,
        make: impl FnOnce(&Lease) -> Result<Change, StoreError>,
    ) -> Result<(), StoreError> {
        if let Some(pending) = hold.pending.take() {
            self.finish(limit, hold, pending)?;
        }
        let change = make(hold.current()?)?;
        self.finish(limit, hold, change)
    }

    fn finish(
        &self,
        limit: Duration,
        hold: &mut Hold,
        mut change: Change,
    ) -> Result<(), StoreError> {
        let outcome = match self.client.drive_for(limit, &mut change) {
            Ok(outcome) => outcome,
            Err(error) => {
                hold.pending = Some(change);
                return Err(error);
            }
        };
        match Lease::won(change, outcome) {
            Ok(lease) => {
                hold.lease = Some(lease);
                self.pulse.beat();
                Ok(())
            }
            Err(Outcome::Lost(object)) => {
                hold.lease = None;
                self.pulse.is_lost.store(true, Ordering::Relaxed);
                let lock = Lock::parse(&object.bytes).ok();
                hold.successor = lock.and_then(|lock| lock.holder?.url);
                let url = hold.successor.clone();
                Err(StoreError::NotWriter { url })
            }
            Err(_) => {
                hold.lease = None;
                self.pulse.is_lost.store(true, Ordering::Relaxed);
                let key = self.client.locate(LOCK);
                Err(StoreError::NoLock { key })
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let hold = self.hold.get_mut().unwrap_or_else(PoisonError::into_inner);
        if hold.pending.is_none()
            && let Some(lease) = hold.lease.take()
        {
            // Without this release other candidates wait until the lease ends.
            let _ = self.client.drive_for(FAREWELL, &mut lease.release());
        }
    }
}

fn version(lock: &Lock) -> Option<Version> {
    let head = lock.head.as_ref()?;
    Some(Version(sha256(&head.encode()).to_hex()))
}

impl Storage for Bucket {
    fn locate(&self, path: &str) -> PathBuf {
        self.shared.client.locate(&self.public(path)).into()
    }

    fn locate_private(&self, name: &str) -> PathBuf {
        self.shared.client.locate(&format!("private/{name}")).into()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        if let Some(bytes) = self.read_ahead(path)? {
            return Ok(Some(bytes));
        }
        let object = self.shared.client.read(&self.public(path))?;
        Ok(object.map(|object| object.bytes))
    }

    fn read_many(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError> {
        let reads = paths.iter().map(|path| Read(self.public(path))).collect();
        let found = self.shared.client.drive_all::<Read>(reads)?;
        let bytes = found
            .into_iter()
            .map(|(_, object)| object.map(|object| object.bytes));
        Ok(bytes.collect())
    }

    fn create(&self, files: &[PublicFile]) -> Result<(), LogError> {
        let create = |file: &PublicFile| Create::new(self.public(&file.path), file.bytes.clone());
        let creations = files.iter().map(create).collect();
        for (create, presence) in self.shared.client.drive_all(creations)? {
            if presence == Presence::Differs {
                return Err(LogError::differs(self.shared.client.locate(create.key())));
            }
        }
        Ok(())
    }

    fn keep(&self, path: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        let mut create = Create::new(self.public(path), bytes.to_vec());
        match self.shared.client.drive(&mut create)? {
            Presence::There => Ok(None),
            Presence::Differs => self.read(path),
        }
    }

    fn update(&self, path: &str, change: &mut storage::Change<'_>) -> Result<(), LogError> {
        let mut update = Update::new(self.public(path), change);
        self.shared.client.drive(&mut update)?
    }

    fn remove(&self, path: &str) -> Result<(), LogError> {
        Ok(self.shared.client.drive(&mut Remove(self.public(path)))?)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, LogError> {
        let folder = format!("{}/", self.public(directory));
        let keys = self.shared.client.list(&folder)?;
        let name = |key: &String| key.strip_prefix(&folder).map(str::to_owned);
        // Servers may list their own leftovers: hidden names never belong to a log.
        let is_own = |name: &String| !name.contains('/') && !name.starts_with('.');
        Ok(keys.iter().filter_map(name).filter(is_own).collect())
    }

    fn read_private(&self, name: &str) -> Result<Option<Vec<u8>>, LogError> {
        let object = self.shared.client.read(&format!("private/{name}"))?;
        Ok(object.map(|object| object.bytes))
    }

    fn replace_private(&self, name: &str, bytes: &[u8]) -> Result<(), LogError> {
        let always = |_| Ok::<_, LogError>(Some(bytes.to_vec()));
        let mut update = Update::new(format!("private/{name}"), always);
        self.shared.client.drive(&mut update)?
    }

    fn stage(&self, first: u64, leaves: &[Leaf]) -> Result<(), LogError> {
        if leaves.is_empty() {
            return Ok(());
        }
        let entries: Vec<&[u8]> = leaves.iter().map(Leaf::entry).collect();
        let bytes = encode_batch(first, &entries).ok_or_else(|| {
            LogError::History(HistoryError::NotAdmissible {
                index: first,
                problem: "an entry is too long for a batch".to_owned(),
            })
        })?;
        // Locked until the batch is decided: its name is that of the next change.
        let mut hold = locked(&self.shared.hold);
        if let Some(pending) = hold.pending.take() {
            self.shared.finish(PATIENCE, &mut hold, pending)?;
        }
        let lease = hold.current()?;
        let end = lease.lock().end();
        if end != first {
            let head = lease.lock().size();
            return Err(JournalError::Gap { first, end, head }.into());
        }
        let batch = lease.next_batch(leaves.len() as u64, sha256(&bytes));
        let batch = batch.ok_or(StoreError::Backlog)?;
        let mut create = Create::new(batch.key(), bytes);
        if self.shared.client.drive(&mut create)? == Presence::Differs {
            return Err(LogError::differs(self.shared.client.locate(create.key())));
        }
        Ok(self
            .shared
            .change(&mut hold, |lease| Ok(lease.stage(batch)))?)
    }

    fn staged(&self) -> Result<Staged, LogError> {
        let lock = self.lock()?;
        let mut staged = Staged {
            first: lock.staged.first().map_or(lock.size(), |batch| batch.first),
            leaves: Vec::new(),
        };
        let reads = lock.staged.iter().map(|batch| Read(batch.key())).collect();
        let found = self.shared.client.drive_all::<Read>(reads)?;
        for (batch, (_, object)) in lock.staged.iter().zip(found) {
            let path = || PathBuf::from(self.shared.client.locate(&batch.key()));
            let object = object.ok_or_else(|| LogError::missing(path()))?;
            let is_whole = sha256(&object.bytes) == batch.digest;
            let decoded = decode_batch(&object.bytes).filter(|_| is_whole);
            match decoded {
                Some((first, entries))
                    if (first, entries.len() as u64) == (batch.first, batch.count) =>
                {
                    staged.leaves.extend(entries.into_iter().map(Leaf::new));
                }
                _ => {
                    return Err(LogError::malformed(
                        path(),
                        "it is not the batch that the lock names",
                    ));
                }
            }
        }
        Ok(staged)
    }

    fn unstage(&self, end: u64) -> Result<(), LogError> {
        let mut done = locked(&self.shared.done);
        let (gone, kept) = done.drain(..).partition(|batch| batch.end() <= end);
        *done = kept;
        let gone: Vec<Batch> = gone;
        let removals = gone.iter().map(|batch| Remove(batch.key())).collect();
        self.shared.client.drive_all::<Remove>(removals)?;
        Ok(())
    }

    fn durable_size(&self) -> Result<u64, LogError> {
        // Acknowledged objects are durable.
        Ok(u64::MAX)
    }

    fn load_head(&self) -> Result<Option<(Vec<u8>, Version)>, LogError> {
        let lock = self.lock()?;
        let head = lock.head.as_ref().map(Checkpoint::encode);
        Ok(head.zip(version(&lock)))
    }

    fn swap_head(&self, expected: Option<&Version>, head: &[u8]) -> Result<Version, LogError> {
        let path = || self.locate_private("lock");
        let checkpoint =
            Checkpoint::parse(head).map_err(|error| LogError::malformed(path(), error))?;
        let size = checkpoint.head().size;
        let mut hold = locked(&self.shared.hold);
        let lock = hold.current()?.lock();
        if version(lock).as_ref() != expected {
            return Err(StorageError::HeadMoved { path: path() }.into());
        }
        let under = lock.staged.iter().filter(|batch| batch.end() <= size);
        let mut under: Vec<Batch> = under.cloned().collect();
        self.shared
            .change(&mut hold, |lease| Ok(lease.advance(checkpoint)))?;
        locked(&self.shared.done).append(&mut under);
        Ok(Version(sha256(head).to_hex()))
    }

    fn explain(&self, error: LogError) -> LogError {
        match error {
            LogError::Store(_) => error,
            // The store tells if this process is still the writer; if the store does not answer, that is the cause.
            _ => self.check_writer().err().map_or(error, LogError::from),
        }
    }

    fn announce(&self, url: &str) -> Result<(), LogError> {
        let mut hold = locked(&self.shared.hold);
        Ok(self
            .shared
            .change(&mut hold, |lease| Ok(lease.renew(Some(url))))?)
    }
}
