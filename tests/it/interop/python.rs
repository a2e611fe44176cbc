//! The independent verifier in Python agrees with everybody else's vectors and with Go's proofs.
use std::fs;
use std::path::Path;

use glasslog_tests::glasslog::{glasslog, repository};
use glasslog_tests::ours::OurLog;
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
fn python_agrees_with_the_table_of_bindings() {
    let vectors = repository().join("docs/formats/vectors/bindings");
    let Some(run) = python(
        "the table of bindings in Python",
        "check_vectors.py",
        words!["bindings", vectors],
    ) else {
        return;
    };
    let run = run.expect(0);
    assert_eq!(run.text(), "14 row, 14 refusals, 14 newName vectors\n");
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
fn python_agrees_with_our_vectors_of_folders() {
    let vectors = repository().join("docs/formats/vectors/folders");
    let Some(run) = python(
        "our folder vectors in Python",
        "check_vectors.py",
        words!["folders", vectors],
    ) else {
        return;
    };
    let run = run.expect(0);
    let (lists, bundles) = run.text().split_once(" list, ").unwrap();
    assert!(lists.parse::<u32>().unwrap() > 50, "{}", run.text());
    assert_eq!(bundles, "12 bundle vectors\n");
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

/// Registers a folder with its files.
fn register_folder(log: &OurLog) {
    let folder = log.beside("folder");
    fs::create_dir(&folder).unwrap();
    for name in ["config.json", "model.bin"] {
        fs::write(folder.join(name), name).unwrap();
    }
    let words = "--action register --artifact folder@1 --reason-code release --reason weekly";
    let mut arguments = Vec::from(words![
        "record",
        "--log",
        log.root(),
        "--signer",
        log.actor()
    ]);
    arguments.extend(words.split(' ').map(Into::into));
    arguments.extend(words!["--file", folder, "-o", log.beside("folder.proof")]);
    glasslog(arguments).expect(0);
}

/// Records an event about the content that all artifacts of the log have.
fn record(log: &OurLog, signer: &Path, artifact: &str, more: &str) {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let (root, proof) = (log.root(), log.beside("proof"));
    let mut arguments = words!["record", "--log", root, "--signer", signer].to_vec();
    arguments.extend(words![
        "--artifact",
        artifact,
        "--digest",
        digest,
        "-o",
        proof
    ]);
    arguments.extend(more.split(' ').map(Into::into));
    glasslog(arguments).expect(0);
}

/// Registers the content under further names, before events use these: a registration hides events by the rights of its actor.
fn share_content(log: &OurLog) {
    let eve = log.beside("eve");
    let name = "eve@example.org";
    glasslog(words![
        "keygen", "--kind", "actor", "--name", name, "--out", eve
    ])
    .expect(0);
    let (root, public) = (log.root(), log.beside("eve.pub"));
    glasslog(words![
        "keys", "enrol", "--log", root, "--actor", name, "--key", public
    ])
    .expect(0);
    let admin = format!(" --admin {}", root.join("keys/admin").display());
    let register = "--action register --reason-code release --reason mine";
    let hold = "--action hold --reason-code incident --reason hold";
    let parties = [(eve.clone(), ""), (log.actor(), ""), (eve, admin.as_str())];
    for (number, (signer, admin)) in parties.iter().enumerate() {
        let artifact = format!("incident@{number}");
        record(log, signer, &artifact, &format!("{register}{admin}"));
        for (signer, admin) in &parties {
            record(log, signer, &artifact, &format!("{hold}{admin}"));
        }
    }
}

/// Histories read anew in Python: by the index and by all entries, with their closure and every member of each event.
#[test]
fn python_replays_histories() {
    let log = OurLog::with_reads(&["resnet50@2.1", "resnet50@2.2", "bert@1.0"]);
    let digest = format!("sha256:{}", "ab".repeat(32));
    let actor = log.actor();
    for (artifact, more) in [
        // The version is linked to the digest from here on, so that a hold on the content is about it too.
        (
            "resnet50@2.1",
            "--action register --reason-code release --reason first",
        ),
        (
            "incident-7",
            "--action hold --reason-code incident --reason hold",
        ),
        // Another model with the same content has its own events.
        (
            "copy@1",
            "--action register --reason-code release --reason first",
        ),
        (
            "copy@1",
            "--action write --reason-code moved --reason moved",
        ),
        (
            "resnet50",
            "--action hold --reason-code incident --reason hold",
        ),
        (
            "resnet50@2.1",
            "--action deploy --env prod --pipeline nightly --reason-code release --reason weekly",
        ),
        (
            "resnet50@2.1",
            "--action transfer --from team:a --to team:b --reason moved",
        ),
        (
            "resnet50@2.1",
            "--action execute --outcome denied --actor-type service",
        ),
    ] {
        record(&log, &actor, artifact, more);
    }
    share_content(&log);
    register_folder(&log);
    glasslog(words![
        "keys",
        "revoke",
        "--log",
        log.root(),
        "--key",
        log.actor_public(),
        "--reason",
        "laptop lost",
    ])
    .expect(0);
    glasslog(words!["publish", log.root()]).expect(0);
    let listed = glasslog(words![
        "keys",
        "list",
        "--log",
        log.root(),
        "--format",
        "json"
    ])
    .expect(0);
    let keyid = listed.text().split("sha256:").nth(1).unwrap()[..64].to_owned();
    let policy = log.root().join("trust.policy");
    let mut reports = Vec::new();
    for artifact in [
        "resnet50@2.1",
        "resnet50",
        "bert@1.0",
        "folder@1",
        "copy@1",
        "actor:ci@example.org",
        &digest,
        &format!("key:sha256:{keyid}"),
    ] {
        for flags in [
            "--accept-index",
            "--full-scan",
            "--accept-index --exact",
            "--full-scan --exact",
            "--accept-index --state",
            "--full-scan --state --exact",
        ] {
            let mut arguments = Vec::from(words![
                "history",
                artifact,
                "--log",
                log.root(),
                "--policy",
                policy,
                "--format",
                "json",
            ]);
            arguments.extend(flags.split(' ').map(Into::into));
            let path = log.beside(&format!("report-{}", reports.len()));
            fs::write(&path, glasslog(arguments).stdout).unwrap();
            reports.push(path);
        }
    }
    let public = log.root().join("public");
    let mut arguments = Vec::from(words![public, policy]);
    arguments.extend(reports.iter().map(Into::into));
    let Some(run) = python("histories in Python", "queries.py", arguments) else {
        return;
    };
    let run = run.expect(0);
    assert!(run.text().starts_with("48 questions, "), "{run}");
}
