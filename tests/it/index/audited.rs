//! Readers that require auditors begin with the newest manifest that one vouched for, and scan what came after; and keys
//! of auditors and witnesses are refused in each other's role.
use std::fs;
use std::path::PathBuf;

use glasslog_tests::command::{Finished, finish};
use glasslog_tests::glasslog;
use glasslog_tests::python::python;
use serde_json::Value;
use tempfile::TempDir;

const AUDITED: &str = "log/public/index/audited.tlog-proof";

/// A log with one actor, an auditor, a witness, and the policy of a reader who requires the auditor.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let place = Self(folder.expect("a folder"));
        place.run("init log --origin models.example.com/access", 0);
        for (kind, name) in [
            ("actor", "ci@example.org"),
            ("auditor", "auditor.example.org"),
            ("witness", "witness.example.org"),
        ] {
            place.run(
                &format!("keygen --kind {kind} --name {name} --out {kind}.key"),
                0,
            );
        }
        place.run(
            "keys enrol --log log --actor ci@example.org --key actor.key.pub",
            0,
        );
        place.write_policy("strict.policy", "auditor");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    fn run(&self, line: &str, code: i32) -> Finished {
        let mut command = glasslog::command();
        command.args(line.split(' ')).current_dir(self.0.path());
        command.env("GLASSLOG_CACHE", "off");
        finish(&mut command).expect(code)
    }

    /// The policy of the log, with this key in `[audit]`.
    fn write_policy(&self, name: &str, key: &str) {
        let log = self.read("log/trust.policy");
        let key = self.read(&format!("{key}.key.pub"));
        let text = format!("{log}[audit]\nwitness a {key}quorum a\n");
        fs::write(self.path(name), text).expect("a policy");
    }

    /// Records an event, and lets the index cover it.
    fn grow(&self) {
        self.record();
        self.run("publish log", 0);
    }

    fn record(&self) {
        let digest = "ab".repeat(32);
        self.run(
            &format!("record --log log --signer actor.key --action read --artifact m@1 --digest sha256:{digest}"),
            0,
        );
    }

    /// The number of events and of entries that were scanned, in a history that must be complete by an audited index.
    fn history(&self) -> (usize, u64) {
        let said = self.run(
            "history m@1 --log log --policy strict.policy --format json",
            0,
        );
        let report: Value = said.json();
        assert_eq!(report["complete"], true);
        let checks = report["checks"].as_array().expect("checks");
        let coverage = checks.iter().find(|check| check["code"] == "coverage");
        let evidence = &coverage.expect("coverage")["evidence"];
        assert_eq!(evidence["audited"], "yes");
        let events = report["events"].as_array().expect("events").len();
        (events, evidence["scanned"].as_u64().expect("a number"))
    }

    /// Replays the audit in Python, which must say so; with another file in the place of the audited manifest's proof.
    fn replay(&self, other: Option<&str>, code: i32, said: &str) {
        let audited = self.path(AUDITED);
        let report = self.run("audit log --policy strict.policy --format json", 0);
        fs::write(self.path("report"), report.stdout).expect("a file");
        let right = other.map(|_| self.read(AUDITED));
        if let Some(other) = other {
            fs::write(&audited, other).expect("a file");
        }
        let files = ["log/public", "strict.policy", "report"].map(|name| self.path(name));
        let arguments = files.map(PathBuf::into_os_string);
        if let Some(run) = python("an audit in Python", "audit.py", arguments) {
            let run = run.expect(code);
            assert!(
                format!("{}{}", run.text(), run.stderr).contains(said),
                "{run}"
            );
        }
        if let Some(right) = right {
            fs::write(&audited, right).expect("a file");
        }
    }
}

