//! Outcomes of submissions that fail: each error says whether the entry is in the log, is durable or may be in the log.
use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use glasslog_tests::command::Finished;
use glasslog_tests::proxy::{Proxy, Wire};
use glasslog_tests::skip;
use serde_json::Value;

use super::shell::{CI, Shell};

const READ: &str = "--action read --artifact m@1";
const FULL: &str = "/dev/full is absent: a full disk is not tried";

fn submitted(said: &Finished) -> Value {
    said.json()["submitted"].clone()
}

/// Case 2: nothing is signed if the proof has no place.
#[test]
fn nothing_is_recorded_without_a_place_for_the_proof() {
    let shell = Shell::with_log();
    let event = "--action deploy --artifact m@1 --reason-code r --reason one";
    for _ in 0..3 {
        shell
            .record("log", &format!("{event} -o no/such/dir/p --format json"))
            .expect(1);
    }
    assert_eq!(shell.size(), 2);
}

/// A full disk after the event was published: the error says so, and the old proof stays.
#[test]
fn a_proof_that_cannot_be_written_leaves_the_entry_in_the_log() {
    let shell = Shell::with_log();
    if !shell.has_device("full") {
        return skip::skipped(FULL);
    }
    let said = shell
        .record("log", &format!("{READ} -o full --format json"))
        .expect(1);
    let error = &said.json()["error"];
    assert_eq!(
        error["message"],
        "entry 2 is in the log, but `full`: no space left on the device"
    );
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("glasslog prove --log log --index 2")
    );
    let found = submitted(&said);
    assert_eq!(
        (&found["state"], &found["index"]),
        (&"in-log".into(), &2.into())
    );
    // The envelope is what the log has: it keeps its index.
    fs::write(shell.path("kept"), found["envelope"].as_str().unwrap()).unwrap();
    let again = shell.run("submit --log log kept").expect(0).json();
    assert_eq!(
        (&again["index"], &again["leafHash"]),
        (&2.into(), &found["leafHash"])
    );
    assert_eq!(shell.size(), 3);
}

/// Standard output is full: the verbs that submit say that the entry is in the log.
#[test]
fn a_result_that_cannot_be_printed_leaves_the_entry_in_the_log() {
    let shell = Shell::with_log();
    if !shell.has_device("full") {
        return skip::skipped(FULL);
    }
    shell
        .run("keygen --kind actor --name eve --out eve.key")
        .expect(0);
    let dry = format!("{READ} --dry-run");
    let lines = [(); 3].map(|()| shell.record("log", &dry).expect(0).text().to_owned());
    fs::write(shell.path("lines"), lines.concat()).unwrap();
    let digest = super::shell::DIGEST;
    for (line, words) in [
        (
            format!("record --log log --signer ci.key --digest {digest} {READ}"),
            "entry 2 is in the log, but standard output",
        ),
        (
            format!("record --log log --signer ci.key --digest {digest} {READ} --no-wait"),
            "entry 3 is durable, but not published yet: standard output",
        ),
        (
            "keys enrol --log log --actor eve --key eve.key.pub".into(),
            "entry 4 is in the log, but standard output",
        ),
        (
            "keys revoke --log log --key eve.key.pub --reason lost".into(),
            "entry 5 is in the log, but standard output",
        ),
        (
            "submit --log log lines".into(),
            "the entries of lines 1 to 3 are in the log, but standard output",
        ),
    ] {
        let full = File::options()
            .write(true)
            .open(shell.path("full"))
            .unwrap();
        let mut command = shell.command(&line);
        let output = command
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains(&format!("glasslog: error: {words}")),
            "{stderr}"
        );
    }
    assert_eq!(shell.size(), 9);
}

/// A lost answer: the entry may be in the log; its envelope is kept, and repeating it answers the same index.
#[test]
fn an_event_without_an_answer_is_kept() {
    let digest = super::shell::DIGEST;
    let said = lose_the_answer(&format!(
        "record --log LOG --signer ci.key --digest {digest} {READ} --entry mine"
    ));
    assert_eq!(said["file"], "mine");
}

#[test]
fn a_key_event_without_an_answer_is_kept() {
    let enrol = "keys enrol --log LOG --admin log/keys/admin --actor eve --key eve.key.pub";
    let said = lose_the_answer(enrol);
    let file = said["file"].as_str().unwrap();
    assert!(
        file.starts_with("unanswered-") && file.ends_with(".entry"),
        "{said}"
    );
}

