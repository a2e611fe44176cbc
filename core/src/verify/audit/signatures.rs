//! Signatures of an audit: the keys valid at its index decide in log order what each counts for; the caller verifies
//! them in bulk, on all its cores ([RFC 8032 §5.1.7](https://www.rfc-editor.org/rfc/rfc8032#section-5.1.7)).

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use crate::crypto::ed25519::PublicKey;
use crate::crypto::ed25519_batch::{Batch, FULL_BATCH, Seed};
use crate::event::action::Action;
use crate::event::event::{Event, ParsedEntry};
use crate::merkle::hash::Hash;
use crate::report::check::Checks;
use crate::report::report::Counts;
use crate::rules::acknowledgements::Acknowledgements;
use crate::rules::signature_status::{SignatureClaim, SignatureStatus, weightiest};
use crate::verify::event_checks::{EventChecks, Relation};
use crate::verify::event_state::EventState;
use crate::verify::faults::Faults;
use crate::verify::key_history::KeyHistory;

/// Signatures that the caller has to verify; the answers go to [`AuditQuery::answer`](crate::verify::audit::AuditQuery::answer).
pub struct SignatureBatch(Vec<Claim>);

struct Claim {
    key: PublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl SignatureBatch {
    /// Their number.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Verifies them together; `seed` draws 32 secret random bytes.
    #[must_use]
    pub fn verify(&self, seed: impl FnOnce() -> Seed) -> Vec<bool> {
        let mut batch = Batch::new();
        for claim in &self.0 {
            batch.push(&claim.key, &claim.message, &claim.signature);
        }
        batch.verify(seed())
    }

    /// Verifies them one by one, with the same answers.
    #[must_use]
    pub fn verify_one_by_one(&self) -> Vec<bool> {
        let holds = |claim: &Claim| claim.key.verify(&claim.message, &claim.signature).is_ok();
        self.0.iter().map(holds).collect()
    }
}

/// Counts and judges the entries of a log, in order. It remembers names that were registered, and nothing else that grows.
pub(crate) struct Judge {
    counts: Counts,
    event_checks: EventChecks,
    /// Events whose signatures are not verified yet.
    pending: VecDeque<Pending>,
    /// Their signatures, as far as they were not handed out yet.
    claims: Vec<Claim>,
    /// Answers for the events at the front.
    answers: VecDeque<bool>,
}

struct Pending {
    index: u64,
    leaf_hash: Hash,
    verdict: Verdict,
    other_log: Option<String>,
    /// The event, where it binds names.
    registration: Option<Box<ParsedEntry>>,
}

enum Verdict {
    /// Admins sign few events; those are verified at once.
    Known(SignatureStatus),
    /// The claim of each signature: one answer is awaited for each that has a key.
    Awaited(Vec<SignatureClaim>),
}

impl Default for Judge {
    /// Begins with the first entry.
    fn default() -> Self {
        Self::restore(&EventState::default())
    }
}

impl Judge {
    /// Continues from what was judged before.
    pub(crate) fn restore(events: &EventState) -> Self {
        Self {
            counts: events.counts,
            event_checks: EventChecks::restore(events),
            pending: VecDeque::new(),
            claims: Vec::new(),
            answers: VecDeque::new(),
        }
    }

    /// Records the results so far; `false` while an answer is awaited.
    pub(crate) fn save(&self, events: &mut EventState) -> bool {
        events.counts = Counts {
            tiles: 0,
            ..self.counts
        };
        self.event_checks.save(events);
        self.pending.is_empty()
    }

