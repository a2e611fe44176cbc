//! Kills a writer and a witness with SIGKILL at random moments, hundreds of times, and recomputes the log each time.
//!
//! The test starts itself again as the process to be killed. Its random choices follow from one seed, which is printed;
//! `GLASSLOG_KILL_SEED` repeats them (the moments of the kills still vary), `GLASSLOG_KILL_SECONDS` sets how long it goes on.

use crate::alone;
use std::collections::BTreeMap;
use std::io::{Read, Write, stdout};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use crate::event_entries::{access, actor_key, admin_key, key_event};
use crate::tree::{self, PublicLog};
use glasslog_core::event::Action;
use glasslog_core::fetch::Query;
use glasslog_core::merkle::{Hash, TreeHead, leaf_hash};
use glasslog_core::note::{Checkpoint, KeyName, KeyVerdict, SignatureType, SignerKey, VerifierKey};
use glasslog_core::report::Class;
use glasslog_core::text::wire::parse_decimal;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::Options;
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::witness::WitnessKey;
use glasslog_log::directory::Disk;
use glasslog_log::witness::{Witness, WitnessError};
use glasslog_log::writer::new_secret;
use glasslog_log::{ARCHIVE_INTERVAL, Layout, Log, NewLog};
use glasslog_tests::glasslog;
use glasslog_tests::http::try_request;
use glasslog_tests::random::Random;
use glasslog_tests::served::Served;

const ORIGIN: &str = "example.com/killed";
const ACTOR: &str = "ci@example.org";
/// Duration of the test in CI.
const SECONDS: u64 = 20;
/// Kills without which the test shows little: a slow machine takes longer.
const LEAST_KILLS: u64 = 50;
/// Kills of one log, before the next one: recomputing a long one takes the time that kills need.
const KILLS_OF_ONE: usize = 25;
/// Kills of a server; each lives for a quarter of a second at most.
const SERVER_KILLS: u64 = 20;
/// Far above what a server takes for its first answer.
const FIRST_ANSWER: Duration = Duration::from_secs(120);
/// A writer starts, opens, and writes for some milliseconds; it may be killed at any time of that.
const LONGEST_LIFE: u64 = 40_000;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

/// Everything that anyone saw of one log.
#[derive(Default)]
struct Seen {
    acknowledged: BTreeMap<u64, Hash>,
    heads: Vec<TreeHead>,
    cosigned: u64,
}

impl Seen {
    /// Takes in what a process said before it was killed; its last line may be cut short.
    fn hear(&mut self, said: &str) {
        let whole = said.rfind('\n').map_or("", |end| &said[..end]);
        for line in whole.lines() {
            let mut words = line.split(' ');
            let (verb, number, hash) = (words.next(), words.next(), words.next());
            let (Some(number), Some(hash)) = (
                number.and_then(parse_decimal),
                hash.and_then(Hash::parse_base64),
            ) else {
                // The test harness talks too.
                continue;
            };
            match verb {
                Some("acknowledged") => {
                    let before = self.acknowledged.insert(number, hash);
                    assert!(
                        before.is_none_or(|before| before == hash),
                        "index {number} was given twice"
                    );
                }
                Some("published") => self.heads.push(TreeHead {
                    size: number,
                    root: hash,
                }),
                Some("cosigned") => {
                    assert!(number >= self.cosigned, "a smaller head was cosigned");
                    self.cosigned = number;
                    self.heads.push(TreeHead {
                        size: number,
                        root: hash,
                    });
                }
                _ => {}
            }
        }
    }

    /// Recomputes the log from its public files; every head that anyone saw must still be one of its own.
    fn check(&mut self, log: &Path, key: &VerifierKey) -> PublicLog {
        let public = PublicLog::read(&log.join("public"), key);
        for head in &self.heads {
            assert!(
                public.extends(head),
                "a head of size {} that was seen is gone",
                head.size
            );
        }
        audit(log, public.checkpoint.head().size);
        self.heads.sort_unstable_by_key(|head| head.size);
        self.heads.dedup();
        public
    }
}

/// The audit that `glasslog audit` runs, on the directory as it is.
fn audit(log: &Path, size: u64) {
    let (public, policy) = (
        log.join("public"),
        fs::read(log.join("trust.policy")).unwrap(),
    );
    let mut files = Vec::new();
    tree::list(&public, "", &mut files);
    let mut query = AuditQuery::new(
        &policy,
        Options {
            now: 1,
            require: None,
            max_checkpoint_age: None,
            full_scan: false,
            accept_index: false,
            state: false,
        },
        Some(files),
    );
    loop {
        let needs = query.needs();
        let Some(path) = needs.first() else {
            break;
        };
        query.supply(path, fs::read(public.join(path)).ok());
    }
    let report = query.report().unwrap();
    let expected = if size == 0 {
        Class::Nothing
    } else {
        Class::Verified
    };
    assert_eq!(report.class(), expected, "{}", report.to_json());
}

