//! A client for one HTTP request on the loopback interface.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
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
    let mut stream = TcpStream::connect(address).expect("the server is there");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a time limit can be set");
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body))
        .expect("the request is sent");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("the answer is read");
    let end = bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("the answer has a head");
    let headers = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = headers
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .expect("the answer has a status");
    Answer {
        status,
        headers,
        body: bytes[end + 4..].to_vec(),
    }
}

/// A loopback address that nobody listened on a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a port is free")
}
