//! Cosignatures a second: `glasslog witness serve` and, interleaved with it, litewitness and omniwitness, under one load
//! generator. Each log grows by an entry after the other; the answer to each request is a cosignature that the witness remembers.
//!
//! The answer rests on different things: ours syncs its database twice for each group of requests (redb, two-phase commit); the others
//! write to SQLite with the settings of their own code.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::loader::{self, Length, Said, Scratch, best, latency};
use crate::table::{Table, rate};
use xtask::glasslog;
use xtask::process::{self, target};

/// The rivals, at the versions of `docs/interop.md`.
const LITEWITNESS: &str = "filippo.io/torchwood/cmd/litewitness@v0.9.0";
const OMNIWITNESS: &str =
    "github.com/transparency-dev/witness/cmd/omniwitness@v0.0.0-20260720115447-2e1c6971d19e";
const OMNIWITNESS_KEYS: &str =
    "github.com/transparency-dev/witness/cmd/generate_keys@v0.0.0-20260720115447-2e1c6971d19e";

/// Logs that ask at once: a busy witness of the public network has some hundred logs, most of them idle.
const LOGS: [u32; 3] = [1, 64, 256];

/// Loads all witnesses in turn.
pub(crate) fn measure(quick: bool) -> Result<Table> {
    let bench = Bench {
        binary: glasslog::build_release()?,
        loader: loader::build("glasslog-server", "witness")?,
        rivals: loader::has_go().then(Rivals::install).transpose()?,
        scratch: Scratch::new("witness")?,
        length: Length::new(quick),
    };
    let mut table = Table::default();
    for logs in LOGS {
        let (mut ours, mut lite, mut omni) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..bench.length.rounds {
            ours.push(bench.ours(logs)?);
            if let Some(rivals) = &bench.rivals {
                lite.push(bench.litewitness(rivals, logs)?);
                omni.push(bench.omniwitness(rivals, logs)?);
            }
        }
        let ours = best(ours);
        let mut words = Vec::new();
        for (name, theirs) in [("litewitness", best(lite)), ("omniwitness", best(omni))] {
            if let Some(their) = theirs.get("rate") {
                let times = ours["rate"] / their;
                let latency = latency(&theirs);
                words.push(format!(
                    "{name} {} ({latency}): {times:.1} times",
                    rate(*their)
                ));
            }
        }
        words.push("goal: 5 times".to_owned());
        let name = format!("cosignatures, {logs} logs at once");
        table.row(name, rate(ours["rate"]), &words.join("; "));
        table.row("… latency", latency(&ours), "");
    }
    Ok(table)
}

struct Bench {
    binary: PathBuf,
    loader: PathBuf,
    rivals: Option<Rivals>,
    scratch: Scratch,
    length: Length,
}

impl Bench {
    /// A new folder with the lists of the logs.
    fn folder(&self, logs: u32) -> Result<PathBuf> {
        let folder = self.scratch.next();
        fs::create_dir(&folder)?;
        let mut list = process::command(&self.loader);
        process::run(list.arg("list").arg(logs.to_string()).arg(&folder))?;
        Ok(folder)
    }

