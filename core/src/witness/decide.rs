//! Decisions of a witness: the remembered checkpoint, the request and the clock in; a cosignature or a refusal out ([C2SP
//! tlog-witness](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-witness.md#add-checkpoint), "add-checkpoint").
//!
//! The caller makes the new memory durable before it hands out the cosignatures.

use crate::merkle::{ConsistencyProof, Hash, ProofError, TreeHead};
use crate::note::cosignature::{self, CosignatureError};
use crate::note::{Checkpoint, Signature, VerifierKey};
use crate::witness::add_checkpoint::AddCheckpoint;
use crate::witness::answer::Cosignatures;
use crate::witness::known_logs::KnownLog;
use crate::witness::log_signature::LogSignature;
use crate::witness::refusal::Refusal;
use crate::witness::witness_key::WitnessKey;
use alloc::vec::Vec;

/// The last checkpoint of a log that the witness cosigned, with verified lines of the log and its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Time of the latest cosignature of this log, in seconds since the epoch.
    pub time: u64,
}

impl Memory {
    /// Returns the remembered head.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.checkpoint.head()
    }
}

/// A request whose checkpoint a key of its log signed.
#[derive(Clone, Debug)]
pub struct VerifiedRequest {
    request: AddCheckpoint,
    signature: LogSignature,
    /// Time of the latest cosignature by the witness itself that the checkpoint carries.
    own: Option<u64>,
}

impl VerifiedRequest {
    /// Verifies the signatures: all lines by keys of the log must be good, and one must be there. A bad line under the name of
    /// the witness itself says nothing; like every line by another key, it is handed on to no one. A key that does not count
    /// for this checkpoint by the trust policy is as good as none.
    ///
    /// # Errors
    /// [`Refusal::Unsigned`], [`Refusal::BadSignature`] or [`Refusal::NotCounting`].
    pub fn new(
        request: AddCheckpoint,
        log: &KnownLog,
        own: &[&VerifierKey],
    ) -> Result<Self, Refusal> {
        let checkpoint = request.checkpoint();
        let signature = LogSignature::new(checkpoint, log)?;
        let times = own.iter().flat_map(|key| {
            let lines = checkpoint.note().signatures_by(key);
            lines.filter_map(|line| cosignature::verify(checkpoint, key, line).ok())
        });
        Ok(Self {
            own: times.max(),
            signature,
            request,
        })
    }

