//! Group commit as submitters see it: order, acknowledgements, bounds, failures and stopping.

use crate::event_entries::{access, actor_key, admin_key, key_event};
use crate::support::{NOW, entries, log_key, scratch};
use crate::tree::PublicLog;
use glasslog_core::event::Action;
use glasslog_core::merkle::leaf_hash;
use glasslog_core::note::Checkpoint;
use glasslog_log::directory::{Disk, Step};
use glasslog_log::sequencer::{Acknowledgement, Busy, Limits, Sequencer};
use glasslog_log::{Layout, Log, LogError, NewLog};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use std::{io, thread};

fn raw(path: &Path) -> Log {
    NewLog::raw("example.com/raw").create(path, NOW).unwrap();
    Log::open(path).unwrap()
}

fn public(path: &Path) -> PublicLog {
    PublicLog::read(&Layout::new(path).public(), &log_key(path))
}

#[test]
fn many_submitters_each_get_their_own_indices() {
    let directory = scratch();
    let path = directory.path();
    let (sequencer, running) = Sequencer::start(raw(path), Limits::default());
    let given: Vec<(u64, glasslog_core::merkle::Hash)> = thread::scope(|scope| {
        let submitters: Vec<_> = (0..8)
            .map(|number| {
                let sequencer = sequencer.clone();
                scope.spawn(move || {
                    let mut given = Vec::new();
                    for round in 0..40 {
                        let batch = entries(number * 10_000 + round * 10, 1 + round % 9, 30);
                        let expected: Vec<_> = batch.iter().map(|entry| leaf_hash(entry)).collect();
                        let acknowledgement = match round % 2 {
                            0 => Acknowledgement::Durable,
                            _ => Acknowledgement::Published,
                        };
                        let answer = sequencer.submit(batch, acknowledgement, ()).unwrap();
                        let answer = answer.wait().unwrap();
                        let receipts: Vec<_> =
                            answer.outcomes.into_iter().map(Result::unwrap).collect();
                        let hashes: Vec<_> = receipts.iter().map(|r| r.leaf_hash).collect();
                        assert_eq!(hashes, expected);
                        // A submission stays together.
                        assert!(
                            receipts
                                .windows(2)
                                .all(|two| two[0].index + 1 == two[1].index)
                        );
                        let covers = |checkpoint: &Checkpoint| {
                            receipts.iter().all(|r| r.index < checkpoint.head().size)
                        };
                        assert_eq!(
                            answer.checkpoint.as_deref().map(covers),
                            (round % 2 == 1).then_some(true)
                        );
                        given.extend(receipts.iter().map(|r| (r.index, r.leaf_hash)));
                    }
                    given
                })
            })
            .collect();
        let all = submitters
            .into_iter()
            .map(|submitter| submitter.join().unwrap());
        all.flatten().collect()
    });
    let counters = sequencer.status().counters;
    drop(sequencer);
    running.join().unwrap();
    let public = public(path);
    assert_eq!(public.leaves.len(), given.len());
    for (index, leaf) in given {
        assert_eq!(public.leaves[index as usize], leaf);
    }
    assert_eq!(counters.submissions, 320);
    assert_eq!(counters.entries, public.leaves.len() as u64);
    assert!(counters.commits <= counters.groups && counters.publishes <= counters.commits);
}

#[test]
fn the_same_entry_keeps_its_index_whenever_it_comes_again() {
    let directory = scratch();
    let (sequencer, running) = Sequencer::start(raw(directory.path()), Limits::default());
    let twice = [entries(0, 3, 10), entries(0, 3, 10)].concat();
    for _ in 0..3 {
        let pending = sequencer.submit(twice.clone(), Acknowledgement::Published, ());
        let answer = pending.unwrap().wait().unwrap();
        let indices: Vec<_> = answer
            .outcomes
            .iter()
            .map(|o| o.as_ref().unwrap().index)
            .collect();
        assert_eq!(indices, [0, 1, 2, 0, 1, 2]);
        assert_eq!(answer.checkpoint.unwrap().head().size, 3);
    }
    let counters = sequencer.status().counters;
    assert_eq!((counters.entries, counters.duplicates), (3, 15));
    drop(sequencer);
    running.join().unwrap();
}

