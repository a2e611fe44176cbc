//! Third stage: publishes durable entries, and answers the submitters who wait for that. Fourth stage: makes public
//! files durable.

use super::Answer;
use super::clock::now;
use super::cosign::{Head, Heads};
use super::group_commit::Durable;
use super::queue::Queue;
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::storage::Storage;
use crate::writer::publisher::{self, Publisher, Synced};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Bytes of entries after which their public files are synced and the staged copies discarded: large enough that syncs
/// cost little, small enough that opening after a crash is fast.
const SYNC_AFTER: u64 = 64 << 20;

/// Bytes of memory of one entry in the table of known entries until its files are durable: counted as bytes of it.
const TABLE_ENTRY: u64 = 128;

/// Bytes of entries that are published together: bounds memory, and the time that an entry waits for its checkpoint.
const PUBLISH_AT_ONCE: usize = 16 << 20;

/// Least time between two publications without a waiting submitter: readers need no more than twenty a second, and the
/// disk and cores are left to submitters.
const REST: Duration = Duration::from_millis(50);

pub(super) fn run(
    queue: &Queue,
    mut publisher: Publisher,
    staged: Vec<Leaf>,
    durable: &Receiver<Durable>,
    chores: &Sender<Chore>,
    heads: Option<&Heads>,
) -> Result<(), LogError> {
    // Entries that an earlier run acknowledged as durable are published first.
    let mut group = Durable {
        leaves: staged,
        ..Durable::default()
    };
    let mut unsynced = 0;
    loop {
        let bytes: usize = group.leaves.iter().map(|leaf| leaf.entry().len()).sum();
        let in_table = group.leaves.len() as u64 * TABLE_ENTRY;
        match heads {
            None => publish(queue, &mut publisher, group, bytes as u64)?,
            Some(heads) => sequence(queue, &mut publisher, group, bytes as u64, heads)?,
        }
        unsynced += bytes as u64 + in_table;
        let garbage = publisher.take_garbage();
        if !garbage.is_empty() {
            let chore = Chore::Remove(garbage);
            chores.send(chore).map_err(|_| LogError::STOPPED)?;
        }
        if unsynced >= SYNC_AFTER {
            unsynced = 0;
            let chore = Chore::Sync(publisher.begin_sync());
            chores.send(chore).map_err(|_| LogError::STOPPED)?;
        }
        let Some(next) = take(durable, Instant::now() + REST, heads) else {
            return Ok(());
        };
        group = next;
    }
}

/// Waits for durable entries and takes all of them, up to a bound; `None` once the sender is gone. More entries may
/// join until `rested` if no submitter waits for their publication, or if witnesses are not to be asked yet.
fn take(durable: &Receiver<Durable>, rested: Instant, heads: Option<&Heads>) -> Option<Durable> {
    let mut group = durable.recv().ok()?;
    let size = |group: &Durable| -> usize {
        let entries = group.leaves.iter().map(|leaf| leaf.entry().len());
        entries.sum()
    };
    let mut bytes = size(&group);
    while bytes < PUBLISH_AT_ONCE {
        let can_wait = group.waiters.is_empty() || heads.is_some_and(|heads| !heads.are_awaited());
        let more = match can_wait {
            true => durable.recv_timeout(rested.saturating_duration_since(Instant::now())),
            false => durable.try_recv().map_err(|_| RecvTimeoutError::Timeout),
        };
        // A closed channel is reported by the next call.
        let Ok(mut more) = more else {
            break;
        };
        bytes += size(&more);
        group.leaves.append(&mut more.leaves);
        group.waiters.append(&mut more.waiters);
        group.keep.append(&mut more.keep);
    }
    Some(group)
}

fn publish(
    queue: &Queue,
    publisher: &mut Publisher,
    group: Durable,
    bytes: u64,
) -> Result<(), LogError> {
    let begun = Instant::now();
    let now = now();
    let checkpoint = publisher.publish(&group.leaves, now)?;
    let (published, partials) = (publisher.head().size, publisher.partials.count());
    let is_new = checkpoint.is_some();
    let checkpoint = match checkpoint {
        None if group.waiters.is_empty() => None,
        // The entries are duplicates: the newest checkpoint covers them.
        None => publisher.sign().map(Arc::new).map(Some)?,
        Some(checkpoint) => Some(Arc::new(checkpoint)),
    };
    queue.change_status(|status| {
        status.published = published;
        status.partials = partials;
        status.backlog_bytes = status.backlog_bytes.saturating_sub(bytes);
        // Entries that became durable meanwhile are at most as old as this publication.
        status.backlog_since = (status.size > published).then_some(begun);
        if is_new {
            status.last_publish = Some(now);
            status.counters.publishes += 1;
            status.counters.publish_time += begun.elapsed();
        }
    });
    let mut answered = 0;
    for (outcomes, answer) in group.waiters {
        answered += outcomes.len();
        // A submitter that does not wait any more can submit again: the same entry has the same index.
        let _ = answer.send(Answer {
            outcomes,
            checkpoint: checkpoint.clone(),
            missing: Arc::default(),
        });
    }
    queue.done(0, answered);
    Ok(())
}

/// Signs a head over durable entries for the witnesses, who decide when it is public.
fn sequence(
    queue: &Queue,
    publisher: &mut Publisher,
    group: Durable,
    bytes: u64,
    heads: &Heads,
) -> Result<(), LogError> {
    let begun = Instant::now();
    let checkpoint = publisher.sequence(&group.leaves)?;
    let partials = publisher.partials.count();
    queue.change_status(|status| status.partials = partials);
    let answered = group.waiters.iter().map(|(outcomes, _)| outcomes.len());
    let answered = answered.sum();
    heads.send(Head {
        checkpoint,
        waiters: group.waiters,
        bytes,
        begun,
    })?;
    // Entries that wait for witnesses hold up no other entries.
    queue.done(0, answered);
    Ok(())
}

/// Work without a waiting submitter.
pub(super) enum Chore {
    /// Removes superseded partial files.
    Remove(Vec<String>),
    /// Syncs the public files up to this size.
    Sync(u64),
}

pub(super) fn sync(
    queue: &Queue,
    storage: &dyn Storage,
    synced: &Synced,
    chores: &Receiver<Chore>,
) -> Result<(), LogError> {
    while let Ok(chore) = chores.recv() {
        match chore {
            Chore::Remove(paths) => {
                for path in &paths {
                    storage.remove(path)?;
                }
                queue.count(|counters| counters.partials_removed += paths.len() as u64);
            }
            Chore::Sync(size) => {
                publisher::sync(storage, synced, size)?;
                queue.count(|counters| counters.syncs += 1);
            }
        }
    }
    Ok(())
}
