//! State that an audit carries over to the next one, which then reads only new files (`docs/formats/audit-state.md`).

mod encode;
mod parse;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::index::format::manifest::Manifest;
use crate::index::format::run_head::RunHead;
use crate::merkle::hash::{Hash, sha256};
use crate::note::checkpoint::Checkpoint;
use crate::trust::policy::{LogVerdict, Policy};
use crate::trust::trust_policy::TrustPolicy;
use crate::verify::event_state::EventState;

/// Sums are kept for every so many entries.
pub const SUM_STEP: u64 = 4_096;

/// Results of an audit of a log, from which the next audit continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditState {
    /// Hash of the keys of the log and of its index by which everything was judged.
    pub(crate) keys: Hash,
    /// The checkpoint whose tree was read.
    pub(crate) checkpoint: Checkpoint,
    /// Entries before this one were judged.
    pub(crate) read: u64,
    pub(crate) events: EventState,
    /// Results for the index, if the policy names one.
    pub(crate) index: Option<IndexState>,
}

/// Results of an audit of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexState {
    /// The index checkpoint whose manifests were read.
    pub(crate) checkpoint: Checkpoint,
    /// Everything that these first manifests say was audited, but the runs of those after them only in part.
    pub(crate) whole: u64,
    /// The last of these.
    pub(crate) newest: Option<Manifest>,
    /// Of later manifests, the narrow runs from here up to where entries were read.
    pub(crate) from: u64,
    /// Superseded runs of which files are there.
    pub(crate) superseded: Vec<RunHead>,
    /// Secret of the sums, and for every [`SUM_STEP`] entries the sum up to there; empty if none are kept.
    pub(crate) secret: [u8; 16],
    pub(crate) sums: Vec<u128>,
}

impl AuditState {
    /// The checkpoint whose tree was read.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Up to where entries were judged.
    #[must_use]
    pub const fn read(&self) -> u64 {
        self.read
    }

    /// The secret and the sums of the index, if any are kept.
    #[must_use]
    pub fn sums(&self) -> Option<(&[u8; 16], &[u128])> {
        let index = self.index.as_ref()?;
        (!index.sums.is_empty()).then_some((&index.secret, &index.sums))
    }

    /// Checks that the state was made by the keys of this policy, for a log that it names.
    ///
    /// # Errors
    /// [`AuditStateError::OtherLog`], [`AuditStateError::OtherKeys`]; and [`AuditStateError::Unsigned`] when a checkpoint in
    /// it has no signature by them, so that it could not be used as evidence against the log.
    pub fn check(&self, policy: &TrustPolicy) -> Result<(), AuditStateError> {
        let origin = self.checkpoint.origin().as_str();
        let is_it = |log: &crate::trust::policy::Log| log.key.name().as_str() == origin;
        if !policy.log().logs().iter().any(is_it) {
            return Err(AuditStateError::OtherLog {
                origin: origin.to_string(),
            });
        }
        if keys_of(policy) != self.keys {
            return Err(AuditStateError::OtherKeys);
        }
        let is_signed = |policy: Option<&Policy>, checkpoint: &Checkpoint| {
            let verdict = policy.map(|policy| policy.judge_signature(checkpoint));
            matches!(verdict, Some(LogVerdict::Signed(_)))
        };
        let index = self.index.as_ref();
        if !is_signed(Some(policy.log()), &self.checkpoint)
            || index.is_some_and(|index| !is_signed(policy.index(), &index.checkpoint))
        {
            return Err(AuditStateError::Unsigned);
        }
        Ok(())
    }
}

/// Stands for the keys by which the log and its index are judged, and the conditions on them.
pub(crate) fn keys_of(policy: &TrustPolicy) -> Hash {
    let mut text = String::new();
    for section in [Some(policy.log()), policy.index()] {
        let logs = section.map_or(&[][..], Policy::logs);
        let mut keys: Vec<String> = logs.iter().map(|log| log.key.to_string()).collect();
        keys.sort_unstable();
        for key in keys {
            text.push_str(&key);
            text.push('\n');
        }
        text.push('\n');
    }
    for terms in policy.terms() {
        text.push_str(&terms.to_string());
        text.push('\n');
    }
    sha256(text.as_bytes())
}

/// Why a state cannot be gone on from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditStateError {
    /// It is no state file.
    #[error("this is not an audit state")]
    NotAState,
    /// Another version wrote it.
    #[error("the state was written by another version, which this version cannot read")]
    Version,
    /// Its own digest says that it was damaged.
    #[error("the state is damaged: it does not have the digest that it ends with")]
    Damaged,
    /// It breaks a rule of the format.
    #[error("the state is malformed: `{part}`")]
    Malformed {
        /// The part.
        part: &'static str,
    },
    /// It is larger than a state may be.
    #[error("the state is too large")]
    TooLarge,
    /// It is about a log that the policy does not name.
    #[error("the state is about the log `{}`, which the trust policy does not name", crate::text::escape::excerpt(.origin))]
    OtherLog {
        /// The log that it is about.
        origin: String,
    },
    /// It was made by other keys of the log or of its index.
    #[error(
        "the state was made by other keys of the log or of its index than the trust policy has now"
    )]
    OtherKeys,
    /// A checkpoint in it is not signed by the keys that it names.
    #[error("a checkpoint in the state is not signed by the keys of the trust policy")]
    Unsigned,
}

impl AuditStateError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAState => "audit-state-other-file",
            Self::Version => "audit-state-version",
            Self::Damaged => "audit-state-damaged",
            Self::Malformed { .. } => "audit-state-malformed",
            Self::TooLarge => "audit-state-too-large",
            Self::OtherLog { .. } => "audit-state-other-log",
            Self::OtherKeys => "audit-state-other-keys",
            Self::Unsigned => "audit-state-unsigned",
        }
    }
}
