//! Runs of a command to its end: the time that it took, and its memory.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// One finished run of a command.
#[derive(Clone, Copy)]
pub(crate) struct Ran {
    pub(crate) seconds: f64,
    /// Peak memory in bytes.
    pub(crate) peak: u64,
}

/// Reads a number of the environment.
pub(crate) fn number(name: &str, default: u32) -> Result<u32> {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("`{name}` is not a number")),
        Err(_) => Ok(default),
    }
}

/// Runs a command to its end and samples its memory meanwhile.
pub(crate) fn watch(mut command: impl std::borrow::BorrowMut<Command>) -> Result<Ran> {
    let command = command.borrow_mut();
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let exit = loop {
        if let Some(exit) = child.try_wait()? {
            break exit;
        }
        // The system counts the peak so far, so only the last moment can be missed.
        peak = fs::read_to_string(&status).map_or(peak, |text| peak.max(high_water(&text)));
        std::thread::sleep(Duration::from_millis(1));
    };
    let seconds = began.elapsed().as_secs_f64();
    if !exit.success() {
        bail!("{command:?}: {exit}");
    }
    Ok(Ran { seconds, peak })
}

fn high_water(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Shows a number of bytes.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// Returns the fastest run.
pub(crate) fn best(runs: &[Ran]) -> Result<Ran> {
    let best = runs
        .iter()
        .min_by(|one, other| one.seconds.total_cmp(&other.seconds));
    best.copied().context("nothing was run")
}
