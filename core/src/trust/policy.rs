//! Trust policies: which logs and witnesses are known, and how many must have signed ([C2SP tlog-policy](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-policy.md), 2026-07-22).
//!
//! ```text
//! log example.com/log+fc3c9ad1+AY…
//! witness X1 x1.example+b1c2d3e4+BA…
//! witness X2 x2.example+f5a6b7c8+BA…
//! group X any X1 X2
//! quorum X
//! ```
//!
//! A checkpoint is good if one listed log signed it, the quorum of witnesses cosigned it, and no known key's signature
//! on it is wrong. The verdict lists who counted and why, and the time that the quorum vouches for.

use crate::note::checkpoint::Checkpoint;
use crate::note::cosignature;
use crate::note::key::VerifierKey;
use crate::note::note::KeyVerdict;
use crate::text::heapsort;
use crate::text::limits::MAX_CLOCK_SKEW;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// Known logs, known witnesses and a quorum. Parsed by [`Policy::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) logs: Vec<Log>,
    pub(crate) witnesses: Vec<Witness>,
    /// In the order of definition, so that members come before their group.
    pub(crate) groups: Vec<Group>,
    pub(crate) quorum: Option<Member>,
    pub(crate) needs: String,
}

/// A log whose checkpoints are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its key; the key's name is the log's origin.
    pub key: VerifierKey,
    /// Where to reach it, as written; octets that are not UTF-8 are shown as `\xff`.
    pub url: Option<String>,
}

/// A witness whose cosignatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name in this policy, with no meaning outside of it; octets that are not UTF-8 are shown as `\xff`.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where to reach it, as written; octets that are not UTF-8 are shown as `\xff`.
    pub url: Option<String>,
}

/// A rule that holds when `threshold` of the members do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) threshold: usize,
    pub(crate) members: Vec<Member>,
}

/// A place among the witnesses or among the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Witness(usize),
    Group(usize),
}

/// What a member of the quorum contributes. The order is what makes thresholds and times one computation: of a group
/// that needs k, the k-th largest standing among its members is the group's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// Did not cosign.
    Absent,
    /// Cosigned, without a time that counts.
    Untimed,
    /// Cosigned at this time.
    At(u64),
}

impl Policy {
    /// The logs, in the order of the text.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The witnesses, in the order of the text.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether any witness must have cosigned; `quorum none` asks for none.
    #[must_use]
    pub fn requires_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// What the quorum asks for, to be shown: ``2 of `X1`, `X2`, `X3` ``.
    #[must_use]
    pub fn needs(&self) -> &str {
        &self.needs
    }

    /// Judges a checkpoint at `now`, in seconds since the epoch.
    ///
    /// Only [`Verdict::time`] and the outcome [`WitnessOutcome::Future`] depend on `now`; whether the checkpoint is
    /// accepted does not.
    #[must_use]
    pub fn judge(&self, checkpoint: &Checkpoint, now: u64) -> Verdict {
        let witnesses: Vec<WitnessVerdict> = self
            .witnesses
            .iter()
            .map(|witness| WitnessVerdict {
                name: witness.name.clone(),
                key_name: witness.key.name().as_str().into(),
                outcome: judge_witness(checkpoint, &witness.key, now),
            })
            .collect();
        let (quorum, time) = self.judge_quorum(&witnesses);
        Verdict {
            log: self.judge_log(checkpoint),
            witnesses,
            quorum,
            time,
            needs: self.needs.clone(),
        }
    }

    fn judge_log(&self, checkpoint: &Checkpoint) -> LogVerdict {
        let origin = checkpoint.origin().as_str();
        let mut verdict = LogVerdict::UnknownOrigin;
        for Log { key, .. } in &self.logs {
            let is_of_origin = key.name().as_str() == origin;
            match checkpoint.note().verify(key) {
                // Wrong is wrong, also for a key that could not vouch for this origin.
                KeyVerdict::BadSignature => return LogVerdict::BadSignature,
                KeyVerdict::Signed if is_of_origin => {
                    if !matches!(verdict, LogVerdict::Signed(_)) {
                        verdict = LogVerdict::Signed(Box::new(key.clone()));
                    }
                }
                KeyVerdict::Absent | KeyVerdict::Signed => {
                    if is_of_origin && verdict == LogVerdict::UnknownOrigin {
                        verdict = LogVerdict::UnknownKey;
                    }
                }
            }
        }
        verdict
    }

