//! Several servers of one log in a bucket: one sequences, the others pass submissions on to it and take over when it is
//! gone. Nothing that any of them acknowledged is lost, and one history comes out.
//!
//! `GLASSLOG_FAILOVER_SECONDS` sets how long the storm lasts, `GLASSLOG_FAILOVER_SEED` repeats its random choices (their
//! moments still vary).

use crate::alone;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use crate::tree::{self, PublicLog};
use glasslog_core::merkle::leaf_hash;
use glasslog_core::note::{SignerKey, TlogProof};
use glasslog_log::Layout;
use glasslog_tests::glasslog::glasslog;
use glasslog_tests::proxy::Wire;
use glasslog_tests::shared::{Sharing, ask, make_log};
use glasslog_tests::versitygw::VersityGw;
use glasslog_tests::words;
use serde_json::Value;

const SERVERS: usize = 3;
const CLIENTS: usize = 4;
const SECONDS: u64 = 12;
/// Time that a client waits for an answer before it asks another server.
const ANSWER: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(120);

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

fn choose(state: &mut u64, bound: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % bound
}

/// Returns the server that sequences, once one says so.
fn leader(servers: &[Sharing]) -> usize {
    let began = Instant::now();
    loop {
        if let Some(leader) = servers.iter().position(Sharing::leads) {
            return leader;
        }
        assert!(began.elapsed() < PATIENCE, "somebody leads");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Reads the public tree as any reader of the bucket does, checks it against its key, and audits it.
fn read_log(store: &VersityGw, prefix: &str, made: &Path, tree: &Path) -> PublicLog {
    let public = store.file(&format!("{prefix}/public"));
    let mut paths = Vec::new();
    tree::list(&public, "", &mut paths);
    // A killed server leaves hidden files of its own behind, which it does not serve either.
    for path in paths
        .iter()
        .filter(|path| !path.contains("/.") && !path.starts_with('.'))
    {
        let to = tree.join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(public.join(path), to).unwrap();
    }
    let layout = Layout::new(made);
    glasslog(words!["audit", tree, "--policy", layout.trust_policy()]).expect(0);
    let key = fs::read_to_string(layout.key("log")).unwrap();
    let key = SignerKey::parse(key.trim_end()).unwrap();
    PublicLog::read(tree, key.verifier())
}

#[test]
fn a_stand_in_answers_as_the_leader_does() {
    let _alone = alone();
    let Some(store) = VersityGw::start("servers of one bucket") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    // So long that a busy machine deposes nobody.
    make_log(&store, &made, "pair/one", 60, &["--raw"]);
    let mut servers: Vec<Sharing> = (0..2)
        .map(|number| {
            let own = folder.path().join(format!("server-{number}"));
            let served = Sharing::start(&store, &made, &own);
            served.wait_ready();
            served
        })
        .collect();
    let leading = leader(&servers);
    let (first, second) = (&servers[leading], &servers[1 - leading]);
    let post = |served: &Sharing, path: &str, headers: &str, body: &[u8]| {
        let limit = Duration::from_secs(60);
        let reply = served.ask(limit, "POST", path, headers, body);
        reply.unwrap_or_else(|| panic!("{path} is answered: {}", served.said()))
    };

    // The same questions, the same answers, whichever server is asked.
    assert_eq!(post(first, "/add", "", b"one").text(), "0");
    let two = post(second, "/add", "", b"two");
    assert_eq!((two.status, two.text().as_str()), (200, "1"));
    assert_eq!(post(second, "/add?ack=durable", "", b"one").text(), "0");
    for (path, body) in [
        ("/add", &b""[..]),
        ("/add?ack=soon", b"x"),
        ("/add", &[b'x'; 65_536]),
        ("/batch", b"two\n\nthree"),
        ("/batch?answer=all", b"x"),
    ] {
        let (own, passed) = (post(first, path, "", body), post(second, path, "", body));
        assert_eq!(
            (own.status, own.text()),
            (passed.status, passed.text()),
            "{path}"
        );
        for name in ["content-type: ", "cache-control: "] {
            let of = |headers: &str| {
                let mut lines = headers.lines();
                lines.find(|line| line.starts_with(name)).map(str::to_owned)
            };
            assert_eq!(of(&own.headers), of(&passed.headers), "{path}");
        }
    }
    let proof = post(second, "/add?answer=proof", "", b"four");
    let proof = TlogProof::parse(&proof.body).unwrap();
    let head = proof.checkpoint().head();
    let leaf = leaf_hash(b"four");
    proof.proof().verify(&leaf, proof.index(), &head).unwrap();

    // A batch of many pieces comes back whole.
    let lines: Vec<String> = (0..5_000).map(|n| format!("line {n}")).collect();
    let answer = post(second, "/batch", "", lines.join("\n").as_bytes()).text();
    assert_eq!(answer.lines().count(), lines.len());
    for (line, answer) in lines.iter().zip(answer.lines()) {
        let answer: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(answer["leafHash"], leaf_hash(line.as_bytes()).to_string());
    }

    // A forwarded entry is not forwarded again.
    let again = post(second, "/add", "glasslog-forwarded: 1\r\n", b"five");
    assert_eq!(again.status, 503);
    assert!(
        again.headers.contains("retry-after: 1"),
        "{}",
        again.headers
    );
    assert!(again.text().contains("not-the-leader"), "{}", again.text());

    // Readers of either see the same; probes are told who is who.
    let get = |served: &Sharing, path: &str| {
        served
            .ask(Duration::from_secs(60), "GET", path, "", b"")
            .unwrap()
    };
    assert_eq!(
        get(first, "/checkpoint").body,
        get(second, "/checkpoint").body
    );
    assert_eq!(get(first, "/readyz").text(), "ready\n");
    assert_eq!(get(second, "/readyz").text(), "ready: stand-in\n");
    assert_eq!(second.metric("glasslog_leader"), Some(0.0));
    assert_eq!(second.metric("glasslog_terms_total"), Some(0.0));
    let forwarded = second.metric("glasslog_forwarded_total{status=\"200\"}");
    assert!(forwarded >= Some(5.0), "{forwarded:?}");

    // A leader that ends lets go at once. Until the other has the log, the answer is to come back.
    servers[leading].server.signal("-TERM");
    assert_eq!(servers[leading].server.wait(), Some(0));
    let began = Instant::now();
    while !servers[1 - leading].leads() {
        assert!(
            began.elapsed() < PATIENCE,
            "{}",
            servers[1 - leading].said()
        );
        let reply = post(&servers[1 - leading], "/add", "", b"six");
        match reply.status {
            200 => break,
            503 => assert!(reply.headers.contains("retry-after: 1")),
            other => panic!("{other}: {}", reply.text()),
        }
    }
    assert_eq!(post(&servers[1 - leading], "/add", "", b"two").text(), "1");
}

/// Entries acknowledged to a client, by their indices.
type Told = Arc<Mutex<BTreeMap<u64, String>>>;

/// One client: submits its entries one after the other, or in batches, each until some server acknowledges it.
fn client(
    name: usize,
    addresses: &Mutex<Vec<std::net::SocketAddr>>,
    told: &Told,
    over: &AtomicBool,
) -> Vec<Instant> {
    let mut random = 1 + name as u64;
    let mut moments = Vec::new();
    let mut next = 0;
    while !over.load(Ordering::Relaxed) {
        let count = if name == 0 { 5 } else { 1 };
        let mut entries: Vec<String> = (next..next + count)
            .map(|n| format!("{name} {n}"))
            .collect();
        next += count;
        let began = Instant::now();
        while !entries.is_empty() {
            assert!(began.elapsed() < PATIENCE, "{entries:?} is taken");
            let addresses = addresses.lock().unwrap().clone();
            let address = addresses[choose(&mut random, addresses.len() as u64) as usize];
            let path = match (name, choose(&mut random, 3)) {
                (0, 0) => "/batch?ack=durable",
                (0, _) => "/batch",
                (_, 0) => "/add?ack=durable",
                _ => "/add",
            };
            let body = entries.join("\n");
            let reply = ask(address, ANSWER, "POST", path, "", body.as_bytes());
            let Some(reply) = reply else {
                thread::sleep(Duration::from_millis(50));
                continue;
            };
            let text = reply.text();
            let indices: Vec<u64> = match (reply.status, name) {
                (200, 0) => batch_indices(&text),
                (200, _) => vec![text.parse().unwrap()],
                (503, _) => {
                    assert!(reply.headers.contains("retry-after: "), "{}", reply.headers);
                    thread::sleep(Duration::from_millis(50));
                    continue;
                }
                (other, _) => panic!("{other}: {text}"),
            };
            let mut told = told.lock().unwrap();
            let answered: Vec<String> = entries.drain(..indices.len()).collect();
            for (index, entry) in indices.into_iter().zip(answered) {
                let known = told.insert(index, entry.clone());
                assert!(
                    known.is_none_or(|known| known == entry),
                    "two entries at {index}"
                );
                moments.push(Instant::now());
            }
        }
    }
    moments
}

/// The indices of the whole lines before the first that has none: of the entries after those nothing is known.
fn batch_indices(text: &str) -> Vec<u64> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map_while(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            match line["error"]["status"].as_u64() {
                None => Some(line["index"].as_u64().unwrap()),
                Some(503 | 400 | 408) => None,
                Some(other) => panic!("{other}: {line}"),
            }
        })
        .collect()
}

