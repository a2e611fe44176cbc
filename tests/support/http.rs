//! A client for one HTTP request on the loopback interface.
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header lines, in lower case.
    pub headers: String,
    /// Everything after the empty line.
    pub body: Vec<u8>,
}

/// Sends one request and reads the answer until the server closes, which HTTP/1.0 asks it to do.
pub fn request(address: SocketAddr, method: &str, path: &str, body: &[u8]) -> Answer {
    try_request(address, method, path, body).expect("the server answers")
}

/// As [`request`], of a server that may end before it answers.
///
/// # Errors
/// When it cannot be reached, or its answer is not whole.
pub fn try_request(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &[u8],
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    // A server that refuses a body by its length answers, and closes without reading it.
    let sent = stream.write_all(body);
    let is_closed = |error: &io::Error| {
        use io::ErrorKind::{BrokenPipe, ConnectionReset};
        matches!(error.kind(), BrokenPipe | ConnectionReset)
    };
    match sent {
        Err(error) if !is_closed(&error) => return Err(error),
        _ => {}
    }
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let headers = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let body = bytes[end + 4..].to_vec();
    // A number that is cut short would be another number.
    let length = headers
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    if length.is_some_and(|length| length.parse() != Ok(body.len())) {
        return None;
    }
    let status = headers.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        status,
        headers,
        body,
    })
}

/// A loopback address that only this process uses, for a program that is told where to listen and does not say where it
/// does.
///
/// A free port of 127.0.0.1 would be another program's as soon as the kernel gives it away, as the near end of any
/// connection. On Linux all of 127.0.0.0/8 is this machine, so the process listens at a host of its own, named by its id,
/// and at ports that the kernel gives to no connection.
pub fn own_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    let host = match std::process::id().to_be_bytes() {
        // Process ids have 22 bits on Linux; 127.0.0.0/10 is left to tests that choose a host.
        [_, high, middle, low] if cfg!(target_os = "linux") => {
            Ipv4Addr::new(127, 128 | high, middle, low)
        }
        _ => Ipv4Addr::LOCALHOST,
    };
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(port < 30_000, "{host} has no free port");
        let address = SocketAddr::from((host, port));
        // Another network namespace's process may have the same id.
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
