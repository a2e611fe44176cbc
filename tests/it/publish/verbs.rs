//! Views that submitters, operators and monitoring have of a log whose checkpoints are cosigned before they are public.
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glasslog_tests::cosigner::{Conduct, Cosigner};
use glasslog_tests::http;
use serde_json::Value;

use super::stage::{QUICK, add_witnesses};
use crate::cli::writing::shell::{ORIGIN, Shell};

fn with_witnesses() -> (Shell, Vec<Cosigner>) {
    let shell = Shell::with_log();
    let witnesses: Vec<Cosigner> = (1..=3).map(Cosigner::start).collect();
    add_witnesses(&shell.path("log"), &witnesses, QUICK);
    (shell, witnesses)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn status(shell: &Shell) -> Value {
    json(shell.run("log status log --format json").expect(0).text())
}

/// The envelope of a new event.
fn envelope(shell: &Shell) -> String {
    let rest = "--action read --artifact a@1 --dry-run";
    shell
        .record("log", rest)
        .expect(0)
        .text()
        .trim_end()
        .to_owned()
}

#[test]
fn verbs_on_a_directory_publish_with_the_quorum_and_say_what_is_missing() {
    let (shell, witnesses) = with_witnesses();
    let read = "--action read --artifact a@1";
    shell.record("log", &format!("{read} -o p1")).expect(0);
    assert_eq!(shell.size(), 3);
    shell
        .run("verify proof p1 --entry p1.entry --policy log/w.policy --require included")
        .expect(0);
    for witness in &witnesses[1..] {
        witness.behave(Conduct::Dead);
    }
    let failed = shell
        .record("log", &format!("{read} -o p2 --format json"))
        .expect(1);
    let error = json(failed.text());
    assert_eq!(error["error"]["code"], "quorum-not-met", "{error}");
    assert_eq!(error["submitted"]["state"], "durable");
    assert_eq!(error["submitted"]["index"], 3);
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("entry 3 is durable, but not published yet: the quorum of witnesses was not met (2 of `w1`, `w2`, `w3`): `w2` is missing since "), "{message}");
    assert_eq!(shell.size(), 3);
    shell.run("publish log").expect(1);
    let shown = status(&shell);
    assert_eq!(
        (&shown["size"], &shown["published"]),
        (&4.into(), &3.into())
    );
    assert_eq!(shown["waitingFor"], serde_json::json!(["w2", "w3"]));
    let first = &shown["witnesses"][0];
    assert_eq!(
        (&first["name"], &first["role"], &first["size"]),
        (&"w1".into(), &"log".into(), &4.into())
    );
    assert!(first["time"].as_u64().is_some() && first["failingSince"].is_null());
    let second = &shown["witnesses"][1];
    assert!(second["failingSince"].as_u64().is_some());
    assert_eq!(second["lastError"]["alarm"], false);
    let text = shell.run("log status log").expect(0);
    assert!(
        text.text().contains("waiting for               w2, w3\n"),
        "{}",
        text.text()
    );
    assert!(
        text.text()
            .contains("witness of the log        w2: cosigned size 3 at 20"),
        "{}",
        text.text()
    );
    let doctor = shell.run("doctor --log log --offline").expect(1);
    assert!(
        doctor
            .text()
            .contains("1 entry is durable and not public; waiting for w2, w3"),
        "{doctor}"
    );
    witnesses[1].behave(Conduct::Honest);
    let said = shell.run("publish log").expect(0);
    assert!(said.text().contains("size 4"), "{}", said.text());
    let doctor = shell.run("doctor --log log --offline");
    assert!(!doctor.text().contains("backlog"), "{doctor}");
    assert_eq!(status(&shell)["waitingFor"], serde_json::json!([]));
    // Lines are answered, and the exit code says that they are not public.
    fs::write(
        shell.path("batch"),
        envelope(&shell) + "\n" + &envelope(&shell) + "\n",
    )
    .unwrap();
    witnesses[1].behave(Conduct::Dead);
    let said = shell.run("submit --log log batch").expect(1);
    assert_eq!(said.text().lines().count(), 2, "{}", said.text());
    assert_eq!(shell.size(), 4);
}

