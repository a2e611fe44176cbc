//! Writers, servers and disks that fail, are killed, cut off or flooded, while everything that they acknowledged stays.
//!
//! Each of these tests loads the whole machine and times what it does, so they run one after another: see `alone`.

mod disk_errors;
mod failover;
mod flood;
mod heavy_actor;
mod hostile;
mod kill;
mod multi_writer;
mod strangers;
mod witness_kill;

// Used by the log's own tests to make events, and to recompute a log from outside.
#[path = "../../log/tests/it/event_entries.rs"]
mod event_entries;
#[path = "../../log/tests/it/tree.rs"]
mod tree;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits until no other test of this program runs.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    // A test that failed leaves nothing behind that another one reads.
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}
