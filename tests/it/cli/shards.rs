//! Two logs under one trust policy, as `docs/operating.md` ("Several logs") says: each is complete by itself, by its index
//! too, and a reader with the one policy asks both.
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use glasslog_tests::command::Finished;
use glasslog_tests::glasslog::glasslog;
use glasslog_tests::words;

struct Shards {
    folder: tempfile::TempDir,
}

impl Shards {
    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A log, with the one actor of both enrolled.
    fn make(&self, name: &str) -> PathBuf {
        let log = self.at(name);
        let origin = format!("models.example.com/{name}");
        glasslog(words!["init", log, "--origin", origin]).expect(0);
        let key = self.at("ci.key.pub");
        let actor = "ci@example.com";
        glasslog(words![
            "keys", "enrol", "--log", log, "--actor", actor, "--key", key
        ])
        .expect(0);
        log
    }

    fn record(&self, log: &Path, action: &str, proof: &str) {
        let (key, file) = (self.at("ci.key"), self.at("model"));
        glasslog(words![
            "record",
            "--log",
            log,
            "--signer",
            key,
            "--action",
            action,
            "--artifact",
            "model@1",
            "--file",
            file,
            "-o",
            self.at(proof)
        ])
        .expect(0);
    }
}

/// The lines of one section of a policy.
fn section(policy: &str, name: &str) -> String {
    let from = policy.split_once(&format!("[{name}]\n")).unwrap().1;
    let lines = from.lines().take_while(|line| !line.starts_with('['));
    let logs = lines.filter(|line| line.starts_with("log "));
    logs.map(|line| format!("{line}\n")).collect()
}

fn history(log: &Path, policy: &Path, more: &[&str]) -> Finished {
    let arguments = words![
        "history", "model@1", "--log", log, "--policy", policy, "--format", "json"
    ];
    let more = more.iter().map(OsString::from);
    glasslog(arguments.into_iter().chain(more))
}

#[test]
fn two_logs_under_one_policy_answer_for_themselves() {
    let shards = Shards {
        folder: tempfile::tempdir().unwrap(),
    };
    fs::write(shards.at("model"), "weights").unwrap();
    let key = shards.at("ci.key");
    glasslog(words![
        "keygen",
        "--kind",
        "actor",
        "--name",
        "ci@example.com",
        "--out",
        key
    ])
    .expect(0);
    let (one, other) = (shards.make("access-a"), shards.make("access-b"));
    shards.record(&one, "read", "1.proof");
    shards.record(&other, "execute", "2.proof");
    shards.record(&other, "read", "3.proof");

    let own = fs::read_to_string(one.join("trust.policy")).unwrap();
    let others = fs::read_to_string(other.join("trust.policy")).unwrap();
    let both: String = ["log", "index"]
        .map(|name| {
            let (own, others) = (section(&own, name), section(&others, name));
            format!("[{name}]\n{own}{others}quorum none\n")
        })
        .concat();
    let policy = shards.at("both.policy");
    fs::write(&policy, both).unwrap();

    for (log, origin, actions) in [
        (&one, "models.example.com/access-a", &["read"][..]),
        (&other, "models.example.com/access-b", &["execute", "read"]),
    ] {
        let indexed = history(log, &policy, &["--accept-index"]).expect(0).json();
        assert_eq!(indexed["completeBy"], "index");
        assert_eq!(indexed["claims"]["complete"], "pass");
        assert_eq!(indexed["checkpoint"]["origin"], origin);
        let events = indexed["events"].as_array().unwrap();
        let found: Vec<&str> = events.iter().filter_map(|e| e["action"].as_str()).collect();
        assert_eq!(found, actions);
        // A full scan says the same.
        let scanned = history(log, &policy, &["--full-scan"]).expect(0).json();
        assert_eq!(scanned["events"], indexed["events"]);
        glasslog(words!["audit", log, "--policy", policy]).expect(0);
    }
    // A policy of one log says nothing of the other.
    history(&other, &one.join("trust.policy"), &[]).expect(5);
}
