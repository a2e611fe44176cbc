//! A served log and a minimal client.

use glasslog_log::{Log, NewLog};
use glasslog_server::{Options, ServeError, Server};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use std::{fs, thread};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const NOW: u64 = 1_795_467_600;

/// A server in this process.
pub(crate) struct Running {
    pub(crate) directory: TempDir,
    pub(crate) runtime: Runtime,
    pub(crate) address: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) task: JoinHandle<Result<(), ServeError>>,
    stop: oneshot::Sender<()>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap();
        self.text().lines().map(parse).collect()
    }
}

/// Creates a raw log without entries, in memory if the system has such a file system: these tests do not test the disk.
pub(crate) fn raw_log() -> TempDir {
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let directory = directory.unwrap();
    NewLog::raw("example.com/raw")
        .create(directory.path(), NOW)
        .unwrap();
    directory
}

impl Running {
    pub(crate) fn start() -> Self {
        Self::start_with(Options::default())
    }

    pub(crate) fn start_with(options: Options) -> Self {
        Self::start_in(raw_log(), options)
    }

    pub(crate) fn start_in(directory: TempDir, options: Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let log = Log::open(directory.path()).unwrap();
        let server = runtime
            .block_on(Server::bind_with(log, ([127, 0, 0, 1], 0).into(), options))
            .unwrap();
        let (address, admin) = (server.address(), server.admin_address());
        let (stop, stopped) = oneshot::channel();
        let task = runtime.spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self {
            directory,
            runtime,
            address,
            admin,
            task,
            stop,
        }
    }

    /// Asks the server to stop and waits until it has.
    pub(crate) fn stop(self) -> (TempDir, Result<(), ServeError>) {
        let (directory, ended) = self.ask_to_stop();
        (directory, ended())
    }

    /// Asks the server to stop; the returned function waits until it has.
    pub(crate) fn ask_to_stop(self) -> (TempDir, impl FnOnce() -> Result<(), ServeError>) {
        self.stop.send(()).unwrap();
        let (runtime, task) = (self.runtime, self.task);
        (self.directory, move || runtime.block_on(task).unwrap())
    }

    pub(crate) fn public(&self, path: &str) -> Vec<u8> {
        fs::read(self.directory.path().join("public").join(path)).unwrap()
    }

    pub(crate) fn size(&self) -> u64 {
        let text = String::from_utf8(self.public("checkpoint")).unwrap();
        text.lines().nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        stream
    }

    /// Sends a request's head, with these header lines.
    pub(crate) fn begin(&self, method: &str, path: &str, headers: &str) -> TcpStream {
        self.begin_with(method, path, headers, b"")
    }

    /// Sends a request's head, with these header lines, and a part of its body, in one piece.
    pub(crate) fn begin_with(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> TcpStream {
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n");
        let mut stream = self.connect();
        // A refusal may come before the body is read.
        let _ = stream.write_all(&[head.as_bytes(), body].concat());
        stream
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let headers = format!("content-length: {}\r\n{headers}", body.len());
        read(self.begin_with(method, path, &headers, body))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    pub(crate) fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.send("POST", path, "", body)
    }
}

/// Reads an answer until the connection closes, and joins its chunks.
pub(crate) fn read(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // The server may close a connection before it has read the body.
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)));
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Answer {
        status,
        head,
        body: bytes[end + 4..].to_vec(),
    };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = unchunk(&answer.body);
    }
    answer
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        let size = str::from_utf8(&bytes[..end]).unwrap().trim();
        let size = usize::from_str_radix(size, 16).unwrap();
        let chunk = &bytes[end + 1..];
        body.extend(&chunk[..size]);
        bytes = &chunk[size + 2..];
    }
    body
}

/// Waits until a condition holds; the limit is generous for slow machines.
pub(crate) fn soon<T>(mut happened: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(it) = happened() {
            return it;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it never happens"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// A batch that is being sent in chunks, and the answers so far.
pub(crate) struct Sending {
    stream: TcpStream,
    pub(crate) answers: BufReader<TcpStream>,
}

impl Sending {
    pub(crate) fn begin(server: &Running, path: &str) -> Self {
        let stream = server.begin("POST", path, "transfer-encoding: chunked\r\n");
        let answers = BufReader::new(stream.try_clone().unwrap());
        Self { stream, answers }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        write!(self.stream, "{:x}\r\n", bytes.len()).unwrap();
        self.stream.write_all(bytes).unwrap();
        self.stream.write_all(b"\r\n").unwrap();
    }

    pub(crate) fn end(&mut self) {
        self.stream.write_all(b"0\r\n\r\n").unwrap();
    }

    /// Returns the status of the answer, which begins when the server has taken the request.
    pub(crate) fn status(&mut self) -> u16 {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Returns the next answer, and skips the framing of the connection.
    pub(crate) fn next(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.answers.read_line(&mut line).unwrap(), 0, "no answer");
            if line.starts_with('{') {
                return serde_json::from_str(&line).unwrap();
            }
        }
    }
}
