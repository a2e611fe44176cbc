//! `audit --resume` as a process: killed on its way, set upon a log that grows, and upon operators who lie.
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use glasslog_core::verify::audit::state::AuditState;
use glasslog_tests::command::{Finished, finish};
use glasslog_tests::glasslog;
use glasslog_tests::host::{Host, Reply};
use glasslog_tests::operator::{Case, cases};
use serde_json::Value;
use tempfile::TempDir;

const NOW: &str = "2026-11-23T12:00:00Z";

fn command(folder: &Path, line: &str) -> Command {
    let mut command = glasslog::command();
    command
        .args(line.split(' '))
        .current_dir(folder)
        .env("GLASSLOG_CACHE", "off");
    command
}

fn run(folder: &Path, line: &str) -> Finished {
    finish(&mut command(folder, line))
}

fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

fn grow(folder: &Path, from: u32, to: u32) {
    let lines: String = (from..to)
        .map(|number| format!("line {number}\n"))
        .collect();
    fs::write(folder.join("lines"), lines).unwrap();
    run(folder, "submit --log log lines").expect(0);
}

/// The outcomes of all checks but those about the state itself.
fn outcomes(report: &Value) -> Vec<(String, String)> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks
        .map(|check| (check["code"].to_string(), check["outcome"].to_string()))
        .filter(|(code, _)| code != "\"audit-state\"" && code != "\"consistency\"")
        .collect()
}

/// Returns the evidence of the check about the state.
fn seen(report: &Value) -> Value {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["code"] == "audit-state");
    check.unwrap()["evidence"].clone()
}

#[test]
fn an_audit_that_is_killed_goes_on_where_it_was_saved() {
    let folder = folder();
    let path = folder.path();
    run(path, "init log --origin log.example/killed --raw").expect(0);
    grow(path, 0, 9_000);
    let policy = "--policy log/trust.policy --format json";
    let public = path.join("log/public");

    // The bundle at 8,448 never comes, so that what is before it is all that can be saved.
    let stuck = Host::scripted(&public, |path, _| match path {
        "tile/entries/033" => Reply::Silence,
        _ => Reply::File,
    });
    let line = format!(
        "audit {} {policy} --resume state --save-every 0s",
        stuck.url()
    );
    let mut killed = command(path, &line)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let saved = loop {
        // A file that is there is a whole one, whenever it is looked at.
        let state = fs::read(path.join("state")).ok();
        let state = state.map(|bytes| AuditState::parse(&bytes).expect("a whole state"));
        if let Some(state) = state.filter(|state| state.read() == 8_192) {
            break state;
        }
        assert!(killed.try_wait().unwrap().is_none(), "nothing is saved");
        thread::sleep(Duration::from_millis(2));
    };
    killed.kill().unwrap();
    killed.wait().unwrap();
    let after = fs::read(path.join("state")).unwrap();
    assert_eq!(AuditState::parse(&after), Ok(saved));

    let host = Host::faithful(&public);
    let line = format!("audit {} {policy}", host.url());
    let fresh = run(path, &line).expect(0).json();
    let before = host.requests().len();
    let resumed = run(path, &format!("{line} --resume state"))
        .expect(0)
        .json();
    assert_eq!(outcomes(&fresh), outcomes(&resumed));
    assert_eq!(
        seen(&resumed),
        serde_json::json!({"vouched": 8_192, "from": 8_192, "upTo": 9_000})
    );
    let read: BTreeSet<String> = host.requests().split_off(before).into_iter().collect();
    let entries = read.iter().filter(|path| path.starts_with("tile/entries/"));
    let expected = ["032", "033", "034", "035.p/40"].map(|name| format!("tile/entries/{name}"));
    assert_eq!(entries.cloned().collect::<Vec<_>>(), expected);

    // The log goes on, and only what is new is read: for the index from the last unit on.
    grow(path, 9_000, 13_000);
    let fresh = run(path, &line).expect(0).json();
    let resumed = run(path, &format!("{line} --resume state"))
        .expect(0)
        .json();
    assert_eq!(outcomes(&fresh), outcomes(&resumed));
    assert_eq!(
        seen(&resumed),
        serde_json::json!({"vouched": 9_000, "from": 8_192, "upTo": 13_000})
    );
}

