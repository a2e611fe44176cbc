//! What a load came to, in the `name=value` words that `cargo xtask bench` reads.

use std::time::Duration;

/// What all writers of a load saw.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) latencies: Vec<Duration>,
    /// Of each acknowledged entry its index and its number.
    pub(crate) acknowledged: Vec<(u64, u64)>,
    /// How often too much was waiting.
    pub(crate) busy: u64,
}

impl Figures {
    /// Adds what another writer saw.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.latencies.append(&mut other.latencies);
        self.acknowledged.append(&mut other.acknowledged);
        self.busy += other.busy;
    }

    /// Says how many entries were acknowledged in so many seconds, and how long their writers waited.
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

    /// The latency, in milliseconds, that this part of the submissions did not exceed.
    fn percentile(&self, part: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (self.latencies.len() as f64 * part) as usize;
        let latency = self.latencies.get(at.min(last)).copied();
        latency.unwrap_or_default().as_secs_f64() * 1e3
    }
}

/// Says one figure.
pub(crate) fn say(name: &str, value: f64) {
    println!("{name}={value}");
}