/// Starts this test as a process that writes or cosigns until it is killed.
fn start(role: &str, log: &Path, seed: u64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "kill::process_to_be_killed",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("GLASSLOG_KILL_ROLE", role)
        .env("GLASSLOG_KILL_LOG", log)
        .env("GLASSLOG_KILL_SEED", seed.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills a process and returns what it said. It must not have ended before.
fn kill(mut child: Child) -> String {
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    let (mut said, mut complaint) = (String::new(), String::new());
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut complaint)
        .unwrap();
    child.wait().unwrap();
    assert!(ended.is_none(), "it ended by itself: {said}\n{complaint}");
    said
}

/// The checkpoint that a reader sees at this moment.
fn look(log: &Path, key: &VerifierKey) -> TreeHead {
    let checkpoint = Checkpoint::parse(&fs::read(log.join("public/checkpoint")).unwrap()).unwrap();
    assert_eq!(checkpoint.note().verify(key), KeyVerdict::Signed);
    checkpoint.head()
}

fn new_log(directory: &Path, raw: bool) -> PathBuf {
    let log = directory.join("log");
    let made = if raw {
        NewLog::raw(ORIGIN)
    } else {
        NewLog::events(ORIGIN)
    };
    made.create(&log, 0).unwrap();
    if !raw {
        let enrolment = key_event(ORIGIN, &admin_key(&log), ACTOR, &actor_key(1), None);
        let mut log = Log::open(&log).unwrap();
        log.append(vec![enrolment]).unwrap().pop().unwrap().unwrap();
        log.publish(0).unwrap();
    }
    let name = KeyName::parse("witness.example/killed").unwrap();
    let witness = SignerKey::new(name, SignatureType::CosignatureV1, new_secret().unwrap());
    fs::write(directory.join("witness.key"), witness.encode().as_str()).unwrap();
    log
}

fn log_key(log: &Path) -> VerifierKey {
    let text = fs::read_to_string(Layout::new(log).key("log")).unwrap();
    SignerKey::parse(text.trim_end())
        .unwrap()
        .verifier()
        .clone()
}

#[test]
fn a_log_survives_sigkill_at_any_moment() {
    let _alone = alone();
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("GLASSLOG_KILL_SEED").unwrap_or(clock.subsec_nanos().into());
    let seconds = number("GLASSLOG_KILL_SECONDS").unwrap_or(SECONDS);
    println!("seed {seed}");
    let mut random = Random(seed);
    let (mut kills, mut entries, mut cosigned) = (0, 0, 0);
    let began = Instant::now();
    let least = if seconds < SECONDS { 0 } else { LEAST_KILLS };
    while began.elapsed() < Duration::from_secs(seconds) || kills < least {
        let directory = tempfile::tempdir().unwrap();
        let log = new_log(directory.path(), random.below(2) == 0);
        let key = log_key(&log);
        let mut seen = Seen::default();
        for _ in 0..KILLS_OF_ONE {
            let life = Duration::from_micros(random.below(LONGEST_LIFE));
            let writer = start("writer", &log, random.next());
            let witness = (random.below(3) == 0).then(|| start("witness", &log, random.next()));
            let end = Instant::now() + life;
            while Instant::now() < end {
                seen.heads.push(look(&log, &key));
                thread::sleep(
                    Duration::from_millis(2).min(end.saturating_duration_since(Instant::now())),
                );
            }
            seen.hear(&kill(writer));
            kills += 1;
            if let Some(witness) = witness {
                seen.hear(&kill(witness));
                kills += 1;
            }
            // Readers see whole files before anything is repaired.
            seen.check(&log, &key);
            if random.below(2) == 0 {
                // Sometimes the next writer does this, and may be killed while it does.
                Log::open(&log).unwrap().publish(0).unwrap();
                let public = seen.check(&log, &key);
                for (index, leaf) in &seen.acknowledged {
                    assert_eq!(
                        public.leaves.get(*index as usize),
                        Some(leaf),
                        "acknowledged entry {index} is gone"
                    );
                }
            }
        }
        let mut writer = Log::open(&log).unwrap();
        writer.publish(0).unwrap();
        entries += writer.head().size;
        cosigned += u64::from(seen.cosigned > 0);
        let left: Vec<_> = fs::read_dir(log.join("state/tmp")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    println!("{kills} kills, {entries} entries survived, {cosigned} logs were cosigned");
}

/// The same through the server: whoever was told an index finds the entry there after the server was killed.
#[test]
fn a_served_log_survives_sigkill() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let log = new_log(directory.path(), true);
    let key = log_key(&log);
    let mut random = Random(number("GLASSLOG_KILL_SEED").unwrap_or(1));
    let mut seen = Seen::default();
    let mut answered = 0;
    for round in 0..SERVER_KILLS {
        let mut serve = glasslog::command();
        serve.arg("serve").arg(&log);
        let mut server = Served::start(serve, Stdio::inherit()).expect("it listens");
        let address = server.address;
        let (first, answers) = mpsc::channel();
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let first = first.clone();
                thread::spawn(move || {
                    post_until_it_dies(address, &format!("{round} {client}"), &first)
                })
            })
            .collect();
        // Half of them live on from their first answer, however long that takes; the others may give none.
        if round % 2 == 1 {
            let answered = answers.recv_timeout(FIRST_ANSWER);
            answered.expect("the server answers");
        }
        thread::sleep(Duration::from_micros(50_000 + random.below(200_000)));
        server.kill();
        for client in clients {
            for (index, leaf) in client.join().unwrap() {
                answered += 1;
                assert_eq!(
                    seen.acknowledged.insert(index, leaf),
                    None,
                    "index {index} was given twice"
                );
            }
        }
        seen.heads.push(look(&log, &key));
        seen.check(&log, &key);
    }
    Log::open(&log).unwrap().publish(0).unwrap();
    let public = seen.check(&log, &key);
    for (index, leaf) in &seen.acknowledged {
        assert_eq!(
            public.leaves.get(*index as usize),
            Some(leaf),
            "acknowledged entry {index} is gone"
        );
    }
    println!("{SERVER_KILLS} kills, {answered} answers kept");
    assert!(
        answered > 0,
        "the servers were killed before they answered anyone"
    );
}

