//! `monitor`: each alert states the verdict on the event's signature at its index, and a withdrawn event is told once more.
use std::fs;

use glasslog_tests::command::Finished;
use serde_json::Value;

use crate::cli::writing::shell::{ORIGIN, Shell};

const MONITOR: &str = "monitor log --policy log/trust.policy --state m.state --once";

/// The told entries: kind, index, verdict, and the index of the withdrawal.
fn told(said: &Finished) -> Vec<(String, u64, String, Option<u64>)> {
    let row = |line: &str| {
        let alert: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| alert[name].as_str().unwrap_or("null").to_owned();
        let at = alert["withdrawnAt"].as_u64();
        (
            text("kind"),
            alert["index"].as_u64().unwrap(),
            text("signature"),
            at,
        )
    };
    said.text().lines().map(row).collect()
}

fn event(index: u64, signature: &str) -> (String, u64, String, Option<u64>) {
    ("event".into(), index, signature.into(), None)
}

fn withdrawn(index: u64, at: u64) -> (String, u64, String, Option<u64>) {
    ("withdrawn".into(), index, "compromised".into(), Some(at))
}

fn read(shell: &Shell) {
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
}

fn state(shell: &Shell, op: &str, since: u64) {
    let line =
        format!("keys {op} --log log --key ci.key.pub --reason stolen --compromised-since {since}");
    shell.run(&line).expect(0);
}

/// The entries of a log with one bundle.
fn entries(shell: &Shell, size: usize) -> Vec<Vec<u8>> {
    let path = format!("log/public/tile/entries/000.p/{size}");
    let bundle = fs::read(shell.path(&path)).unwrap();
    let (mut rest, mut entries) = (&bundle[..], Vec::new());
    while let [high, low, after @ ..] = rest {
        let (entry, after) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        entries.push(entry.to_vec());
        rest = after;
    }
    entries
}

/// A log whose operator lets everything in.
fn lax(shell: &Shell, log: &str, entries: &[Vec<u8>]) {
    let key = "log/keys/log";
    shell
        .run(&format!("init {log} --origin {ORIGIN} --key {key} --raw"))
        .expect(0);
    fs::write(shell.path("lines"), entries.join(&b'\n')).unwrap();
    shell.run(&format!("submit --log {log} lines")).expect(0);
}

#[test]
fn a_withdrawal_is_told_once_for_each_event_that_was_told() {
    let shell = Shell::with_log();
    read(&shell);
    let later = MONITOR.replace("m.state", "later.state") + " --from-now";
    assert_eq!(shell.run(&later).expect(0).text(), "");
    read(&shell);
    let valid: Vec<_> = (0..4).map(|index| event(index, "valid")).collect();
    assert_eq!(told(&shell.run(MONITOR).expect(0)), valid);
    // The keys are those of the whole log, although its first entries are not told.
    assert_eq!(told(&shell.run(&later).expect(0)), [event(3, "valid")]);
    state(&shell, "revoke", 3);
    // It was not delivered, so it is told again.
    let failing = format!("{MONITOR} --exec grep>/dev/null\tevent");
    let mut failing = shell.command(&failing);
    failing.args(["--exec-timeout", "20s"]);
    let said = glasslog_tests::command::finish(&mut failing).expect(1);
    let both = [event(4, "valid"), withdrawn(3, 4)];
    assert_eq!(told(&said), both);
    assert_eq!(told(&shell.run(MONITOR).expect(0)), both);
    assert_eq!(shell.run(MONITOR).expect(0).text(), "");
    state(&shell, "amend", 2);
    let said = shell.run(MONITOR).expect(0);
    assert_eq!(told(&said), [event(5, "valid"), withdrawn(2, 5)]);
    // Entry 2 was never told there.
    let said = shell.run(&later).expect(0);
    assert_eq!(
        told(&said),
        [event(4, "valid"), event(5, "valid"), withdrawn(3, 4)]
    );
    // A fresh monitor says the same with the same identifiers, and `history` the same words.
    let fresh = shell
        .run(&MONITOR.replace("m.state", "fresh.state"))
        .expect(0);
    let mut all = valid;
    all.extend([
        event(4, "valid"),
        event(5, "valid"),
        withdrawn(2, 5),
        withdrawn(3, 4),
    ]);
    assert_eq!(told(&fresh), all);
    let history = "history a@1 --log log --policy log/trust.policy --format json --full-scan";
    let history = shell.run(history).json();
    let verdicts = history["events"].as_array().unwrap().iter().map(|it| {
        let text = |name: &str| it[name].as_str().unwrap().to_owned();
        (
            it["index"].as_u64().unwrap(),
            text("signatureThen"),
            text("signature"),
        )
    });
    let said = |index| (index, "valid".to_owned(), "compromised".to_owned());
    assert_eq!(verdicts.collect::<Vec<_>>(), [said(2), said(3)]);
    for alert in fresh.text().lines().skip(6) {
        let alert: Value = serde_json::from_str(alert).unwrap();
        assert_eq!(alert["claims"]["action"], "read", "{alert}");
        assert!(alert["keyid"].is_string(), "{alert}");
    }
}

