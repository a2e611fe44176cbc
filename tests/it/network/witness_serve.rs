//! `witness serve` as a log, a monitor and its operator meet it.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use glasslog_core::crypto::SecretKey;
use glasslog_core::note::{Checkpoint, KeyName, SignatureType, SignerKey, VerifierKey};
use glasslog_core::witness::{Cosignatures, monitoring_path, parse_size};
use glasslog_tests::command::{Finished, finish};
use glasslog_tests::glasslog;
use glasslog_tests::http::{Answer, request};
use glasslog_tests::served::Served;
use glasslog_tests::test_log::TestLog;
use tempfile::TempDir;

const WITNESS: &str = "witness.example/w1";

/// The folder of a witness with its key and a list of logs.
struct Operator {
    folder: TempDir,
    key: VerifierKey,
}

impl Operator {
    fn new(logs: &[&TestLog]) -> Self {
        let folder =
            tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap());
        let operator = Self {
            key: {
                let mut keygen = glasslog::command();
                keygen
                    .args([
                        "keygen", "--kind", "witness", "--name", WITNESS, "--out", "w",
                    ])
                    .current_dir(folder.path());
                finish(&mut keygen).expect(0);
                let text = fs::read_to_string(folder.path().join("w.pub")).unwrap();
                VerifierKey::parse(text.trim_end()).unwrap()
            },
            folder,
        };
        operator.list(logs, "");
        operator
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn list(&self, logs: &[&TestLog], more: &str) {
        let logs: String = logs
            .iter()
            .map(|log| format!("vkey {}\n{more}", log.verifier()))
            .collect();
        fs::write(self.path("logs"), format!("logs/v0\n{logs}")).unwrap();
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = glasslog::command();
        command
            .args([
                "witness", "serve", "--state", "w.db", "--key", "file:w", "--logs", "logs",
            ])
            .args(more)
            .current_dir(self.folder.path());
        command
    }

    fn serve(&self, more: &[&str]) -> Served {
        Served::start(self.command(more), Stdio::null()).expect("it listens")
    }

    fn refused(&self, more: &[&str], code: i32) -> Finished {
        finish(self.command(more).args(["--listen", "127.0.0.1:0"])).expect(code)
    }

    /// Checks that the answer is a good cosignature of the checkpoint.
    fn is_cosigned(&self, answer: &Answer, checkpoint: &Checkpoint) -> bool {
        answer.status == 200
            && Cosignatures::parse(&answer.body)
                .unwrap()
                .by(checkpoint, &self.key)
                .is_ok()
    }
}

fn add(served: &Served, body: &[u8]) -> Answer {
    request(served.address, "POST", "/add-checkpoint", body)
}

fn get(served: &Served, path: &str) -> Answer {
    request(served.address, "GET", path, b"")
}

fn code(answer: &Answer) -> String {
    let value: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    value["error"]["code"].as_str().unwrap().to_owned()
}

fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn every_status_of_the_specification() {
    let (log, other, unknown) = (
        TestLog::new("log.example", 1),
        TestLog::new("other.example", 2),
        TestLog::new("unknown.example", 3),
    );
    let operator = Operator::new(&[&log, &other]);
    let served = operator.serve(&[]);
    let monitored = format!("/{}", monitoring_path(log.origin()));
    assert_eq!(get(&served, &monitored).status, 404, "never cosigned");

    for (old, size) in [(0, 0), (0, 5), (5, 5), (5, 8), (8, 300)] {
        let answer = add(&served, &log.request(old, size, 0));
        assert!(
            operator.is_cosigned(&answer, &log.checkpoint(size, 0)),
            "{answer:?}"
        );
    }
    let answer = get(&served, &monitored);
    let shown = Checkpoint::parse(&answer.body).unwrap();
    assert_eq!(shown.head(), log.checkpoint(300, 0).head());
    let lines = shown.note().signatures();
    assert_eq!(lines[..1], *log.checkpoint(300, 0).note().signatures());
    assert_eq!((lines.len(), lines[1].name().as_str()), (2, WITNESS));

    for (old, size, fork) in [(0, 300, 0), (8, 300, 0), (299, 301, 0), (0, 300, 1)] {
        let answer = add(&served, &log.request(old, size, fork));
        assert_eq!(answer.status, 409);
        assert_eq!(parse_size(&answer.body), Ok(300));
        assert!(answer.headers.contains("content-type: text/x.tlog.size"));
    }
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let good = text(log.request(300, 301, 0));
    let signature = good.trim_end().rsplit(' ').next().unwrap();
    for (body, status, reason) in [
        (log.request(300, 300, 1), 422, "proof-root-mismatch"),
        (log.request(300, 301, 1), 422, "proof-old-root-mismatch"),
        (
            good.replacen("old 300\n", "old 300\nAAAA\n", 1).into(),
            400,
            "proof-bad-line",
        ),
        (
            good.replacen("old 300", "old 302", 1).into(),
            400,
            "add-checkpoint-old-beyond-size",
        ),
        (
            b"garbage".to_vec(),
            400,
            "add-checkpoint-without-checkpoint",
        ),
        (vec![b'x'; 1_100_000], 413, "witness-request-too-large"),
        (unknown.request(0, 1, 0), 404, "witness-log-unknown"),
        (
            good.replacen("\n301\n", "\n302\n", 1).into(),
            403,
            "witness-signature-false",
        ),
        (
            good.replace("\u{2014} log.example", "\u{2014} else.example")
                .into(),
            403,
            "witness-unsigned",
        ),
        (
            format!(
                "{good}\u{2014} log.example {}\n",
                signature.replace(&signature[20..24], "AAAA")
            )
            .into(),
            403,
            "witness-signature-false",
        ),
        (
            text(other.request(0, 1, 0))
                .replacen("\n1\n", "\n0\n", 1)
                .into(),
            422,
            "checkpoint-empty-tree",
        ),
    ] {
        let answer = add(&served, &body);
        assert_eq!((answer.status, code(&answer)), (status, reason.into()));
    }
    // One log's forks are nothing to another one, and the first one goes on where it was.
    for (log, old, size) in [(&other, 0, 7), (&log, 300, 301)] {
        let answer = add(&served, &log.request(old, size, 0));
        assert!(operator.is_cosigned(&answer, &log.checkpoint(size, 0)));
    }
    // Two of the requests above were forks that prove themselves; the third has another root at its own size.
    let evidence = fs::read_dir(operator.path("w.db.evidence")).unwrap();
    let files: Vec<PathBuf> = evidence.map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 2);
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.starts_with("glasslog-inconsistency/v1\nold "));
        assert_eq!(text.matches("\u{2014} log.example ").count(), 2);
    }
    let long = format!("/{}", "a".repeat(65_520));
    assert_eq!(get(&served, &long).status, 431);
    assert_eq!(get(&served, "/healthz").status, 200);
    assert_eq!(get(&served, "/readyz").status, 200);
    let metrics = String::from_utf8(get(&served, "/metrics").body).unwrap();
    for line in [
        "glasslog_witness_logs 2",
        "glasslog_witness_cosigned_total 7",
        "glasslog_witness_evidence_files 2",
        "glasslog_witness_suspended 0",
        "glasslog_witness_http_requests_total{route=\"add-checkpoint\",status=\"409\"} 4",
    ] {
        assert!(
            metrics.contains(&format!("\n{line}\n")),
            "{line} is not in {metrics}"
        );
    }
}

/// Requests that race for one head: one of them wins, and each loser learns the size.
#[test]
fn parallel_requests_make_one_history() {
    let log = TestLog::new("log.example", 1);
    let operator = Operator::new(&[&log]);
    let served = operator.serve(&[]);
    assert_eq!(add(&served, &log.request(0, 7, 0)).status, 200);
    for round in 0..5 {
        let old = 7 + round * 20;
        let statuses: Vec<u16> = thread::scope(|scope| {
            let asked: Vec<_> = (1..=10)
                .map(|more| {
                    let (log, served) = (&log, &served);
                    scope.spawn(move || {
                        // Half of them fork.
                        let fork = u8::from(more % 2 == 0);
                        add(served, &log.request(old, old + 20, fork)).status
                    })
                })
                .collect();
            asked
                .into_iter()
                .map(|asked| asked.join().unwrap())
                .collect()
        });
        let count = |status| statuses.iter().filter(|found| **found == status).count();
        assert_eq!(count(200), 1, "{statuses:?}");
        assert_eq!(count(409) + count(422), 9, "{statuses:?}");
    }
}

