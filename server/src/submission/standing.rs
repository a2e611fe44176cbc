//! The standing of each client, by its last submissions: refusals cost it time, and make its batches go to the log in few
//! lines at once. Entries that are admitted never wait for it.

use crate::http::client::Client;
use crate::limits::{
    FEWEST_LINES, FIRST_LINES, MAX_CHUNK_ENTRIES, MAX_REMEMBERED, REFUSAL_BURST,
    REFUSALS_EACH_SECOND, REMEMBERED,
};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The standings of all clients that submitted lately.
#[derive(Debug, Default)]
pub(crate) struct Standings(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    of: HashMap<Client, Standing>,
    /// Time at which clients that have gone were forgotten.
    tidied: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Standing {
    /// Lines of a batch that go to the log together.
    lines: usize,
    /// Time at which the refusals so far are paid for.
    paid: Instant,
    /// Time of the last submission.
    seen: Instant,
}

impl Standings {
    /// Returns the number of lines of a batch of this client that go to the log together.
    pub(crate) fn lines_at_once(&self, client: Client) -> usize {
        let standing = self.lock().of.get(&client).copied();
        standing.map_or(FIRST_LINES, |standing| standing.lines)
    }

    /// Records a submission of a client, of which this many lines were refused, and waits until the refusals are paid for.
    pub(crate) async fn settle(&self, client: Client, refused: usize) {
        let paid = self.record(client, refused, Instant::now());
        if refused > 0 {
            // A time in the past is no wait.
            sleep_until(paid.checked_sub(REFUSAL_BURST).unwrap_or(paid)).await;
        }
    }

    fn record(&self, client: Client, refused: usize, now: Instant) -> Instant {
        let mut known = self.lock();
        if known.of.len() >= MAX_REMEMBERED {
            known.tidy(now);
        }
        let standings = &mut known.of;
        let mut standing = standings.get(&client).copied().unwrap_or(Standing {
            lines: FIRST_LINES,
            paid: now,
            seen: now,
        });
        standing.lines = match refused {
            0 => (standing.lines * 2).min(MAX_CHUNK_ENTRIES),
            _ => FEWEST_LINES,
        };
        let refused = u32::try_from(refused).unwrap_or(u32::MAX);
        let cost = Duration::from_secs(1).saturating_mul(refused) / REFUSALS_EACH_SECOND;
        standing.paid = standing.paid.max(now) + cost;
        standing.seen = now;
        // Beyond the bound a client is treated as one that was never seen.
        if standings.len() < MAX_REMEMBERED || standings.contains_key(&client) {
            standings.insert(client, standing);
        }
        standing.paid
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Forgets the clients that have gone and owe nothing, at most once a second: it looks at all of them.
    fn tidy(&mut self, now: Instant) {
        let is_early = |tidied| now < tidied + Duration::from_secs(1);
        if !self.tidied.is_some_and(is_early) {
            self.tidied = Some(now);
            self.of
                .retain(|_, standing| now < standing.paid.max(standing.seen + REMEMBERED));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u32) -> Client {
        Client::of(std::net::Ipv4Addr::from_bits(number).into())
    }

    #[test]
    fn refusals_cost_time_and_lines() {
        let (standings, now) = (Standings::default(), Instant::now());
        let (good, bad) = (client(1), client(2));
        assert_eq!(standings.lines_at_once(good), FIRST_LINES);
        for _ in 0..20 {
            assert_eq!(standings.record(good, 0, now), now);
        }
        assert_eq!(standings.lines_at_once(good), MAX_CHUNK_ENTRIES);
        let second = REFUSALS_EACH_SECOND as usize;
        standings.record(bad, second, now);
        assert_eq!(
            standings.record(bad, second, now),
            now + Duration::from_secs(2)
        );
        assert_eq!(standings.lines_at_once(bad), FEWEST_LINES);
        assert_eq!(standings.record(good, 0, now), now, "others do not pay");
        let later = now + Duration::from_secs(9);
        assert_eq!(standings.record(bad, 0, later), later);
        assert_eq!(standings.lines_at_once(bad), 2 * FEWEST_LINES);
    }

    #[test]
    fn few_clients_are_remembered() {
        let (standings, now) = (Standings::default(), Instant::now());
        for number in 0..2 * u32::try_from(MAX_REMEMBERED).unwrap() {
            standings.record(client(number), 0, now);
        }
        assert_eq!(standings.lock().of.len(), MAX_REMEMBERED);
        standings.record(client(u32::MAX), 0, now + 2 * REMEMBERED);
        let left = standings.lock().of.len();
        assert_eq!(left, 1, "clients that have gone are forgotten");
    }
}