/// An enrolment, an event by its key, the revocation, and an event that it forbids, all in one group.
#[test]
fn key_events_count_for_what_follows_in_the_same_group() {
    const ORIGIN: &str = "example.com/events";
    let directory = scratch();
    let path = directory.path();
    NewLog::events(ORIGIN).create(path, NOW).unwrap();
    let (admin, key) = (admin_key(path), actor_key(1));
    let enrolment = key_event(ORIGIN, &admin, "ci", &key, None);
    let event = |number| access(ORIGIN, "ci", &key, Action::Read, number);
    let revocation = key_event(ORIGIN, &admin, "ci", &key, Some(leaf_hash(&enrolment)));
    let group = vec![
        event(1),
        enrolment,
        event(2),
        event(2),
        revocation,
        event(3),
        event(2),
    ];
    let (sequencer, running) = Sequencer::start(Log::open(path).unwrap(), Limits::default());
    let answer = sequencer
        .submit(group, Acknowledgement::Published, ())
        .unwrap();
    let outcomes: Vec<_> = answer
        .wait()
        .unwrap()
        .outcomes
        .into_iter()
        .map(|outcome| {
            outcome
                .map(|receipt| receipt.index)
                .map_err(|error| error.code())
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            Err("event-unknown-key"),
            Ok(1),
            Ok(2),
            Ok(2),
            Ok(3),
            Err("event-revoked-key"),
            Ok(2),
        ]
    );
    drop(sequencer);
    running.join().unwrap();
}

/// Waiting entries are bounded: more are refused at once, until entries leave memory.
#[test]
fn beyond_the_bound_the_answer_is_busy() {
    let directory = scratch();
    let path = directory.path();
    NewLog::raw("example.com/raw").create(path, NOW).unwrap();
    let is_stuck = Arc::new(AtomicBool::new(true));
    let stuck = Arc::clone(&is_stuck);
    let disk = Disk::with_faults(move |step, _| {
        while step == Step::Append && stuck.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    });
    let limits = Limits {
        bytes: 10_000,
        ..Limits::default()
    };
    let (sequencer, running) = Sequencer::start(Log::open_with(disk, path).unwrap(), limits);
    let kept = Arc::new(());
    let mut waiting = Vec::new();
    let refused = loop {
        let batch = entries(waiting.len() as u64 * 10, 10, 100);
        match sequencer.submit(batch, Acknowledgement::Durable, Arc::clone(&kept)) {
            Ok(pending) => waiting.push(pending),
            Err(error) => break error,
        }
    };
    assert_eq!((refused, waiting.len()), (Busy, 10));
    assert_eq!(sequencer.status().bytes_in_work, 10_000);
    is_stuck.store(false, Ordering::Relaxed);
    for pending in waiting {
        pending.wait().unwrap();
    }
    // Durable entries leave memory when they are public, a moment later.
    let last = loop {
        match sequencer.submit(entries(900, 1, 1), Acknowledgement::Published, ()) {
            Ok(pending) => break pending,
            Err(Busy) => thread::sleep(Duration::from_millis(1)),
        }
    };
    last.wait().unwrap();
    // Everything before the last publication leaves memory, a moment after it was answered.
    let begun = std::time::Instant::now();
    while Arc::strong_count(&kept) > 1 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "entries stay in memory"
        );
        thread::sleep(Duration::from_millis(1));
    }
    assert!(sequencer.status().counters.busy > 0);
    drop(sequencer);
    running.join().unwrap();
    assert_eq!(public(path).leaves.len(), 101);
}

/// Every step that fails ends the log with its own error; waiting submitters get it, and the next writer has every
/// acknowledged entry.
#[test]
fn a_failure_ends_the_log_and_loses_nothing() {
    let mut failures = 0;
    for last in (0..).step_by(3) {
        let directory = scratch();
        let path = directory.path();
        NewLog::raw("example.com/raw").create(path, NOW).unwrap();
        let steps = AtomicUsize::new(0);
        let disk = Disk::with_faults(move |_, _| match steps.fetch_add(1, Ordering::Relaxed) {
            step if step < last => Ok(()),
            _ => Err(io::Error::other("input/output error")),
        });
        let Ok(log) = Log::open_with(disk, path) else {
            continue;
        };
        let (sequencer, running) = Sequencer::start(log, Limits::default());
        let mut promised = Vec::new();
        for number in 0..12 {
            let batch = entries(number * 30, 30, 20);
            let Ok(pending) = sequencer.submit(batch, Acknowledgement::Published, ()) else {
                break;
            };
            match pending.wait() {
                Ok(answer) => promised.extend(answer.outcomes.into_iter().map(Result::unwrap)),
                Err(error) => {
                    assert_eq!(error, LogError::STOPPED);
                    break;
                }
            }
        }
        drop(sequencer);
        let ended = running.join();
        if let Err(error) = &ended {
            assert_eq!(error.code(), "disk", "{error}");
            failures += 1;
        }
        Log::open(path).unwrap().publish(NOW).unwrap();
        let public = public(path);
        let is_complete = promised.len() == 360;
        for receipt in promised {
            assert_eq!(public.leaves[receipt.index as usize], receipt.leaf_hash);
        }
        // Closing may fail after everything was published; after its steps no operation can fail.
        if is_complete && ended.is_ok() && failures > 20 {
            return;
        }
    }
}
