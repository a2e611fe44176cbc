//! Writing in one process: ours and, interleaved with it, Tessera's POSIX driver. Figures move from run to run; their
//! ratios move less.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::loader::{self, Said, best, latency};
use super::table::{Table, rate};
use crate::process::{self, root, target};

/// How long each load goes on, in seconds; `GLASSLOG_BENCH_SECONDS` says otherwise.
const SECONDS: u32 = 4;
/// Rounds of each load, one after the other with the rival's; the best of them is shown, as others work here too.
const ROUNDS: usize = 3;
/// Part of its highest rate at which a log's latency is measured in an open loop.
const OPEN_LOOP: f64 = 0.5;

/// A load: its name, adders, entries in each submission, what they are, and which acknowledgement is waited for.
type Load = (&'static str, u32, u32, &'static str, &'static str);

const LOADS: [Load; 5] = [
    (
        "512 adders, one entry of 512 bytes each",
        512,
        1,
        "raw",
        "durable",
    ),
    (
        "20 adders, 1,000 entries of 512 bytes each",
        20,
        1_000,
        "raw",
        "durable",
    ),
    ("one adder, one entry of 512 bytes", 1, 1, "raw", "durable"),
    ("one adder, one entry, published", 1, 1, "raw", "published"),
    (
        "8 adders, 1,000 signed events each",
        8,
        1_000,
        "events",
        "durable",
    ),
];

/// Loads both logs in turn.
pub(super) fn measure() -> Result<Table> {
    let loader = loader::build("glasslog-log", "write")?;
    let rival = build_rival()?;
    if rival.is_none() {
        eprintln!("warning: Go is not installed: nothing is measured of Tessera");
    }
    let mut table = Table::default();
    for load in LOADS {
        let (name, _, _, kind, _) = load;
        let (mut ours, mut theirs): (Vec<Said>, Vec<Said>) = Default::default();
        for _ in 0..ROUNDS {
            ours.push(run(&loader, load, 0.0, true)?);
            if let Some(rival) = rival.as_ref().filter(|_| kind == "raw") {
                theirs.push(run(rival, load, 0.0, false)?);
            }
        }
        let (ours, theirs) = (best(ours), best(theirs));
        table.row(
            format!("{name}: entries"),
            rate(ours["rate"]),
            &ratio(&ours, &theirs),
        );
        table.row(
            format!("{name}: latency"),
            latency(&ours),
            &if theirs.is_empty() {
                String::new()
            } else {
                format!("Tessera {}", latency(&theirs))
            },
        );
        table.row(format!("{name}: for each entry"), costs(&ours), "");
        let open = run(&loader, load, submissions(&ours, load) * OPEN_LOOP, true)?;
        let beside = match (&rival, theirs.is_empty()) {
            (Some(rival), false) => {
                let said = run(rival, load, submissions(&theirs, load) * OPEN_LOOP, false)?;
                format!("Tessera at half of its own {}", latency(&said))
            }
            _ => String::new(),
        };
        table.row(
            format!("{name}: latency at half of that rate, from the intended start"),
            latency(&open),
            &beside,
        );
    }
    Ok(table)
}

fn submissions(said: &Said, load: Load) -> f64 {
    said["rate"] / f64::from(load.2)
}

fn ratio(ours: &Said, theirs: &Said) -> String {
    match theirs.get("rate") {
        Some(their) => format!(
            "Tessera {}: {:.1} times",
            rate(*their),
            ours["rate"] / their
        ),
        None => String::new(),
    }
}

fn costs(said: &Said) -> String {
    let entries = said["entries"].max(1.0);
    format!(
        "{:.4} syncs, {:.0} bytes written",
        said["syncs"] / entries,
        said["written"] / entries
    )
}

/// Runs a loader on a new log and returns what it said; it verifies what was acknowledged, and fails if that is not so.
fn run(loader: &PathBuf, load: Load, rate: f64, is_ours: bool) -> Result<Said> {
    let (_, adders, batch, kind, acknowledgement) = load;
    let log = target().join("bench/write");
    if log.exists() {
        fs::remove_dir_all(&log).with_context(|| format!("cannot clear {}", log.display()))?;
    }
    fs::create_dir_all(target().join("bench"))?;
    let seconds = std::env::var("GLASSLOG_BENCH_SECONDS").unwrap_or_else(|_| SECONDS.to_string());
    let mut command = process::command(loader);
    command.arg(&log).args([
        seconds,
        adders.to_string(),
        batch.to_string(),
        rate.to_string(),
    ]);
    if is_ours {
        command.args([kind, acknowledgement]);
    }
    let said = loader::run(&mut command)?;
    fs::remove_dir_all(&log).with_context(|| format!("cannot clear {}", log.display()))?;
    Ok(said)
}

/// Tessera's loader, `None` without Go.
fn build_rival() -> Result<Option<PathBuf>> {
    let mut version = process::command("go");
    let has_go = version
        .arg("version")
        .stdout(std::process::Stdio::null())
        .status();
    if !has_go.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let path = target().join("bench").join("tesseraload");
    let mut build = process::command("go");
    build
        .current_dir(root().join("tests/interop/go"))
        .args([
            "build",
            "-mod=readonly",
            "-trimpath",
            "-buildvcs=false",
            "-o",
        ])
        .arg(&path)
        .arg("./tesseraload");
    process::run(&mut build)?;
    Ok(Some(path))
}
