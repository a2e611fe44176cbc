//! The clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns seconds since the epoch; 0 if the clock is before it.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
