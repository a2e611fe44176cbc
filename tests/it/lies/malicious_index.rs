//! Malicious operators against the command line: each lie is seen by whoever asks or by an auditor, and none reads as
//! "nothing happened".
use std::collections::BTreeSet;

use std::path::Path;
use std::sync::Mutex;
use std::thread;

use glasslog_core::text::limits::MAX_READING;
use glasslog_tests::command::{self, Finished};
use glasslog_tests::glasslog;
use glasslog_tests::host::{Host, Reply};
use glasslog_tests::operator::{Case, Seen, Trust, cases};
use serde_json::Value;
use tempfile::TempDir;

const NOW: &str = "2026-11-23T12:00:00Z";

const GOOD: Seen = Seen {
    exit: 0,
    check: "",
    error: "",
};

/// Runs a verb on the log of a case.
fn run(folder: &Path, arguments: &[&str]) -> Finished {
    let mut command = glasslog::command();
    command
        .args(arguments)
        .args(["--policy", "trust.policy", "--now", NOW, "--format", "json"])
        .current_dir(folder)
        .env("GLASSLOG_CACHE", "off");
    command::finish(&mut command)
}

/// The check that decided: the first that failed, or the first that could not be decided though it was reached.
fn decisive(report: &Value) -> Option<&Value> {
    let checks = report["checks"].as_array().expect("a report has checks");
    // Nobody asks for freshness, and where no event is evidence for a file, there are no contents to judge.
    let is_asked = |check: &&Value| {
        let may_be_open = ["freshness", "contents"].map(Value::from);
        check["required"] == true || !may_be_open.contains(&check["code"])
    };
    let failed = checks.iter().find(|check| check["outcome"] == "fail");
    failed.or_else(|| {
        let unknown = |check: &&Value| {
            check["outcome"] == "unknown" && check["detail"] != "not reached" && is_asked(check)
        };
        checks.iter().find(unknown)
    })
}

/// Lists the faults of a verb's answer.
fn compare(case: &Case, verb: &str, expected: Seen, run: &Finished) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |what: &str, seen: String, expected: String| {
        if seen != expected {
            wrong.push(format!(
                "{}: {verb}: {what} is `{seen}`, not `{expected}`",
                case.name
            ));
        }
    };
    expect(
        "the exit code",
        run.code.to_string(),
        expected.exit.to_string(),
    );
    let report = run.json();
    let has_cause = !matches!(expected.exit, 0 | 4);
    expect(
        "whether there is a cause",
        (!report["cause"].is_null()).to_string(),
        has_cause.to_string(),
    );
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let check = decisive(&report).cloned().unwrap_or_default();
    expect("the check", text(&check["code"]), expected.check.into());
    let evidence = &check["evidence"];
    let error = ["error", "fault", "signature"]
        .iter()
        .map(|name| text(&evidence[*name]))
        .find(|error| !error.is_empty());
    if !expected.error.is_empty() {
        expect(
            "the error",
            error.unwrap_or_default(),
            expected.error.into(),
        );
    }
    if let Some(path) = case
        .path
        .as_ref()
        .filter(|_| !matches!(expected.exit, 0 | 8))
    {
        expect("the file", text(&evidence["path"]), path.clone());
    }
    let result = match expected.exit {
        0 => "verified",
        4 | 5 => "unknown",
        _ => "failed",
    };
    expect("the result", text(&report["result"]), result.into());
    if let Some(last) = wrong.last_mut() {
        last.push_str(&format!(": {run}"));
    }
    wrong
}

