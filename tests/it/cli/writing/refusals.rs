//! Refusals by the log, each with one exit code, on a directory and through a server.
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::shell::{DIGEST, OTHER_DIGEST, Shell};

/// Entries that the log refuses, with the same exit codes on a directory and through a server.
#[test]
fn refusals_have_one_exit_code_each() {
    let shell = Shell::with_log();
    let register = "--action register --artifact m@1 --reason-code r --reason first";
    shell.record("log", register).expect(0);
    shell
        .run("keygen --kind actor --name mallory --out mallory.key")
        .expect(0);
    shell
        .run("keygen --kind admin --name admin --out other.admin")
        .expect(0);
    // Without the name above it, a key file does not contradict `--actor`.
    for (key, unnamed) in [("ci.key", "unnamed.key"), ("ci.key.pub", "unnamed.key.pub")] {
        let key = shell.read(key);
        let (_, block) = key.split_at(key.find("-----BEGIN").unwrap());
        fs::write(shell.path(unnamed), block).unwrap();
        fs::set_permissions(shell.path(unnamed), Permissions::from_mode(0o600)).unwrap();
    }
    let forged = shell
        .record("log", "--action read --artifact m@1 --dry-run")
        .expect(0);
    let at = forged.text().rfind("\"sig\":\"").unwrap() + 10;
    let mut forged = forged.text().to_owned();
    let other = if &forged[at..=at] == "A" { "B" } else { "A" };
    forged.replace_range(at..=at, other);
    fs::write(shell.path("forged"), forged).unwrap();
    fs::write(shell.path("garbage"), "garbage\n").unwrap();
    fs::write(shell.path("long"), "x".repeat(70_000)).unwrap();
    let cases = [
        (
            "record --signer mallory.key --action read --artifact m@1 --digest sha256:",
            5,
            "event-unknown-key",
        ),
        (
            "record --signer unnamed.key --actor someone --action read --artifact m@1 --digest sha256:",
            5,
            "event-actor-mismatch",
        ),
        (
            "record --signer ci.key --action register --artifact m@1 --reason-code r --reason second --digest other:",
            6,
            "register-conflict",
        ),
        (
            "keys enrol --actor mallory --key mallory.key.pub --admin other.admin",
            5,
            "event-unknown-key",
        ),
        (
            "keys enrol --actor mallory --key unnamed.key.pub --admin log/keys/admin",
            6,
            "key-already-enrolled",
        ),
        (
            "keys revoke --key mallory.key.pub --reason lost --admin log/keys/admin",
            5,
            "key-not-enrolled",
        ),
        ("submit forged", 3, "event-bad-signature"),
        ("submit garbage", 8, "json"),
        ("submit long", 8, "entry-too-large"),
    ];
    let check = |log: &str| {
        for (line, exit, code) in cases {
            let line = line
                .replace("sha256:", DIGEST)
                .replace("other:", OTHER_DIGEST);
            let said = shell
                .run(&format!("{line} --log {log} --format json"))
                .expect(exit);
            let found = said.json()["error"]["code"].as_str().unwrap().to_owned();
            assert!(found.contains(code), "{line}: {said}");
        }
    };
    check("log");
    let server = shell.serve();
    check(&server.url);
    assert_eq!(shell.size(), 3);
}

#[test]
fn a_log_whose_state_was_rolled_back_writes_nothing() {
    let shell = Shell::with_log();
    let copy = |from: &str, to: &str| {
        fs::create_dir_all(shell.path(to)).unwrap();
        for name in ["head", "journal"] {
            fs::copy(shell.path(from).join(name), shell.path(to).join(name)).unwrap();
        }
    };
    copy("log/state", "backup");
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
    copy("backup", "log/state");
    let said = shell
        .record("log", "--action read --artifact b@1")
        .expect(1);
    assert!(said.stderr.contains(
        "the private state ends at size 2, but a checkpoint of size 3 is public: the state was rolled back"
    ));
    assert!(
        said.stderr
            .contains("glasslog: hint: restore `state/` and `public/` from copies of one moment"),
        "{said}"
    );
    assert_eq!(shell.size(), 3);
}
