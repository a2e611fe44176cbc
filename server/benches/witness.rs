//! Loads a witness over HTTP: many logs that grow, each with one request at a time. Works with any witness of the protocol.
//!
//! ```text
//! witness list LOGS DIRECTORY          writes the logs: `logs` (logs/v0), `logs.yaml` (omniwitness), `vkeys` (a key a line)
//! witness load ADDRESS LOGS SECONDS    prints rate=… p50=… p99=… cosigned=… refused=…
//! ```

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a load generator may fail loudly"
)]

#[path = "http/client.rs"]
mod client;

use client::Connection;
use glasslog_core::crypto::SecretKey;
use glasslog_core::merkle::{
    ConsistencyProof, Hash, ProofError, Subtree, TreeHead, leaf_hash, node_hash, tree_root,
};
use glasslog_core::note::{Checkpoint, KeyName, Origin, SignatureType, SignerKey};
use glasslog_core::witness::AddCheckpoint;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};
use tokio::runtime::Builder;

/// Sizes of each log, prepared before the load: more than a log reaches in the time.
const SIZES: u64 = 4_096;

/// The heads and proofs of all logs, whose entries are the same.
struct Growth {
    heads: Vec<TreeHead>,
    proofs: Vec<ConsistencyProof>,
}

impl Growth {
    fn new() -> Self {
        let leaves: Vec<Hash> = (0..SIZES).map(|at| leaf_hash(&at.to_be_bytes())).collect();
        // The hash of each complete subtree, so that a proof costs a few lookups.
        let mut levels = vec![leaves.clone()];
        while let Some(last) = levels.last().filter(|last| last.len() > 1) {
            let (pairs, _) = last.as_chunks::<2>();
            levels.push(
                pairs
                    .iter()
                    .map(|[left, right]| node_hash(left, right))
                    .collect(),
            );
        }
        let read = |span: Subtree| {
            let level = &levels[usize::from(span.level)];
            Ok::<_, ProofError>(level[span.index as usize])
        };
        let heads = (1..=SIZES).map(|size| TreeHead {
            size,
            root: tree_root(&leaves[..size as usize]),
        });
        let proofs = (1..SIZES).map(|old| ConsistencyProof::prove(old, old + 1, read).unwrap());
        Self {
            heads: heads.collect(),
            proofs: proofs.collect(),
        }
    }
}

fn key(log: u64) -> SignerKey {
    let mut seed = [0xb3; 32];
    seed[..8].copy_from_slice(&log.to_be_bytes());
    let name = KeyName::parse(&format!("log{log}.example.com/bench")).unwrap();
    SignerKey::new(name, SignatureType::Ed25519, SecretKey::from_seed(&seed))
}

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["list", logs, directory] => list(logs.parse().unwrap(), Path::new(directory)),
        ["load", address, logs, seconds] => load(
            address.parse().unwrap(),
            logs.parse().unwrap(),
            Duration::from_secs_f64(seconds.parse().unwrap()),
        ),
        // `cargo test` and `cargo bench` start every benchmark without words of ours.
        _ => println!("usage: witness list LOGS DIRECTORY | load ADDRESS LOGS SECONDS"),
    }
}

fn list(logs: u64, directory: &Path) {
    let (mut list, mut yaml, mut vkeys) =
        ("logs/v0\n".to_owned(), "Logs:\n".to_owned(), String::new());
    for log in 0..logs {
        let key = key(log);
        let (name, vkey) = (key.verifier().name(), key.verifier());
        list.push_str(&format!("vkey {vkey}\n"));
        yaml.push_str(&format!(
            "  - Origin: {name}\n    URL: http://127.0.0.1:9/\n    PublicKey: {vkey}\n"
        ));
        vkeys.push_str(&format!("{name} {vkey}\n"));
    }
    for (name, text) in [("logs", list), ("logs.yaml", yaml), ("vkeys", vkeys)] {
        fs::write(directory.join(name), text).unwrap();
    }
}

fn load(address: SocketAddr, logs: u64, time: Duration) {
    let growth = Arc::new(Growth::new());
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let (mut latencies, mut refused) = (Vec::new(), 0);
    let began = Instant::now();
    let elapsed = runtime.block_on(async {
        let end = Instant::now() + time;
        let all: Vec<_> = (0..logs)
            .map(|log| tokio::spawn(grow(address, log, Arc::clone(&growth), end)))
            .collect();
        for one in all {
            let (took, no) = one.await.unwrap();
            latencies.extend(took);
            refused += no;
        }
        began.elapsed()
    });
    latencies.sort_unstable();
    let at = |part: f64| {
        let at = (latencies.len() as f64 * part) as usize;
        let found = latencies.get(at.min(latencies.len().saturating_sub(1)));
        found.map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    };
    println!(
        "rate={:.0} p50={:.3} p99={:.3} cosigned={} refused={refused}",
        latencies.len() as f64 / elapsed.as_secs_f64(),
        at(0.5),
        at(0.99),
        latencies.len()
    );
}

/// Grows one log by an entry after the other; returns the time of each cosignature, and the number of refusals.
async fn grow(
    address: SocketAddr,
    log: u64,
    growth: Arc<Growth>,
    end: Instant,
) -> (Vec<Duration>, usize) {
    let key = key(log);
    let origin = Origin::parse(key.verifier().name().as_str()).unwrap();
    let mut connection = Connection::open(address, "/add-checkpoint").await;
    let (mut took, mut refused) = (Vec::new(), 0);
    for (old, head) in (0u64..).zip(&growth.heads) {
        let proof = match old.checked_sub(1) {
            None => ConsistencyProof::default(),
            Some(at) => growth.proofs[at as usize].clone(),
        };
        let checkpoint = Checkpoint::sign(&origin, *head, &key).unwrap();
        let body = AddCheckpoint::new(old, proof, checkpoint).unwrap().encode();
        let asked = Instant::now();
        if asked >= end {
            return (took, refused);
        }
        match connection.post(&body).await {
            (200, _) => took.push(asked.elapsed()),
            (status, answer) => {
                refused += 1;
                assert!(
                    refused < 100,
                    "{status}: {}",
                    String::from_utf8_lossy(&answer)
                );
            }
        }
    }
    panic!("a log reached {SIZES} entries: raise the number");
}
