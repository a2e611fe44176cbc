//! A client for one request after the other on one connection: little work, so that little is measured of it.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    /// What was read and not used.
    read: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            address,
            stream,
            read: Vec::new(),
        }
    }

    /// Posts a body and returns the answer's status and body; the answer is read while the body is sent.
    pub(crate) async fn post(&mut self, target: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut request = format!(
            "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        let (mut reader, mut writer) = self.stream.split();
        let mut answer = Answer {
            bytes: std::mem::take(&mut self.read),
        };
        let read = async {
            loop {
                if let Some(end) = answer.end() {
                    return end;
                }
                let count = reader.read_buf(&mut answer.bytes).await.unwrap();
                assert_ne!(count, 0, "the server closed the connection");
            }
        };
        let (sent, end) = tokio::join!(writer.write_all(&request), read);
        sent.unwrap();
        self.read = answer.bytes.split_off(end);
        (answer.status(), answer.body())
    }
}

/// An answer, as far as it has come.
struct Answer {
    bytes: Vec<u8>,
}

impl Answer {
    /// Where it ends, once it has.
    fn end(&self) -> Option<usize> {
        let body = self.body_begin()?;
        match self.header("content-length") {
            Some(length) => {
                let end = body + length.parse::<usize>().unwrap();
                (self.bytes.len() >= end).then_some(end)
            }
            None => {
                let mut at = body;
                loop {
                    let size = self.bytes[at..].iter().position(|byte| *byte == b'\n')?;
                    let line = str::from_utf8(&self.bytes[at..at + size]).unwrap();
                    let length = usize::from_str_radix(line.trim(), 16).unwrap();
                    at += size + 1 + length + 2;
                    if self.bytes.len() < at {
                        return None;
                    }
                    if length == 0 {
                        return Some(at);
                    }
                }
            }
        }
    }

    fn body_begin(&self) -> Option<usize> {
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        Some(end + 4)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let head = str::from_utf8(&self.bytes[..self.body_begin()?]).unwrap();
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn status(&self) -> u16 {
        str::from_utf8(&self.bytes[9..12]).unwrap().parse().unwrap()
    }

    fn body(&self) -> Vec<u8> {
        let begin = self.body_begin().unwrap();
        if self.header("content-length").is_some() {
            return self.bytes[begin..].to_vec();
        }
        let mut rest = &self.bytes[begin..];
        let mut body = Vec::new();
        while let Some(size) = rest.iter().position(|byte| *byte == b'\n') {
            let line = str::from_utf8(&rest[..size]).unwrap();
            let length = usize::from_str_radix(line.trim(), 16).unwrap();
            body.extend_from_slice(&rest[size + 1..size + 1 + length]);
            rest = &rest[size + 1 + length + 2..];
        }
        body
    }
}
