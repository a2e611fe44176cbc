//! The state of a file by which a change is noticed without reading it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Times of a file younger than this may be those of a second change, too: FAT counts in steps of two seconds, and
/// Linux takes the time of the last tick, at most 10 ms ago.
const SETTLED_SECONDS: i64 = 3;

/// Size, times and place of a file. A program can set the time of modification, but not the time of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
    device: u64,
}

impl Stat {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
            device: metadata.dev(),
        }
    }

    /// Returns true if a later change is certain to be seen: the times are well before `now`.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).ok();
        let now = now.and_then(|now| i64::try_from(now.as_secs()).ok());
        let newest = self.modified.0.max(self.changed.0);
        now.is_some_and(|now| newest.saturating_add(SETTLED_SECONDS) <= now)
    }

    /// Writes the state as text.
    pub(super) fn encode(&self) -> String {
        let Self {
            size,
            modified,
            changed,
            inode,
            device,
        } = self;
        format!(
            "{size} {}.{:09} {}.{:09} {inode} {device}",
            modified.0, modified.1, changed.0, changed.1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn recent_times_are_not_settled() {
        let stat = |modified, changed| Stat {
            size: 1,
            modified: (modified, 0),
            changed: (changed, 0),
            inode: 1,
            device: 1,
        };
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        for (modified, changed, settled) in [
            (900, 900, true),
            (900, 997, true),
            (900, 998, false),
            (998, 900, false),
            (900, 2_000, false),
            (i64::MAX, 900, false),
        ] {
            assert_eq!(
                stat(modified, changed).is_settled(now),
                settled,
                "{modified} {changed}"
            );
        }
    }
}
