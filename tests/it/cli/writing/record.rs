//! Signing and appending one event: answers, dry runs, hashed files, and events that are refused before the log sees them.
use std::fs;

use glasslog_core::merkle::leaf_hash;
use glasslog_tests::http::request;
use serde_json::{Value, json};

use super::shell::{CI, ORIGIN, Shell};

#[test]
fn record_answers_with_a_proof() {
    let shell = Shell::with_log();
    let said = shell
        .record("log", "--action read --artifact resnet50@2.1 --format json")
        .expect(0)
        .json();
    assert_eq!(said.as_object().unwrap().len(), 9);
    assert_eq!(said["remarks"][0]["code"], "artifact-not-registered");
    assert_eq!(said["schemaVersion"], 1);
    assert_eq!(
        (&said["result"], &said["index"], &said["proof"]),
        (
            &json!("done"),
            &json!(2),
            &json!("models.example.com-access-2.tlog-proof")
        )
    );
    let entries = fs::read(shell.path("log/public/tile/entries/000.p/3")).unwrap();
    let at = entries
        .windows(11)
        .rposition(|window| window == b"{\"payload\":")
        .unwrap();
    assert_eq!(said["leafHash"], leaf_hash(&entries[at..]).to_base64());
    let entry = said["entry"].as_str().unwrap();
    assert_eq!(shell.read(entry).as_bytes(), &entries[at..]);
    let proof = said["proof"].as_str().unwrap();
    shell
        .run(&format!(
            "verify proof {proof} --entry {entry} --policy log/trust.policy"
        ))
        .expect(0);

    let said = shell
        .record("log", "--action read --artifact resnet50@2.1 -o proof")
        .expect(0);
    assert_eq!(said.text(), "recorded entry 3, proof in proof\n");
    assert!(
        shell
            .read("proof")
            .starts_with("c2sp.org/tlog-proof@v1\nindex 3\n")
    );
}

/// The log knows which registration is the first of a name: `record` signs again if it guessed wrong.
#[test]
fn a_registration_states_by_itself_whether_its_name_is_new() {
    let shell = Shell::with_log();
    let register = |name: &str, more: &str| {
        let reason = "--action register --reason-code r --reason first";
        let line = format!("{reason} --artifact {name} {more}").replace("  ", " ");
        shell.record("log", line.trim())
    };
    let envelope = |more: &str| register("m@1", &format!("{more} --dry-run")).expect(0);
    fs::write(shell.path("plain"), envelope("").text()).unwrap();
    fs::write(shell.path("stated"), envelope("--new-name").text()).unwrap();
    let refused = |line: &str, code: &str| {
        let said = shell
            .run(&format!("{line} --log log --format json"))
            .expect(6);
        assert_eq!(said.json()["error"]["code"], code, "{line}");
    };
    refused("submit plain", "register-new-name-missing");
    register("m@1", "").expect(0);
    refused("submit stated", "register-new-name-false");
    register("m@2", "").expect(0);
    register("m", "").expect(0);
    let said = register("m@3", "--new-name --format json").expect(6).json();
    assert_eq!(said["error"]["code"], "register-new-name-false");
    register("m@3", "").expect(0);
    let said = shell.run("history m --log log --policy log/trust.policy --format json");
    let report = said.expect(0).json();
    let versions = report["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 3);
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["code"] == "registrations");
    assert_eq!(check.unwrap()["outcome"], "pass");
}

#[test]
fn record_without_waiting_is_durable_and_published_later() {
    let shell = Shell::with_log();
    let said = shell
        .record(
            "log",
            "--action read --artifact a@1 --no-wait --format json",
        )
        .expect(0)
        .json();
    assert_eq!((&said["index"], &said["proof"]), (&json!(2), &Value::Null));
    assert_eq!(shell.size(), 2);
    let said = shell.run("publish log --format json").expect(0).json();
    assert_eq!((&said["checkpoint"]["size"], shell.size()), (&json!(3), 3));
    let root = said["checkpoint"]["root"].as_str().unwrap().to_owned();
    let again = shell.run("publish log").expect(0);
    assert_eq!(
        again.text(),
        format!("published {ORIGIN} size 3 root {root}\n")
    );
}