#[test]
fn an_event_after_the_audit_does_not_make_readers_wait() {
    let place = Place::new();
    place.grow();
    place.run("audit log --policy strict.policy --cosign auditor.key", 0);
    assert_eq!(place.history(), (1, 0));
    let audited = place.read(AUDITED);
    for events in 2..5 {
        place.grow();
        assert_eq!(place.history(), (events, events as u64 - 1));
    }
    assert_eq!(place.read(AUDITED), audited, "a publication leaves it");
    // A superseded run that the audited manifest names stays, and the audit of everything finds no fault.
    place.run("index log", 0);
    assert_eq!(place.history(), (4, 3));
    place.run("audit log --policy strict.policy --cosign auditor.key", 0);
    assert_eq!(place.history(), (4, 0));
    assert_ne!(place.read(AUDITED), audited);
}

#[test]
fn an_auditor_elsewhere_hands_its_proof_to_the_operator() {
    let place = Place::new();
    place.grow();
    place.run(
        "audit log --policy strict.policy --cosign auditor.key -o audited.proof",
        0,
    );
    assert!(!place.path(AUDITED).exists());
    place.grow();
    let published = "index log --policy strict.policy --audited";
    for (other, code) in [
        ("log/public/index/latest.tlog-proof", 5),
        ("log/public/checkpoint", 8),
    ] {
        place.run(&format!("{published} {other}"), code);
    }
    place.run("index log --audited audited.proof", 8);
    assert!(!place.path(AUDITED).exists());
    place.run(&format!("{published} audited.proof"), 0);
    assert_eq!(place.history(), (2, 1));
    // An older proof does not replace a newer one.
    place.run("audit log --policy strict.policy --cosign auditor.key", 0);
    let newer = place.read(AUDITED);
    let said = place.run(&format!("{published} audited.proof"), 0);
    assert!(said.stderr.contains("stays as it is"), "{}", said.stderr);
    assert_eq!(place.read(AUDITED), newer);
}

#[test]
fn a_false_audited_proof_is_found() {
    let place = Place::new();
    place.grow();
    place.run("audit log --policy strict.policy --cosign auditor.key", 0);
    let proof = place.read(AUDITED);
    for (text, code) in [
        (proof.replacen("\nindex 1", "\nindex 0", 1), 3),
        (
            proof.replacen("auditor.example.org", "other.example.org", 1),
            0,
        ),
        (String::from("no proof"), 8),
    ] {
        assert_ne!(text, proof);
        fs::write(place.path(AUDITED), text).expect("the file");
        place.run("audit log --policy strict.policy", code);
    }
}

/// The audit in Python, from the pages alone: every run is recomputed, and the statement counts for this log and this index alone.
#[test]
fn the_python_verifier_replays_an_audit() {
    let place = Place::new();
    place.grow();
    place.replay(None, 0, "2 manifests, 2 runs, 2 files, no audit\n");
    place.run("audit log --policy strict.policy --cosign auditor.key", 0);
    let first = place.read(AUDITED);
    place.grow();
    place.grow();
    place.replay(None, 0, ", audited\n");
    // A statement by another key, one about an older head beside the newest manifest, and a changed one do not count.
    place.run("audit log --policy strict.policy --cosign auditor.key", 0);
    let newest = place.read(AUDITED);
    let line = |proof: &str| {
        let mut lines = proof.lines();
        let line = lines.find(|line| line.contains("auditor.example.org"));
        line.expect("a statement").to_owned()
    };
    let other = newest.replacen("auditor.example.org", "other.example.org", 1);
    let older = newest.replacen(&line(&newest), &line(&first), 1);
    for (text, code, said) in [
        (other, 5, "auditor.example.org has not signed"),
        (
            older,
            3,
            "the signature of auditor.example.org does not hold",
        ),
    ] {
        assert_ne!(text, newest);
        place.replay(Some(&text), code, said);
    }
    place.replay(Some(&first), 0, ", audited\n");
}

