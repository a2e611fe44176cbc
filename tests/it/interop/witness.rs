//! Cosignatures by another project's witness, litewitness, count, and a changed one does not; ours cosigns the logs of others.
use std::fs;
use std::path::Path;
use std::process::Stdio;

use glasslog_core::note::Checkpoint;
use glasslog_core::text::wire::{base64_decode, base64_encode};
use glasslog_core::tiles::ConsistencyPlan;
use glasslog_tests::glasslog::{self, glasslog};
use glasslog_tests::ours::{self, OurLog, size_of};
use glasslog_tests::python::python;
use glasslog_tests::served::Served;
use glasslog_tests::tessera::{ORIGIN, TesseraLog, VKEY};
use glasslog_tests::tools::Tools;
use glasslog_tests::witness::Witness;
use glasslog_tests::words;

#[test]
fn a_witness_cosigns_and_torchwood_counts_it() {
    let name = "litewitness";
    let Some(tools) = Tools::for_test(name) else {
        return;
    };
    let Some(witness) = Witness::start(name, tools, "example.com/witness", ORIGIN, VKEY) else {
        return;
    };
    let log = TesseraLog::write(tools, &[5]);
    let file = log.path().join("checkpoint");
    let mut checkpoint = fs::read(&file).unwrap();
    assert_eq!(witness.add_checkpoint(1, &[], &checkpoint).status, 409);
    let answer = witness.add_checkpoint(0, &[], &checkpoint);
    assert_eq!(answer.status, 200, "{answer:?}");

    let policy = log.beside().join("witnessed");
    fs::write(
        &policy,
        format!("log {VKEY}\nwitness w {}\nquorum w\n", witness.vkey()),
    )
    .unwrap();
    let judge = || tools.run("twproof", words!["cosigned", policy, file]);
    judge().expect(1);
    checkpoint.extend(answer.body);
    fs::write(&file, &checkpoint).unwrap();
    judge().expect(0);
}

/// The base64 hashes that prove the growth of our log since `old`.
fn growth(log: &OurLog, old: u64) -> Vec<String> {
    let checkpoint = Checkpoint::parse(&fs::read(log.checkpoint()).unwrap()).unwrap();
    let plan = ConsistencyPlan::new(old, checkpoint.head()).unwrap();
    let tiles = plan
        .tiles()
        .iter()
        .map(|tile| (*tile, fs::read(log.public().join(tile.path())).unwrap()))
        .collect();
    let (_, proof) = plan.finish(&tiles).unwrap();
    proof.hashes().iter().map(ToString::to_string).collect()
}

#[test]
fn a_cosignature_counts_in_our_policy() {
    let name = "litewitness on our log";
    let Some(tools) = Tools::for_test(name) else {
        return;
    };
    let log = OurLog::with_reads(&["a"]);
    let Some(witness) = Witness::start(
        name,
        tools,
        "example.com/witness",
        ours::ORIGIN,
        &log.vkey(),
    ) else {
        return;
    };
    let policy = log.plain_policy(&[witness.vkey()]);
    let audit = || glasslog(words!["audit", log.root(), "--policy", policy]);
    audit().expect(5);

    // The first head, and then one that must be proven to extend it.
    let first = size_of(&log.checkpoint());
    let answer = witness.add_checkpoint(0, &[], &fs::read(log.checkpoint()).unwrap());
    assert_eq!(answer.status, 200, "{answer:?}");
    log.read("b");
    let grown = fs::read(log.checkpoint()).unwrap();
    assert_eq!(witness.add_checkpoint(first, &[], &grown).status, 422);
    let answer = witness.add_checkpoint(first, &growth(&log, first), &grown);
    assert_eq!(answer.status, 200, "{answer:?}");
    audit().expect(5);

    let line = answer.body;
    fs::write(log.checkpoint(), [grown.clone(), line.clone()].concat()).unwrap();
    audit().expect(0);
    tools
        .run("twproof", words!["cosigned", policy, log.checkpoint()])
        .expect(0);

    // One changed bit of its signature, under a key that the policy knows.
    let text = String::from_utf8(line).unwrap();
    let (head, signature) = text.trim_end().rsplit_once(' ').unwrap();
    let mut bytes = base64_decode(signature).unwrap();
    bytes[40] ^= 1;
    let line = format!("{head} {}\n", base64_encode(&bytes));
    fs::write(
        log.checkpoint(),
        [grown.clone(), line.into_bytes()].concat(),
    )
    .unwrap();
    audit().expect(3);

    // A second earlier is another statement, which the witness did not sign.
    let mut earlier = base64_decode(signature).unwrap();
    earlier[11] ^= 1;
    let line = format!("{head} {}\n", base64_encode(&earlier));
    fs::write(log.checkpoint(), [grown, line.into_bytes()].concat()).unwrap();
    audit().expect(3);
}

