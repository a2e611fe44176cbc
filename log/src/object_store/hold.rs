//! A writer's hold on the lock: its lease, and the change that is under way.

use super::ahead::Ahead;
use super::client::Client;
use super::error::StoreError;
use super::protocol::{Change, LOCK, Lease, Outcome};
use super::retry::PATIENCE;
use glasslog_core::object_store::{Batch, Lock};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Time limit of releasing the lease: other candidates wait no longer than this without it.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// The parts of a bucket that its clones and its renewing thread share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) hold: Mutex<Hold>,
    /// The status of the lease, readable while a change is under way.
    pub(super) pulse: Pulse,
    /// Batches that the lock does not name any more.
    pub(super) done: Mutex<Vec<Batch>>,
    /// Read-ahead, while the log is opened.
    pub(super) ahead: Mutex<Option<Ahead>>,
}

/// The status of the lease, readable without blocking.
#[derive(Debug)]
pub(super) struct Pulse {
    pub(super) began: Instant,
    /// Milliseconds from `began` to the last successful change.
    pub(super) changed: AtomicU64,
    pub(super) is_lost: AtomicBool,
}

impl Pulse {
    fn beat(&self) {
        let since = self.began.elapsed().as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.changed.store(since, Ordering::Relaxed);
    }

    /// Returns the time since the last successful change.
    pub(super) fn silence(&self) -> Duration {
        let changed = Duration::from_millis(self.changed.load(Ordering::Relaxed));
        self.began.elapsed().saturating_sub(changed)
    }
}

/// The lease, and a change of it that is not resolved.
#[derive(Debug)]
pub(super) struct Hold {
    /// `None` after another writer took over.
    pub(super) lease: Option<Lease>,
    pub(super) pending: Option<Change>,
    pub(super) successor: Option<String>,
}

/// A panic in another thread leaves these values valid: each change is one assignment.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Renews the lease unless a recent change has done so; returns false if there is nothing left to renew.
pub(super) fn renew(shared: &Weak<Shared>, every: Duration) -> bool {
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
    pub(super) fn current(&self) -> Result<&Lease, StoreError> {
        let url = self.successor.clone();
        self.lease.as_ref().ok_or(StoreError::NotWriter { url })
    }
}

impl Shared {
    pub(super) fn change(
        &self,
        hold: &mut Hold,
        make: impl FnOnce(&Lease) -> Result<Change, StoreError>,
    ) -> Result<(), StoreError> {
        self.change_within(PATIENCE, hold, make)
    }

    pub(super) fn change_within(
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

    pub(super) fn finish(
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
