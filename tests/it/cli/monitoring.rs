//! `monitor`: each entry is told once, each head continues the one before, and what was not delivered is told again.
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use glasslog_tests::command::{Finished, finish};
use serde_json::{Value, json};

use crate::cli::writing::shell::{CI, ORIGIN, Shell};

const MONITOR: &str = "monitor log --policy log/trust.policy --state m.state --once";

pub(crate) fn alerts(said: &Finished) -> Vec<Value> {
    let lines = said.text().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn indices(said: &Finished) -> Vec<u64> {
    let alerts = alerts(said);
    alerts
        .iter()
        .filter_map(|it| it["index"].as_u64())
        .collect()
}

pub(crate) fn raw(shell: &Shell, log: &str, numbers: std::ops::Range<usize>) {
    if !shell.path(log).exists() {
        shell
            .run(&format!("init {log} --origin {ORIGIN} --key k --raw"))
            .expect(0);
    }
    let lines: String = numbers.map(|it| format!("entry {it}\n")).collect();
    fs::write(shell.path("entries"), lines).unwrap();
    shell.run(&format!("submit --log {log} entries")).expect(0);
}

pub(crate) fn with_key() -> Shell {
    let shell = Shell::new();
    shell
        .run(&format!("keygen --kind log --name {ORIGIN} --out k"))
        .expect(0);
    shell
}

#[test]
fn each_entry_that_meets_a_watch_is_told_once() {
    let shell = Shell::with_log();
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
    shell
        .record("log", "--action read --artifact b@1")
        .expect(0);
    // The index would say that there is nothing: it is not read.
    // A watch that is given twice is one.
    let watch = format!("{MONITOR} --watch a@1 --watch actor:{CI} --watch a@1");
    let said = shell.run(&watch).expect(0);
    assert_eq!(indices(&said), [1, 2, 2, 3]);
    let told = &alerts(&said)[1];
    assert_eq!(told["claims"]["action"], "read", "{told}");
    assert_eq!(told["claims"]["actor"], CI);
    assert_eq!(
        (&told["kind"], &told["origin"]),
        (&json!("event"), &json!(ORIGIN))
    );
    assert_eq!(shell.run(&watch).expect(0).text(), "");
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
    fs::write(shell.path("rules"), "# one a line\n\nname:a\n").unwrap();
    let said = shell.run(&format!("{MONITOR} --rules rules")).expect(0);
    assert_eq!(indices(&said), [4]);
    // Without a watch, every entry of the log from the first one on.
    let all = MONITOR.replace("m.state", "all.state");
    assert_eq!(indices(&shell.run(&all).expect(0)), [0, 1, 2, 3, 4]);
    // The present head is the beginning only if that is said.
    let now = MONITOR.replace("m.state", "now.state") + " --from-now";
    assert_eq!(shell.run(&now).expect(0).text(), "");
    shell
        .record("log", "--action read --artifact a@1")
        .expect(0);
    assert_eq!(indices(&shell.run(&now).expect(0)), [5]);
}

#[test]
fn an_alert_that_was_not_delivered_is_told_again() {
    let shell = Shell::with_log();
    let first = shell.run(&format!("{MONITOR} --exec false")).expect(1);
    assert_eq!(indices(&first), [0]);
    let again = shell.run(&format!("{MONITOR} --exec cat>>told")).expect(0);
    assert_eq!(indices(&again), [0, 1]);
    let ids = |said: &Finished| alerts(said)[0]["id"].clone();
    assert_eq!(ids(&first), ids(&again));
    assert_eq!(shell.read("told"), again.text());
    assert_eq!(shell.run(MONITOR).expect(0).text(), "");
}

/// A monitor that follows ends when its output does, with an alert to tell or without, and the next one misses nothing.
#[test]
fn a_closed_standard_output_ends_a_monitor() {
    let shell = with_key();
    raw(&shell, "log", 0..3);
    let follow = MONITOR.replace("--once", "--every 1s");
    let start = |stdout| {
        let mut command = shell.command(&follow);
        command.stdout(stdout).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    // The first alert meets a full device.
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let ended = start(full.into()).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("standard output did not take"), "{said}");
    // A reader that takes the first alerts and leaves: there is nothing more to write.
    let mut monitor = start(Stdio::piped());
    let mut reader = BufReader::new(monitor.stdout.take().unwrap());
    let mut lines = String::new();
    (0..3).for_each(|_| assert!(reader.read_line(&mut lines).unwrap() > 0));
    drop(reader);
    let ended = monitor.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(
        said.contains("reader of standard output went away"),
        "{said}"
    );
    assert_eq!(shell.run(MONITOR).expect(0).text(), "");
    // A reader that is gone before the alert comes.
    raw(&shell, "log", 3..5);
    let mut monitor = start(Stdio::piped());
    drop(monitor.stdout.take());
    assert_eq!(monitor.wait().unwrap().code(), Some(1));
    assert_eq!(indices(&shell.run(MONITOR).expect(0)), [3, 4]);
}

#[test]
fn forks_rollbacks_and_restarts_are_alarms_once() {
    let shell = with_key();
    raw(&shell, "log", 0..300);
    raw(&shell, "older", 0..100);
    raw(&shell, "fork", 1..400);
    shell.run(MONITOR).expect(0);
    fs::rename(shell.path("log"), shell.path("good")).unwrap();
    let policy = MONITOR.replace("log/trust.policy", "good/trust.policy");
    let said = shell.run(&policy);
    assert_eq!(said.code, 1, "{said}");
    for (log, code, kind) in [("older", 5, "rollback"), ("fork", 7, "fork")] {
        fs::rename(shell.path(log), shell.path("log")).unwrap();
        let said = shell.run(&policy).expect(code);
        let told = alerts(&said);
        assert_eq!(told.len(), 1, "{said}");
        assert_eq!(
            (&told[0]["kind"], &told[0]["size"]),
            (&json!(kind), &json!(300))
        );
        // It holds, and is told once; a later look says since when it holds.
        let again = shell.run(&policy).expect(code);
        assert_eq!(again.text(), "");
        let begun = told[0]["time"].as_u64().unwrap();
        let since = glasslog_core::text::time::format(begun);
        let words = format!("warning: `log`: the alarm `{kind}` holds since {since}: ");
        assert!(again.stderr.contains(&words), "{again}");
        let file = match kind {
            "fork" => json!("m.state.inconsistency"),
            _ => Value::Null,
        };
        assert_eq!(told[0]["evidenceFile"], file);
        fs::rename(shell.path("log"), shell.path(log)).unwrap();
    }
    let evidence = shell.read("m.state.inconsistency");
    assert!(evidence.starts_with("glasslog-inconsistency/v1\nold "));
    shell
        .run("verify inconsistency m.state.inconsistency --policy good/trust.policy")
        .expect(0);
    // A log that is right again goes on where it was.
    fs::rename(shell.path("good"), shell.path("log")).unwrap();
    assert_eq!(shell.run(MONITOR).expect(0).text(), "");
    raw(&shell, "log", 300..301);
    assert_eq!(indices(&shell.run(MONITOR).expect(0)), [300]);
    // Another log in its place.
    fs::rename(shell.path("log"), shell.path("good")).unwrap();
    shell
        .run("init log --origin other.example/log --raw")
        .expect(0);
    let said = shell.run(MONITOR).expect(5);
    assert_eq!(alerts(&said)[0]["kind"], "restart");
}

/// Two views of one log are compared, although each of them grows consistently.
#[test]
fn views_that_differ_are_a_fork() {
    let shell = with_key();
    raw(&shell, "log", 0..3);
    raw(&shell, "view", 1..5);
    let both = MONITOR.replace("monitor log", "monitor log view --watch none");
    let said = shell.run(&both).expect(7);
    assert_eq!(alerts(&said)[0]["kind"], "split-view", "{said}");
    shell
        .run("verify inconsistency m.state.inconsistency --policy log/trust.policy")
        .expect(0);
    // It is told once, and holds, also without the other view.
    for line in [&both, MONITOR] {
        let said = shell.run(line).expect(7);
        assert_eq!(said.text(), "");
        let words = "the alarm `split-view` holds since 20";
        assert!(said.stderr.contains(words), "{said}");
    }
}

#[test]
fn empty_damaged_and_silent_logs() {
    let shell = with_key();
    shell
        .run(&format!("init log --origin {ORIGIN} --key k --raw"))
        .expect(0);
    assert_eq!(shell.run(MONITOR).expect(0).text(), "");
    raw(&shell, "log", 0..3);
    let bundle = shell.path("log/public/tile/entries/000.p/3");
    let good = fs::read(&bundle).unwrap();
    fs::write(&bundle, b"<!doctype html>").unwrap();
    let said = shell.run(MONITOR).expect(3);
    assert_eq!(alerts(&said)[0]["kind"], "false");
    fs::write(&bundle, good).unwrap();
    assert_eq!(indices(&shell.run(MONITOR).expect(0)), [0, 1, 2]);
    let checkpoint = shell.path("log/public/checkpoint");
    let good = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, b"<!doctype html>").unwrap();
    let said = shell.run(MONITOR).expect(8);
    assert_eq!(alerts(&said)[0]["kind"], "malformed");
    fs::write(&checkpoint, good).unwrap();
    let said = shell
        .run(&format!("{MONITOR} --max-checkpoint-age 1h"))
        .expect(5);
    assert_eq!(alerts(&said)[0]["kind"], "stale");
    thread::sleep(Duration::from_millis(2_100));
    let said = shell.run(&format!("{MONITOR} --max-silence 1s")).expect(5);
    assert_eq!(alerts(&said)[0]["kind"], "silent");
    fs::write(shell.path("m.state"), b"glasslog-monitor-state/v1\nlog").unwrap();
    shell.run(MONITOR).expect(8);
}

