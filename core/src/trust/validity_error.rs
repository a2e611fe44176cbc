//! Errors in the lines of `[validity]`: each names the condition and the remedy (`docs/formats/trust-policy.md`, "Validity").

use crate::text::escape::excerpt;
use crate::trust::section::Section;
use alloc::string::String;

/// An example of each condition.
const EXAMPLES: [&str; 7] = [
    "from 2026-01-01T00:00:00Z",
    "until 2027-01-01T00:00:00Z",
    "from-size 20611",
    "up-to-size 20611",
    "max-age 24h",
    "also models.example.com/access+1d2c3b4a+Bg…",
    "final 20611 ZC0qkbIn+A6aE9vZt3B8Rzu7vZDhQUEGBHXqXn2dKYQ=",
];

/// The problem with a line of `[validity]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidityProblem {
    /// The line is not about a key or a log, or has no condition.
    #[error(
        "the line should read `key NAME+ID CONDITION…` or `log ORIGIN CONDITION…`; comments need lines of their own"
    )]
    Shape,
    /// A word is not the name of a condition.
    #[error("`{}` is not from, until, from-size, up-to-size, max-age, final or also", excerpt(.name))]
    Condition {
        /// The word.
        name: String,
    },
    /// A condition has no value, or a malformed one.
    #[error("the value after `{name}` is malformed or missing; write it as in `{}`", example(.name))]
    Value {
        /// The condition.
        name: String,
    },
    /// A condition is on the line twice.
    #[error("`{name}` is on this line twice; keep one of the two")]
    Twice {
        /// The condition.
        name: String,
    },
    /// An earlier line is about the same key or log.
    #[error("line {first} is about the same; join the two")]
    SubjectTwice {
        /// The earlier line.
        first: usize,
    },
    /// No line of the policies has the key.
    #[error("no line of the policy has a key that begins with `{}`; write NAME+ID, the key without its last part", excerpt(.key))]
    UnknownKey {
        /// The name and id.
        key: String,
    },
    /// No line of the policies names the log.
    #[error("neither [log] nor [index] names the log `{}`", excerpt(.origin))]
    UnknownLog {
        /// The origin.
        origin: String,
    },
    /// The condition is on a log, not on a key.
    #[error("`{condition}` is a condition on a log; write `log ORIGIN {condition} …`")]
    NotOfKey {
        /// The condition.
        condition: &'static str,
    },
    /// A witness's key has no sizes.
    #[error(
        "`from-size` and `up-to-size` are conditions on the key of a log, and this is a witness's"
    )]
    NotOfWitness,
    /// The condition is on a log of `[log]`.
    #[error("`max-age` and `final` are conditions on logs of [log]")]
    NotOfIndex,
    /// The further key of a log is not of ML-DSA-44, or has another name than the log.
    #[error("the key after `also` has type 0x06 (ML-DSA-44) and the origin of the log as its name")]
    AlsoUnfit,
    /// The further key of a log stands in the policy already.
    #[error("the key after `also` has another line in the policy; take one of the two out")]
    AlsoKnown,
    /// No time, or no size, is inside.
    #[error(
        "no time is after `from` and before `until`, or no size from `from-size` up to `up-to-size`; mend one of the two"
    )]
    EmptyWindow,
    /// The section has no quorum, so no witness vouches for a time.
    #[error("`quorum none` in {} vouches for no time, so nothing would meet this condition; name a quorum there", .section.name())]
    NoQuorum {
        /// The section.
        section: Section,
    },
}

impl ValidityProblem {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Shape => "validity-shape",
            Self::Condition { .. } => "validity-condition",
            Self::Value { .. } => "validity-value",
            Self::Twice { .. } => "validity-twice",
            Self::SubjectTwice { .. } => "validity-subject-twice",
            Self::UnknownKey { .. } => "validity-unknown-key",
            Self::UnknownLog { .. } => "validity-unknown-log",
            Self::NotOfKey { .. } => "validity-not-of-key",
            Self::NotOfWitness => "validity-not-of-witness",
            Self::NotOfIndex => "validity-not-of-index",
            Self::AlsoUnfit => "validity-also-unfit",
            Self::AlsoKnown => "validity-also-known",
            Self::EmptyWindow => "validity-empty-window",
            Self::NoQuorum { .. } => "validity-no-quorum",
        }
    }
}

fn example(name: &str) -> &'static str {
    let mut found = EXAMPLES.into_iter();
    let is_of = |example: &&str| example.split(' ').next() == Some(name);
    found.find(is_of).unwrap_or_default()
}
