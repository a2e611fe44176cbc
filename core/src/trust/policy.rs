//! Trust policies: the known logs and witnesses, and the quorum that must have cosigned ([C2SP
//! tlog-policy](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-policy.md), 2026-07-22).
//!
//! ```text
//! log example.com/log+fc3c9ad1+AY…
//! witness X1 x1.example+b1c2d3e4+BA…
//! witness X2 x2.example+f5a6b7c8+BA…
//! group X any X1 X2
//! quorum X
//! ```
//!
//! A checkpoint is accepted if one listed log signed it, the quorum of witnesses cosigned it, and no signature by a
//! known key on it is false. The verdict lists the outcome for each key, and the time that the quorum confirms.

use crate::merkle::tree::TreeHead;
use crate::note::audit_statement;
use crate::note::checkpoint::Checkpoint;
use crate::note::checkpoint::Origin;
use crate::note::cosignature;
use crate::note::key::{UnsupportedKey, VerifierKey};
use crate::note::key_name::SignatureType;
use crate::note::note::KeyVerdict;
use crate::note::signed_checkpoint::{self, SignedCheckpoint};
use crate::text::heapsort;
use crate::text::limits::MAX_CLOCK_SKEW;
use crate::trust::validity::{Invalid, Validity, Window};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// Known logs, known witnesses and a quorum; [`Policy::parse`] makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) logs: Vec<Log>,
    /// Further keys of the logs, which have to sign too.
    pub(crate) also: Vec<VerifierKey>,
    pub(crate) witnesses: Vec<Witness>,
    pub(crate) unsupported: Vec<UnsupportedWitness>,
    /// In the order of definition, so members come before their group.
    pub(crate) groups: Vec<Group>,
    pub(crate) quorum: Option<Member>,
    pub(crate) needs: String,
}

/// A log whose checkpoints are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its key; the key's name is the log's origin.
    pub key: VerifierKey,
    /// Its URL as written; octets that are not UTF-8 become `\xff`.
    pub url: Option<String>,
    /// The conditions under which the key counts.
    pub validity: Validity,
}

/// A witness whose cosignatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name, with no meaning outside this policy; octets that are not UTF-8 become `\xff`.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Its URL as written; octets that are not UTF-8 become `\xff`.
    pub url: Option<String>,
    /// The times of cosignatures that count.
    pub window: Window,
}

/// A witness whose cosignatures this version cannot verify: it never counts for the quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedWitness {
    /// Its name, with no meaning outside this policy; octets that are not UTF-8 become `\xff`.
    pub name: String,
    /// Its key.
    pub key: UnsupportedKey,
}

/// A rule that holds if `threshold` of the members cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) threshold: usize,
    pub(crate) members: Vec<Member>,
}

/// A place among the witnesses, among those that are not supported, or among the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Witness(usize),
    Unsupported(usize),
    Group(usize),
}

/// The contribution of a member to the quorum. Its order joins thresholds and times in one computation: the
/// contribution of a group that needs k members is the k-th largest among its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Contribution {
    /// The member did not cosign.
    Absent,
    /// The member cosigned, without a time that counts.
    Untimed,
    /// The member cosigned at this time.
    At(u64),
}

impl Policy {
    /// Returns the logs, in the order of the text.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// Returns the witnesses, in the order of the text.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Returns the witnesses with keys of types that this version cannot verify with, in the order of the text.
    #[must_use]
    pub fn unsupported(&self) -> &[UnsupportedWitness] {
        &self.unsupported
    }

    /// Tells whether a witness must have cosigned; `quorum none` requires none.
    #[must_use]
    pub fn requires_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Describes the quorum for people: ``2 of `X1`, `X2`, `X3` ``.
    #[must_use]
    pub fn needs(&self) -> &str {
        &self.needs
    }

    /// Returns the keys of the logs and witnesses.
    #[must_use]
    pub fn keys(&self) -> Vec<&VerifierKey> {
        let logs = self.logs.iter().map(|log| &log.key);
        let witnesses = self.witnesses.iter().map(|witness| &witness.key);
        logs.chain(&self.also).chain(witnesses).collect()
    }

    /// Keeps the signature lines of a checkpoint that verify by keys of this policy; `None` if there are none.
    #[must_use]
    pub fn signed(&self, checkpoint: &Checkpoint) -> Option<SignedCheckpoint> {
        SignedCheckpoint::new(checkpoint, &self.keys())
    }