/// The second of two tries is taken; the body is signed.
#[test]
fn a_webhook_is_signed_and_tried_again() {
    let shell = with_key();
    raw(&shell, "log", 0..1);
    fs::write(shell.path("secret"), "Jefe\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut requests = Vec::new();
        for status in ["503 Busy", "200 OK"] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut signature, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim_end().split_once(": ") else {
                    if line.trim_end().is_empty() {
                        break;
                    }
                    continue;
                };
                match name.to_ascii_lowercase().as_str() {
                    "glasslog-signature" => signature = value.to_owned(),
                    "content-length" => length = value.parse().unwrap(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            requests.push((signature, String::from_utf8(body).unwrap()));
        }
        requests
    });
    let said = shell.run(&format!("{MONITOR} --webhook {url} --webhook-key secret"));
    let told = said.expect(0);
    let requests = server.join().unwrap();
    for (signature, body) in &requests {
        assert_eq!(body, told.text().trim_end());
        assert!(signature.starts_with("t="), "{signature}");
        assert_eq!(signature.split(",v1=").nth(1).map(str::len), Some(64));
    }
    // A webhook that is gone: not delivered, so not saved.
    raw(&shell, "log", 1..2);
    shell
        .run(&format!("{MONITOR} --webhook http://127.0.0.1:1/"))
        .expect(1);
    assert_eq!(indices(&shell.run(MONITOR).expect(0)), [1]);
}