#[test]
fn a_key_of_the_other_role_is_refused() {
    let place = Place::new();
    place.grow();
    let said = place.run("audit log --policy strict.policy --cosign witness.key", 2);
    assert!(
        said.stderr
            .contains("is the secret key of a witness, not of an auditor"),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("keygen --kind auditor"),
        "{}",
        said.stderr
    );
    assert!(!place.path(AUDITED).exists());
    let before = place.read("log/public/checkpoint");
    let said = place.run("witness cosign log --key auditor.key --state w.state", 2);
    assert!(
        said.stderr
            .contains("is the secret key of an auditor, not of a witness"),
        "{}",
        said.stderr
    );
    // The attack on 0.1: the index log, shown to the tool of witnesses as a log.
    fs::create_dir_all(place.path("shown/public")).expect("a folder");
    let config = place.read("log/glasslog.toml");
    let origin = "models.example.com/access";
    let config = config.replace(origin, &format!("{origin}/index"));
    fs::write(place.path("shown/glasslog.toml"), config).expect("a file");
    let checkpoint = place.read("log/public/index/checkpoint");
    fs::write(place.path("shown/public/checkpoint"), &checkpoint).expect("a file");
    let policy = place.read("log/trust.policy").replace("[log]", "[x]");
    let policy = policy.replace("[index]", "[log]").replace("[x]", "[index]");
    fs::write(place.path("shown/trust.policy"), policy).expect("a file");
    place.run("witness cosign shown --key auditor.key --state x.state", 2);
    assert_eq!(place.read("shown/public/checkpoint"), checkpoint);
    assert_eq!(place.read("log/public/checkpoint"), before);
    // A log is not made with a witness for its auditor.
    let mut init = glasslog::command();
    let vkey = place.read("witness.key.pub");
    init.args([
        "init",
        "other",
        "--origin",
        "other.example.com",
        "--auditor",
    ]);
    let said = finish(init.arg(vkey.trim()).current_dir(place.0.path())).expect(2);
    assert!(said.stderr.contains("has the key of a witness"), "{said}");
    // Nor does a witness's key count in [audit], as it did in 0.1.
    place.write_policy("old.policy", "witness");
    let said = place.run("history m@1 --log log --policy old.policy --format json", 8);
    assert!(
        said.text().contains("keygen --kind auditor"),
        "{}",
        said.text()
    );
}

/// A proof that is none, and a policy that asks for no auditors, are malformed input (8); one that falls short is not decided (5).
#[test]
fn a_proof_from_elsewhere_has_the_code_of_its_fault() {
    let place = Place::new();
    place.grow();
    place.run(
        "audit log --policy strict.policy --cosign auditor.key -o mine",
        0,
    );
    let mine = place.read("mine");
    for (text, policy, code, name) in [
        ("no proof", "strict.policy", 8, "audited-proof-malformed"),
        (&*mine, "log/trust.policy", 8, "policy-without-auditors"),
        (
            &*mine.replacen("auditor.example.org", "other.example.org", 1),
            "strict.policy",
            5,
            "audited-proof-unfit",
        ),
    ] {
        fs::write(place.path("given"), text).expect("a file");
        let said = place.run(
            &format!("index log --audited given --policy {policy} --format json"),
            code,
        );
        assert_eq!(said.json()["error"]["code"], name, "{said}");
    }
    let said = place.run(
        "index log --audited mine --policy strict.policy --format json",
        0,
    );
    assert_eq!(said.json()["result"], "done");
}

/// An audit that could not vouch prints no verdict that its exit code contradicts.
#[test]
fn an_audit_that_cannot_vouch_prints_no_verdict() {
    let place = Place::new();
    place.grow();
    if std::os::unix::fs::symlink("/dev/full", place.path("full")).is_err() {
        return glasslog_tests::skip::skipped("/dev/full is absent: a full disk is not tried");
    }
    let audit = "audit log --policy strict.policy --cosign auditor.key -o full";
    let said = place.run(&format!("{audit} --format json"), 1);
    let error = &said.json()["error"];
    let message = error["message"].as_str().expect("a message");
    assert!(
        message.starts_with("the audit found everything right, but `full`: no space left"),
        "{said}"
    );
    let said = place.run(audit, 1);
    assert_eq!(said.text(), "", "{said}");
}
