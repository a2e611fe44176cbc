//! Histories through the index of a log that the command line wrote: the events of a full scan, small bundles, older
//! histories that newer ones begin with, and no index that is silently done without.
use std::fs;
use std::path::PathBuf;

use glasslog_tests::fixture::{Access, ORIGIN, spki};
use glasslog_tests::glasslog::glasslog;
use glasslog_tests::words;
use serde_json::Value;
use tempfile::TempDir;

const CI: &str = "ci@example.org";
const KEY: u8 = 11;

/// A log directory with one enrolled actor, its policy, and a place for files beside it.
struct Log {
    folder: TempDir,
    recorded: u32,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let log = Self {
            folder: folder.expect("a folder can be made"),
            recorded: 0,
        };
        glasslog(words!["init", log.beside("log"), "--origin", ORIGIN]).expect(0);
        let public = log.beside("ci.pub");
        fs::write(&public, spki(KEY).to_pem(CI)).expect("the key can be written");
        let log_dir = log.beside("log");
        glasslog(words![
            "keys", "enrol", "--log", log_dir, "--actor", CI, "--key", public
        ])
        .expect(0);
        log
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Submits this many events, every 20th about `rare@1`, and publishes them with their index.
    fn grow(&mut self, count: u32) {
        let mut lines = Vec::new();
        for minute in self.recorded..self.recorded + count {
            let rare = minute % 20 == 0;
            let event = Access {
                action: if rare && minute % 40 == 0 {
                    "register"
                } else {
                    "read"
                },
                name: if rare { "rare@1" } else { "busy@1" },
                content: if rare { b"rare" } else { b"busy" },
                actor: CI,
                key: KEY,
                minute,
                reason: Some("nightly"),
            };
            lines.extend(match minute {
                0 => event.entry(ORIGIN),
                _ => event.entry_again(ORIGIN),
            });
            lines.push(b'\n');
        }
        self.recorded += count;
        let batch = self.beside("batch");
        fs::write(&batch, lines).expect("the batch can be written");
        glasslog(words!["submit", "--log", self.beside("log"), batch]).expect(0);
        glasslog(words!["publish", self.beside("log")]).expect(0);
    }

    /// A verifying verb about the log, as JSON.
    fn verify(&self, arguments: &str, code: i32) -> Value {
        let mut words: Vec<_> = arguments.split(' ').map(Into::into).collect();
        words.extend(words!["--format", "json", "--now", "2026-11-23T12:00:00Z"]);
        words.extend(words!["--policy", self.beside("log/trust.policy")]);
        if !arguments.starts_with("verify bundle") {
            words.extend(words!["--log", self.beside("log")]);
        }
        glasslog(words).expect(code).json()
    }
}

fn check<'a>(report: &'a Value, code: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("a list of checks");
    let found = checks.iter().find(|check| check["code"] == code);
    found.unwrap_or_else(|| panic!("no check {code}"))
}

/// Without the checks that say how it was found, and the headline, which says so too.
fn shared(mut report: Value) -> Value {
    let checks = report["checks"].as_array_mut().expect("a list of checks");
    checks.retain(|check| {
        let code = check["code"].as_str().expect("a code");
        let is_shared = !["coverage", "entries", "question"].contains(&code);
        is_shared && !code.starts_with("index-")
    });
    report["completeBy"] = Value::Null;
    report["headline"] = Value::Null;
    report
}

#[test]
fn the_index_and_a_full_scan_find_the_same() {
    let mut log = Log::new();
    for count in [100, 400, 300] {
        log.grow(count);
        let digest = format!("sha256:{}", glasslog_core::merkle::sha256(b"rare").to_hex());
        for artifact in [
            "rare@1",
            "rare",
            "busy@1",
            "absent",
            &format!("actor:{CI}"),
            &digest,
        ] {
            let code = if artifact == "absent" { 4 } else { 0 };
            let found = log.verify(&format!("history {artifact} --accept-index"), code);
            let scanned = log.verify(&format!("history {artifact} --full-scan"), code);
            assert_eq!(check(&found, "coverage")["evidence"]["method"], "index");
            assert_eq!(check(&found, "coverage")["evidence"]["audited"], "no");
            assert_eq!(
                check(&scanned, "coverage")["evidence"]["method"],
                "full-scan"
            );
            let by_itself = log.verify(&format!("history {artifact}"), code);
            assert_eq!(by_itself, scanned, "{artifact}");
            assert_eq!(shared(found), shared(scanned), "{artifact}");
        }
        let last = log.recorded + 1;
        let found = log.verify(&format!("verify entry {last} --accept-index"), 0);
        let scanned = log.verify(&format!("verify entry {last} --full-scan"), 0);
        assert_eq!(found["events"], scanned["events"]);
        assert_eq!(found["events"][0]["signature"], "valid");
    }
}

