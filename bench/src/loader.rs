//! Load generators: built like any benchmark, run as programs, and read by the `name=value` words that they print.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use xtask::process::{self, target};

/// Fraction of a log's highest rate at which latencies are measured in an open loop.
pub(crate) const OPEN_LOOP: f64 = 0.5;

/// Signed events prepared for each second of a load: more than any log accepts on two cores.
const EVENTS_A_SECOND: u32 = 80_000;

/// Values that a loader printed, by name.
pub(crate) type Said = BTreeMap<String, f64>;

/// Duration and number of rounds of each load, alternating with the rival's. The best round is shown, because other
/// programs may use the machine too.
#[derive(Clone, Copy)]
pub(crate) struct Length {
    pub(crate) seconds: u32,
    pub(crate) rounds: usize,
}

impl Length {
    /// Long enough for a steady state; with `quick`, only for a first impression.
    pub(crate) fn new(quick: bool) -> Self {
        match quick {
            true => Self {
                seconds: 2,
                rounds: 2,
            },
            false => Self {
                seconds: 4,
                rounds: 3,
            },
        }
    }
}

/// Directories for logs, each used once. They are kept to the end of all measurements: on a file system without a journal
/// the removal of a log makes it slow to create the files of the next one, for minutes.
pub(crate) struct Scratch {
    root: PathBuf,
    used: Cell<u32>,
}

impl Scratch {
    /// Starts with no directory used.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let root = scratch().join(name);
        fs::create_dir_all(&root)?;
        Ok(Self {
            root,
            used: Cell::new(0),
        })
    }

    /// An unused path.
    pub(crate) fn next(&self) -> PathBuf {
        let number = self.used.get();
        self.used.set(number + 1);
        self.root.join(number.to_string())
    }

    /// The argument that tells the loader its entries: `raw`, or the file of signed events.
    pub(crate) fn entries(&self, kind: &str) -> String {
        match kind {
            "raw" => kind.to_owned(),
            _ => self.events().display().to_string(),
        }
    }

    fn events(&self) -> PathBuf {
        self.root.join("events")
    }

    /// Signs the events of the longest load, once for all loads.
    pub(crate) fn sign(&self, loader: &Path, length: Length) -> Result<()> {
        let count = (length.seconds * EVENTS_A_SECOND).to_string();
        let mut sign = process::command(loader);
        process::run(sign.arg("sign").arg(self.events()).arg(count))
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
}

fn scratch() -> PathBuf {
    target().join("bench/logs")
}

/// Removes all measured logs.
pub(crate) fn clear() -> Result<()> {
    let path = scratch();
    match path.exists() {
        true => {
            fs::remove_dir_all(&path).with_context(|| format!("cannot clear {}", path.display()))
        }
        false => Ok(()),
    }
}

/// Returns `true` if Go, which the rival needs, is installed.
pub(crate) fn has_go() -> bool {
    let mut version = process::command("go");
    let version = version
        .arg("version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let has_go = version.status().is_ok_and(|status| status.success());
    if !has_go {
        eprintln!("warning: Go is not installed: Tessera is not measured");
    }
    has_go
}

/// Builds the loader that is the benchmark `name` of `package`.
pub(crate) fn build(package: &str, name: &str) -> Result<PathBuf> {
    let mut build = process::cargo();
    build.args(["bench", "--locked", "--package", package, "--bench", name]);
    build.args(["--no-run", "--message-format", "json"]);
    let said = String::from_utf8(process::output(&mut build)?)?;
    let executable = said.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == name;
        is_it.then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    executable.with_context(|| format!("cargo printed no path of the loader `{name}`"))
}

/// Runs a loader, which verifies every acknowledgement and fails if one is false.
pub(crate) fn run(command: &mut Command) -> Result<Said> {
    let said = String::from_utf8(process::output(command)?)?;
    let words = said
        .split_whitespace()
        .filter_map(|word| word.split_once('='));
    let said: Said = words
        .map(|(name, number)| Ok((name.to_owned(), number.parse()?)))
        .collect::<Result<_>>()?;
    match said.is_empty() {
        false => Ok(said),
        true => bail!("the loader printed nothing"),
    }
}

/// The run with the highest rate; empty without runs.
pub(crate) fn best(runs: Vec<Said>) -> Said {
    let by_rate = |one: &Said, other: &Said| one["rate"].total_cmp(&other["rate"]);
    runs.into_iter().max_by(by_rate).unwrap_or_default()
}

/// The latencies of a run, for display.
pub(crate) fn latency(said: &Said) -> String {
    let [p50, p99, p999] = ["p50", "p99", "p999"].map(|name| said.get(name).unwrap_or(&0.0));
    format!("p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms")
}

/// The rival's latencies for display, if it was measured.
pub(crate) fn beside(theirs: &Said) -> String {
    match theirs.is_empty() {
        true => String::new(),
        false => format!("Tessera {}", latency(theirs)),
    }
}
