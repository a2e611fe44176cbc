//! A real S3 server on the loopback interface: versitygw, over a directory.
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use glasslog_log::object_store::StoreSettings;
use tempfile::TempDir;

use crate::http;
use crate::tools::Tools;

/// The bucket that there is.
pub const BUCKET: &str = "logs";
/// Keys of a server that nobody else can reach.
pub const CREDENTIALS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "testaccess"),
    ("AWS_SECRET_ACCESS_KEY", "testsecret123"),
];
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server, which ends with its value.
#[derive(Debug)]
pub struct VersityGw {
    folder: TempDir,
    address: SocketAddr,
    program: PathBuf,
    server: Child,
}

impl VersityGw {
    /// Starts a server with one empty bucket, or says that `test` is skipped because there is no Go here.
    pub fn start(test: &str) -> Option<Self> {
        let tools = Tools::for_store_test(test)?;
        let program = tools.path("versitygw");
        let folder = TempDir::new().expect("a folder can be made");
        fs::create_dir(folder.path().join(BUCKET)).expect("a bucket is a folder");
        let address = http::own_address();
        let server = run(&program, folder.path(), address);
        let started = Self {
            folder,
            address,
            program,
            server,
        };
        started.wait();
        Some(started)
    }

    fn wait(&self) {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            assert!(began.elapsed() < PATIENCE, "the store listens");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills the server and starts it again over the same directory.
    pub fn restart(&mut self) {
        self.stop();
        self.server = run(&self.program, self.folder.path(), self.address);
        self.wait();
    }

    fn stop(&mut self) {
        // It may have ended by itself, and a test that fails must still clean up.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// Returns the address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Settings of a log in this bucket, reached at `address`.
    pub fn settings(&self, prefix: &str, address: SocketAddr) -> StoreSettings {
        let url = format!("s3://{BUCKET}/{prefix}");
        let mut settings = StoreSettings::new(&url).expect("the address is one");
        settings.endpoint = Some(format!("http://{address}"));
        settings.allow_http = true;
        settings.lease_seconds = 1;
        settings
    }

    /// An object, as the server keeps it.
    pub fn file(&self, key: &str) -> PathBuf {
        self.folder.path().join(BUCKET).join(key)
    }
}

impl Drop for VersityGw {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(program: &Path, folder: &Path, address: SocketAddr) -> Child {
    Command::new(program)
        .env("ROOT_ACCESS_KEY", CREDENTIALS[0].1)
        .env("ROOT_SECRET_KEY", CREDENTIALS[1].1)
        .args(["--port", &address.to_string()])
        .args(["--region", "us-east-1", "--keep-alive", "--quiet"])
        .args(["--health", "/healthz", "posix"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("versitygw starts")
}
