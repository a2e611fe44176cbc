//! Programs that follow a log, by the command line: a monitor of raw entries and of signed events, and a mirror, alternating with
//! Tessera's on the same log and host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::loader;
use crate::ran::{best, megabytes, number, watch};
use crate::table::{Table, rate};
use xtask::glasslog;
use xtask::process::{self, target};

/// Number of entries of 512 bytes, unless `GLASSLOG_BENCH_ENTRIES` sets another.
const RAW_ENTRIES: u32 = 600_000;
/// Number of signed events, unless `GLASSLOG_BENCH_EVENTS` sets another.
const EVENTS: u32 = 50_000;
/// Rounds, each with one run of everything. The best run is shown, because other programs may use the machine too.
const ROUNDS: usize = 3;
/// Threads for measuring the limits, as many as both programs use on two cores.
const THREADS: &str = "2";
/// The rival: it copies what the log shows, compares nothing with the root, and syncs no file.
const RIVAL: &str = "github.com/transparency-dev/tessera/cmd/experimental/mirror/posix@v1.0.4";

/// The programs, and a folder for the logs.
struct Bench {
    loader: PathBuf,
    glasslog: PathBuf,
    folder: PathBuf,
}

impl Bench {
    fn new(name: &str) -> Result<Self> {
        let folder = target().join("bench").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot clear {}", folder.display()))?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self {
            loader: loader::build("glasslog-log", "audit")?,
            glasslog: glasslog::build_release()?,
            folder,
        })
    }

    /// Makes a log of this kind.
    fn log(&self, kind: &str, count: u32) -> Result<PathBuf> {
        let log = self.folder.join(kind);
        let mut make = process::command(&self.loader);
        loader::run(make.arg("make").arg(&log).args([kind, &count.to_string()]))?;
        Ok(log)
    }

    /// Returns how many entries a second two cores hash, and how many signatures they verify.
    fn limits(&self) -> Result<(f64, f64)> {
        let limit = loader::run(process::command(&self.loader).args(["limit", THREADS]))?;
        Ok((limit["rate"], limit["signatures"]))
    }

    fn monitor(&self, log: &Path, more: &[&str]) -> Command {
        let state = self.folder.join("state");
        // A monitor without a state begins at the first entry.
        let _ = fs::remove_file(&state);
        let mut command = process::command(&self.glasslog);
        command.arg("monitor").arg(log).arg("--state").arg(state);
        command.arg("--policy").arg(log.join("trust.policy"));
        command.arg("--once").args(more);
        command
    }
}

/// Measures a monitor that reads every entry of a log for the first time.
pub(crate) fn monitor() -> Result<Table> {
    let bench = Bench::new("monitor")?;
    let (entries, count) = (
        number("GLASSLOG_BENCH_ENTRIES", RAW_ENTRIES)?,
        number("GLASSLOG_BENCH_EVENTS", EVENTS)?,
    );
    let (raw, events) = (bench.log("raw", entries)?, bench.log("events", count)?);
    let (mut scanned, mut quiet, mut told) = (vec![], vec![], vec![]);
    let (mut hashes, mut signatures) = (0f64, 0f64);
    let nothing = ["--watch", "artifact-that-is-not-there"];
    for _ in 0..ROUNDS {
        let (rate, verified) = bench.limits()?;
        hashes = hashes.max(rate);
        signatures = signatures.max(verified);
        scanned.push(watch(bench.monitor(&raw, &nothing))?);
        quiet.push(watch(bench.monitor(&events, &nothing))?);
        told.push(watch(bench.monitor(&events, &[]))?);
    }
    let mut table = Table::default();
    let mut row = |what: String, count: u32, runs, limit: f64, name: &str, goal: &str| {
        let ran = best(runs)?;
        let each = f64::from(count) / ran.seconds;
        table.row(
            what,
            format!("{}, {} peak", rate(each), megabytes(ran.peak)),
            &format!(
                "{:.0} % of the {name} limit, {}; goal {goal}",
                100.0 * each / limit,
                rate(limit)
            ),
        );
        anyhow::Ok(())
    };
    let what = format!("monitor: {entries} raw entries of 512 bytes, none told");
    row(what, entries, &scanned, hashes, "hash", "500 k/s")?;
    let what = format!("monitor: {count} signed events, none told");
    row(what, count, &quiet, signatures, "signature", "40 k/s")?;
    let what = format!("monitor: {count} signed events, each judged and told");
    row(what, count, &told, signatures, "signature", "40 k/s")?;
    Ok(table)
}

