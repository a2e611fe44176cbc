//! A real witness of somebody else's making with keys of both algorithms: omniwitness of transparency-dev.
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::http;
use crate::tools::Tools;

const PATIENCE: Duration = Duration::from_secs(120);

/// A running witness, which ends with its value.
#[derive(Debug)]
pub struct OmniWitness {
    vkeys: [String; 2],
    address: SocketAddr,
    server: Child,
    _folder: TempDir,
}

impl OmniWitness {
    /// Starts a witness that knows one log; its keys are of Ed25519 and of ML-DSA-44.
    pub fn start(tools: &Tools, origin: &str, log_vkey: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = |file: &str| folder.path().join(file).display().to_string();
        let make = |name: &str, more: &[&str]| {
            let mut words = more.to_vec();
            let (origin, secret, public) = (
                format!("--origin=example.com/{name}"),
                format!("--out_priv={}", at(name)),
                format!("--out_pub={}", at(&format!("{name}.pub"))),
            );
            words.extend([origin.as_str(), secret.as_str(), public.as_str()]);
            tools.run("generate_keys", words).expect(0);
            let vkey = fs::read_to_string(at(&format!("{name}.pub"))).expect("a public key");
            vkey.trim_end().to_owned()
        };
        let vkeys = [make("ed25519", &[]), make("ml-dsa", &["--mldsa"])];
        let log = format!(
            "Logs:\n  - Origin: {origin}\n    URL: http://127.0.0.1:1/\n    PublicKey: {log_vkey}\n"
        );
        fs::write(at("logs.yaml"), log).expect("a list of logs");
        let address = http::own_address();
        let mut serve = Command::new(tools.path("omniwitness"));
        serve
            .arg(format!("--listen={address}"))
            .arg("--metrics_listen=");
        serve.arg(format!("--db_file={}", at("db")));
        serve.arg(format!("--private_key_path={}", at("ed25519")));
        serve.arg(format!("--private_key_path={}", at("ml-dsa")));
        serve.arg(format!("--additional_logs={}", at("logs.yaml")));
        serve.stdout(Stdio::null()).stderr(Stdio::null());
        let server = serve.spawn().expect("omniwitness starts");
        let witness = Self {
            vkeys,
            address,
            server,
            _folder: folder,
        };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < PATIENCE, "the witness does not listen");
            sleep(Duration::from_millis(20));
        }
        witness
    }

    /// The lines of a policy that name it, one for each key: public key and submission prefix.
    pub fn lines(&self) -> [String; 2] {
        let url = format!("http://{}/", self.address);
        self.vkeys.clone().map(|vkey| format!("{vkey} {url}"))
    }
}

impl Drop for OmniWitness {
    fn drop(&mut self) {
        // It may have ended by itself, and a test that fails must still clean up.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