    /// Returns the checkpoint with the log's lines only.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        self.signature.signed.checkpoint()
    }

    /// Checks that a key of the log that signed counts at `now`, by the clock of the witness: a checkpoint that is to be cosigned has
    /// no other time yet.
    ///
    /// # Errors
    /// [`Refusal::NotCounting`].
    pub fn check_time(&self, now: u64) -> Result<(), Refusal> {
        self.signature.check_time(now)
    }

    /// Decides about the request at `now`, in seconds since the epoch. `memory` is of the log with this origin; `None` if the
    /// witness never cosigned a checkpoint of it.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn decide(&self, memory: Option<&Memory>, now: u64) -> Result<Agreed<'_>, Refusal> {
        self.check_time(now)?;
        if let Some(own) = self.ahead_of(memory) {
            return Err(own);
        }
        self.decide_restored(memory, now)
    }

    /// As [`decide`](Self::decide), of a witness whose operator took the risk that its memory was rolled back: a later cosignature by
    /// itself is no reason to refuse.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn decide_restored(
        &self,
        memory: Option<&Memory>,
        now: u64,
    ) -> Result<Agreed<'_>, Refusal> {
        self.check_time(now)?;
        let remembered = memory.map_or(0, |memory| memory.time);
        // A cosignature without a time is none of a witness.
        if now == 0 || now < remembered {
            return Err(Refusal::ClockBehind { now, remembered });
        }
        let old = memory.map_or(TreeHead::empty(), Memory::head);
        if self.request.old() != old.size {
            return Err(Refusal::Conflict { size: old.size });
        }
        let new = self.checkpoint().head();
        let proof = self.request.proof();
        proof.verify(&old, &new).map_err(Refusal::Proof)?;
        Ok(Agreed {
            verified: self,
            time: now,
        })
    }

    /// Returns the refusal if the checkpoint carries a cosignature by the witness itself that the memory cannot have come
    /// before: the memory was rolled back, or another witness signs with this key.
    fn ahead_of(&self, memory: Option<&Memory>) -> Option<Refusal> {
        let time = self.own?;
        let size = self.checkpoint().head().size;
        let is_ahead = memory.is_none_or(|memory| size > memory.head().size || time > memory.time);
        is_ahead.then(|| Refusal::RolledBack {
            size,
            time,
            remembered: memory.map_or(0, |memory| memory.head().size),
        })
    }

    /// Returns the memory that the cosignature by the witness itself shows it to have had, if it is newer than the memory: the
    /// operator of a witness whose state was rolled back may go on from there.
    ///
    /// Size and time of the memory never shrink. A head that was cosigned earlier than the remembered one, or contradicts it,
    /// does not take its place.
    #[must_use]
    pub fn recovered(&self, memory: Option<&Memory>, own: &[&VerifierKey]) -> Option<Memory> {
        self.ahead_of(memory)?;
        let time = self.own?;
        if let Some(memory) = memory {
            if time < memory.time {
                return None;
            }
            let size = self.checkpoint().head().size;
            if size < memory.head().size || self.fork(memory).is_some() {
                let checkpoint = memory.checkpoint.clone();
                return (time > memory.time).then_some(Memory { checkpoint, time });
            }
        }
        let checkpoint = self.request.checkpoint();
        let mut lines: Vec<Signature> = self.checkpoint().note().signatures().to_vec();
        for key in own {
            let by_key = checkpoint.note().signatures_by(key);
            let good = by_key.filter(|line| cosignature::verify(checkpoint, key, line).is_ok());
            lines.extend(good.cloned());
        }
        let checkpoint = checkpoint.with_signatures(lines).ok()?;
        Some(Memory { checkpoint, time })
    }

    /// Returns the proof that the log signed two trees that contradict each other, if the request and the memory are one.
    ///
    /// A proof from a size that is a power of two does not state the root at that size: such a request is refused, and shows
    /// no other tree.
    #[must_use]
    pub fn fork(&self, memory: &Memory) -> Option<Fork> {
        let (old, new) = (memory.head(), self.checkpoint().head());
        if old.size == new.size {
            return (old.root != new.root).then(|| Fork {
                root: new.root,
                proof: ConsistencyProof::default(),
            });
        }
        if self.request.old() != old.size {
            return None;
        }
        let proof = self.request.proof();
        let Err(ProofError::OldRootMismatch { computed, .. }) = proof.verify(&old, &new) else {
            return None;
        };
        // The proof shows another tree of the old size only if it leads to the new root.
        let other = TreeHead {
            size: old.size,
            root: computed,
        };
        proof.verify(&other, &new).is_ok().then(|| Fork {
            root: computed,
            proof: proof.clone(),
        })
    }
}

/// The contradiction of two signed heads: the newer one has another root at the older one's size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The root that the newer tree has at the older size.
    pub root: Hash,
    /// Shows that; empty for heads of one size.
    pub proof: ConsistencyProof,
}

/// A request that the witness agrees to. No other value leads to a cosignature.
#[derive(Debug)]
pub struct Agreed<'a> {
    verified: &'a VerifiedRequest,
    time: u64,
}

impl Agreed<'_> {
    /// Makes a cosignature by each key, and the memory to be made durable before they are handed out.
    ///
    /// # Errors
    /// [`Refusal::Cosignature`] or [`Refusal::Answer`].
    pub fn cosign(&self, keys: &[WitnessKey]) -> Result<(Cosignatures, Memory), Refusal> {
        let checkpoint = self.verified.checkpoint();
        let lines: Result<Vec<Signature>, CosignatureError> = keys
            .iter()
            .map(|key| key.cosign(checkpoint, self.time))
            .collect();
        let lines = lines.map_err(Refusal::Cosignature)?;
        let all = [checkpoint.note().signatures(), &lines].concat();
        let cosigned = checkpoint.with_signatures(all);
        let memory = Memory {
            checkpoint: cosigned.map_err(|_| Refusal::NoRoom)?,
            time: self.time,
        };
        let answer = Cosignatures::new(lines).map_err(Refusal::Answer)?;
        Ok((answer, memory))
    }
}
