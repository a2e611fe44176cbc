//! A flood of oversized, malformed, slow, forged and replayed submissions beside honest writers: their answers come in
//! time, the server's memory stays bounded, and nothing that was acknowledged is lost.
//!
//! Loopback only, and a few seconds; a minute with `GLASSLOG_LONG_TESTS=1`.
use crate::alone;
use crate::hostile::{KEY, STRANGER, Target, connect, event, percentile, post};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use glasslog_core::merkle::leaf_hash;
use glasslog_core::note::TlogProof;
use glasslog_core::tiles::{bundles_between, parse_entries};
use glasslog_tests::fixture::forge;
use glasslog_tests::glasslog::glasslog;
use glasslog_tests::ours::size_of;
use glasslog_tests::words;

const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const HOSTILE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// The server cuts off slow clients soon, and all hostile ones are one client.
const FLAGS: [&str; 6] = [
    "--client-timeout",
    "1s",
    "--max-connections",
    "200",
    "--max-client-connections",
    "100",
];
const WRITERS: u32 = 4;
/// Pause of an honest writer between two entries.
const PAUSE: Duration = Duration::from_millis(40);
/// Bounds with room for a slow machine that has other work, on a build that is not optimised.
const SLOWEST: Duration = Duration::from_secs(5);
const MOST_MEMORY: u64 = 512 << 10;
/// Honest entries without which the test shows little; the flood goes on until they are in.
const LEAST_ENTRIES: u64 = 21;
/// Far above what they take: what hangs must fail its test.
const PATIENCE: Duration = Duration::from_secs(120);

/// Answers that an honest writer got.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    acknowledged: Vec<(Vec<u8>, TlogProof)>,
    /// Answers that were no index: tried again, as the command line does.
    again: u32,
}

/// Progress of the flood.
struct Flood {
    /// Rounds of each attack.
    rounds: [AtomicU64; ATTACKS.len()],
    /// Honest entries that were acknowledged.
    acknowledged: AtomicU64,
    over: AtomicBool,
}

impl Flood {
    fn begin() -> Self {
        Self {
            rounds: std::array::from_fn(|_| AtomicU64::new(0)),
            acknowledged: AtomicU64::new(0),
            over: AtomicBool::new(false),
        }
    }

    /// Lets it go on for a time, and then until each attack was tried and enough honest entries are in.
    fn wait(&self, time: Duration) {
        let began = Instant::now();
        let enough = || {
            let tried = self.rounds.iter().all(|n| n.load(Ordering::Relaxed) > 0);
            tried && self.acknowledged.load(Ordering::Relaxed) >= LEAST_ENTRIES
        };
        while began.elapsed() < time || !enough() && began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(20));
        }
        self.over.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