#[test]
fn servers_of_one_bucket_take_over_and_lose_nothing() {
    let _alone = alone();
    let Some(store) = VersityGw::start("servers of one bucket in a storm") else {
        return;
    };
    let clock = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = number("GLASSLOG_FAILOVER_SEED").unwrap_or(clock.map_or(1, |now| now.as_secs()));
    let seconds = number("GLASSLOG_FAILOVER_SECONDS").unwrap_or(SECONDS);
    println!("seed {seed}");
    let mut random = seed.max(1);
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    make_log(&store, &made, "storm/one", 1, &["--raw"]);
    let mut servers: Vec<Sharing> = (0..SERVERS)
        .map(|number| {
            let own = folder.path().join(format!("server-{number}"));
            Sharing::start(&store, &made, &own)
        })
        .collect();
    let addresses = Arc::new(Mutex::new(
        servers
            .iter()
            .map(|served| served.server.address)
            .collect::<Vec<_>>(),
    ));
    let (told, over) = (Told::default(), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|name| {
            let (addresses, told, over) =
                (Arc::clone(&addresses), Arc::clone(&told), Arc::clone(&over));
            thread::spawn(move || client(name, &addresses, &told, &over))
        })
        .collect();

    let began = Instant::now();
    let mut struck = Vec::new();
    while began.elapsed() < Duration::from_secs(seconds) {
        let at = leader(&servers);
        let how = choose(&mut random, 3);
        struck.push((
            Instant::now(),
            ["killed", "stopped", "cut off"][how as usize],
        ));
        let lasts = Duration::from_millis(1_500 + choose(&mut random, 1_500));
        match how {
            0 => servers[at].server.kill(),
            1 => servers[at].server.signal("-STOP"),
            _ => servers[at].proxy.set(Wire::Cut),
        }
        thread::sleep(lasts);
        match how {
            0 => {
                servers[at].restart();
                addresses.lock().unwrap()[at] = servers[at].server.address;
            }
            1 => servers[at].server.signal("-CONT"),
            _ => servers[at].proxy.set(Wire::Whole),
        }
        // Somebody takes entries again before the next blow.
        thread::sleep(Duration::from_millis(choose(&mut random, 1_000)));
    }
    // Deposed leaders go on as stand-ins: all servers take entries in the end.
    for served in &mut servers {
        assert!(served.server.is_running(), "{}", served.said());
        served.wait_ready();
    }
    over.store(true, Ordering::Relaxed);
    let mut moments: Vec<Instant> = clients
        .into_iter()
        .flat_map(|client| client.join().expect("no client was told anything wrong"))
        .collect();
    moments.sort_unstable();
    for (struck, how) in struck {
        // The longest silence that begins around the blow is what clients saw of the takeover.
        let after = struck + Duration::from_secs(6);
        let around = moments
            .windows(2)
            .filter(|pair| pair[1] > struck && pair[0] < after);
        let gap = around
            .map(|pair| pair[1] - pair[0])
            .max()
            .unwrap_or_default();
        println!(
            "leader {how}: no acknowledgement for {:.2} s",
            gap.as_secs_f64()
        );
    }
    for served in &mut servers {
        served.server.signal("-TERM");
    }
    for served in &mut servers {
        assert_eq!(served.server.wait(), Some(0), "{}", served.said());
    }

    let log = read_log(&store, "storm/one", &made, &folder.path().join("tree"));
    let told = told.lock().unwrap();
    for (index, entry) in told.iter() {
        let found = log.entries.get(*index as usize).map(Vec::as_slice);
        assert_eq!(found, Some(entry.as_bytes()), "acknowledged at {index}");
    }
    println!(
        "{} entries, {} of them acknowledged",
        log.entries.len(),
        told.len()
    );
    assert!(!told.is_empty());
}
