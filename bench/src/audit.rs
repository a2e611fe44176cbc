//! Whole audits by the command line: of raw entries, alternating with Tessera's checker on the same tree, and of signed
//! events with their index. The limits are the rates of hashing alone and of verifying alone, measured in the same
//! run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::ran::{best, megabytes, number, watch};
use crate::table::{Table, rate};
use crate::{loader, write};
use xtask::glasslog;
use xtask::process::{self, target};

/// Number of entries of 512 bytes, unless `GLASSLOG_BENCH_ENTRIES` sets another.
const RAW_ENTRIES: u32 = 600_000;
/// Number of signed events, unless `GLASSLOG_BENCH_EVENTS` sets another.
const EVENTS: u32 = 50_000;
/// Rounds, each with one run of everything. The best run is shown, because other programs may use the machine too.
const ROUNDS: usize = 3;
/// Threads for measuring the limits, as many as an audit uses on two cores.
const THREADS: &str = "2";

/// Creates both logs and measures their audits.
pub(crate) fn measure() -> Result<Table> {
    let loader = loader::build("glasslog-log", "audit")?;
    let glasslog = glasslog::build_release()?;
    let rival = loader::has_go()
        .then(|| write::build_rival("tesserafsck"))
        .transpose()?;
    let directory = target().join("bench/audit");
    if directory.exists() {
        fs::remove_dir_all(&directory)
            .with_context(|| format!("cannot clear {}", directory.display()))?;
    }
    fs::create_dir_all(&directory)?;
    let (raw, events) = (directory.join("raw"), directory.join("events"));
    let (entries, count) = (
        number("GLASSLOG_BENCH_ENTRIES", RAW_ENTRIES)?,
        number("GLASSLOG_BENCH_EVENTS", EVENTS)?,
    );
    for (log, kind, count) in [(&raw, "raw", entries), (&events, "events", count)] {
        let mut make = process::command(&loader);
        make.arg("make").arg(log).args([kind, &count.to_string()]);
        loader::run(&mut make)?;
    }
    // The policy names no index, so the audit of the raw log covers the tree alone, as the other checker does.
    let trust = fs::read_to_string(raw.join("trust.policy"))?;
    let key = trust.lines().find_map(|line| line.strip_prefix("log "));
    let key = key.context("the policy names the log's key")?;
    let plain = directory.join("plain.policy");
    fs::write(&plain, format!("log {key}\nquorum none\n"))?;

    let (mut ours, mut theirs, mut signed, mut again) = (vec![], vec![], vec![], vec![]);
    let (mut hashes, mut signatures) = (0f64, 0f64);
    for _ in 0..ROUNDS {
        let limit = loader::run(process::command(&loader).args(["limit", THREADS]))?;
        hashes = hashes.max(limit["rate"]);
        signatures = signatures.max(limit["signatures"]);
        ours.push(watch(audit(&glasslog, &raw, &plain))?);
        if let Some(rival) = &rival {
            let mut check = process::command(rival);
            check.arg(raw.join("public")).arg(key);
            theirs.push(watch(&mut check)?);
        }
        let policy = events.join("trust.policy");
        signed.push(watch(audit(&glasslog, &events, &policy))?);
        let state = directory.join("state");
        let mut resumed = audit(&glasslog, &events, &policy);
        again.push(watch(resumed.arg("--resume").arg(&state))?);
    }

    let (entries, count) = (f64::from(entries), f64::from(count));
    let mut table = Table::default();
    let of_limit = |rate: f64, limit: f64, what: &str| {
        format!(
            "{:.0} % of the {what} limit, {}",
            100.0 * rate / limit,
            self::rate(limit)
        )
    };
    let (ours, signed) = (best(&ours)?, best(&signed)?);
    let our_rate = entries / ours.seconds;
    table.row(
        format!("audit of {entries} raw entries of 512 bytes"),
        format!("{}, {} peak", rate(our_rate), megabytes(ours.peak)),
        &of_limit(our_rate, hashes, "hash"),
    );
    if let Ok(theirs) = best(&theirs) {
        let their_rate = entries / theirs.seconds;
        table.row(
            "the same by Tessera's fsck",
            format!("{}, {} peak", rate(their_rate), megabytes(theirs.peak)),
            &format!("ours {:.1} times, goal 2", our_rate / their_rate),
        );
    }
    let signed_rate = count / signed.seconds;
    table.row(
        format!("audit of {count} signed events, with their index"),
        format!("{}, {} peak", rate(signed_rate), megabytes(signed.peak)),
        &format!(
            "{}, goal 70 %",
            of_limit(signed_rate, signatures, "signature")
        ),
    );
    // The first run writes the state; the last one has nothing new to read.
    if let Some(resumed) = again.last() {
        table.row(
            "the same audit again, from its state",
            format!(
                "{:.0} ms, {} peak",
                1e3 * resumed.seconds,
                megabytes(resumed.peak)
            ),
            "",
        );
    }
    Ok(table)
}

fn audit(glasslog: &PathBuf, log: &Path, policy: &Path) -> Command {
    let mut command = process::command(glasslog);
    command
        .arg("audit")
        .arg(log)
        .arg("--policy")
        .arg(policy)
        .args(["--format", "json"]);
    command
}
