//! Cosignatures by somebody else's witness, litewitness, count; a changed one does not.
use std::fs;

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