#[test]
fn a_restarted_witness_remembers_and_a_restored_copy_is_refused() {
    let log = TestLog::new("log.example", 1);
    let operator = Operator::new(&[&log]);
    let copy = |from: &str, to: &str| {
        fs::copy(operator.path(from), operator.path(to)).unwrap();
    };
    let mut served = operator.serve(&[]);
    assert_eq!(add(&served, &log.request(0, 5, 0)).status, 200);
    served.kill();
    let mut served = operator.serve(&[]);
    let answer = add(&served, &log.request(0, 6, 0));
    assert_eq!((answer.status, &answer.body[..]), (409, &b"5\n"[..]));
    let second = finish(operator.command(&[]).args(["--listen", "127.0.0.1:0"])).expect(1);
    assert!(
        second.stderr.contains("another process uses the state"),
        "{second}"
    );
    served.terminate();
    copy("w.db", "backup");
    let doctor = |states: &str, code| {
        let mut doctor = glasslog::command();
        doctor
            .args(["doctor", "--offline"])
            .args(states.split(' '))
            .current_dir(operator.folder.path());
        finish(&mut doctor).expect(code).text().to_owned()
    };
    let said = doctor("--witness-state w.db", 0);
    assert!(
        said.contains("`w.db` remembers 1 logs, in generation"),
        "{said}"
    );
    let said = doctor("--witness-state w.db --witness-state backup", 1);
    assert!(
        said.contains("`w.db` and `backup` are copies of one state"),
        "{said}"
    );
    let said = doctor("--witness-state w", 1);
    let problem = "`w` is the secret key of a witness, not the database";
    assert!(said.contains(problem), "{said}");
    let mut served = operator.serve(&[]);
    assert_eq!(add(&served, &log.request(5, 9, 0)).status, 200);
    served.terminate();

    // The backup, the state of another witness, and a lost mark.
    copy("w.db", "newest");
    copy("backup", "w.db");
    let said = operator.refused(&[], 5);
    assert!(said.stderr.contains("but generation"), "{said}");
    copy("newest", "w.db");
    fs::rename(operator.path("w.db.generation"), operator.path("mark")).unwrap();
    operator.refused(&[], 5);
    fs::rename(operator.path("mark"), operator.path("w.db.generation")).unwrap();
    fs::remove_file(operator.path("w.db")).unwrap();
    let said = operator.refused(&[], 5);
    assert!(said.stderr.contains("belongs to another state"), "{said}");

    // A copy that is as new as its mark goes on.
    copy("newest", "w.db");
    let mut served = operator.serve(&[]);
    assert_eq!(add(&served, &log.request(9, 9, 0)).status, 200);
    served.terminate();
}

