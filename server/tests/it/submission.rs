//! Entries in, indices out; a second writer, and the ways in which a server ends.

use crate::support::*;
use glasslog_core::merkle::leaf_hash;
use glasslog_log::LockError;
use glasslog_log::{Log, LogError, NewLog};
use glasslog_server::{Options, ServeError, Server};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn an_entry_is_published_when_its_index_arrives() {
    let server = Running::start();
    for (index, entry) in ["one", "two", "three"].iter().enumerate() {
        let answer = server.post("/add", entry.as_bytes());
        assert_eq!((answer.status, answer.text()), (200, &*index.to_string()));
        assert_eq!(server.size(), index as u64 + 1);
    }
    assert_eq!(
        server.post("/add", b"two").text(),
        "1",
        "the same entry keeps its index"
    );
    assert_eq!(server.size(), 3);
}

#[test]
fn a_batch_is_answered_line_by_line() {
    let server = Running::start();
    let long = "x".repeat(65_536);
    let answer = server.post("/batch", format!("one\n\n{long}\none\ntwo").as_bytes());
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/jsonl"));
    let lines: Vec<Value> = answer
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let done = |index: u64, entry: &[u8]| json!({ "index": index, "leafHash": leaf_hash(entry).to_base64() });
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0], done(0, b"one"));
    let refused = |line: &Value| {
        (
            line["error"]["code"].clone(),
            line["error"]["status"].clone(),
        )
    };
    assert_eq!(refused(&lines[1]), (json!("entry-empty"), json!(400)));
    assert_eq!(refused(&lines[2]), (json!("entry-too-large"), json!(413)));
    assert_eq!(lines[3], done(0, b"one"));
    assert_eq!(lines[4], done(1, b"two"));
    assert_eq!(server.size(), 2);
    assert_eq!(server.post("/batch", b"").text(), "");
}

#[test]
fn a_durable_entry_survives_the_stop() {
    let server = Running::start();
    let answer = server.post("/add?ack=durable", b"one");
    assert_eq!((answer.status, answer.text()), (200, "0"));
    let (directory, ended) = server.stop();
    ended.unwrap();
    let mut log = Log::open(directory.path()).unwrap();
    assert_eq!(log.head().size, 1);
    assert_eq!(log.publish(NOW).unwrap().size, 1);
}

/// A client that never ends its request keeps neither the server running nor the log locked.
#[test]
fn a_stop_does_not_wait_for_ever() {
    let server = Running::start();
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.write_all(b"POST /add HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nhalf")
        .unwrap();
    let idle = TcpStream::connect(server.address).unwrap();
    server.post("/add", b"one");
    let began = Instant::now();
    let (directory, ended) = server.stop();
    ended.unwrap();
    assert!(began.elapsed() < Duration::from_secs(20));
    Log::open(directory.path()).unwrap();
    drop((slow, idle));
}

#[test]
fn what_a_crashed_run_acknowledged_is_published_at_start() {
    let directory = tempfile::tempdir().unwrap();
    NewLog::raw("example.com/raw")
        .create(directory.path(), NOW)
        .unwrap();
    let mut log = Log::open(directory.path()).unwrap();
    log.append(vec![b"staged".to_vec()]).unwrap();
    drop(log);
    let server = Running::start_in(directory, Options::default());
    assert_eq!(server.post("/add", b"next").text(), "1");
    assert_eq!(server.size(), 2);
}

#[test]
fn refusals_have_their_status() {
    let server = Running::start();
    for (path, body, status, code) in [
        ("/add", vec![], 400, "entry-empty"),
        ("/add", vec![b'x'; 65_536], 413, "entry-too-large"),
        (
            "/add?ack=soon",
            b"x".to_vec(),
            400,
            "unknown-acknowledgement",
        ),
        ("/batch?ack=soon", vec![], 400, "unknown-acknowledgement"),
        ("/add?ack", b"one".to_vec(), 400, "query-malformed"),
        ("/add?answer=all", b"x".to_vec(), 400, "unknown-answer"),
        (
            "/add?ack=durable&answer=proof",
            b"x".to_vec(),
            400,
            "proof-too-early",
        ),
    ] {
        let answer = server.post(path, &body);
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (status, &json!(code)),
            "{path}"
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert_eq!(server.get("/add").status, 405);
    assert_eq!(server.size(), 0);
}

#[test]
fn a_second_writer_is_told_where_to_go() {
    let server = Running::start();
    let error = Log::open(server.directory.path()).unwrap_err();
    let LogError::Lock(LockError::Log {
        holder: Some(holder),
    }) = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(holder.pid, std::process::id());
    assert_eq!(
        holder.url.as_deref(),
        Some(&*format!("http://{}", server.address))
    );
    assert!(error.hint().unwrap().contains(&server.address.to_string()));
}

#[test]
fn an_address_that_is_taken_is_named() {
    let server = Running::start();
    let directory = tempfile::tempdir().unwrap();
    NewLog::raw("example.com/other")
        .create(directory.path(), NOW)
        .unwrap();
    let log = Log::open(directory.path()).unwrap();
    let error = server
        .runtime
        .block_on(Server::bind(log, server.address))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot listen on {}: ", server.address)),
        "{error}"
    );
}

/// The disk fails under a running server: waiting entries get no index, and the server ends with the reason.
#[test]
fn a_failing_disk_ends_the_server() {
    let server = Running::start();
    assert_eq!(server.post("/add", b"one").status, 200);
    let public = server.directory.path().join("public");
    fs::rename(&public, server.directory.path().join("elsewhere")).unwrap();
    assert_eq!(server.post("/add", b"two").status, 503);
    let ended = server.runtime.block_on(server.task).unwrap();
    assert!(
        matches!(ended, Err(ServeError::Log(LogError::Disk(_)))),
        "{ended:?}"
    );
    let directory: &Path = server.directory.path();
    fs::rename(directory.join("elsewhere"), &public).unwrap();
    let mut log = Log::open(directory).unwrap();
    assert_eq!(
        log.publish(NOW).unwrap().size,
        2,
        "the second entry was durable"
    );
}
