//! Secret keys that others can read, keys that are half made, and a log without its private state.
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::shell::Shell;

#[test]
fn a_secret_key_that_others_can_read_is_refused() {
    let shell = Shell::with_log();
    shell
        .run("keygen --kind witness --name witness.example/w1 --out w1.key")
        .expect(0);
    let record = "record --log log --signer ci.key --action read --artifact a@1 --digest sha256:92745110b1ab4368471cbe31664e10174e954b113a3df333db860317b2c6dec4";
    for (key, line) in [
        ("ci.key", record),
        ("log/keys/log", "publish log"),
        (
            "log/keys/admin",
            "keys enrol --log log --actor ci@example.org --key ci.key.pub",
        ),
        (
            "w1.key",
            "witness cosign log --key w1.key --state w1.state --policy log/trust.policy",
        ),
    ] {
        let set =
            |mode| fs::set_permissions(shell.path(key), Permissions::from_mode(mode)).unwrap();
        for mode in [0o644, 0o640, 0o602] {
            set(mode);
            let said = shell.run(line).expect(1);
            let reason = format!("(mode {mode:04o})");
            assert!(said.stderr.contains(&reason), "{line}: {said}");
            assert!(said.stderr.contains("hint: chmod 600 "), "{line}: {said}");
        }
        let doctor = shell.run(&format!("doctor --key {key}")).expect(1);
        assert!(doctor.text().contains("✗ key-permissions"), "{doctor}");
        set(0o600);
        shell.run(&format!("doctor --key {key}")).expect(0);
    }
    shell.run(record).expect(0);
    shell.run("doctor --key absent.key").expect(1);
}

/// A name of 254 bytes can be a file's, but with `.pub` after it cannot.
#[test]
fn a_key_that_cannot_be_whole_is_not_there() {
    let shell = Shell::new();
    let long = "k".repeat(254);
    let names = || -> Vec<_> {
        let entries = fs::read_dir(shell.path("")).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    };
    let before = names();
    let line = |out: &str| format!("keygen --kind actor --name ci@example.org --out {out}");
    let said = shell.run(&line("-")).expect(2);
    assert!(said.stderr.contains("never to standard output"), "{said}");
    assert!(!shell.path("-").exists());
    shell.run(&line(&long)).expect(1);
    assert_eq!(names(), before);
    fs::create_dir(shell.path("taken")).unwrap();
    let said = shell.run(&line("taken")).expect(1);
    assert!(said.stderr.contains("exists already"), "{said}");
    assert!(!shell.path("taken.pub").exists(), "a public half alone");
}

#[test]
fn a_log_without_its_state_says_what_to_do() {
    let shell = Shell::with_log();
    fs::rename(shell.path("log/state"), shell.path("away")).unwrap();
    for line in [
        "serve log --listen 127.0.0.1:0 --log-level off",
        "publish log",
    ] {
        let said = shell.run(line).expect(1);
        assert!(said.stderr.contains("`log/state` is missing"), "{said}");
        assert!(said.stderr.contains("hint: restore `state/`"), "{said}");
    }
    assert!(!shell.path("log/state").exists(), "nothing is made up");
    fs::rename(shell.path("away"), shell.path("log/state")).unwrap();
    shell.run("publish log").expect(0);
}