    /// Judges the signature of the log alone: that a known key made it, which may sign a tree of this size. Enough for an older
    /// head that another proof leads from, and for evidence against the log; a head to rest on needs [`judge`](Self::judge).
    #[must_use]
    pub fn judge_signature(&self, checkpoint: &Checkpoint) -> LogVerdict {
        let size = checkpoint.head().size;
        self.judge_log(checkpoint, |validity| validity.check_size(size))
    }

    /// Judges a checkpoint at `now`, in seconds since the epoch.
    ///
    /// Only [`Verdict::time`] and the outcome [`WitnessOutcome::Future`] depend on `now`; acceptance of the checkpoint
    /// does not.
    #[must_use]
    pub fn judge(&self, checkpoint: &Checkpoint, now: u64) -> Verdict {
        self.judge_about(checkpoint, None, now)
    }

    /// As [`judge`](Self::judge); of audit statements, those about this head of a log alone count.
    #[must_use]
    pub fn judge_about(
        &self,
        checkpoint: &Checkpoint,
        log: Option<(&Origin, TreeHead)>,
        now: u64,
    ) -> Verdict {
        let mut witnesses: Vec<WitnessVerdict> = self
            .witnesses
            .iter()
            .map(|witness| WitnessVerdict {
                name: witness.name.clone(),
                key_name: witness.key.name().as_str().into(),
                outcome: judge_witness(checkpoint, witness, log, now),
            })
            .collect();
        let (quorum, time) = self.judge_quorum(&witnesses);
        let seen = self.seen_by(&witnesses);
        witnesses.extend(self.unsupported.iter().map(|witness| WitnessVerdict {
            name: witness.name.clone(),
            key_name: witness.key.name().as_str().into(),
            outcome: WitnessOutcome::Unsupported,
        }));
        let size = checkpoint.head().size;
        let is_valid = |validity: &Validity| {
            validity.check_size(size)?;
            validity.window.check(time)
        };
        Verdict {
            log: self.judge_also(checkpoint, self.judge_log(checkpoint, is_valid)),
            witnesses,
            quorum,
            time,
            seen,
            needs: self.needs.clone(),
        }
    }

    fn judge_log(
        &self,
        checkpoint: &Checkpoint,
        is_valid: impl Fn(&Validity) -> Result<(), Invalid>,
    ) -> LogVerdict {
        let origin = checkpoint.origin().as_str();
        let mut verdict = LogVerdict::UnknownOrigin;
        for Log { key, validity, .. } in &self.logs {
            let is_of_origin = key.name().as_str() == origin;
            let found = match signed_checkpoint::judge_lines(checkpoint, key) {
                // A false signature is an error, also by a key of another origin.
                KeyVerdict::BadSignature => return LogVerdict::BadSignature,
                _ if !is_of_origin => continue,
                KeyVerdict::Absent => LogVerdict::UnknownKey,
                KeyVerdict::Signed => match is_valid(validity) {
                    Ok(()) => LogVerdict::Signed(Box::new(key.clone())),
                    Err(reason) => LogVerdict::Invalid(Box::new(key.clone()), reason),
                },
            };
            // The first key of the best verdict counts.
            if found.rank() > verdict.rank() {
                verdict = found;
            }
        }
        verdict
    }

    /// Judges the signatures by the further keys of a log; `verdict` is that about its first one.
    fn judge_also(&self, checkpoint: &Checkpoint, verdict: LogVerdict) -> LogVerdict {
        let mut verdict = verdict;
        for also in &self.also {
            let is_of_origin = also.name().as_str() == checkpoint.origin().as_str();
            match (signed_checkpoint::judge_lines(checkpoint, also), &verdict) {
                (KeyVerdict::BadSignature, _) => return LogVerdict::BadSignature,
                (KeyVerdict::Absent, LogVerdict::Signed(key)) if is_of_origin => {
                    let missing = also.name_and_id();
                    let reason = Invalid::AlsoAbsent { key: missing };
                    verdict = LogVerdict::Invalid(key.clone(), reason);
                }
                _ => {}
            }
        }
        verdict
    }

    fn judge_quorum(&self, witnesses: &[WitnessVerdict]) -> (QuorumVerdict, Option<u64>) {
        let Some(quorum) = self.quorum else {
            return (QuorumVerdict::NotRequired, None);
        };
        let witnesses: Vec<Contribution> = witnesses
            .iter()
            .map(|witness| witness.outcome.contribution())
            .collect();
        match self.weigh(quorum, &witnesses) {
            Contribution::Absent => (QuorumVerdict::NotMet, None),
            Contribution::Untimed => (QuorumVerdict::Met, None),
            Contribution::At(time) => (QuorumVerdict::Met, Some(time)),
        }
    }