/// Runs a command whose answer is lost on the way; returns what it says of the entry.
fn lose_the_answer(line: &str) -> Value {
    let shell = Shell::with_log();
    shell
        .run("keygen --kind actor --name eve --out eve.key")
        .expect(0);
    let server = shell.serve();
    let proxy = Proxy::start(server.address);
    let through = format!("http://{}", proxy.address());
    let said = mute_to_posts(&shell, &proxy, &line.replace("LOG", &through));
    assert_eq!(said.code, 1, "{said}");
    let error = &said.json()["error"];
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("the entry may be in the log: "),
        "{said}"
    );
    let found = submitted(&said);
    assert_eq!(
        (&found["state"], &found["index"]),
        (&"unknown".into(), &Value::Null)
    );
    let kept = found["file"].as_str().unwrap();
    assert_eq!(shell.read(kept), found["envelope"].as_str().unwrap());
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.contains(&format!("glasslog submit --log {through} {kept}")),
        "{hint}"
    );
    // The server took it: the answer is its index.
    let again = shell
        .run(&format!("submit --log {through} {kept}"))
        .expect(0);
    assert_eq!(again.json()["index"], 2);

    // To a server that is not there, nothing was sent.
    let line = line.replace("LOG", "http://127.0.0.1:1/");
    let said = shell.run(&format!("{line} --format json")).expect(1);
    assert_eq!(submitted(&said), Value::Null);
    found
}

/// Runs a command through a wire on which answers to `POST` are lost.
fn mute_to_posts(shell: &Shell, proxy: &Proxy, line: &str) -> Finished {
    proxy.set(Wire::MuteToPosts);
    let said = shell.run(&format!("{line} --format json"));
    proxy.set(Wire::Whole);
    said
}