#[test]
fn bundles_are_small_and_newer_histories_begin_with_them() {
    let mut log = Log::new();
    log.grow(1_000);
    let (small, whole) = (log.beside("small"), log.beside("whole"));
    let history = log.verify("history absent", 4);
    let made = format!("bundle absent --accept-index -o {}", small.display());
    log.verify(&made, 4);
    // Of a small log a bundle carries the scan.
    log.verify(&format!("bundle absent -o {}", whole.display()), 4);
    let size = |path: &PathBuf| fs::metadata(path).expect("the bundle is there").len();
    assert!(
        size(&small) * 3 < size(&whole),
        "{} {}",
        size(&small),
        size(&whole)
    );
    for (bundle, accept, code, grounds) in [
        (&small, "", 5, Value::Null),
        (&small, " --accept-index", 4, "index".into()),
        (&whole, "", 4, "scan".into()),
        (&whole, " --accept-index", 4, "scan".into()),
    ] {
        let verify = format!("verify bundle {} --offline{accept}", bundle.display());
        let report = log.verify(&verify, code);
        assert_eq!(report["completeBy"], grounds);
        if code == 4 {
            assert_eq!(shared(report), shared(history.clone()));
        }
    }
    let policy = log.beside("log/trust.policy");
    let verify = words!["verify", "bundle", small, "--policy", policy, "--offline"];
    let said = glasslog(verify).expect(5).stderr;
    for way_out in ["`--full-scan`", "`[audit]`", "`--accept-index`"] {
        assert!(said.contains(way_out), "{said}");
    }
    let older = log.beside("older");
    log.verify(&format!("bundle rare@1 -o {}", older.display()), 0);
    log.grow(50);
    let report = log.verify(&format!("history rare@1 --since {}", older.display()), 0);
    assert_eq!(report["new"], serde_json::json!([1_002, 1_022, 1_042]));
    assert_eq!(report["old"]["size"], 1_002);
    let (dir, policy) = (log.beside("log"), log.beside("log/trust.policy"));
    let other = glasslog(words![
        "history", "busy@1", "--log", dir, "--policy", policy, "--since", older
    ]);
    let said = other.expect(2).stderr;
    assert!(said.contains("about version `rare@1`, not"), "{said}");
}

#[test]
fn memory_is_bounded() {
    let mut log = Log::new();
    log.grow(200);
    for way in ["--full-scan", "--accept-index"] {
        let report = log.verify(&format!("history busy@1 {way} --max-memory 8KiB"), 5);
        let coverage = check(&report, "coverage");
        assert_eq!(coverage["outcome"], "unknown");
        assert_eq!(coverage["evidence"]["memoryLimit"], 8_192);
        assert_eq!(report["complete"], false);
        log.verify(&format!("history busy@1 {way} --max-memory 8MiB"), 0);
    }
    let ask = |size: &str| {
        let (dir, policy) = (log.beside("log"), log.beside("log/trust.policy"));
        glasslog(words![
            "history",
            "busy@1",
            "--log",
            dir,
            "--policy",
            policy,
            "--max-memory",
            size
        ])
    };
    let said = ask("8KiB").expect(5).stderr;
    assert!(
        said.contains("allow more with `--max-memory 1GiB`"),
        "{said}"
    );
    let said = ask("1MB").expect(2).stderr;
    assert!(said.contains("`512MiB`"), "{said}");
}

#[test]
fn an_index_that_is_not_there_is_missed_by_those_who_accept_its_word() {
    let mut log = Log::new();
    log.grow(10);
    fs::remove_file(log.beside("log/public/index/latest.tlog-proof")).expect("it was there");
    let report = log.verify("history rare@1 --accept-index", 1);
    assert_eq!(check(&report, "files")["outcome"], "fail");
    assert_eq!(
        check(&report, "files")["evidence"]["path"],
        "index/latest.tlog-proof"
    );
    assert_eq!(report["events"], serde_json::json!([]));
    let (dir, policy) = (log.beside("log"), log.beside("log/trust.policy"));
    let said = glasslog(words![
        "history",
        "rare@1",
        "--log",
        dir,
        "--policy",
        policy,
        "--accept-index"
    ])
    .expect(1);
    assert!(said.stderr.contains("`--full-scan`"), "{said}");
    // Nobody else needs it: the log is small.
    for way in ["", " --full-scan"] {
        let report = log.verify(&format!("history rare@1{way}"), 0);
        assert_eq!(report["completeBy"], "scan");
    }
    glasslog(words!["publish", log.beside("log")]).expect(0);
    log.verify("history rare@1 --accept-index", 0);
}

#[test]
fn an_auditor_outside_the_logs_directory_makes_the_index_count() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let at = |name: &str| folder.path().join(name);
    let (key, log) = (at("auditor.key"), at("log"));
    let name = "auditor.example.org";
    glasslog(words![
        "keygen", "--kind", "auditor", "--name", name, "--out", key
    ])
    .expect(0);
    let public = fs::read_to_string(at("auditor.key.pub")).expect("a public key");
    let init = |log: &PathBuf, vkey: &str| {
        glasslog(words!["init", log, "--origin", ORIGIN, "--auditor", vkey])
    };
    init(&log, &public).expect(0);
    let policy = log.join("trust.policy");
    let text = fs::read_to_string(&policy).expect("a policy");
    let audit = format!(
        "[audit]\nwitness auditor-1 {}\ngroup auditors all auditor-1\nquorum auditors\n",
        public.trim()
    );
    assert!(text.ends_with(&audit), "{text}");
    let history = || {
        let words = words![
            "history",
            "actor:nobody",
            "--log",
            log,
            "--policy",
            policy,
            "--format",
            "json"
        ];
        glasslog(words).expect(4).json()["completeBy"].clone()
    };
    assert_eq!(history(), "scan");
    glasslog(words!["audit", log, "--policy", policy, "--cosign", key]).expect(0);
    assert_eq!(history(), "audited-index");

    // Another kind of key than an auditor's is refused, and no log is made.
    let other = at("other");
    let own = text
        .lines()
        .find_map(|line| line.strip_prefix("log "))
        .expect("the log's key");
    for (vkey, told) in [
        ("nonsense", "`--auditor nonsense`"),
        (own, "the key of a log"),
    ] {
        let refused = init(&other, vkey).expect(2);
        assert!(refused.stderr.contains(told), "{refused}");
        assert!(!other.exists());
    }
}
