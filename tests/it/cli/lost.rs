//! Files of a log that were lost or changed: `doctor` finds each, and writers name the file and what mends it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::cli::writing::shell::{ORIGIN, Shell};

fn copy(shell: &Shell, from: &str, to: &str) {
    let mut copy = Command::new("cp");
    let copied = copy.args(["-r", from, to]).current_dir(shell.folder.path());
    assert!(copied.status().unwrap().success());
}

/// The outcome of a finding of `doctor`; `null` if there is none.
fn finding(shell: &Shell, log: &str, code: &str) -> Value {
    let said = shell.run(&format!("doctor --log {log} --format json"));
    let found = said.json();
    let checks = found["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["code"] == code);
    found.map_or(Value::Null, |check| check["outcome"].clone())
}

/// A damage, the finding of `doctor`, the verb that meets it with its exit code, and what it says: the file and the remedy.
struct Case {
    damage: fn(&Path),
    finding: &'static str,
    verb: &'static str,
    exit: i32,
    words: [&'static str; 2],
}

const KEY: &str = "hint: restore the key from a copy: no other signs in its place";
const PUBLIC: &str = "hint: a public file was changed or lost: restore `public/` from a copy";
const STATE: &str = "hint: restore `state/` and `public/` from copies of one moment";

fn cases() -> Vec<Case> {
    let case = |damage, finding, verb, exit, words| Case {
        damage,
        finding,
        verb,
        exit,
        words,
    };
    Vec::from([
        case(
            |log| fs::remove_file(log.join("keys/log")).unwrap(),
            "log-key",
            "publish",
            1,
            ["`damaged/keys/log` is missing", KEY],
        ),
        case(
            |log| {
                fs::copy(log.join("../other.key"), log.join("keys/log")).unwrap();
            },
            "log-key",
            "publish",
            8,
            [
                "`damaged/state/head`: it was not signed by this log's key",
                "hint: is the key in `keys/` the log's own",
            ],
        ),
        case(
            |log| fs::remove_file(log.join("keys/index")).unwrap(),
            "index-key",
            "index",
            1,
            [
                "`damaged/keys/index` is missing",
                "hint: restore the key from a copy: the log goes on without it",
            ],
        ),
        case(
            |log| {
                let config = log.join("glasslog.toml");
                let text = fs::read_to_string(&config).unwrap();
                fs::write(config, text.replace(ORIGIN, "other.example")).unwrap();
            },
            "log-key",
            "publish",
            8,
            ["the name of the key is", "not the origin `other.example`"],
        ),
        case(
            |log| fs::remove_dir_all(log.join("public/tile")).unwrap(),
            "newest-tiles",
            "publish",
            1,
            ["`damaged/public/tile/entries/000.p/2` is missing", PUBLIC],
        ),
        case(
            |log| fs::remove_dir_all(log.join("public/tile/entries")).unwrap(),
            "newest-tiles",
            "publish",
            1,
            ["`damaged/public/tile/entries/000.p/2` is missing", PUBLIC],
        ),
        case(
            |log| fs::write(log.join("public/tile/0/000.p/2"), [7; 64]).unwrap(),
            "newest-tiles",
            "publish",
            1,
            ["`damaged/public/tile/0/000.p/2` differs", PUBLIC],
        ),
        case(
            |log| fs::write(log.join("state/head"), "").unwrap(),
            "heads",
            "publish",
            8,
            ["`damaged/state/head`: ", STATE],
        ),
        case(
            |log| fs::remove_file(log.join("state/head")).unwrap(),
            "state",
            "publish",
            1,
            ["`damaged/state/head` is missing", STATE],
        ),
    ])
}

#[test]
fn what_was_lost_is_found_and_named_with_its_remedy() {
    let shell = Shell::with_log();
    shell.run("index log").expect(0);
    shell
        .run(&format!(
            "keygen --kind log --name {ORIGIN} --out other.key"
        ))
        .expect(0);
    for code in ["log-key", "newest-tiles", "heads", "state"] {
        assert_eq!(finding(&shell, "log", code), "pass", "{code}");
    }
    for case in cases() {
        copy(&shell, "log", "damaged");
        (case.damage)(&shell.path("damaged"));
        assert_eq!(finding(&shell, "damaged", case.finding), "fail");
        let said = shell
            .run(&format!("{} damaged", case.verb))
            .expect(case.exit);
        for words in case.words {
            assert!(said.stderr.contains(words), "{words}: {said}");
        }
        fs::remove_dir_all(shell.path("damaged")).unwrap();
    }
}

/// An index that was published is not made anew by the same key: it comes back from a copy, or with a key of its own.
#[test]
fn a_lost_index_comes_back_as_its_message_says() {
    let shell = Shell::with_log();
    shell.run("index log").expect(0);
    copy(&shell, "log/public/index", "copy");
    shell
        .record("log", "--action read --artifact m@1 -o p")
        .expect(0);
    shell.run("index log").expect(0);
    copy(&shell, "log/public/index", "newest");
    fs::remove_dir_all(shell.path("log/public/index")).unwrap();
    shell
        .record("log", "--action read --artifact m@1 -o q")
        .expect(0);
    let said = shell.run("index log").expect(1);
    assert!(
        said.stderr
            .contains("hint: restore `public/index/` from a copy"),
        "{said}"
    );
    shell
        .run("keygen --kind index --name index.example --out index.key")
        .expect(0);
    shell
        .run("index log --policy log/trust.policy --key index.key --out own.index")
        .expect(0);
    copy(&shell, "newest", "log/public/index");
    shell.run("index log").expect(0);
}

/// A log without its private state is read on, ends in its readers' policies, and another one goes on.
#[test]
fn the_ways_out_of_a_lost_state_lead_out() {
    let shell = Shell::with_log();
    fs::remove_dir_all(shell.path("log/state")).unwrap();
    let said = shell.run("publish log").expect(1);
    assert!(said.stderr.contains("log ORIGIN final SIZE ROOT"), "{said}");
    assert!(!said.stderr.contains("--succeeds"), "{said}");
    let checkpoint = fs::read_to_string(shell.path("log/public/checkpoint")).unwrap();
    let mut lines = checkpoint.lines().skip(1);
    let (size, root) = (lines.next().unwrap(), lines.next().unwrap());
    let policy = fs::read_to_string(shell.path("log/trust.policy")).unwrap();
    let ended = format!("{policy}\n[validity]\nlog {ORIGIN} final {size} {root}\n");
    fs::write(shell.path("ended.policy"), ended).unwrap();
    shell.run("audit log --policy ended.policy").expect(0);
    shell.run("init next --origin next.example").expect(0);
}
