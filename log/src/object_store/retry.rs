//! Retries of a procedure whose requests get no answer.

use super::error::StoreError;
use super::protocol::{Answer, LOCK};
use std::time::{Duration, Instant};

/// Time for which a procedure retries on a store that does not answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// First and longest wait between two attempts.
const WAITS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// The deadline of a procedure, and its next wait between attempts.
pub(super) struct Patience {
    until: Instant,
    wait: Duration,
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            until: Instant::now() + limit,
            wait: WAITS.0,
        }
    }

    pub(super) fn judge(
        &mut self,
        answer: &Answer,
        failure: Option<StoreError>,
    ) -> Result<Duration, StoreError> {
        let is_over = Instant::now() > self.until;
        match failure {
            Some(failure @ StoreError::Denied { .. }) => return Err(failure),
            Some(failure) if is_over => return Err(failure),
            None if is_over => {
                return Err(StoreError::Unreachable {
                    operation: "change",
                    key: LOCK.into(),
                    reason: "the answers of the store contradict each other".into(),
                });
            }
            _ => {}
        }
        if *answer != Answer::Unknown {
            return Ok(Duration::ZERO);
        }
        let wait = self.wait;
        self.wait = (2 * wait).min(WAITS.1);
        Ok(wait)
    }
}
