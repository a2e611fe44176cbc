//! `glasslog serve` in the background, until it is ended or dropped.
use std::io::{BufRead, BufReader};
use std::net::{AddrParseError, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Far above what an end takes: what hangs must fail its test.
const PATIENCE: Duration = Duration::from_secs(120);

/// One process.
#[derive(Debug)]
pub struct Served {
    /// Its URL, as it prints it, without a slash at the end.
    pub url: String,
    /// The same as an address.
    pub address: SocketAddr,
    child: Child,
}

impl Served {
    /// Starts `serve`, a command that lacks where to listen; says which address was not one if it does not start.
    pub fn start(
        mut serve: Command,
        errors: impl Into<Stdio>,
    ) -> Result<Self, (String, AddrParseError)> {
        let mut child = serve
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("its output can be read");
        let url = line.trim().trim_end_matches('/').to_owned();
        match url.trim_start_matches("http://").parse() {
            Ok(address) => Ok(Self {
                url,
                address,
                child,
            }),
            Err(error) => {
                end(&mut child);
                Err((url, error))
            }
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits until it ends; its exit code. `None` if a signal ended it.
    pub fn wait(&mut self) -> Option<i32> {
        let began = Instant::now();
        while self.is_running() {
            assert!(began.elapsed() < PATIENCE, "it ends");
            thread::sleep(Duration::from_millis(20));
        }
        self.child.wait().expect("it has ended").code()
    }

    /// Lets it finish what it does; the log is at rest then.
    pub fn terminate(&mut self) {
        self.signal("-TERM");
        assert_eq!(self.wait(), Some(0));
    }

    /// Kills it, at whatever it does.
    pub fn kill(&mut self) {
        end(&mut self.child);
    }

    /// Tells if it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_none()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}

fn end(child: &mut Child) {
    // One that has ended by itself needs no killing.
    let _ = child.kill();
    let _ = child.wait();
}
