//! Tests a store before a log is created in it or opened: the conditions of one writer, then a race of several.

use super::client::Client;
use super::error::StoreError;
use super::protocol::{Answer, ETag, PROBE, Probe, Request, Unfit};
use futures_util::future::join_all;
use glasslog_core::text::wire::hex_encode;

/// Probes that a lost answer may spoil before the store counts as unreachable.
const TRIES: u32 = 3;
/// Writers in a race; the message of [`Unfit::RaceWinners`] contains the number too.
const RACERS: usize = 8;
const RACES: u32 = 4;

impl Client {
    /// Tests that the store honours conditional requests.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] names the broken condition; any other failure means that the test has no result.
    pub fn check_fitness(&self) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let key = format!("{PROBE}{}", hex_encode(&random()?));
            match self.drive(&mut Probe::new(key.clone()))? {
                Ok(()) => return self.race(&key),
                Err(Ok(what)) => return Err(self.unfit(what)),
                Err(Err(Answer::Missing)) => {
                    return Err(StoreError::Denied {
                        key: self.locate(""),
                        reason: "there is no such bucket".into(),
                    });
                }
                Err(Err(_)) => {}
            }
        }
        Err(StoreError::Unreachable {
            operation: "probe",
            key: self.locate(""),
            reason: "no attempt got all answers".into(),
        })
    }

    fn unfit(&self, what: Unfit) -> StoreError {
        let store = self.locate("");
        StoreError::Unfit { store, what }
    }

    /// Runs a race. Some stores check a condition and write later, so that several racing writers win.
    fn race(&self, key: &str) -> Result<(), StoreError> {
        let key = format!("{key}-race");
        let mut request = Request::Create(key.clone(), b"start".into());
        for round in 0..=RACES {
            let racers = (0..RACERS).map(|racer| {
                let mine = format!("{round} {racer}").into_bytes();
                self.perform(match request.clone() {
                    Request::Swap(key, etag, _) => Request::Swap(key, etag, mine),
                    _ => Request::Create(key.clone(), mine),
                })
            });
            let answers = self.block_on(join_all(racers));
            let is_known = answers.iter().all(|(answer, _)| *answer != Answer::Unknown);
            let winners: Vec<ETag> = answers
                .into_iter()
                .filter_map(|(answer, _)| match answer {
                    Answer::Done(etag) => etag,
                    _ => None,
                })
                .collect();
            match winners.as_slice() {
                [etag] => request = Request::Swap(key.clone(), etag.clone(), Vec::new()),
                // A lost answer may be the winner's: this race has no result.
                [] if !is_known => break,
                many => return Err(self.unfit(Unfit::RaceWinners(many.len()))),
            }
        }
        // A leftover object has a random name and is harmless.
        let _ = self.block_on(self.perform(Request::Delete(key)));
        Ok(())
    }
}

/// Draws sixteen random bytes.
pub(super) fn random() -> Result<[u8; 16], StoreError> {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(StoreError::Unreachable {
            operation: "draw randomness for",
            key: "private/lock".into(),
            reason: error.to_string(),
        }),
    }
}
