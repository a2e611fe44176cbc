//! A bounded number of places, in total and for one client; a place is freed when it is dropped.

use crate::http::client::Client;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places.
#[derive(Debug)]
pub(crate) struct Slots {
    most: usize,
    most_of_client: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    of: HashMap<Client, usize>,
}

/// A taken place.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    client: Client,
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
        Arc::new(Self {
            most,
            most_of_client,
            taken: Mutex::default(),
        })
    }

    /// Takes a place.
    ///
    /// # Errors
    /// [`Full`].
    pub(crate) fn take(self: &Arc<Self>, client: Client) -> Result<Slot, Full> {
        let mut taken = self.lock();
        if taken.total >= self.most {
            return Err(Full::All);
        }
        let own = taken.of.get(&client).copied().unwrap_or(0);
        if own >= self.most_of_client {
            return Err(Full::Client);
        }
        taken.total += 1;
        taken.of.insert(client, own + 1);
        drop(taken);
        Ok(Slot {
            slots: Arc::clone(self),
            client,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // No code panics while it holds the lock, and the counts are right after every step.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        taken.total -= 1;
        if let Some(own) = taken.of.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                taken.of.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_back() {
        let slots = Slots::new(3, 2);
        let client = |last: u8| Client::of([192, 0, 2, last].into());
        let first = slots.take(client(1)).unwrap();
        let _second = slots.take(client(1)).unwrap();
        assert_eq!(slots.take(client(1)).unwrap_err(), Full::Client);
        let _third = slots.take(client(2)).unwrap();
        assert_eq!(slots.take(client(3)).unwrap_err(), Full::All);
        drop(first);
        slots.take(client(1)).unwrap();
        assert_eq!(
            slots.lock().of.len(),
            2,
            "a client without places is removed"
        );
    }
}