/// Submits entries, one after the other, until nobody answers; returns those that were answered with an index.
fn post_until_it_dies(address: SocketAddr, name: &str, first: &Sender<()>) -> Vec<(u64, Hash)> {
    let mut answered = Vec::new();
    for number in 0.. {
        let entry = format!("{name} {number}");
        let path = if number % 2 == 0 {
            "/add"
        } else {
            "/add?ack=durable"
        };
        let Some(index) = post(address, path, &entry) else {
            break;
        };
        answered.push((index, leaf_hash(entry.as_bytes())));
        // Nobody may be waiting for it.
        let _ = first.send(());
    }
    answered
}

/// Posts an entry and returns its index; `None` when the answer is not whole.
fn post(address: SocketAddr, path: &str, entry: &str) -> Option<u64> {
    let answer = try_request(address, "POST", path, entry.as_bytes()).ok()?;
    let index = str::from_utf8(&answer.body).ok()?;
    (answer.status == 200).then(|| parse_decimal(index))?
}

/// Not a test: what `a_log_survives_sigkill_at_any_moment` starts and kills.
#[test]
#[ignore = "started by the kill test"]
fn process_to_be_killed() {
    let Some(log) = env::var_os("GLASSLOG_KILL_LOG").map(PathBuf::from) else {
        return;
    };
    let random = Random(number("GLASSLOG_KILL_SEED").unwrap());
    match env::var("GLASSLOG_KILL_ROLE").unwrap().as_str() {
        "writer" => write(&log, random),
        _ => cosign(&log),
    }
}

/// Says something in one write, so that a reader sees all or the beginning of it.
fn say(text: &str) {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .unwrap();
}

/// Appends and publishes for ever, in batches of all sizes.
fn write(path: &Path, mut random: Random) -> ! {
    let is_raw = !path.join("keys/admin").exists();
    let actor = actor_key(1);
    let mut log = Log::open(path).unwrap();
    let mut now = 0;
    loop {
        let count = [1, 1, 3, 20, 260][random.below(5) as usize];
        // Now and then enough bytes for the journal to be replaced.
        let longest = if random.below(4) == 0 { 60_000 } else { 500 };
        let batch: Vec<Vec<u8>> = (0..count)
            .map(|_| match is_raw {
                true => {
                    let mut entry = random.next().to_be_bytes().to_vec();
                    entry.resize(8 + random.below(longest) as usize, 7);
                    entry
                }
                false => access(ORIGIN, ACTOR, &actor, Action::Read, random.next() >> 16),
            })
            .collect();
        let outcomes = log.append(batch).unwrap();
        let text: String = outcomes
            .into_iter()
            .map(Result::unwrap)
            .map(|receipt| format!("acknowledged {} {}\n", receipt.index, receipt.leaf_hash))
            .collect();
        say(&text);
        if random.below(4) != 0 {
            now += random.below(2 * ARCHIVE_INTERVAL);
            let head = log.publish(now).unwrap();
            say(&format!("published {} {}\n", head.size, head.root));
        }
    }
}

/// Cosigns for ever.
fn cosign(path: &Path) -> ! {
    let directory = path.parent().unwrap();
    let policy = TrustPolicy::parse(&fs::read(path.join("trust.policy")).unwrap()).unwrap();
    let key =
        SignerKey::parse(&fs::read_to_string(directory.join("witness.key")).unwrap()).unwrap();
    let key = WitnessKey::new(key).unwrap();
    let witness = Witness {
        key: &key,
        state: &directory.join("witness.state"),
        policy: &policy,
    };
    loop {
        match witness.cosign(&Disk::new(), &Layout::new(path), 1) {
            Ok(done) => say(&format!("cosigned {} {}\n", done.head.size, done.head.root)),
            Err(WitnessError::Moving) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
