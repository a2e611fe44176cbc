//! Loads a log in this process and says what came of it, in `name=value` words; `cargo xtask bench write` runs it.
//!
//! ```text
//! write DIRECTORY SECONDS ADDERS BATCH RATE raw|events durable|published
//! ```
//! Each adder submits BATCH entries and waits for the acknowledgement, then submits again: at once if RATE is 0, else at
//! the moments that RATE submissions a second intend, with latencies counted from those. Afterwards the tree is computed
//! anew from its files: it must have the root that was signed, and every acknowledged entry at its index.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

#[path = "../tests/it/event_entries.rs"]
mod event_entries;

use event_entries::{access, actor_key, admin_key, key_event};
use glasslog_core::access::Action;
use glasslog_core::checkpoint::Checkpoint;
use glasslog_core::hash::{Hash, tree_root};
use glasslog_core::tile::tiles_between;
use glasslog_log::disk::Disk;
use glasslog_log::sequencer::{Acknowledgement, Limits, Sequencer};
use glasslog_log::{Layout, Log, NewLog};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ORIGIN: &str = "bench.example/write";
const ACTOR: &str = "ci@bench.example";
/// The size of entries in other logs' benchmarks.
const ENTRY: usize = 512;
/// Events that are signed before the clock starts, for each second of the run.
const EVENTS_A_SECOND: u64 = 80_000;

struct Load {
    directory: PathBuf,
    seconds: f64,
    adders: u64,
    batch: u64,
    rate: f64,
    is_raw: bool,
    acknowledgement: Acknowledgement,
}

/// What one adder saw.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    acknowledged: Vec<(u64, Hash)>,
    busy: u64,
}

fn main() {
    // `cargo bench` adds a word of its own.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let [
        directory,
        seconds,
        adders,
        batch,
        rate,
        kind,
        acknowledgement,
    ] = &words[..]
    else {
        println!("see the first lines of log/benches/write.rs; `cargo xtask bench write` runs it");
        return;
    };
    let load = Load {
        directory: directory.into(),
        seconds: seconds.parse().unwrap(),
        adders: adders.parse().unwrap(),
        batch: batch.parse().unwrap(),
        rate: rate.parse().unwrap(),
        is_raw: kind == "raw",
        acknowledgement: match acknowledgement.as_str() {
            "durable" => Acknowledgement::Durable,
            _ => Acknowledgement::Published,
        },
    };
    run(&load);
}

