//! The storage of a log in a bucket, for as long as this process holds the lease.
//!
//! Every change of the lock is made under one mutex, and a change without an answer is resolved before the next one:
//! the state of the last change is always known.

use super::ahead::Ahead;
use super::client::Client;
use super::error::StoreError;
use super::hold::{FAREWELL, Hold, Pulse, Shared, locked, renew};
use super::protocol::{Create, LOCK, Lease, PRIVATE, PROBE, PUBLIC, Presence, Remove};
use super::retry::PATIENCE;
use crate::error::LogError;
use crate::storage::Storage;
use crate::storage::error::StorageError;
use glasslog_core::merkle::TreeHead;
use glasslog_core::object_store::{Batch, Lock, MANIFEST, Manifest, STAGED};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Renewals of the lease within the time of a lease.
const RENEWALS: u32 = 4;
/// Age from which a probe is over.
const PROBE_LASTS: Duration = Duration::from_secs(3_600);
/// The part of a bucket that holds a log, and the right to write it. The lease is released when the last clone is
/// dropped.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub(super) shared: Arc<Shared>,
    /// The renewing thread ends when this is dropped.
    _alive: Sender<()>,
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
    pub(super) fn lock(&self) -> Result<Lock, StoreError> {
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

    pub(super) fn read_ahead(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
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

    pub(super) fn public(&self, path: &str) -> String {
        format!("{PUBLIC}{path}")
    }
}