    /// Takes in the next entry, which `key_history` has taken in before.
    pub(crate) fn add(
        &mut self,
        index: u64,
        leaf_hash: Hash,
        parsed: Option<ParsedEntry>,
        key_history: &KeyHistory,
    ) {
        let counts = &mut self.counts;
        counts.entries += 1;
        let Some(parsed) = parsed else {
            counts.unreadable += 1;
            return;
        };
        match parsed.event {
            Event::Access(_) => counts.access_events += 1,
            Event::Key(_) => counts.key_events += 1,
            Event::Genesis(_) | Event::LogKey(_) | Event::Acknowledgement(_) | Event::Other(_) => {}
        }
        if !key_history.has_genesis() {
            return;
        }
        let verdict = match (&parsed.event, key_history.keyring()) {
            (Event::Access(_) | Event::Other(_), Some(keyring)) => {
                let signature_claims: Vec<SignatureClaim> =
                    keyring.claims(index, &parsed).collect();
                self.ask(&signature_claims, &parsed);
                Verdict::Awaited(signature_claims)
            }
            _ => Verdict::Known(key_history.signature(index, &parsed)),
        };
        let keyring = key_history.keyring();
        let other_log = match &verdict {
            Verdict::Known(_) => None,
            Verdict::Awaited(_) => keyring.and_then(|keyring| keyring.other_log(&parsed)),
        };
        let is_registration = parsed
            .access()
            .is_some_and(|access| access.action == Action::Register);
        self.pending.push_back(Pending {
            index,
            leaf_hash,
            verdict,
            other_log,
            registration: is_registration.then(|| Box::new(parsed)),
        });
    }

    fn ask(&mut self, signature_claims: &[SignatureClaim], parsed: &ParsedEntry) {
        let signatures = parsed.envelope.signatures().iter();
        for (claim, signature) in signature_claims.iter().zip(signatures) {
            if let Some(key) = claim.key {
                self.claims.push(Claim {
                    key,
                    message: parsed.envelope.pae(),
                    signature: signature.sig.clone(),
                });
            }
        }
    }

    /// The next signatures to verify: once there are enough for a batch, or with `all` as many as there are.
    pub(crate) fn batch(&mut self, all: bool) -> Option<SignatureBatch> {
        let is_due = self.claims.len() >= FULL_BATCH || (all && !self.claims.is_empty());
        is_due.then(|| SignatureBatch(core::mem::take(&mut self.claims)))
    }

    /// Takes the answers to the oldest batch that has none yet.
    pub(crate) fn answer(&mut self, verdicts: Vec<bool>, key_history: &KeyHistory) {
        self.answers.extend(verdicts);
        while let Some(pending) = self.pending.front() {
            let awaited = match &pending.verdict {
                Verdict::Known(_) => 0,
                Verdict::Awaited(signature_claims) => {
                    let keys = signature_claims.iter().filter(|claim| claim.key.is_some());
                    keys.count()
                }
            };
            if awaited > self.answers.len() {
                return;
            }
            let answers: Vec<bool> = self.answers.drain(..awaited).collect();
            if let Some(pending) = self.pending.pop_front() {
                self.record_event(pending, answers, key_history);
            }
        }
    }

    fn record_event(&mut self, pending: Pending, answers: Vec<bool>, key_history: &KeyHistory) {
        let mut answers = answers.into_iter();
        let status = match pending.verdict {
            Verdict::Known(status) => status,
            Verdict::Awaited(signature_claims) => {
                weightiest(signature_claims.into_iter().map(|claim| {
                    // An answer that never came is not a good signature.
                    let is_bad = claim.key.is_some() && !answers.next().unwrap_or(false);
                    claim.resolve(is_bad)
                }))
                .or_other_log(pending.other_log)
            }
        };
        let registration = pending.registration.as_deref();
        let leaf_hash = &pending.leaf_hash;
        if self
            .event_checks
            .count(pending.index, leaf_hash, &status, Relation::Own)
        {
            self.counts.signed += 1;
            if let (Some(parsed), Some(keyring)) = (registration, key_history.keyring()) {
                self.event_checks.register(pending.index, parsed, keyring);
            }
        }
    }

    /// Records an event whose signature is wrong, among those judged so far.
    pub(crate) fn record_wrong(&self, acknowledgements: &Acknowledgements, checks: &mut Checks) {
        self.event_checks.record_wrong(acknowledgements, checks);
    }

    /// Records the results of the events. A signature without an answer does not count as good. Returns the counts, and the
    /// events that were not validly signed.
    pub(crate) fn record(
        mut self,
        checks: &mut Checks,
        key_history: &KeyHistory,
    ) -> (Counts, Faults) {
        while let Some(pending) = self.pending.pop_front() {
            self.record_event(pending, Vec::new(), key_history);
        }
        let unsigned = self.event_checks.unsigned().clone();
        self.event_checks.end_audit(key_history.compromised_keys());
        let acknowledgements = key_history.acknowledgements();
        self.event_checks.record(&[], acknowledgements, checks);
        (self.counts, unsigned)
    }
}