    fn judge_quorum(&self, witnesses: &[WitnessVerdict]) -> (QuorumVerdict, Option<u64>) {
        let Some(quorum) = self.quorum else {
            return (QuorumVerdict::NotRequired, None);
        };
        let witnesses: Vec<Standing> = witnesses
            .iter()
            .map(|witness| witness.outcome.standing())
            .collect();
        // Members are defined before their group, so one pass in order is enough, however deep the groups nest.
        let mut groups: Vec<Standing> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let members = group.members.iter();
            let mut standings: Vec<Standing> = members
                .map(|member| standing_of(*member, &witnesses, &groups))
                .collect();
            heapsort::sort(&mut standings);
            let best_first = standings.iter().rev();
            let last_needed = group.threshold.checked_sub(1);
            let standing = last_needed.and_then(|at| best_first.copied().nth(at));
            groups.push(standing.unwrap_or(Standing::Absent));
        }
        match standing_of(quorum, &witnesses, &groups) {
            Standing::Absent => (QuorumVerdict::NotMet, None),
            Standing::Untimed => (QuorumVerdict::Met, None),
            Standing::At(time) => (QuorumVerdict::Met, Some(time)),
        }
    }
}

fn standing_of(member: Member, witnesses: &[Standing], groups: &[Standing]) -> Standing {
    let standing = match member {
        Member::Witness(at) => witnesses.get(at),
        Member::Group(at) => groups.get(at),
    };
    standing.copied().unwrap_or(Standing::Absent)
}

/// Every line under the witness's name and id must verify; of several, the one with the best time speaks.
fn judge_witness(checkpoint: &Checkpoint, key: &VerifierKey, now: u64) -> WitnessOutcome {
    let latest = now.saturating_add(MAX_CLOCK_SKEW);
    let mut best = WitnessOutcome::Absent;
    for line in checkpoint.note().signatures_by(key) {
        let Ok(time) = cosignature::verify(checkpoint, key, line) else {
            return WitnessOutcome::BadSignature;
        };
        let outcome = if time > latest {
            WitnessOutcome::Future { time }
        } else {
            WitnessOutcome::Counted { time }
        };
        if best == WitnessOutcome::Absent || outcome.standing() > best.standing() {
            best = outcome;
        }
    }
    best
}

/// What a policy says about a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// About the log's own signature.
    pub log: LogVerdict,
    /// About each witness of the policy, in its order.
    pub witnesses: Vec<WitnessVerdict>,
    /// Whether those that cosigned are enough.
    pub quorum: QuorumVerdict,
    /// The latest time T such that the cosignatures with time ≥ T meet the quorum, in seconds since the epoch.
    ///
    /// Times of 0 and times more than [`MAX_CLOCK_SKEW`] seconds ahead of now do not count. `None` when the times
    /// that count do not meet the quorum, and when there is none.
    pub time: Option<u64>,
    /// What the quorum asks for, to be shown: ``2 of `X1`, `X2`, `X3` ``.
    pub needs: String,
}

impl Verdict {
    /// Whether a known key's signature is wrong, so that the checkpoint is false and not merely not vouched for.
    #[must_use]
    pub fn is_false(&self) -> bool {
        let is_bad = |witness: &WitnessVerdict| witness.outcome == WitnessOutcome::BadSignature;
        self.log == LogVerdict::BadSignature || self.witnesses.iter().any(is_bad)
    }

    /// Whether the checkpoint is to be believed: signed by a log, by enough witnesses, and by no known key wrongly.
    #[must_use]
    pub fn accepts(&self) -> bool {
        !self.is_false()
            && matches!(self.log, LogVerdict::Signed(_))
            && self.quorum != QuorumVerdict::NotMet
    }
}

/// What a policy says about the log's own signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogVerdict {
    /// This key of the origin's log signed.
    Signed(Box<VerifierKey>),
    /// No log of the policy has this origin.
    UnknownOrigin,
    /// None of the origin's keys in the policy signed.
    UnknownKey,
    /// A line under a known log's name and id is not by that key.
    BadSignature,
}

/// What a policy says about one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessVerdict {
    /// The witness's name in the policy.
    pub name: String,
    /// The name of its key, which its cosignatures bear.
    pub key_name: String,
    /// What became of its cosignature.
    pub outcome: WitnessOutcome,
}

/// What became of a witness's cosignature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WitnessOutcome {
    /// It counts.
    Counted {
        /// Seconds since the epoch; 0 states no time.
        time: u64,
    },
    /// There is none.
    Absent,
    /// A line under its name and id is not by it.
    BadSignature,
    /// It counts, but not for the time: it claims to be from the future.
    Future {
        /// Seconds since the epoch.
        time: u64,
    },
}

impl WitnessOutcome {
    /// Whether the witness counts for the quorum.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.standing() > Standing::Absent
    }

    fn standing(self) -> Standing {
        match self {
            Self::Counted { time: 0 } | Self::Future { .. } => Standing::Untimed,
            Self::Counted { time } => Standing::At(time),
            Self::Absent | Self::BadSignature => Standing::Absent,
        }
    }
}

/// Whether the witnesses that cosigned are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuorumVerdict {
    /// They are.
    Met,
    /// The policy asks for none.
    NotRequired,
    /// They are not.
    NotMet,
}
