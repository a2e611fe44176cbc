//! Compares the files of an index with its manifests, first those of the newest manifest, then any others, and recomputes
//! the runs that are too wide for a window.

use super::index_names::{Known, Name};
use super::run_check::Sums;
use crate::error::Error;
use crate::source::Source;
use glasslog_core::index::build::{StoredError, part_of_run};
use glasslog_core::index::format::{INDEX_FOLDER, IndexFile, Manifest, MapFunction, RunHead};
use glasslog_core::index::read::walk_run;
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::audit::index::{IndexAudit, RunClaim};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The result of reading a run's files.
struct Walked {
    files: u64,
    /// The sum of the numbers of its pairs, if the run is wide.
    sum: u128,
}

/// Compares all files, after every manifest was read and every narrow run recomputed.
pub(super) fn check(
    query: &mut AuditQuery,
    source: &dyn Source,
    sums: &Sums,
    listing: Option<&[String]>,
    threads: usize,
) -> Result<(), Error> {
    let Some(index) = query.index_mut() else {
        return Ok(());
    };
    let (Some(newest), Some(map)) = (index.newest().cloned(), index.map()) else {
        return Ok(());
    };
    // Files that an earlier audit has compared are not read again.
    let is_new = |head: &&RunHead| !index.has_compared_files(head);
    let shown: Vec<RunHead> = newest.runs().iter().filter(is_new).cloned().collect();
    let walked = in_threads(threads, &shown, |head| {
        walk(source, map, sums, head, !index.is_by_entries(head))
    })?;
    for walked in &walked {
        match walked {
            Ok(walked) => index.files_agree(walked.files),
            Err(StoredError::Missing { path }) => index.file_missing(path),
            Err(StoredError::Wrong { path, problem }) => index.file_differs(path, problem),
            // The files match the run's head; another check reports that the run is not the log's.
            Err(_) => {}
        }
    }
    let by_files = index
        .claims()
        .values()
        .flatten()
        .filter(|claim| !index.is_by_entries(&claim.head))
        .cloned();
    let (wide, superseded): (Vec<RunClaim>, Vec<RunClaim>) =
        by_files.partition(|claim| shown.contains(&claim.head));
    for claim in &wide {
        let place = shown.iter().position(|head| *head == claim.head);
        if let Some(walked) = place.and_then(|place| walked.get(place)) {
            record(index, claim, by_sum(walked, claim, sums));
        }
    }
    // Superseded runs are cut out of wider runs, which are judged by now.
    let outcomes = in_threads(threads, &superseded, |claim| {
        by_part(source, map, index, &newest, claim)
    })?;
    for (claim, outcome) in superseded.iter().zip(outcomes) {
        record(index, claim, outcome);
    }
    if let Some(listing) = listing {
        account(query, source, listing)?;
    }
    Ok(())
}

fn record(index: &mut IndexAudit, claim: &RunClaim, outcome: Outcome) {
    match outcome {
        Ok(None) => index.run_agrees(),
        Ok(Some(computed)) => index.run_differs(claim, computed.as_ref()),
        Err(problem) => index.run_undecided(claim, &problem),
    }
}

fn walk(
    source: &dyn Source,
    map: MapFunction,
    sums: &Sums,
    head: &RunHead,
    is_summed: bool,
) -> Result<Result<Walked, StoredError>, Error> {
    let mut sum = 0u128;
    let walked = reading(source, |read| {
        walk_run(map, head, read, |key, offsets| {
            if is_summed {
                for offset in offsets {
                    let position = head.start + u64::from(*offset);
                    sum = sum.wrapping_add(sums.secret.number(key, position));
                }
            }
        })
    })?;
    Ok(walked.map(|files| Walked { files, sum }))
}

/// Lets `work` read index files; returns the first error of reading, if any.
fn reading<T>(
    source: &dyn Source,
    work: impl FnOnce(&mut dyn FnMut(&IndexFile) -> Option<Vec<u8>>) -> T,
) -> Result<T, Error> {
    let mut failed = None;
    let outcome = work(&mut |file| match source.read(&file.path()) {
        Ok(found) => found,
        Err(error) => {
            failed.get_or_insert(error);
            None
        }
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(outcome),
    }
}

/// `None` if the run is the claimed one, else the computed run if it is known; an error if the run cannot be judged.
type Outcome = Result<Option<Option<RunHead>>, String>;

/// Judges a run whose files were read: they contain the right pairs if the sums agree.
fn by_sum(walked: &Result<Walked, StoredError>, claim: &RunClaim, sums: &Sums) -> Outcome {
    match walked {
        Ok(walked) => match sums.between(claim.head.start, claim.head.end) {
            Some(expected) => Ok((expected != walked.sum).then_some(None)),
            None => Err("the entries before it were not read".into()),
        },
        Err(StoredError::Other { .. }) => Ok(Some(None)),
        Err(error) => Err(error.to_string()),
    }
}

/// Judges a superseded run by cutting it out of the wider run that replaced it, whose files were compared.
fn by_part(
    source: &dyn Source,
    map: MapFunction,
    index: &IndexAudit,
    newest: &Manifest,
    claim: &RunClaim,
) -> Result<Outcome, Error> {
    let (start, end) = (claim.head.start, claim.head.end);
    let mut runs = newest.runs().iter();
    let Some(wider) = runs.find(|run| run.start <= start && end <= run.end) else {
        return Ok(Err("no run of the newest manifest covers it".into()));
    };
    if index.false_runs().iter().any(|run| run.head == *wider) {
        return Ok(Err("the run that took its place is false".into()));
    }
    let computed = reading(source, |read| part_of_run(map, wider, start..end, read))?;
    Ok(match computed {
        Ok(computed) if computed == claim.head => Ok(None),
        Ok(computed) => Ok(Some(Some(computed))),
        Err(error) => Err(error.to_string()),
    })
}

/// Accounts for every file below `index/`: files of superseded runs must be right, and files of no run are reported.
fn account(query: &mut AuditQuery, source: &dyn Source, listing: &[String]) -> Result<(), Error> {
    let Some(index) = query.index_mut() else {
        return Ok(());
    };
    let known = Known::new(index);
    for path in listing.iter().filter(|path| path.starts_with(INDEX_FOLDER)) {
        match known.judge(path, || source.read(path))? {
            Name::Known => {}
            Name::Right => index.files_agree(1),
            Name::Wrong(problem) => index.file_differs(path, &problem),
            Name::Stray => index.stray(path),
        }
    }
    Ok(())
}

/// Does `work` for each item in several threads, and returns the outcomes in the order of the items.
fn in_threads<T: Sync, R: Send, E: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..threads.max(1).min(items.len()) {
            scope.spawn(|| {
                while let Some((number, item)) = {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    items.get(number).map(|item| (number, item))
                } {
                    let outcome = work(item);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((number, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}
