//! The clock of the stages.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the time by the clock, in seconds since the epoch.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
