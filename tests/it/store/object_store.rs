//! Logs in buckets on the command line: stores that break their promises are refused, on a real one everything works.
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use glasslog_core::merkle::sha256;
use glasslog_core::object_store::encode_batch;
use glasslog_tests::command::{Finished, finish};
use glasslog_tests::glasslog::{command, glasslog};
use glasslog_tests::served::Served;
use glasslog_tests::shared::make_log;
use glasslog_tests::versitygw::{BUCKET, CREDENTIALS, VersityGw};
use glasslog_tests::words;

/// Far above what anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Conditions that a store keeps.
#[derive(Clone, Copy)]
struct Keeps {
    creation: bool,
    swap: bool,
}

/// Each object's number, which is its tag, and content.
type Objects = Mutex<HashMap<String, (u64, Vec<u8>)>>;

/// A store that answers as S3 does, except for what it does not keep.
fn fake(keeps: Keeps) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let objects: Arc<Objects> = Arc::default();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let objects = Arc::clone(&objects);
            // A client that hangs up is the client's right.
            thread::spawn(move || answer(stream, keeps, &objects).unwrap_or_default());
        }
    });
    address
}

fn answer(mut stream: TcpStream, keeps: Keeps, objects: &Objects) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let fields = lines.iter().filter_map(|line| line.split_once(": "));
        let mut found = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let mut words = lines.first().map_or("", String::as_str).split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let mut objects = objects.lock().unwrap();
    let found = objects.get(path).cloned();
    let tag = |number: u64| format!("\"{number}\"");
    let matches = |wanted: &String| found.as_ref().is_some_and(|(n, _)| tag(*n) == *wanted);
    let is_refused = (keeps.creation && header("if-none-match").is_some() && found.is_some())
        || (keeps.swap && header("if-match").is_some_and(|wanted| !matches(&wanted)));
    let mut reply = |status: &str, etag: &str, body: &[u8]| {
        let length = body.len();
        let date = "Last-Modified: Tue, 24 Nov 2026 00:00:00 GMT";
        let head = format!(
            "HTTP/1.1 {status}\r\nETag: {etag}\r\n{date}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat())
    };
    match method {
        "PUT" if is_refused => reply("412 Precondition Failed", "\"\"", b""),
        "PUT" => {
            let number = 1 + objects.values().map(|(n, _)| *n).max().unwrap_or(0);
            objects.insert(path.to_owned(), (number, body));
            reply("200 OK", &tag(number), b"")
        }
        "DELETE" => {
            objects.remove(path);
            reply("204 No Content", "\"\"", b"")
        }
        _ => match found {
            Some((number, bytes)) => reply("200 OK", &tag(number), &bytes),
            None => reply("404 Not Found", "\"\"", b""),
        },
    }
}

fn with_store(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Finished {
    finish(command().envs(CREDENTIALS).args(arguments))
}

fn init(log: &Path, address: SocketAddr) -> Finished {
    let (store, endpoint) = (
        format!("s3://{BUCKET}/logs/one"),
        format!("http://{address}"),
    );
    with_store(words![
        "init",
        log,
        "--origin",
        "example.com/store",
        "--store",
        store,
        "--endpoint",
        endpoint,
        "--allow-http"
    ])
}

fn status(log: &Path) -> serde_json::Value {
    with_store(words!["log", "status", log, "--format", "json"])
        .expect(0)
        .json()
}

#[test]
fn a_store_that_ignores_conditions_is_refused_by_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        (false, true, "`If-None-Match: *` ignored"),
        (true, false, "`If-Match` ignored"),
        (false, false, "`If-None-Match: *` ignored"),
    ];
    for (number, (creation, swap, says)) in cases.into_iter().enumerate() {
        let log = folder.path().join(number.to_string());
        let refused = init(&log, fake(Keeps { creation, swap })).expect(1);
        assert!(refused.stderr.contains(says), "{refused}");
        assert!(!log.join("glasslog.toml").exists());
    }
    // The one that keeps its promises shows that it was not something else about the fake.
    let log = folder.path().join("kept");
    let keeps = Keeps {
        creation: true,
        swap: true,
    };
    init(&log, fake(keeps)).expect(0);
}

