//! Is the holder of the lease alive? It is when the lock changes. The clock is the watcher's own, and only ever measures
//! how long nothing happened; a wrong answer costs a needless takeover, never a fork.

use super::request::Object;
use core::time::Duration;
use glasslog_core::object_store::{Holder, Lock};

/// What a watcher has seen of a lock.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    seen: Option<(Object, Duration)>,
    has_changed: bool,
}

/// How the lease stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseStatus {
    /// Nobody has it: it may be taken.
    Free,
    /// The holder was silent for longer than it may be: it may be taken.
    Expired,
    /// Somebody has it.
    Held(Holder),
}

impl Watch {
    /// Takes in what was read just now. `now` is any clock that only goes forward.
    ///
    /// Tag *and* content must be the same for the whole time: a server that pairs a tag with the content of another
    /// moment does not do so twice.
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

    /// Whether the lock changed while it was watched: somebody writes.
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}
