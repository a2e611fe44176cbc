//! Resources that this process used, as Linux reports them.

use std::fs;

/// Ticks of processor time in a second, on every Linux.
const TICKS: f64 = 100.0;

/// Returns the seconds of processor time so far, including those in the kernel; zero if the system does not report them.
pub(crate) fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    ticks(&stat).unwrap_or(0.0) / TICKS
}

fn ticks(stat: &str) -> Option<f64> {
    // The name may contain spaces; the two numbers are the twelfth and thirteenth word after it.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut words = rest.split_whitespace().skip(11);
    let mut next = || words.next()?.parse::<f64>().ok();
    Some(next()? + next()?)
}