    /// Computes the earliest time by which a quorum had cosigned.
    fn seen_by(&self, witnesses: &[WitnessVerdict]) -> Option<u64> {
        // The k-th earliest time is the k-th largest distance from the end of time.
        let mirrored = |witness: &WitnessVerdict| match witness.outcome.contribution() {
            Contribution::At(time) => Contribution::At(u64::MAX - time),
            other => other,
        };
        let witnesses: Vec<Contribution> = witnesses.iter().map(mirrored).collect();
        match self.weigh(self.quorum?, &witnesses) {
            Contribution::At(distance) => Some(u64::MAX - distance),
            Contribution::Absent | Contribution::Untimed => None,
        }
    }

    /// Tells whether the witnesses for which `counts` is true meet the quorum; it is asked for the places of all witnesses,
    /// in the order of the text. True if the policy requires no witness.
    #[must_use]
    pub fn is_met_by(&self, counts: impl Fn(usize) -> bool) -> bool {
        let Some(quorum) = self.quorum else {
            return true;
        };
        let contribution = |at| match counts(at) {
            true => Contribution::Untimed,
            false => Contribution::Absent,
        };
        let witnesses: Vec<Contribution> = (0..self.witnesses.len()).map(contribution).collect();
        self.weigh(quorum, &witnesses) > Contribution::Absent
    }

    /// Computes the contribution of a member from those of the witnesses.
    fn weigh(&self, member: Member, witnesses: &[Contribution]) -> Contribution {
        // Members are defined before their group, so one pass in order is enough for any depth of nesting.
        let mut groups: Vec<Contribution> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let members = group.members.iter();
            let mut contributions: Vec<Contribution> = members
                .map(|member| contribution_of(*member, witnesses, &groups))
                .collect();
            heapsort::sort(&mut contributions);
            let best_first = contributions.iter().rev();
            let last_needed = group.threshold.checked_sub(1);
            let contribution = last_needed.and_then(|at| best_first.copied().nth(at));
            groups.push(contribution.unwrap_or(Contribution::Absent));
        }
        contribution_of(member, witnesses, &groups)
    }
}

fn contribution_of(
    member: Member,
    witnesses: &[Contribution],
    groups: &[Contribution],
) -> Contribution {
    let contribution = match member {
        Member::Witness(at) => witnesses.get(at),
        Member::Unsupported(_) => None,
        Member::Group(at) => groups.get(at),
    };
    contribution.copied().unwrap_or(Contribution::Absent)
}

/// Verifies every line with name and id of the witness or auditor; of several good ones, the one with the latest valid
/// time counts.
fn judge_witness(
    checkpoint: &Checkpoint,
    witness: &Witness,
    log: Option<(&Origin, TreeHead)>,
    now: u64,
) -> WitnessOutcome {
    let Witness { key, window, .. } = witness;
    let latest = now.saturating_add(MAX_CLOCK_SKEW);
    let mut best = WitnessOutcome::Absent;
    for line in checkpoint.note().signatures_by(key) {
        let verified = match key.signature_type() {
            SignatureType::IndexAuditV1 | SignatureType::IndexAuditMlDsaV1 => {
                audit_statement::verify(checkpoint, key, line)
                    .map(|stated| {
                        let about = (&stated.log, stated.head);
                        (stated.time, log.is_none_or(|log| log == about))
                    })
                    .ok()
            }
            _ => cosignature::verify(checkpoint, key, line)
                .map(|time| (time, true))
                .ok(),
        };
        let outcome = match verified {
            None => return WitnessOutcome::BadSignature,
            Some((_, false)) => WitnessOutcome::OtherHead,
            // A time of 0 states none.
            Some((time, true)) if window.check((time > 0).then_some(time)).is_err() => {
                WitnessOutcome::OutsideWindow { time }
            }
            Some((time, true)) if time > latest => WitnessOutcome::Future { time },
            Some((time, true)) => WitnessOutcome::Counted { time },
        };
        if best == WitnessOutcome::Absent || outcome.contribution() > best.contribution() {
            best = outcome;
        }
    }
    best
}

