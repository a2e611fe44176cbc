//! Loads a server over HTTP and says what came of it, in `name=value` words; `cargo xtask bench write-http` runs it.
//!
//! ```text
//! http make DIRECTORY raw|events
//! http load ADDRESS TREE SECONDS WRITERS BATCH RATE raw|events durable|published
//! ```
//! Each writer has a connection, submits BATCH entries (one to `/add`, more to `/batch`) and waits for the answer, then
//! submits again: at once if RATE is 0, else at the moments that RATE submissions a second intend, with latencies counted
//! from those. Afterwards the tree is computed anew from its entries: it must have the root that was signed, and every
//! acknowledged entry at its index. Nothing here knows whose server it is.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

#[path = "http/client.rs"]
mod client;
#[path = "../../log/tests/it/event_entries.rs"]
mod event_entries;
#[path = "http/tree.rs"]
mod tree;

use client::Connection;
use event_entries::{access, actor_key, admin_key, key_event};
use glasslog_core::access::Action;
use glasslog_log::{Log, NewLog};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ORIGIN: &str = "bench.example/write";
const ACTOR: &str = "ci@bench.example";
/// The size of entries in other logs' benchmarks.
const ENTRY: usize = 512;
/// Events that are signed before the clock starts, for each second of the run.
const EVENTS_A_SECOND: u64 = 80_000;

/// What a run submits.
struct Load {
    address: SocketAddr,
    seconds: f64,
    writers: u64,
    batch: u64,
    rate: f64,
    target: String,
    events: Vec<Vec<u8>>,
}

/// What one writer saw: latencies, and of each acknowledged entry its index and its number.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    acknowledged: Vec<(u64, u64)>,
    busy: u64,
}

fn main() {
    // `cargo bench` adds a word of its own.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["make", directory, kind] => make(Path::new(directory), kind == "raw"),
        [
            "load",
            address,
            tree,
            seconds,
            writers,
            batch,
            rate,
            kind,
            acknowledgement,
        ] => {
            let (seconds, batch) = (seconds.parse().unwrap(), batch.parse().unwrap());
            let path = if batch == 1 { "/add" } else { "/batch" };
            let events = match kind {
                "raw" => Vec::new(),
                _ => sign((seconds * EVENTS_A_SECOND as f64) as u64),
            };
            let load = Load {
                address: address.parse().unwrap(),
                seconds,
                writers: writers.parse().unwrap(),
                batch,
                rate: rate.parse().unwrap(),
                target: format!("{path}?ack={acknowledgement}"),
                events,
            };
            run(load, Path::new(tree));
        }
        _ => println!(
            "see the first lines of server/benches/http.rs; `cargo xtask bench write-http` runs it"
        ),
    }
}

/// Makes a log, and enrols the actor whose events will come.
fn make(directory: &Path, is_raw: bool) {
    let new = match is_raw {
        true => NewLog::raw(ORIGIN),
        false => NewLog::events(ORIGIN),
    };
    new.create(directory, 0).unwrap();
    if !is_raw {
        let enrolment = key_event(ORIGIN, &admin_key(directory), ACTOR, &actor_key(9), None);
        let mut log = Log::open(directory).unwrap();
        log.append(vec![enrolment]).unwrap().remove(0).unwrap();
        log.publish(0).unwrap();
    }
}

fn sign(count: u64) -> Vec<Vec<u8>> {
    let sign = |numbers: Range<u64>| -> Vec<Vec<u8>> {
        let key = actor_key(9);
        let event = |number| access(ORIGIN, ACTOR, &key, Action::Read, number);
        numbers.map(event).collect()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| sign(count / 2..count));
        let mut events = sign(0..count / 2);
        events.append(&mut other.join().unwrap());
        events
    })
}

fn run(load: Load, public: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let load = Arc::new(load);
    let begin = Instant::now() + Duration::from_millis(100);
    let writers: Vec<_> = (0..load.writers)
        .map(|writer| runtime.spawn(write(Arc::clone(&load), writer, begin)))
        .collect();
    let mut all = Seen::default();
    for writer in writers {
        let mut seen = runtime.block_on(writer).unwrap();
        all.latencies.append(&mut seen.latencies);
        all.acknowledged.append(&mut seen.acknowledged);
        all.busy += seen.busy;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let size = tree::verify(public, &all.acknowledged, |number| load.entry(number));
    all.latencies.sort_unstable();
    let percentile = |part: f64| {
        let at = (all.latencies.len() as f64 * part) as usize;
        let latency = all
            .latencies
            .get(at.min(all.latencies.len().saturating_sub(1)));
        latency.copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    let entries = all.acknowledged.len() as f64;
    println!(
        "entries={entries} rate={:.0} p50={:.3} p99={:.3} p999={:.3} busy={} size={size} seconds={seconds:.2}",
        entries / seconds,
        percentile(0.5),
        percentile(0.99),
        percentile(0.999),
        all.busy,
    );
}

/// One writer, until the time is over or the events are used up.
async fn write(load: Arc<Load>, writer: u64, begin: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut connection = Connection::open(load.address).await;
    let end = begin + Duration::from_secs_f64(load.seconds);
    tokio::time::sleep_until(begin.into()).await;
    for round in 0.. {
        let submission = round * load.writers + writer;
        let mut intended = Instant::now();
        if load.rate > 0.0 {
            intended = begin + Duration::from_secs_f64(submission as f64 / load.rate);
            tokio::time::sleep_until(intended.into()).await;
        }
        if intended >= end || Instant::now() >= end {
            break;
        }
        let numbers = submission * load.batch..(submission + 1) * load.batch;
        let Some(body) = load.body(numbers.clone()) else {
            break;
        };
        let answer = loop {
            let (status, answer) = connection.post(&load.target, &body).await;
            match status {
                200 => break answer,
                503 => seen.busy += 1,
                _ => panic!("status {status}: {}", String::from_utf8_lossy(&answer)),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        seen.latencies.push(intended.elapsed());
        let indices = indices(&answer, load.batch);
        assert_eq!(
            indices.len() as u64,
            load.batch,
            "{}",
            String::from_utf8_lossy(&answer)
        );
        seen.acknowledged.extend(indices.into_iter().zip(numbers));
    }
    seen
}

impl Load {
    /// An entry that no other number has.
    fn entry(&self, number: u64) -> Option<Vec<u8>> {
        if self.events.is_empty() {
            let mut entry = vec![b'.'; ENTRY];
            entry[..16].copy_from_slice(format!("{number:016}").as_bytes());
            return Some(entry);
        }
        self.events.get(number as usize).cloned()
    }

    fn body(&self, numbers: Range<u64>) -> Option<Vec<u8>> {
        if self.batch == 1 {
            return self.entry(numbers.start);
        }
        let mut body = Vec::new();
        for number in numbers {
            body.extend(self.entry(number)?);
            body.push(b'\n');
        }
        Some(body)
    }
}

/// The indices in an answer: it is one, or has one in each line.
fn indices(answer: &[u8], batch: u64) -> Vec<u64> {
    let text = str::from_utf8(answer).unwrap();
    if batch == 1 {
        return vec![text.trim().parse().unwrap()];
    }
    text.lines()
        .filter_map(|line| {
            let number = line.strip_prefix("{\"index\":")?;
            number.split(',').next()?.parse().ok()
        })
        .collect()
}
