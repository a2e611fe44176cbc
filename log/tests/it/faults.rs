//! A log whose storage fails once, is slow, or is full, and whose clock jumps: the log stops or continues, but never forks.

use crate::seen::{Seen, new_log, work};
use crate::support::{NOW, entries, log_key, scratch};
use crate::tree::PublicLog;
use glasslog_log::DedupError;
use glasslog_log::directory::Disk;
use glasslog_log::sequencer::{Acknowledgement, Limits, Sequencer};
use glasslog_log::{Bounds, Layout, Log, LogError};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Errors of disks: `EIO`, `ENOSPC`, `EDQUOT`.
const FAILURES: [i32; 3] = [5, 28, 122];

/// Each step fails once, half done if it writes, and the disk works again after it: the writer stops all the same.
#[test]
fn a_step_that_fails_once_loses_nothing() {
    for failing in 0.. {
        let directory = scratch();
        let path = directory.path();
        new_log(path);
        let steps = AtomicUsize::new(0);
        let disk = Disk::with_faults(move |_, _| match steps.fetch_add(1, Ordering::Relaxed) {
            step if step == failing => Err(io::Error::from_raw_os_error(FAILURES[step % 3])),
            _ => Ok(()),
        });
        let mut seen = Seen::default();
        let outcome = Log::open_with(disk, path).and_then(|mut log| {
            let outcome = work(&mut log, 0, &mut seen);
            if outcome.is_err() {
                assert_eq!(log.append(Vec::new()), Err(LogError::STOPPED));
            }
            outcome
        });
        seen.check(path);
        let mut log = Log::open(path).unwrap();
        seen.heads.push(log.publish(NOW).unwrap());
        work(&mut log, 10_000, &mut seen).unwrap();
        log.close().unwrap();
        seen.check(path);
        seen.check_acknowledged(path);
        match outcome {
            Err(LogError::Disk(_)) => {}
            Err(error) => panic!("{error}"),
            Ok(()) => {
                assert!(failing > 80, "only {failing} steps were tried");
                return;
            }
        }
    }
}

/// Slow steps, each in turn, do not change the sequencer's answers.
#[test]
fn a_slow_step_only_takes_time() {
    for slow in 0..12 {
        let directory = scratch();
        let path = directory.path();
        new_log(path);
        let steps = AtomicUsize::new(0);
        let disk = Disk::with_faults(move |_, _| {
            if steps.fetch_add(1, Ordering::Relaxed) % 12 == slow {
                thread::sleep(Duration::from_millis(2));
            }
            Ok(())
        });
        let log = Log::open_with(disk, path).unwrap();
        let (sequencer, running) = Sequencer::start(log, Limits::default());
        let pending: Vec<_> = (0..20)
            .map(|number| {
                let kind = match number % 2 {
                    0 => Acknowledgement::Durable,
                    _ => Acknowledgement::Published,
                };
                let batch = entries(number * 30, 30, 20);
                sequencer.submit(batch, kind, ()).unwrap()
            })
            .collect();
        let mut seen = Seen::default();
        for pending in pending {
            let answer = pending.wait().unwrap();
            let receipts = answer.outcomes.into_iter().map(Result::unwrap);
            seen.acknowledged
                .extend(receipts.map(|receipt| (receipt.index, receipt.leaf_hash)));
            seen.heads
                .extend(answer.checkpoint.map(|checkpoint| checkpoint.head()));
        }
        drop(sequencer);
        running.join().unwrap();
        seen.check(path);
        seen.check_acknowledged(path);
        assert_eq!(seen.acknowledged.len(), 600);
    }
}

/// A small separate file system, which is deleted after the test.
struct Small(TempDir);

impl Small {
    /// Mounts the file system; `None` without the right to mount.
    fn mount() -> Option<Self> {
        let small = Self(tempfile::tempdir().unwrap());
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "none"])
            .arg(small.0.path())
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(small)
    }

    /// Fills the file system except for this many bytes; returns the file to remove.
    fn fill(&self, free: u64) -> PathBuf {
        let path = self.0.path().join("filler");
        let mut file = File::create(&path).unwrap();
        while file.write_all(&[0; 4_096]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length - free).unwrap();
        path
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn is_full(error: &LogError) -> bool {
    match error {
        LogError::Disk(error) => error.kind == io::ErrorKind::StorageFull,
        LogError::Dedup(DedupError { .. }) => true,
        _ => false,
    }
}

/// A real disk that becomes full at different moments, also while the table of known entries is written.
#[test]
fn a_full_disk_loses_nothing() {
    let Some(small) = Small::mount() else {
        let line = "\nskipped: the right to mount a small file system is absent\n";
        io::stdout().write_all(line.as_bytes()).unwrap();
        return;
    };
    let path = small.0.path().join("log");
    new_log(&path);
    let bounds = Bounds {
        least: 256,
        batch: 256,
        ..Bounds::default()
    };
    let open = |path: &Path| Log::open_within(Disk::new(), path, bounds);
    let mut seen = Seen::default();
    let (mut first, mut full) = (0, 0);
    for free in (0..16).map(|round| round * 37 * 1_024) {
        let filler = small.fill(free);
        let outcome = open(&path).and_then(|mut log| {
            loop {
                let outcomes = log.append(entries(first, 60, 300))?;
                first += 60;
                let receipts = outcomes.into_iter().map(Result::unwrap);
                seen.acknowledged
                    .extend(receipts.map(|receipt| (receipt.index, receipt.leaf_hash)));
                seen.heads.push(log.publish(NOW)?);
                if first % 300 == 0 {
                    log.close()?;
                    log = open(&path)?;
                }
            }
        });
        let error: LogError = match outcome {
            Ok(()) => unreachable!("the loop ends with an error"),
            Err(error) => error,
        };
        assert!(is_full(&error), "{free} bytes free: {error}");
        full += 1;
        // A failed append may have kept some of its entries; the next entries are new in any case.
        first += 60;
        seen.check(&path);
        fs::remove_file(filler).unwrap();
        let mut log = open(&path).unwrap();
        seen.heads.push(log.publish(NOW).unwrap());
        log.close().unwrap();
        seen.check(&path);
        seen.check_acknowledged(&path);
    }
    assert_eq!(full, 16);
    assert!(seen.acknowledged.len() > 1_000);
    // Every acknowledged entry still has its index.
    let mut log = open(&path).unwrap();
    let public = PublicLog::read(&Layout::new(&path).public(), &log_key(&path));
    let again = log.append(public.entries.clone()).unwrap();
    for (index, outcome) in (0..).zip(again) {
        assert_eq!(outcome.unwrap().index, index);
    }
}

/// The clock jumps, also between restarts: only the archive depends on it.
#[test]
fn a_clock_that_jumps_changes_no_history() {
    let directory = scratch();
    let path = directory.path();
    new_log(path);
    let mut seen = Seen::default();
    let jumps = [
        NOW,
        0,
        u64::MAX,
        NOW,
        1,
        NOW - 1,
        2 * NOW,
        u64::MAX - 1,
        NOW,
    ];
    for (round, now) in (0..).zip(jumps) {
        let mut log = Log::open(path).unwrap();
        for step in 0..2 {
            let outcomes = log.append(entries(round * 100 + step * 50, 50, 0)).unwrap();
            let receipts = outcomes.into_iter().map(Result::unwrap);
            seen.acknowledged
                .extend(receipts.map(|receipt| (receipt.index, receipt.leaf_hash)));
            seen.heads
                .push(log.publish(now.saturating_sub(step)).unwrap());
        }
        drop(log);
        seen.check(path);
        seen.check_acknowledged(path);
    }
}
