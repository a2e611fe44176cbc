//! The oracles are judged first: each must accept Tessera's own log and notice one changed byte of it.
use std::path::Path;
use std::process::Command;

use glasslog_tests::command::{self, Finished};
use glasslog_tests::glasslog::package;
use glasslog_tests::tamper::Copy;
use glasslog_tests::tessera::{TesseraLog, VKEY};
use glasslog_tests::tools::Tools;
use glasslog_tests::words;

/// Sizes that leave superseded partial tiles at level 0 and in the entries.
const SIZES: [usize; 3] = [3, 300, 600];

fn oracle(tools: &Tools, name: &str, log: &Path) -> Finished {
    tools.run(name, words![log, VKEY])
}

#[test]
fn oracles_accept_what_tessera_wrote() {
    let Some(tools) = Tools::for_test("oracles") else {
        return;
    };
    let log = TesseraLog::write(tools, &SIZES);
    let summary = oracle(tools, "xmodcheck", &log.path()).expect(0);
    assert_eq!(
        summary.text(),
        "ok: 600 entries, 4 tiles, 5 older partial tiles, 202 inclusion proofs, 0 older checkpoints\n"
    );
    assert_eq!(
        oracle(tools, "tesserafsck", &log.path()).expect(0).text(),
        "ok\n"
    );
    let read = tools
        .run("twproof", words!["read", log.path(), log.policy()])
        .expect(0);
    assert_eq!(read.text(), "ok: 600 entries\n");
}

#[test]
fn oracles_notice_one_changed_byte() {
    let Some(tools) = Tools::for_test("oracles on damaged logs") else {
        return;
    };
    let log = TesseraLog::write(tools, &SIZES);
    let policy = log.policy();
    for (path, position) in [
        ("checkpoint", 22),
        ("tile/0/001", 4),
        ("tile/0/002.p/88", 9),
        ("tile/1/000.p/2", 40),
        ("tile/entries/000", 3),
        ("tile/entries/002.p/88", 3),
    ] {
        let damaged = Copy::of(&log.path());
        damaged.flip(path, position);
        oracle(tools, "xmodcheck", damaged.path()).expect(1);
        oracle(tools, "tesserafsck", damaged.path()).expect(1);
        tools
            .run("twproof", words!["read", damaged.path(), policy])
            .expect(1);
    }
    // A 257th entry in a full bundle: Tessera's checker, as pinned, never looks behind the 256th.
    let damaged = Copy::of(&log.path());
    damaged.change("tile/entries/001", |bytes| bytes.extend(b"\x00\x01x"));
    oracle(tools, "xmodcheck", damaged.path()).expect(1);
    oracle(tools, "tesserafsck", damaged.path()).expect(0);
    // Only ours of the three looks at what the checkpoint no longer needs.
    let damaged = Copy::of(&log.path());
    damaged.flip("tile/entries/000.p/3", 3);
    oracle(tools, "xmodcheck", damaged.path()).expect(1);
}

#[test]
fn oracles_are_tidy() {
    let Some(_) = Tools::for_test("go vet and gofmt") else {
        return;
    };
    let module = package().join("interop/go");
    let vet = command::finish(
        Command::new("go")
            // The flags of the build, whose packages are compiled already.
            .args(["vet", "-trimpath", "-buildvcs=false", "./..."])
            .env("GOFLAGS", "-mod=readonly")
            .current_dir(&module),
    );
    vet.expect(0);
    let format = command::finish(Command::new("gofmt").args(["-l", "."]).current_dir(&module));
    assert_eq!(format.expect(0).text(), "");
}
