//! Loads logs in a bucket and prints the result as `name=value` words; `cargo xtask bench write-s3` runs it.
//!
//! ```text
//! write_s3 make DIRECTORY ENDPOINT PREFIX                          a raw log
//! write_s3 puts DIRECTORY SECONDS WRITERS BYTES                    the store alone: objects of this many bytes
//! write_s3 log  DIRECTORY SECONDS WRITERS durable|published        in this process
//! write_s3 http SECONDS WRITERS durable|published (DIRECTORY ADDRESS)…      over HTTP, each writer to one of the logs
//! ```
//! Each writer submits an entry of 512 bytes, waits for the acknowledgement and submits the next. Afterwards the tree is
//! computed anew from the public files in the bucket: it must have the signed root, and every acknowledged entry at its
//! index.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

use glasslog_core::merkle::{Hash, leaf_hash, tree_root};
use glasslog_core::note::Checkpoint;
use glasslog_core::tiles::tiles_between;
use glasslog_log::directory::Disk;
use glasslog_log::object_store::protocol::{Create, Presence};
use glasslog_log::object_store::{BucketSource, Candidate, Client, StoreSettings};
use glasslog_log::sequencer::{Acknowledgement, Limits, Sequencer};
use glasslog_log::{Config, Layout, Log, NewLog};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

const ENTRY: usize = 512;

/// Results of one writer: latencies, and index and leaf of each acknowledged entry.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    acknowledged: Vec<(u64, Hash)>,
}

fn main() {
    // `cargo bench` adds an argument of its own.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["make", directory, endpoint, prefix] => make(directory.as_ref(), endpoint, prefix),
        ["puts", directory, seconds, writers, bytes] => {
            let bytes = bytes.parse().unwrap();
            puts(directory.as_ref(), seconds, writers, bytes);
        }
        ["log", directory, seconds, writers, acknowledgement] => {
            in_process(directory.as_ref(), seconds, writers, acknowledgement);
        }
        ["http", seconds, writers, acknowledgement, ref logs @ ..] => {
            over_http(seconds, writers, acknowledgement, logs);
        }
        _ => println!(
            "see the first lines of log/benches/write_s3.rs; `cargo xtask bench write-s3` runs it"
        ),
    }
}

fn make(directory: &Path, endpoint: &str, prefix: &str) {
    let mut settings = StoreSettings::new(&format!("s3://logs/{prefix}")).unwrap();
    settings.endpoint = Some(endpoint.to_owned());
    settings.allow_http = true;
    let log = NewLog::raw(format!("bench.example/{prefix}")).in_store(settings);
    log.create(directory, 0).unwrap();
}

fn settings(directory: &Path) -> StoreSettings {
    let config = Config::read(&Disk::new(), &Layout::new(directory)).unwrap();
    config.store.unwrap()
}

/// Runs writers side by side until the time is over; each call of `work` is one submission.
fn run<W: FnMut(&mut Seen, u64)>(
    seconds: &str,
    writers: &str,
    work: impl Fn(u64) -> W + Sync,
) -> (Vec<Seen>, f64) {
    let (seconds, writers): (f64, u64) = (seconds.parse().unwrap(), writers.parse().unwrap());
    let begin = Instant::now();
    let end = begin + Duration::from_secs_f64(seconds);
    let seen = thread::scope(|scope| {
        let threads: Vec<_> = (0..writers)
            .map(|writer| {
                let work = &work;
                scope.spawn(move || {
                    let (mut seen, mut work) = (Seen::default(), work(writer));
                    for round in 0.. {
                        let begun = Instant::now();
                        if begun >= end {
                            break;
                        }
                        work(&mut seen, round * writers + writer);
                        seen.latencies.push(begun.elapsed());
                    }
                    seen
                })
            })
            .collect();
        let seen = threads.into_iter().map(|thread| thread.join().unwrap());
        seen.collect()
    });
    (seen, begin.elapsed().as_secs_f64())
}

