//! Cosigning what extends the last head, and evidence of a fork.
use std::fs;

use serde_json::json;

use super::shell::{ORIGIN, Shell};

#[test]
fn a_witness_cosigns_what_extends_what_it_saw() {
    let shell = Shell::with_log();
    shell
        .run("keygen --kind witness --name witness.example/w1 --out w")
        .expect(0);
    let cosign = "witness cosign log --key w --state w.state";
    let said = shell.run(cosign).expect(0);
    assert_eq!(
        said.text(),
        format!("witness.example/w1 cosigned {ORIGIN} size 2\n")
    );
    let server = shell.serve();
    shell
        .record(&server.url, "--action read --artifact a@1")
        .expect(0);
    let said = shell
        .run(&format!("{cosign} --format json"))
        .expect(0)
        .json();
    assert_eq!(
        (&said["checkpoint"]["size"], &said["seen"]["size"]),
        (&json!(3), &json!(2))
    );
    assert!(
        shell
            .read("log/public/checkpoint")
            .contains("\n\u{2014} witness.example/w1 ")
    );
    // Nothing can be written at an address: the note goes to standard output, or to a file.
    shell
        .run("keygen --kind witness --name witness.example/w2 --out w2")
        .expect(0);
    let remote = format!(
        "witness cosign {} --key w2 --state w2.state --policy log/trust.policy",
        server.url
    );
    let said = shell.run(&remote).expect(0);
    assert!(
        said.text().contains("\n\u{2014} witness.example/w2 "),
        "{said}"
    );
    let said = shell.run(&format!("{remote} -o cosigned")).expect(0);
    assert!(said.text().ends_with(" size 3\n"), "{said}");
    let note = shell.read("cosigned");
    assert!(note.contains("\n\u{2014} witness.example/w2 ") && !note.contains("/w1 "));
    assert!(!shell.read("log/public/checkpoint").contains("/w2 "));
    drop(server);
    let policy = shell.read("log/trust.policy").replacen(
        "quorum none",
        &format!("witness w1 {}\nquorum w1", shell.read("w.pub").trim_end()),
        1,
    );
    fs::write(shell.path("witnessed.policy"), policy).unwrap();
    shell
        .run("audit log --policy witnessed.policy --max-checkpoint-age 1h")
        .expect(0);

    for (line, code) in [
        (
            "witness cosign http://127.0.0.1:1/ --key w --state w.state",
            2,
        ),
        ("witness cosign log --key log/keys/index --state w.state", 2),
        ("witness cosign nowhere --key w --state w.state", 1),
        ("witness cosign log --key nowhere --state w.state", 1),
        ("witness cosign log --key w.pub --state w.state", 2),
        (
            "witness cosign log --key w --state w.state --policy w.pub",
            8,
        ),
        ("witness serve", 2),
        ("witness serve --listen :0 --state s --key w", 2),
    ] {
        shell.run(line).expect(code);
    }
}

#[test]
fn a_witness_cosigns_nothing_by_a_key_that_does_not_count() {
    let shell = Shell::with_log();
    shell
        .run("keygen --kind witness --name witness.example/w1 --out w")
        .expect(0);
    let policy = shell.read("log/trust.policy");
    let limited = format!("{policy}[validity]\nlog {ORIGIN} up-to-size 1\n");
    fs::write(shell.path("limited.policy"), limited).unwrap();
    let server = shell.serve();
    for log in ["log", &server.url] {
        let cosign = format!("witness cosign {log} --key w --state w.state");
        let said = shell
            .run(&format!("{cosign} --policy limited.policy"))
            .expect(5);
        assert!(
            said.stderr
                .contains("the trust policy accepts that key up to size 1"),
            "{said}"
        );
        assert!(!shell.path("w.state").exists());
    }
}

#[test]
fn a_witness_gives_evidence_of_a_fork() {
    let shell = Shell::new();
    shell
        .run(&format!("keygen --kind log --name {ORIGIN} --out k"))
        .expect(0);
    shell
        .run("keygen --kind witness --name witness.example/w1 --out w")
        .expect(0);
    for (log, entries) in [
        ("log", "a\nb\nc\n"),
        ("fork", "a\nX\nc\nd\n"),
        ("older", "a\n"),
    ] {
        shell
            .run(&format!("init {log} --origin {ORIGIN} --key k --raw"))
            .expect(0);
        fs::write(shell.path("entries"), entries).unwrap();
        shell.run(&format!("submit --log {log} entries")).expect(0);
    }
    shell
        .run("witness cosign log --key w --state w.state")
        .expect(0);
    let memory = shell.read("w.state");
    let said = shell
        .run("witness cosign fork --key w --state w.state --format json")
        .expect(7);
    assert_eq!(said.json()["error"]["code"], "inconsistent-heads");
    assert!(
        shell
            .read("w.state.inconsistency")
            .starts_with("glasslog-inconsistency/v1\nold ")
    );
    // The file convicts the log anywhere, by its key alone.
    let verify = "verify inconsistency w.state.inconsistency --policy";
    let said = shell.run(&format!("{verify} log/trust.policy")).expect(0);
    let words = format!("Verified: the log `{ORIGIN}` signed two heads that cannot both be true");
    assert!(
        String::from_utf8_lossy(&said.stdout).contains(&words),
        "{said}"
    );
    shell
        .run("init stranger --origin other.example/log --raw")
        .expect(0);
    shell
        .run(&format!("{verify} stranger/trust.policy"))
        .expect(5);
    shell
        .run("verify inconsistency w --policy log/trust.policy")
        .expect(8);
    let said = shell.run("inspect w.state.inconsistency").expect(0);
    assert!(
        said.stdout
            .starts_with(b"kind: evidence of an inconsistency"),
        "{said}"
    );
    let evidence = shell.read("w.state.inconsistency");
    let (head, proof) = evidence.split_once("prefix ").unwrap();
    let old = head.split_once("new ").unwrap().0;
    let same = format!(
        "{old}new {}prefix {proof}",
        old.split_once("old ").unwrap().1
    );
    fs::write(shell.path("same"), same).unwrap();
    shell
        .run("verify inconsistency same --policy log/trust.policy")
        .expect(3);
    let said = shell
        .run("witness cosign older --key w --state w.state")
        .expect(5);
    assert!(
        said.stderr
            .contains("shows size 1, but this witness has cosigned size 3"),
        "{said}"
    );
    assert_eq!(shell.read("w.state"), memory);
    for log in ["fork", "older"] {
        assert!(
            !shell
                .read(&format!("{log}/public/checkpoint"))
                .contains("witness.example")
        );
    }

    fs::write(shell.path("entries"), "d\n").unwrap();
    shell.run("submit --log log entries").expect(0);
    let mut tile = fs::read(shell.path("log/public/tile/0/000.p/4")).unwrap();
    tile[0] ^= 1;
    fs::write(shell.path("log/public/tile/0/000.p/4"), tile).unwrap();
    shell
        .run("witness cosign log --key w --state w.state")
        .expect(3);
    fs::remove_file(shell.path("log/public/tile/0/000.p/4")).unwrap();
    shell
        .run("witness cosign log --key w --state w.state")
        .expect(1);
    let forged = shell
        .read("log/public/checkpoint")
        .replacen("\n4\n", "\n5\n", 1);
    fs::write(shell.path("log/public/checkpoint"), forged).unwrap();
    shell
        .run("witness cosign log --key w --state w.state")
        .expect(3);
    shell
        .run("init other --origin other.example/log --raw")
        .expect(0);
    shell
        .run("witness cosign log --key w --state w.state --policy other/trust.policy")
        .expect(5);
}
