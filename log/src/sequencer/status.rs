//! How a log stands while it is written: for operators, and for metrics.

use std::time::{Duration, Instant};

/// A snapshot.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Entries that are durable.
    pub size: u64,
    /// Entries that are in the public checkpoint.
    pub published: u64,
    /// Bytes of the entries between the two.
    pub backlog_bytes: u64,
    /// How long the oldest entry of the backlog has been durable and not public; zero without a backlog.
    pub lag: Duration,
    /// Submissions that are not admitted yet.
    pub waiting: usize,
    /// Bytes of entries in memory.
    pub bytes_in_work: usize,
    /// Partial tiles and bundles that are public and wait for their full ones.
    pub partials: usize,
    /// When a checkpoint was made public last, in seconds since the epoch; `None` before the first.
    pub last_publish: Option<u64>,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
    /// What happened since the log was opened.
    pub counters: Counters,
    pub(crate) backlog_since: Option<Instant>,
}

impl Status {
    /// Entries that are durable and not public.
    pub fn backlog(&self) -> u64 {
        self.size.saturating_sub(self.published)
    }
}

/// What happened since a log was opened; each number only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Submissions taken.
    pub submissions: u64,
    /// Entries that were given an index.
    pub entries: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Entries that had an index already.
    pub duplicates: u64,
    /// Entries that were refused.
    pub refused: u64,
    /// Submissions that were turned away because too much was waiting.
    pub busy: u64,
    /// Groups that were judged together.
    pub groups: u64,
    /// Groups that were made durable together.
    pub commits: u64,
    /// Time spent on that.
    pub commit_time: Duration,
    /// Checkpoints that were made public.
    pub publishes: u64,
    /// Time spent on that.
    pub publish_time: Duration,
    /// Partials partial tiles and bundles that were removed.
    pub partials_removed: u64,
    /// Times when public files were made durable.
    pub syncs: u64,
}
