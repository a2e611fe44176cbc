//! Second stage, the group commit: makes the entries of many submitters durable with one sync, and answers those who
//! asked for durability only.

use super::admit::Admitted;
use super::queue::{Kept, Queue};
use super::{Acknowledgement, Answer};
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::storage::Storage;
use crate::writer::refusal::Outcome;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;
use tokio::sync::oneshot;

/// Durable entries that are to be published, and their waiting submitters.
#[derive(Default)]
pub(super) struct Durable {
    pub(super) leaves: Vec<Leaf>,
    pub(super) waiters: Vec<(Vec<Outcome>, oneshot::Sender<Answer>)>,
    pub(super) keep: Vec<Kept>,
}

pub(super) fn run(
    queue: &Queue,
    storage: &dyn Storage,
    mut size: u64,
    admitted: &Receiver<Admitted>,
    next: &Sender<Durable>,
) -> Result<(), LogError> {
    while let Ok(mut group) = admitted.recv() {
        while let Ok(mut more) = admitted.try_recv() {
            group.leaves.append(&mut more.leaves);
            group.waiters.append(&mut more.waiters);
        }
        let begun = Instant::now();
        if !group.leaves.is_empty() {
            storage.stage(size, &group.leaves)?;
            size += group.leaves.len() as u64;
        }
        let bytes: usize = group.leaves.iter().map(|leaf| leaf.entry().len()).sum();
        queue.change_status(|status| {
            status.size = size;
            status.backlog_bytes += bytes as u64;
            if bytes > 0 {
                status.backlog_since.get_or_insert(begun);
                status.counters.commits += 1;
                status.counters.commit_time += begun.elapsed();
            }
        });
        next.send(answer(queue, group))
            .map_err(|_| LogError::STOPPED)?;
    }
    Ok(())
}

fn answer(queue: &Queue, group: Admitted) -> Durable {
    let mut durable = Durable {
        leaves: group.leaves,
        ..Durable::default()
    };
    let (mut entries, mut answered) = (0, 0);
    for waiter in group.waiters {
        durable.keep.push(waiter.keep);
        entries += waiter.outcomes.len();
        match waiter.acknowledgement {
            Acknowledgement::Published => durable.waiters.push((waiter.outcomes, waiter.answer)),
            Acknowledgement::Durable => {
                answered += waiter.outcomes.len();
                // A submitter that does not wait any more can submit again: the same entry has the same index.
                let _ = waiter.answer.send(Answer {
                    outcomes: waiter.outcomes,
                    checkpoint: None,
                    missing: Arc::default(),
                });
            }
        }
    }
    queue.done(entries, answered);
    durable
}
