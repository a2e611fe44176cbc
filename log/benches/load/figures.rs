//! Result of a load, in the `name=value` words that `cargo xtask bench` reads.

use std::time::Duration;

/// Results of all writers of a load.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) latencies: Vec<Duration>,
    /// Index and number of each acknowledged entry.
    pub(crate) acknowledged: Vec<(u64, u64)>,
    /// Number of submissions that were refused as busy.
    pub(crate) busy: u64,
}

impl Figures {
    /// Adds the results of another writer.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.latencies.append(&mut other.latencies);
        self.acknowledged.append(&mut other.acknowledged);
        self.busy += other.busy;
    }

    /// Prints the entries that were acknowledged in this many seconds, and the latencies of their writers.
    pub(crate) fn say(&mut self, seconds: f64) {
        self.latencies.sort_unstable();
        let entries = self.acknowledged.len() as f64;
        say("entries", entries);
        say("rate", entries / seconds);
        say("seconds", seconds);
        say("busy", self.busy as f64);
        for (name, part) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            say(name, self.percentile(part));
        }
    }

    /// Returns the latency in milliseconds that this fraction of the submissions did not exceed.
    fn percentile(&self, part: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (self.latencies.len() as f64 * part) as usize;
        let latency = self.latencies.get(at.min(last)).copied();
        latency.unwrap_or_default().as_secs_f64() * 1e3
    }
}

/// Prints one figure.
pub(crate) fn say(name: &str, value: f64) {
    println!("{name}={value}");
}
