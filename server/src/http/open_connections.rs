//! The open connections of each client. While all places are taken, a client with few connections gets the place of one
//! with many.

use crate::http::client::Client;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Connections by client.
#[derive(Debug, Default)]
pub(crate) struct OpenConnections(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    /// Number of the next connection.
    next: u64,
    /// The connections of each client, in the order in which they came.
    of: HashMap<Client, BTreeMap<u64, Arc<State>>>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests that are being answered.
    requests: AtomicUsize,
    close: Notify,
}

/// A connection; it is forgotten when it is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    all: Arc<OpenConnections>,
    client: Client,
    number: u64,
    state: Arc<State>,
}

/// A request that is being answered, until dropped.
#[derive(Debug)]
pub(crate) struct Answering(Arc<State>);

impl OpenConnections {
    /// Adds a connection of a client.
    pub(crate) fn add(self: &Arc<Self>, client: Client) -> OpenConnection {
        let state = Arc::new(State::default());
        let mut table = self.lock();
        let number = table.next;
        table.next += 1;
        let own = table.of.entry(client).or_default();
        own.insert(number, Arc::clone(&state));
        OpenConnection {
            all: Arc::clone(self),
            client,
            number,
            state,
        }
    }

    /// Asks a connection of the client with the most to close, if that client has at least two more than `client`: its
    /// oldest one without a request, else its oldest one. Returns whether there was one.
    pub(crate) fn make_room(&self, client: Client) -> bool {
        let table = self.lock();
        let own = table.of.get(&client).map_or(0, BTreeMap::len);
        let Some(most) = table
            .of
            .values()
            .max_by_key(|connections| connections.len())
        else {
            return false;
        };
        if most.len() < own + 2 {
            return false;
        }
        let is_idle = |state: &&Arc<State>| state.requests.load(Ordering::Relaxed) == 0;
        let idle = most.values().find(is_idle);
        match idle.or_else(|| most.values().next()) {
            Some(state) => {
                state.close.notify_one();
                true
            }
            None => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnection {
    /// Waits until the connection is asked to close.
    pub(crate) async fn asked_to_close(&self) {
        self.state.close.notified().await;
    }

    /// Returns the function that counts a request of this connection.
    pub(crate) fn answering(&self) -> impl Fn() -> Answering + Clone + use<> {
        let state = Arc::clone(&self.state);
        move || {
            state.requests.fetch_add(1, Ordering::Relaxed);
            Answering(Arc::clone(&state))
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut table = self.all.lock();
        if let Some(connections) = table.of.get_mut(&self.client) {
            connections.remove(&self.number);
            if connections.is_empty() {
                table.of.remove(&self.client);
            }
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    fn client(last: u8) -> Client {
        Client::of([192, 0, 2, last].into())
    }

    async fn is_asked(connection: &OpenConnection) -> bool {
        let patience = Duration::from_millis(20);
        timeout(patience, connection.asked_to_close()).await.is_ok()
    }

    #[tokio::test]
    async fn room_comes_from_the_client_with_the_most() {
        let all = Arc::new(OpenConnections::default());
        assert!(!all.make_room(client(1)));
        let few = [all.add(client(1)), all.add(client(1))];
        let many = [all.add(client(2)), all.add(client(2)), all.add(client(2))];
        assert!(!all.make_room(client(2)));
        assert!(!all.make_room(client(1)), "one more is not two more");
        // The oldest has a request.
        let request = many[0].answering()();
        assert!(all.make_room(client(3)));
        assert!(is_asked(&many[1]).await);
        let second = many[1].answering()();
        let third = many[2].answering()();
        assert!(all.make_room(client(3)));
        assert!(is_asked(&many[0]).await);
        for connection in few.iter().chain(&many) {
            assert!(!is_asked(connection).await);
        }
        drop((request, second, third, many));
        assert!(all.make_room(client(3)), "two more than none");
        assert!(is_asked(&few[0]).await);
        drop(few);
        assert!(!all.make_room(client(3)));
    }
}
