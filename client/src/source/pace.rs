//! A limit on the requests to each host, which all sources of a program share.

use core::num::NonZeroU32;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use reqwest::Url;

/// The least time between two requests to one host.
#[derive(Debug)]
pub struct Pace {
    pause: Duration,
    /// The time from which on each host may be asked again.
    free: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    /// Allows this many requests a second to each host.
    #[must_use]
    pub fn new(per_second: NonZeroU32) -> Self {
        Self {
            pause: Duration::from_secs(1) / per_second.get(),
            free: Mutex::default(),
        }
    }

    /// Waits until the host of an address may be asked; those who wait for one host take turns.
    pub(super) async fn wait(&self, url: &Url) {
        let host = url.authority().to_owned();
        let now = Instant::now();
        let turn = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let next = free.entry(host).or_insert(now);
            let turn = (*next).max(now);
            *next = turn + self.pause;
            turn
        };
        tokio::time::sleep(turn.saturating_duration_since(now)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_host_has_its_own_pace() {
        let pace = Pace::new(NonZeroU32::new(20).unwrap());
        let [one, two] =
            ["http://a.example/x", "http://b.example/"].map(|it| Url::parse(it).unwrap());
        let began = Instant::now();
        for _ in 0..5 {
            pace.wait(&one).await;
        }
        // The first request does not wait.
        assert!(
            began.elapsed() >= Duration::from_millis(200),
            "{:?}",
            began.elapsed()
        );
        let began = Instant::now();
        pace.wait(&two).await;
        assert!(
            began.elapsed() < Duration::from_millis(50),
            "{:?}",
            began.elapsed()
        );
    }
}