#[test]
fn a_dry_run_prints_what_submit_takes() {
    let shell = Shell::with_log();
    let said = shell
        .record("log", "--action read --artifact a@1 --dry-run")
        .expect(0);
    assert!(said.text().starts_with("{\"payload\":\"") && said.text().ends_with("}\n"));
    assert_eq!(shell.size(), 2);
    fs::write(shell.path("event"), &said.stdout).unwrap();
    let submitted = shell.run("submit --log log event").expect(0).json();
    let leaf = leaf_hash(said.text().trim_end().as_bytes()).to_base64();
    assert_eq!(submitted, json!({ "index": 2, "leafHash": leaf }));
}

#[test]
fn record_hashes_files_and_names_them_all() {
    let shell = Shell::with_log();
    fs::write(shell.path("one"), "test").unwrap();
    fs::write(shell.path("two"), "").unwrap();
    let said = shell
        .run("record --log log --signer file:ci.key --action read --artifact m@1 --file one two --dry-run")
        .expect(0)
        .json();
    let payload =
        glasslog_core::text::wire::base64_decode(said["payload"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    let digests: Vec<&Value> = statement["subject"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subject| &subject["digest"]["sha256"])
        .collect();
    assert_eq!(
        digests,
        [
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ]
    );
    assert_eq!(
        statement["predicate"]["actor"],
        json!({ "id": CI, "type": "workload" })
    );
    assert_eq!(statement["predicate"]["log"], ORIGIN);
    shell
        .run("record --log log --signer ci.key --action read --artifact m@1 --file nowhere")
        .expect(1);
}

/// Events that `record` refuses before it asks the log.
#[test]
fn record_refuses_what_is_no_event() {
    let shell = Shell::with_log();
    for (rest, code, words) in [
        (
            "--action deploy --artifact a@1",
            8,
            "hint: give `--reason TEXT`; its code, `--reason-code`, is `unspecified` by default",
        ),
        (
            "--action deploy --artifact a@1 --reason-code c",
            8,
            "needs a reason",
        ),
        (
            "--action transfer --artifact a@1 --reason why",
            8,
            "hint: give `--from` and `--to`",
        ),
        (
            "--action release --artifact a@1 --reason why",
            8,
            "hint: give `--acts-on`",
        ),
        (
            "--action peek --artifact a@1",
            2,
            "expected one of register, read",
        ),
        (
            "--action read --artifact a@1 --outcome maybe",
            2,
            "expected one of success",
        ),
        (
            "--action read --artifact a@1 --actor-type robot",
            2,
            "expected one of human",
        ),
        ("--action read --artifact a@1 --acts-on x", 2, "`--acts-on`"),
        ("--action read --artifact \u{e9}@1", 2, "percent-encode"),
    ] {
        let said = shell.record("log", rest).expect(code);
        assert!(said.stderr.contains(words), "{said}");
    }
    for (arguments, code) in [
        ("--signer ci.key --digest sha256:AB", 2),
        ("--signer ci.key", 2),
        ("--signer ssh-agent:SHA256:x --digest sha256:00", 2),
        ("--signer pkcs11:token=x --digest sha256:00", 2),
        ("--signer exec:kms --digest sha256:00", 2),
        ("--signer nowhere --digest sha256:00", 1),
        ("--signer ci.key.pub --digest sha256:00", 2),
    ] {
        shell
            .run(&format!(
                "record --log log --action read --artifact a@1 {arguments}"
            ))
            .expect(code);
    }
    assert_eq!(shell.size(), 2);
}

/// The exact bytes of an event can be posted; a line feed after them is named in the refusal.
#[test]
fn a_dry_run_writes_what_a_server_takes() {
    let shell = Shell::with_log();
    let line = "--action read --artifact a@1 --dry-run --entry event";
    let said = shell.record("log", line).expect(0);
    assert_eq!(said.text(), "");
    let event = fs::read(shell.path("event")).unwrap();
    assert_eq!(event.last(), Some(&b'}'));
    let server = shell.serve();
    let add = |body: &[u8]| request(server.address, "POST", "/add", body);
    let refused = add(&[&event[..], b"\n"].concat());
    let words = "where a final line feed stands: send the bytes before it";
    let refused = String::from_utf8(refused.body).unwrap();
    assert!(refused.contains(words), "{refused}");
    assert_eq!(add(&event).body, b"2");
}
