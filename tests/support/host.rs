//! A static host on the loopback interface that can be told to misbehave.
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// Answer of the host to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The file, or 404.
    File,
    /// Status 200 and a page, as hosts of single-page applications do for every unknown path.
    Page,
    /// A redirect to this address.
    Redirect(String),
    /// Only this status.
    Status(u16),
    /// The whole length in the head, half of it in the body.
    Truncated,
    /// A body without end and without a length.
    Endless,
    /// The whole length in the head, then a byte now and then.
    Trickle,
    /// Nothing at all, on an open connection.
    Silence,
    /// These bytes, with status 200.
    Bytes(Vec<u8>),
}

/// No body goes on for longer, so that a client without a limit fails its test instead of filling the disk.
const ENOUGH: Duration = Duration::from_secs(80);
const ENDLESS_BYTES: usize = 1 << 30;

type Script = dyn Fn(&str, usize) -> Reply + Send + Sync;

/// A running host, which ends with its value.
pub struct Host {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    root: PathBuf,
    script: Box<Script>,
    requests: Mutex<Vec<String>>,
    attempts: Mutex<HashMap<String, usize>>,
    stopping: AtomicBool,
}

impl Host {
    /// Serves a directory faithfully.
    pub fn faithful(root: &Path) -> Self {
        Self::scripted(root, |_, _| Reply::File)
    }

    /// Serves a directory; `script` decides from the path, and from how often it was asked for before, how.
    pub fn scripted(
        root: &Path,
        script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("the port is known");
        let state = Arc::new(State {
            root: root.to_owned(),
            script: Box::new(script),
            requests: Mutex::default(),
            attempts: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.stopping.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                // A client that hangs up is the client's right.
                thread::spawn(move || shared.serve(stream).unwrap_or_default());
            }
        });
        Self { address, state }
    }

    /// The base address, with a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Every path that was asked for so far, in order.
    pub fn requests(&self) -> Vec<String> {
        self.state
            .requests
            .lock()
            .expect("no thread panicked")
            .clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.state.stopping.store(true, Ordering::Relaxed);
        // Wakes the listener; if that fails it is gone already.
        drop(TcpStream::connect(self.address));
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let path = line
            .split(' ')
            .nth(1)
            .unwrap_or("/")
            .trim_start_matches('/')
            .to_owned();
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line)?;
        }
        self.requests
            .lock()
            .expect("no thread panicked")
            .push(path.clone());
        let attempt = {
            let mut attempts = self.attempts.lock().expect("no thread panicked");
            let count = attempts.entry(path.clone()).or_default();
            *count += 1;
            *count - 1
        };
        let file = || fs::read(self.root.join(&path)).ok();
        match (self.script)(&path, attempt) {
            Reply::File => match file() {
                Some(body) => answer(&mut stream, 200, "", &body),
                None => answer(&mut stream, 404, "", b"not found\n"),
            },
            Reply::Page => answer(
                &mut stream,
                200,
                "Content-Type: text/html\r\n",
                b"<!doctype html><title>Home</title>\n",
            ),
            Reply::Redirect(to) => answer(&mut stream, 302, &format!("Location: {to}\r\n"), b""),
            Reply::Status(status) => answer(&mut stream, status, "", b"no\n"),
            Reply::Bytes(body) => answer(&mut stream, 200, "", &body),
            Reply::Truncated => {
                let body = file().unwrap_or_default();
                head(
                    &mut stream,
                    200,
                    &format!("Content-Length: {}\r\n", body.len()),
                )?;
                stream.write_all(&body[..body.len() / 2])
            }
            Reply::Endless => {
                head(&mut stream, 200, "")?;
                self.pour(&mut stream, &[b'a'; 1 << 16], Duration::ZERO)
            }
            Reply::Trickle => {
                head(&mut stream, 200, "Content-Length: 100000\r\n")?;
                self.pour(&mut stream, b"a", Duration::from_millis(200))
            }
            Reply::Silence => self.pour(&mut stream, b"", Duration::from_millis(200)),
        }
    }

    /// Writes the same bytes again and again until the client goes, the host stops or it is enough.
    fn pour(&self, stream: &mut TcpStream, bytes: &[u8], pause: Duration) -> std::io::Result<()> {
        let began = Instant::now();
        let mut poured = 0;
        while began.elapsed() < ENOUGH
            && poured < ENDLESS_BYTES
            && !self.stopping.load(Ordering::Relaxed)
        {
            stream.write_all(bytes)?;
            stream.flush()?;
            poured += bytes.len();
            thread::sleep(pause);
        }
        Ok(())
    }
}

fn head(stream: &mut TcpStream, status: u16, headers: &str) -> std::io::Result<()> {
    stream.write_all(
        format!("HTTP/1.1 {status} Said\r\nConnection: close\r\n{headers}\r\n").as_bytes(),
    )
}

fn answer(stream: &mut TcpStream, status: u16, headers: &str, body: &[u8]) -> std::io::Result<()> {
    head(
        stream,
        status,
        &format!("{headers}Content-Length: {}\r\n", body.len()),
    )?;
    stream.write_all(body)
}
