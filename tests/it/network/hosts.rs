//! Answers of hosts, for every verb that reads a log: none ever passes for "nothing happened".
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use glasslog_tests::command::Finished;
use glasslog_tests::glasslog::glasslog;
use glasslog_tests::host::{Host, Reply};
use glasslog_tests::{words, world};
use tempfile::TempDir;

/// The world of the transcripts, whose good log has 300 entries, witnesses and an older checkpoint.
static WORLD: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    world::build(folder.path());
    folder
});

const TILE: &str = "tile/0/001.p/44";
const BUNDLE: &str = "tile/entries/001.p/44";

fn at(path: &str) -> PathBuf {
    WORLD.path().join(path)
}

fn log() -> PathBuf {
    at("good/public")
}

fn policy() -> PathBuf {
    at("trust.policy")
}

fn history(artifact: &str, log: &str) -> Finished {
    let now = "2026-11-23T12:00:00Z";
    glasslog(words![
        "history",
        artifact,
        "--log",
        log,
        "--policy",
        policy(),
        "--now",
        now,
        "--format",
        "json"
    ])
}

/// Returns the exit codes of the three verbs that read a log, on this host.
fn exits(host: &Host) -> [i32; 3] {
    let trust = words!["--policy", policy()];
    let entry = words!["verify", "entry", "299", "--log", host.url()];
    [
        history("resnet50@2.1", &host.url()).code,
        glasslog(entry.iter().chain(&trust)).code,
        glasslog(words!["audit", host.url()].iter().chain(&trust)).code,
    ]
}

/// A host that answers for one path as `reply` says, and is faithful about the rest.
fn but_for(path: &'static str, reply: Reply) -> Host {
    Host::scripted(&log(), move |asked, _| {
        if asked == path {
            reply.clone()
        } else {
            Reply::File
        }
    })
}

#[test]
fn a_page_with_status_200_is_no_file() {
    // As a checkpoint it is malformed; in place of what a signed head commits to, it is false.
    assert_eq!(exits(&but_for("checkpoint", Reply::Page)), [8; 3]);
    assert_eq!(exits(&but_for(TILE, Reply::Page)), [3; 3]);
    assert_eq!(exits(&but_for(BUNDLE, Reply::Page)), [3; 3]);
    // The site of an application: every unknown path is its home page.
    let empty = TempDir::new().unwrap();
    assert_eq!(
        exits(&Host::scripted(empty.path(), |_, _| Reply::Page)),
        [8; 3]
    );
}

#[test]
fn an_empty_answer_is_no_file() {
    for path in ["checkpoint", TILE, BUNDLE] {
        let code = if path == "checkpoint" { 8 } else { 3 };
        assert_eq!(
            exits(&but_for(path, Reply::Bytes(Vec::new()))),
            [code; 3],
            "{path}"
        );
    }
}

#[test]
fn a_missing_file_is_never_a_proof_of_absence() {
    for reply in [
        Reply::Status(404),
        Reply::Status(410),
        Reply::Status(403),
        Reply::Status(204),
        Reply::Status(206),
    ] {
        for path in ["checkpoint", TILE, BUNDLE] {
            // Missing as the full file, too.
            let host = Host::scripted(&log(), {
                let reply = reply.clone();
                move |asked, _| {
                    if asked.starts_with(path.split(".p").next().unwrap()) {
                        reply.clone()
                    } else {
                        Reply::File
                    }
                }
            });
            let run = history("absent@1", &host.url());
            assert_eq!(run.code, 1, "{reply:?} for {path}: {run}");
        }
    }
    let empty = TempDir::new().unwrap();
    assert_eq!(exits(&Host::faithful(empty.path())), [1; 3]);
}

#[test]
fn a_server_that_recovers_is_asked_again() {
    for status in [429, 503] {
        let host = Host::scripted(&log(), move |_, attempt| {
            if attempt < 2 {
                Reply::Status(status)
            } else {
                Reply::File
            }
        });
        history("resnet50@2.1", &host.url()).expect(0);
    }
    // An answer that broke off is one that did not come.
    let host = Host::scripted(&log(), |_, attempt| {
        if attempt == 0 {
            Reply::Truncated
        } else {
            Reply::File
        }
    });
    history("resnet50@2.1", &host.url()).expect(0);
}

#[test]
fn a_server_that_does_not_recover_is_given_up() {
    for (path, reply) in [
        ("checkpoint", Reply::Status(500)),
        (TILE, Reply::Status(503)),
        (BUNDLE, Reply::Truncated),
    ] {
        let host = but_for(path, reply);
        history("resnet50@2.1", &host.url()).expect(1);
        let tries = host
            .requests()
            .iter()
            .filter(|asked| *asked == path)
            .count();
        assert!(
            (2..=6).contains(&tries),
            "{path} was asked for {tries} times"
        );
    }
}

#[test]
fn redirects_stay_on_the_host_and_the_scheme() {
    let faithful = Host::faithful(&log());
    // Another scheme and another host, whatever they would answer.
    let other = format!("{}checkpoint", faithful.url());
    for target in [
        "https://127.0.0.1/checkpoint",
        "file:///etc/passwd",
        "ftp://127.0.0.1/checkpoint",
        &other,
    ] {
        let host = but_for("checkpoint", Reply::Redirect(target.to_owned()));
        let run = history("resnet50@2.1", &host.url()).expect(1);
        assert_eq!(run.json()["error"]["code"], "redirect", "{target}: {run}");
    }
    assert_eq!(faithful.requests().len(), 0);
    // The same host may move a file, but not for ever.
    let moved = Host::scripted(&log(), |path, _| match path {
        "checkpoint" => Reply::Redirect("/moved".to_owned()),
        "moved" => Reply::Bytes(fs::read(log().join("checkpoint")).unwrap()),
        _ => Reply::File,
    });
    history("resnet50@2.1", &moved.url()).expect(0);
    history(
        "resnet50@2.1",
        &but_for("checkpoint", Reply::Redirect("/checkpoint".to_owned())).url(),
    )
    .expect(1);
}
