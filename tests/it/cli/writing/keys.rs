//! Making, enrolling and revoking keys, on a directory and through its files.
use std::fs;

use glasslog_core::event::{Spki, parse_secret_pem};
use glasslog_core::note::{SignatureType, SignerKey, VerifierKey};
use serde_json::{Value, json};

use super::shell::{CI, ORIGIN, Shell, mode};

#[test]
fn keygen_writes_both_halves_once() {
    let shell = Shell::new();
    for (kind, name, signs) in [
        ("log", ORIGIN, Some(SignatureType::Ed25519)),
        (
            "index",
            "models.example.com/access/index",
            Some(SignatureType::Ed25519),
        ),
        (
            "witness",
            "witness.example/w1",
            Some(SignatureType::CosignatureV1),
        ),
        (
            "auditor",
            "auditor.example/a1",
            Some(SignatureType::IndexAuditV1),
        ),
        ("actor", CI, None),
        ("admin", "admin", None),
    ] {
        let line = format!("keygen --kind {kind} --name {name} --out {kind}.key");
        let said = shell.run(&line).expect(0);
        let (secret, public) = (
            shell.read(&format!("{kind}.key")),
            shell.read(&format!("{kind}.key.pub")),
        );
        assert_eq!(mode(&shell.path(&format!("{kind}.key"))), 0o600, "{kind}");
        match signs {
            Some(signature_type) => {
                let signer = SignerKey::parse(secret.trim_end()).unwrap();
                let verifier = VerifierKey::parse(public.trim_end()).unwrap();
                assert_eq!(signer.verifier(), &verifier);
                assert_eq!(
                    (verifier.signature_type(), verifier.name().as_str()),
                    (signature_type, name)
                );
                assert_eq!(said.text(), public);
            }
            None => {
                let (signer, actor) = parse_secret_pem(&secret).unwrap();
                let (key, named) = Spki::parse_pem(&public).unwrap();
                assert_eq!(key, Spki::new(signer.public()));
                assert_eq!(
                    (actor.as_deref(), named.as_deref()),
                    (Some(name), Some(name))
                );
                assert_eq!(said.text().trim_end(), key.key_id());
            }
        }
        let again = shell.run(&line).expect(1);
        assert!(again.stderr.contains("exists already"), "{again}");
        assert_eq!(shell.read(&format!("{kind}.key")), secret);
        fs::remove_file(shell.path(&format!("{kind}.key"))).unwrap();
        shell.run(&line).expect(1);
        assert!(
            !shell.path(&format!("{kind}.key")).exists(),
            "a secret key without its public half"
        );
    }
    let json = shell
        .run("keygen --kind actor --name a --out a.key --format json")
        .expect(0)
        .json();
    assert_eq!(json["result"], "done");
    assert_eq!(
        (&json["secret"], &json["public"]),
        (&json!("a.key"), &json!("a.key.pub"))
    );
}

#[test]
fn keygen_refuses_what_it_cannot_make() {
    let shell = Shell::new();
    for (arguments, words) in [
        (
            "--kind actor --name a --alg p256",
            "`--alg p256` is not available in this version",
        ),
        (
            "--kind actor --name a --alg ml-dsa-44",
            "`--alg ml-dsa-44`: keys of actors and admins are Ed25519",
        ),
        (
            "--kind admin --name a --alg ml-dsa-44",
            "`--alg ml-dsa-44`: keys of actors and admins are Ed25519",
        ),
        ("--kind log --name a+b", "`--name`"),
        ("--kind actor --name \u{e9}", "`--name`: an actor's id is"),
    ] {
        let said = shell.run(&format!("keygen {arguments} --out k")).expect(2);
        assert!(said.stderr.contains(words), "{said}");
        assert!(!shell.path("k").exists());
    }
}

/// A log, its witness and its reader that rest on no Ed25519 but that of the events.
#[test]
fn a_log_and_its_witness_sign_by_ml_dsa() {
    let shell = Shell::new();
    for (kind, name) in [
        ("log", "example.com/pq"),
        ("witness", "example.com/w"),
        ("auditor", "example.com/a"),
    ] {
        let made = shell.run(&format!(
            "keygen --kind {kind} --name {name} --alg ml-dsa-44 --out {kind}.key"
        ));
        made.expect(0);
        let shown = shell.run(&format!("inspect {kind}.key.pub")).expect(0);
        assert!(shown.text().contains("ML-DSA-44"), "{shown}");
    }
    shell
        .run("init log --origin example.com/pq --key log.key")
        .expect(0);
    let key = |kind: &str| std::fs::read_to_string(shell.path(&format!("{kind}.key.pub"))).unwrap();
    let [log, witness] = ["log", "witness"].map(key);
    let text = format!("log {log}witness w {witness}quorum w\n");
    std::fs::write(shell.path("policy"), text).unwrap();
    shell.run("audit log --policy policy").expect(5);
    shell
        .run("witness cosign log --key witness.key --state seen --policy policy")
        .expect(0);
    shell.run("audit log --policy policy").expect(0);
    // The second time it remembers, and the key of another role is refused.
    shell
        .run("witness cosign log --key witness.key --state seen --policy policy")
        .expect(0);
    shell
        .run("witness cosign log --key auditor.key --state seen --policy policy")
        .expect(2);
    shell.run("trust show policy").expect(0);
    shell.run("trust check policy").expect(0);
}