/// A host of a log, which ends with its value.
struct Served {
    child: Child,
    url: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Serves a log, once the host answers.
    fn start(glasslog: &Path, log: &Path) -> Result<Self> {
        let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = process::command(glasslog);
        command
            .arg("serve")
            .arg(log)
            .args(["--listen", &free.to_string()]);
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let served = Self {
            child,
            url: format!("http://{free}/"),
        };
        let began = Instant::now();
        while std::net::TcpStream::connect(free).is_err() {
            if began.elapsed() > Duration::from_secs(20) {
                bail!("{} does not listen", served.url);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(served)
    }
}

/// Measures a first copy of a log over HTTP, and from a directory.
pub(crate) fn mirror() -> Result<Table> {
    let bench = Bench::new("mirror")?;
    let entries = number("GLASSLOG_BENCH_ENTRIES", RAW_ENTRIES)?;
    let raw = bench.log("raw", entries)?;
    let rival = loader::has_go()
        .then(|| install(&bench.folder))
        .transpose()?;
    let host = Served::start(&bench.glasslog, &raw)?;
    let (copy, theirs) = (bench.folder.join("copy"), bench.folder.join("theirs"));
    let (mut ours, mut local, mut others, mut hashes) = (vec![], vec![], vec![], 0f64);
    for _ in 0..ROUNDS {
        hashes = hashes.max(bench.limits()?.0);
        for (log, runs) in [(host.url.as_str(), &mut ours), (path(&raw)?, &mut local)] {
            clear(&copy)?;
            let mut command = process::command(&bench.glasslog);
            command.arg("mirror").arg(log).arg(&copy).arg("--policy");
            runs.push(watch(command.arg(raw.join("trust.policy")).arg("--once"))?);
        }
        if let Some(rival) = &rival {
            clear(&theirs)?;
            let mut command = process::command(rival);
            command.args(["--source_url", &host.url, "--storage_dir", path(&theirs)?]);
            others.push(watch(command.stderr(Stdio::null()))?);
        }
    }
    let (ours, local) = (best(&ours)?, best(&local)?);
    let each = |seconds: f64| f64::from(entries) / seconds;
    let mut table = Table::default();
    for (name, ran) in [("over HTTP", ours), ("from a directory", local)] {
        let of_limit = 100.0 * each(ran.seconds) / hashes;
        table.row(
            format!("mirror of {entries} raw entries of 512 bytes, {name}, verified and synced"),
            format!("{}, {} peak", rate(each(ran.seconds)), megabytes(ran.peak)),
            &format!("{of_limit:.0} % of the hash limit, {}", rate(hashes)),
        );
    }
    if let Ok(theirs) = best(&others) {
        table.row(
            "the same over HTTP by Tessera's mirror, neither verified nor synced",
            format!(
                "{}, {} peak",
                rate(each(theirs.seconds)),
                megabytes(theirs.peak)
            ),
            &format!("ours {:.1} times, goal 2", theirs.seconds / ours.seconds),
        );
    }
    Ok(table)
}

fn install(folder: &Path) -> Result<PathBuf> {
    let mut install = process::command("go");
    install.env("GOBIN", folder).current_dir(folder);
    process::run(install.args(["install", "-trimpath", RIVAL]))?;
    Ok(folder.join("posix"))
}

fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot clear {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("the path is text")
}
