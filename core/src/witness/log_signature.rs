//! The signature of a log on a request: by a key that the witness knows, and that counts by the trust policy
//! (`docs/formats/trust-policy.md`, "Validity").

use crate::note::{Checkpoint, SignedCheckpoint, VerifierKey};
use crate::trust::{Invalid, Window};
use crate::witness::known_logs::KnownLog;
use crate::witness::refusal::Refusal;
use alloc::vec::Vec;

/// A checkpoint that a key of its log signed, which counts for its size and root, and at some time.
#[derive(Clone, Debug)]
pub(crate) struct LogSignature {
    /// The checkpoint with the lines by keys of the log only.
    pub(crate) signed: SignedCheckpoint,
    /// The window of the first key that signed, and those of the others; it is enough to be inside one.
    windows: (Window, Vec<Window>),
}

impl LogSignature {
    /// Verifies the lines by the keys of the log, and applies the conditions that need no time.
    pub(crate) fn new(checkpoint: &Checkpoint, log: &KnownLog) -> Result<Self, Refusal> {
        let keys: Vec<&VerifierKey> = log.all_keys().collect();
        let signed = SignedCheckpoint::new(checkpoint, &keys);
        let good = signed.as_ref().map(|signed| signed.checkpoint().note());
        for line in checkpoint.note().signatures() {
            let is_claimed = keys.iter().any(|key| line.is_claimed_by(key));
            let is_good = good.is_some_and(|good| good.signatures().contains(line));
            if is_claimed && !is_good {
                return Err(Refusal::BadSignature);
            }
        }
        let signed = signed.ok_or(Refusal::Unsigned)?;
        let has_signed = |key: &VerifierKey| {
            signed
                .checkpoint()
                .note()
                .signatures_by(key)
                .next()
                .is_some()
        };
        let head = checkpoint.head();
        let mut reason = None;
        let mut windows = Vec::new();
        for known in log.known().filter(|known| has_signed(&known.key)) {
            match known.validity.check_size(head.size) {
                Ok(()) => windows.push(known.validity.window),
                Err(invalid) => reason = reason.or(Some(invalid)),
            }
        }
        let refused = || reason.map_or(Refusal::Unsigned, Refusal::NotCounting);
        let (first, others) = windows.split_first().ok_or_else(refused)?;
        if let Some(absent) = log.also().iter().find(|also| !has_signed(also)) {
            let key = absent.name_and_id();
            return Err(Refusal::NotCounting(Invalid::AlsoAbsent { key }));
        }
        if let Some(last) = log.last().iter().find(|last| **last != head) {
            return Err(Refusal::NotCounting(Invalid::NotLast { size: last.size }));
        }
        let windows = (*first, others.to_vec());
        Ok(Self { signed, windows })
    }

    /// Checks that one of the keys that signed counts at `now`.
    pub(crate) fn check_time(&self, now: u64) -> Result<(), Refusal> {
        let (first, others) = &self.windows;
        match first.check(Some(now)) {
            Err(_) if others.iter().any(|window| window.check(Some(now)).is_ok()) => Ok(()),
            checked => checked.map_err(Refusal::NotCounting),
        }
    }
}
