//! Entries that the index does not cover yet. Readers scan them, within a budget, so they must not become too many: new
//! entries wait once half of that budget is used, those of the client with the most first.

use crate::http::client::Client;
use crate::http::slots::{Full, Slot, Slots};
use crate::limits::{ENTRY_SHARE, MAX_UNINDEXED, UNINDEXED_SHARE};
use glasslog_log::index::{self, Watch};
use glasslog_log::sequencer::{Keep, View};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time;

/// Pause between two looks at the index while entries wait for it.
const PAUSE: Duration = Duration::from_millis(20);

/// The entries that were admitted since the index was extended.
#[derive(Debug)]
pub(crate) struct Unindexed {
    index: Watch,
    /// The log; `None` in tests of this module.
    log: Option<View>,
    room: Arc<Slots>,
    /// Shares of the room, each with the size that the index must have before it is free again, in this order.
    held: Mutex<VecDeque<(u64, Slot)>>,
}

impl Unindexed {
    /// Begins with none. A raw log has no histories, and so no bound.
    pub(crate) fn new(index: Watch, log: Option<View>, is_raw: bool) -> Arc<Self> {
        let most = match is_raw {
            true => usize::MAX,
            false => MAX_UNINDEXED,
        };
        Arc::new(Self {
            index,
            log,
            room: Slots::shared(most, UNINDEXED_SHARE),
            held: Mutex::default(),
        })
    }

    /// Takes room for entries of a client.
    ///
    /// # Errors
    /// [`Full`] if the index is too far behind; it is then extended at once.
    pub(crate) fn take(
        self: &Arc<Self>,
        client: Client,
        entries: usize,
        bytes: usize,
    ) -> Result<Claim, Full> {
        self.release();
        let cost = bytes.max(entries * ENTRY_SHARE);
        let slot = self.room.take(Some(client), cost);
        let slot = slot.inspect_err(|_| self.index.hurry())?;
        Ok(Claim {
            slot: Some(slot),
            unindexed: Arc::clone(self),
        })
    }

    /// Waits until the index is so far that there is room.
    pub(crate) async fn wait(
        self: &Arc<Self>,
        client: Client,
        entries: usize,
        bytes: usize,
    ) -> Claim {
        loop {
            match self.take(client, entries, bytes) {
                Ok(claim) => return claim,
                Err(_) => time::sleep(PAUSE).await,
            }
        }
    }

    /// Frees the room of entries that the index covers now. While publications wait for witnesses, entries beyond the public
    /// checkpoint hold none: no reader has to scan them, and no index can cover them.
    fn release(&self) {
        let indexed = self.index.indexed();
        let held_up = self.log.as_ref().and_then(View::held_up_at);
        let indexed = match held_up {
            Some(public) if indexed >= public => u64::MAX,
            _ => indexed,
        };
        let mut held = self.held();
        let covered = held.iter().take_while(|(size, _)| *size <= indexed).count();
        let freed: Vec<_> = held.drain(..covered).collect();
        drop(held);
        drop(freed);
    }

    /// Returns the status of the index.
    pub(crate) fn index(&self) -> index::Status {
        self.index.status()
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<(u64, Slot)>> {
        // No code panics while it holds the lock.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for entries that are on their way to the log; free again if they are not admitted.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The room, until the entries are admitted.
    slot: Option<Slot>,
    unindexed: Arc<Unindexed>,
}

/// Values that entries keep until they leave memory.
pub(crate) struct Kept {
    pub(crate) claim: Claim,
    pub(crate) _room: Slot,
}

impl Keep for Kept {
    fn admitted(&mut self, new: usize, size: u64) {
        if let Some(slot) = self.claim.slot.take().filter(|_| new > 0) {
            self.claim.unindexed.held().push_back((size, slot));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> Client {
        Client::of([192, 0, 2, last].into())
    }

    #[test]
    fn one_client_leaves_room_for_others_and_the_index_frees_it() {
        let watch = Watch::default();
        let unindexed = Unindexed::new(watch.clone(), None, false);
        let admit = |last: u8, new: usize, size: u64| -> Result<(), Full> {
            let claim = unindexed.take(client(last), 1, 1_000)?;
            let room = unindexed.room.take(None, 0)?;
            let mut kept = Kept { claim, _room: room };
            kept.admitted(new, size);
            Ok(())
        };
        // Entries that are refused, or already in the log, take no room.
        assert_eq!(admit(1, 0, 9), Ok(()));
        assert_eq!(unindexed.room.taken(), 0);
        let mut size = 0;
        let full = loop {
            match admit(1, 1, size + 1) {
                Ok(()) => size += 1,
                Err(full) => break full,
            }
        };
        assert_eq!(full, Full::Client);
        assert!(watch.is_hurried());
        let most = MAX_UNINDEXED / ENTRY_SHARE;
        let size_of_one = usize::try_from(size).unwrap();
        assert!((most / 2..most).contains(&size_of_one), "{size} of {most}");
        assert_eq!(admit(2, 1, size + 1), Ok(()));
        watch.reached(size - 1);
        assert_eq!(admit(1, 1, size + 2), Ok(()));
        assert_eq!(unindexed.room.taken(), 3 * ENTRY_SHARE);
    }

    #[test]
    fn a_raw_log_has_no_bound() {
        let unindexed = Unindexed::new(Watch::default(), None, true);
        let claims: Vec<Claim> = (0..100)
            .map(|_| unindexed.take(client(1), 1 << 20, 1 << 30).unwrap())
            .collect();
        drop(claims);
    }
}