#[test]
fn a_log_in_a_bucket_is_made_written_and_read() {
    let Some(store) = VersityGw::start("a log in a bucket") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let log = at("log");
    init(&log, store.address()).expect(0);
    // The prefix holds a log now: another one is not made over it.
    let taken = init(&at("other"), store.address()).expect(1);
    assert!(taken.stderr.contains("is not empty"), "{taken}");

    let (key, public) = (at("ci.key"), at("ci.key.pub"));
    glasslog(words![
        "keygen",
        "--kind",
        "actor",
        "--name",
        "ci@example.com",
        "--out",
        key
    ])
    .expect(0);
    with_store(words![
        "keys",
        "enrol",
        "--log",
        log,
        "--actor",
        "ci@example.com",
        "--key",
        public
    ])
    .expect(0);
    fs::write(at("model"), "weights").unwrap();
    let proof = at("proof");
    with_store(words![
        "record",
        "--log",
        log,
        "--signer",
        key,
        "--action",
        "read",
        "--artifact",
        "model@1",
        "--file",
        at("model"),
        "-o",
        proof
    ])
    .expect(0);
    let policy = log.join("trust.policy");
    let history = with_store(words![
        "history",
        "model@1",
        "--log",
        log,
        "--policy",
        policy,
        "--full-scan"
    ])
    .expect(0);
    assert!(history.text().contains("ci@example.com"), "{history}");
    // Through the index, which `init` has begun in the bucket, the same comes out.
    let indexed = with_store(words![
        "history",
        "model@1",
        "--log",
        log,
        "--policy",
        policy,
        "--accept-index"
    ])
    .expect(0);
    assert!(indexed.text().contains("ci@example.com"), "{indexed}");
    let latest = store.file("logs/one/public/index/latest.tlog-proof");

    // A witness needs no lease, and what it adds stays; who writes also extends the index.
    let (witness, memory) = (at("w.key"), at("w.state"));
    let arguments = words![
        "keygen",
        "--kind",
        "witness",
        "--name",
        "w.example.com",
        "--out",
        witness
    ];
    glasslog(arguments).expect(0);
    let cosign = || {
        let arguments = words![
            "witness", "cosign", log, "--key", witness, "--state", memory
        ];
        with_store(arguments).expect(0);
    };
    cosign();
    with_store(words!["publish", log]).expect(0);
    let checkpoint = fs::read_to_string(store.file("logs/one/public/checkpoint")).unwrap();
    assert!(checkpoint.contains("\n— w.example.com "), "{checkpoint}");
    let arguments = words![
        "record",
        "--log",
        log,
        "--signer",
        key,
        "--action",
        "read",
        "--artifact",
        "model@1",
        "--file",
        at("model"),
        "--dry-run"
    ];
    fs::write(at("events"), with_store(arguments).expect(0).stdout).unwrap();
    with_store(words!["submit", "--log", log, at("events")]).expect(0);
    let published = with_store(words!["publish", log, "--format", "json"]).expect(0);
    let published = published.json();
    assert_eq!(published["indexed"], published["checkpoint"]["size"]);
    let status = || status(&log);
    let standing = status();
    assert_eq!(standing["size"], published["checkpoint"]["size"]);
    assert_eq!(standing["indexed"], published["indexed"]);
    for nothing in ["lagSeconds", "writer", "lastError"] {
        assert!(standing[nothing].is_null(), "{standing}");
    }
    cosign();
    let before = fs::read(&latest).unwrap();
    // Due with every entry, so that nobody waits for it here.
    let config = log.join("glasslog.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("seconds = 60", "seconds = 0")).unwrap();
    // A server writes the bucket and serves from it; the lease keeps others out, and they are told where to go.
    let mut serve = command();
    serve.envs(CREDENTIALS).args(words!["serve", log]);
    let mut serve = Served::start(serve, Stdio::null()).expect("it listens");
    let url = serve.url.clone();
    let arguments = words![
        "record",
        "--log",
        url,
        "--signer",
        key,
        "--action",
        "read",
        "--artifact",
        "model@1",
        "--file"
    ];
    let beside = at("served.proof");
    glasslog(
        arguments
            .into_iter()
            .chain(words![at("model"), "-o", beside]),
    )
    .expect(0);
    let refused = with_store(words!["publish", log]).expect(1);
    assert!(
        refused.stderr.contains(&format!("--log {url}")),
        "{refused}"
    );
    let standing = status();
    assert_eq!(standing["writer"]["url"], url.as_str(), "{standing}");
    assert_eq!(standing["writer"]["leaseSeconds"], 10);
    // It extends the index in the bucket, and readers of either find what was recorded there.
    let began = Instant::now();
    // The store may be replacing it just then.
    while fs::read(&latest).map_or(true, |now| now == before) {
        assert!(began.elapsed() < PATIENCE, "the index is extended");
        thread::sleep(Duration::from_millis(50));
    }
    // At one time, which a report may tell.
    let history = |log: &OsStr| {
        let now = "2030-01-01T00:00:00Z";
        let words = words![
            "history", "model@1", "--log", log, "--policy", policy, "--now", now
        ];
        with_store(words).expect(0).stdout
    };
    assert_eq!(history(url.as_ref()), history(log.as_os_str()));
    let served = glasslog(words!["audit", url, "--policy", policy]);
    serve.kill();
    served.expect(0);
    // Killed, it leaves a lease that ends; what it acknowledged stays.
    with_store(words!["audit", log, "--policy", policy]).expect(0);

    // Any host of `public/` serves readers who know nothing of buckets.
    let tree = store.file("logs/one/public");
    glasslog(words!["audit", tree, "--policy", policy]).expect(0);
    // Without credentials nothing is read, and none are in what is said or kept.
    let denied = finish(
        command()
            .env("AWS_ACCESS_KEY_ID", "somebody")
            .env("AWS_SECRET_ACCESS_KEY", "else")
            .args(words!["publish", log]),
    )
    .expect(1);
    assert!(!denied.stderr.contains("else\""), "{denied}");
    let written = fs::read_to_string(log.join("glasslog.toml")).unwrap();
    assert!(!written.contains(CREDENTIALS[1].1));
}

#[test]
fn what_is_staged_in_a_bucket_is_the_backlog() {
    let Some(store) = VersityGw::start("the backlog of a log in a bucket") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    init(&log, store.address()).expect(0);
    let status = || status(&log);
    let size = status()["published"].as_u64().unwrap();
    // As a writer leaves it that ends between its second step and its third.
    let batch = encode_batch(size, &[&b"first"[..], b"second"]).unwrap();
    let path = store.file("logs/one/private/lock");
    let lock = fs::read_to_string(&path).unwrap();
    let staged = format!("staged {size} 2 1-2 {}\n\n", sha256(&batch).to_hex());
    let name = store.file("logs/one/private/staged/1-2");
    fs::create_dir_all(name.parent().unwrap()).unwrap();
    fs::write(name, batch).unwrap();
    fs::write(&path, lock.replacen("\n\n", &format!("\n{staged}"), 1)).unwrap();
    let standing = status();
    assert_eq!(standing["size"], size + 2, "{standing}");
    assert_eq!(
        (&standing["backlog"], &standing["backlogBytes"]),
        (&2.into(), &11.into())
    );
    assert!(standing["lagSeconds"].is_u64(), "{standing}");

    // The next writer publishes it.
    with_store(words!["log", "close", log, "--yes"]).expect(0);
    let standing = status();
    assert_eq!(standing["published"], size + 2, "{standing}");
    assert_eq!(
        (&standing["closed"], &standing["backlog"]),
        (&true.into(), &0.into())
    );

    fs::write(&path, "else").unwrap();
    let refused = with_store(words!["log", "status", log]).expect(1);
    assert!(refused.stderr.contains("private/lock"), "{refused}");
}

#[test]
fn after_a_killed_server_whoever_writes_next_has_the_lease_when_it_ends() {
    let Some(store) = VersityGw::start("a command after a killed server") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    make_log(&store, &log, "logs/killed", 2, &[]);
    let mut serve = command();
    serve.envs(CREDENTIALS).args(words!["serve", log]);
    let mut serve = Served::start(serve, Stdio::null()).expect("it listens");
    let alive = with_store(words!["publish", log]).expect(1);
    assert!(alive.stderr.contains(&serve.url), "{alive}");
    serve.kill();
    // Its address still stands in the lock, which no longer changes.
    assert_eq!(status(&log)["writer"]["url"], serve.url.as_str());
    with_store(words!["publish", log]).expect(0);
    assert!(status(&log)["writer"].is_null());
}