#[test]
fn our_witness_and_theirs_stand_in_one_quorum() {
    let name = "our witness beside litewitness";
    let Some(tools) = Tools::for_test(name) else {
        return;
    };
    let log = OurLog::with_reads(&["a"]);
    let Some(theirs) = Witness::start(
        name,
        tools,
        "example.com/witness",
        ours::ORIGIN,
        &log.vkey(),
    ) else {
        return;
    };
    let (key, state) = (log.beside("witness"), log.beside("witness.state"));
    glasslog(words![
        "keygen",
        "--kind",
        "witness",
        "--name",
        "example.org/ours",
        "--out",
        key
    ])
    .expect(0);
    let ours = fs::read_to_string(log.beside("witness.pub")).unwrap();
    let policy = log.plain_policy(&[theirs.vkey(), ours.trim()]);
    let trust = words!["--policy", policy];

    let checkpoint = fs::read(log.checkpoint()).unwrap();
    let answer = theirs.add_checkpoint(0, &[], &checkpoint);
    assert_eq!(answer.status, 200, "{answer:?}");
    fs::write(log.checkpoint(), [checkpoint, answer.body].concat()).unwrap();
    glasslog(words!["audit", log.root()].iter().chain(&trust)).expect(5);
    tools
        .run("twproof", words!["cosigned", policy, log.checkpoint()])
        .expect(1);
    glasslog(
        words![
            "witness",
            "cosign",
            log.root(),
            "--key",
            key,
            "--state",
            state
        ]
        .iter()
        .chain(&trust),
    )
    .expect(0);
    glasslog(words!["audit", log.root()].iter().chain(&trust)).expect(0);
    tools
        .run("twproof", words!["cosigned", policy, log.checkpoint()])
        .expect(0);

    // A proof carries both, and Python believes each.
    let size = size_of(&log.checkpoint());
    let proof = log.beside("last.tlog-proof");
    let prove = words![
        "prove",
        "--log",
        log.root(),
        "--index",
        (size - 1).to_string(),
        "-o",
        proof
    ];
    glasslog(prove.iter().chain(&trust)).expect(0);
    let witnesses = words![
        "--log",
        log.vkey(),
        "--witness",
        theirs.vkey(),
        "--witness",
        ours.trim()
    ];
    let files = words![proof, log.entry_file(size - 1, size)];
    let Some(run) = python(name, "verify_proof.py", witnesses.iter().chain(&files)) else {
        return;
    };
    let said = run.expect(0);
    let cosigned: Vec<&str> = said
        .text()
        .lines()
        .filter(|line| line.starts_with("cosigned: "))
        .collect();
    assert_eq!(cosigned.len(), 2, "{said}");
}

/// Makes the key of a witness of ours in a folder, and serves it for Tessera's log; returns its verifier key.
fn serve_ours(folder: &Path) -> (Served, String) {
    let at = |name: &str| folder.join(name);
    let keygen = words!["keygen", "--kind", "witness", "--name", "example.org/ours"];
    glasslog(keygen.iter().chain(&words!["--out", at("key")])).expect(0);
    fs::write(at("logs"), format!("logs/v0\nvkey {VKEY}\nqpd 86400\n")).unwrap();
    let mut serve = glasslog::command();
    serve.args(["witness", "serve", "--state"]).args([
        at("db"),
        "--key".into(),
        at("key"),
        "--logs".into(),
        at("logs"),
    ]);
    let served = Served::start(serve, Stdio::null()).expect("it listens");
    let key = fs::read_to_string(at("key.pub")).unwrap();
    (served, key.trim_end().to_owned())
}

/// Tessera asks by its own client, publishes nothing that our witness did not cosign, and continues after a restart.
#[test]
fn ours_cosigns_what_tessera_publishes() {
    let Some(tools) = Tools::for_test("our witness asked by Tessera") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (served, key) = serve_ours(folder.path());
    let policy = folder.path().join("policy");
    let witness = format!("witness w {key} {}/", served.url);
    fs::write(&policy, format!("log {VKEY}\n{witness}\nquorum w\n")).unwrap();
    let log = folder.path().join("log");
    for entries in [3, 2] {
        let write = words![log, policy, entries.to_string()];
        tools.run("tesserawitness", write).expect(0);
        // Torchwood counts the cosignature, and so do we.
        let checkpoint = log.join("checkpoint");
        tools
            .run("twproof", words!["cosigned", policy, checkpoint])
            .expect(0);
        glasslog(words!["audit", log, "--policy", policy]).expect(0);
    }
    assert!(size_of(&log.join("checkpoint")) >= 5);
    drop(served);
}
