//! Verdicts on many events at once, each as [`Keyring::judge`] gives it: signatures of actors are verified together.

use alloc::vec::Vec;

use crate::crypto::ed25519_batch::{Batch, Seed};
use crate::event::event::{Event, ParsedEntry};
use crate::rules::keyring::Keyring;
use crate::rules::signature_status::SignatureStatus;

impl Keyring {
    /// Judges events at their indices, in their order; `seed` draws 32 secret random bytes.
    #[must_use]
    pub fn judge_many(
        &self,
        events: &[(u64, &ParsedEntry)],
        seed: impl FnOnce() -> Seed,
    ) -> Vec<SignatureStatus> {
        let is_by_actors =
            |entry: &ParsedEntry| matches!(entry.event, Event::Access(_) | Event::Other(_));
        let mut batch = Batch::new();
        for (index, entry) in events.iter().filter(|(_, entry)| is_by_actors(entry)) {
            let claims = self.claims(*index, entry);
            let pae = entry.envelope.pae();
            for (claim, signature) in claims.zip(entry.envelope.signatures()) {
                if let Some(key) = claim.key {
                    batch.push(&key, &pae, &signature.sig);
                }
            }
        }
        let mut answers = batch.verify(seed()).into_iter();
        let judge = |(index, entry): &(u64, &ParsedEntry)| {
            if !is_by_actors(entry) {
                return self.judge(*index, entry);
            }
            // A signature without a known key awaits no answer; one whose answer never came counts as false.
            let verdicts: Vec<bool> = self
                .claims(*index, entry)
                .map(|claim| claim.key.is_some() && answers.next().unwrap_or(false))
                .collect();
            self.judge_verified(*index, entry, &verdicts)
        };
        events.iter().map(judge).collect()
    }
}
