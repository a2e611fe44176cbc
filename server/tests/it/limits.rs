//! Clients that send too much, too often or too slowly.

use crate::support::*;
use glasslog_server::{Limits, Options, Rate};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

fn limited(change: impl FnOnce(&mut Limits)) -> Running {
    let mut options = Options::default();
    change(&mut options.limits);
    Running::start_with(options)
}

/// Returns the bytes that arrive until the server closes a connection, and the time that this took since `began`.
fn closed_after(began: Instant, mut stream: TcpStream) -> (Duration, String) {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    (began.elapsed(), String::from_utf8(text).unwrap())
}

/// Sends a request's head from an address of this machine, each of which is another client, and a part of its body.
fn begin_from(server: &Running, address: [u8; 4], length: usize, body: &[u8]) -> TcpStream {
    let mut stream = connect_from(address, server);
    let head = format!(
        "POST /add HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    // A refusal may come before the body is read.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
    stream
}

/// Bodies that were announced and not sent, 64 MiB in all, are none.
#[test]
fn an_announcement_takes_no_memory() {
    let server = limited(|limits| limits.connections_of_client = 2_000);
    let open = |_| server.begin("POST", "/add", "content-length: 65535\r\n");
    let _waiting: Vec<TcpStream> = (0..1_050).map(open).collect();
    let metrics = server.get("/metrics");
    let taken = metrics
        .text()
        .lines()
        .find_map(|line| line.strip_prefix("glasslog_queue_bytes "));
    let taken: usize = taken.unwrap().parse().unwrap();
    assert!(taken <= 1_050 * 512, "{taken} bytes");
    assert_eq!(server.post("/add", &[b'x'; 65_535]).status, 200);
}

/// Bodies without their last byte fill the share of one client: its next one gets a 503, and others are served.
#[test]
fn a_client_has_its_share_of_memory_and_others_have_theirs() {
    let server = limited(|limits| limits.connections_of_client = 200);
    let hostile = [127, 0, 0, 2];
    let open = || begin_from(&server, hostile, 65_535, &[b'x'; 65_534]);
    let mut waiting: Vec<TcpStream> = (0..60).map(|_| open()).collect();
    // Other tasks read them, so the next request may still be first and take the place of one of them; its memory is free
    // again once it is answered. So each try adds one more waiting body.
    let answer = soon(|| {
        waiting.push(open());
        let answer = read(begin_from(&server, hostile, 65_535, &[b'y'; 65_535]));
        (answer.status == 503).then_some(answer)
    });
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.json()["error"]["code"], "busy");
    assert!(waiting.len() < 100, "{} bodies wait", waiting.len());
    assert_eq!(server.post("/add", &[b'x'; 65_535]).status, 200);
    assert_eq!(
        server.post("/batch", b"a room of its own").status,
        200,
        "a batch is not shut out by single entries"
    );
    drop(waiting);
    // Memory is freed.
    soon(|| (read(begin_from(&server, hostile, 5, b"later")).status == 200).then_some(()));
}

#[test]
fn a_head_that_does_not_come_closes_the_connection() {
    let server = limited(|limits| limits.head_timeout = Duration::from_millis(300));
    for begun in ["", "GET / HTTP/1.1\r\nhost: te", "POST /add HTTP/1.1\r\n"] {
        // The server's clock starts after this moment, even if the machine runs the next lines late.
        let began = Instant::now();
        let mut stream = server.connect();
        stream.write_all(begun.as_bytes()).unwrap();
        let (elapsed, _) = closed_after(began, stream);
        assert!(
            elapsed > Duration::from_millis(200) && elapsed < Duration::from_secs(10),
            "{begun:?}: {elapsed:?}"
        );
    }
    // A request that is sent byte by byte does not keep the connection open either.
    let mut stream = server.connect();
    let began = Instant::now();
    while stream.write_all(b"x").is_ok() && began.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let server = limited(|limits| limits.body_timeout = Duration::from_millis(300));
    let began = Instant::now();
    let slow = server.begin_with("POST", "/add", "content-length: 10\r\n", b"half");
    let (elapsed, text) = closed_after(began, slow);
    assert!(elapsed < Duration::from_secs(10));
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(text.contains("\"code\":\"too-slow\""), "{text}");

    let slow = server.begin_with("POST", "/batch", "content-length: 100\r\n", b"whole\nhal");
    let answers = read(slow).lines();
    assert_eq!(answers[0]["index"], 0);
    assert_eq!(answers[1]["error"]["code"], "too-slow");
    assert_eq!(answers.len(), 2);
    assert_eq!(server.size(), 1);
}

