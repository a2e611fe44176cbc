//! Several `glasslog serve` processes of one log in a bucket, each with a wire of its own to the store.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::command::finish;
use crate::glasslog::command;
use crate::proxy::Proxy;
use crate::served::Served;
use crate::versitygw::{BUCKET, CREDENTIALS, VersityGw};
use crate::words;

/// Far above what anything here takes: what hangs must fail its test.
const PATIENCE: Duration = Duration::from_secs(120);

/// Makes a log in the bucket, with a lease of so many seconds and an index that is always due; its keys and configuration
/// are in the folder `made`.
pub fn make_log(store: &VersityGw, made: &Path, prefix: &str, lease: u64, more: &[&str]) {
    let (url, endpoint) = (
        format!("s3://{BUCKET}/{prefix}"),
        format!("http://{}", store.address()),
    );
    let origin = format!("example.com/{prefix}");
    let arguments = words![
        "init",
        made,
        "--origin",
        origin,
        "--store",
        url,
        "--endpoint",
        endpoint,
        "--allow-http"
    ];
    finish(command().envs(CREDENTIALS).args(arguments).args(more)).expect(0);
    let config = made.join("glasslog.toml");
    let text = fs::read_to_string(&config).expect("the configuration is there");
    let text = text.replace("lease-seconds = 10", &format!("lease-seconds = {lease}"));
    // A manifest with every look, so that building the index is interrupted too.
    let text = text.replace("\nseconds = 60", "\nseconds = 0");
    fs::write(config, text).expect("the configuration can be changed");
}

/// One process.
#[derive(Debug)]
pub struct Sharing {
    /// Its log directory.
    pub directory: PathBuf,
    /// Its wire to the store.
    pub proxy: Proxy,
    /// The process itself.
    pub server: Served,
    log: PathBuf,
}

impl Sharing {
    /// Starts a server with the keys of `made`, in the folder `directory`.
    pub fn start(store: &VersityGw, made: &Path, directory: &Path) -> Self {
        let proxy = Proxy::start(store.address());
        fs::create_dir_all(directory.join("keys")).expect("a folder can be made");
        for key in ["log", "index"] {
            let from = made.join("keys").join(key);
            fs::copy(from, directory.join("keys").join(key)).expect("keys can be copied");
        }
        let config = fs::read_to_string(made.join("glasslog.toml")).expect("a configuration");
        let config = config.replace(&store.address().to_string(), &proxy.address().to_string());
        fs::write(directory.join("glasslog.toml"), config).expect("it can be written");
        let log = directory.with_extension("log");
        let server = run(directory, &log);
        Self {
            directory: directory.to_owned(),
            proxy,
            server,
            log,
        }
    }

    /// Starts it again, at another address.
    pub fn restart(&mut self) {
        self.server = run(&self.directory, &self.log);
    }

    /// Returns its output so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends a request; `None` when no whole answer came within `limit`.
    pub fn ask(
        &self,
        limit: Duration,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> Option<Reply> {
        ask(self.server.address, limit, method, path, headers, body)
    }

    /// The value of a metric, if it tells one.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let reply = self.ask(Duration::from_secs(20), "GET", "/metrics", "", b"")?;
        let text = String::from_utf8(reply.body).ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line?.parse().ok()
    }

    /// Tells if it says that it sequences.
    pub fn leads(&self) -> bool {
        self.metric("glasslog_leader") == Some(1.0)
    }

    /// Waits until it takes entries, or passes them on.
    pub fn wait_ready(&self) {
        self.wait_for("it is ready", |reply| reply.status == 200);
    }

    /// Waits until `GET /readyz` is answered as wanted.
    pub fn wait_for(&self, what: &str, is_wanted: impl Fn(&Reply) -> bool) {
        let began = Instant::now();
        let ready = || self.ask(Duration::from_secs(2), "GET", "/readyz", "", b"");
        while !ready().is_some_and(|reply| is_wanted(&reply)) {
            assert!(began.elapsed() < PATIENCE, "{what}: {}", self.said());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn run(directory: &Path, log: &Path) -> Served {
    let said = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(log)
        .expect("a file can be opened");
    let mut serve = command();
    serve.envs(CREDENTIALS).arg("serve").arg(directory);
    Served::start(serve, said).unwrap_or_else(|error| {
        let said = fs::read_to_string(log).unwrap_or_default();
        panic!("it listens: {error:?}: {said}")
    })
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Header lines, in lower case.
    pub headers: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends one request; `None` when no whole answer came within `limit`.
pub fn ask(
    address: SocketAddr,
    limit: Duration,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> Option<Reply> {
    let mut stream = TcpStream::connect_timeout(&address, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    stream.set_write_timeout(Some(limit)).ok()?;
    // HTTP/1.0 has no chunks: an answer ends with its connection.
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    // A refusal may come before the body is read.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let headers = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = headers.split(' ').nth(1)?.parse().ok()?;
    let length = headers
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse::<usize>().ok());
    let body = bytes[end + 4..].to_vec();
    // Half an answer is none.
    if length.is_some_and(|length| length != body.len()) {
        return None;
    }
    Some(Reply {
        status,
        headers,
        body,
    })
}