/// A process that is killed before the answer leaves the event, which is then repeated.
#[test]
fn a_killed_process_leaves_the_event() {
    let shell = Shell::with_log();
    let server = shell.serve();
    let proxy = Proxy::start(server.address);
    proxy.set(Wire::MuteToPosts);
    let digest = super::shell::DIGEST;
    let line = format!(
        "record --log http://{} --signer ci.key --digest {digest} {READ}",
        proxy.address()
    );
    let mut command = shell.command(&line);
    let mut process = command.stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while shell.size() < 3 {
        assert!(began.elapsed() < Duration::from_secs(30), "the event comes");
        thread::sleep(Duration::from_millis(10));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    proxy.set(Wire::Whole);
    let names = fs::read_dir(shell.folder.path()).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept = names.find(|name| name.starts_with("unanswered-")).unwrap();
    let said = shell.run(&format!("submit --log {} {kept}", server.url));
    assert_eq!(said.expect(0).json()["index"], 2);
}

/// The lines of a batch without an answer are named.
#[test]
fn lines_without_an_answer_are_named() {
    let shell = Shell::with_log();
    let server = shell.serve();
    let proxy = Proxy::start(server.address);
    let dry = format!("{READ} --dry-run");
    let lines = [(); 3].map(|()| shell.record("log", &dry).expect(0).text().to_owned());
    fs::write(shell.path("lines"), lines.concat()).unwrap();
    let line = format!("submit --log http://{} lines", proxy.address());
    let said = mute_to_posts(&shell, &proxy, &line);
    assert_eq!(said.code, 1, "{said}");
    let found = submitted(&said);
    assert_eq!(found["state"], "unknown");
    assert_eq!(
        (&found["firstLine"], &found["lastLine"]),
        (&1.into(), &3.into())
    );
    let said = shell.run(&line).expect(0);
    assert_eq!(said.text().lines().count(), 3);
    assert_eq!(shell.size(), 5);
}

/// The same command with the same id answers with the same index, also of a registration.
#[test]
fn an_event_is_recorded_once_by_its_id() {
    let shell = Shell::with_log();
    let (v4, v7) = (
        "6a2f41a3-c54c-4ce8-92b5-7b1b1a1a1a1a",
        "019a8c3e-7d1b-7f0e-9b7a-000000000001",
    );
    let register = "--action register --artifact m@1 --reason-code r --reason first";
    let deploy = "--action deploy --artifact m@1 --reason-code r --reason go";
    let timed = format!("{v4} --occurred-at 2026-11-23T12:00:00Z");
    for (at, line) in [
        format!("{register} --event-id {v7}"),
        format!("{deploy} --event-id {v7}"),
        format!("{deploy} --event-id {timed}"),
    ]
    .into_iter()
    .enumerate()
    {
        for _ in 0..2 {
            let said = shell
                .record("log", &format!("{line} --format json"))
                .expect(0)
                .json();
            assert_eq!(said["index"], 2 + at, "{line}");
        }
        let server = shell.serve();
        let said = shell.record(&server.url, &format!("{line} --format json"));
        assert_eq!(said.expect(0).json()["index"], 2 + at, "{line}");
    }
    // A registration that was made without an id of the user's is found by the one that it got.
    let second = "--action register --artifact m@2 --reason-code r --reason next";
    let said = shell
        .record("log", &format!("{second} --format json"))
        .expect(0)
        .json();
    let id = said["eventId"].as_str().unwrap();
    let again = shell.record("log", &format!("{second} --event-id {id} --format json"));
    assert_eq!(again.expect(0).json()["index"], said["index"]);
    assert_eq!(shell.size(), 6);

    let said = shell
        .record("log", &format!("{deploy} --event-id {v4}"))
        .expect(2);
    assert!(
        said.stderr.contains("hint: give `--occurred-at TIME`"),
        "{said}"
    );
    shell
        .record("log", &format!("{deploy} --event-id x"))
        .expect(2);
}

/// Case 9: the key file names one actor, the flag another.
#[test]
fn the_actor_of_the_key_file_and_the_flag_agree() {
    let shell = Shell::with_log();
    shell
        .run("keygen --kind actor --name dave@x --out dave.key")
        .expect(0);
    for line in [
        "keys enrol --log log --actor dvae@x --key dave.key.pub",
        &format!(
            "record --log log --signer dave.key --actor dvae@x --digest {} {READ}",
            super::shell::DIGEST
        ),
    ] {
        let said = shell.run(line).expect(2);
        assert!(
            said.stderr
                .contains("`--actor dvae@x` differs from `dave@x`"),
            "{said}"
        );
    }
    shell
        .run("keys enrol --log log --actor dave@x --key dave.key.pub")
        .expect(0);
    shell
        .record("log", &format!("{READ} --actor {CI}"))
        .expect(0);
    assert_eq!(shell.size(), 4);
}

/// Nothing to submit is no success, and says so in JSON.
#[test]
fn submitting_nothing_is_exit_4() {
    let shell = Shell::with_log();
    fs::write(shell.path("none"), "").unwrap();
    let said = shell.run("submit --log log none --format json").expect(4);
    assert_eq!(said.json()["error"]["code"], "nothing-submitted");
    let said = shell.run("submit --log log none").expect(4);
    assert!(said.stdout.is_empty() && said.stderr.contains("there is no line to submit"));
    // A file that is missing is found before the lines of the first are submitted.
    let event = shell.record("log", &format!("{READ} --dry-run")).expect(0);
    fs::write(shell.path("event"), &event.stdout).unwrap();
    shell.run("submit --log log event nowhere").expect(1);
    assert_eq!(shell.size(), 2);
}

/// Case 6: the words that `record` takes are those by which `history` finds the event.
#[test]
fn recorded_names_are_found_by_the_same_words() {
    let shell = Shell::with_log();
    let hex = &super::shell::DIGEST["sha256:".len()..];
    for name in [
        "name:foo",
        "name:key:x",
        "name:./m",
        "name:pkg:huggingface/bert@1",
        "@s/m",
    ] {
        shell
            .record("log", &format!("--action read --artifact {name}"))
            .expect(0);
        shell
            .run(&format!(
                "history {name} --log log --policy log/trust.policy"
            ))
            .expect(0);
    }
    let size = shell.size();
    for name in [
        "key:x",
        "./m",
        "pkg:huggingface/bert@1",
        "actor:ci",
        super::shell::DIGEST,
        hex,
    ] {
        let said = shell
            .record("log", &format!("--action read --artifact {name}"))
            .expect(2);
        assert!(
            said.stderr.contains("`name:` before it makes it a name"),
            "{said}"
        );
    }
    let said = Command::new(glasslog_tests::glasslog::binary())
        .args([
            "record", "--log", "log", "--signer", "ci.key", "--action", "read",
        ])
        .args(["--artifact", "my model@1", "--digest", super::shell::DIGEST])
        .current_dir(shell.folder.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("`--artifact`") && stderr.contains("percent-encode"),
        "{stderr}"
    );
    assert_eq!(shell.size(), size);

    // A digest has several spellings, and an actor's id may look like a version.
    let upper = hex.to_ascii_uppercase();
    for spelling in [hex, &upper, &format!("SHA256:{upper}")] {
        shell
            .run(&format!(
                "history {spelling} --log log --policy log/trust.policy"
            ))
            .expect(0);
        shell
            .run(&format!(
                "record --log log --signer ci.key --digest {spelling} {READ} --dry-run"
            ))
            .expect(0);
    }
    let said = shell
        .run(&format!("history {CI} --log log --policy log/trust.policy"))
        .expect(4);
    assert!(
        said.stderr.contains(&format!("ask for `actor:{CI}`")),
        "{said}"
    );
}

/// Every exit code but 2 comes with one line of JSON: a report, findings, or an error with a code and a message.
#[test]
fn every_failure_has_one_line_of_json() {
    let shell = Shell::with_log();
    let digest = super::shell::DIGEST;
    shell
        .run("init raw --origin raw.example/log --raw")
        .expect(0);
    shell
        .run("keygen --kind witness --name w.example/1 --out w.key")
        .expect(0);
    fs::write(shell.path("bad"), "bad").unwrap();
    fs::write(shell.path("none"), "").unwrap();
    let policy = "--policy log/trust.policy";
    for (line, code) in [
        ("init log --origin a.example/log".to_owned(), 1),
        ("keygen --kind actor --name a --out ci.key".into(), 1),
        ("keys list --log nowhere".into(), 1),
        ("keys list --log raw".into(), 4),
        ("keys enrol --log log --actor a --key bad".into(), 8),
        (
            format!("keys enrol --log log --actor {CI} --key ci.key.pub --admin ci.key"),
            5,
        ),
        (
            "keys revoke --log log --key ci.key.pub --reason r --compromised-since 99".into(),
            6,
        ),
        (
            "keys amend --log log --key ci.key.pub --reason r --compromised-since 1".into(),
            6,
        ),
        ("acknowledge 1 --log log --reason r".into(), 6),
        ("acknowledge 9 --log log --reason r".into(), 4),
        (
            format!("record --log nowhere --signer ci.key --digest {digest} {READ}"),
            1,
        ),
        (
            format!("record --log log --signer bad --digest {digest} {READ}"),
            8,
        ),
        (
            format!(
                "record --log log --signer ci.key --digest {digest} --action deploy --artifact m@1"
            ),
            8,
        ),
        ("submit --log log nowhere".into(), 1),
        ("submit --log log none".into(), 4),
        ("submit --log log bad".into(), 8),
        ("publish nowhere".into(), 1),
        ("serve nowhere --listen 127.0.0.1:0".into(), 1),
        (format!("history m@1 --log nowhere {policy}"), 1),
        (format!("history m@1 --log log {policy}"), 4),
        (format!("history m@1 --log raw {policy}"), 5),
        ("history m@1 --log log --policy bad".into(), 8),
        (format!("verify file bad --log log {policy}"), 4),
        (format!("verify file nowhere --log log {policy}"), 1),
        (format!("verify entry 9 --log log {policy}"), 4),
        (format!("verify proof bad --entry bad {policy}"), 8),
        (format!("verify proof bad {policy}"), 1),
        (format!("verify bundle bad {policy}"), 8),
        (format!("verify fraud bad {policy}"), 8),
        (
            format!("verify consistency --old bad --log log {policy}"),
            8,
        ),
        ("prove --log log --index 9 -o p".into(), 4),
        ("prove --log nowhere --index 0 -o p".into(), 1),
        (format!("bundle m@1 --log nowhere {policy} -o b"), 1),
        (format!("audit nowhere {policy}"), 1),
        ("audit log --policy bad".into(), 8),
        (format!("audit log {policy} --resume bad"), 8),
        ("index log --audited bad".into(), 8),
        ("witness cosign log --key w.key --state bad".into(), 8),
        ("inspect nowhere".into(), 1),
        ("doctor --log nowhere".into(), 1),
        ("log status nowhere".into(), 1),
        ("log close nowhere --yes".into(), 1),
    ] {
        let said = shell.run(&format!("{line} --format json"));
        assert_eq!(said.code, code, "{line}: {said}");
        assert_eq!(said.text().lines().count(), 1, "{line}: {said}");
        let value = said.json();
        let error = &value["error"];
        let is_error = error["code"].is_string() && error["message"].is_string();
        assert!(is_error || value["checks"].is_array(), "{line}: {said}");
    }
}
