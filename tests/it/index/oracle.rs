//! The index through the real binaries, held against a full scan: random logs that grow under writers, builders that are
//! killed with SIGKILL and start again, joinings, and rebuilds from the log alone.
//!
//! `GLASSLOG_LONG_TESTS=1` takes logs of thousands of events; `GLASSLOG_ORACLE_SEED` repeats the random choices (the
//! moments of the kills still vary). At no moment may the two ways say different things: so nothing here waits for a time.
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{env, fs, thread};

use glasslog_core::merkle::sha256;
use glasslog_tests::command::{Finished, finish};
use glasslog_tests::fixture::{Access, ORIGIN, spki};
use glasslog_tests::random::Random;
use glasslog_tests::{glasslog, words};
use serde_json::Value;
use tempfile::TempDir;

/// Actors, each with the number of a key.
const ACTORS: [(&str, u8); 3] = [
    ("ci@example.org", 11),
    ("nightly@example.org", 12),
    ("person@example.org", 13),
];
const MINUTES_A_DAY: u32 = 1_440;
/// A builder does what it has to do in some tens of milliseconds; it may be killed at any time of that.
const LONGEST_LIFE: u64 = 60_000;

/// Numbers of logs, rounds, events and kills.
struct Size {
    logs: u64,
    rounds: u64,
    /// Events of one round, at most.
    batch: u64,
    /// Builders that are killed in one round.
    kills: u64,
    /// Keys that are asked for after each round.
    asked: usize,
    /// Keys that are asked for in the end, at most.
    asked_last: usize,
}

const SHORT: Size = Size {
    logs: 1,
    rounds: 3,
    batch: 200,
    kills: 2,
    asked: 2,
    asked_last: 8,
};
const LONG: Size = Size {
    logs: 3,
    rounds: 24,
    batch: 250,
    kills: 6,
    asked: 8,
    asked_last: usize::MAX,
};

/// A log directory, and the keys that its events have.
struct Log {
    folder: TempDir,
    random: Random,
    events: u32,
    keys: BTreeSet<String>,
    /// Bare names that are registered.
    registered: BTreeSet<String>,
    killed: u64,
}

