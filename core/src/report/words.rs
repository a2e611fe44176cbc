//! Sentences and phrases that several checks share.

use alloc::format;
use alloc::string::{String, ToString};

/// Detail of a check that was not reached.
pub(crate) const NOT_REACHED: &str = "not reached";

/// `1 entry`, `2 entries`.
pub(crate) fn entries(count: u64) -> String {
    if count == 1 {
        "1 entry".to_string()
    } else {
        format!("{count} entries")
    }
}
