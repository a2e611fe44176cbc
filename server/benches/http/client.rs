//! A client for one request after the other on one connection: it does little work, so that it hardly affects the result.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bodies up to this length go out before the answer is read: the kernel holds them.
const SMALL: usize = 16 << 10;

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    /// The head of every request, up to its length.
    head: Vec<u8>,
    /// Buffers of the request and of the answer, kept for reuse.
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, target: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let head = format!("POST {target} HTTP/1.1\r\nHost: {address}\r\nContent-Length: ");
        Self {
            stream,
            head: head.into_bytes(),
            request: Vec::new(),
            answer: Vec::new(),
        }
    }

    /// Posts a body and returns the answer's status and body; the answer to a long one is read while it is sent.
    pub(crate) async fn post(&mut self, body: &[u8]) -> (u16, Vec<u8>) {
        self.request.clear();
        self.request.extend_from_slice(&self.head);
        self.request
            .extend_from_slice(format!("{}\r\n\r\n", body.len()).as_bytes());
        self.request.extend_from_slice(body);
        self.answer.clear();
        if body.len() <= SMALL {
            self.stream.write_all(&self.request).await.unwrap();
            return read(&mut self.stream, &mut self.answer).await;
        }
        let (mut reader, mut writer) = self.stream.split();
        let read = read(&mut reader, &mut self.answer);
        let (sent, answer) = tokio::join!(writer.write_all(&self.request), read);
        sent.unwrap();
        answer
    }
}

/// Reads an answer to its end; no further bytes follow it, because no further request was sent.
async fn read(stream: &mut (impl AsyncReadExt + Unpin), answer: &mut Vec<u8>) -> (u16, Vec<u8>) {
    loop {
        let count = stream.read_buf(answer).await.unwrap();
        assert_ne!(count, 0, "the server closed the connection");
        if let Some(body) = body(answer) {
            return (status(answer), body);
        }
    }
}

fn status(answer: &[u8]) -> u16 {
    str::from_utf8(&answer[9..12]).unwrap().parse().unwrap()
}

/// Returns the body of an answer, once it is whole.
fn body(answer: &[u8]) -> Option<Vec<u8>> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let rest = &answer[end + 4..];
    let head = str::from_utf8(&answer[..end]).unwrap();
    let length = head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        let is_length = key.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().unwrap())
    });
    match length {
        Some(length) => rest.get(..length).map(<[u8]>::to_vec),
        None => chunked(rest),
    }
}

/// Returns a chunked body, once the last chunk has arrived.
fn chunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    if !rest.ends_with(b"\r\n0\r\n\r\n") {
        return None;
    }
    let mut body = Vec::new();
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = str::from_utf8(&rest[..end]).unwrap();
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(end + 1..end + 1 + length)?);
        rest = &rest[end + 1 + length + 2..];
    }
}
