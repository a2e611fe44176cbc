//! Watching an artifact with bundles: one command reports what is new and saves the position that it reported.
use std::fs::{self, File};
use std::process::{Command, Stdio};

use glasslog_tests::command::Finished;
use serde_json::json;

use crate::cli::writing::shell::Shell;

const WATCH: &str = "bundle w@1 --log log --policy log/trust.policy --format json";

/// A log with one event about `w@1`, and the bundle `w0` of its history.
fn watched() -> Shell {
    let shell = Shell::with_log();
    read(&shell);
    shell.run(&format!("{WATCH} -o w0")).expect(0);
    shell
}

fn read(shell: &Shell) {
    let said = shell.record("log", "--action read --artifact w@1 -o proof");
    said.expect(0);
}

fn new(said: &Finished) -> serde_json::Value {
    said.json()["new"].clone()
}

#[test]
fn each_event_is_reported_once() {
    let shell = watched();
    read(&shell);
    let said =
        shell.run("history w@1 --log log --policy log/trust.policy --since w0 --format json");
    assert_eq!(new(&said.expect(0)), json!([3]));
    // An event between two commands is in the report of the second, which alone saves a position.
    read(&shell);
    let said = shell.run(&format!("{WATCH} --since w0 -o w1")).expect(0);
    assert_eq!(new(&said), json!([3, 4]));
    read(&shell);
    // The position may stay in one file.
    let said = shell.run(&format!("{WATCH} --since w1 -o w1")).expect(0);
    assert_eq!(new(&said), json!([5]));
    let said = shell.run(&format!("{WATCH} --since w1 -o w1")).expect(0);
    assert_eq!(new(&said), json!([]));
    let said = shell.run("verify bundle w1 --artifact w@1 --policy log/trust.policy --offline");
    said.expect(0);
}

/// A report that nobody saw is not a position.
#[test]
fn the_position_stays_where_the_last_report_ended() {
    let shell = watched();
    read(&shell);
    let before = fs::read(shell.path("w0")).unwrap();
    let watch = format!("{WATCH} --since w0 -o w0");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = shell.command(&watch);
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    // A reader that is gone before the report comes.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = shell.command(&watch);
    let output = command.stdout(Stdio::from(writer)).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("no bundle was written"), "{stderr}");
    assert_eq!(fs::read(shell.path("w0")).unwrap(), before);
    let said = shell.run(&watch).expect(0);
    assert_eq!(new(&said), json!([3]));
}

/// An undecided history is reported and saves nothing: nothing could be new since it.
#[test]
fn an_undecided_history_is_no_position() {
    let shell = watched();
    // An older copy of the log shows fewer entries than the bundle.
    let mut copy = Command::new("cp");
    copy.arg("-r")
        .arg(shell.path("log/public"))
        .arg(shell.path("older"));
    assert!(copy.status().unwrap().success());
    read(&shell);
    shell.run(&format!("{WATCH} --since w0 -o w0")).expect(0);
    let before = fs::read(shell.path("w0")).unwrap();
    let watch = WATCH.replace("--log log", "--log older");
    let said = shell.run(&format!("{watch} --since w0 -o w0")).expect(5);
    assert!(said.stderr.contains("remains the position"), "{said}");
    assert_eq!(fs::read(shell.path("w0")).unwrap(), before);
    // A bundle of another question is refused before anything is read.
    let other = WATCH.replace("w@1", "v@1");
    shell.run(&format!("{other} --since w0 -o w0")).expect(2);
    assert_eq!(fs::read(shell.path("w0")).unwrap(), before);
}

/// Events that the older bundle has, and whose key was reported compromised since, are told.
#[test]
fn what_was_withdrawn_since_is_told() {
    let shell = Shell::with_log();
    for line in [
        "keygen --kind actor --name eve --out eve.key",
        "keys enrol --log log --actor eve --key eve.key.pub",
    ] {
        shell.run(line).expect(0);
    }
    // The artifact is of `ci`; `eve` reads it.
    let register = "--action register --artifact w@1 --reason-code r --reason r -o proof";
    shell.record("log", register).expect(0);
    let digest = crate::cli::writing::shell::DIGEST;
    let read_by_eve =
        format!("record --log log --signer eve.key --digest {digest} --action read --artifact w@1");
    for _ in 0..2 {
        shell.run(&format!("{read_by_eve} -o proof")).expect(0);
    }
    shell.run(&format!("{WATCH} -o w0")).expect(0);
    let revoke = "keys revoke --log log --key eve.key.pub --reason stolen --compromised-since 5";
    shell.run(revoke).expect(0);
    read(&shell);
    let since = "history w@1 --log log --policy log/trust.policy --since w0";
    let said = shell.run(&format!("{since} --format json")).expect(0);
    assert_eq!(new(&said), json!([7]));
    assert_eq!(said.json()["withdrawn"], json!([5]));
    let said = shell.run(since).expect(0);
    for words in [
        "1 of the older counts for nothing now: its key was reported compromised",
        "Withdrawn since the older history\n  events 5, which count for nothing now",
    ] {
        assert!(said.text().contains(words), "{words}: {said}");
    }
    // Each withdrawal is told once.
    let said = shell.run(&format!("{WATCH} --since w0 -o w1")).expect(0);
    assert_eq!(said.json()["withdrawn"], json!([5]));
    let said = shell.run(&format!("{WATCH} --since w1 -o w1")).expect(0);
    assert_eq!(said.json()["withdrawn"], json!([]));
}