impl Log {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let log = Self {
            folder: folder.expect("a folder can be made"),
            random: Random(seed),
            events: 0,
            keys: BTreeSet::new(),
            registered: BTreeSet::new(),
            killed: 0,
        };
        let path = log.path("log");
        log.run(words!["init", path, "--origin", ORIGIN]).expect(0);
        for (actor, key) in ACTORS {
            let public = log.path(actor);
            fs::write(&public, spki(key).to_pem(actor)).expect("the key can be written");
            let enrol = words![
                "keys", "enrol", "--log", path, "--actor", actor, "--key", public
            ];
            log.run(enrol).expect(0);
        }
        log
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, words: impl IntoIterator<Item = std::ffi::OsString>) -> Finished {
        let mut command = glasslog::command();
        command.env("GLASSLOG_CACHE", "off").args(words);
        finish(&mut command)
    }

    /// Submits random events: few artifacts have most, each in up to three versions.
    fn grow(&mut self, count: u64) {
        let mut lines = Vec::new();
        for _ in 0..count {
            let skewed = self.random.below(30).min(self.random.below(30));
            let name = format!("models/m{}@{}", skewed / 3, skewed % 3);
            let content = format!("content {}", skewed / 2);
            let (actor, key) = ACTORS[self.random.below(3).min(self.random.below(3)) as usize];
            let reason = format!("event {}", self.events);
            let event = Access {
                action: ["read", "register", "deploy"][self.random.below(3) as usize],
                name: &name,
                content: content.as_bytes(),
                actor,
                key,
                minute: self.events % MINUTES_A_DAY,
                reason: Some(&reason),
            };
            self.events += 1;
            let base = name.split('@').next().unwrap_or_default().to_owned();
            let is_first = event.action == "register" && self.registered.insert(base.clone());
            lines.extend(match is_first {
                true => event.entry(ORIGIN),
                false => event.entry_again(ORIGIN),
            });
            lines.push(b'\n');
            let digest = format!("sha256:{}", sha256(content.as_bytes()).to_hex());
            self.keys
                .extend([name, base, digest, format!("actor:{actor}")]);
        }
        let batch = self.path("batch");
        fs::write(&batch, lines).expect("the batch can be written");
        self.run(words!["submit", "--log", self.path("log"), batch])
            .expect(0);
    }

    /// Starts what builds the index, and kills it at a random moment, if it has not ended before.
    fn kill_a_builder(&mut self) {
        let log = self.path("log");
        let words = match self.random.below(4) {
            0 => words!["publish", log].to_vec(),
            1 => words!["index", log].to_vec(),
            2 => words!["index", log, "--rebuild"].to_vec(),
            _ => words!["serve", log, "--listen", "127.0.0.1:0"].to_vec(),
        };
        // A server looks at the log four times a second.
        let is_server = words[0] == "serve";
        let life = self.random.below(LONGEST_LIFE) * if is_server { 10 } else { 1 };
        let mut builder = glasslog::command()
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the builder starts");
        thread::sleep(Duration::from_micros(life));
        builder.kill().expect("it can be killed, or has ended");
        let ended = builder.wait().expect("it has ended");
        self.killed += u64::from(ended.code().is_none());
    }

    /// Runs `history` about a key; returns its exit code and its answer.
    fn history(&self, key: &str, scan: bool) -> (i32, Value) {
        let mut words = words!["history", key, "--log", self.path("log")].to_vec();
        words.extend(words!["--policy", self.path("log/trust.policy")]);
        words.extend(words!["--format", "json", "--now", "2026-11-23T12:00:00Z"]);
        let way = if scan {
            "--full-scan"
        } else {
            "--accept-index"
        };
        words.push(way.into());
        let run = self.run(words);
        (run.code, run.json())
    }

    /// The same by the index and by a full scan, whatever state the log is in.
    fn compare(&self, key: &str, is_absent: bool) {
        let (code, found) = self.history(key, false);
        let (scan_code, scanned) = self.history(key, true);
        let events = found["events"].as_array().expect("a list of events").len();
        assert_eq!(code, scan_code, "{key}: {found} {scanned}");
        assert_eq!(code, if is_absent { 4 } else { 0 }, "{key}: {found}");
        assert_eq!(events == 0, is_absent, "{key}: {found}");
        assert_eq!(shared(found), shared(scanned), "{key}");
    }

    fn compare_some(&mut self, count: usize) {
        let keys: Vec<String> = self.keys.iter().cloned().collect();
        for _ in 0..count {
            let at = self.random.below(keys.len() as u64) as usize;
            self.compare(&keys[at], false);
        }
        let absent = format!("absent-{}", self.random.next());
        self.compare(&absent, true);
    }

    fn compare_most(&self, count: usize) {
        let each = self.keys.len().div_ceil(count);
        for key in self.keys.iter().step_by(each.max(1)) {
            self.compare(key, false);
        }
        for absent in ["models", "models/m0@9", "actor:nobody@example.org"] {
            self.compare(absent, true);
        }
    }

    /// The files of the runs in a directory of an index.
    fn runs(&self, index: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        for part in ["run", "reserved", "postings"] {
            let folder = self.path(index).join(part);
            if folder.exists() {
                list(&folder, Path::new(part), &mut files);
            }
        }
        files
    }

    /// Somebody else's index of the public files alone has the same runs, byte for byte; what the log's own has beside
    /// them are runs that were superseded, which stay for a day.
    fn compare_with_a_rebuild(&self) {
        self.run(words!["index", self.path("log")]).expect(0);
        let key = self.path("idx.key");
        let keygen = words![
            "keygen",
            "--kind",
            "index",
            "--name",
            "idx.example/other",
            "--out"
        ];
        self.run(keygen.into_iter().chain(words![key])).expect(0);
        let rebuild = words![
            "index",
            self.path("log/public"),
            "--policy",
            self.path("log/trust.policy"),
            "--key",
            key,
            "--out",
            self.path("other")
        ];
        self.run(rebuild).expect(0);
        let (own, rebuilt) = (
            self.runs("log/public/index"),
            self.runs("other/public/index"),
        );
        assert!(!rebuilt.is_empty(), "the rebuild has no runs");
        for (path, bytes) in rebuilt {
            assert!(own.get(&path) == Some(&bytes), "{} differs", path.display());
        }
    }
}

/// Without the checks that say how it was found.
fn shared(mut report: Value) -> Value {
    let checks = report["checks"].as_array_mut().expect("a list of checks");
    checks.retain(|check| {
        let code = check["code"].as_str().expect("a code");
        !code.starts_with("index-") && code != "coverage" && code != "entries"
    });
    // Both name the way.
    report["completeBy"] = Value::Null;
    report["headline"] = Value::Null;
    report
}

fn list(folder: &Path, name: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = name.join(path.file_name().expect("a name"));
        if path.is_dir() {
            list(&path, &name, files);
        } else {
            files.insert(name, fs::read(&path).expect("a file"));
        }
    }
}

#[test]
fn the_index_says_what_a_full_scan_says_whoever_is_killed() {
    let size = match env::var_os("GLASSLOG_LONG_TESTS") {
        Some(_) => LONG,
        None => SHORT,
    };
    let seed = env::var("GLASSLOG_ORACLE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    println!("GLASSLOG_ORACLE_SEED={seed}");
    for number in 0..size.logs {
        let mut log = Log::new(seed + number);
        for _ in 0..size.rounds {
            let count = 1 + log.random.below(size.batch);
            log.grow(count);
            // Entries that no manifest covers yet, or that a builder was killed over.
            log.compare_some(1);
            for _ in 0..size.kills {
                log.kill_a_builder();
                log.compare_some(1);
            }
            log.run(words!["publish", log.path("log")]).expect(0);
            log.compare_some(size.asked);
        }
        log.compare_most(size.asked_last);
        log.compare_with_a_rebuild();
        let (events, killed, keys) = (log.events, log.killed, log.keys.len());
        println!("{events} events, {keys} keys, {killed} builders killed before they ended");
    }
}
