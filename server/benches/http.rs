//! Loads a server over HTTP and prints the result as `name=value` words; `cargo xtask bench write-http` runs it.
//!
//! ```text
//! http make DIRECTORY raw|events
//! http sign FILE COUNT
//! http load ADDRESS TREE SECONDS WRITERS BATCH RATE raw|FILE durable|published
//! ```
//! Each writer has a connection, submits BATCH entries (one to `/add`, more to `/batch`), raw ones or those that were signed
//! into FILE, and waits for the answer, then submits again: at once if RATE is 0, else on the schedule of RATE submissions
//! a second, with latencies counted from the scheduled times. The clock starts when all writers are connected. Afterwards
//! the tree is computed anew from its entries: it must have the signed root, and every acknowledged entry at its index.
//! The bench works with any server of this interface.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

#[path = "http/client.rs"]
mod client;
#[path = "../../log/tests/it/event_entries.rs"]
mod event_entries;
#[path = "../../log/benches/load/mod.rs"]
mod load;

use client::Connection;
use load::{Entries, Figures, processor_seconds, say};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// Threads with the connections, each with its own share of them: the server has as many cores.
const THREADS: u64 = 2;

/// Entries that a run submits.
struct Load {
    address: SocketAddr,
    seconds: f64,
    writers: u64,
    batch: u64,
    rate: f64,
    target: String,
    entries: Entries,
}

fn main() {
    // `cargo bench` adds an argument of its own.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["make", directory, kind] => load::make(Path::new(directory), kind == "raw"),
        ["sign", file, count] => load::sign(Path::new(file), count.parse().unwrap()),
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
            let batch = batch.parse().unwrap();
            let path = if batch == 1 { "/add" } else { "/batch" };
            let load = Load {
                address: address.parse().unwrap(),
                seconds: seconds.parse().unwrap(),
                writers: writers.parse().unwrap(),
                batch,
                rate: rate.parse().unwrap(),
                target: format!("{path}?ack={acknowledgement}"),
                entries: Entries::read(kind),
            };
            run(load, Path::new(tree));
        }
        _ => println!(
            "see the first lines of server/benches/http.rs; `cargo xtask bench write-http` runs it"
        ),
    }
}

fn run(load: Load, public: &Path) {
    let load = Arc::new(load);
    let threads = THREADS.min(load.writers);
    let connected = Arc::new((Barrier::new(threads as usize), OnceLock::new()));
    let before = processor_seconds();
    let shares: Vec<_> = (0..threads)
        .map(|thread| {
            let (load, connected) = (Arc::clone(&load), Arc::clone(&connected));
            let writers = (thread..load.writers).step_by(threads as usize);
            thread::spawn(move || share(&load, writers, &connected))
        })
        .collect();
    let mut all = Figures::default();
    for share in shares {
        all.append(share.join().unwrap());
    }
    let begin = connected.1.get().unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    // Processor time of the load itself.
    say("loader", processor_seconds() - before);
    all.say(seconds);
    let size = load::verify(public, &all.acknowledged, |number| load.entries.get(number));
    say("size", size as f64);
}

/// The writers of one thread, which share no state with those of another.
fn share(
    load: &Arc<Load>,
    writers: impl Iterator<Item = u64>,
    connected: &(Barrier, OnceLock<Instant>),
) -> Figures {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut connections = Vec::new();
    for writer in writers {
        let connection = Connection::open(load.address, &load.target);
        connections.push((writer, runtime.block_on(connection)));
    }
    connected.0.wait();
    let begin = *connected.1.get_or_init(Instant::now);
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|(writer, connection)| {
            runtime.spawn(write(Arc::clone(load), connection, writer, begin))
        })
        .collect();
    let mut all = Figures::default();
    for task in tasks {
        all.append(runtime.block_on(task).unwrap());
    }
    all
}

/// One writer, until the time is over or the events are used up.
async fn write(
    load: Arc<Load>,
    mut connection: Connection,
    writer: u64,
    begin: Instant,
) -> Figures {
    let mut seen = Figures::default();
    let end = begin + Duration::from_secs_f64(load.seconds);
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
        let indices = loop {
            let (status, answer) = connection.post(&body).await;
            match status {
                200 => break indices(&answer, load.batch),
                503 => seen.busy += 1,
                _ => panic!("status {status}: {}", String::from_utf8_lossy(&answer)),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        seen.latencies.push(intended.elapsed());
        assert_eq!(
            indices.len() as u64,
            load.batch,
            "some entries got no index"
        );
        seen.acknowledged.extend(indices.into_iter().zip(numbers));
    }
    seen
}

impl Load {
    fn body(&self, numbers: Range<u64>) -> Option<Vec<u8>> {
        if self.batch == 1 {
            return self.entries.get(numbers.start);
        }
        let mut body = Vec::new();
        for number in numbers {
            body.extend(self.entries.get(number)?);
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
