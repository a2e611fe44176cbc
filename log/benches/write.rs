//! Loads a log in this process and prints the result as `name=value` words; `cargo xtask bench write` runs it.
//!
//! ```text
//! write limits DIRECTORY
//! write sign FILE COUNT
//! write load DIRECTORY SECONDS ADDERS BATCH RATE raw|FILE durable|published
//! ```
//! Each adder submits BATCH entries, raw ones or those that were signed into FILE, and waits for the acknowledgement, then
//! submits again: at once if RATE is 0, else on the schedule of RATE submissions a second, with latencies counted from the
//! scheduled times. Afterwards the tree is computed anew from its files: it must have the signed root, and every
//! acknowledged entry at its index. `limits` prints the limits of this machine.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

#[path = "../tests/it/event_entries.rs"]
mod event_entries;
mod load;

use glasslog_core::merkle::leaf_hash;
use glasslog_log::directory::Disk;
use glasslog_log::sequencer::{Acknowledgement, Limits, Sequencer};
use glasslog_log::{Layout, Log};
use load::{Entries, Figures, processor_seconds, say};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() {
    // `cargo bench` adds an argument of its own.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["limits", directory] => limits(Path::new(directory)),
        ["sign", file, count] => load::sign(Path::new(file), count.parse().unwrap()),
        [
            "load",
            directory,
            seconds,
            adders,
            batch,
            rate,
            kind,
            acknowledgement,
        ] => {
            let load = Load {
                seconds: seconds.parse().unwrap(),
                adders: adders.parse().unwrap(),
                batch: batch.parse().unwrap(),
                rate: rate.parse().unwrap(),
                acknowledgement: match acknowledgement {
                    "durable" => Acknowledgement::Durable,
                    _ => Acknowledgement::Published,
                },
                entries: Entries::read(kind),
            };
            run(load, Path::new(directory));
        }
        _ => println!(
            "see the first lines of log/benches/write.rs; `cargo xtask bench write` runs it"
        ),
    }
}

struct Load {
    seconds: f64,
    adders: u64,
    batch: u64,
    rate: f64,
    acknowledgement: Acknowledgement,
    entries: Entries,
}

fn run(load: Load, log: &Path) {
    load::make(log, matches!(load.entries, Entries::Raw));
    let load = Arc::new(load);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let disk = Disk::new();
    let opened = Log::open_with(disk.clone(), log).unwrap();
    // If the peak cannot be reset, it is that of the whole run.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (syncs, written) = (disk.syncs(), bytes_written());
    let (memory, processor) = (kilobytes("VmRSS:"), processor_seconds());
    let (sequencer, running) = Sequencer::start(opened, Limits::default());
    let begin = Instant::now();
    let adders: Vec<_> = (0..load.adders)
        .map(|adder| runtime.spawn(add(Arc::clone(&load), sequencer.clone(), adder, begin)))
        .collect();
    let mut all = Figures::default();
    for adder in adders {
        all.append(runtime.block_on(adder).unwrap());
    }
    let seconds = begin.elapsed().as_secs_f64();
    let counters = sequencer.status().counters;
    drop(sequencer);
    running.join().unwrap();
    say("processor", processor_seconds() - processor);
    say("memory", (kilobytes("VmHWM:") - memory) * 1024.0);
    say("written", bytes_written() - written);
    all.say(seconds);
    say("closed", begin.elapsed().as_secs_f64());
    say("syncs", (disk.syncs() - syncs) as f64);
    say("groups", counters.groups as f64);
    say("commits", counters.commits as f64);
    say("publishes", counters.publishes as f64);
    let public = Layout::new(log).public();
    let size = load::verify(&public, &all.acknowledged, |number| {
        load.entries.get(number)
    });
    say("size", size as f64);
}

/// One adder, until the time is over or the events are used up.
async fn add(load: Arc<Load>, sequencer: Sequencer, adder: u64, begin: Instant) -> Figures {
    let mut seen = Figures::default();
    let end = begin + Duration::from_secs_f64(load.seconds);
    for round in 0.. {
        let submission = round * load.adders + adder;
        let mut intended = Instant::now();
        if load.rate > 0.0 {
            intended = begin + Duration::from_secs_f64(submission as f64 / load.rate);
            tokio::time::sleep_until(intended.into()).await;
        }
        if intended >= end || Instant::now() >= end {
            break;
        }
        let numbers = submission * load.batch..(submission + 1) * load.batch;
        let entries: Option<Vec<_>> = numbers
            .clone()
            .map(|number| load.entries.get(number))
            .collect();
        let Some(mut entries) = entries else {
            break;
        };
        let answer = loop {
            match sequencer.submit(entries, load.acknowledgement, ()) {
                Ok(pending) => break pending.await.unwrap(),
                Err(_) => {
                    // A server would answer 503, and its client would still have the entries.
                    seen.busy += 1;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    let again = numbers.clone().map(|number| load.entries.get(number));
                    entries = again.collect::<Option<_>>().unwrap();
                }
            }
        };
        seen.latencies.push(intended.elapsed());
        let receipts = answer.outcomes.into_iter().map(Result::unwrap);
        let indices = receipts.map(|receipt| receipt.index);
        seen.acknowledged.extend(indices.zip(numbers));
    }
    seen
}

/// Returns the bytes that this process has written to disks so far, as Linux reports them.
fn bytes_written() -> f64 {
    number("/proc/self/io", "write_bytes:")
}

/// Returns a figure of this process's memory in kB, as Linux reports it.
fn kilobytes(name: &str) -> f64 {
    number("/proc/self/status", name)
}

fn number(file: &str, name: &str) -> f64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|line| line.split_whitespace().next());
    word.and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

/// Duration of the measurement of each limit.
const TRIED: Duration = Duration::from_secs(2);

/// Measures the hashing of one core and the writing of the disk, each alone.
fn limits(directory: &Path) {
    let entry = Entries::Raw.get(0).unwrap();
    let (mut entries, begun) = (0, Instant::now());
    while begun.elapsed() < TRIED {
        for _ in 0..1_000 {
            std::hint::black_box(leaf_hash(std::hint::black_box(&entry)));
        }
        entries += 1_000;
    }
    say("hashes", f64::from(entries) / begun.elapsed().as_secs_f64());
    // The sizes of the largest group and of one entry.
    for (name, size) in [("disk", 4 << 20), ("sync", 600)] {
        let path = directory.join(name);
        let (mut file, bytes) = (File::create(&path).unwrap(), vec![b'.'; size]);
        let (mut writes, begun) = (0, Instant::now());
        while begun.elapsed() < TRIED {
            file.write_all(&bytes).unwrap();
            file.sync_data().unwrap();
            writes += 1;
        }
        let each_second = f64::from(writes) / begun.elapsed().as_secs_f64();
        match name {
            "disk" => say("disk", each_second * size as f64),
            _ => say("syncs", each_second),
        }
    }
}