/// A witness without an address is never asked: whoever waits for it hears that, and not only its name.
#[test]
fn a_witness_without_an_address_is_named_with_the_reason() {
    let (shell, witnesses) = with_witnesses();
    let policy = shell.read("log/w.policy");
    let line = policy.lines().find(|line| line.starts_with("witness w3 "));
    let line = line.unwrap();
    let without = line.rsplit_once(' ').unwrap().0;
    fs::write(shell.path("log/w.policy"), policy.replace(line, without)).unwrap();
    let read = "--action read --artifact a@1";
    shell.record("log", &format!("{read} -o p1")).expect(0);
    witnesses[1].behave(Conduct::Dead);
    let reason = "the policy gives it no address, so it is never asked";
    let failed = shell.record("log", &format!("{read} -o p2")).expect(1);
    assert!(failed.stderr.contains("`w3` is missing since "), "{failed}");
    assert!(failed.stderr.contains(reason), "{failed}");
    let said = shell.run("publish log").expect(1);
    assert!(said.stderr.contains(reason), "{said}");
    let third = &status(&shell)["witnesses"][2];
    assert_eq!(third["lastError"]["code"], "no-address");
    assert_eq!(third["lastError"]["message"], reason);
    let said = shell.run("log status log").expect(0);
    let words = format!("w3: cosigned nothing yet; {reason}");
    assert!(said.text().contains(&words), "{said}");
    let said = shell.run("doctor --log log --policy log/trust.policy");
    let words = format!("witness `w3`: {reason}");
    assert!(said.text().contains(&words), "{said}");
    // A quorum that needs it is refused with its name.
    fs::write(
        shell.path("log/w.policy"),
        shell
            .read("log/w.policy")
            .replace("group g 2", "group g all"),
    )
    .unwrap();
    let said = shell.run("publish log").expect(8);
    assert!(said.stderr.contains("cannot be met without `w3`"), "{said}");
}

#[test]
fn a_server_answers_202_for_entries_that_are_durable_and_not_public() {
    let (shell, witnesses) = with_witnesses();
    let (first, second, third) = (envelope(&shell), envelope(&shell), envelope(&shell));
    let served = shell.serve();
    let add = |path: &str, body: &str| http::request(served.address, "POST", path, body.as_bytes());
    let answer = add("/add", &first);
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"2"[..]));
    for witness in &witnesses[..2] {
        witness.behave(Conduct::Dead);
    }
    for path in ["/add", "/add?answer=proof"] {
        let answer = add(path, &second);
        assert_eq!(answer.status, 202);
        assert!(answer.headers.contains("content-type: application/json"));
        let body = json(str::from_utf8(&answer.body).unwrap());
        assert_eq!(
            (&body["index"], &body["published"]),
            (&3.into(), &false.into())
        );
        assert_eq!(body["waitingFor"][0]["name"], "w1");
        assert!(body["waitingFor"][0]["since"].as_u64().is_some());
        // Addresses of witnesses are not the submitter's business.
        assert!(!String::from_utf8_lossy(&answer.body).contains("127.0.0.1"));
    }
    assert_eq!(add("/add?ack=durable", &second).status, 200);
    let lines = format!("{second}\n{third}\n");
    let answer = add("/batch", &lines);
    assert_eq!(answer.status, 200);
    let answered = String::from_utf8(answer.body).unwrap();
    let published: Vec<Value> = answered
        .lines()
        .map(|line| json(line)["published"].clone())
        .collect();
    assert_eq!(published, [Value::Bool(false), Value::Bool(false)]);
    let metrics = http::request(served.address, "GET", "/metrics", b"");
    let metrics = String::from_utf8(metrics.body).unwrap();
    for line in [
        "glasslog_quorum_met 0",
        "glasslog_witness_alarm{name=\"w1\"} 0",
        "glasslog_backlog_entries 2",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let value = |name: &str| -> f64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} in {metrics}"))
            .trim()
            .parse()
            .unwrap()
    };
    assert!(value("glasslog_witness_size{name=\"w3\"}") >= 4.0);
    assert!(value("glasslog_witness_failing_seconds{name=\"w1\"}") >= 1.0);
    assert!(value("glasslog_witness_failures_total{name=\"w1\"}") >= 1.0);
    assert!(value("glasslog_witness_requests_total{name=\"w3\"}") >= 1.0);
    assert_eq!(value("glasslog_witness_failing_seconds{name=\"w3\"}"), 0.0);
    // The command line knows the outcome, and says so.
    let failed = shell
        .record(
            &served.url,
            "--action read --artifact a@1 -o p --format json",
        )
        .expect(1);
    let error = json(failed.text());
    assert_eq!(error["error"]["code"], "quorum-not-met", "{error}");
    assert_eq!(error["submitted"]["state"], "durable");
    assert_eq!(error["submitted"]["index"], 5);
    assert!(!shell.path("p").exists());
    fs::write(shell.path("batch"), &lines).unwrap();
    let said = shell
        .run(&format!("submit --log {} batch", served.url))
        .expect(1);
    assert_eq!(said.text().lines().count(), 2, "{}", said.text());
    for witness in &witnesses[..2] {
        witness.behave(Conduct::Honest);
    }
    let begun = Instant::now();
    while shell.size() < 6 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(20));
    }
    shell
        .run(&format!(
            "history a@1 --log {} --policy log/w.policy",
            served.url
        ))
        .expect(0);
    assert!(shell.read("log/public/checkpoint").starts_with(ORIGIN));
}