#[test]
fn each_verdict_is_that_of_history() {
    let shell = Shell::with_log();
    (0..4).for_each(|_| read(&shell));
    shell
        .run("keys revoke --log log --key ci.key.pub --reason left")
        .expect(0);
    let all = entries(&shell, 7);
    let text = String::from_utf8(all[5].clone()).unwrap();
    // The first base64 character of the signature differs.
    let at = text.find("\"sig\":\"").unwrap() + 7;
    let other = if text[at..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    let bad = [&text[..at], other, &text[at + 1..]].concat().into_bytes();
    let order = [
        &all[0], &all[2], &all[1], &all[3], &bad, &all[6], &all[4], &all[6],
    ];
    let order: Vec<Vec<u8>> = order.into_iter().cloned().collect();
    lax(&shell, "lax", &order[..7]);
    let lines = MONITOR.replace("monitor log", "monitor lax");
    let said = told(&shell.run(&lines).expect(0));
    let expected = [
        "valid",
        "unknown-key",
        "valid",
        "valid",
        "invalid",
        "valid",
        "revoked-key",
    ];
    let verdicts: Vec<&str> = said.iter().map(|it| it.2.as_str()).collect();
    assert_eq!(verdicts, expected);
    let history =
        shell.run("history a@1 --log lax --policy log/trust.policy --format json --full-scan");
    for event in history.json()["events"].as_array().unwrap() {
        let index = usize::try_from(event["index"].as_u64().unwrap()).unwrap();
        assert_eq!(event["signatureThen"], expected[index], "{event}");
    }
    // A key event that changes nothing says why; without its genesis a log has no keys.
    lax(&shell, "headless", &[all[1].clone(), all[2].clone()]);
    let headless = "monitor headless --policy log/trust.policy --state h.state --once";
    let said = told(&shell.run(headless).expect(0));
    assert_eq!(said, [event(0, "unknown-key"), event(1, "unknown-key")]);
    lax(
        &shell,
        "early",
        &[all[0].clone(), all[6].clone(), b"no event".to_vec()],
    );
    let early = "monitor early --policy log/trust.policy --state e.state --once";
    let said = shell.run(early).expect(0);
    assert_eq!(told(&said)[1..], [event(1, "valid"), event(2, "null")]);
    let alert: Value = serde_json::from_str(said.text().lines().nth(1).unwrap()).unwrap();
    assert_eq!(alert["noEffect"], "key-not-enrolled", "{alert}");
}

/// Nothing is told of a log whose first entry is not the genesis that it must be.
#[test]
fn another_genesis_is_an_alarm() {
    let shell = Shell::with_log();
    read(&shell);
    let all = entries(&shell, 3);
    lax(&shell, "headless", &all[1..]);
    let first = shell.run(MONITOR).expect(0);
    let first: Value = serde_json::from_str(first.text().lines().next().unwrap()).unwrap();
    let policy = shell.read("log/trust.policy");
    let pin = |leaf: &str| format!("{policy}\n[genesis]\n{leaf}\n");
    fs::write(
        shell.path("pinned"),
        pin(first["leafHash"].as_str().unwrap()),
    )
    .unwrap();
    let headless = "monitor headless --policy pinned --state h.state --once";
    let said = shell.run(headless).expect(3);
    assert_eq!(said.text().lines().count(), 1, "{said}");
    assert!(said.text().contains("entry 0 is not the genesis"), "{said}");
    // A pin that the reader gives later counts as well.
    let pinned = MONITOR.replace("log/trust.policy", "pinned");
    assert_eq!(shell.run(&pinned).expect(0).text(), "");
    fs::write(shell.path("pinned"), pin(DIGEST_OF_ANOTHER)).unwrap();
    let said = shell.run(&pinned).expect(3);
    assert!(said.text().contains("entry 0 is not the genesis"), "{said}");
    // A copy of a genesis in a log of another name.
    shell
        .run("init alien --origin other.example/log --raw")
        .expect(0);
    fs::write(shell.path("lines"), &all[0]).unwrap();
    shell.run("submit --log alien lines").expect(0);
    let alien = "monitor alien --policy alien/trust.policy --state a.state --once";
    let said = shell.run(alien).expect(3);
    assert!(
        said.text().contains("not a valid genesis of this log"),
        "{said}"
    );
}

/// Base64 of some SHA-256.
const DIGEST_OF_ANOTHER: &str = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";

#[test]
fn damaged_keys_in_a_state_are_refused() {
    let shell = Shell::with_log();
    read(&shell);
    shell.run(MONITOR).expect(0);
    let good = fs::read(shell.path("m.state")).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    assert_eq!(text.matches("\nkey ").count(), 1, "{text}");
    let begins = text.find("key 0 ").unwrap();
    for at in (begins..good.len()).step_by(37) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(shell.path("m.state"), &bad).unwrap();
        shell.run(MONITOR).expect(8);
    }
    // An enrolment that is cut off at its end would leave its actor unknown.
    let enrolment = text.rfind("key 1 ").unwrap();
    fs::write(shell.path("m.state"), &good[..enrolment]).unwrap();
    shell.run(MONITOR).expect(8);
}