#[test]
fn keys_come_and_go() {
    let shell = Shell::with_log();
    let said = shell
        .run("keys list --log log --format json")
        .expect(0)
        .json();
    assert_eq!(
        (&said["size"], said["admins"].as_array().unwrap().len()),
        (&json!(2), 1)
    );
    let key = &said["keys"][0];
    assert_eq!(
        (&key["actor"], &key["enrolledAt"], &key["revokedAt"]),
        (&json!(CI), &json!(1), &Value::Null)
    );
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
    shell
        .run("keys revoke --log log --key ci.key.pub --reason stolen --compromised-since 2")
        .expect(0);
    let said = shell.run("keys list --log log").expect(0);
    assert!(
        said.text()
            .contains(", enrolled at 1, revoked at 3, compromised since 2 (stolen)\n"),
        "{said}"
    );
    shell
        .record("log", "--action read --artifact a@1")
        .expect(5);
    shell
        .run("keys revoke --log log --key ci.key.pub --reason again")
        .expect(6);
    let server = shell.serve();
    let remote = shell
        .run(&format!("keys list --log {}", server.url))
        .expect(0);
    assert_eq!(remote.text(), said.text());
    shell
        .run(&format!(
            "keys enrol --log {} --actor {CI} --key ci.key.pub",
            server.url
        ))
        .expect(2);
    drop(server);
    shell
        .run(&format!("init raw --origin {ORIGIN} --raw"))
        .expect(0);
    shell.run("keys list --log raw").expect(4);
}

/// Cases 4 and 5 of what went wrong with revocations.
#[test]
fn a_revocation_is_final_and_amended_in_one_direction() {
    let shell = Shell::with_log();
    for _ in 0..3 {
        shell
            .record("log", "--action read --artifact m@1 -o proof")
            .expect(0);
    }
    let verified = |exit| {
        let line = "history m@1 --log log --policy log/trust.policy --full-scan";
        shell.run(line).expect(exit)
    };
    let refused = |line: &str, words: &str| {
        let said = shell
            .run(&format!("{line} --log log --key ci.key.pub"))
            .expect(6);
        assert!(said.stderr.contains(words), "{said}");
    };
    let beyond = "is 99999999, but the log has 5 entries";
    refused(
        "keys revoke --reason stolen --compromised-since 99999999",
        beyond,
    );
    refused(
        "keys amend --reason stolen --compromised-since 2",
        "the key is not revoked",
    );
    shell
        .run("keys revoke --log log --key ci.key.pub --reason stolen")
        .expect(0);
    refused(
        &format!("keys enrol --actor {CI}"),
        "the key was revoked at index 5, which is final",
    );
    verified(0);
    shell
        .run("keys amend --log log --key ci.key.pub --reason seen --compromised-since 4")
        .expect(0);
    refused(
        "keys amend --reason again --compromised-since 4",
        "the key counts as compromised since 4 already",
    );
    // A second revocation states it as an amendment does.
    shell
        .run("keys revoke --log log --key ci.key.pub --reason stolen --compromised-since 2")
        .expect(0);
    let said = verified(5);
    assert!(said.text().contains("counts for nothing"), "{said}");
    let said = shell.run("keys list --log log").expect(0);
    assert!(said.text().contains("compromised since 2"), "{said}");
}

/// A server could name another log, for which an admin's signature would then count.
#[test]
fn an_admin_can_check_the_log_before_it_signs() {
    let shell = Shell::with_log();
    shell
        .run("keygen --kind actor --name new@example.org --out new.key")
        .expect(0);
    fs::write(shell.path("other.policy"), "quorum none\n").unwrap();
    let enrol = "keys enrol --log log --actor new@example.org --key new.key.pub --policy";
    let size = shell.size();
    let said = shell.run(&format!("{enrol} other.policy")).expect(5);
    assert!(said.stderr.contains("names no log"), "{said}");
    assert_eq!(shell.size(), size);
    shell.run(&format!("{enrol} log/trust.policy")).expect(0);
}

/// A list of keys is verified by a policy, or says that it is not.
#[test]
fn a_list_of_keys_says_whether_it_is_verified() {
    let shell = Shell::with_log();
    shell.run("init other --origin other.example").expect(0);
    let server = shell.serve();
    let policy = shell.read("log/trust.policy");
    let pinned = |pin: &str| format!("{policy}[genesis]\n{pin}\n");
    let other = format!("{}=", "A".repeat(43));
    fs::write(shell.path("wrong"), pinned(&other)).unwrap();
    for log in ["log", &server.url] {
        let list = format!("keys list --log {log} --format json");
        let said = shell.run(&list).expect(0);
        assert_eq!(said.json()["verified"], false);
        assert!(
            said.stderr.contains("no signature of the log is verified"),
            "{said}"
        );
        let said = shell
            .run(&format!("{list} --policy log/trust.policy"))
            .expect(0);
        assert_eq!(said.json()["verified"], true);
        assert_eq!(said.stderr, "");
        shell
            .run(&format!("{list} --policy other/trust.policy"))
            .expect(5);
        let said = shell.run(&format!("{list} --policy wrong")).expect(3);
        assert_eq!(said.json()["error"]["code"], "genesis-not-pinned");
    }
}
