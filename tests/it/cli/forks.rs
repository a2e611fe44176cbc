//! A log that contradicts a checkpoint which the reader kept: the verb that finds it writes the evidence beside that file, and
//! anyone can check it.
use std::fs;
use std::process::Command;

use crate::cli::writing::shell::Shell;

const POLICY: &str = "--policy log/trust.policy";

/// A log and its copy `fork` before its last event, which then have different ones of this number.
fn forked(events: usize) -> Shell {
    let shell = Shell::with_log();
    let copied = Command::new("cp")
        .args(["-r", "log", "fork"])
        .current_dir(shell.folder.path())
        .status();
    assert!(copied.unwrap().success());
    for (log, artifact) in [("log", "m@1"), ("fork", "n@1")] {
        for _ in 0..events {
            let read = format!("--action read --artifact {artifact} -o p-{log}");
            shell.record(log, &read).expect(0);
        }
    }
    shell
}

#[test]
fn each_verb_that_finds_a_fork_writes_the_evidence() {
    let shell = forked(1);
    fs::copy(shell.path("log/public/checkpoint"), shell.path("old")).unwrap();
    shell
        .run("bundle m@1 --log log --policy log/trust.policy -o older")
        .expect(0);
    shell
        .record("fork", "--action read --artifact m@1 -o p-more")
        .expect(0);
    for (line, older) in [
        ("verify consistency --old old --log fork", "old"),
        ("history m@1 --log fork --since older", "older"),
        ("bundle m@1 --log fork --since older -o newer", "older"),
    ] {
        let said = shell.run(&format!("{line} {POLICY}")).expect(7);
        let file = format!("{older}.inconsistency");
        assert!(
            said.stderr.contains(&format!("were written to {file}")),
            "{said}"
        );
        let hint = format!("`glasslog verify inconsistency {file} --policy FILE` checks it");
        assert!(said.stderr.contains(&hint), "{said}");
        shell
            .run(&format!("verify inconsistency {file} {POLICY}"))
            .expect(0);
        fs::remove_file(shell.path(&file)).unwrap();
    }
    assert!(!shell.path("newer").exists());
    // Another contradiction never replaces the first.
    fs::write(shell.path("old.inconsistency"), "another").unwrap();
    let line = format!("verify consistency --old old --log fork {POLICY} --format json");
    shell.run(&line).expect(7);
    assert_eq!(shell.read("old.inconsistency"), "another");
    shell
        .run(&format!(
            "verify inconsistency old-2.inconsistency {POLICY}"
        ))
        .expect(0);
    shell.run(&line).expect(7);
    assert!(!shell.path("old-3.inconsistency").exists());
}

/// Strangers read what lies in the public tree of a log: evidence about a checkpoint there is written to the working directory.
#[test]
fn evidence_is_never_written_into_a_public_tree() {
    let shell = forked(1);
    let old = "log/public/checkpoints/old";
    fs::create_dir_all(shell.path("log/public/checkpoints")).unwrap();
    fs::copy(shell.path("log/public/checkpoint"), shell.path(old)).unwrap();
    shell
        .record("fork", "--action read --artifact m@1 -o p-more")
        .expect(0);
    let line = format!("verify consistency --old {old} --log fork {POLICY}");
    let said = shell.run(&line).expect(7);
    assert!(
        said.stderr.contains("written to old.inconsistency"),
        "{said}"
    );
    assert!(
        !shell
            .path("log/public/checkpoints/old.inconsistency")
            .exists()
    );
    shell
        .run(&format!("verify inconsistency old.inconsistency {POLICY}"))
        .expect(0);
}

/// Of two files of one size, no proof is needed; where the evidence cannot be written, the verdict stays.
#[test]
fn two_heads_of_one_size_are_evidence() {
    let shell = forked(1);
    fs::copy(shell.path("log/public/checkpoint"), shell.path("old")).unwrap();
    fs::copy(shell.path("fork/public/checkpoint"), shell.path("new")).unwrap();
    fs::write(shell.path("proof"), "").unwrap();
    let line = format!("verify consistency --old old --new new --proof proof {POLICY}");
    shell.run(&line).expect(7);
    shell
        .run(&format!("verify inconsistency old.inconsistency {POLICY}"))
        .expect(0);
    let nowhere = line.replace("--old old", "--old /dev/stdin");
    let mut nowhere = shell.command(&nowhere);
    nowhere.stdin(fs::File::open(shell.path("old")).unwrap());
    let said = nowhere.output().unwrap();
    assert_eq!(said.status.code(), Some(7));
    // A log that continues the checkpoint leaves no file.
    let shell = forked(2);
    fs::copy(shell.path("log/public/checkpoint"), shell.path("old")).unwrap();
    let line = format!("verify consistency --old old --log log {POLICY}");
    shell.run(&line).expect(0);
    assert!(!shell.path("old.inconsistency").exists());
}
