//! A log in a bucket with several servers and witnesses: the one that sequences asks them, and the others pass its answers on.
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glasslog_tests::command::{finish, run};
use glasslog_tests::cosigner::{Conduct, Cosigner};
use glasslog_tests::glasslog::command;
use glasslog_tests::http::{self, Answer};
use glasslog_tests::served::Served;
use glasslog_tests::shared::make_log;
use glasslog_tests::versitygw::{CREDENTIALS, VersityGw};
use glasslog_tests::words;
use serde_json::Value;

use super::stage::{QUICK, add_witnesses};

fn serve(log: &Path) -> Served {
    let mut serve = command();
    serve.envs(CREDENTIALS).args(words!["serve", log]);
    Served::start(serve, Stdio::null()).expect("it listens")
}

fn add(served: &Served, entry: &str) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = http::request(served.address, "POST", "/add", entry.as_bytes());
        // Until one of the servers leads.
        if answer.status != 503 || begun.elapsed() > Duration::from_secs(60) {
            return answer;
        }
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_servers_of_a_bucket_publish_with_the_quorum() {
    let Some(store) = VersityGw::start("witnesses of a log in a bucket") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    make_log(&store, &log, "witnessed", 3, &["--raw"]);
    let witnesses: Vec<Cosigner> = (1..=3).map(Cosigner::start).collect();
    add_witnesses(&log, &witnesses, QUICK);
    let copy = folder.path().join("copy");
    // With the modes of the keys.
    run(Path::new("cp"), words!["-a", log, copy]).expect(0);
    let servers = [serve(&log), serve(&copy)];
    for (number, served) in servers.iter().enumerate() {
        let answer = add(served, &format!("entry {number}"));
        assert_eq!(
            (answer.status, answer.body),
            (200, number.to_string().into_bytes())
        );
    }
    for witness in &witnesses[1..] {
        witness.behave(Conduct::Dead);
    }
    for (number, served) in (2..).zip(&servers) {
        let answer = add(served, &format!("entry {number}"));
        assert_eq!(answer.status, 202, "{answer:?}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            (&body["index"], &body["published"]),
            (&number.into(), &false.into())
        );
    }
    let status = words!["log", "status", log, "--format", "json"];
    let status = finish(command().envs(CREDENTIALS).args(status))
        .expect(0)
        .json();
    assert_eq!(
        (&status["size"], &status["published"]),
        (&4.into(), &2.into())
    );
    assert_eq!(status["waitingFor"], serde_json::json!(["w2", "w3"]));
    for witness in &witnesses[1..] {
        witness.behave(Conduct::Honest);
    }
    let answer = add(&servers[1], "entry 4");
    assert!([200, 202].contains(&answer.status), "{answer:?}");
    let begun = Instant::now();
    while add(&servers[0], "entry 4").status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(100));
    }
}
