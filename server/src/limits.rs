//! Every bound on what clients can make the server hold, with the reason for its number.

use std::time::Duration;

/// Largest body of a batch: a thousand entries of the usual size many times over, and few enough bytes to hold at once.
pub(crate) const MAX_BATCH: usize = 16 << 20;

/// Most entries in a batch: bounds the answer, which is larger than an empty line.
pub(crate) const MAX_BATCH_ENTRIES: usize = 16_384;

/// Bytes of submissions that are read, queued or in work at once; beyond it the answer is 503.
pub(crate) const MAX_WAITING_BYTES: usize = 64 << 20;

/// Submissions that wait for the sequencer; beyond it the answer is 503.
pub(crate) const MAX_WAITING: usize = 4_096;

/// What one submission costs besides its entry: buffers, channel and answer, rounded up.
pub(crate) const SUBMISSION_COST: usize = 1_024;

/// Bytes of entries that share one sync and one checkpoint: bounds how long the first of them waits for the last.
pub(crate) const MAX_GROUP: usize = 8 << 20;

/// Open connections; more wait in the listener's queue.
pub(crate) const MAX_CONNECTIONS: usize = 1_024;

/// How long a client may take to send a request's head.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a client may take to send a request's body.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// How long open connections may go on after the server was asked to stop: service managers kill after 10 to 90 seconds.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// `Retry-After` of a 503, in seconds: the backlog is gone by then unless the disk is stuck.
pub(crate) const RETRY_AFTER: &str = "1";
