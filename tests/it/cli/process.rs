//! The command line as a process: sockets, pipes, full disks, colours.
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use glasslog_tests::host::Host;
use glasslog_tests::{glasslog, skip, world};
use tempfile::TempDir;

fn make_world() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    world::build(folder.path());
    folder
}

fn history(folder: &Path) -> Command {
    let mut command = glasslog::command();
    command.current_dir(folder).args(
        "history resnet50@2.1 --log good --policy trust.policy --now 2026-11-23T12:00:00Z"
            .split(' '),
    );
    command
}

/// The system calls for sockets that a command makes, or nothing where they cannot be traced.
fn sockets(folder: &Path, words: &str) -> Option<(String, Option<i32>)> {
    let trace = folder.join("trace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-e", "trace=%network", "-o"])
        .arg(&trace);
    let works = Command::new("strace")
        .args(["-qq", "-e", "trace=%network", "true"])
        .output();
    if !works.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let output = strace
        .arg(glasslog::binary())
        .args(words.split(' '))
        .current_dir(folder)
        .env("GLASSLOG_CACHE", "off")
        .output()
        .expect("strace runs");
    Some((
        fs::read_to_string(trace).expect("a trace"),
        output.status.code(),
    ))
}

#[test]
fn offline_opens_no_socket() {
    let folder = make_world();
    let host = Host::faithful(&folder.path().join("good/public"));
    let trust = "--policy trust.policy --now 2026-11-23T12:00:00Z";
    let far = format!("history resnet50@2.1 --log {} {trust}", host.url());
    let Some((calls, code)) = sockets(folder.path(), &far) else {
        return skip::skipped(
            "strace is absent or not allowed: that --offline opens no socket is not shown",
        );
    };
    assert_eq!(code, Some(0));
    assert!(
        calls.contains("socket("),
        "the trace would show one: {calls}"
    );
    for (words, expected) in [
        (
            format!("history resnet50@2.1 --log good --offline {trust}"),
            0,
        ),
        (format!("verify entry 4 --log good --offline {trust}"), 0),
        (
            format!("verify file model.bin --log good --offline {trust}"),
            0,
        ),
        (
            format!("verify consistency --old old.checkpoint --log good --offline {trust}"),
            0,
        ),
        (format!("verify bundle good.bundle --offline {trust}"), 0),
        (format!("audit good --offline {trust}"), 0),
        (
            format!("bundle resnet50@2.1 --log good -o again.bundle --offline {trust}"),
            0,
        ),
        (format!("{far} --offline"), 2),
    ] {
        let (calls, code) = sockets(folder.path(), &words).expect("strace worked before");
        assert_eq!(code, Some(expected), "{words}");
        assert_eq!(calls, "", "{words}");
    }
}

#[test]
fn a_reader_that_goes_away_changes_no_exit_code() {
    let folder = make_world();
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let output = history(folder.path())
        .stdout(writer)
        .output()
        .expect("glasslog runs");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    let folder = make_world();
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return skip::skipped("/dev/full is absent: a full disk is not tried");
    };
    let output = history(folder.path())
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .expect("glasslog runs");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "glasslog: error: standard output: no space left on the device\n"
    );
}

#[test]
fn colours_only_where_they_are_wanted() {
    let folder = make_world();
    let coloured = |output: Output| output.stdout.contains(&0x1b);
    let run = |command: &mut Command| command.output().expect("glasslog runs");
    assert!(
        !coloured(run(history(folder.path()).env_remove("NO_COLOR"))),
        "not into a pipe"
    );
    assert!(coloured(run(history(folder.path())
        .env_remove("NO_COLOR")
        .env("CLICOLOR_FORCE", "1"))));
    assert!(
        !coloured(run(history(folder.path())
            .env("CLICOLOR_FORCE", "1")
            .args(["--format", "json"]))),
        "JSON has none"
    );
}
