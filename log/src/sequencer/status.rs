//! Status of a log while it is written, for operators and metrics.

use crate::cosigning::{Missing, Standing};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A snapshot of the status.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Number of durable entries.
    pub size: u64,
    /// Size of the public checkpoint.
    pub published: u64,
    /// Bytes of the entries between the two.
    pub backlog_bytes: u64,
    /// Time for which the oldest entry of the backlog has been durable and not public; zero without a backlog.
    pub lag: Duration,
    /// Submissions that are not admitted yet.
    pub waiting: usize,
    /// Bytes of entries in memory.
    pub bytes_in_work: usize,
    /// Number of public partial tiles and bundles that wait for their full ones.
    pub partials: usize,
    /// Time of the last published checkpoint, in seconds since the epoch; `None` before the first.
    pub last_publish: Option<u64>,
    /// The last failure.
    pub last_error: Option<String>,
    /// The witnesses, in the order of the policy; none in a log without witnesses.
    pub witnesses: Vec<Standing>,
    /// The witnesses that were missing when a round last ended without a quorum; none if the last round met it.
    pub missing: Arc<[Missing]>,
    /// Counters since the log was opened.
    pub counters: Counters,
    pub(crate) backlog_since: Option<Instant>,
}

impl Status {
    /// Returns the number of entries that are durable and not public.
    pub fn backlog(&self) -> u64 {
        self.size.saturating_sub(self.published)
    }
}

/// Counters since a log was opened; each only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Accepted submissions.
    pub submissions: u64,
    /// Entries that were assigned an index.
    pub entries: u64,
    /// Bytes of those entries.
    pub bytes: u64,
    /// Duplicate entries.
    pub duplicates: u64,
    /// Refused entries.
    pub refused: u64,
    /// Submissions that were refused because too much was waiting.
    pub busy: u64,
    /// Groups that were judged together.
    pub groups: u64,
    /// Groups that were made durable together.
    pub commits: u64,
    /// Time spent on them.
    pub commit_time: Duration,
    /// Published checkpoints.
    pub publishes: u64,
    /// Time spent on them.
    pub publish_time: Duration,
    /// Partials partial tiles and bundles that were removed.
    pub partials_removed: u64,
    /// Syncs of the public files.
    pub syncs: u64,
}
