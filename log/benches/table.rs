//! Memory and time of opening by size of the log, with the table of known entries and without it:
//! `cargo bench -p glasslog-log --bench table -- 100000 1000000`.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

use glasslog_log::{Log, NewLog};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Entries that are appended together.
const GROUP: u64 = 10_000;

/// Look-ups that are timed.
const ASKED: u64 = 20_000;

fn entries(first: u64, count: u64) -> Vec<Vec<u8>> {
    let entry = |number: u64| [&number.to_be_bytes()[..], &[b'.'; 56]].concat();
    (first..first + count).map(entry).collect()
}

/// Resident memory of this process, in MB.
fn memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    number.unwrap_or(0.0) / 1_000.0
}

/// Opens the log several times and returns the best time.
fn open(path: &Path, times: u32) -> (Log, Duration) {
    let mut best = Duration::MAX;
    for _ in 1..times {
        let begun = Instant::now();
        drop(Log::open(path).unwrap());
        best = best.min(begun.elapsed());
    }
    let begun = Instant::now();
    let log = Log::open(path).unwrap();
    (log, best.min(begun.elapsed()))
}

/// Time of one entry of a group, without the fixed cost of the group.
fn ask(log: &mut Log, first: u64) -> Duration {
    let begun = Instant::now();
    log.append(entries(first, ASKED)).unwrap();
    begun.elapsed() / ASKED as u32
}

fn measure(size: u64) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    NewLog::raw("example.com/bench").create(path, 0).unwrap();
    let before = memory();
    let mut log = Log::open(path).unwrap();
    let begun = Instant::now();
    let mut most = 0.0f64;
    for first in (0..size).step_by(GROUP as usize) {
        log.append(entries(first, GROUP.min(size - first))).unwrap();
        if first % (5 * GROUP) == 0 {
            log.publish(0).unwrap();
            most = most.max(memory());
        }
    }
    log.publish(0).unwrap();
    let rate = size as f64 / begun.elapsed().as_secs_f64();
    let filter = log.table().1;
    log.close().unwrap();
    let table = path.join("state/known");
    let (mut log, with) = open(path, 5);
    let small = memory();
    let new = ask(&mut log, 1 << 40);
    let known = ask(&mut log, size / 2);
    drop(log);
    let _ = fs::remove_dir_all(&table);
    let (log, without) = open(path, 1);
    drop(log);
    println!(
        "{size:>9} entries: written at {rate:.0}/s, {:.0} MB more at most, filter {:.1} MB; opening {with:.1?}, of all \
         {without:.1?}; memory after opening {small:.0} MB; a new entry {new:.1?}, a known one {known:.1?}",
        most - before,
        filter as f64 / 1e6,
    );
}

fn main() {
    let sizes: Vec<u64> = std::env::args()
        .filter_map(|size| size.parse().ok())
        .collect();
    let sizes = match sizes.is_empty() {
        true => vec![10_000, 100_000, 300_000],
        false => sizes,
    };
    sizes.into_iter().for_each(measure);
}
