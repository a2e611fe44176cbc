//! Writing in one process: Glasslog and, interleaved with it, Tessera's POSIX driver. Figures vary from run to run;
//! their ratios vary less.

use std::path::PathBuf;

use anyhow::Result;

use crate::loader::{self, Length, OPEN_LOOP, Said, Scratch, beside, best, latency};
use crate::table::{Table, rate};
use xtask::go;
use xtask::process::{self, target};

/// A load: its adders, the number and kind of the entries in each submission, the acknowledgement waited for, and the
/// goal.
struct Load {
    name: &'static str,
    adders: u32,
    batch: u32,
    kind: &'static str,
    acknowledgement: &'static str,
    goal: &'static str,
}

const LOADS: [Load; 6] = [
    Load {
        name: "512 adders, one entry of 512 bytes each",
        adders: 512,
        batch: 1,
        kind: "raw",
        acknowledgement: "durable",
        goal: "3 times",
    },
    Load {
        name: "20 adders, 1,000 entries of 512 bytes each",
        adders: 20,
        batch: 1_000,
        kind: "raw",
        acknowledgement: "durable",
        goal: "10 times",
    },
    Load {
        name: "one adder, one entry of 512 bytes",
        adders: 1,
        batch: 1,
        kind: "raw",
        acknowledgement: "durable",
        goal: "p50 of 2 ms",
    },
    Load {
        name: "one adder, one entry of 512 bytes, published",
        adders: 1,
        batch: 1,
        kind: "raw",
        acknowledgement: "published",
        goal: "",
    },
    Load {
        name: "512 adders, one signed event each",
        adders: 512,
        batch: 1,
        kind: "events",
        acknowledgement: "durable",
        goal: "",
    },
    Load {
        name: "8 adders, 1,000 signed events each",
        adders: 8,
        batch: 1_000,
        kind: "events",
        acknowledgement: "durable",
        goal: "60 k/s",
    },
];

/// Loads both logs in turn.
pub(crate) fn measure(quick: bool) -> Result<Table> {
    let bench = Bench {
        loader: loader::build("glasslog-log", "write")?,
        rival: loader::has_go()
            .then(|| build_rival("tesseraload"))
            .transpose()?,
        scratch: Scratch::new("write")?,
        length: Length::new(quick),
    };
    bench.scratch.sign(&bench.loader, bench.length)?;
    let mut limits = process::command(&bench.loader);
    let limits = loader::run(limits.arg("limits").arg(bench.scratch.root()))?;
    let mut table = Table::default();
    let disk = limits["disk"] / 1e6;
    table.row(
        "this machine: leaf hashes of 512 bytes on one core; writes of 4 MiB, each synced; of 600 bytes",
        format!(
            "{}; {disk:.0} MB/s; {}",
            rate(limits["hashes"]),
            rate(limits["syncs"])
        ),
        "limits of the rows below",
    );
    for load in &LOADS {
        bench.compare(load, &limits, &mut table)?;
    }
    Ok(table)
}

struct Bench {
    loader: PathBuf,
    rival: Option<PathBuf>,
    scratch: Scratch,
    length: Length,
}

impl Bench {
    /// Measures one load, and the rival under the same one.
    fn compare(&self, load: &Load, limits: &Said, table: &mut Table) -> Result<()> {
        let (mut ours, mut theirs): (Vec<Said>, Vec<Said>) = Default::default();
        for _ in 0..self.length.rounds {
            ours.push(self.ours(load, 0.0)?);
            theirs.extend(self.theirs(load, 0.0)?);
        }
        let (ours, theirs) = (best(ours), best(theirs));
        let goal = match load.goal {
            "" => String::new(),
            goal => format!(" (goal: {goal})"),
        };
        let ratio = theirs.get("rate").map(|their| {
            let times = ours["rate"] / their;
            format!("Tessera {}: {times:.1} times", rate(*their))
        });
        table.row(
            load.name,
            rate(ours["rate"]),
            &format!("{}{goal}", ratio.unwrap_or_default()),
        );
        table.row("… latency", latency(&ours), &beside(&theirs));
        table.row("… for each entry", costs(&ours), &shares(&ours, limits));
        let open = self.ours(load, submissions(&ours, load) * OPEN_LOOP)?;
        let their_open = match theirs.is_empty() {
            false => self.theirs(load, submissions(&theirs, load) * OPEN_LOOP)?,
            true => None,
        };
        table.row(
            "… at half of that rate, each of its own, in an open loop, from the intended start",
            latency(&open),
            &beside(&their_open.unwrap_or_default()),
        );
        Ok(())
    }

    /// Loads a new Glasslog log. The loader verifies every acknowledgement and fails if one is false.
    fn ours(&self, load: &Load, pace: f64) -> Result<Said> {
        let mut command = process::command(&self.loader);
        command.arg("load").arg(self.scratch.next());
        command.args(self.words(load, pace));
        command.args([&self.scratch.entries(load.kind), load.acknowledgement]);
        loader::run(&mut command)
    }

    /// Loads a new log of the rival, which has raw entries only.
    fn theirs(&self, load: &Load, pace: f64) -> Result<Option<Said>> {
        let Some(rival) = self.rival.as_ref().filter(|_| load.kind == "raw") else {
            return Ok(None);
        };
        let mut command = process::command(rival);
        command.arg(self.scratch.next());
        loader::run(command.args(self.words(load, pace))).map(Some)
    }

    fn words(&self, load: &Load, pace: f64) -> [String; 4] {
        [
            self.length.seconds.to_string(),
            load.adders.to_string(),
            load.batch.to_string(),
            pace.to_string(),
        ]
    }
}

fn submissions(said: &Said, load: &Load) -> f64 {
    said["rate"] / f64::from(load.batch)
}

fn costs(said: &Said) -> String {
    let entries = said["entries"].max(1.0);
    format!(
        "{:.4} syncs, {:.0} bytes written, {:.1} µs of a core; {:.0} MB of memory at most",
        said["syncs"] / entries,
        said["written"] / entries,
        said["processor"] / entries * 1e6,
        said["memory"] / 1e6,
    )
}

/// The shares of the machine's limits that this run reached.
fn shares(said: &Said, limits: &Said) -> String {
    let hashes = said["rate"] / limits["hashes"];
    let disk = said["written"] / said["closed"] / limits["disk"];
    let syncs = said["syncs"] / said["closed"] / limits["syncs"];
    format!(
        "{:.0} % of one core's hashes, {:.0} % of the disk's bytes, {:.0} % of its syncs",
        hashes * 100.0,
        disk * 100.0,
        syncs * 100.0
    )
}

/// A Go program that drives Tessera.
pub(crate) fn build_rival(name: &str) -> Result<PathBuf> {
    let path = target().join("bench").join(name);
    let mut build = go::go("build", "go");
    process::run(build.arg("-o").arg(&path).arg(format!("./{name}")))?;
    Ok(path)
}