/// A byte each few milliseconds is too slow, although none of the pauses is long.
#[test]
fn a_body_that_drips_is_given_up() {
    let server = limited(|limits| limits.grace = Duration::from_millis(300));
    for (path, first) in [("/add", &b""[..]), ("/batch", b"a line\n")] {
        let began = Instant::now();
        let headers = "content-length: 60000\r\n";
        let mut stream = server.begin_with("POST", path, headers, first);
        let answer = stream.try_clone().unwrap();
        while began.elapsed() < Duration::from_secs(20) && stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{path}");
        let (_, text) = closed_after(began, answer);
        // The connection is reset if the server closes it before it has read everything.
        assert!(
            text.is_empty() || text.contains("\"code\":\"too-slow\""),
            "{text}"
        );
    }
    let text = server.get("/metrics");
    let refused = "glasslog_refusals_total{code=\"too-slow\",status=\"408\"} 2";
    assert!(text.text().contains(refused), "{}", text.text());
}

#[test]
fn a_client_has_its_share_of_connections_and_others_have_theirs() {
    let server = limited(|limits| {
        limits.connections = 5;
        limits.connections_of_client = 3;
    });
    let held: Vec<TcpStream> = (0..3).map(|_| server.connect()).collect();
    let again = |expected: &str| {
        soon(|| {
            let mut stream = server.connect();
            let _ =
                stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n");
            let (_, text) = closed_after(Instant::now(), stream);
            text.starts_with(expected).then_some(())
        })
    };
    // The fourth connection gets a 503.
    again("HTTP/1.1 503 ");
    // Every address of 127.0.0.0/8 is this machine.
    let mut other = connect_from([127, 0, 0, 2], &server);
    other
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n")
        .unwrap();
    assert_eq!(read(other).status, 200);
    drop(held);
    // Places are freed.
    again("HTTP/1.1 200 ");
}

/// Strangers who hold every connection lose one to each client that has fewer.
#[test]
fn a_client_with_few_connections_gets_the_place_of_one_with_many() {
    let server = limited(|limits| limits.connections = 12);
    let mut held: Vec<TcpStream> = (0..12)
        .map(|n| connect_from([127, 0, 3, 1 + n / 4], &server))
        .collect();
    for stream in &mut held {
        stream
            .write_all(b"GET /checkpoint HTTP/1.1\r\nx: ")
            .unwrap();
    }
    for _ in 0..3 {
        let mut honest = connect_from([127, 0, 4, 1], &server);
        honest
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n")
            .unwrap();
        let mut begin = [0; 12];
        honest.read_exact(&mut begin).unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200");
        held.push(honest);
    }
    // It has as many as the others now: the next one waits until one ends.
    let full = connect_from([127, 0, 4, 1], &server);
    assert_eq!(read(full).status, 503);
}

/// Connects from another address of this machine.
fn connect_from(address: [u8; 4], server: &Running) -> TcpStream {
    let stream = server.runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        let stream = socket.connect(server.address).await.unwrap();
        stream.into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// Sends this many entries before it reads any answer: one after the other they could be slow enough for the limit.
fn at_once(server: &Running, headers: &str, count: u8) -> Vec<Answer> {
    let headers = format!("content-length: 1\r\n{headers}");
    let begin = |n| server.begin_with("POST", "/add", &headers, &[b'a' + n]);
    let begun: Vec<TcpStream> = (0..count).map(begin).collect();
    begun.into_iter().map(read).collect()
}

#[test]
fn who_submits_too_often_is_told_when_to_come_back() {
    let rate = Rate {
        each_second: NonZeroU32::MIN,
        burst: NonZeroU32::new(3).unwrap(),
    };
    let server = limited(|limits| limits.rate = Some(rate));
    for n in 0..3 {
        assert_eq!(server.post("/add", &[b'A' + n]).status, 200);
    }
    let answers = at_once(&server, "", 20);
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.json()["error"]["code"], "rate-limited");
    assert_eq!(server.get("/checkpoint").status, 200, "readers are free");
    // A batch is slowed down instead of refused: the line feeds pass at five a second.
    let each_second = NonZeroU32::new(5).unwrap();
    let rate = Rate {
        each_second,
        ..rate
    };
    let server = limited(|limits| limits.rate = Some(rate));
    let began = Instant::now();
    assert_eq!(server.post("/batch", &[b'\n'; 12]).lines().len(), 12);
    assert!(began.elapsed() > Duration::from_millis(1_200));
}