fn tell(seen: &[Seen], took: f64, more: &str) {
    let mut latencies: Vec<Duration> = seen
        .iter()
        .flat_map(|seen| &seen.latencies)
        .copied()
        .collect();
    latencies.sort_unstable();
    let percentile = |part: f64| {
        let at = (latencies.len() as f64 * part) as usize;
        let latency = latencies.get(at.min(latencies.len().saturating_sub(1)));
        latency.copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    println!(
        "entries={} rate={:.1} p50={:.3} p99={:.3} p999={:.3} {more}",
        latencies.len(),
        latencies.len() as f64 / took,
        percentile(0.5),
        percentile(0.99),
        percentile(0.999)
    );
}

/// Creates objects, each under its own name, as tiles and batches have.
fn puts(directory: &Path, seconds: &str, writers: &str, bytes: usize) {
    let client = Client::open(&settings(directory), directory).unwrap();
    let process = std::process::id();
    let (seen, took) = run(seconds, writers, |_| {
        let client = client.clone();
        move |_: &mut Seen, number| {
            let key = format!("private/bench-{bytes}-{process}/{number}");
            let mut create = Create::new(key, vec![b'.'; bytes]);
            assert_eq!(client.drive(&mut create).unwrap(), Presence::There);
        }
    });
    tell(&seen, took, "");
}

fn entry(number: u64) -> Vec<u8> {
    let mut entry = vec![b'.'; ENTRY];
    entry[..8].copy_from_slice(&number.to_be_bytes());
    // Rounds on one log must submit different entries.
    entry[8..12].copy_from_slice(&std::process::id().to_be_bytes());
    entry
}

fn in_process(directory: &Path, seconds: &str, writers: &str, acknowledgement: &str) {
    let settings = settings(directory);
    let mut candidate = Candidate::new(&settings, directory, None).unwrap();
    let bucket = candidate.wait().unwrap();
    let log = Log::open_in(bucket, directory).unwrap();
    let (sequencer, running) = Sequencer::start(log, Limits::default());
    let wanted = match acknowledgement {
        "durable" => Acknowledgement::Durable,
        _ => Acknowledgement::Published,
    };
    let (seen, took) = run(seconds, writers, |_| {
        let sequencer = sequencer.clone();
        move |seen: &mut Seen, number| {
            let pending = sequencer.submit(vec![entry(number)], wanted, ()).unwrap();
            let outcome = pending.wait().unwrap().outcomes.remove(0).unwrap();
            seen.acknowledged.push((outcome.index, outcome.leaf_hash));
        }
    });
    let counters = sequencer.status().counters;
    drop(sequencer);
    running.join().unwrap();
    let acknowledged = seen.iter().flat_map(|seen| seen.acknowledged.clone());
    verify(&settings, &acknowledged.collect::<Vec<_>>());
    let more = format!(
        "commits={} publishes={}",
        counters.commits, counters.publishes
    );
    tell(&seen, took, &more);
}

fn over_http(seconds: &str, writers: &str, acknowledgement: &str, logs: &[&str]) {
    let (logs, _) = logs.as_chunks::<2>();
    let (seen, took) = run(seconds, writers, |writer| {
        let [_, address] = logs[writer as usize % logs.len()];
        let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
        stream.get_ref().set_nodelay(true).unwrap();
        move |seen: &mut Seen, number| {
            let entry = entry(number);
            let index = post(&mut stream, acknowledgement, &entry);
            seen.acknowledged.push((index, leaf_hash(&entry)));
        }
    });
    for (number, [directory, _]) in logs.iter().enumerate() {
        let own = seen.iter().skip(number).step_by(logs.len());
        let acknowledged = own.flat_map(|seen| seen.acknowledged.clone());
        verify(
            &settings(directory.as_ref()),
            &acknowledged.collect::<Vec<_>>(),
        );
    }
    tell(&seen, took, "");
}

/// Submits until the answer is an index; a busy server names the time for the next try.
fn post(stream: &mut BufReader<TcpStream>, acknowledgement: &str, entry: &[u8]) -> u64 {
    loop {
        let head = format!(
            "POST /add?ack={acknowledgement} HTTP/1.1\r\nhost: bench\r\ncontent-length: {}\r\n\r\n",
            entry.len()
        );
        let request = [head.as_bytes(), entry].concat();
        stream.get_mut().write_all(&request).unwrap();
        let (mut status, mut length) = (String::new(), 0);
        stream.read_line(&mut status).unwrap();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        if status.contains(" 200 ") {
            return String::from_utf8(body).unwrap().parse().unwrap();
        }
        assert!(status.contains(" 503 "), "{status}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Computes the tree from the leaf tiles in the bucket, once all acknowledged entries are public.
fn verify(settings: &StoreSettings, acknowledged: &[(u64, Hash)]) {
    let reader = BucketSource::new(Client::open(settings, Path::new(&settings.url)).unwrap());
    let end = acknowledged.iter().map(|(index, _)| index + 1).max();
    let begun = Instant::now();
    let head = loop {
        let bytes = reader.read_whole("checkpoint").unwrap().unwrap();
        let head = Checkpoint::parse(&bytes).unwrap().head();
        if Some(head.size) >= end {
            break head;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it is published");
        thread::sleep(Duration::from_millis(20));
    };
    let mut leaves = Vec::new();
    for tile in tiles_between(0, head.size).filter(|tile| tile.level() == 0) {
        let bytes = reader.read_whole(&tile.path()).unwrap();
        let (tile, bytes) = match bytes {
            Some(bytes) => (tile, bytes),
            None => (
                tile.full(),
                reader.read_whole(&tile.full().path()).unwrap().unwrap(),
            ),
        };
        leaves.extend(tile.parse_hashes(&bytes).unwrap());
    }
    leaves.truncate(head.size as usize);
    assert_eq!(
        tree_root(&leaves),
        head.root,
        "the tiles do not give the signed root"
    );
    for (index, leaf) in acknowledged {
        assert_eq!(
            leaves[*index as usize], *leaf,
            "an acknowledged entry is not at its index"
        );
    }
}