/// Zero evidence is no success, and a claim that nobody checked is called a claim.
fn check_claims(case: &Case, run: &Finished) -> Vec<String> {
    let mut wrong = Vec::new();
    let report = run.json();
    let complete = report["complete"].as_bool() == Some(true);
    if matches!(run.code, 1 | 3 | 7 | 8) && (complete || report["result"] != "failed") {
        wrong.push(format!("{}: complete, or not failed: {run}", case.name));
    }
    if run.code == 4 && !(complete && report["events"].as_array().is_some_and(Vec::is_empty)) {
        wrong.push(format!(
            "{}: an absence that is not proven: {run}",
            case.name
        ));
    }
    if matches!(run.code, 0 | 4) {
        let checks = report["checks"].as_array().expect("a report has checks");
        let coverage = checks.iter().find(|check| check["code"] == "coverage");
        let coverage = coverage.expect("a history has a coverage");
        let says = coverage["detail"].as_str().unwrap_or_default();
        let claimed = says.starts_with("complete as claimed by the index");
        let grounds = report["completeBy"].as_str() == Some("index");
        if claimed != (case.trust == Trust::Index) || claimed != grounds {
            wrong.push(format!("{}: `{says}`", case.name));
        }
    }
    let events = report["events"].as_array().map_or(0, Vec::len);
    if run.code == 0 && events != case.events {
        wrong.push(format!(
            "{}: {events} events, not {}: {run}",
            case.name, case.events
        ));
    }
    wrong
}

/// Runs a verb as a client of the case does, who takes the index's word if the policy names no auditor.
fn ask(case: &Case, folder: &Path, arguments: &[&str]) -> Finished {
    match case.trust {
        Trust::Index => run(folder, &[arguments, &["--accept-index"]].concat()),
        Trust::Auditor => run(folder, arguments),
    }
}

/// Lists the faults of answers to a client who takes nobody's word for the index.
fn check_without_word(case: &Case, folder: &Path) -> Vec<String> {
    if case.trust == Trust::Auditor {
        return Vec::new();
    }
    let history = ["history", case.artifact, "--log", "public"];
    let said = run(folder, &history);
    let scanned = run(folder, &[&history[..], &["--full-scan"]].concat());
    let (report, expected) = (said.json(), scanned.json());
    let size = report["checkpoint"]["size"].as_u64().unwrap_or_default();
    let is_right = match size > MAX_READING {
        false => said.code == scanned.code && report == expected,
        true => {
            let hints = said.stderr.matches("glasslog: hint: ").count();
            said.code == 5 && report["completeBy"].is_null() && hints == 3
        }
    };
    match is_right {
        true => Vec::new(),
        false => vec![format!("{}: without the index's word: {said}", case.name)],
    }
}

/// Everything that a client does, on one lie.
fn clients(case: &Case, folder: &Path) -> Vec<String> {
    let history = ask(case, folder, &["history", case.artifact, "--log", "public"]);
    let mut wrong = compare(case, "history", case.client, &history);
    wrong.extend(check_claims(case, &history));
    wrong.extend(check_without_word(case, folder));

    let words = ["verify", "file", "model.bin", "--log", "public"];
    let file = ask(case, folder, &words);
    wrong.extend(compare(case, "verify file", case.file_seen(), &file));

    let words = [
        "bundle",
        case.artifact,
        "--log",
        "public",
        "-o",
        "made.bundle",
    ];
    let bundle = ask(case, folder, &words);
    wrong.extend(compare(case, "bundle", case.client, &bundle));
    let is_written = folder.join("made.bundle").exists();
    if is_written != matches!(case.client.exit, 0 | 4 | 5) {
        wrong.push(format!("{}: a bundle is written: {is_written}", case.name));
    }
    if is_written {
        // A receiver sees the same, byte for byte.
        let verified = ask(case, folder, &["verify", "bundle", "made.bundle"]);
        let same = |report: &Value| {
            let mut report = report.clone();
            report["query"] = Value::Null;
            // A bundle names its question itself.
            let checks = report["checks"]
                .as_array_mut()
                .expect("a report has checks");
            checks.retain(|check| check["code"] != "question");
            report
        };
        if verified.code != history.code || same(&verified.json()) != same(&history.json()) {
            wrong.push(format!("{}: the bundle says {verified}", case.name));
        }
    }
    wrong
}

