//! A token bucket for each client: entries a second in the long run, and a burst after a pause.

use crate::http::client::Client;
use crate::options::Rate;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Requests after which the full buckets are removed: rare enough to cost no measurable time, and often enough to bound the
/// memory for clients that have gone.
const TIDY_EVERY: u64 = 65_536;

/// The buckets of all clients.
#[derive(Debug)]
pub(crate) struct RateLimit {
    buckets: DefaultKeyedRateLimiter<Client>,
    clock: DefaultClock,
    burst: NonZeroU32,
    taken: AtomicU64,
}

impl RateLimit {
    /// Begins with full buckets.
    pub(crate) fn new(rate: Rate) -> Self {
        let quota = Quota::per_second(rate.each_second).allow_burst(rate.burst);
        Self {
            buckets: DefaultKeyedRateLimiter::dashmap(quota),
            clock: DefaultClock::default(),
            burst: rate.burst,
            taken: AtomicU64::new(0),
        }
    }

    /// Takes one entry from a client's bucket.
    ///
    /// # Errors
    /// Returns the time until there is an entry in the bucket.
    pub(crate) fn take(&self, client: Client) -> Result<(), Duration> {
        if self.taken.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.buckets.retain_recent();
        }
        self.buckets
            .check_key(&client)
            .map_err(|early| early.wait_time_from(self.clock.now()))
    }

    /// Waits until a client's bucket gives this many entries.
    pub(crate) async fn wait(&self, client: Client, entries: usize) {
        let mut left = u32::try_from(entries).unwrap_or(u32::MAX);
        while let Some(some) = NonZeroU32::new(left.min(self.burst.get())) {
            match self.buckets.check_key_n(&client, some) {
                Ok(Ok(())) => left -= some.get(),
                Ok(Err(early)) => {
                    tokio::time::sleep(early.wait_time_from(self.clock.now())).await;
                }
                // Never more than a full bucket is asked for.
                Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(each_second: u32, burst: u32) -> RateLimit {
        RateLimit::new(Rate {
            each_second: NonZeroU32::new(each_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        })
    }

    fn client(last: u8) -> Client {
        Client::of([192, 0, 2, last].into())
    }

    #[test]
    fn a_client_that_is_too_quick_waits_and_others_do_not() {
        let limit = limit(1, 3);
        for _ in 0..3 {
            assert_eq!(limit.take(client(1)), Ok(()));
        }
        let wait = limit.take(client(1)).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1));
        assert_eq!(limit.take(client(2)), Ok(()));
    }

    #[test]
    fn a_large_request_takes_its_time() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let limit = limit(100, 10);
        let began = std::time::Instant::now();
        runtime.block_on(limit.wait(client(1), 30));
        // Ten at once, and the other twenty at a hundred a second.
        assert!(began.elapsed() >= Duration::from_millis(150));
    }
}