#[test]
fn behind_a_proxy_the_client_is_whom_it_names() {
    let mut options = Options::default();
    options.proxies = vec!["127.0.0.1".parse().unwrap()];
    options.limits.rate = Some(Rate {
        each_second: NonZeroU32::MIN,
        burst: NonZeroU32::MIN,
    });
    let server = Running::start_with(options);
    let post = |client: &str| {
        let header = format!("x-forwarded-for: 203.0.113.9, {client}\r\n");
        server.send("POST", "/add", &header, b"entry").status
    };
    assert_eq!(post("192.0.2.1"), 200);
    let again = at_once(&server, "x-forwarded-for: 203.0.113.9, 192.0.2.1\r\n", 10);
    assert!(again.iter().any(|answer| answer.status == 429));
    assert_eq!(post("192.0.2.2"), 200);
}

#[test]
fn only_a_configured_proxy_is_believed() {
    let mut options = Options::default();
    options.proxies = vec!["192.0.2.0/24".parse().unwrap()];
    options.limits.rate = Some(Rate {
        each_second: NonZeroU32::MIN,
        burst: NonZeroU32::MIN,
    });
    let server = Running::start_with(options);
    let headers = |n| format!("x-forwarded-for: 203.0.113.{n}\r\n");
    let statuses: Vec<u16> = (0..10)
        .map(|n| server.send("POST", "/add", &headers(n), b"entry").status)
        .collect();
    assert!(
        statuses.contains(&429),
        "one client under ten names: {statuses:?}"
    );
}

/// The connections of a proxy are those of many clients: the bound for one client does not apply to them.
#[test]
fn a_proxy_has_as_many_connections_as_there_are() {
    let mut options = Options::default();
    options.proxies = vec!["127.0.0.1".parse().unwrap()];
    options.limits.connections_of_client = 1;
    let server = Running::start_with(options);
    let held: Vec<TcpStream> = (0..5).map(|_| server.connect()).collect();
    assert_eq!(server.get("/healthz").status, 200);
    drop(held);
}

#[test]
fn batches_are_few() {
    let server = limited(|limits| limits.batches_part = 64);
    let mut first = Sending::begin(&server, "/batch");
    first.send(b"one\ntw");
    // Once it has an answer, and has begun a line, it has the place.
    assert_eq!(first.next()["index"], 0);
    let refused = server.post("/batch", b"two");
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json()["error"]["code"], "busy");
    assert_eq!(server.post("/add", b"single").status, 200);
    first.end();
    let mut rest = String::new();
    first.answers.read_to_string(&mut rest).unwrap();
    assert_eq!(
        rest.matches('{').count(),
        1,
        "one line has one answer: {rest}"
    );
    soon(|| (server.post("/batch", b"two").status == 200).then_some(()));
}

/// A batch that waits for its next line takes no place, and goes on when the line comes.
#[test]
fn an_idle_batch_holds_no_place() {
    let server = limited(|limits| limits.batches_part = 64);
    let mut idle = Sending::begin(&server, "/batch");
    idle.send(b"one\n");
    assert_eq!(idle.next()["index"], 0);
    let mut other = soon(|| {
        let mut other = Sending::begin(&server, "/batch");
        other.send(b"two\nbegun");
        (other.status() == 200).then_some(other)
    });
    assert_eq!(other.next()["index"], 1);
    assert_eq!(server.post("/batch", b"three").status, 503);
    idle.send(b"four\n");
    other.send(b" and ended\n");
    assert_eq!(other.next()["index"], 2);
    assert_eq!(idle.next()["index"], 3);
}

#[test]
fn a_head_has_bounds() {
    let server = Running::start();
    for (length, status) in [(65_000, 200), (66_000, 431), (100_000, 431), (300_000, 431)] {
        let long = format!("x: {}\r\n", "y".repeat(length));
        let answer = server.send("GET", "/healthz", &long, b"");
        assert_eq!(answer.status, status, "{length}");
    }
    let many = "x: y\r\n".repeat(100);
    assert_eq!(server.send("GET", "/", &many, b"").status, 431);
    assert_eq!(
        server.post("/add?ack=never", b"x").json()["error"]["code"],
        json!("unknown-acknowledgement")
    );
    // A refusal repeats the beginning of a value alone.
    for name in ["ack", "answer"] {
        let path = format!("/batch?{name}={}", "z".repeat(30_000));
        let answer = server.post(&path, b"x");
        assert_eq!(answer.status, 400);
        assert!(answer.text().len() < 300, "{}", answer.text());
    }
}
