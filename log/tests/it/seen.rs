//! Results that the clients of a log saw, and the check that they still hold.

use crate::support::{NOW, entries, log_key};
use crate::tree::PublicLog;
use glasslog_core::merkle::{Hash, TreeHead, leaf_hash};
use glasslog_log::{ARCHIVE_INTERVAL, Layout, Log, LogError, NewLog};
use std::path::Path;

/// Results that a client saw before a crash or a fault.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) acknowledged: Vec<(u64, Hash)>,
    pub(crate) heads: Vec<TreeHead>,
}

impl Seen {
    /// Checks that everything that was seen still holds.
    pub(crate) fn check(&self, log: &Path) {
        self.check_heads(
            &PublicLog::read(&Layout::new(log).public(), &log_key(log)),
            "",
        );
    }

    /// Does the same as [`check`](Self::check) for public files that were read; `what` names the moment.
    pub(crate) fn check_heads(&self, public: &PublicLog, what: &str) {
        for head in &self.heads {
            assert!(
                public.extends(head),
                "{what}: a published head of size {} is gone",
                head.size
            );
        }
    }

    pub(crate) fn check_acknowledged(&self, log: &Path) {
        self.check_entries(
            &PublicLog::read(&Layout::new(log).public(), &log_key(log)),
            "",
        );
    }

    /// Does the same as [`check_acknowledged`](Self::check_acknowledged) for public files that were read.
    pub(crate) fn check_entries(&self, public: &PublicLog, what: &str) {
        for (index, leaf) in &self.acknowledged {
            assert_eq!(
                public.leaves.get(*index as usize),
                Some(leaf),
                "{what}: acknowledged entry {index} is gone"
            );
        }
    }
}

/// Appends and publishes several times; each publication is late enough that the one before is archived.
pub(crate) fn work(log: &mut Log, first: u64, seen: &mut Seen) -> Result<(), LogError> {
    let mut first = first;
    for (round, count) in [3, 250, 0, 40].into_iter().enumerate() {
        let batch = entries(first, count, 20);
        first += count;
        let outcomes = log.append(batch.clone())?;
        for (entry, receipt) in batch.iter().zip(outcomes) {
            let receipt = receipt.unwrap();
            assert_eq!(receipt.leaf_hash, leaf_hash(entry));
            seen.acknowledged.push((receipt.index, receipt.leaf_hash));
        }
        seen.heads
            .push(log.publish(NOW + ARCHIVE_INTERVAL * round as u64)?);
    }
    Ok(())
}

pub(crate) fn new_log(log: &Path) {
    NewLog::raw("example.com/raw").create(log, NOW).unwrap();
}