/// Audits one lie in each way; lists the faults of the answers.
fn auditors(case: &Case, folder: &Path) -> Vec<String> {
    let audit = run(folder, &["audit", "public", "--fraud", "shown.fraud"]);
    let mut wrong = Vec::new();
    if audit.code != i32::from(case.auditor.exit) {
        wrong.push(format!(
            "{}: audit: exit code {}, not {}: {audit}",
            case.name, audit.code, case.auditor.exit
        ));
    }
    let shown = folder.join("shown.fraud").exists();
    if shown != case.auditor.fraud.is_some() {
        wrong.push(format!(
            "{}: a fraud proof is written: {shown}: {audit}",
            case.name
        ));
    }
    if let Some(kinds) = case.auditor.fraud.filter(|_| shown) {
        // A receiver of the file needs nothing else but the policy.
        let fraud = run(folder, &["verify", "fraud", "shown.fraud"]);
        let report = fraud.json();
        // A lie may be of two kinds: whichever the auditor meets first is shown.
        let is_expected = |kind: &str| kinds.split(" or ").any(|expected| expected == kind);
        if fraud.code != 0 || !report["fraud"]["kind"].as_str().is_some_and(is_expected) {
            wrong.push(format!("{}: the fraud proof shows {fraud}", case.name));
        }
    }
    wrong
}

/// Runs `check` on the folder of each case, on as many threads as there are cores, and gathers what is wrong.
fn all(check: impl Fn(&Case, &Path) -> Vec<String> + Sync) {
    let only = std::env::var("GLASSLOG_TEST_CASE").ok();
    let mut todo = cases();
    todo.retain(|case| only.as_ref().is_none_or(|name| *name == case.name));
    assert!(!todo.is_empty(), "there are cases");
    let names: BTreeSet<&String> = todo.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), todo.len(), "each case has its own name");
    let next = Mutex::new(todo.iter());
    let wrong = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let case = next.lock().expect("no thread panicked").next();
                    let Some(case) = case else { return };
                    let folder = TempDir::new().expect("a folder can be made");
                    case.write(folder.path());
                    let found = check(case, folder.path());
                    wrong.lock().expect("no thread panicked").extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no thread panicked");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn clients_see_through_lies_or_say_whose_word_they_take() {
    all(clients);
}

#[test]
fn auditors_see_through_every_lie_and_show_what_a_file_can_show() {
    all(auditors);
}

/// Answers of a host over HTTP for the file that a case replaces by a page, each with the expected outcome of a history.
fn misbehaviour(case: &Case) -> Vec<(&'static str, Reply, Seen)> {
    // A file that is never asked for cannot be missed.
    let or_good = |seen: Seen| {
        if case.client.exit == 0 {
            case.client
        } else {
            seen
        }
    };
    let unless_told = Seen {
        error: "",
        ..case.client
    };
    let missing = Seen {
        exit: 1,
        check: "files",
        error: "",
    };
    vec![
        ("a page", Reply::Page, unless_told),
        ("an endless body", Reply::Endless, unless_told),
        // Without its newest manifest no auditor vouches for the index, and the log is read whole.
        (
            "nothing",
            Reply::Status(404),
            match case.name.as_str() {
                "page-latest" => GOOD,
                _ => or_good(missing),
            },
        ),
    ]
}

/// The same file kinds as in the directories, from a host that serves pages, endless bodies or halves with status 200.
fn over_http(case: &Case, folder: &Path) -> Vec<String> {
    let Some(bad) = case.path.clone().filter(|_| case.name.starts_with("page-")) else {
        return Vec::new();
    };
    let serve = |reply: Reply| {
        let bad = bad.clone();
        Host::scripted(&folder.join("public"), move |asked, _| match asked == bad {
            true => reply.clone(),
            false => Reply::File,
        })
    };
    let history = |host: &Host| {
        let words = ["history", case.artifact, "--log", &host.url()];
        ask(case, folder, &words)
    };
    let mut wrong = Vec::new();
    for (what, reply, expected) in misbehaviour(case) {
        let said = history(&serve(reply));
        let verb = format!("history with {what}");
        wrong.extend(compare(case, &verb, expected, &said));
        wrong.extend(check_claims(case, &said));
    }
    // A body that ends before its length says is no file, whatever it holds.
    let host = serve(Reply::Truncated);
    let said = history(&host);
    let is_asked = case.client.exit != 0;
    let cut = said.code == 1 && said.json()["error"]["code"] == "network";
    if cut != is_asked || (!is_asked && said.code != 0) {
        wrong.push(format!("{}: history with half a body: {said}", case.name));
    }
    wrong
}

#[test]
fn clients_see_through_hosts_over_http() {
    all(over_http);
}
