//! The independent verifier in Python agrees with everybody else's vectors and with Go's proofs.
use std::fs;

use glasslog_tests::glasslog::repository;
use glasslog_tests::python::python;
use glasslog_tests::skip::skipped;
use glasslog_tests::tessera::{self, TesseraLog, VKEY};
use glasslog_tests::tools::Tools;
use glasslog_tests::words;

#[test]
fn python_agrees_with_the_shared_vectors() {
    let vectors = repository().join("../shared/vectors");
    if !vectors.exists() {
        return skipped("../shared/vectors is absent");
    }
    let Some(run) = python(
        "vectors in Python",
        "check_vectors.py",
        words!["proofs", vectors],
    ) else {
        return;
    };
    assert_eq!(
        run.expect(0).text(),
        "86 inclusion, 84 consistency, 914 ed25519 vectors\n"
    );
}

#[test]
fn python_agrees_with_our_vectors_of_events() {
    let vectors = repository().join("docs/formats/vectors/events");
    let Some(run) = python(
        "our event vectors in Python",
        "check_vectors.py",
        words!["events", vectors],
    ) else {
        return;
    };
    let run = run.expect(0);
    let count: u32 = run
        .text()
        .strip_suffix(" event vectors\n")
        .and_then(|count| count.parse().ok())
        .unwrap();
    assert!(count > 150, "only {count}");
}

#[test]
fn python_agrees_with_our_vectors_of_the_index() {
    let vectors = repository().join("docs/formats/vectors/index");
    let Some(run) = python(
        "our index vectors in Python",
        "check_vectors.py",
        words!["index", vectors],
    ) else {
        return;
    };
    let run = run.expect(0);
    let counts = run.text().strip_suffix(" vectors\n").unwrap();
    let mut counts = counts.split(", ").map(|part| part.split_once(' ').unwrap());
    for (kind, least) in [
        ("bucket", 20),
        ("manifest", 20),
        ("keys", 90),
        ("lookup", 31),
        ("run", 3),
        ("fraud", 80),
    ] {
        let (count, name) = counts.next().unwrap();
        assert_eq!(name, kind);
        assert!(
            count.parse::<u32>().unwrap() >= least,
            "only {count} {kind}"
        );
    }
}

#[test]
fn python_verifies_what_torchwood_proves() {
    let name = "torchwood's proof in Python";
    let Some(tools) = Tools::for_test(name) else {
        return;
    };
    let log = TesseraLog::write(tools, &[300]);
    let (proof, entry) = (log.beside().join("proof"), log.beside().join("entry"));
    let made = tools
        .run("twproof", words!["make", log.path(), log.policy(), "271"])
        .expect(0)
        .text()
        .to_owned();
    // Each line: what becomes of the proof and the entry, and the exit code.
    let other = String::from_utf8(tessera::entry(270)).unwrap();
    let right = String::from_utf8(tessera::entry(271)).unwrap();
    for (text, entry_text, code) in [
        (made.clone(), &right, 0),
        (made.clone(), &other, 3),
        (made.replace("index 271", "index 270"), &right, 3),
        (made.replace("index 271", "index 0271"), &right, 8),
        (made.replace("\n300\n", "\n301\n"), &right, 3),
        (
            made.replace(
                "\u{2014} example.com/tessera ",
                "\u{2014} example.com/other ",
            ),
            &right,
            5,
        ),
        (made.replace("@v1", "@v2"), &right, 8),
    ] {
        fs::write(&proof, text).unwrap();
        fs::write(&entry, entry_text).unwrap();
        let Some(run) = python(name, "verify_proof.py", words!["--log", VKEY, proof, entry]) else {
            return;
        };
        run.expect(code);
    }
}
