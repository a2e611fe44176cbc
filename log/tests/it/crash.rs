//! Stops a log before each of its file operations in turn, and checks the remaining files, from outside and by opening it.

use crate::seen::{Seen, new_log, work};
use crate::support::{NOW, log_key, scratch};
use crate::tree::PublicLog;
use glasslog_core::merkle::TreeHead;
use glasslog_log::LayoutError;
use glasslog_log::directory::Disk;
use glasslog_log::index::Indexer;
use glasslog_log::{Layout, Log, LogError, NewLog};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A disk that fails from step number `last` on, like a killed process.
fn dying(last: usize) -> (Disk, Arc<AtomicUsize>) {
    let steps = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&steps);
    let disk = Disk::with_faults(move |_, _| match count.fetch_add(1, Ordering::Relaxed) {
        step if step < last => Ok(()),
        _ => Err(io::Error::other("the process is dead")),
    });
    (disk, steps)
}

#[test]
fn every_step_of_writing_can_be_the_last() {
    let mut crashes = 0;
    for last in 0.. {
        let directory = scratch();
        let path = directory.path();
        new_log(path);
        let mut seen = Seen::default();
        let (disk, _) = dying(last);
        let outcome = Log::open_with(disk, path).and_then(|mut log| {
            let outcome = work(&mut log, 0, &mut seen);
            if outcome.is_err() {
                assert_eq!(
                    log.append(Vec::new()),
                    Err(LogError::STOPPED),
                    "a writer that failed stays stopped"
                );
            }
            outcome
        });
        seen.check(path);
        let mut log = Log::open(path).unwrap();
        seen.check(path);
        seen.heads.push(log.publish(NOW).unwrap());
        seen.check(path);
        seen.check_acknowledged(path);
        work(&mut log, 10_000, &mut seen).unwrap();
        seen.check(path);
        seen.check_acknowledged(path);
        match outcome {
            Err(LogError::Disk(_)) => crashes += 1,
            Err(error) => panic!("{error}"),
            Ok(()) => break,
        }
    }
    assert!(crashes > 80, "only {crashes} steps were tried");
}

/// A crash in the middle of the recovery from a crash, at every step of it.
#[test]
fn every_step_of_recovering_can_be_the_last() {
    let directory = scratch();
    let steps_of_work = {
        let log = directory.path().join("whole");
        new_log(&log);
        let (disk, steps) = dying(usize::MAX);
        work(
            &mut Log::open_with(disk, &log).unwrap(),
            0,
            &mut Seen::default(),
        )
        .unwrap();
        steps.load(Ordering::Relaxed)
    };

    for first in (0..steps_of_work).step_by(17) {
        for second in 0.. {
            let path = directory.path().join(format!("{first}-{second}"));
            new_log(&path);
            let mut seen = Seen::default();
            let _ = Log::open_with(dying(first).0, &path)
                .and_then(|mut log| work(&mut log, 0, &mut seen));
            let recovered =
                Log::open_with(dying(second).0, &path).and_then(|mut log| log.publish(NOW));
            seen.check(&path);
            seen.heads
                .push(Log::open(&path).unwrap().publish(NOW).unwrap());
            seen.check(&path);
            seen.check_acknowledged(&path);
            if recovered.is_ok() {
                break;
            }
        }
    }
}

#[test]
fn every_step_of_making_a_log_can_be_the_last() {
    let mut unfinished = 0;
    for last in 0.. {
        let directory = scratch();
        let path = directory.path().join("new.log");
        let made = NewLog::raw("example.com/raw").create_with(&dying(last).0, &path, NOW);
        if made.is_ok() {
            break;
        }
        let again = || NewLog::raw("example.com/raw").create(&path, NOW);
        match Log::open(&path) {
            Ok(mut log) => {
                assert_eq!(log.publish(NOW), Ok(TreeHead::empty()));
                assert_eq!(Indexer::open(&path).unwrap().publish(NOW), Ok(0));
                assert_eq!(
                    again(),
                    Err(LogError::Layout(LayoutError::NotEmpty {
                        path: path.clone()
                    }))
                );
                PublicLog::read(&Layout::new(&path).public(), &log_key(&path));
            }
            Err(LogError::Layout(LayoutError::Unfinished { .. })) => {
                unfinished += 1;
                assert_eq!(
                    again(),
                    Err(LogError::Layout(LayoutError::Unfinished {
                        path: path.clone()
                    }))
                );
            }
            Err(LogError::Layout(LayoutError::NotALog { .. })) => {
                // So few steps were done that `init` can start again.
                again().unwrap();
            }
            Err(error) => panic!("step {last}: {error}"),
        }
        assert!(!path.join("public/checkpoint").exists() || path.join("glasslog.toml").exists());
    }
    assert!(unfinished > 10, "only {unfinished} steps were tried");
}
