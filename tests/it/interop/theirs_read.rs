//! We read what others write: Tessera's logs and torchwood's proofs pass, and every changed byte has its exit code.
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use glasslog_tests::command::Finished;
use glasslog_tests::glasslog::glasslog;
use glasslog_tests::host::Host;
use glasslog_tests::tamper::Copy;
use glasslog_tests::tessera::{self, TesseraLog};
use glasslog_tests::tools::Tools;
use glasslog_tests::words;

/// Sizes that leave superseded partial tiles at level 0 and in the entries.
const SIZES: [usize; 3] = [3, 300, 600];

fn write(test: &str) -> Option<(&'static Tools, TesseraLog)> {
    let tools = Tools::for_test(test)?;
    Some((tools, TesseraLog::write(tools, &SIZES)))
}

fn audit(log: impl AsRef<OsStr>, policy: &Path) -> Finished {
    glasslog(words!["audit", log, "--policy", policy, "--format", "json"])
}

/// When reports are made, so that two can be compared to the byte.
const NOW: &str = "2026-07-01T00:00:00Z";

fn verify_entry(index: usize, log: impl AsRef<OsStr>, policy: &Path) -> Finished {
    let index = index.to_string();
    glasslog(words![
        "verify", "entry", index, "--log", log, "--policy", policy, "--format", "json", "--now",
        NOW
    ])
}

#[test]
fn a_log_of_tessera_passes() {
    let Some((_, log)) = write("Tessera's log in ours") else {
        return;
    };
    let policy = log.policy();
    let report = audit(log.path(), &policy).expect(0).json();
    assert_eq!(report["result"], "verified");
    assert_eq!(report["checkpoint"]["size"], 600);
    assert_eq!(report["checkpoint"]["origin"], tessera::ORIGIN);
    for index in [0, 2, 3, 255, 256, 599] {
        let report = verify_entry(index, log.path(), &policy).expect(0).json();
        assert_eq!(report["claims"]["included"], "pass", "{index}");
    }
    verify_entry(600, log.path(), &policy).expect(4);
    // A name has no history in a log without a genesis: no keys, no signatures to judge by.
    glasslog(words![
        "history",
        "resnet50",
        "--log",
        log.path(),
        "--policy",
        policy
    ])
    .expect(5);
}

#[test]
fn a_log_of_tessera_is_the_same_over_http() {
    let Some((_, log)) = write("Tessera's log over HTTP") else {
        return;
    };
    let policy = log.policy();
    let host = Host::faithful(&log.path());
    // A directory shows more than the files that a checkpoint needs, so audits differ there and only there.
    let near = verify_entry(412, log.path(), &policy).expect(0);
    let far = verify_entry(412, host.url(), &policy).expect(0);
    assert_eq!(near.text(), far.text());
    audit(host.url(), &policy).expect(0);
}

#[test]
fn older_checkpoints_of_tessera_are_consistent() {
    let Some((tools, log)) = write("Tessera's older checkpoints") else {
        return;
    };
    let policy = log.policy();
    let consistency = |old: &Path| {
        glasslog(words![
            "verify",
            "consistency",
            "--old",
            old,
            "--log",
            log.path(),
            "--policy",
            policy
        ])
    };
    for size in SIZES {
        consistency(&log.checkpoint(size)).expect(0);
    }
    // A head that the log's key signed, but of other entries: both cannot be true.
    let fork = TesseraLog::write_fork(tools, 300);
    consistency(&fork.checkpoint(300)).expect(7);
}

/// A file of the log, its damage, and the exit codes of `audit` and `verify entry 412`.
type Damage = (&'static str, &'static str, fn(&mut Vec<u8>), i32, i32);

