//! Mirroring onto a disk that fails at each step in turn: the copy is a whole tree for its own checkpoint at any moment.

use crate::support::{NOW, entries, log_key, scratch};
use crate::tree::PublicLog;
use glasslog_client::source::Directory;
use glasslog_core::trust::TrustPolicy;
use glasslog_log::directory::Disk;
use glasslog_log::mirror::{Copy, Mirror, MirrorError, Mirrored};
use glasslog_log::{Layout, Log, LogError, NewLog};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

fn grow(log: &Path, first: u64, count: u64) {
    let mut log = Log::open(log).unwrap();
    log.append(entries(first, count, 0)).unwrap();
    log.publish(NOW).unwrap();
    log.close().unwrap();
}

fn pass(disk: &Disk, log: &Path, copy: &Path) -> Result<Mirrored, MirrorError> {
    let policy = std::fs::read(Layout::new(log).trust_policy()).unwrap();
    let mirror = Mirror {
        source: &Directory::open(log).unwrap(),
        more: &[],
        copy: &Copy::open(disk, copy)?,
        policy: &TrustPolicy::parse(&policy).unwrap(),
        key: None,
        threads: 1,
        now: NOW,
        observer: &(),
    };
    mirror.pass()
}

#[test]
fn a_step_that_fails_leaves_a_whole_copy() {
    let directory = scratch();
    let log = directory.path().join("log");
    NewLog::raw("example.com/raw").create(&log, NOW).unwrap();
    grow(&log, 0, 5);
    let mut tried = 0;
    for second in [false, true] {
        if second {
            grow(&log, 5, 295);
        }
        for failing in 0.. {
            let copy = directory.path().join(format!("copy-{second}-{failing}"));
            if second {
                // The first pass met a log of 5 entries; `older` is that log.
                let older = directory.path().join("older");
                pass(&Disk::new(), &older, &copy).unwrap();
            }
            let steps = AtomicUsize::new(0);
            let disk = Disk::with_faults(move |_, _| {
                match steps.fetch_add(1, Ordering::Relaxed) == failing {
                    true => Err(io::Error::from_raw_os_error(28)),
                    false => Ok(()),
                }
            });
            let outcome = pass(&disk, &log, &copy);
            if copy.join("public/checkpoint").exists() {
                PublicLog::read(&copy.join("public"), &log_key(&log));
            }
            let done = pass(&Disk::new(), &log, &copy).unwrap();
            assert_eq!(done.head.size, if second { 300 } else { 5 });
            PublicLog::read(&copy.join("public"), &log_key(&log));
            std::fs::remove_dir_all(&copy).unwrap();
            match outcome {
                Err(MirrorError::Log(LogError::Disk(_))) => tried += 1,
                Err(error) => panic!("{error}"),
                Ok(_) => break,
            }
        }
        if !second {
            let copied = std::process::Command::new("cp")
                .args(["-r".as_ref(), log.as_os_str()])
                .arg(directory.path().join("older"))
                .status();
            assert!(copied.unwrap().success());
        }
    }
    assert!(tried > 60, "only {tried} steps were tried");
}
