//! The index of a growing log: building, files and lookups, compared with reading the whole log.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::table::{Table, rate};
use xtask::process::{self, target};
use xtask::{node, wasm};

/// Log sizes built even with `--quick`, in a routine run and only with `--large`, and those that `--simulate`
/// simulates.
const QUICK: [&str; 2] = ["10000", "100000"];
const ROUTINE: &str = "1000000";
const LARGE: &str = "10000000";
const SIMULATED: [&str; 3] = ["10000000", "100000000", "1000000000"];

/// Measures the index of logs of growing size: `tests/examples/index_growth/`.
///
/// The logs hold real events except that all share one signature: the index does not judge signatures, and signing 10^7
/// events would take minutes.
pub(crate) fn measure(large: bool, simulate: bool, quick: bool) -> Result<Table> {
    let mut table = Table::default();
    let folder = folder();
    let folder = folder.to_str().context("the path is not UTF-8")?;
    let mut built = vec![folder];
    built.extend(QUICK);
    built.extend((!quick).then_some(ROUTINE));
    built.extend(large.then_some(LARGE));
    add(&built, "", &mut table)?;
    if simulate {
        let simulated = ["simulate"].into_iter().chain(SIMULATED);
        add(&simulated.collect::<Vec<_>>(), " (simulated)", &mut table)?;
    }
    Ok(table)
}

/// The folder in which the logs are created, each in a new folder of its own.
fn folder() -> PathBuf {
    target().join("bench-index")
}

/// Removes the files of a measurement. Not called between two measurements: after many files were removed, creating
/// new ones can be slow for minutes.
pub(crate) fn clear() -> Result<()> {
    let folder = folder();
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot clear {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn add(arguments: &[&str], note: &str, table: &mut Table) -> Result<()> {
    let mut run = process::cargo();
    run.args([
        "run",
        "--quiet",
        "--locked",
        "--release",
        "--package",
        "glasslog-tests",
    ]);
    run.args(["--example", "index_growth", "--"])
        .args(arguments);
    let said = String::from_utf8(process::output(&mut run)?)?;
    for line in said.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [
            size,
            runs,
            keys,
            pairs,
            seconds,
            grown,
            files,
            bytes,
            gets,
            top_gets,
            read,
            top_read,
            verify,
            buckets,
            bundle,
            memory,
            scan_gets,
            scan_bytes,
            scan_seconds,
        ] = fields[..]
        else {
            anyhow::bail!("not a line of measurements: {line}");
        };
        let mut row = |what: &str, measured: String, goal: &str| {
            if !measured.starts_with('-') {
                table.row(format!("{size} events{note}: {what}"), measured, goal);
            }
        };
        row("runs in the manifest", runs.into(), "64");
        row(
            "keys a second, from entries, one core",
            human(keys),
            "1 M/s",
        );
        row("keys a second, from pairs, one core", human(pairs), "1 M/s");
        row(
            "rebuild, synced files, all cores",
            format!("{seconds} s"),
            "",
        );
        row(
            "indexed while it grows, a manifest each 256 events, µs an event",
            grown.into(),
            "",
        );
        row(
            "files written for each event, all joining",
            files.into(),
            "",
        );
        row(
            "bytes written for each event, all joining",
            bytes.into(),
            "370",
        );
        row(
            "GETs of a lookup, mean; 99th percentile",
            format!("{gets}; {top_gets}"),
            "17",
        );
        row(
            "bytes of a lookup, mean; 99th percentile",
            format!("{read}; {top_read}"),
            "65536",
        );
        row("verify a bucket, µs", verify.into(), "1000");
        row("verify a bucket in Node, µs", in_node(buckets)?, "1000");
        row(
            "bytes of a bundle with the history of a median artifact",
            bundle.into(),
            "",
        );
        row("memory while rebuilding, MB", memory.into(), "");
        row("instead, the whole log: GETs", scan_gets.into(), "");
        row("instead, the whole log: bytes", scan_bytes.into(), "");
        row(
            "instead, the whole log: seconds, read and parsed",
            scan_seconds.into(),
            "",
        );
    }
    Ok(())
}

/// Microseconds that the package takes for each of these buckets; `-` if there are none, or without Node.
fn in_node(buckets: &str) -> Result<String> {
    if buckets == "-" || !node::is_there() {
        return Ok("-".into());
    }
    let mut bench = process::command("node");
    bench.arg("wasm/test/bench-index.mjs");
    bench.arg(wasm::build_with_vectors()?).arg(buckets);
    let said = String::from_utf8(process::output(&mut bench)?)?;
    Ok(said.trim().to_owned())
}

fn human(each_second: &str) -> String {
    each_second
        .parse()
        .map_or_else(|_| each_second.to_owned(), rate)
}
