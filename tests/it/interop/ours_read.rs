//! Others read what we write: Go's x/mod, Tessera's checker, torchwood and a Python program accept our logs and proofs.
use std::fs;

use glasslog_tests::ours::{ORIGIN, OurLog, size_of};
use glasslog_tests::python::python;
use glasslog_tests::tamper::Copy;
use glasslog_tests::tools::Tools;
use glasslog_tests::{fixture, words, world};
use tempfile::TempDir;

/// One partial tile, one full tile without a rest, and full tiles under a partial one.
const SIZES: [usize; 5] = [1, 255, 256, 300, 700];

#[test]
fn others_read_our_log() {
    let Some(tools) = Tools::for_test("our log read by x/mod, Tessera and torchwood") else {
        return;
    };
    let log = OurLog::raw(&SIZES);
    let (public, vkey) = (log.public(), log.vkey());
    let summary = tools.run("xmodcheck", words![public, vkey]).expect(0);
    assert!(
        summary.text().starts_with("ok: 700 entries, 4 tiles, "),
        "{summary}"
    );
    tools.run("tesserafsck", words![public, vkey]).expect(0);
    let read = tools
        .run("twproof", words!["read", public, log.plain_policy(&[])])
        .expect(0);
    assert_eq!(read.text(), "ok: 700 entries\n");
    // The same programs notice a changed byte of ours, so their word counts.
    let damaged = Copy::of(&public);
    damaged.flip("tile/entries/001", 5);
    tools
        .run("xmodcheck", words![damaged.path(), vkey])
        .expect(1);
    tools
        .run("tesserafsck", words![damaged.path(), vkey])
        .expect(1);
}

#[test]
fn others_read_our_empty_log() {
    let Some(tools) = Tools::for_test("our empty log read by x/mod and Tessera") else {
        return;
    };
    let log = OurLog::raw(&[]);
    let summary = tools
        .run("xmodcheck", words![log.public(), log.vkey()])
        .expect(0);
    assert!(
        summary.text().starts_with("ok: 0 entries, 0 tiles, "),
        "{summary}"
    );
    tools
        .run("tesserafsck", words![log.public(), log.vkey()])
        .expect(0);
}

#[test]
fn others_read_our_log_of_events() {
    let Some(tools) = Tools::for_test("our log of events read by x/mod and Tessera") else {
        return;
    };
    let log = OurLog::with_reads(&["a", "b@1"]);
    let summary = tools
        .run("xmodcheck", words![log.public(), log.vkey()])
        .expect(0);
    // Genesis, enrolment and two events; each was published by itself.
    assert!(
        summary.text().starts_with("ok: 4 entries, 1 tiles, "),
        "{summary}"
    );
    tools
        .run("tesserafsck", words![log.public(), log.vkey()])
        .expect(0);
}

#[test]
fn others_read_our_log_with_an_older_checkpoint() {
    let Some(tools) = Tools::for_test("our older checkpoints read by x/mod") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    world::build(folder.path());
    let log = folder.path().join("good/public");
    let vkey = fixture::log_key().verifier().to_string();
    let summary = tools.run("xmodcheck", words![log, vkey]).expect(0);
    assert!(
        summary.text().starts_with("ok: 300 entries, ")
            && summary.text().ends_with(" 1 older checkpoints\n"),
        "{summary}"
    );
    let damaged = Copy::of(&log);
    fs::copy(log.join("checkpoint"), damaged.file("checkpoints/100")).unwrap();
    tools
        .run("xmodcheck", words![damaged.path(), vkey])
        .expect(1);
}

#[test]
fn torchwood_verifies_our_proof() {
    let Some(tools) = Tools::for_test("our proof in torchwood") else {
        return;
    };
    let log = OurLog::with_reads(&["resnet50@2.1"]);
    let proof = log.read("bert@1");
    let size = size_of(&log.checkpoint());
    let policy = log.plain_policy(&[]);
    let (right, wrong) = (
        log.entry_file(size - 1, size),
        log.entry_file(size - 2, size),
    );
    tools
        .run("twproof", words!["verify", policy, proof, right])
        .expect(0);
    tools
        .run("twproof", words!["verify", policy, proof, wrong])
        .expect(1);
    // It makes the same proof itself, byte for byte.
    let made = tools
        .run(
            "twproof",
            words!["make", log.public(), policy, (size - 1).to_string()],
        )
        .expect(0);
    assert_eq!(made.stdout, fs::read(&proof).unwrap());
}

#[test]
fn python_verifies_our_proof_and_the_event_in_it() {
    let log = OurLog::with_reads(&["resnet50@2.1"]);
    let proof = log.read("bert@1");
    let size = size_of(&log.checkpoint());
    let entry = log.entry_file(size - 1, size);
    let verify =
        |vkey: &str, proof: &dyn AsRef<std::ffi::OsStr>, entry: &dyn AsRef<std::ffi::OsStr>| {
            python(
                "our proof in Python",
                "verify_proof.py",
                words![
                    "--log",
                    vkey,
                    "--key",
                    log.actor_public(),
                    proof.as_ref(),
                    entry.as_ref()
                ],
            )
        };
    let vkey = log.vkey();
    let Some(run) = verify(&vkey, &proof, &entry) else {
        return;
    };
    let expected = format!(
        "included: index {} of {size} in {ORIGIN}\nsigned: https://glasslog.dev/artifact-access/v1 about bert@1\n",
        size - 1
    );
    assert_eq!(run.expect(0).text(), expected);
    // An entry that the log holds, but elsewhere.
    let other = log.entry_file(size - 2, size);
    if let Some(run) = verify(&vkey, &proof, &other) {
        run.expect(3);
    }
    // The genesis is signed by the admin, whom this trust does not name.
    let genesis = log.beside("genesis.tlog-proof");
    glasslog_tests::glasslog::glasslog(words![
        "prove",
        "--log",
        log.root(),
        "--index",
        "0",
        "-o",
        genesis
    ])
    .expect(0);
    if let Some(run) = verify(&vkey, &genesis, &log.entry_file(0, size)) {
        run.expect(5);
    }
}
