//! Answers of hosts, for every verb that reads a log: none ever passes for "nothing happened".
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// A bucket whose readers may not list it: 403 for every file that is not there.
fn unlisted_bucket(script: impl Fn(&str, usize) -> Option<Reply> + Send + Sync + 'static) -> Host {
    Host::scripted(&log(), move |path, attempt| {
        let is_there = log().join(path).is_file();
        let missing = if is_there {
            Reply::File
        } else {
            Reply::Status(403)
        };
        script(path, attempt).unwrap_or(missing)
    })
}

#[test]
fn a_bucket_without_the_right_to_list_is_read_like_any_other() {
    let host = unlisted_bucket(|_, _| None);
    assert_eq!(exits(&host), [0; 3]);
    // The log has grown since the reader had its checkpoint: neither the partial files of the older size nor the full ones exist.
    let older = fs::read(log().join("checkpoints/100")).unwrap();
    let has_grown = AtomicBool::new(false);
    let host = unlisted_bucket(move |path, attempt| match path {
        "checkpoint" if attempt == 0 => Some(Reply::Bytes(older.clone())),
        "checkpoint" => {
            has_grown.store(true, Ordering::Relaxed);
            None
        }
        path if path.contains(".p/100") => Some(Reply::Status(403)),
        "tile/0/000" | "tile/entries/000" if !has_grown.load(Ordering::Relaxed) => {
            Some(Reply::Status(403))
        }
        _ => None,
    });
    let run = history("resnet50@2.1", &host.url()).expect(0);
    assert_eq!(run.json()["checkpoint"]["size"], 300);
    assert!(run.stderr.contains("the log has grown"), "{run}");
}

#[test]
fn a_forbidden_file_is_said_to_be_one() {
    for path in ["checkpoint", "tile/0/001", "tile/entries/000"] {
        let host =
            unlisted_bucket(move |asked, _| asked.starts_with(path).then_some(Reply::Status(403)));
        let run = history("resnet50@2.1", &host.url()).expect(1);
        let words = format!("`{}{path}`: the server answered 403", host.url());
        assert!(run.stderr.contains(&words), "{path}: {run}");
        assert!(run.stderr.contains("let them list it"), "{path}: {run}");
        assert_eq!(run.json()["error"]["code"], "http-status");
    }
}

/// An unfinished answer names the address that was asked and what came.
#[test]
fn a_missing_file_is_told_with_its_address_and_status() {
    for status in [404, 410] {
        let host = but_for("checkpoint", Reply::Status(status));
        let words = format!("`{}checkpoint`: the server answered {status}", host.url());
        for verb in [
            words!["history", "a@1", "--log", host.url()].to_vec(),
            words!["audit", host.url()].to_vec(),
            words!["verify", "entry", "4", "--log", host.url()].to_vec(),
        ] {
            let run = glasslog(verb.iter().chain(&words!["--policy", policy()])).expect(1);
            assert!(run.stderr.contains(&words), "{run}");
        }
        let run = glasslog(words!["keys", "list", "--log", host.url()]).expect(1);
        assert!(run.stderr.contains(&words), "{run}");
    }
}

#[test]
fn network_errors_name_the_address_the_proxy_and_the_target() {
    // Nothing listens on this port of a proxy.
    let mut command = glasslog_tests::glasslog::command();
    let log = "http://log.example/models/";
    command
        .args(["history", "a@1", "--log", log, "--policy"])
        .arg(policy());
    command.env("HTTP_PROXY", "http://user:hunter2@127.0.0.1:1");
    let run = glasslog_tests::command::finish(&mut command).expect(1);
    let words = "`http://log.example/models/checkpoint` through the proxy `http://127.0.0.1:1`: cannot connect";
    assert!(run.stderr.contains(words), "{run}");
    assert!(run.stderr.contains("`NO_PROXY`"), "{run}");
    assert!(!run.stderr.contains("hunter2"), "{run}");

    let run = glasslog(words![
        "history",
        "a@1",
        "--log",
        "http://127.0.0.1:1/",
        "--policy",
        policy()
    ]);
    let words = "`http://127.0.0.1:1/checkpoint`: cannot connect: Connection refused";
    assert!(run.expect(1).stderr.contains(words));

    let secure = "https://127.0.0.1/models/checkpoint".to_owned();
    let host = but_for("checkpoint", Reply::Redirect(secure));
    let run = history("a@1", &host.url()).expect(1);
    assert!(
        run.stderr
            .contains("another scheme refused: `https://127.0.0.1/models/checkpoint`"),
        "{run}"
    );
    assert!(
        run.stderr.contains("use `https://127.0.0.1/models/`"),
        "{run}"
    );
}

/// A text in the form of an address that no log has is a usage error of every verb, never a missing directory.
#[test]
fn malformed_addresses_are_usage_errors() {
    for (log, remedy) in [
        ("HTTP://log.example/", "write `http://log.example/`"),
        ("ftp://log.example/", "`http://` or `https://`"),
        ("localhost:8080", "write `http://localhost:8080`"),
        ("http://user:hunter2@log.example/", "user name or password"),
    ] {
        let read = words!["--log", log, "--policy", policy()];
        for verb in [
            words!["history", "a@1"].to_vec(),
            words!["bundle", "a@1", "-o", "never"].to_vec(),
            words!["verify", "entry", "0"].to_vec(),
            words!["verify", "file", policy()].to_vec(),
            words!["verify", "consistency", "--old", at("old.checkpoint")].to_vec(),
            words!["prove", "--index", "0", "-o", "never"].to_vec(),
            words!["doctor"].to_vec(),
        ] {
            let run = glasslog(verb.iter().chain(&read)).expect(2);
            assert!(
                run.stderr.contains(remedy) && !run.stderr.contains("hunter2"),
                "{run}"
            );
        }
        for verb in [
            words!["audit", log, "--policy", policy()].to_vec(),
            words!["submit", "--log", log, policy()].to_vec(),
            words!["keys", "list", "--log", log].to_vec(),
        ] {
            let run = glasslog(&verb).expect(2);
            assert!(
                run.stderr.contains(remedy) && !run.stderr.contains("hunter2"),
                "{run}"
            );
        }
    }
    for log in ["http://log.example/", "localhost:8080", "FTP://log.example"] {
        for verb in [
            words!["serve", log, "--listen", "127.0.0.1:0"].to_vec(),
            words!["publish", log].to_vec(),
            words!["init", log, "--origin", "log.example"].to_vec(),
            words!["log", "status", log].to_vec(),
            words!["log", "close", log].to_vec(),
        ] {
            glasslog(&verb).expect(2);
        }
    }
}
