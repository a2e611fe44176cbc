//! Makes logs to audit, and measures how fast hashes and signatures alone can be checked; `cargo xtask bench audit` runs it.
//!
//! ```text
//! audit make DIRECTORY raw|events COUNT
//! audit limit THREADS
//! ```
//! The limits are measured by threads without other work: trees of 256 entries of 512 bytes, and exact batches of
//! signatures on events like those of the log, by 16 keys.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

#[path = "../tests/it/event_entries.rs"]
mod event_entries;

use event_entries::{access, actor_key, admin_key, key_event};
use glasslog_core::crypto::ed25519_batch::{FULL_BATCH, Seed, verify_many};
use glasslog_core::crypto::{PublicKey, SecretKey};
use glasslog_core::event::{Action, Envelope};
use glasslog_core::merkle::{leaf_hash, tree_root};
use glasslog_log::index::Indexer;
use glasslog_log::{Log, NewLog};
use std::hint::black_box;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

const ORIGIN: &str = "bench.example/audit";
/// The size of entries in other logs' benchmarks.
const ENTRY: usize = 512;
/// Actors, each with a key.
const ACTORS: u8 = 16;
/// Entries that are appended at a time.
const BATCH: u64 = 10_000;
/// Duration of the measurement of a limit.
const TIME: Duration = Duration::from_secs(2);

fn main() {
    // `cargo bench` adds an argument of its own.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["make", directory, kind, count] => {
            make(Path::new(directory), kind == "raw", count.parse().unwrap());
        }
        ["limit", threads] => limit(threads.parse().unwrap()),
        _ => println!(
            "see the first lines of log/benches/audit.rs; `cargo xtask bench audit` runs it"
        ),
    }
}

fn make(directory: &Path, is_raw: bool, count: u64) {
    let new = match is_raw {
        true => NewLog::raw(ORIGIN),
        false => NewLog::events(ORIGIN),
    };
    new.create(directory, 0).unwrap();
    let begin = Instant::now();
    let mut log = Log::open(directory).unwrap();
    let actors: Vec<(String, SecretKey)> = (1..=ACTORS)
        .map(|actor| (format!("actor{actor}@bench.example"), actor_key(actor)))
        .collect();
    if !is_raw {
        let admin = admin_key(directory);
        let enrol =
            |(actor, key): &(String, SecretKey)| key_event(ORIGIN, &admin, actor, key, None);
        let enrolments = actors.iter().map(enrol).collect();
        append(&mut log, enrolments);
    }
    for first in (0..count).step_by(BATCH as usize) {
        let numbers = first..count.min(first + BATCH);
        let entries = match is_raw {
            true => numbers.map(raw).collect(),
            false => in_threads(numbers.collect(), |number| event(&actors, number)),
        };
        append(&mut log, entries);
    }
    log.publish(0).unwrap();
    drop(log);
    if !is_raw {
        let mut indexer = Indexer::open(directory).unwrap();
        indexer.publish(0).unwrap();
        indexer.tidy(0).unwrap();
        indexer.publish(0).unwrap();
    }
    println!("rate={:.0}", count as f64 / begin.elapsed().as_secs_f64());
}

fn append(log: &mut Log, entries: Vec<Vec<u8>>) {
    for outcome in log.append(entries).unwrap() {
        outcome.unwrap();
    }
}

fn raw(number: u64) -> Vec<u8> {
    let mut entry = vec![b'.'; ENTRY];
    entry[..8].copy_from_slice(&number.to_be_bytes());
    entry
}

fn event(actors: &[(String, SecretKey)], number: u64) -> Vec<u8> {
    let (actor, key) = &actors[(number % u64::from(ACTORS)) as usize];
    access(ORIGIN, actor, key, Action::Read, number)
}

fn in_threads(numbers: Vec<u64>, work: impl Fn(u64) -> Vec<u8> + Sync) -> Vec<Vec<u8>> {
    let half = numbers.len().div_ceil(2).max(1);
    thread::scope(|scope| {
        let parts = numbers.chunks(half).map(|part| {
            let work = &work;
            scope.spawn(move || part.iter().map(|number| work(*number)).collect::<Vec<_>>())
        });
        let parts: Vec<_> = parts.collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap())
            .collect()
    })
}

/// Runs `work`, which returns its amount, in this many threads for a while; returns the amount per second.
fn measure(threads: usize, work: impl Fn() -> usize + Sync) -> f64 {
    let begin = Instant::now();
    let done: usize = thread::scope(|scope| {
        let one = || {
            let mut done = 0;
            while begin.elapsed() < TIME {
                done += work();
            }
            done
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    done as f64 / begin.elapsed().as_secs_f64()
}

fn limit(threads: usize) {
    let bundle: Vec<Vec<u8>> = (0..256).map(raw).collect();
    let hashes = measure(threads, || {
        let leaves: Vec<_> = bundle.iter().map(|entry| leaf_hash(entry)).collect();
        black_box(tree_root(&leaves));
        bundle.len()
    });
    let actors: Vec<(String, SecretKey)> = (1..=ACTORS)
        .map(|actor| (String::from("a@b"), actor_key(actor)))
        .collect();
    let signed: Vec<(PublicKey, Vec<u8>, Vec<u8>)> = (0..FULL_BATCH as u64)
        .map(|number| {
            let envelope = Envelope::parse(&event(&actors, number)).unwrap();
            let key = actors[(number % u64::from(ACTORS)) as usize].1.public();
            (key, envelope.pae(), envelope.signatures()[0].sig.clone())
        })
        .collect();
    let items: Vec<(&PublicKey, &[u8], &[u8])> = signed
        .iter()
        .map(|(key, message, signature)| (key, message.as_slice(), signature.as_slice()))
        .collect();
    let signatures = measure(threads, || {
        let verdicts = verify_many(&items, Seed::new([9; 32]));
        assert!(verdicts.into_iter().all(|holds| holds));
        items.len()
    });
    println!("rate={hashes:.0} signatures={signatures:.0}");
}
