//! A wire that can be cut: forwards TCP connections on the loopback interface, or does not.
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// State of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wire {
    /// Everything passes.
    Whole = 0,
    /// Nothing passes; connections are refused and broken.
    Cut = 1,
    /// Requests pass, answers do not: what was asked is done, and nobody is told.
    Mute = 2,
    /// As `Mute`, of connections that submit something; reading works.
    MuteToPosts = 3,
}

/// A running proxy; it ends with the process.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    wire: Arc<AtomicU8>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    /// Forwards to `target`.
    pub fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("the port is known");
        let wire = Arc::new(AtomicU8::new(Wire::Whole as u8));
        let open: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let (state, streams) = (Arc::clone(&wire), Arc::clone(&open));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if state.load(Ordering::Relaxed) == Wire::Cut as u8 {
                    continue;
                }
                let Ok(server) = TcpStream::connect(target) else {
                    continue;
                };
                let mut pairs = Vec::new();
                for stream in [&client, &server] {
                    let _ = stream.set_nodelay(true);
                    pairs.extend(stream.try_clone());
                }
                streams
                    .lock()
                    .expect("no thread panicked")
                    .append(&mut pairs);
                let clones = (client.try_clone(), server.try_clone());
                if let (Ok(client_again), Ok(server_again)) = clones {
                    let posts = Arc::new(AtomicBool::new(false));
                    let (state, asks) = (Arc::clone(&state), Arc::clone(&posts));
                    thread::spawn(move || {
                        pass(client, server_again, |bytes| {
                            asks.fetch_or(bytes.starts_with(b"POST "), Ordering::SeqCst);
                            true
                        });
                    });
                    thread::spawn(move || {
                        pass(server, client_again, |_| {
                            let state = state.load(Ordering::Relaxed);
                            let posts = posts.load(Ordering::SeqCst);
                            state == Wire::Whole as u8 || state == Wire::MuteToPosts as u8 && !posts
                        });
                    });
                }
            }
        });
        Self {
            address,
            wire,
            open,
        }
    }

    /// Returns the address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how the wire is. Cutting breaks the connections that there are.
    pub fn set(&self, wire: Wire) {
        self.wire.store(wire as u8, Ordering::Relaxed);
        let mut open = self.open.lock().expect("no thread panicked");
        if wire == Wire::Cut {
            for stream in open.drain(..) {
                // It may be closed already.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

/// Copies until either side closes, or until something comes that may not pass.
fn pass(mut from: TcpStream, mut to: TcpStream, passes: impl Fn(&[u8]) -> bool) {
    let mut buffer = [0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if !passes(&buffer[..count]) || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        let _ = stream.shutdown(Shutdown::Both);
    }
}
