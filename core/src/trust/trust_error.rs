//! Errors of trust files: each names the line or the roles, and the remedy (`docs/formats/trust-policy.md`).

use crate::text::escape::excerpt;
use crate::trust::policy_error::PolicyError;
use crate::trust::section::Section;
use crate::trust::validity_error::ValidityProblem;
use alloc::string::String;

/// The reason why a trust file is refused, with the remedy in the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// A policy in it is refused.
    #[error(transparent)]
    Policy(PolicyError),
    /// The text begins with a mark that is no part of any line.
    #[error(
        "the policy begins with a byte order mark, which is invisible; save it as UTF-8 without that mark"
    )]
    ByteOrderMark,
    /// There are sections, but no `[log]`.
    #[error("the policy has sections but no [log]; add it")]
    NoLog,
    /// A line looks like the name of a section, but is unknown.
    #[error("line {line} of the policy: `{}` is not [log], [index], [audit], [genesis] or [validity]", excerpt(.name))]
    UnknownSection {
        /// Line number, from 1.
        line: usize,
        /// The name as written.
        name: String,
    },
    /// The section is in the file twice.
    #[error("line {line} of the policy: {} begins on line {first} already; join the two", .section.name())]
    SectionTwice {
        /// Line number, from 1.
        line: usize,
        /// The section.
        section: Section,
        /// The line where it begins first.
        first: usize,
    },
    /// A line before the first section belongs to no role.
    #[error("line {line} of the policy: this line is before the first section; move it into one")]
    BeforeSections {
        /// Line number, from 1.
        line: usize,
    },
    /// A line of `[genesis]` does not end with the base64 of 32 bytes, or is about the same log as one before; or there is
    /// none.
    #[error(
        "line {line} of the policy: [genesis] holds one line for each log, `[ORIGIN] HASH`, with the base64 leaf hash of its entry 0"
    )]
    Genesis {
        /// Line number, from 1.
        line: usize,
    },
    /// A line of `[genesis]` is about a log that `[log]` does not name.
    #[error("line {line} of the policy: [log] does not name the log `{}`; add its key there, or leave the line out", excerpt(.origin))]
    PinOfOtherLog {
        /// Line number, from 1.
        line: usize,
        /// The origin.
        origin: String,
    },
    /// A line of `[validity]` is refused.
    #[error("line {line} of the policy: {problem}")]
    Validity {
        /// Line number, from 1.
        line: usize,
        /// The problem.
        problem: ValidityProblem,
    },
    /// A public key is in two roles.
    #[error("the key `{}` is in both {} and {}; each role needs keys of its own", excerpt(.key), .first.name(), .second.name())]
    KeyInTwoRoles {
        /// Its name in the second role.
        key: String,
        /// The first role.
        first: Section,
        /// The second role.
        second: Section,
    },
    /// A witness's public key has one name in `[log]` and another in `[index]`.
    #[error("the witness `{}` of [index] has the key of the witness `{}` of [log]; write the same key in both", excerpt(.key), excerpt(.known))]
    WitnessUnderTwoNames {
        /// The key's name in `[index]`.
        key: String,
        /// The key's name in `[log]`.
        known: String,
    },
    /// An origin is in two roles.
    #[error("the origin `{}` is in both {} and {}; each role needs an origin of its own", excerpt(.origin), .first.name(), .second.name())]
    OriginInTwoRoles {
        /// The origin.
        origin: String,
        /// The first role.
        first: Section,
        /// The second role.
        second: Section,
    },
    /// There is `[audit]`, but no index.
    #[error("[audit] vouches for an index, but there is no [index]; add it")]
    AuditWithoutIndex,
    /// `[audit]` names a log that is not the index's.
    #[error("[audit] names the log `{}`, which is not the one of [index]; leave the line out", excerpt(.origin))]
    AuditOfOtherLog {
        /// Its origin.
        origin: String,
    },
}

impl TrustError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Policy(error) => error.code(),
            Self::ByteOrderMark => "trust-byte-order-mark",
            Self::NoLog => "trust-no-log",
            Self::UnknownSection { .. } => "trust-unknown-section",
            Self::SectionTwice { .. } => "trust-section-twice",
            Self::BeforeSections { .. } => "trust-before-sections",
            Self::Genesis { .. } => "trust-genesis",
            Self::PinOfOtherLog { .. } => "trust-pin-of-other-log",
            Self::Validity { problem, .. } => problem.code(),
            Self::KeyInTwoRoles { .. } => "trust-key-in-two-roles",
            Self::WitnessUnderTwoNames { .. } => "trust-witness-under-two-names",
            Self::OriginInTwoRoles { .. } => "trust-origin-in-two-roles",
            Self::AuditWithoutIndex => "trust-audit-without-index",
            Self::AuditOfOtherLog { .. } => "trust-audit-of-other-log",
        }
    }
}