/// The mark was restored together with the state: the log's own checkpoint shows what the witness signed later.
#[test]
fn a_cosignature_that_the_witness_does_not_remember_suspends_it() {
    let log = TestLog::new("log.example", 1);
    let operator = Operator::new(&[&log]);
    let mut served = operator.serve(&[]);
    assert_eq!(add(&served, &log.request(0, 5, 0)).status, 200);
    served.terminate();
    let saved: Vec<Vec<u8>> = ["w.db", "w.db.generation"]
        .map(|name| fs::read(operator.path(name)).unwrap())
        .into();
    let mut served = operator.serve(&[]);
    let line = add(&served, &log.request(5, 9, 0)).body;
    served.terminate();
    for (name, bytes) in ["w.db", "w.db.generation"].iter().zip(saved) {
        fs::write(operator.path(name), bytes).unwrap();
    }
    let mut served = operator.serve(&[]);
    let shown = [log.request(5, 9, 0), line.clone()].concat();
    let answer = add(&served, &shown);
    assert_eq!(
        (answer.status, code(&answer)),
        (503, "witness-rolled-back".into())
    );
    let answer = add(&served, &log.request(5, 6, 0));
    assert_eq!(
        (answer.status, code(&answer)),
        (503, "witness-is-suspended".into())
    );
    assert_eq!(get(&served, "/readyz").status, 503);
    served.kill();
    let said = operator.refused(&[], 5);
    assert!(said.stderr.contains("the witness is suspended"), "{said}");

    // The operator takes the risk; the cosignature brings the memory back to where it was.
    let mut served = operator.serve(&["--accept-restored"]);
    let answer = add(&served, &shown);
    assert_eq!((answer.status, &answer.body[..]), (409, &b"9\n"[..]));
    assert_eq!(add(&served, &log.request(9, 10, 0)).status, 200);
    // An older cosignature of another version brings it back nowhere.
    thread::sleep(Duration::from_millis(1_100));
    assert_eq!(add(&served, &log.request(10, 12, 0)).status, 200);
    let answer = add(&served, &shown);
    assert_eq!((answer.status, &answer.body[..]), (409, &b"12\n"[..]));
    served.terminate();
    let served = operator.serve(&[]);
    assert_eq!(add(&served, &log.request(12, 12, 0)).status, 200);
}

#[test]
fn a_list_that_changes_is_read_at_sighup() {
    let (first, second) = (
        TestLog::new("log.example", 1),
        TestLog::new("second.example", 2),
    );
    let operator = Operator::new(&[&first]);
    let served = operator.serve(&[]);
    assert_eq!(add(&served, &first.request(0, 5, 0)).status, 200);
    assert_eq!(add(&served, &second.request(0, 5, 0)).status, 404);
    operator.list(&[&second], "");
    served.signal("-HUP");
    soon("the second log is known", || {
        add(&served, &second.request(0, 5, 0)).status != 404
    });
    assert_eq!(add(&served, &first.request(5, 6, 0)).status, 404);
    let remembered = format!("/{}", monitoring_path(first.origin()));
    assert_eq!(
        get(&served, &remembered).status,
        200,
        "monitors still see it"
    );

    fs::write(operator.path("logs"), "logs/v1\n").unwrap();
    served.signal("-HUP");
    let failures = || String::from_utf8(get(&served, "/metrics").body).unwrap();
    soon("the failure is counted", || {
        failures().contains("\nglasslog_witness_list_failures_total 1\n")
    });
    assert_eq!(add(&served, &second.request(5, 6, 0)).status, 200);

    // Back in the list, with another key: the memory is of the origin.
    let rotated = TestLog::new("log.example", 9);
    operator.list(&[&rotated, &second], "");
    served.signal("-HUP");
    soon("the first log is known again", || {
        add(&served, &rotated.request(5, 6, 0)).status == 200
    });
    assert_eq!(add(&served, &first.request(6, 7, 0)).status, 403);
}

#[test]
fn a_log_asks_as_often_as_it_declared() {
    let log = TestLog::new("log.example", 1);
    let operator = Operator::new(&[&log]);
    operator.list(&[&log], "qpd 24\n");
    let served = operator.serve(&["--rate-limit", "1000"]);
    for size in 1..=10 {
        assert_eq!(add(&served, &log.request(size - 1, size, 0)).status, 200);
    }
    let answer = add(&served, &log.request(10, 11, 0));
    assert_eq!(
        (answer.status, code(&answer)),
        (429, "witness-log-too-often".into())
    );
    assert!(
        answer.headers.contains("retry-after: 3"),
        "{}",
        answer.headers
    );
    // A repeated request costs the log nothing, since anyone can send it.
    assert_eq!(add(&served, &log.request(10, 10, 0)).status, 200);
}

