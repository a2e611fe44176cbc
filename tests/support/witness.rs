//! A real witness of somebody else's making: torchwood's litewitness, with its key in ssh-agent.
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use tempfile::TempDir;

use crate::command;
use crate::http::{self, Answer};
use crate::skip::skipped;
use crate::tools::Tools;

const PATIENCE: Duration = Duration::from_secs(120);

/// A running witness, which ends with its value.
#[derive(Debug)]
pub struct Witness {
    vkey: String,
    address: SocketAddr,
    // In this order: the server is stopped before the agent, and both before their files vanish.
    _server: Stopped,
    _agent: Stopped,
    _folder: TempDir,
}

/// A child that is stopped when dropped.
#[derive(Debug)]
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        // It may have ended by itself, and a test that fails must still clean up.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Witness {
    /// Starts a witness that knows one log, or says that `test` is skipped because there is no ssh-agent here.
    pub fn start(
        test: &str,
        tools: &Tools,
        name: &str,
        origin: &str,
        log_vkey: &str,
    ) -> Option<Self> {
        if !["ssh-agent", "ssh-add", "ssh-keygen"]
            .into_iter()
            .all(is_installed)
        {
            skipped(&format!("{test}: ssh-agent is not installed"));
            return None;
        }
        // A socket's path is at most 108 bytes long.
        let folder = tempfile::Builder::new()
            .prefix("w")
            .tempdir()
            .expect("a folder can be made");
        let at = |file: &str| folder.path().join(file);
        command::run(
            Path::new("ssh-keygen"),
            ["-q", "-t", "ed25519", "-N", "", "-f", &text(&at("key"))],
        )
        .expect(0);
        let listed =
            command::run(Path::new("ssh-keygen"), ["-lf", &text(&at("key.pub"))]).expect(0);
        let fingerprint = listed
            .text()
            .split(' ')
            .nth(1)
            .expect("a fingerprint")
            .to_owned();
        let agent = start_agent(&at("agent"));
        let mut add = Command::new("ssh-add");
        command::finish(
            add.arg("-q")
                .arg(at("key"))
                .env("SSH_AUTH_SOCK", at("agent")),
        )
        .expect(0);
        tools
            .run(
                "witnessdb",
                [text(&at("db")), origin.to_owned(), log_vkey.to_owned()],
            )
            .expect(0);

        let address = http::own_address();
        let mut server = Command::new(tools.path("litewitness"));
        server
            .arg("-name")
            .arg(name)
            .arg("-key")
            .arg(fingerprint)
            .arg("-ssh-agent")
            .arg(at("agent"));
        server
            .arg("-db")
            .arg(at("db"))
            .arg("-listen")
            .arg(address.to_string());
        let (server, vkey) = start_server(server);
        wait_for("the witness listens", || {
            TcpStream::connect(address).is_ok()
        });
        Some(Self {
            vkey,
            address,
            _server: server,
            _agent: agent,
            _folder: folder,
        })
    }

    /// The witness's public key, as it says itself.
    pub fn vkey(&self) -> &str {
        &self.vkey
    }

    /// Its submission prefix.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Asks for a cosignature, as c2sp.org/tlog-witness describes: `proof` is base64, one hash a line.
    pub fn add_checkpoint(&self, old: u64, proof: &[String], checkpoint: &[u8]) -> Answer {
        let mut body = format!("old {old}\n").into_bytes();
        for hash in proof {
            body.extend_from_slice(format!("{hash}\n").as_bytes());
        }
        body.push(b'\n');
        body.extend_from_slice(checkpoint);
        http::request(self.address, "POST", "/add-checkpoint", &body)
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("temporary paths are UTF-8").to_owned()
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(
            began.elapsed() < PATIENCE,
            "{what}: not in {} s",
            PATIENCE.as_secs()
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// Starts an agent of our own, in the foreground, so that it ends with the test.
fn start_agent(socket: &Path) -> Stopped {
    let agent = Command::new("ssh-agent")
        .args(["-D", "-a"])
        .arg(socket)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("ssh-agent starts");
    let agent = Stopped(agent);
    wait_for("the agent's socket", || {
        fs::exists(socket).is_ok_and(|there| there)
    });
    agent
}

/// Starts the witness and reads its public key from its own log.
fn start_server(mut command: Command) -> (Stopped, String) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("litewitness starts");
    let log = child.stderr.take().expect("standard error is piped");
    let child = Stopped(child);
    let (found, vkey) = mpsc::channel();
    // It goes on reading, or the witness would stop when the pipe is full.
    thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if let Some((_, key)) = line.split_once(" vkey=") {
                // A test that no longer listens has what it needs.
                let _ = found.send(key.trim_matches('"').to_owned());
            }
        }
    });
    let vkey = vkey
        .recv_timeout(PATIENCE)
        .expect("the witness says its key");
    (child, vkey)
}