fn honest(address: SocketAddr, writer: u32, flood: &Flood) -> Seen {
    let mut seen = Seen::default();
    let mut number = writer;
    while !flood.is_over() {
        let entry = event(number, KEY);
        number += WRITERS;
        let began = Instant::now();
        loop {
            match post(HONEST, address, "/add?answer=proof", &entry) {
                Ok((200, proof)) => {
                    let proof = TlogProof::parse(&proof).expect("a proof");
                    seen.latencies.push(began.elapsed());
                    seen.acknowledged.push((entry, proof));
                    flood.acknowledged.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                Ok((503, _)) | Err(_) if seen.again < 1_000 => seen.again += 1,
                other => panic!("an honest entry was answered with {other:?}"),
            }
            thread::sleep(Duration::from_millis(20));
        }
        thread::sleep(PAUSE);
    }
    seen
}

type Attack = fn(SocketAddr, u32) -> std::io::Result<()>;

/// Attacks of the hostile clients; each is repeated as often as it can be.
const ATTACKS: [(&str, Attack); 8] = [
    ("oversized", |address, _| {
        post(HOSTILE, address, "/add", &[b'x'; 70_000]).map(drop)
    }),
    ("endless line", |address, _| {
        let mut stream = connect(HOSTILE, address)?;
        stream.write_all(b"POST /batch HTTP/1.1\r\nhost: x\r\ncontent-length: 8000000\r\n\r\n")?;
        (0..100).try_for_each(|_| stream.write_all(&[b'x'; 1 << 16]))
    }),
    ("malformed", |address, round| {
        let body = format!("{{\"payload\":\"{round}\"").repeat(1 + round as usize % 100);
        post(HOSTILE, address, "/add", body.as_bytes()).map(drop)
    }),
    ("not HTTP", |address, round| {
        let mut stream = connect(HOSTILE, address)?;
        stream.write_all(&vec![round as u8; 100_000])
    }),
    ("malformed batch", |address, _| {
        post(HOSTILE, address, "/batch", &b"{}\n".repeat(2_000)).map(drop)
    }),
    ("slow", |address, round| {
        let mut held = Vec::new();
        for _ in 0..15 {
            let mut stream = connect(HOSTILE, address)?;
            let begun: &[u8] = match round % 3 {
                0 => b"POST /add HT",
                1 => b"POST /add HTTP/1.1\r\nhost: x\r\ncontent-length: 65535\r\n\r\nhalf",
                _ => b"POST /batch HTTP/1.1\r\nhost: x\r\ncontent-length: 99999\r\n\r\nhalf",
            };
            stream.write_all(begun)?;
            held.push(stream);
        }
        // Until the server has had enough of each.
        for mut stream in held {
            let _ = stream.read_to_end(&mut Vec::new());
        }
        Ok(())
    }),
    ("forged", |address, round| {
        let forged = [forge(&event(round, KEY)), event(round, STRANGER)];
        post(HOSTILE, address, "/batch", &forged.join(&b'\n')).map(drop)
    }),
    ("replayed", |address, round| {
        post(
            HOSTILE,
            address,
            "/add?ack=durable",
            &event(round % WRITERS, KEY),
        )
        .map(drop)
    }),
];

#[test]
fn honest_writers_are_served_while_others_flood() {
    let _alone = alone();
    let seconds = match std::env::var_os("GLASSLOG_LONG_TESTS") {
        Some(_) => 60,
        None => 5,
    };
    let mut served = Target::start(&FLAGS);
    let address = served.server.address;
    let flood = Flood::begin();
    let seen: Vec<Seen> = thread::scope(|scope| {
        let flood = &flood;
        for ((_, attack), rounds) in ATTACKS.iter().zip(&flood.rounds) {
            scope.spawn(move || {
                for round in 0..100_000 {
                    if flood.is_over() {
                        break;
                    }
                    // To be cut off is what they ask for.
                    let _ = attack(address, round);
                    rounds.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || honest(address, writer, flood)))
            .collect();
        flood.wait(Duration::from_secs(seconds));
        writers
            .into_iter()
            .map(|writer| writer.join().expect("no honest writer failed"))
            .collect()
    });
    for ((name, _), rounds) in ATTACKS.iter().zip(&flood.rounds) {
        assert!(rounds.load(Ordering::Relaxed) > 0, "nobody tried `{name}`");
    }
    let metrics = served.metrics();
    for status in ["400", "403", "408", "413", "422"] {
        let refused = format!("status=\"{status}\"}}");
        let lines = metrics.lines();
        let mut lines = lines.filter(|line| line.starts_with("glasslog_refusals_total"));
        assert!(
            lines.any(|line| line.contains(&refused)),
            "the flood met no {status}: {metrics}"
        );
    }

    let mut latencies: Vec<Duration> = seen
        .iter()
        .flat_map(|seen| seen.latencies.clone())
        .collect();
    assert!(
        latencies.len() as u64 >= LEAST_ENTRIES,
        "only {} honest entries",
        latencies.len()
    );
    let p99 = percentile(&mut latencies, 99);
    println!(
        "{} honest entries, p50 {:?}, p99 {p99:?}, {} tries again, {:?} KiB at most",
        latencies.len(),
        latencies[latencies.len() / 2],
        seen.iter().map(|seen| seen.again).sum::<u32>(),
        served.memory(),
    );
    assert!(p99 < SLOWEST, "p99 is {p99:?}");
    if let Some(memory) = served.memory() {
        assert!(memory < MOST_MEMORY, "the server had {memory} KiB");
    }

    served.server.terminate();
    let acknowledged = seen.into_iter().flat_map(|seen| seen.acknowledged);
    check(&served, acknowledged.collect());
}

/// Every acknowledged entry is proven to be in a log that holds together.
fn check(served: &Target, acknowledged: Vec<(Vec<u8>, TlogProof)>) {
    let log = served.log();
    let public = log.join("public");
    let size = size_of(&public.join("checkpoint"));
    let mut entries = Vec::new();
    for bundle in bundles_between(0, size) {
        let bytes = fs::read(public.join(bundle.path())).expect("the bundle can be read");
        let parsed = parse_entries(&bytes, bundle.width()).expect("the bundle is well formed");
        entries.extend(parsed.into_iter().map(<[u8]>::to_vec));
    }
    for (entry, proof) in acknowledged {
        let index = usize::try_from(proof.index()).expect("a small number");
        assert_eq!(
            entries.get(index),
            Some(&entry),
            "entry {index} was acknowledged"
        );
        proof
            .proof()
            .verify(
                &leaf_hash(&entry),
                proof.index(),
                &proof.checkpoint().head(),
            )
            .expect("the proof holds");
    }
    glasslog(words!["audit", log, "--policy", log.join("trust.policy")]).expect(0);
}