/// A stranger has the log's newest checkpoint, and sends it with a wrong proof or another old size.
#[test]
fn refused_requests_cost_the_log_nothing() {
    let log = TestLog::new("log.example", 1);
    let operator = Operator::new(&[&log]);
    operator.list(&[&log], "qpd 24\n");
    let served = operator.serve(&[]);
    assert_eq!(add(&served, &log.request(0, 5, 0)).status, 200);
    let good = String::from_utf8(log.request(5, 9, 0)).unwrap();
    let (_, checkpoint) = good.split_once("\n\n").unwrap();
    for _ in 0..30 {
        for (old, status) in [(5, 422), (3, 409)] {
            let body = format!("old {old}\n\n{checkpoint}");
            assert_eq!(add(&served, body.as_bytes()).status, status);
        }
    }
    assert_eq!(add(&served, good.as_bytes()).status, 200);
}

/// Requests that are refused cost their client time, from the 200th on.
#[test]
fn refused_requests_cost_their_client_time() {
    let log = TestLog::new("log.example", 1);
    let operator = Operator::new(&[&log]);
    let served = operator.serve(&[]);
    let began = Instant::now();
    for _ in 0..260 {
        assert_eq!(add(&served, &log.request(1, 2, 0)).status, 409);
    }
    assert!(began.elapsed() >= Duration::from_secs(1));
}

/// A stolen key that the policy accepts up to a size moves the witness no further.
#[test]
fn a_key_that_does_not_count_is_refused() {
    let (old, new) = (
        TestLog::new("log.example", 1),
        TestLog::new("log.example", 2),
    );
    let operator = Operator::new(&[]);
    let policy = format!(
        "[log]\nlog {}\nlog {}\nquorum none\n[validity]\nkey log.example+{} up-to-size 5\n",
        old.verifier(),
        new.verifier(),
        old.verifier().id()
    );
    fs::write(operator.path("policy"), policy).unwrap();
    let served = operator.serve(&["--policy", "policy"]);
    assert_eq!(add(&served, &old.request(0, 5, 0)).status, 200);
    for fork in [0, 1] {
        let answer = add(&served, &old.request(5, 9, fork));
        assert_eq!(
            (answer.status, code(&answer)),
            (403, "witness-key-not-counting".into())
        );
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(text.contains("accepts that key up to size 5"), "{text}");
    }
    assert_eq!(add(&served, &new.request(5, 9, 0)).status, 200);
}

#[test]
fn the_operator_is_told_of_mistakes() {
    let log = TestLog::new("log.example", 1);
    let operator = Operator::new(&[&log]);
    let at = |name: &str| Path::new(name).to_owned();
    let mut keygen = glasslog::command();
    keygen
        .args([
            "keygen",
            "--kind",
            "auditor",
            "--name",
            "a.example",
            "--out",
            "auditor",
        ])
        .current_dir(operator.folder.path());
    finish(&mut keygen).expect(0);
    let said = operator.refused(&["--key", "auditor"], 2);
    let problem = "is the secret key of an auditor, not of a witness";
    assert!(said.stderr.contains(problem), "{said}");
    operator.refused(&["--key", "ssh-agent:x"], 2);
    operator.refused(&["--logs", "nowhere"], 1);
    let own = SecretKey::from_seed(&[7; 32]);
    let name = KeyName::parse(WITNESS).unwrap();
    let own = SignerKey::new(name.clone(), SignatureType::CosignatureV1, own);
    fs::write(operator.path("own"), own.encode().as_bytes()).unwrap();
    Command::new("chmod")
        .arg("600")
        .arg(operator.path("own"))
        .status()
        .unwrap();
    let same = TestLog::new("same.example", 7);
    operator.list(&[&same], "");
    let said = operator.refused(&["--key", "own"], 8);
    assert!(
        said.stderr.contains("a key of the witness itself"),
        "{said}"
    );
    fs::write(operator.path("logs"), "log list\n").unwrap();
    let said = operator.refused(&[], 8);
    assert!(
        said.stderr
            .contains("line 1: the list does not begin with `logs/v0`"),
        "{said}"
    );
    assert!(!operator.path("w.db").exists(), "{}", at("w.db").display());
}
