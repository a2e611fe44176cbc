//! Writing over HTTP: `glasslog serve` and, interleaved with it, Tessera's conformance server, under one load generator.
//! Figures vary from run to run; their ratios vary less.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::loader::{self, Length, OPEN_LOOP, Said, Scratch, beside, best, latency};
use crate::table::{Table, rate};
use xtask::glasslog;
use xtask::process::{self, target};

/// The rival: writes a POSIX log and accepts entries at `POST /add`, as Glasslog does.
const RIVAL: &str = "github.com/transparency-dev/tessera/cmd/conformance/posix@v1.0.4";
/// A key for measurements only: its seed is 32 bytes of 7.
const RIVAL_KEY: &str =
    "PRIVATE+KEY+example.com/tessera+34adfeea+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

/// A load: the entries submitted, the number of writers, and the acknowledgement in the answer.
struct Load {
    name: &'static str,
    writers: u32,
    batch: u32,
    kind: &'static str,
    acknowledgement: &'static str,
    /// `true` if the rival runs the same load; otherwise the comparison is with its raw entries.
    goal: &'static str,
}

const LOADS: [Load; 5] = [
    Load {
        name: "512 writers, an entry of 512 bytes each, published",
        writers: 512,
        batch: 1,
        kind: "raw",
        acknowledgement: "published",
        goal: "2 times",
    },
    Load {
        name: "the same, durable",
        writers: 512,
        batch: 1,
        kind: "raw",
        acknowledgement: "durable",
        goal: "2 times",
    },
    Load {
        name: "512 writers, a signed event each, published",
        writers: 512,
        batch: 1,
        kind: "events",
        acknowledgement: "published",
        goal: "1.5 times, of the rival's raw entries",
    },
    Load {
        name: "one writer, an entry of 512 bytes, published",
        writers: 1,
        batch: 1,
        kind: "raw",
        acknowledgement: "published",
        goal: "",
    },
    Load {
        name: "8 writers, batches of 1,000 signed events, durable",
        writers: 8,
        batch: 1_000,
        kind: "events",
        acknowledgement: "durable",
        goal: "60 k/s",
    },
];

/// Loads both servers in turn.
pub(crate) fn measure(quick: bool) -> Result<Table> {
    let bench = Bench {
        binary: glasslog::build_release()?,
        loader: loader::build("glasslog-server", "http")?,
        rival: loader::has_go().then(install_rival).transpose()?,
        scratch: Scratch::new("http")?,
        length: Length::new(quick),
    };
    bench.scratch.sign(&bench.loader, bench.length)?;
    let mut table = Table::default();
    for load in &LOADS {
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for _ in 0..bench.length.rounds {
            ours.push(bench.ours(load, 0.0)?);
            theirs.extend(bench.theirs(load, 0.0)?);
        }
        let (ours, theirs) = (best(ours), best(theirs));
        let ratio = match theirs.get("rate") {
            Some(their) => {
                let times = ours["rate"] / their;
                format!(
                    "Tessera {}: {times:.1} times (goal: {})",
                    rate(*their),
                    load.goal
                )
            }
            None => format!("goal: {}", load.goal),
        };
        table.row(load.name, rate(ours["rate"]), &ratio);
        table.row("… latency", latency(&ours), &beside(&theirs));
        if let Some(their) = theirs.get("rate") {
            let pace = their * OPEN_LOOP;
            let (ours, theirs) = (bench.ours(load, pace)?, bench.theirs(load, pace)?);
            table.row(
                format!(
                    "… at {} in an open loop, from the intended start",
                    rate(pace)
                ),
                latency(&ours),
                &beside(&theirs.unwrap_or_default()),
            );
        }
    }
    Ok(table)
}

struct Bench {
    binary: PathBuf,
    loader: PathBuf,
    rival: Option<PathBuf>,
    scratch: Scratch,
    length: Length,
}

impl Bench {
    /// Loads `glasslog serve` on a new log.
    fn ours(&self, load: &Load, pace: f64) -> Result<Said> {
        let directory = self.scratch.next();
        let make = ["make".as_ref(), directory.as_os_str(), load.kind.as_ref()];
        process::output(process::command(&self.loader).args(make))?;
        let mut serve = process::command(&self.binary);
        serve.arg("serve").arg(&directory);
        serve.args(["--listen", "127.0.0.1:0", "--log-level", "warn"]);
        // All writers of the load are at one address.
        serve.args(["--max-client-connections", "1024"]);
        let mut server = Server::start(serve.stdout(Stdio::piped()))?;
        let stdout = server.0.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let address = address
            .parse()
            .with_context(|| format!("the first line of the server is not an address: `{line}`"))?;
        self.load(load, pace, load.kind, address, &directory.join("public"))
    }

    /// Loads the rival's server with single raw entries under every load, because it accepts nothing else.
    fn theirs(&self, load: &Load, pace: f64) -> Result<Option<Said>> {
        let Some(rival) = self.rival.as_ref().filter(|_| load.batch == 1) else {
            return Ok(None);
        };
        let directory = self.scratch.next();
        fs::create_dir(&directory)?;
        let key = directory.join("key");
        fs::write(&key, RIVAL_KEY)?;
        let tree = directory.join("log");
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut serve = process::command(rival);
        serve.args([
            format!("--storage_dir={}", tree.display()),
            format!("--private_key={}", key.display()),
            format!("--listen={address}"),
        ]);
        let _server = Server::start(serve.stderr(Stdio::null()))?;
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                bail!("Tessera's server does not listen on {address}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.load(load, pace, "raw", address, &tree).map(Some)
    }

    /// Runs the load generator, which verifies every acknowledgement and fails if one is false.
    fn load(
        &self,
        load: &Load,
        pace: f64,
        kind: &str,
        address: SocketAddr,
        tree: &Path,
    ) -> Result<Said> {
        let mut command = process::command(&self.loader);
        command
            .args(["load", &address.to_string()])
            .arg(tree)
            .args([
                self.length.seconds.to_string(),
                load.writers.to_string(),
                load.batch.to_string(),
                pace.to_string(),
                self.scratch.entries(kind),
                load.acknowledgement.to_owned(),
            ]);
        loader::run(&mut command)
    }
}

/// A server that is killed when dropped.
struct Server(Child);

impl Server {
    fn start(command: &mut Command) -> Result<Self> {
        let line = process::line_of(command);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start `{line}`"))?;
        Ok(Self(child))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killing fails if the server has already ended, which is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tessera's server.
fn install_rival() -> Result<PathBuf> {
    // Three programs of Tessera have this name, so this one gets a folder of its own.
    let folder = target().join("bench/tessera");
    fs::create_dir_all(&folder)?;
    let mut install = process::command("go");
    install.env("GOBIN", &folder).current_dir(&folder);
    process::run(install.args(["install", "-trimpath", RIVAL]))?;
    Ok(folder.join("posix"))
}