    fn ours(&self, logs: u32) -> Result<Said> {
        let folder = self.folder(logs)?;
        let at = |name: &str| folder.join(name);
        let mut keygen = process::command(&self.binary);
        keygen.args([
            "keygen",
            "--kind",
            "witness",
            "--name",
            "bench.example/ours",
        ]);
        process::run(keygen.arg("--out").arg(at("key")))?;
        let mut serve = process::command(&self.binary);
        serve.args(["witness", "serve", "--listen", "127.0.0.1:0"]);
        serve.args(["--log-level", "warn", "--max-client-connections", "1024"]);
        serve
            .arg("--state")
            .arg(at("db"))
            .arg("--key")
            .arg(at("key"));
        serve.arg("--logs").arg(at("logs"));
        let mut server = Running::start(serve.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let stdout = server
            .0
            .stdout
            .take()
            .context("the witness has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let address = address
            .parse()
            .with_context(|| format!("the first line of the witness is no address: `{line}`"))?;
        self.load(address, logs)
    }

    /// Its key is in an ssh-agent, and its logs are rows of its database.
    fn litewitness(&self, rivals: &Rivals, logs: u32) -> Result<Said> {
        let folder = self.folder(logs)?;
        let at = |name: &str| folder.join(name);
        let mut keygen = process::command("ssh-keygen");
        process::run(
            keygen
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(at("key")),
        )?;
        let mut listed = process::command("ssh-keygen");
        let listed = String::from_utf8(process::output(listed.arg("-lf").arg(at("key.pub")))?)?;
        let fingerprint = listed.split(' ').nth(1).context("no fingerprint")?;
        // A socket's path has at most 108 bytes.
        let socket = std::env::temp_dir().join(format!("bench-agent-{}", std::process::id()));
        let _ = fs::remove_file(&socket);
        let mut agent = process::command("ssh-agent");
        let _agent = Running::start(agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()))?;
        wait(|| socket.exists(), "ssh-agent makes its socket")?;
        let mut add = process::command("ssh-add");
        process::run(add.arg("-q").arg(at("key")).env("SSH_AUTH_SOCK", &socket))?;
        for line in fs::read_to_string(at("vkeys"))?.lines() {
            let mut insert = process::command(rivals.folder.join("witnessdb"));
            process::run(insert.arg(at("db")).args(line.split(' ')))?;
        }
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut serve = process::command(rivals.folder.join("litewitness"));
        serve.args(["-name", "bench.example/lite", "-key", fingerprint]);
        serve
            .arg("-ssh-agent")
            .arg(&socket)
            .arg("-db")
            .arg(at("db"));
        serve.args(["-listen", &address.to_string()]);
        self.rival(&mut serve, address, logs)
    }

    fn omniwitness(&self, rivals: &Rivals, logs: u32) -> Result<Said> {
        let folder = self.folder(logs)?;
        let at = |name: &str| folder.join(name);
        let mut keys = process::command(rivals.folder.join("generate_keys"));
        keys.arg("--origin=bench.example/omni");
        keys.arg(format!("--out_priv={}", at("key").display()));
        process::run(keys.arg(format!("--out_pub={}", at("key.pub").display())))?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut serve = process::command(rivals.folder.join("omniwitness"));
        serve.args([
            format!("--listen={address}"),
            "--metrics_listen=".to_owned(),
        ]);
        serve.arg(format!("--db_file={}", at("db").display()));
        serve.arg(format!("--private_key_path={}", at("key").display()));
        serve.arg(format!("--additional_logs={}", at("logs.yaml").display()));
        self.rival(&mut serve, address, logs)
    }

    fn rival(&self, serve: &mut Command, address: SocketAddr, logs: u32) -> Result<Said> {
        let _server = Running::start(serve.stdout(Stdio::null()).stderr(Stdio::null()))?;
        wait(
            || TcpStream::connect(address).is_ok(),
            "the witness listens",
        )?;
        self.load(address, logs)
    }

    fn load(&self, address: SocketAddr, logs: u32) -> Result<Said> {
        let mut load = process::command(&self.loader);
        load.args(["load", &address.to_string(), &logs.to_string()]);
        loader::run(load.arg(self.length.seconds.to_string()))
    }
}

/// The folder of the other witnesses, and of the program that tells one of them about logs.
struct Rivals {
    folder: PathBuf,
}

impl Rivals {
    fn install() -> Result<Self> {
        let folder = target().join("bench/witnesses");
        fs::create_dir_all(&folder)?;
        for program in [LITEWITNESS, OMNIWITNESS, OMNIWITNESS_KEYS] {
            let mut install = process::command("go");
            install.env("GOBIN", &folder).current_dir(&folder);
            process::run(install.args(["install", "-trimpath", program]))?;
        }
        let mut install = process::command("go");
        install.env("GOBIN", &folder);
        install.current_dir(Path::new("tests/interop/go"));
        process::run(install.args(["install", "-trimpath", "./witnessdb"]))?;
        Ok(Self { folder })
    }
}

/// A program that is killed when dropped.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Result<Self> {
        let line = process::line_of(command);
        let child = command.spawn();
        Ok(Self(
            child.with_context(|| format!("cannot start `{line}`"))?,
        ))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Killing fails if the program has already ended, which is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait(is_so: impl Fn() -> bool, event: &str) -> Result<()> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > Duration::from_secs(20) {
            bail!("it never happens that {event}");
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
