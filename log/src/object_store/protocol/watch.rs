//! Detection of a dead lease holder: a holder is alive if the lock changes. The clock is the watcher's own and only
//! measures the time without a change; a wrong result costs a needless takeover, never a fork.

use super::request::Object;
use core::time::Duration;
use glasslog_core::object_store::{Holder, Lock};

/// The observations of a lock by one watcher.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    seen: Option<(Object, Duration)>,
    has_changed: bool,
}

/// The status of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseStatus {
    /// The lease has no holder: it may be taken.
    Free,
    /// The holder was silent for too long: the lease may be taken.
    Expired,
    /// Another process holds the lease.
    Held(Holder),
}

impl Watch {
    /// Adds an observation made at `now`, on any clock that only goes forward.
    ///
    /// Tag *and* content must be the same for the whole time: a server may pair a tag with the content of another
    /// moment, but not twice.
    pub fn see(&mut self, now: Duration, object: &Object, lock: &Lock) -> LeaseStatus {
        let since = match &self.seen {
            Some((seen, since)) if seen == object => *since,
            seen => {
                self.has_changed |= seen.is_some();
                self.seen = Some((object.clone(), now));
                now
            }
        };
        match &lock.holder {
            None => LeaseStatus::Free,
            Some(holder) if now.saturating_sub(since) > Duration::from_millis(holder.lease) => {
                LeaseStatus::Expired
            }
            Some(holder) => LeaseStatus::Held(holder.clone()),
        }
    }

    /// Returns true if the lock changed while it was watched: a writer is active.
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}
