//! A bounded number of places, in total and for one client; places are freed when they are dropped.

use crate::http::client::Client;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The places.
#[derive(Debug)]
pub(crate) struct Slots {
    most: usize,
    most_of_client: usize,
    /// Share of one client in the places that are free; `None` for no such share.
    share: Option<Share>,
    taken: Mutex<Taken>,
    freed: Notify,
}

/// The most that one client may hold: the places that are free, so many times and divided by `part`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) times: usize,
    pub(crate) part: usize,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    of: HashMap<Client, usize>,
}

/// Places that are taken.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    /// The client whose share they are of; `None` for places that are of no share.
    client: Option<Client>,
    count: usize,
}

/// The reason why no place is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// All are taken.
    All,
    /// This client has taken its share.
    Client,
}

impl Slots {
    /// Begins with all places free.
    pub(crate) fn new(most: usize, most_of_client: usize) -> Arc<Self> {
        Self::with(most, most_of_client, None)
    }

    /// Begins with all places free. A client may hold a part of those that are still free: the fewer are left, the less
    /// each client may have, so that many clients together leave some for the next one.
    pub(crate) fn shared(most: usize, share: Share) -> Arc<Self> {
        Self::with(most, most, Some(share))
    }

    fn with(most: usize, most_of_client: usize, share: Option<Share>) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_of_client,
            share,
            taken: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// Takes places of a client's share; without a client, of no share.
    ///
    /// # Errors
    /// [`Full`].
    pub(crate) fn take(
        self: &Arc<Self>,
        client: Option<Client>,
        count: usize,
    ) -> Result<Slot, Full> {
        let mut slot = Slot {
            slots: Arc::clone(self),
            client,
            count: 0,
        };
        slot.grow(count)?;
        Ok(slot)
    }

    /// Waits until places of a client's share are free, and takes them.
    pub(crate) async fn wait(self: &Arc<Self>, client: Client, count: usize) -> Slot {
        // More than all are never free.
        let count = count.min(self.most);
        loop {
            let mut freed = pin!(self.freed.notified());
            // Places that are freed after this line wake this task.
            freed.as_mut().enable();
            match self.take(Some(client), count) {
                Ok(slot) => return slot,
                Err(_) => freed.await,
            }
        }
    }

    /// Returns the number of places that are taken.
    pub(crate) fn taken(&self) -> usize {
        self.lock().total
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // No code panics while it holds the lock, and the counts are right after every step.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Takes more places.
    ///
    /// # Errors
    /// [`Full`]; those taken before are kept.
    pub(crate) fn grow(&mut self, count: usize) -> Result<(), Full> {
        let slots = &self.slots;
        let mut taken = slots.lock();
        let free = slots.most - taken.total;
        if count > free {
            return Err(Full::All);
        }
        if let Some(client) = self.client {
            let own = taken.of.get(&client).copied().unwrap_or(0);
            let most = match slots.share {
                // The last places go one to a client.
                Some(share) => (free.saturating_mul(share.times) / share.part).max(1),
                None => slots.most_of_client,
            };
            if own.saturating_add(count) > most {
                return Err(Full::Client);
            }
            taken.of.insert(client, own + count);
        }
        taken.total += count;
        self.count += count;
        Ok(())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.count == 0 {
            // Nothing is freed: a waiting task that is woken would only try again in vain.
            return;
        }
        let mut taken = self.slots.lock();
        taken.total -= self.count;
        if let Some(client) = self.client
            && let Some(own) = taken.of.get_mut(&client)
        {
            *own -= self.count;
            if *own == 0 {
                taken.of.remove(&client);
            }
        }
        drop(taken);
        self.slots.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> Client {
        Client::of([192, 0, 2, last].into())
    }

    #[test]
    fn places_are_given_back() {
        let slots = Slots::new(3, 2);
        let take = |last| slots.take(Some(client(last)), 1);
        let first = take(1).unwrap();
        let _second = take(1).unwrap();
        assert_eq!(take(1).unwrap_err(), Full::Client);
        let _third = take(2).unwrap();
        assert_eq!(take(3).unwrap_err(), Full::All);
        drop(first);
        take(1).unwrap();
        assert_eq!(
            slots.lock().of.len(),
            2,
            "a client without places is removed"
        );
    }

    /// Lets clients take places one by one until each is refused: every further client finds some.
    #[test]
    fn some_places_are_left_for_the_next_client() {
        for (times, part, first, clients) in [
            (4, 1, 800, 3),
            (1, 1, 500, 10),
            (1, 4, 200, 20),
            (1, 16, 58, 60),
        ] {
            let slots = Slots::shared(1_000, Share { times, part });
            let mut held = Vec::new();
            for last in 1..=clients {
                let mut slot = slots.take(Some(client(last)), 1).unwrap();
                while slot.grow(1) == Ok(()) {}
                held.push(slot);
            }
            assert_eq!(held[0].count, first, "one client alone has a share");
            assert!(held.is_sorted_by_key(|slot| std::cmp::Reverse(slot.count)));
            let mut newcomer = slots.take(Some(client(0)), 0).unwrap();
            assert_eq!(newcomer.grow(1_001), Err(Full::All));
            drop(held);
            assert_eq!(slots.taken(), 0);
        }
    }

    #[test]
    fn places_of_no_share_count_for_the_total_only() {
        let slots = Slots::new(3, 1);
        let _held = [slots.take(None, 1).unwrap(), slots.take(None, 1).unwrap()];
        let _own = slots.take(Some(client(1)), 1).unwrap();
        assert_eq!(slots.take(None, 1).unwrap_err(), Full::All);
    }

    #[test]
    fn a_task_waits_for_places() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let slots = Slots::shared(10, Share { times: 1, part: 1 });
            let held = slots.take(Some(client(1)), 5).unwrap();
            let waiting = tokio::spawn({
                let slots = Arc::clone(&slots);
                async move { slots.wait(client(2), 100).await.count }
            });
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
            drop(held);
            assert_eq!(waiting.await.unwrap(), 10);
        });
    }
}
