//! Load generators: built like any benchmark, run as programs, and heard by the `name=value` words that they say.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// What a loader said, by name.
pub(super) type Said = BTreeMap<String, f64>;

/// Builds the loader that is the benchmark `name` of `package`.
pub(super) fn build(package: &str, name: &str) -> Result<PathBuf> {
    let mut build = process::cargo();
    build.args(["bench", "--locked", "--package", package, "--bench", name]);
    build.args(["--no-run", "--message-format", "json"]);
    let said = String::from_utf8(process::output(&mut build)?)?;
    let executable = said.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == name;
        is_it.then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    executable.with_context(|| format!("cargo did not say where the loader `{name}` is"))
}

/// Runs a loader; it verifies what was acknowledged, and fails if that is not so.
pub(super) fn run(command: &mut Command) -> Result<Said> {
    let said = String::from_utf8(process::output(command)?)?;
    let words = said
        .split_whitespace()
        .filter_map(|word| word.split_once('='));
    let said: Said = words
        .map(|(name, number)| Ok((name.to_owned(), number.parse()?)))
        .collect::<Result<_>>()?;
    match said.contains_key("rate") {
        true => Ok(said),
        false => bail!("the loader said nothing of a rate"),
    }
}

/// The run with the highest rate; nothing of no runs.
pub(super) fn best(runs: Vec<Said>) -> Said {
    let by_rate = |one: &Said, other: &Said| one["rate"].total_cmp(&other["rate"]);
    runs.into_iter().max_by(by_rate).unwrap_or_default()
}

/// Its latencies, as a person reads them.
pub(super) fn latency(said: &Said) -> String {
    let [p50, p99, p999] = ["p50", "p99", "p999"].map(|name| said.get(name).unwrap_or(&0.0));
    format!("p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms")
}
