//! The place of a batch that is passed on, among the batches of this server. As with a batch that this server takes itself, it
//! is free while no line is begun and each has its answer: a slow sender would hold it for next to nothing.

use crate::http::client::Client;
use crate::http::slots::{Full, Slot, Slots};
use std::sync::{Arc, Mutex, PoisonError};

/// The place, which the body and the answer of a batch share.
#[derive(Debug)]
pub(super) struct Place {
    slots: Arc<Slots>,
    client: Client,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    slot: Option<Slot>,
    /// Lines that were passed on and have no answer.
    open: usize,
    /// True if the last line that was passed on has not ended.
    has_begun: bool,
}

impl Place {
    /// Begins a batch of this client, if there is a place for it, which its first bytes take.
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn begin(slots: &Arc<Slots>, client: Client) -> Result<Self, Full> {
        drop(slots.take(Some(client), 1)?);
        Ok(Self {
            slots: Arc::clone(slots),
            client,
            state: Mutex::default(),
        })
    }

    /// Counts a piece of the body, once there is a place for it.
    pub(super) async fn pass(&self, piece: &[u8]) {
        let Some(last) = piece.last() else {
            return;
        };
        // An answer that comes now does not give the place back.
        let is_held = self.change(|state| {
            state.has_begun = true;
            state.slot.is_some()
        });
        if !is_held {
            let slot = self.slots.wait(self.client, 1).await;
            self.change(|state| state.slot = Some(slot));
        }
        let ended = piece.iter().filter(|byte| **byte == b'\n').count();
        self.change(|state| {
            state.open += ended;
            state.has_begun = *last != b'\n';
        });
    }

    /// Counts answers, and gives the place back if nothing is open.
    pub(super) fn answered(&self, lines: usize) {
        self.change(|state| {
            state.open = state.open.saturating_sub(lines);
            if state.open == 0 && !state.has_begun {
                state.slot = None;
            }
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // No code panics while it holds the lock.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_batch_has_a_place_while_a_line_is_open() {
        let slots = Slots::new(1, 1);
        let client = Client::of(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let one = Place::begin(&slots, client).unwrap();
        let other = Place::begin(&slots, client).unwrap();
        for (pieces, answers) in [(&["a\n"][..], 1), (&["b", "\nc\n"], 2), (&["\n"], 1)] {
            for piece in pieces {
                one.pass(piece.as_bytes()).await;
                assert_eq!(slots.taken(), 1);
            }
            assert!(Place::begin(&slots, client).is_err());
            let waits = timeout(Duration::from_millis(20), other.pass(b"x\n")).await;
            assert!(waits.is_err(), "{pieces:?}");
            for left in (0..answers).rev() {
                one.answered(1);
                assert_eq!(slots.taken(), usize::from(left > 0), "{pieces:?}");
            }
        }
        one.pass(b"begun").await;
        one.answered(1);
        assert_eq!(slots.taken(), 1);
        drop(one);
        other.pass(b"x\n").await;
        assert_eq!(slots.taken(), 1);
    }
}