fn run(load: &Load) {
    let log = &load.directory;
    let new = match load.is_raw {
        true => NewLog::raw(ORIGIN),
        false => NewLog::events(ORIGIN),
    };
    new.create(log, 0).unwrap();
    let events = Arc::new(prepare(load));
    let disk = Disk::new();
    let opened = Log::open_with(disk.clone(), log).unwrap();
    let (syncs, written) = (disk.syncs(), bytes_written());
    let (sequencer, running) = Sequencer::start(opened, Limits::default());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let begin = Instant::now();
    let end = begin + Duration::from_secs_f64(load.seconds);
    let adders: Vec<_> = (0..load.adders)
        .map(|adder| {
            let adder = Adder {
                number: adder,
                adders: load.adders,
                batch: load.batch,
                rate: load.rate,
                acknowledgement: load.acknowledgement,
                sequencer: sequencer.clone(),
                events: Arc::clone(&events),
                begin,
                end,
            };
            runtime.spawn(adder.run())
        })
        .collect();
    let mut all = Seen::default();
    for adder in adders {
        let mut seen = runtime.block_on(adder).unwrap();
        all.latencies.append(&mut seen.latencies);
        all.acknowledged.append(&mut seen.acknowledged);
        all.busy += seen.busy;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let counters = sequencer.status().counters;
    drop(sequencer);
    running.join().unwrap();
    let closed = begin.elapsed().as_secs_f64();
    let (syncs, written) = (disk.syncs() - syncs, bytes_written() - written);
    let size = verify(log, &all.acknowledged);
    let entries = all.acknowledged.len() as f64;
    all.latencies.sort_unstable();
    let percentile = |part: f64| {
        let at = (all.latencies.len() as f64 * part) as usize;
        let latency = all
            .latencies
            .get(at.min(all.latencies.len().saturating_sub(1)));
        latency.copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    println!(
        "entries={entries} rate={:.0} p50={:.3} p99={:.3} p999={:.3} busy={} size={size} syncs={syncs} written={written} \
         commits={} publishes={} seconds={seconds:.2} closed={closed:.2}",
        entries / seconds,
        percentile(0.5),
        percentile(0.99),
        percentile(0.999),
        all.busy,
        counters.commits,
        counters.publishes,
    );
}

struct Adder {
    number: u64,
    adders: u64,
    batch: u64,
    rate: f64,
    acknowledgement: Acknowledgement,
    sequencer: Sequencer,
    events: Arc<Vec<Vec<u8>>>,
    begin: Instant,
    end: Instant,
}

impl Adder {
    async fn run(self) -> Seen {
        let mut seen = Seen::default();
        for round in 0.. {
            let submission = round * self.adders + self.number;
            let mut intended = Instant::now();
            if self.rate > 0.0 {
                intended = self.begin + Duration::from_secs_f64(submission as f64 / self.rate);
                tokio::time::sleep_until(intended.into()).await;
            }
            if intended >= self.end || Instant::now() >= self.end {
                break;
            }
            let Some(entries) = self.entries(submission) else {
                break;
            };
            let answer = loop {
                // A server would say 503: the entries are made again, as a client has them still.
                match self
                    .sequencer
                    .submit(entries.clone(), self.acknowledgement, ())
                {
                    Ok(pending) => break pending.await.unwrap(),
                    Err(_) => {
                        seen.busy += 1;
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            };
            seen.latencies.push(intended.elapsed());
            let receipts = answer.outcomes.into_iter().map(Result::unwrap);
            seen.acknowledged
                .extend(receipts.map(|receipt| (receipt.index, receipt.leaf_hash)));
        }
        seen
    }

    /// The entries of one submission: no other has them.
    fn entries(&self, submission: u64) -> Option<Vec<Vec<u8>>> {
        let numbers = submission * self.batch..(submission + 1) * self.batch;
        if self.events.is_empty() {
            let entry = |number: u64| {
                let mut entry = vec![b'.'; ENTRY];
                entry[..8].copy_from_slice(&number.to_be_bytes());
                entry
            };
            return Some(numbers.map(entry).collect());
        }
        let numbers = numbers.start as usize..numbers.end as usize;
        self.events.get(numbers).map(<[Vec<u8>]>::to_vec)
    }
}

/// Enrols an actor and signs what it will submit.
fn prepare(load: &Load) -> Vec<Vec<u8>> {
    if load.is_raw {
        return Vec::new();
    }
    let key = actor_key(9);
    let enrolment = key_event(ORIGIN, &admin_key(&load.directory), ACTOR, &key, None);
    let mut log = Log::open(&load.directory).unwrap();
    log.append(vec![enrolment]).unwrap().remove(0).unwrap();
    log.publish(0).unwrap();
    let count = (load.seconds * EVENTS_A_SECOND as f64) as u64;
    let half = count / 2;
    std::thread::scope(|scope| {
        let sign = |numbers: std::ops::Range<u64>| {
            let key = actor_key(9);
            numbers
                .map(|number| access(ORIGIN, ACTOR, &key, Action::Read, number))
                .collect::<Vec<_>>()
        };
        let other = scope.spawn(move || sign(0..half));
        let mut events = sign(half..count);
        events.append(&mut other.join().unwrap());
        events
    })
}

/// Computes the tree from its files; returns its size.
fn verify(log: &Path, acknowledged: &[(u64, Hash)]) -> u64 {
    let public = Layout::new(log).public();
    let checkpoint = Checkpoint::parse(&std::fs::read(public.join("checkpoint")).unwrap()).unwrap();
    let head = checkpoint.head();
    let mut leaves = Vec::new();
    for tile in tiles_between(0, head.size).filter(|tile| tile.level() == 0) {
        let bytes = std::fs::read(public.join(tile.path())).unwrap();
        leaves.extend(tile.parse_hashes(&bytes).unwrap());
    }
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
    head.size
}

/// Bytes that this process had written to disks so far.
fn bytes_written() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "));
    line.and_then(|number| number.parse().ok()).unwrap_or(0)
}