/// The slower of two looks would otherwise write its older head over that of the faster one.
#[test]
fn one_monitor_at_a_time_works_with_a_state() {
    let shell = with_key();
    raw(&shell, "log", 0..3);
    let waiting = "while ! test -e go; do sleep 0.02; done";
    let mut first = shell.command(MONITOR);
    let first = first.args(["--exec", waiting]).stdout(Stdio::null());
    let mut first = first.spawn().unwrap();
    while !shell.path("m.state").exists() {
        thread::sleep(Duration::from_millis(20));
    }
    let said = shell.run(MONITOR).expect(1);
    assert!(said.stderr.contains("the state `m.state`"), "{said}");
    assert!(said.stderr.contains("a state file of its own"), "{said}");
    fs::write(shell.path("go"), "").unwrap();
    assert!(first.wait().unwrap().success());
    assert_eq!(shell.run(MONITOR).expect(0).text(), "");
    // Also without the lock, a state that another program wrote is not overwritten.
    fs::copy(shell.path("m.state"), shell.path("other")).unwrap();
    raw(&shell, "log", 3..5);
    let mut changed = shell.command(MONITOR);
    let said = finish(changed.args(["--exec", "cp other m.state"])).expect(1);
    assert!(said.stderr.contains("it is left as it is"), "{said}");
    assert_eq!(shell.read("m.state"), shell.read("other"));
}

#[test]
fn a_command_that_does_not_end_is_killed_with_what_it_started() {
    let shell = with_key();
    raw(&shell, "log", 0..1);
    let mut hanging = shell.command(MONITOR);
    hanging.args(["--exec-timeout", "1s", "--exec"]);
    let said = finish(hanging.arg("(sleep 6; touch late) & sleep 600")).expect(1);
    assert!(said.stderr.contains("had not ended after 1 s"), "{said}");
    assert_eq!(indices(&shell.run(MONITOR).expect(0)), [0]);
    thread::sleep(Duration::from_secs(6));
    assert!(!shell.path("late").exists());
    shell.run(&format!("{MONITOR} --exec-timeout 1s")).expect(2);
}

