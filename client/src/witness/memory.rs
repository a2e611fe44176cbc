//! The memory that a log has of a witness: the last size that it cosigned, since when it fails, and until when it is left alone.

use core::time::Duration;
use std::time::Instant;

use super::{Asked, WitnessError};

/// First and longest pause after a failure; each failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Longest pause that a witness can ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

/// The state of one witness, as its log knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Size and time of the last cosignature, in seconds since the epoch.
    pub cosigned: Option<(u64, u64)>,
    /// The failure, unless the last request succeeded.
    pub failing: Option<Failing>,
    /// Requests and failures since the log was opened.
    pub requests: u64,
    /// Failures among them.
    pub failures: u64,
    in_a_row: u32,
    rests_until: Option<Instant>,
}

/// A witness that does not cosign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Time of the first failure in a row, in seconds since the epoch.
    pub since: u64,
    /// Stable name of the last failure.
    pub code: String,
    /// The last failure, in words.
    pub message: String,
    /// True if the witness claims another history of the log than its writer has.
    pub is_alarm: bool,
}

impl Memory {
    /// Returns the size from which the next proof begins; 0 if none is known.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.cosigned.map_or(0, |(size, _)| size)
    }

    /// Returns the moment from which the witness may be asked; `None` for at once.
    #[must_use]
    pub fn rests_until(&self) -> Option<Instant> {
        self.rests_until
    }

    /// Records the answer about a checkpoint of this size. `gap` is the time that each request costs at the declared rate;
    /// `now` is the same moment twice, by the clock in seconds since the epoch.
    pub fn record(&mut self, asked: &Asked, size: u64, gap: Duration, now: (Instant, u64)) {
        let (now, seconds) = now;
        self.requests += u64::from(asked.requests);
        // The time between two rounds pays for one request each.
        let mut rest = match asked.requests {
            0 | 1 => Duration::ZERO,
            requests => gap * requests,
        };
        match &asked.outcome {
            Ok(cosigned) => {
                self.cosigned = Some((size, cosigned.time));
                self.failing = None;
                self.in_a_row = 0;
            }
            Err(error) => {
                rest = rest.max(self.pause(error));
                self.fail(error, seconds);
            }
        }
        self.rests_until = (rest > Duration::ZERO).then(|| now + rest);
    }

    fn fail(&mut self, error: &WitnessError, seconds: u64) {
        self.failures += 1;
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.failing = Some(Failing {
            since: self
                .failing
                .as_ref()
                .map_or(seconds, |failing| failing.since),
            code: error.code().to_owned(),
            message: error.to_string(),
            is_alarm: error.is_alarm(),
        });
    }

    fn pause(&self, error: &WitnessError) -> Duration {
        let doubled = FIRST_PAUSE * 2_u32.saturating_pow(self.in_a_row.min(6));
        let own = doubled.min(LONGEST_PAUSE);
        own.max(error.pause().unwrap_or_default().min(LONGEST_ASKED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::witness::Cosigned;
    use glasslog_core::note::{KeyId, KeyName, Signature};

    fn failed(error: WitnessError) -> Asked {
        Asked {
            requests: 1,
            outcome: Err(error),
        }
    }

    fn cosigned(requests: u32) -> Asked {
        let name = KeyName::parse("w.example").unwrap();
        let line = Signature::new(name, KeyId::from_bytes([0; 4]), vec![0]).unwrap();
        let outcome = Ok(Cosigned { line, time: 70 });
        Asked { requests, outcome }
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_end_with_a_cosignature() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        let mut pauses = Vec::new();
        for at in 0..8 {
            memory.record(
                &failed(WitnessError::UnknownLog),
                5,
                Duration::ZERO,
                (now, at),
            );
            pauses.push((memory.rests_until().unwrap() - now).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        let failing = memory.failing.clone().unwrap();
        assert_eq!(
            (failing.since, failing.code.as_str()),
            (0, "witness-without-log")
        );
        memory.record(&cosigned(1), 9, Duration::ZERO, (now, 9));
        assert_eq!((memory.size(), memory.rests_until()), (9, None));
        assert_eq!((memory.failing.as_ref(), memory.failures), (None, 8));
        memory.record(
            &failed(WitnessError::Malformed),
            12,
            Duration::ZERO,
            (now, 12),
        );
        assert_eq!(memory.rests_until(), Some(now + FIRST_PAUSE));
        assert_eq!((memory.size(), memory.failing.unwrap().since), (9, 12));
    }

    #[test]
    fn a_witness_can_ask_for_a_longer_pause_but_not_for_any() {
        let busy = |seconds| WitnessError::Busy {
            status: "429 Too Many Requests".into(),
            pause: Some(Duration::from_secs(seconds)),
        };
        for (asked, rests) in [(0, 1), (30, 30), (u64::MAX, 3_600)] {
            let (mut memory, now) = (Memory::default(), Instant::now());
            memory.record(&failed(busy(asked)), 5, Duration::ZERO, (now, 0));
            assert_eq!(memory.rests_until(), Some(now + Duration::from_secs(rests)));
        }
    }

    #[test]
    fn a_second_request_is_paid_for_by_a_rest() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        let gap = Duration::from_secs(10);
        memory.record(&cosigned(1), 5, gap, (now, 0));
        assert_eq!(memory.rests_until(), None);
        memory.record(&cosigned(2), 6, gap, (now, 0));
        assert_eq!(memory.rests_until(), Some(now + 2 * gap));
    }
}
