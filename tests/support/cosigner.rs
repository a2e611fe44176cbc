//! A small witness on the loopback interface, which can be told to be slow, to lie or to be dead.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use glasslog_core::crypto::SecretKey;
use glasslog_core::merkle::TreeHead;
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{KeyName, Signature, SignatureType, SignerKey};
use glasslog_core::witness::{AddCheckpoint, encode_size};

/// The way in which a witness answers.
#[derive(Clone)]
pub enum Conduct {
    /// As the specification says.
    Honest,
    /// The same, after a while.
    Slow(Duration),
    /// It closes the connection.
    Dead,
    /// With this status and body, whatever it is asked; the body may depend on the honest answer.
    Lying(u16, Arc<Lie>),
}

/// Makes the body of a lie.
pub type Lie = dyn Fn(&Answered<'_>) -> Vec<u8> + Send + Sync;

/// The parts of which a lie can be made.
pub struct Answered<'a> {
    /// Its key.
    pub key: &'a SignerKey,
    /// The request.
    pub request: AddCheckpoint,
    /// The cosignature that an honest witness would give.
    pub line: Signature,
}

/// A request as the witness saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Moment of its arrival.
    pub at: Instant,
    /// Size from which its proof begins.
    pub old: u64,
    /// Size of its checkpoint.
    pub size: u64,
    /// Status of the answer; 0 without an answer.
    pub status: u16,
}

/// A witness that runs until it is dropped.
pub struct Cosigner {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    key: SignerKey,
    conduct: Mutex<Conduct>,
    /// The last head that it cosigned.
    head: Mutex<Option<TreeHead>>,
    seen: Mutex<Vec<Seen>>,
    is_over: Mutex<bool>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cosigner {
    /// Starts the witness number `number`, whose key is named after it.
    pub fn start(number: u8) -> Self {
        let name = KeyName::parse(&format!("w{number}.example")).expect("a good name");
        let secret = SecretKey::from_seed(&[200 + number; 32]);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound listener");
        let shared = Arc::new(Shared {
            key: SignerKey::new(name, SignatureType::CosignatureV1, secret),
            conduct: Mutex::new(Conduct::Honest),
            head: Mutex::default(),
            seen: Mutex::default(),
            is_over: Mutex::default(),
        });
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if *locked(&own.is_over) {
                    return;
                }
                let own = Arc::clone(&own);
                thread::spawn(move || own.serve(stream));
            }
        });
        Self { address, shared }
    }

    /// The line of a policy that names it.
    pub fn line(&self, name: &str) -> String {
        format!(
            "witness {name} {} http://{}/\n",
            self.shared.key.verifier(),
            self.address
        )
    }

    /// Its key.
    pub fn key(&self) -> &SignerKey {
        &self.shared.key
    }

    /// Changes its conduct, for requests from now on.
    pub fn behave(&self, conduct: Conduct) {
        *locked(&self.shared.conduct) = conduct;
    }

    /// Lets it answer each request so.
    pub fn lie(
        &self,
        status: u16,
        body: impl Fn(&Answered<'_>) -> Vec<u8> + Send + Sync + 'static,
    ) {
        self.behave(Conduct::Lying(status, Arc::new(body)));
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        locked(&self.shared.seen).clone()
    }

    /// The head that it cosigned last.
    pub fn head(&self) -> Option<TreeHead> {
        *locked(&self.shared.head)
    }

    /// Gives it another memory, as a restored backup does.
    pub fn remember(&self, head: Option<TreeHead>) {
        *locked(&self.shared.head) = head;
    }
}

impl Drop for Cosigner {
    fn drop(&mut self) {
        *locked(&self.shared.is_over) = true;
        // The listener waits for one more connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        while let Some(body) = read_request(&mut stream) {
            let Some((status, answer)) = self.answer(&body) else {
                return;
            };
            let kind = match status {
                409 => "text/x.tlog.size",
                _ => "text/plain",
            };
            let extra = match status {
                302 => "Location: http://127.0.0.1:1/\r\n",
                _ => "",
            };
            let head = format!(
                "HTTP/1.1 {status} Answer\r\nContent-Type: {kind}\r\n{extra}Content-Length: {}\r\n\r\n",
                answer.len()
            );
            if stream
                .write_all(&[head.as_bytes(), &answer].concat())
                .is_err()
            {
                return;
            }
        }
    }

    fn answer(&self, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        let at = Instant::now();
        let request = AddCheckpoint::parse(body).expect("a well-formed request");
        let answer = self.judge(&request);
        locked(&self.seen).push(Seen {
            at,
            old: request.old(),
            size: request.checkpoint().head().size,
            status: answer.as_ref().map_or(0, |(status, _)| *status),
        });
        answer
    }

    fn judge(&self, request: &AddCheckpoint) -> Option<(u16, Vec<u8>)> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.expect("a clock after 1970").as_secs();
        let line = cosign(request.checkpoint(), &self.key, now).expect("a cosignature");
        let conduct = locked(&self.conduct).clone();
        match conduct {
            Conduct::Honest => {}
            Conduct::Slow(pause) => thread::sleep(pause),
            Conduct::Dead => return None,
            Conduct::Lying(status, body) => {
                let request = request.clone();
                return Some((
                    status,
                    body(&Answered {
                        key: &self.key,
                        request,
                        line,
                    }),
                ));
            }
        }
        let mut head = locked(&self.head);
        let new = request.checkpoint().head();
        let known = head.unwrap_or_else(TreeHead::empty);
        if request.old() != known.size {
            return Some((409, encode_size(known.size).into_bytes()));
        }
        if known.size > 0 && request.proof().verify(&known, &new).is_err() {
            return Some((422, Vec::new()));
        }
        *head = Some(new);
        Some((200, line.encode_line().into_bytes()))
    }
}

/// Reads the body of one request; `None` once the client has gone.
fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        assert!(head.starts_with("post /add-checkpoint "), "{head}");
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length?.parse().ok()?;
        if bytes.len() >= end + 4 + length {
            return Some(bytes[end + 4..].to_vec());
        }
    }
}
