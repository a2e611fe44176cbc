//! `cargo xtask bench`: measures what the design promises, and prints one table. Nothing here is estimated.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::process::{self, target};
use crate::{chromium, glasslog, node, site, wasm};

/// Entries of the log that is appended to and audited without signatures.
const RAW_ENTRIES: u32 = 100_000;
/// Signed events of the other one.
const EVENTS: u32 = 2_000;

/// Measures everything that can be measured here.
pub(crate) fn run() -> Result<()> {
    let mut table = Table::default();
    native(&mut table)?;
    logs(&mut table)?;
    if node::is_there() {
        browser(&mut table)?;
    } else {
        eprintln!(
            "warning: {}: nothing of the browser's is measured",
            node::HINT
        );
    }
    table.print();
    Ok(())
}

/// The core's criterion benchmarks.
fn native(table: &mut Table) -> Result<()> {
    let mut bench = process::cargo();
    bench.args([
        "bench",
        "--locked",
        "--package",
        "glasslog-core",
        "--bench",
        "merkle",
        "--bench",
        "signature",
    ]);
    process::run(bench.args(["--", "--quick"]))?;
    // Limits: `docs/ARCHITECTURE.md`, measured with prototypes on one core.
    for (folder, what, limit) in [
        ("hash/node", "hash a tree node", "6.9 M/s"),
        ("hash/leaf of 1024 bytes", "hash a leaf of 1 KiB", "1.1 M/s"),
        ("proof/inclusion in 2_30", "verify an inclusion in 2^30", ""),
        (
            "proof/consistency in 2_30",
            "verify a consistency in 2^30",
            "",
        ),
        ("ed25519/verify", "verify a signature", "14–16 k/s"),
        ("ed25519/sign", "sign", "38–43 k/s"),
        ("ed25519/admit a key", "admit a key", ""),
    ] {
        let path = target()
            .join("criterion")
            .join(folder)
            .join("new/estimates.json");
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let estimates: serde_json::Value = serde_json::from_str(&text)?;
        let nanoseconds = estimates["median"]["point_estimate"]
            .as_f64()
            .context("no median")?;
        table.row(format!("native: {what}"), rate(1e9 / nanoseconds), limit);
    }
    Ok(())
}

/// Whole logs, by the command line in its release build.
fn logs(table: &mut Table) -> Result<()> {
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
    Ok(())
}

/// The package in Node, its size, and the portal in Chromium.
fn browser(table: &mut Table) -> Result<()> {
    wasm::run()?;
    let package = wasm::package();
    let mut bench = process::command("node");
    bench
        .arg("wasm/test/bench.mjs")
        .arg(wasm::build_with_vectors()?);
    let said = String::from_utf8(process::output(&mut bench)?)?;
    for line in said.lines() {
        let mut fields = line.split('\t');
        let (Some(what), Some(number), Some(unit)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let number: f64 = number.parse()?;
        let limit = match what {
            "SHA-256 of a file" => "220–245 MB/s",
            "Ed25519: admit a key and verify" => "5–7 k/s verified",
            _ => "40–60 k/s",
        };
        let measured = if unit == "/s" {
            rate(number)
        } else {
            format!("{number:.0} {unit}")
        };
        table.row(format!("wasm: {what}"), measured, limit);
    }
    table.row(
        "wasm: size",
        wasm::Size::of(&package)?.to_string(),
        "100 kB brotli",
    );
    let Some(chromium) = chromium::find() else {
        eprintln!("warning: {}", chromium::HINT);
        return Ok(());
    };
    site::build()?;
    let binary = glasslog::build(true)?;
    let mut tests = node::npm();
    tests
        .args(["run", "--silent", "test", "--", "log"])
        .env("NODE_OPTIONS", "--test-reporter=spec");
    tests.env("CHROMIUM", chromium).env("GLASSLOG_BIN", binary);
    let said = String::from_utf8(process::output(&mut tests)?)?;
    let first = said.lines().find_map(|line| {
        line.split_once("first verdict after ")
            .map(|(_, time)| time)
    });
    table.row(
        "portal: first verified result",
        first.context("the portal's test names no time")?,
        "1 s",
    );
    Ok(())
}

/// Where logs are measured.
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

    /// The same, quietly, for what it prints.
    fn output(&self, words: &str) -> Result<Vec<u8>> {
        let mut command = process::command(&self.binary);
        let output = command
            .current_dir(&self.directory as &Path)
            .args(words.split(' '))
            .output()?;
        Ok(output.stdout)
    }
}

/// A rate as people say it.
fn rate(each_second: f64) -> String {
    match each_second {
        fast if fast >= 1e6 => format!("{:.1} M/s", fast / 1e6),
        fast if fast >= 1e4 => format!("{:.0} k/s", fast / 1e3),
        fast if fast >= 1e3 => format!("{:.1} k/s", fast / 1e3),
        slow => format!("{slow:.0} /s"),
    }
}

/// Rows of what, measured, limit.
#[derive(Default)]
struct Table(Vec<[String; 3]>);

impl Table {
    fn row(&mut self, what: impl Into<String>, measured: impl Into<String>, limit: &str) {
        self.0
            .push([what.into(), measured.into(), limit.to_string()]);
    }

    fn print(&self) {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        println!("\n| measured on {cores} cores | | limit, goal or prototype |\n|---|---|---|");
        for [what, measured, limit] in &self.0 {
            println!("| {what} | {measured} | {limit} |");
        }
    }
}
