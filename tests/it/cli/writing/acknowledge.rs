//! Acknowledging an entry that should not be in the log.
use std::fs;
use std::os::unix::fs::PermissionsExt;

use glasslog_core::event::secret_to_pem;
use glasslog_tests::fixture::{Access, enrol, genesis, secret};

use super::shell::{ORIGIN, Shell};

const ADMIN: u8 = 10;

/// A log whose operator let a line in that is no event, by keeping it as a raw log.
fn careless() -> Shell {
    let shell = Shell::new();
    shell
        .run(&format!("init log --origin {ORIGIN} --raw"))
        .expect(0);
    let read = Access {
        action: "read",
        name: "m@1",
        content: b"m",
        actor: "ci@example.org",
        key: 20,
        minute: 1,
        reason: None,
    };
    let entries = [
        genesis(ORIGIN, ADMIN),
        enrol(ORIGIN, "ci@example.org", 20, ADMIN),
        read.entry(ORIGIN),
        b"no event".to_vec(),
    ];
    fs::write(shell.path("entries"), entries.join(&b"\n"[..])).unwrap();
    let pem = secret_to_pem(&secret(ADMIN), "admin");
    let path = shell.path("admin.key");
    fs::write(&path, pem.as_bytes()).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    shell.run("submit --log log entries").expect(0);
    shell
}

#[test]
fn an_entry_that_is_no_event_is_acknowledged() {
    let shell = careless();
    let history = "history m@1 --log log --policy log/trust.policy --full-scan";
    let said = shell.run(history).expect(5);
    assert!(said.text().contains("entry 3 is no event"), "{said}");
    for (line, exit, words) in [
        (
            "acknowledge 9",
            4,
            "there is no entry 9: the log has 4 entries",
        ),
        ("acknowledge 2", 6, "entry 2 is a validly signed event"),
    ] {
        let said = shell
            .run(&format!(
                "{line} --log log --reason known --admin admin.key"
            ))
            .expect(exit);
        assert!(said.stderr.contains(words), "{said}");
    }
    let said = shell
        .run("acknowledge 3 --log log --reason ticket-7 --admin admin.key")
        .expect(0);
    assert_eq!(said.text(), "acknowledged entry 3 at index 4\n");
    let said = shell.run(history).expect(0);
    assert!(said.text().contains("entry 3 at 4: ticket-7"), "{said}");
}
