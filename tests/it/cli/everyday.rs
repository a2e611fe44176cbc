//! Everyday reach: short histories, variables for flags, a flag for every claim, and what is found out before it hurts.
use std::fs;
use std::os::unix::fs::PermissionsExt;

use glasslog_tests::command::finish;
use serde_json::{Value, json};

use crate::cli::writing::shell::{CI, DIGEST, ORIGIN, Shell};

const HISTORY: &str = "history w@1 --log log --policy log/trust.policy";

fn read_twice(shell: &Shell) {
    for _ in 0..2 {
        let read = "--action read --artifact w@1 -o proof";
        shell.record("log", read).expect(0);
    }
}

#[test]
fn a_history_can_be_short() {
    let shell = Shell::with_log();
    read_twice(&shell);
    let denied = "--action read --artifact w@1 --outcome denied -o proof";
    shell.record("log", denied).expect(0);
    let quiet = shell.run(&format!("{HISTORY} --quiet")).expect(0);
    let sentence = format!(
        "✓ Verified: these are all 3 events about version `w@1` in the log `{ORIGIN}` of 5 entries.\n"
    );
    assert_eq!(quiet.text(), sentence);

    let last = shell.run(&format!("{HISTORY} --last 1")).expect(0);
    let (_, shown) = last.text().split_once("Events, the last 1 of 3\n").unwrap();
    let rows: Vec<&str> = shown.lines().skip(1).collect();
    assert!(
        rows.len() == 1 && rows[0].contains("read (denied)"),
        "{last}"
    );
    let all = shell.run(&format!("{HISTORY} --last 9")).expect(0);
    assert!(all.text().contains("\nEvents\n"), "{all}");

    let summary = shell.run(&format!("{HISTORY} --summary")).expect(0);
    let (_, shown) = summary.text().split_once("Events, counted\n").unwrap();
    let rows: Vec<Vec<&str>> = shown
        .lines()
        .skip(1)
        .map(|row| {
            row.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect();
    assert_eq!(rows[0][..5], ["2", "read", CI, "valid", "3"]);
    assert_eq!(rows[1][..5], ["1", "read (denied)", CI, "valid", "4"]);
    assert_eq!(rows.len(), 2);

    // A report is for programs, and always whole.
    let whole = shell.run(&format!(
        "{HISTORY} --format json --now 2026-11-23T12:00:00Z"
    ));
    for flag in ["--quiet", "--summary", "--last 1"] {
        let said = shell.run(&format!(
            "{HISTORY} --format json --now 2026-11-23T12:00:00Z {flag}"
        ));
        assert_eq!(said.text(), whole.text(), "{flag}");
    }
    shell.run(&format!("{HISTORY} --quiet --summary")).expect(2);
    shell.run(&format!("{HISTORY} --last 0")).expect(2);
}

/// Every verb with a report has it in one sentence.
#[test]
fn every_report_can_be_one_sentence() {
    let shell = Shell::with_log();
    read_twice(&shell);
    shell
        .run("bundle w@1 --log log --policy log/trust.policy -o b")
        .expect(0);
    fs::copy(shell.path("log/public/checkpoint"), shell.path("old")).unwrap();
    fs::write(shell.path("fraud"), "no fraud").unwrap();
    for (line, code) in [
        ("history w@1 --log log", 0),
        ("bundle w@1 --log log -o b2", 0),
        ("verify bundle b", 0),
        ("verify entry 2 --log log", 0),
        ("verify file ci.key.pub --log log", 4),
        ("verify proof proof", 0),
        ("verify consistency --old old --log log", 0),
        ("verify fraud fraud", 8),
        ("verify inconsistency fraud", 8),
        ("audit log", 0),
    ] {
        let line = format!("{line} --policy log/trust.policy");
        let whole = shell.run(&line).expect(code);
        let quiet = shell.run(&format!("{line} --quiet")).expect(code);
        let sentence = whole.text().lines().next().unwrap();
        assert_eq!(quiet.text(), format!("{sentence}\n"), "{line}");
        assert!(whole.text().lines().count() > 5, "{line}: {whole}");
    }
}

#[test]
fn variables_stand_for_flags() {
    let shell = Shell::with_log();
    let run = |line: &str| {
        let mut command = shell.command(line);
        command
            .env("GLASSLOG_LOG", "log")
            .env("GLASSLOG_POLICY", "log/trust.policy")
            .env("GLASSLOG_SIGNER", "ci.key");
        finish(&mut command)
    };
    run(&format!(
        "record --action read --artifact w@1 --digest {DIGEST} -o proof"
    ))
    .expect(0);
    run("history w@1").expect(0);
    run("bundle w@1 -o w").expect(0);
    run("verify bundle w").expect(0);
    run("verify entry 2").expect(0);
    run("keys list").expect(0);
    run("doctor").expect(0);
    run("prove --index 2 -o proof").expect(0);
    // A flag goes first, and a comparison of two files is not one with the log.
    run("history w@1 --log nowhere").expect(1);
    run("history w@1 --policy nowhere").expect(1);
    let said = run("verify consistency --old w --new w --proof w").expect(8);
    assert!(!said.stderr.contains("cannot be used with"), "{said}");
    // No verb works on a log that nobody named.
    for line in ["publish", "log status", "audit", "log close"] {
        run(line).expect(2);
    }
}

#[test]
fn every_claim_has_a_flag() {
    let shell = Shell::with_log();
    fs::write(
        shell.path("decision.json"),
        r#"{"engine":"opa","policySet":{"digest":"x"},"decision":"allow"}"#,
    )
    .unwrap();
    let transfer = "--action transfer --artifact w@1 --reason-code move --reason moved --ticket OPS-7 \
        --occurred-at 2026-11-23T13:00:00+01:00 --role deployer --role admin --on-behalf-of eve@example.org \
        --region eu-west-1 --env prod --pipeline nightly --from lab --from-location rack-1 --to cloud --to-location eu \
        --policy-decision decision.json --exception break-glass --exception-approver dan@example.org \
        --exception-expires 2026-11-24T00:00:00Z --exception-review 2026-11-25T00:00:00Z -o proof";
    let referenced =
        format!("{transfer} --reference https://t.example/?id=1={DIGEST} --reference {DIGEST}");
    shell.record("log", &referenced).expect(0);
    let report = shell
        .run(&format!("{HISTORY} --format json"))
        .expect(0)
        .json();
    let event = &report["events"][0];
    let hex = DIGEST.trim_start_matches("sha256:");
    for (member, expected) in [
        ("occurredAt", json!("2026-11-23T12:00:00Z")),
        (
            "reason",
            json!({"code":"move","text":"moved","ticket":"OPS-7"}),
        ),
        ("roles", json!(["deployer", "admin"])),
        ("onBehalfOf", json!("eve@example.org")),
        ("region", json!("eu-west-1")),
        ("environment", json!("prod")),
        ("pipeline", json!({"name":"nightly"})),
        (
            "transfer",
            json!({"from":{"custodian":"lab","location":"rack-1"},"to":{"custodian":"cloud","location":"eu"}}),
        ),
        (
            "policy",
            json!({"engine":"opa","policySet":{"digest":"x"},"decision":"allow"}),
        ),
        (
            "exception",
            json!({"kind":"break-glass","approvedBy":["dan@example.org"],"expiresAt":"2026-11-24T00:00:00Z","reviewBy":"2026-11-25T00:00:00Z"}),
        ),
        (
            "references",
            json!([{"uri":"https://t.example/?id=1","digest":{"sha256":hex}},{"digest":{"sha256":hex}}]),
        ),
    ] {
        assert_eq!(event[member], expected, "{member}");
    }
    let text = shell.run(HISTORY).expect(0);
    assert!(text.text().contains("ticket OPS-7"), "{text}");
    // Flags that belong together come together.
    for (rest, code) in [
        ("--exception emergency", 2),
        ("--exception-approver dan@example.org", 2),
        ("--from-location rack-1", 2),
        ("--reference x", 2),
        ("--occurred-at yesterday", 2),
        ("--policy-decision nowhere", 1),
        ("--policy-decision ci.key", 8),
        ("--role r\u{e9}viseur", 8),
        (
            "--exception x --exception-approver a --exception-expires 2026-11-24T00:00:00Z --exception-review 2026-11-24T00:00:00Z",
            8,
        ),
    ] {
        let said = shell.record("log", &format!("--action read --artifact w@1 {rest}"));
        said.expect(code);
    }
    assert_eq!(shell.size(), 3);
}

#[test]
fn a_lost_key_is_revoked_by_its_id() {
    let shell = Shell::with_log();
    let keys = shell
        .run("keys list --log log --format json")
        .expect(0)
        .json();
    let keys = keys["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["actor"] == CI).unwrap();
    let id = key["keyid"].as_str().unwrap().to_owned();
    fs::remove_file(shell.path("ci.key.pub")).unwrap();
    let unknown = format!("sha256:{}", "0".repeat(64));
    let said = shell.run(&format!(
        "keys revoke --log log --key {unknown} --reason lost"
    ));
    assert!(said.expect(5).stderr.contains("`glasslog keys list`"));
    shell
        .run("keys revoke --log log --key sha256:1 --reason lost")
        .expect(2);
    shell
        .run(&format!("keys revoke --log log --key {id} --reason lost"))
        .expect(0);
    shell
        .run(&format!(
            "keys amend --log log --key {id} --compromised-since 2 --reason seen"
        ))
        .expect(0);
    shell
        .record("log", "--action read --artifact w@1")
        .expect(5);
}

/// `record --policy` asks of a log what `history` asks, before anything is signed for it.
#[test]
fn record_asks_of_a_policy_what_history_asks() {
    let shell = Shell::with_log();
    shell
        .run(&format!("init anew --origin {ORIGIN} --key log/keys/log"))
        .expect(0);
    shell
        .run("keygen --kind witness --name w.example/1 --out w1")
        .expect(0);
    let policy = shell.read("log/trust.policy");
    let pin = |log: &str| {
        let report = shell.run(&format!(
            "verify entry 0 --log {log} --policy log/trust.policy --format json"
        ));
        let hash = report.expect(0).json()["entry"]["leafHash"]
            .as_str()
            .unwrap()
            .to_owned();
        format!("{policy}\n[genesis]\n{hash}\n")
    };
    fs::write(shell.path("pinned"), pin("log")).unwrap();
    fs::write(shell.path("pinned-anew"), pin("anew")).unwrap();
    let witness = format!("witness w1 {}quorum w1", shell.read("w1.pub"));
    fs::write(
        shell.path("witnessed"),
        policy.replacen("quorum none", &witness, 1),
    )
    .unwrap();
    let record = |log: &str, policy: &str| {
        shell.record(
            log,
            &format!("--action read --artifact w@1 --policy {policy} -o proof --format json"),
        )
    };
    let server = shell.serve();
    for (policy, code, error) in [
        ("witnessed", 5, "checkpoint-not-trusted"),
        ("pinned-anew", 3, "genesis-not-pinned"),
    ] {
        // History gives the same exit code.
        let history = format!("history w@1 --log log --policy {policy}");
        shell.run(&history).expect(code);
        let said = record(&server.url, policy).expect(code);
        assert_eq!(said.json()["error"]["code"], error, "{said}");
    }
    record(&server.url, "pinned").expect(0);
    drop(server);
    record("log", "witnessed").expect(5);
    record("log", "pinned-anew").expect(3);
    record("log", "pinned").expect(0);
    shell
        .run("witness cosign log --key w1 --state w1.state")
        .expect(0);
    record("log", "witnessed").expect(0);
    assert_eq!(shell.size(), 5);
}

#[test]
fn an_event_acts_on_an_entry_of_the_log() {
    let shell = Shell::with_log();
    let hold = "--action hold --artifact w@1 --reason-code r --reason why -o proof --format json";
    let hash = shell.record("log", hold).expect(0).json()["leafHash"].clone();
    let hash = hash.as_str().unwrap();
    let release = |log: &str, of: &str| {
        shell.record(log, &format!("--action release --artifact w@1 --reason-code r --reason why -o proof --format json --acts-on {of}"))
    };
    let none = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let refused = |log: &str| {
        let said = release(log, none).expect(6);
        assert_eq!(said.json()["error"]["code"], "acts-on-no-entry");
        assert!(said.stderr.contains("leafHash"), "{said}");
    };
    refused("log");
    let server = shell.serve();
    refused(&server.url);
    release(&server.url, hash).expect(0);
    drop(server);
    release("log", hash).expect(0);
}

/// The text of a history shows what a release names, and an index is resolved by the policy: the hash of the entry is signed.
#[test]
fn a_hold_is_released_by_its_index() {
    let shell = Shell::with_log();
    let event = |log: &str, rest: &str| {
        shell.record(
            log,
            &format!("--artifact w@1 --reason why -o proof --format json {rest}"),
        )
    };
    event("log", "--action register").expect(0);
    let hold = event("log", "--action hold").expect(0).json();
    let hash = hold["leafHash"].as_str().unwrap();
    let history = "history w@1 --log log --policy log/trust.policy";
    let said = shell.run(history).expect(0);
    let shown = format!("  hold 3, by its index or leaf hash {hash}\n");
    assert!(
        said.text().contains(&shown) || said.text().ends_with(shown.trim_end()),
        "{said}"
    );
    for (of, code, words) in [
        ("99", 6, "there is no entry 99"),
        (
            "x",
            2,
            "expected a leaf hash in base64, or the index of an entry",
        ),
    ] {
        let said = event("log", &format!("--action release --acts-on {of}")).expect(code);
        assert!(said.stderr.contains(words), "{said}");
        assert!(
            said.stderr.contains("`glasslog history ARTIFACT` shows"),
            "{said}"
        );
    }
    let server = shell.serve();
    let said = event(&server.url, "--action release --acts-on 3").expect(2);
    assert!(
        said.stderr.contains("an index needs `--policy FILE`"),
        "{said}"
    );
    let by_policy = "--action release --acts-on 3 --policy log/trust.policy";
    event(&server.url, by_policy).expect(0);
    drop(server);
    event("log", "--action release --acts-on 3").expect(0);
    let report = shell
        .run(&format!("{history} --format json"))
        .expect(0)
        .json();
    let events = report["events"].as_array().unwrap();
    let acts_on: Vec<&Value> = events.iter().map(|event| &event["actsOn"]).collect();
    assert_eq!(acts_on[2..], [hash, hash], "{report}");
}

#[test]
fn a_dry_run_needs_no_server() {
    let shell = Shell::with_log();
    let down = "http://127.0.0.1:1/";
    let line = "--action read --artifact w@1 --dry-run";
    let said = shell.record(down, line).expect(1);
    assert!(
        said.stderr
            .contains("`--policy FILE`, a dry run takes the log's origin"),
        "{said}"
    );
    let said = shell
        .record(down, &format!("{line} --policy log/trust.policy"))
        .expect(0);
    fs::write(shell.path("event"), &said.stdout).unwrap();
    shell.run("submit --log log event").expect(0);
}

#[test]
fn doctor_sees_what_is_missing_or_hidden() {
    let shell = Shell::with_log();
    let doctor = || {
        let said = shell.run("doctor --log log --format json");
        let checks = said.json()["checks"].as_array().unwrap().clone();
        (said.code, checks)
    };
    let outcome = |checks: &[Value], code: &str| {
        let found = checks.iter().filter(|check| check["code"] == code);
        let found: Vec<&str> = found
            .map(|check| check["outcome"].as_str().unwrap())
            .collect();
        found.join(" ")
    };
    let mode = |path: &str, mode| {
        fs::set_permissions(shell.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    let (code, checks) = doctor();
    assert_eq!(code, 0, "{checks:?}");
    for code in ["log-key", "state", "public-tree"] {
        assert_eq!(outcome(&checks, code), "pass", "{code}");
    }
    mode("log/public/tile/entries", 0o700);
    let (code, checks) = doctor();
    assert_eq!(
        (code, outcome(&checks, "public-tree").as_str()),
        (1, "fail")
    );
    mode("log/public/tile/entries", 0o755);
    mode("log", 0o700);
    let (code, checks) = doctor();
    assert_eq!(
        (code, outcome(&checks, "public-tree").as_str()),
        (0, "unknown pass")
    );
    mode("log", 0o755);

    fs::rename(shell.path("log/keys/admin"), shell.path("admin")).unwrap();
    let (code, checks) = doctor();
    assert_eq!(
        (code, outcome(&checks, "admin-key").as_str()),
        (0, "unknown")
    );
    fs::rename(shell.path("log/state"), shell.path("state")).unwrap();
    fs::rename(shell.path("log/keys/log"), shell.path("log.key")).unwrap();
    let (code, checks) = doctor();
    assert_eq!(code, 1);
    for code in ["log-key", "state"] {
        assert_eq!(outcome(&checks, code), "fail", "{code}");
    }
    fs::rename(shell.path("log.key"), shell.path("log/keys/log")).unwrap();
    for line in ["serve log --listen 127.0.0.1:0", "publish log"] {
        let said = shell.run(line).expect(1);
        assert!(said.stderr.contains("`log/state` is missing"), "{said}");
        assert!(
            said.stderr.contains("restore `state/` and `public/`"),
            "{said}"
        );
    }
}

/// A state that was restored from an older copy than the public tree: no writer opens it, and both verbs say so.
#[test]
fn a_state_that_is_older_than_its_public_tree_is_told() {
    let shell = Shell::with_log();
    let copy = |from: &str, to: &str| {
        let mut copy = std::process::Command::new("cp");
        let copied = copy.args(["-r", from, to]).current_dir(shell.folder.path());
        assert!(copied.status().unwrap().success());
    };
    copy("log/state", "older");
    let said = shell.run("log status log --format json").expect(0);
    assert_eq!(said.json()["contradiction"], Value::Null);
    shell
        .record("log", "--action read --artifact m@1 -o p")
        .expect(0);
    fs::remove_dir_all(shell.path("log/state")).unwrap();
    copy("older", "log/state");
    let words = "the private state ends at size 2, but a checkpoint of size 3 is public";
    let remedy = "hint: restore `state/` and `public/` from copies of one moment";
    for (line, code) in [
        ("publish log", 1),
        ("log status log", 0),
        ("doctor --log log", 1),
    ] {
        let said = shell.run(line).expect(code);
        let told = format!("{}{}", said.text(), said.stderr);
        assert!(told.contains(words), "{line}: {said}");
        assert!(told.contains(remedy), "{line}: {said}");
    }
    let said = shell.run("log status log --format json").expect(0).json();
    assert_eq!(said["contradiction"]["code"], "state-rolled-back");
    let said = shell.run("doctor --log log --format json").expect(1).json();
    let checks = said["checks"].as_array().unwrap();
    let heads = checks.iter().find(|check| check["code"] == "heads");
    assert_eq!(heads.unwrap()["outcome"], "fail");
}

/// A log that was published and lost its configuration: no verb tells the operator to remove it.
#[test]
fn a_lost_configuration_is_not_taken_for_an_interrupted_init() {
    let shell = Shell::with_log();
    let config = shell.path("log/glasslog.toml");
    let kept = fs::read(&config).unwrap();
    fs::remove_file(&config).unwrap();
    // Of a public tree that was moved away too, the signed head is left.
    fs::rename(shell.path("log/public"), shell.path("public")).unwrap();
    for has_public in [false, true] {
        if has_public {
            fs::rename(shell.path("public"), shell.path("log/public")).unwrap();
        }
        for line in [
            "log status log",
            "publish log",
            "serve log --listen 127.0.0.1:0",
            "index log",
            "doctor --log log",
            "init log --origin o.example",
        ] {
            let said = shell.run(line).expect(1);
            let told = format!("{}{}", said.text(), said.stderr);
            assert!(
                told.contains("`log/glasslog.toml` is missing"),
                "{line}: {said}"
            );
            assert!(
                told.contains("hint: keep the directory, and restore the file"),
                "{line}: {said}"
            );
            assert!(!told.contains("remove the directory"), "{line}: {said}");
        }
    }
    let written = format!("format = 1\norigin = \"{ORIGIN}\"\n");
    for (bytes, proof) in [(written.as_bytes(), "written"), (&kept, "restored")] {
        fs::write(&config, bytes).unwrap();
        let read = format!("--action read --artifact w@1 -o {proof}");
        shell.record("log", &read).expect(0);
    }
}