/// The verdict of a policy about a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict about the signature of the log.
    pub log: LogVerdict,
    /// The verdict about each witness, in the order of the policy; those that are not supported come last.
    pub witnesses: Vec<WitnessVerdict>,
    /// The verdict about the quorum.
    pub quorum: QuorumVerdict,
    /// The latest time T such that the cosignatures with time ≥ T meet the quorum, in seconds since the epoch.
    ///
    /// Times of 0 and times more than [`MAX_CLOCK_SKEW`] seconds after `now` do not count. `None` if the times that
    /// count do not meet the quorum, or the policy requires no witness.
    pub time: Option<u64>,
    /// The earliest time T such that the cosignatures with time ≤ T meet the quorum: by then it had seen the checkpoint. The
    /// same times count as in [`time`](Self::time).
    pub seen: Option<u64>,
    /// The quorum in words for people: ``2 of `X1`, `X2`, `X3` ``.
    pub needs: String,
}

impl Verdict {
    /// Tells whether a signature by a known key is false, or over another tree than that with which the log ended. Such a checkpoint is false, which is worse than unsigned.
    #[must_use]
    pub fn is_false(&self) -> bool {
        let is_bad = |witness: &WitnessVerdict| witness.outcome == WitnessOutcome::BadSignature;
        matches!(self.log, LogVerdict::BadSignature | LogVerdict::OtherLast)
            || self.witnesses.iter().any(is_bad)
    }

    /// Returns the number of witnesses that this version cannot verify.
    #[must_use]
    pub fn unsupported(&self) -> usize {
        let is_so = |witness: &&WitnessVerdict| witness.outcome == WitnessOutcome::Unsupported;
        self.witnesses.iter().filter(is_so).count()
    }

    /// Tells whether the policy accepts the checkpoint: a log and enough witnesses signed, and no known key has a false
    /// signature.
    #[must_use]
    pub fn accepts(&self) -> bool {
        !self.is_false()
            && matches!(self.log, LogVerdict::Signed(_))
            && self.quorum != QuorumVerdict::NotMet
    }
}

/// The verdict of a policy about the signature of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogVerdict {
    /// This key of the origin signed.
    Signed(Box<VerifierKey>),
    /// No log of the policy has this origin.
    UnknownOrigin,
    /// None of the origin's keys in the policy signed.
    UnknownKey,
    /// This key of the origin signed, but does not count for this checkpoint.
    Invalid(Box<VerifierKey>, Invalid),
    /// A key of the origin signed another tree than that with which the log ended, of the same size.
    OtherLast,
    /// A line with name and id of a known log is not by its key.
    BadSignature,
}

impl LogVerdict {
    /// Orders the verdicts about several keys of one log: the highest counts.
    const fn rank(&self) -> u8 {
        match self {
            Self::UnknownOrigin => 0,
            Self::UnknownKey => 1,
            Self::Invalid(..) => 2,
            Self::Signed(_) => 3,
            Self::OtherLast | Self::BadSignature => 4,
        }
    }

    /// Returns true if a key of the policy signed the checkpoint, even if it does not count for it.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        matches!(self, Self::Signed(_) | Self::Invalid(..) | Self::OtherLast)
    }
}

/// The verdict of a policy about one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessVerdict {
    /// The witness's name in the policy.
    pub name: String,
    /// The name of its key, which is on its cosignatures.
    pub key_name: String,
    /// The outcome for its cosignature.
    pub outcome: WitnessOutcome,
}

/// The outcome for the cosignature of a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WitnessOutcome {
    /// The cosignature counts.
    Counted {
        /// Seconds since the epoch; 0 states no time.
        time: u64,
    },
    /// There is no cosignature.
    Absent,
    /// A line with its name and id is not by its key.
    BadSignature,
    /// The auditor stated that the index is that of another head of a log.
    OtherHead,
    /// The witness has a key of a type that this version cannot verify with.
    Unsupported,
    /// The witness cosigned at a time at which its key does not count.
    OutsideWindow {
        /// Seconds since the epoch; 0 states no time.
        time: u64,
    },
    /// The cosignature counts, but not its time, which is in the future.
    Future {
        /// Seconds since the epoch.
        time: u64,
    },
}

impl WitnessOutcome {
    /// Tells whether the witness counts for the quorum.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.contribution() > Contribution::Absent
    }

    fn contribution(self) -> Contribution {
        match self {
            Self::Counted { time: 0 } | Self::Future { .. } => Contribution::Untimed,
            Self::Counted { time } => Contribution::At(time),
            Self::Absent
            | Self::BadSignature
            | Self::OtherHead
            | Self::Unsupported
            | Self::OutsideWindow { .. } => Contribution::Absent,
        }
    }
}

/// The verdict about the quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuorumVerdict {
    /// Enough witnesses cosigned.
    Met,
    /// The policy requires no witness.
    NotRequired,
    /// Too few witnesses cosigned.
    NotMet,
}