/// The shorter of the policy's limit and the flag's counts; a mirror copies an old head all the same, and warns.
#[test]
fn the_limit_of_the_policy_is_an_alarm_too() {
    let shell = with_key();
    raw(&shell, "log", 0..3);
    shell
        .run("keygen --kind witness --name w.example/w1 --out w")
        .expect(0);
    shell
        .run("mirror log seen --policy log/trust.policy --key w --once")
        .expect(0);
    let (log, witness) = (shell.read("k.pub"), shell.read("w.pub"));
    let (log, witness) = (log.trim_end(), witness.trim_end());
    let policy = format!(
        "[log]\nlog {log}\nwitness w {witness}\nquorum w\n[validity]\nlog {ORIGIN} max-age 1s\n"
    );
    fs::write(shell.path("limited"), policy).unwrap();
    thread::sleep(Duration::from_millis(2_100));
    let limited = "--policy limited --once";
    let watched = format!("monitor seen --state m.state {limited} --max-checkpoint-age 1h");
    let said = shell.run(&watched).expect(5);
    assert_eq!(alerts(&said).last().unwrap()["kind"], "stale", "{said}");
    let said = shell.run(&format!("mirror seen copy {limited}")).expect(0);
    let warned = "the policy wants at most 1 s";
    assert!(said.stderr.contains(warned), "{said}");
}

#[test]
fn a_wrong_line_of_the_rules_is_named() {
    let shell = with_key();
    raw(&shell, "log", 0..1);
    for (rules, words) in [
        ("# one a line\n\nactor:\n", "`rules` line 3: "),
        ("m@1\nsha256:12\n", "`rules` line 2: "),
        ("./nowhere\n", "`rules` line 1: "),
    ] {
        fs::write(shell.path("rules"), rules).unwrap();
        let said = shell.run(&format!("{MONITOR} --rules rules"));
        let code = if rules.starts_with("./") { 1 } else { 8 };
        assert_eq!(said.code, code, "{said}");
        assert!(said.stderr.contains(words), "{said}");
    }
    for (address, words) in [
        ("host.example/hook", "`--webhook host.example/hook`: "),
        ("ftp://host.example/", "begins with `http://` or `https://`"),
    ] {
        let said = shell
            .run(&format!("{MONITOR} --webhook {address}"))
            .expect(2);
        assert!(said.stderr.contains(words), "{said}");
    }
}

/// A program that is started with standard output closed has `/dev/null` there.
#[test]
fn a_directory_that_is_not_there_is_the_alarm_of_its_log_alone() {
    let shell = with_key();
    raw(&shell, "log", 0..3);
    shell
        .run("mirror log copy --policy log/trust.policy --once")
        .expect(0);
    let line = "monitor log copy --policy log/trust.policy --state m.state --once";
    // Logs are looked at side by side.
    let mut told = indices(&shell.run(line).expect(0));
    told.sort_unstable();
    assert_eq!(told, [0, 0, 1, 1, 2, 2]);
    // The disk with the copy is not mounted; or its mount point is empty, or its configuration is damaged.
    fs::rename(shell.path("copy"), shell.path("away")).unwrap();
    for (number, prepare) in [
        |_: &Shell| {},
        |shell: &Shell| fs::create_dir(shell.path("copy")).unwrap(),
        |shell: &Shell| fs::write(shell.path("copy/glasslog.toml"), "no = [").unwrap(),
    ]
    .into_iter()
    .enumerate()
    {
        prepare(&shell);
        raw(&shell, "log", 3 + number..4 + number);
        let said = shell.run(line).expect(1);
        assert_eq!(indices(&said), [3 + number as u64], "{said}");
        // Told as an alert when it begins, and as a warning as long as it holds.
        let words = if number == 0 {
            said.text()
        } else {
            &said.stderr
        };
        assert!(words.contains("unreachable"), "{said}");
    }
    // So is a log that was never there yet; a file in its place ends the monitor.
    let said = shell.run(&line.replace("copy", "nowhere")).expect(1);
    assert!(said.text().contains("nowhere"), "{said}");
    let said = shell.run(&line.replace("copy", "k.pub")).expect(1);
    assert!(
        said.stderr.contains("`k.pub`: not a directory") && said.text().is_empty(),
        "{said}"
    );
    fs::remove_dir_all(shell.path("copy")).unwrap();
    fs::rename(shell.path("away"), shell.path("copy")).unwrap();
    shell.run(line).expect(0);
}

#[test]
fn alerts_that_go_nowhere_are_warned_of() {
    let shell = with_key();
    raw(&shell, "log", 0..1);
    let words = "alerts go nowhere else: they are lost";
    for (rest, is_warned) in [("", true), (" --exec true", false)] {
        let mut monitor = shell.command(&format!("{MONITOR}{rest}"));
        let said = monitor.stdout(Stdio::null()).output().unwrap();
        let said = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.contains(words), is_warned, "{said}");
    }
    let said = shell.run(MONITOR).expect(0);
    assert!(!said.stderr.contains(words), "{said}");
}