const DAMAGES: &[Damage] = &[
    ("a hash of a needed tile", "tile/0/001", |b| b[5] ^= 1, 3, 3),
    (
        "a tile one byte short",
        "tile/0/001",
        |b| b.truncate(8191),
        3,
        3,
    ),
    ("a tile one byte long", "tile/0/001", |b| b.push(0), 3, 3),
    (
        "a hash of a tile beside the path",
        "tile/0/000",
        |b| b[5] ^= 1,
        3,
        3,
    ),
    ("a hash at the top", "tile/1/000.p/2", |b| b[5] ^= 1, 3, 3),
    (
        "a byte of entry 412",
        "tile/entries/001",
        |b| b[(412 - 256) * 11 + 4] ^= 1,
        3,
        3,
    ),
    (
        "a byte of entry 413",
        "tile/entries/001",
        |b| b[(413 - 256) * 11 + 4] ^= 1,
        3,
        0,
    ),
    ("an entry's length", "tile/entries/001", |b| b[1] ^= 1, 3, 3),
    (
        "a full bundle one entry short",
        "tile/entries/001",
        |b| b.truncate(b.len() - 11),
        3,
        3,
    ),
    (
        "a full bundle one entry long",
        "tile/entries/001",
        |b| b.extend(b"\x00\x01x"),
        3,
        3,
    ),
    ("an empty bundle", "tile/entries/001", Vec::clear, 3, 3),
    (
        "a superseded partial tile",
        "tile/0/000.p/3",
        |b| b[5] ^= 1,
        3,
        0,
    ),
    (
        "a superseded partial bundle",
        "tile/entries/000.p/3",
        |b| b[4] ^= 1,
        3,
        0,
    ),
    (
        "the checkpoint's size",
        "checkpoint",
        |b| replace(b, "\n600\n", "\n500\n"),
        3,
        3,
    ),
    (
        "the checkpoint's root",
        "checkpoint",
        |b| b[24] = if b[24] == b'A' { b'B' } else { b'A' },
        3,
        3,
    ),
    (
        "the checkpoint's origin, under the log's signature",
        "checkpoint",
        |b| replace(b, "example.com/tessera\n", "example.com/tesserb\n"),
        3,
        3,
    ),
    (
        "every name in the checkpoint",
        "checkpoint",
        |b| replace(b, "tessera", "tesserb"),
        5,
        5,
    ),
    (
        "the signature's key name",
        "checkpoint",
        |b| replace(b, "\u{2014} example.com/t", "\u{2014} example.com/s"),
        5,
        5,
    ),
    (
        "a size with a zero before it",
        "checkpoint",
        |b| replace(b, "\n600\n", "\n0600\n"),
        8,
        8,
    ),
    (
        "a checkpoint without signatures",
        "checkpoint",
        |b| replace(b, "\n\n\u{2014}", "\n\u{2014}"),
        8,
        8,
    ),
    (
        "a checkpoint without its last newline",
        "checkpoint",
        |b| b.truncate(b.len() - 1),
        8,
        8,
    ),
    ("an empty checkpoint", "checkpoint", Vec::clear, 8, 8),
];

fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    *bytes = String::from_utf8(bytes.clone())
        .expect("a checkpoint is UTF-8")
        .replace(from, to)
        .into_bytes();
}

#[test]
fn each_damage_has_its_exit_code() {
    let Some((_, log)) = write("Tessera's log damaged") else {
        return;
    };
    let policy = log.policy();
    for (what, path, damage, audited, verified) in DAMAGES {
        let damaged = Copy::of(&log.path());
        damaged.change(path, damage);
        for (verb, code, run) in [
            ("audit", *audited, audit(damaged.path(), &policy)),
            (
                "verify entry",
                *verified,
                verify_entry(412, damaged.path(), &policy),
            ),
        ] {
            assert_eq!(run.code, code, "{verb}, {what}: {run}");
        }
    }
}

#[test]
fn a_missing_file_is_not_an_answer() {
    let Some((_, log)) = write("Tessera's log with files missing") else {
        return;
    };
    let policy = log.policy();
    for path in [
        "checkpoint",
        "tile/0/001",
        "tile/1/000.p/2",
        "tile/entries/001",
    ] {
        let damaged = Copy::of(&log.path());
        damaged.remove(path);
        audit(damaged.path(), &policy).expect(1);
        verify_entry(412, damaged.path(), &policy).expect(1);
    }
}

#[test]
fn a_proof_of_torchwood_verifies() {
    let Some((tools, log)) = write("torchwood's proof in ours") else {
        return;
    };
    let policy = log.policy();
    let made = tools
        .run("twproof", words!["make", log.path(), policy, "412"])
        .expect(0)
        .text()
        .to_owned();
    let (proof, entry) = (
        log.beside().join("p.tlog-proof"),
        log.beside().join("entry"),
    );
    let verify = |text: &str, bytes: &[u8]| {
        fs::write(&proof, text).unwrap();
        fs::write(&entry, bytes).unwrap();
        glasslog(words![
            "verify", "proof", proof, "--entry", entry, "--policy", policy
        ])
    };
    let right = tessera::entry(412);
    verify(&made, &right).expect(0);
    verify(&made, &tessera::entry(411)).expect(3);
    for (from, to, code) in [
        ("index 412", "index 411", 3),
        ("index 412", "index 600", 3),
        // Both of these torchwood takes for 412.
        ("index 412", "index 0412", 8),
        ("index 412", "index +412", 8),
        ("\n600\n", "\n599\n", 3),
        ("@v1\n", "@v1\n\n", 8),
        ("@v1\n", "@v1\nextra AA==\n", 0),
        ("@v1\n", "@v1\nextra AB==\n", 8),
    ] {
        let changed = made.replace(from, to);
        assert_ne!(changed, made);
        let run = verify(&changed, &right);
        assert_eq!(run.code, code, "`{}`: {run}", to.trim());
    }
    // One hash fewer, one more, and two exchanged.
    let lines: Vec<&str> = made.lines().collect();
    let hashes = 2..made.lines().position(str::is_empty).unwrap();
    for changed in [
        [&lines[..2], &lines[3..]].concat(),
        [&lines[..3], &lines[2..]].concat(),
        [&lines[..2], &[lines[3], lines[2]], &lines[4..]].concat(),
        [&lines[..hashes.end], &lines[2..3], &lines[hashes.end..]].concat(),
    ] {
        verify(&format!("{}\n", changed.join("\n")), &right).expect(3);
    }
}
