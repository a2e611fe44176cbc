//! The server over real loopback connections, on a raw log.

use glasslog_core::hash::leaf_hash;
use glasslog_log::{Log, LogError, NewLog};
use glasslog_server::{ServeError, Server};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const NOW: u64 = 1_795_467_600;

struct Running {
    directory: TempDir,
    runtime: Runtime,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServeError>>,
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Running {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        NewLog::raw("example.com/raw")
            .create(directory.path(), NOW)
            .unwrap();
        Self::start_in(directory)
    }

    fn start_in(directory: TempDir) -> Self {
        let runtime = Runtime::new().unwrap();
        let log = Log::open(directory.path()).unwrap();
        let server = runtime
            .block_on(Server::bind(log, ([127, 0, 0, 1], 0).into()))
            .unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let task = runtime.spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self {
            directory,
            runtime,
            address,
            stop,
            task,
        }
    }

    fn stop(self) -> (TempDir, Result<(), ServeError>) {
        self.stop.send(()).unwrap();
        (self.directory, self.runtime.block_on(self.task).unwrap())
    }

    fn public(&self, path: &str) -> Vec<u8> {
        fs::read(self.directory.path().join("public").join(path)).unwrap()
    }

    fn size(&self) -> u64 {
        let text = String::from_utf8(self.public("checkpoint")).unwrap();
        text.lines().nth(1).unwrap().parse().unwrap()
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n")
            .unwrap();
        // A refusal may come before the body is read.
        let _ = stream.write_all(body);
        read(stream)
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.send("POST", path, "", body)
    }
}

fn read(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // The server may close a connection whose body it did not want.
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head,
        body: bytes[end + 4..].to_vec(),
    }
}

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

/// A client that never ends its request does not keep the server from ending, nor the log locked.
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
    let server = Running::start_in(directory);
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
        ("/batch", vec![b'\n'; 20_000], 413, "batch-too-large"),
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

/// Four bodies of 16 MiB do not fit into what may wait: the fourth is told to come back.
#[test]
fn what_does_not_fit_is_told_to_come_back() {
    let server = Running::start();
    let head = "POST /batch HTTP/1.1\r\nhost: test\r\ncontent-length: 16777216\r\n\r\n";
    let open = || {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let waiting: Vec<TcpStream> = (0..3).map(|_| open()).collect();
    // The three are read by other tasks, so the fourth may still come first.
    let answer = (0..100)
        .find_map(|_| {
            let answer = server.post("/batch", &vec![b'x'; 16 << 20]);
            (answer.status == 503).then_some(answer)
        })
        .unwrap();
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.json()["error"]["code"], "busy");
    drop(waiting);
    assert!(
        (0..100).any(|_| server.post("/add", b"later").status == 200),
        "room is given back"
    );
}

#[test]
fn files_say_what_they_are_and_how_long_they_last() {
    let server = Running::start();
    let batch: Vec<u8> = (0..300)
        .flat_map(|index| format!("entry {index}\n").into_bytes())
        .collect();
    server.post("/batch", &batch);
    let portal = server.directory.path().join("public/portal");
    fs::create_dir(&portal).unwrap();
    for name in ["index.html", "verify.wasm", "portal.js"] {
        fs::write(portal.join(name), name).unwrap();
    }
    let (text, bytes) = ("text/plain; charset=utf-8", "application/octet-stream");
    let (forever, ask) = ("public, max-age=31536000, immutable", "no-cache");
    for (path, kind, caching) in [
        ("checkpoint", text, ask),
        ("checkpoints/0", text, forever),
        ("tile/0/000", bytes, forever),
        ("tile/0/001.p/44", bytes, forever),
        ("tile/1/000.p/1", bytes, forever),
        ("tile/entries/000", bytes, forever),
        ("tile/entries/001.p/44", bytes, forever),
        ("portal/index.html", "text/html", ask),
        ("portal/verify.wasm", "application/wasm", ask),
        ("portal/portal.js", "text/javascript", ask),
    ] {
        let answer = server.send(
            "GET",
            &format!("/{path}"),
            "origin: https://elsewhere.example\r\n",
            b"",
        );
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        assert_eq!(answer.header("cache-control"), Some(caching), "{path}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert!(answer.body == server.public(path), "{path}");
        let tag = answer.header("etag").unwrap().to_owned();
        let again = server.send(
            "GET",
            &format!("/{path}"),
            &format!("if-none-match: {tag}\r\n"),
            b"",
        );
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let head = server.send("HEAD", &format!("/{path}"), "", b"");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
    let part = server.send("GET", "/tile/0/000", "range: bytes=32-63\r\n", b"");
    assert_eq!(
        (part.status, &part.body[..]),
        (206, &leaf_hash(b"entry 1").as_bytes()[..])
    );
}

#[test]
fn a_validator_follows_the_content() {
    let server = Running::start();
    let mut tags = Vec::new();
    for entry in ["a", "b", "c", "d"] {
        server.post("/add", entry.as_bytes());
        let tag = server.get("/checkpoint").header("etag").unwrap().to_owned();
        assert!(!tags.contains(&tag));
        tags.push(tag);
    }
}

#[test]
fn what_is_missing_is_asked_for_again() {
    let server = Running::start();
    for path in [
        "/tile/0/000",
        "/checkpoints/7",
        "/index/checkpoint",
        "/portal/",
        "/",
    ] {
        let answer = server.get(path);
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (404, Some("no-store")),
            "{path}"
        );
    }
}

#[test]
fn the_front_door_leads_to_the_portal() {
    let server = Running::start();
    let portal = server.directory.path().join("public/portal");
    fs::create_dir(&portal).unwrap();
    fs::write(portal.join("index.html"), "<!doctype html>").unwrap();
    let answer = server.get("/");
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("portal/"))
    );
    assert_eq!(server.get("/portal/").text(), "<!doctype html>");
}

#[test]
fn nothing_private_can_be_reached() {
    let server = Running::start();
    for path in [
        "/../glasslog.toml",
        "/tile/../../keys/log",
        "/%2e%2e/keys/log",
        "/..%2fkeys%2flog",
        "/portal/%2e%2e/%2e%2e/state/head",
        "//keys/log",
        "/keys/log",
        "/state/head",
    ] {
        let answer = server.get(path);
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert!(
            !answer.text().contains("PRIVATE") && !answer.text().contains("example.com"),
            "{path}"
        );
    }
}

#[test]
fn a_second_writer_is_told_where_to_go() {
    let server = Running::start();
    let error = Log::open(server.directory.path()).unwrap_err();
    let LogError::Locked {
        holder: Some(holder),
    } = &error
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

/// The disk fails under a running server: what waits gets no index, and the server ends with the reason.
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
