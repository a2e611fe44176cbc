//! Batches: of any length, in bounded memory, answered while they arrive.

use crate::support::*;
use glasslog_core::merkle::leaf_hash;
use glasslog_core::note::TlogProof;
use glasslog_server::Options;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufWriter, Read, Write};
use std::time::{Duration, Instant};

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("none")
}

#[test]
fn answers_come_while_the_batch_is_sent() {
    let server = Running::start();
    for path in ["/batch", "/batch?ack=durable"] {
        let mut sending = Sending::begin(&server, path);
        for _ in 0..3 {
            let entry = format!("{path} {}", server.size());
            sending.send(entry.as_bytes());
            sending.send(b"\n");
            let answer = sending.next();
            assert_eq!(
                answer["leafHash"],
                leaf_hash(entry.as_bytes()).to_base64(),
                "{answer}"
            );
            if path == "/batch" {
                assert_eq!(server.size(), answer["index"].as_u64().unwrap() + 1);
            }
        }
        sending.send(b"a bad line follows\n\n");
        assert!(sending.next()["index"].is_u64());
        assert_eq!(code(&sending.next()), "entry-empty");
        sending.send(b"the last one, without an end");
        sending.end();
        assert!(sending.next()["index"].is_u64());
    }
}

/// Far more lines and bytes than the server may hold.
#[test]
fn a_batch_of_any_length_is_answered() {
    let server = Running::start();
    const LINES: usize = 8_000;
    const LENGTH: usize = 2_000;
    let stream = server.begin(
        "POST",
        "/batch?ack=durable",
        &format!("content-length: {}\r\n", LINES * (LENGTH + 1)),
    );
    let writer = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        let mut writer = BufWriter::new(writer);
        for number in 0..LINES {
            writeln!(writer, "{number:0>LENGTH$}").unwrap();
        }
    });
    let answer = read(stream);
    sender.join().unwrap();
    let indices: Vec<u64> = answer
        .lines()
        .iter()
        .map(|line| line["index"].as_u64().unwrap())
        .collect();
    assert_eq!(indices, (0..LINES as u64).collect::<Vec<_>>());
    // Very short lines are bounded in the same way.
    let answer = server.post("/batch", &vec![b'\n'; 20_000]);
    assert_eq!(answer.lines().len(), 20_000);
}

/// The server stops reading from a client that does not read its answers, and then cuts it off.
#[test]
fn a_sender_that_does_not_read_is_stopped() {
    let mut options = Options::default();
    options.limits.write_timeout = Duration::from_millis(500);
    let server = Running::start_with(options);
    let mut stream = server.begin("POST", "/batch", "content-length: 1000000000\r\n");
    stream
        .set_write_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let lines = vec![b'\n'; 1 << 16];
    let sent = (0..15_000).take_while(|_| stream.write_all(&lines).is_ok());
    let sent = sent.count() << 16;
    // Each line of one byte is answered with eighty, and the connection's buffers hold a few megabytes.
    assert!(sent < 64 << 20, "{sent} bytes were taken");
    assert_eq!(server.post("/add", b"others go on").status, 200);
}

#[test]
fn a_line_that_was_cut_short_is_no_entry() {
    let server = Running::start();
    let mut stream = server.begin("POST", "/batch", "content-length: 1000\r\n");
    stream.write_all(b"whole\nhal").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert_eq!(server.post("/add", b"whole").text(), "0");
    assert_eq!(server.post("/add", b"next").text(), "1");
}

#[test]
fn a_stop_answers_what_arrived() {
    // A stop that waits for this time-out takes longer than any stop on a busy machine.
    let mut options = Options::default();
    options.limits.stop_timeout = Duration::from_secs(60);
    let server = Running::start_with(options);
    let mut sending = Sending::begin(&server, "/batch");
    sending.send(b"one\n");
    assert_eq!(sending.next()["index"], 0);
    sending.send(b"two\n");
    assert_eq!(sending.next()["index"], 1);
    let began = Instant::now();
    let (_directory, ended) = server.ask_to_stop();
    let last = sending.next();
    assert_eq!(code(&last), "stopping", "{last}");
    assert_eq!(last["error"]["status"], 503);
    ended().unwrap();
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn proofs_come_with_the_answers() {
    let server = Running::start();
    let lines: String = (0..600).map(|number| format!("entry {number}\n")).collect();
    let answers = server.post("/batch?answer=proof", lines.as_bytes()).lines();
    assert_eq!(answers.len(), 600);
    for (line, answer) in lines.lines().zip(&answers) {
        check(answer["proof"].as_str().unwrap(), line, &answer["index"]);
    }
    let single = server.post("/add?answer=proof", b"entry 7");
    assert_eq!(single.status, 200);
    check(single.text(), "entry 7", &json!(7));
    let refused = server
        .post("/batch?answer=proof", b"fine\n\nfine\n")
        .lines();
    assert_eq!(code(&refused[1]), "entry-empty");
    check(
        refused[2]["proof"].as_str().unwrap(),
        "fine",
        &refused[0]["index"],
    );
}

/// A line by an unknown key is not handed on: nobody could tell a true one from a false one.
#[test]
fn proofs_carry_verified_signatures_alone() {
    let server = Running::start();
    server.post("/add", b"entry");
    let path = server.directory.path().join("public/checkpoint");
    let mut checkpoint = fs::read_to_string(&path).unwrap();
    let junk = format!("\u{2014} example.com/raw {}\n", "AAAA".repeat(23));
    checkpoint += &junk;
    fs::write(&path, &checkpoint).unwrap();
    for answer in [
        server.post("/add?answer=proof", b"entry").text().to_owned(),
        server.post("/batch?answer=proof", b"entry\n").lines()[0]["proof"]
            .as_str()
            .unwrap()
            .to_owned(),
    ] {
        assert!(!answer.contains(&junk), "{answer}");
        check(&answer, "entry", &json!(0));
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), checkpoint);
}

fn check(proof: &str, entry: &str, index: &Value) {
    let proof = TlogProof::parse(proof.as_bytes()).unwrap();
    assert_eq!(Some(proof.index()), index.as_u64());
    let leaf = leaf_hash(entry.as_bytes());
    let head = proof.checkpoint().head();
    proof
        .proof()
        .verify(&leaf, proof.index(), &head)
        .unwrap_or_else(|error| panic!("{entry}: {error}"));
}
