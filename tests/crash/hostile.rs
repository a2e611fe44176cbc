//! Parts that the tests of hostile clients share: a served log with one enrolled actor, and clients with addresses of their own.
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use glasslog_tests::fixture::{Access, spki};
use glasslog_tests::glasslog::{self, glasslog};
use glasslog_tests::served::Served;
use glasslog_tests::words;
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "models.example.com/access";
pub(crate) const ACTOR: &str = "ci@example.org";
/// The enrolled key, and one that nobody enrolled.
pub(crate) const KEY: u8 = 7;
pub(crate) const STRANGER: u8 = 8;

/// A served log of events, with one enrolled actor.
pub(crate) struct Target {
    folder: TempDir,
    pub(crate) server: Served,
}

impl Target {
    /// Makes the log, and serves it with these flags.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let log = folder.path().join("log");
        glasslog(words!["init", log, "--origin", ORIGIN]).expect(0);
        let public = folder.path().join("actor.pub");
        fs::write(&public, spki(KEY).pem_block()).expect("the key can be written");
        glasslog(words![
            "keys", "enrol", "--log", log, "--actor", ACTOR, "--key", public
        ])
        .expect(0);
        let mut serve = glasslog::command();
        serve.arg("serve").arg(&log).args(flags);
        let server = Served::start(serve, Stdio::null()).expect("it listens");
        Self { folder, server }
    }

    /// Returns the log directory.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Returns the most memory that the server ever had, in KiB; `None` where the system does not tell.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Returns the server's metrics.
    pub(crate) fn metrics(&self) -> String {
        let answer = glasslog_tests::http::request(self.server.address, "GET", "/metrics", b"");
        assert_eq!(answer.status, 200);
        String::from_utf8(answer.body).expect("metrics are text")
    }
}

/// Connects from an address of one's own: every address of 127.0.0.0/8 is this machine, and each is another client.
pub(crate) fn connect(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect_timeout(&to.into(), Duration::from_secs(5))?;
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_write_timeout(Some(Duration::from_secs(3)))?;
    Ok(stream)
}

/// Sends one request and reads what comes; hostile clients care for neither.
pub(crate) fn post(
    from: Ipv4Addr,
    to: SocketAddr,
    path: &str,
    body: &[u8],
) -> std::io::Result<(u16, Vec<u8>)> {
    let mut stream = connect(from, to)?;
    let head = format!(
        "POST {path} HTTP/1.0\r\nHost: {to}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let status = answer
        .get(9..12)
        .and_then(|code| str::from_utf8(code).ok()?.parse().ok());
    match (status, end) {
        (Some(status), Some(end)) => Ok((status, answer.split_off(end + 4))),
        _ => Err(std::io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Makes an event that no other number has.
pub(crate) fn event(number: u32, key: u8) -> Vec<u8> {
    let access = Access {
        action: "read",
        name: &format!("model{}@1", number / 1_440),
        content: b"weights",
        actor: ACTOR,
        key,
        minute: number % 1_440,
        reason: None,
    };
    access.entry(ORIGIN)
}

/// Returns the time below which this part of the latencies are; sorts them.
pub(crate) fn percentile(latencies: &mut [Duration], percent: usize) -> Duration {
    latencies.sort_unstable();
    latencies[(latencies.len() - 1) * percent / 100]
}
