//! Joins neighbouring runs in memory into the run of their whole range, the same as if it were built from the log.

use crate::merkle::hash::Hash;
use alloc::vec::Vec;

use crate::index::build::lists::Lists;
use crate::index::build::run::{Run, RunError, assemble};

/// Joins runs, given in order. The result is that of [`build`](crate::index::build::run::build) over the whole range.
///
/// # Errors
/// [`RunError`]; [`RunError::NotNeighbours`] unless each run starts at the end of the one before, with the same key
/// function.
pub fn merge(runs: &[Run]) -> Result<Run, RunError> {
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
        return Err(RunError::Range { start: 0, end: 0 });
    };
    let (start, end) = (first.head().start, last.head().end);
    for pair in runs.windows(2) {
        let [left, right] = pair else { continue };
        if left.head().end != right.head().start || left.map() != right.map() {
            return Err(RunError::NotNeighbours {
                end: left.head().end,
                start: right.head().start,
            });
        }
    }
    let mut sources = Vec::new();
    for run in runs {
        let shift = run.head().start.saturating_sub(start);
        let shift = u32::try_from(shift).map_err(|_| RunError::Range { start, end })?;
        sources.push((shift, run.lists().iter().peekable()));
    }
    let mut joined = Lists::default();
    // Runs are in log order, so a key's offsets come in order when its sources are taken in order.
    while let Some(key) = smallest(&mut sources) {
        for (shift, lists) in &mut sources {
            if let Some((_, offsets)) = lists.next_if(|(next, _)| **next == key) {
                for offset in offsets {
                    joined.push(key, offset.saturating_add(*shift));
                }
            }
        }
    }
    assemble(first.map(), start..end, joined)
}

type Source<'a, I> = (u32, core::iter::Peekable<I>);

fn smallest<'a, I: Iterator<Item = (&'a Hash, &'a [u32])>>(
    sources: &mut [Source<'a, I>],
) -> Option<Hash> {
    sources
        .iter_mut()
        .filter_map(|(_, lists)| lists.peek().map(|(key, _)| **key))
        .min()
}
