//! The logs that the witness knows now: found by origin or by the hash of it, each with its rate.

use glasslog_core::note::Origin;
use glasslog_core::witness::{KnownLog, KnownLogs, origin_hash};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Requests that a log may make at once after a pause, if its declared rate gives fewer in an hour: a log that begins asks a
/// few times until it knows the size.
const LEAST_BURST: u64 = 10;

/// The logs of a running witness, which its operator may replace.
#[derive(Clone, Debug)]
pub struct Logs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    book: RwLock<Arc<Book>>,
    failures: AtomicU64,
}

/// The logs of one list.
pub(super) struct Book {
    logs: KnownLogs,
    rates: HashMap<String, Arc<Rate>>,
    by_hash: HashMap<String, Origin>,
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book")
            .field("logs", &self.logs.len())
            .finish()
    }
}

/// The rate of one log.
struct Rate {
    requests_a_day: u64,
    bucket: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl Logs {
    pub(super) fn new(logs: KnownLogs, remembered: Vec<Origin>) -> Self {
        let book = Book::new(logs, remembered, None);
        Self(Arc::new(Inner {
            book: RwLock::new(Arc::new(book)),
            failures: AtomicU64::new(0),
        }))
    }

    /// Replaces the list. Logs that are no longer in it are refused from now on; what is remembered of them stays.
    pub fn replace(&self, logs: KnownLogs) {
        let before = self.book();
        let remembered = before.by_hash.values().cloned().collect();
        let book = Book::new(logs, remembered, Some(&before));
        *self.0.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
    }

    /// Counts a list that could not be read; the last one stays in use.
    pub fn not_replaced(&self) {
        self.0.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failures(&self) -> u64 {
        self.0.failures.load(Ordering::Relaxed)
    }

    pub(super) fn book(&self) -> Arc<Book> {
        let book = self.0.book.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&book)
    }
}

impl Book {
    fn new(logs: KnownLogs, remembered: Vec<Origin>, before: Option<&Self>) -> Self {
        let listed = logs
            .origins()
            .filter_map(|origin| Origin::parse(origin).ok());
        let listed: Vec<Origin> = listed.collect();
        let mut rates = HashMap::new();
        for origin in &listed {
            let Some(requests_a_day) = logs.get(origin).and_then(|log| log.requests_a_day) else {
                continue;
            };
            let name = origin.as_str();
            // A log whose rate stays the same has used up what it has used up.
            let same = before.and_then(|before| before.rates.get(name));
            let same = same.filter(|rate| rate.requests_a_day == requests_a_day);
            let rate = same.cloned();
            let rate = rate.unwrap_or_else(|| Arc::new(Rate::new(requests_a_day)));
            rates.insert(name.to_owned(), rate);
        }
        let all = remembered.into_iter().chain(listed);
        let by_hash = all.map(|origin| (origin_hash(&origin), origin)).collect();
        Self {
            logs,
            rates,
            by_hash,
        }
    }

    pub(super) fn log(&self, origin: &Origin) -> Option<&KnownLog> {
        self.logs.get(origin)
    }

    pub(super) fn len(&self) -> usize {
        self.logs.len()
    }

    pub(super) fn origin(&self, hash: &str) -> Option<&Origin> {
        self.by_hash.get(hash)
    }

    /// Takes one request of a log from its declared rate.
    ///
    /// # Errors
    /// The time until it may ask again.
    pub(super) fn take(&self, origin: &Origin) -> Result<(), Duration> {
        let Some(rate) = self.rates.get(origin.as_str()) else {
            return Ok(());
        };
        let taken = rate.bucket.check();
        taken.map_err(|early| early.wait_time_from(rate.clock.now()))
    }
}

impl Rate {
    fn new(requests_a_day: u64) -> Self {
        let burst = (requests_a_day / 24).max(LEAST_BURST);
        let burst = u32::try_from(burst).unwrap_or(u32::MAX);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let period = Duration::from_secs(DAY).div_f64(requests_a_day.max(1) as f64);
        let quota = Quota::with_period(period.max(Duration::from_nanos(1)))
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MAX));
        Self {
            requests_a_day,
            bucket: DefaultDirectRateLimiter::direct(quota.allow_burst(burst)),
            clock: DefaultClock::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_may_ask_as_often_as_it_declared() {
        let rate = Rate::new(24);
        for _ in 0..LEAST_BURST {
            assert!(rate.bucket.check().is_ok());
        }
        let early = rate.bucket.check().unwrap_err();
        let wait = early.wait_time_from(rate.clock.now());
        assert!(wait > Duration::from_secs(3_500) && wait <= Duration::from_secs(3_600));
        let fast = Rate::new(u64::MAX);
        assert!((0..1_000).all(|_| fast.bucket.check().is_ok()));
    }
}
