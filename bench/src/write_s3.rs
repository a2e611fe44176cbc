//! Writing to a log in a bucket: in one process and over HTTP, on a real S3-compatible server over the loopback
//! interface, compared with the rate of that server alone. Tessera's S3 driver also needs a MySQL server, so it is not
//! measured here.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::loader::{self, Said, best, latency};
use crate::table::{Table, rate};
use xtask::glasslog;
use xtask::go;
use xtask::process::{self, target};

/// Duration of each load in seconds, unless `GLASSLOG_BENCH_SECONDS` sets another.
const SECONDS: u32 = 4;
/// Rounds of each load. The best one is shown, because other programs may use the machine too.
const ROUNDS: usize = 2;
/// Keys of a server that only this machine can reach.
const KEYS: [&str; 2] = ["benchaccess", "benchsecret"];
/// Objects written for a group of entries before it is acknowledged as durable: the batch and the lock.
const DURABLE: f64 = 2.0;

/// Loads the store, then a log in it, then the servers of one log and of two logs.
pub(crate) fn measure() -> Result<Table> {
    let bench = Bench {
        store: Store::start()?,
        binary: glasslog::build_release()?,
        loader: loader::build("glasslog-log", "write_s3")?,
    };
    let mut table = Table::default();
    let first = bench.make("limit")?;
    let puts = |writers: &str, bytes: &str| -> Result<Said> {
        bench.best(&|command| {
            command.arg("puts").arg(&first);
            command.args([&bench.seconds(), writers, bytes]);
        })
    };
    let alone = puts("1", "1024")?;
    let together = puts("16", "8192")?;
    table.row(
        "the store: objects of 1 KiB, one writer",
        rate(alone["rate"]),
        "",
    );
    table.row("… latency", latency(&alone), "");
    table.row(
        "the store: objects of 8 KiB, 16 writers",
        rate(together["rate"]),
        "",
    );
    for (writers, acknowledgement) in [
        ("1", "durable"),
        ("1", "published"),
        ("512", "durable"),
        ("512", "published"),
    ] {
        let name = format!("{writers} writers, an entry of 512 bytes each, {acknowledgement}");
        let limit = match writers {
            "1" => format!(
                "the store's own time for the {DURABLE} objects one after the other: {:.1} ms",
                DURABLE * alone["p50"]
            ),
            _ => String::new(),
        };
        let log = bench.make(&format!("log-{writers}-{acknowledgement}"))?;
        let said = bench.best(&|command| {
            command.arg("log").arg(&log);
            command.args([&bench.seconds(), writers, acknowledgement]);
        })?;
        table.row(format!("in process, {name}"), rate(said["rate"]), &limit);
        table.row("… latency", latency(&said), "");
        let log = bench.make(&format!("http-{writers}-{acknowledgement}"))?;
        let server = bench.serve(&log)?;
        let said = bench.http(writers, acknowledgement, &[(&log, &server)])?;
        table.row(format!("over HTTP, {name}"), rate(said["rate"]), &limit);
        table.row("… latency", latency(&said), "");
    }
    let logs = [bench.make("two-a")?, bench.make("two-b")?];
    let servers = [bench.serve(&logs[0])?, bench.serve(&logs[1])?];
    let one = bench.http("64", "published", &[(&logs[0], &servers[0])])?;
    let pairs = [(&*logs[0], &servers[0]), (&*logs[1], &servers[1])];
    let two = bench.http("64", "published", &pairs)?;
    let ratio = two["rate"] / one["rate"];
    table.row(
        "64 writers over HTTP, published, one log",
        rate(one["rate"]),
        "",
    );
    table.row(
        "the same, half of them to a second log",
        rate(two["rate"]),
        &format!("{ratio:.2} times"),
    );
    Ok(table)
}

struct Bench {
    store: Store,
    binary: PathBuf,
    loader: PathBuf,
}

impl Bench {
    fn seconds(&self) -> String {
        std::env::var("GLASSLOG_BENCH_SECONDS").unwrap_or_else(|_| SECONDS.to_string())
    }

    fn loader(&self) -> Command {
        let mut command = process::command(&self.loader);
        with_keys(&mut command);
        command
    }

    /// A new log in the bucket.
    fn make(&self, name: &str) -> Result<PathBuf> {
        let directory = self.store.folder.join("directories").join(name);
        let endpoint = format!("http://{}", self.store.address);
        let mut command = self.loader();
        command.arg("make").arg(&directory).args([&endpoint, name]);
        process::output(&mut command)?;
        Ok(directory)
    }

    fn best(&self, arguments: &dyn Fn(&mut Command)) -> Result<Said> {
        let runs = (0..ROUNDS).map(|_| {
            let mut command = self.loader();
            arguments(&mut command);
            loader::run(&mut command)
        });
        Ok(best(runs.collect::<Result<_>>()?))
    }

    fn http(
        &self,
        writers: &str,
        acknowledgement: &str,
        logs: &[(&Path, &Server)],
    ) -> Result<Said> {
        self.best(&|command| {
            command.args(["http", &self.seconds(), writers, acknowledgement]);
            for (directory, server) in logs {
                command.arg(directory).arg(&server.address);
            }
        })
    }

    fn serve(&self, log: &Path) -> Result<Server> {
        let mut command = process::command(&self.binary);
        with_keys(&mut command);
        command.arg("serve").arg(log);
        command.args(["--listen", "127.0.0.1:0", "--log-level", "warn"]);
        // All writers of the load are at one address.
        command.args(["--max-client-connections", "1024"]);
        let mut child = Running::start(command.stdout(Stdio::piped()))?;
        let stdout = child.0.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().trim_start_matches("http://");
        let address = address.trim_end_matches('/').to_owned();
        Ok(Server {
            _child: child,
            address,
        })
    }
}

struct Server {
    _child: Running,
    address: String,
}

/// A real S3-compatible server over a new directory.
struct Store {
    _child: Running,
    folder: PathBuf,
    address: String,
}

impl Store {
    fn start() -> Result<Self> {
        let bin = target().join("bench/bin");
        let mut install = go::install("versitygw", &["tool"], &bin);
        process::run(&mut install).context("cannot install the store, a Go program")?;
        let folder = target().join("bench/s3");
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot clear {}", folder.display()))?;
        }
        fs::create_dir_all(folder.join("store/logs"))?;
        fs::create_dir_all(folder.join("directories"))?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut serve = process::command(bin.join("versitygw"));
        serve
            .env("ROOT_ACCESS_KEY", KEYS[0])
            .env("ROOT_SECRET_KEY", KEYS[1])
            .args(["--port", &address.to_string(), "--region", "us-east-1"])
            .args(["--keep-alive", "--quiet", "posix"])
            .arg(folder.join("store"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = Running::start(&mut serve)?;
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if began.elapsed() > Duration::from_secs(15) {
                bail!("the store does not listen on {address}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self {
            _child: child,
            folder,
            address: address.to_string(),
        })
    }
}

fn with_keys(command: &mut Command) {
    command
        .env("AWS_ACCESS_KEY_ID", KEYS[0])
        .env("AWS_SECRET_ACCESS_KEY", KEYS[1]);
}

/// A program that is killed when dropped.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Result<Self> {
        let line = process::line_of(command);
        let child = command.spawn();
        child
            .map(Self)
            .with_context(|| format!("cannot start `{line}`"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Killing fails if the program has already ended, which is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
