//! Logs read from hosts: the same verdicts as from a directory, and none from a host that misbehaves.
use std::fs;
use std::path::Path;
use std::process::Command;

use glasslog_tests::command::{Finished, finish};
use glasslog_tests::host::{Host, Reply};
use glasslog_tests::{glasslog, world};
use tempfile::TempDir;

fn make_world() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    world::build(folder.path());
    folder
}

/// `glasslog`, remembering nothing.
fn command(folder: &Path, words: &str) -> Command {
    let mut command = glasslog::command();
    command
        .current_dir(folder)
        .env("GLASSLOG_CACHE", "off")
        .args(words.split(' '))
        .args(["--now", "2026-11-23T12:00:00Z", "--format", "json"]);
    command
}

fn run(folder: &Path, words: &str) -> Finished {
    finish(&mut command(folder, words))
}

const HISTORY: &str = "history resnet50@2.1 --policy trust.policy --log";

#[test]
fn an_address_gives_the_same_bytes_as_a_directory() {
    let folder = make_world();
    let folder = folder.path();
    for log in [
        "good/public",
        "altered-entry",
        "missing-entries",
        "collected-partials",
        "raw",
        "empty",
    ] {
        let host = Host::faithful(&folder.join(log));
        for verb in [
            HISTORY,
            "verify entry 4 --policy trust.policy --log",
            "verify file model.bin --policy trust.policy --log",
            "verify consistency --old old.checkpoint --policy trust.policy --log",
        ] {
            let near = run(folder, &format!("{verb} {log}"));
            let far = run(folder, &format!("{verb} {}", host.url()));
            assert_eq!(far.text(), near.text(), "{verb} {log}");
            assert_eq!(far.code, near.code, "{verb} {log}");
        }
    }
}

#[test]
fn a_bundle_from_an_address_is_the_one_from_a_directory() {
    let folder = make_world();
    let folder = folder.path();
    let host = Host::faithful(&folder.join("good/public"));
    for (log, file) in [(host.url(), "far.bundle"), ("good".into(), "near.bundle")] {
        run(
            folder,
            &format!("bundle resnet50@2.1 --policy trust.policy --log {log} -o {file}"),
        )
        .expect(0);
    }
    assert_eq!(
        fs::read(folder.join("far.bundle")).unwrap(),
        fs::read(folder.join("near.bundle")).unwrap()
    );
}

#[test]
fn audits_over_the_network_judge_the_log_and_not_the_folder() {
    let folder = make_world();
    let host = Host::faithful(&folder.path().join("stray"));
    let report = run(
        folder.path(),
        &format!("audit --policy trust.policy {}", host.url()),
    )
    .expect(0)
    .json();
    let codes: Vec<&str> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["code"].as_str().unwrap())
        .collect();
    assert!(
        codes.contains(&"tree") && !codes.contains(&"strays"),
        "{codes:?}"
    );
}

#[test]
fn a_busy_host_is_asked_again() {
    let folder = make_world();
    let host = Host::scripted(
        &folder.path().join("good/public"),
        |_, attempt| match attempt {
            0 => Reply::Status(503),
            _ => Reply::File,
        },
    );
    run(folder.path(), &format!("{HISTORY} {}", host.url())).expect(0);
    let checkpoints = host
        .requests()
        .iter()
        .filter(|path| *path == "checkpoint")
        .count();
    assert_eq!(checkpoints, 2);
}

/// A log that grows while it is read may have collected what the older checkpoint needed.
#[test]
fn a_log_that_outgrew_the_reading_is_read_again() {
    let folder = make_world();
    let old = fs::read(folder.path().join("old.checkpoint")).unwrap();
    let host = Host::scripted(
        &folder.path().join("collected-partials"),
        move |path, attempt| match (path, attempt) {
            ("tile/entries/000", 0) => Reply::Status(404),
            _ => Reply::File,
        },
    );
    let words = format!("{HISTORY} {}", host.url());
    // The same checkpoint as before: what is missing stays missing.
    let stuck = run(folder.path(), &words).expect(1);
    assert_eq!(stuck.json()["checkpoint"]["size"], 100);

    let host = Host::scripted(
        &folder.path().join("good/public"),
        move |path, attempt| match (path, attempt) {
            ("checkpoint", 0) => Reply::Bytes(old.clone()),
            ("tile/entries/000.p/100", _) | ("tile/entries/000", 0) => Reply::Status(404),
            _ => Reply::File,
        },
    );
    let caught_up = run(folder.path(), &format!("{HISTORY} {}", host.url())).expect(0);
    assert_eq!(caught_up.json()["checkpoint"]["size"], 300);
    assert!(
        caught_up.stderr.contains("the log has grown meanwhile"),
        "{caught_up}"
    );
}