/// The exit code of an audit with this state, which is kept in a copy, and the kind of proof that it wrote.
fn audit_case(case: &Path, state: &Path) -> (i32, Option<String>, Value) {
    fs::remove_file(case.join("resumed.fraud")).unwrap_or_default();
    let mut command = command(case, "audit public --policy trust.policy --format json");
    command
        .args(["--now", NOW, "--fraud", "resumed.fraud", "--resume"])
        .arg(state);
    let audit = finish(&mut command);
    let proof = case.join("resumed.fraud").exists().then(|| {
        let line =
            format!("verify fraud resumed.fraud --policy trust.policy --format json --now {NOW}");
        let fraud = run(case, &line).expect(0).json();
        fraud["fraud"]["kind"].as_str().unwrap().to_owned()
    });
    (audit.code, proof, audit.json())
}

/// Tells whether each case is audited several times, which takes minutes.
fn is_thorough() -> bool {
    std::env::var_os("GLASSLOG_LONG_TESTS").is_some()
}

/// Lists the faults of audits of one case that continue from a state.
fn check_case(case: &Case, base: &Path) -> Vec<String> {
    let temporary = folder();
    let path = temporary.path();
    case.write(path);
    // A state of this log, before it was lied about.
    let earlier = path.join("earlier.state");
    fs::copy(base.join("state"), &earlier).unwrap();
    let mut states = vec![
        ("an earlier state", earlier.clone()),
        ("what it left", earlier),
    ];
    if is_thorough() {
        let own = path.join("own.state");
        states.extend([("no state", own.clone()), ("its own state", own)]);
    } else {
        states.truncate(1);
    }
    let mut wrong = Vec::new();
    for (what, state) in states {
        let (code, proof, report) = audit_case(path, &state);
        let is_expected = |kind: &String| {
            let kinds = case.auditor.fraud.unwrap_or_default();
            kinds.split(" or ").any(|expected| expected == kind)
        };
        let is_right = proof
            .as_ref()
            .map_or(case.auditor.fraud.is_none(), is_expected);
        if code != i32::from(case.auditor.exit) || !is_right {
            wrong.push(format!(
                "{}: with {what}: {code}, {proof:?}: {report}",
                case.name
            ));
        }
    }
    wrong
}

#[test]
fn no_state_hides_a_lie() {
    let base = folder();
    let only = std::env::var("GLASSLOG_TEST_CASE").ok();
    let mut todo = cases();
    let honest = todo.iter().find(|case| case.name == "earlier-manifest");
    honest
        .expect("an honest index that is behind")
        .write(base.path());
    let state = base.path().join("state");
    let (code, _, report) = audit_case(base.path(), &state);
    assert_eq!(code, 0, "{report}");
    todo.retain(|case| only.as_ref().is_none_or(|name| *name == case.name));
    // Those who lie about this very log: an audit of the long one, or of another, has nothing to go on from.
    let temporary = folder();
    let checkpoint = |folder: &Path| fs::read(folder.join("public/checkpoint")).unwrap_or_default();
    todo.retain(|case| {
        let path = temporary.path().join(&case.name);
        case.write(&path);
        checkpoint(&path) == checkpoint(base.path())
    });
    assert!(todo.len() > 20, "there are cases");
    if !is_thorough() && only.is_none() {
        let some = todo.into_iter().step_by(3);
        todo = some.collect();
    }
    let half = todo.split_off(todo.len() / 2);
    let check = |cases: &[Case]| -> Vec<String> {
        let each = cases.iter().flat_map(|case| check_case(case, base.path()));
        each.collect()
    };
    let wrong = thread::scope(|scope| {
        let other = scope.spawn(|| check(&half));
        [check(&todo), other.join().expect("no case panics")].concat()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
