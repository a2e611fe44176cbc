//! Whole logs, by the command line in its release build.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::table::{Table, rate};
use xtask::glasslog;
use xtask::process::{self, target};

/// Entries of the log without signatures.
const RAW_ENTRIES: u32 = 100_000;
/// Events of the log with signatures.
const EVENTS: u32 = 2_000;

/// Measures appending, auditing and reading, the start of the process included.
pub(crate) fn measure() -> Result<Table> {
    let mut table = Table::default();
    let binary = glasslog::build_release()?;
    let directory = target().join("bench");
    if directory.exists() {
        fs::remove_dir_all(&directory)
            .with_context(|| format!("cannot clear {}", directory.display()))?;
    }
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let bench = Bench { binary, directory };

    bench.glasslog("init raw --origin bench.example/raw --raw")?;
    let lines: String = (0..RAW_ENTRIES).map(|n| format!("{n:0>512}\n")).collect();
    fs::write(bench.directory.join("raw.lines"), lines)?;
    let seconds = bench.glasslog("submit --log raw raw.lines")?;
    table.row(
        "append entries of 512 bytes, in batches",
        rate(f64::from(RAW_ENTRIES) / seconds),
        "",
    );
    let seconds = bench.glasslog("audit raw --policy raw/trust.policy")?;
    table.row(
        "audit entries of 512 bytes",
        rate(f64::from(RAW_ENTRIES) / seconds),
        "1.1 M/s hashed",
    );

    bench.glasslog("init events --origin bench.example/events")?;
    bench.glasslog("keygen --kind actor --name ci@bench.example --out ci.key")?;
    bench.glasslog("keys enrol --log events --actor ci@bench.example --key ci.key.pub")?;
    fs::write(bench.directory.join("model"), "weights")?;
    let record =
        "record --log events --signer ci.key --action read --artifact model@1 --file model";
    let mut events = Vec::new();
    for _ in 0..EVENTS {
        events.extend(bench.output(&format!("{record} --dry-run"))?);
    }
    fs::write(bench.directory.join("events.lines"), events)?;
    let seconds = bench.glasslog("submit --log events events.lines")?;
    table.row(
        "append signed events, in batches",
        rate(f64::from(EVENTS) / seconds),
        "14–16 k/s verified on a core",
    );
    let seconds = bench.glasslog("audit events --policy events/trust.policy")?;
    table.row(
        "audit signed events",
        rate(f64::from(EVENTS) / seconds),
        "14–16 k/s verified on a core",
    );
    let seconds = bench.glasslog("history model@1 --log events --policy events/trust.policy")?;
    table.row(
        format!("history of {EVENTS} events"),
        format!("{:.0} ms", seconds * 1000.0),
        "",
    );
    let seconds = bench.glasslog(record)?;
    table.row(
        "record one event, published, with proof",
        format!("{:.0} ms", seconds * 1000.0),
        "",
    );
    Ok(table)
}

/// The binary under measurement and the folder of its logs.
struct Bench {
    binary: PathBuf,
    directory: PathBuf,
}

impl Bench {
    /// Runs the command line in the folder and returns the seconds it took.
    fn glasslog(&self, words: &str) -> Result<f64> {
        let began = Instant::now();
        process::output(
            process::command(&self.binary)
                .current_dir(&self.directory)
                .args(words.split(' ')),
        )?;
        Ok(began.elapsed().as_secs_f64())
    }

    /// Runs the command line in the folder and returns its standard output.
    fn output(&self, words: &str) -> Result<Vec<u8>> {
        let mut command = process::command(&self.binary);
        let output = command
            .current_dir(&self.directory as &Path)
            .args(words.split(' '))
            .output()?;
        Ok(output.stdout)
    }
}
