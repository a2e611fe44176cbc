//! The pace of a body: a client that sends slower than the least rate is not waited for.

use crate::limits::LEAST_RATE;
use crate::options::Limits;
use std::time::Duration;
use tokio::time::Instant;

/// A body, or a line of one, that is being sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    began: Instant,
    grace: Duration,
    longest: Duration,
}

impl Pace {
    /// Begins now.
    pub(crate) fn begin(limits: &Limits) -> Self {
        Self {
            began: Instant::now(),
            grace: limits.grace,
            longest: limits.body_timeout,
        }
    }

    /// Returns the time until which the next bytes must come, after this many have.
    pub(crate) fn deadline(&self, bytes: usize) -> Instant {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let paid = Duration::from_secs(1) * bytes / LEAST_RATE;
        self.began + self.longest.min(self.grace.saturating_add(paid))
    }

    /// Returns the time until which the first bytes must come, of a client that need not send any yet.
    pub(crate) fn idle_deadline(&self) -> Instant {
        self.began + self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_buy_time_up_to_the_longest() {
        for (longest, bytes, expected) in [
            (30_000, 0, 5_000),
            (30_000, 1_024, 6_000),
            (30_000, 10_240, 15_000),
            (30_000, 65_535, 30_000),
            (30_000, usize::MAX, 30_000),
            (1_000, 0, 1_000),
        ] {
            let pace = Pace::begin(&Limits {
                body_timeout: Duration::from_millis(longest),
                ..Limits::default()
            });
            let time = pace.deadline(bytes) - pace.began;
            assert_eq!(time, Duration::from_millis(expected), "{bytes} bytes");
            let idle = pace.idle_deadline() - pace.began;
            assert_eq!(idle, Duration::from_millis(longest));
        }
    }
}
