//! Bounds that no operator needs to change, with the reason for each number.

use crate::http::slots::Share;
use crate::options::Rate;
use glasslog_core::text::limits::{MAX_READING, MAX_READING_BYTES};
use std::num::NonZeroU32;
use std::time::Duration;

/// Bytes of single entries that are being read, queued or in work at once: a thousand of the largest. Beyond it the answer
/// is 503.
pub(crate) const MAX_SINGLE_BYTES: usize = 64 << 20;

/// A client may hold the bytes that are free for single entries, divided by this number: 3.8 MiB for one client alone, as
/// much as the 64 connections of a client can send. Forty clients that hold all they can leave a tenth to the others.
pub(crate) const SINGLE_SHARE: Share = Share { times: 1, part: 16 };

/// The same for batches, whose clients wait instead: separate memory, so that batches never shut out single entries.
pub(crate) const MAX_BATCH_BYTES: usize = 64 << 20;

/// The same for batches: a client may hold as much as is free. The log frees it, whatever the client does.
pub(crate) const BATCH_SHARE: Share = Share { times: 1, part: 1 };

/// Bytes of requests to a witness that are being read or decided at once: sixty of the largest, and 60,000 usual ones.
pub(crate) const MAX_WITNESS_BYTES: usize = 64 << 20;

/// A client may hold a quarter of the bytes that are free for requests to a witness.
pub(crate) const WITNESS_SHARE: Share = Share { times: 1, part: 4 };

/// Refusals a second that a client of a witness gets without waiting, and at once after a pause: far more than an honest log
/// gets.
pub(crate) const WITNESS_REFUSALS: Rate = Rate {
    each_second: NonZeroU32::new(50).expect("not zero"),
    burst: NonZeroU32::new(200).expect("not zero"),
};

/// Connections to the address for metrics.
pub(crate) const ADMIN_CONNECTIONS: usize = 32;

/// Least rate of a body in bytes a second. A mobile connection of the slowest kind sends five times as fast.
pub(crate) const LEAST_RATE: u32 = 1_024;

/// Lines of a batch that go to the log together, of a client that has not submitted lately; the number doubles each time
/// that none of them is refused.
pub(crate) const FIRST_LINES: usize = 64;

/// Lines that go to the log together once some were refused: false signatures cost as much time as true ones, and honest
/// submitters wait for a few of them only.
pub(crate) const FEWEST_LINES: usize = 8;

/// Refusals a second that one client gets without waiting: a thirtieth of one core if all have false signatures.
pub(crate) const REFUSALS_EACH_SECOND: u32 = 1_000;

/// Refusals at once after a pause, in seconds of that rate.
pub(crate) const REFUSAL_BURST: Duration = Duration::from_secs(1);

/// Time for which a client's last submissions are remembered.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(60);

/// Clients that are remembered: a megabyte or two.
pub(crate) const MAX_REMEMBERED: usize = 16_384;

/// Memory in bytes for one entry besides its content: buffers, channel and answer, rounded up.
pub(crate) const ENTRY_COST: usize = 512;

/// Entries that the index may lack before more wait: half of those that a reader scans.
const MAX_UNINDEXED_ENTRIES: usize = MAX_READING as usize / 2;

/// Bytes that one entry at least counts in the room for entries that the index lacks: its part of the budget.
pub(crate) const ENTRY_SHARE: usize = (MAX_READING_BYTES / MAX_READING) as usize;

/// The room for entries that the index lacks, in bytes.
pub(crate) const MAX_UNINDEXED: usize = MAX_UNINDEXED_ENTRIES * ENTRY_SHARE;

/// A client may hold four times the room that is free: four fifths for one client alone, so that a bulk load runs at the
/// speed of the index, and others have a fifth.
pub(crate) const UNINDEXED_SHARE: Share = Share { times: 4, part: 1 };

/// Bytes of entries that share one sync and one checkpoint: bounds how long the first of them waits for the last.
pub(crate) const MAX_GROUP: usize = 4 << 20;

/// Entries of one batch that go to the log together: the number at which batch verification of signatures gains most.
pub(crate) const MAX_CHUNK_ENTRIES: usize = 4_096;

/// The same if each answer carries a proof of up to 2 KB.
pub(crate) const MAX_CHUNK_PROOFS: usize = 256;

/// Bytes of one batch that go to the log together: bounds the memory of a batch before the log takes it.
pub(crate) const MAX_CHUNK_BYTES: usize = 1 << 20;

/// Parts of one batch that are with the log at once: one in work, one waiting, so that neither side idles.
pub(crate) const CHUNKS_IN_WORK: usize = 2;

/// Bytes of a request's head: far more than any browser sends. An idle connection may hold twice as many.
pub(crate) const MAX_HEAD: usize = 64 << 10;

/// Header lines of a request: proxies add a handful to a browser's twenty.
pub(crate) const MAX_HEADERS: usize = 64;

/// Files that the log itself must be able to open while every connection is taken.
pub(crate) const FILES_FOR_THE_LOG: u64 = 256;

/// Connections that wait to be accepted, for many clients that connect at once. A connection beyond this number, or beyond
/// the operating system's limit, is tried again by its client after a second. With the usual 128, one of 20 of 512 writers
/// waited so long.
pub(crate) const BACKLOG: u32 = 4_096;

/// Bytes below which compressing a file costs more than it saves: one network packet.
pub(crate) const MIN_COMPRESSED: u64 = 1_400;

/// `Retry-After` of a 503, in seconds: the backlog is written by then unless the disk is stuck.
pub(crate) const RETRY_AFTER: u64 = 1;
