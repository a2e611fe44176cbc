//! First stage: judges waiting submissions and assigns indices, in order of arrival.

use super::queue::{Kept, Queue, Submission};
use super::{Acknowledgement, Answer};
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::writer::admitter::Admitter;
use crate::writer::refusal::Outcome;
use std::mem;
use std::sync::mpsc::SyncSender;
use tokio::sync::oneshot;

/// Entries with indices that are to be made durable, and their waiting submitters.
#[derive(Default)]
pub(super) struct Admitted {
    pub(super) leaves: Vec<Leaf>,
    pub(super) waiters: Vec<Waiter>,
}

/// A submission that was judged.
pub(super) struct Waiter {
    pub(super) acknowledgement: Acknowledgement,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) answer: oneshot::Sender<Answer>,
    pub(super) keep: Kept,
}

pub(super) fn run(
    queue: &Queue,
    mut admitter: Admitter,
    next: &SyncSender<Admitted>,
) -> Result<(), LogError> {
    while let Some(group) = queue.take() {
        let admitted = admit(queue, &mut admitter, group)?;
        next.send(admitted).map_err(|_| LogError::STOPPED)?;
    }
    Ok(())
}

fn admit(
    queue: &Queue,
    admitter: &mut Admitter,
    mut group: Vec<Submission>,
) -> Result<Admitted, LogError> {
    let submissions = group.len() as u64;
    let mut leaves = Vec::new();
    let counts: Vec<usize> = group
        .iter_mut()
        .map(|submission| {
            let mut own = mem::take(&mut submission.leaves);
            let count = own.len();
            leaves.append(&mut own);
            count
        })
        .collect();
    let (outcomes, fresh) = admitter.admit(leaves)?;
    let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let bytes: usize = fresh.iter().map(|leaf| leaf.entry().len()).sum();
    queue.count(|counters| {
        counters.groups += 1;
        counters.submissions += submissions;
        counters.entries += fresh.len() as u64;
        counters.bytes += bytes as u64;
        counters.refused += refused as u64;
        counters.duplicates += (outcomes.len() - refused - fresh.len()) as u64;
    });
    let size = admitter.size();
    let first_new = size - fresh.len() as u64;
    let mut outcomes = outcomes.into_iter();
    let waiters = group.into_iter().zip(counts).map(|(submission, count)| {
        let outcomes: Vec<Outcome> = outcomes.by_ref().take(count).collect();
        let new = outcomes.iter().flatten();
        let new = new.filter(|receipt| receipt.index >= first_new).count();
        let mut keep = submission.kept;
        keep.1.admitted(new, size);
        Waiter {
            acknowledgement: submission.acknowledgement,
            outcomes,
            answer: submission.answer,
            keep,
        }
    });
    Ok(Admitted {
        waiters: waiters.collect(),
        leaves: fresh,
    })
}