/// Serves one file as the host pleases; expects the exit code and, without a report, the error's code.
fn misbehave(folder: &Path, path: &'static str, reply: Reply, code: i32, error: Option<&str>) {
    let host = Host::scripted(&folder.join("good/public"), move |asked, _| {
        if asked == path {
            reply.clone()
        } else {
            Reply::File
        }
    });
    let finished = run(folder, &format!("{HISTORY} {}", host.url())).expect(code);
    let json = finished.json();
    assert_eq!(json["error"]["code"].as_str(), error, "{path}: {json}");
    assert_eq!(
        json["result"].as_str(),
        error.is_none().then_some("failed"),
        "{path}: {json}"
    );
}

#[test]
fn hosts_that_misbehave_prove_nothing() {
    let folder = make_world();
    const TILE: &str = "tile/1/000.p/1";
    const BUNDLE: &str = "tile/entries/000";
    for (path, reply, code, error) in [
        ("checkpoint", Reply::Page, 8, None),
        ("checkpoint", Reply::Endless, 8, None),
        ("checkpoint", Reply::Status(404), 1, None),
        ("checkpoint", Reply::Status(403), 1, Some("http-status")),
        (
            "checkpoint",
            Reply::Redirect("https://127.0.0.1:1/".into()),
            1,
            Some("redirect"),
        ),
        (TILE, Reply::Page, 3, None),
        (TILE, Reply::Endless, 3, None),
        (TILE, Reply::Status(404), 1, None),
        (
            TILE,
            Reply::Redirect("http://127.0.0.1:1/".into()),
            1,
            Some("redirect"),
        ),
        (BUNDLE, Reply::Page, 3, None),
        (BUNDLE, Reply::Bytes(Vec::new()), 3, None),
        (BUNDLE, Reply::Status(404), 1, None),
        (BUNDLE, Reply::Status(500), 1, Some("http-status")),
        (BUNDLE, Reply::Truncated, 1, Some("network")),
    ] {
        misbehave(folder.path(), path, reply, code, error);
    }
}

#[test]
fn a_silent_host_ends_in_a_time_out() {
    misbehave(
        make_world().path(),
        "checkpoint",
        Reply::Silence,
        1,
        Some("timeout"),
    );
}

#[test]
fn a_host_that_drips_ends_in_a_time_out() {
    misbehave(
        make_world().path(),
        "checkpoint",
        Reply::Trickle,
        1,
        Some("timeout"),
    );
}

#[test]
fn full_files_are_remembered_and_damage_to_them_is_noticed() {
    let folder = make_world();
    let cache = folder.path().join("cache");
    let host = Host::faithful(&folder.path().join("good/public"));
    let words = format!("{HISTORY} {}", host.url());
    let run = || finish(command(folder.path(), &words).env("GLASSLOG_CACHE", &cache)).expect(0);
    let asked = |path: &str| {
        host.requests()
            .iter()
            .filter(|asked| *asked == path)
            .count()
    };

    let first = run();
    let second = run();
    assert_eq!(first.text(), second.text());
    assert_eq!(asked("checkpoint"), 2);
    assert_eq!(
        asked("tile/entries/000"),
        1,
        "a full bundle is fetched once"
    );
    assert_eq!(asked("tile/entries/001.p/44"), 2, "a partial one each time");

    let log = fs::read_dir(&cache)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let bundle = log.join("tile/entries/000");
    let mut bytes = fs::read(&bundle).unwrap();
    bytes[100] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let third = run();
    assert_eq!(first.text(), third.text());
    assert!(
        third.stderr.contains("remembered files may be damaged"),
        "{third}"
    );
    assert!(!bundle.exists(), "what was damaged is forgotten");
}

/// Contents that differ are the reader's own files, of which the log's files say the truth.
#[test]
fn other_contents_forget_nothing() {
    let folder = make_world();
    let cache = folder.path().join("cache");
    let host = Host::faithful(&folder.path().join("good/public"));
    let verify =
        "verify file unknown.bin --artifact resnet50@2.1 --full-scan --policy trust.policy";
    let words = format!("{verify} --log {}", host.url());
    for _ in 0..3 {
        let said = finish(command(folder.path(), &words).env("GLASSLOG_CACHE", &cache)).expect(3);
        assert_eq!(said.json()["cause"], "contents");
        assert!(!said.stderr.contains("remembered files"), "{said}");
    }
    let asked = host.requests();
    let bundles = asked.iter().filter(|asked| *asked == "tile/entries/000");
    assert_eq!(bundles.count(), 1, "a full bundle is fetched once");
}

#[test]
fn nobody_there() {
    let folder = make_world();
    let finished = run(folder.path(), &format!("{HISTORY} http://127.0.0.1:1/")).expect(1);
    assert_eq!(finished.json()["error"]["code"], "unreachable");
}
