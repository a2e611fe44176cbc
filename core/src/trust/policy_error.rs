//! Errors of a policy text: each names the line, the broken rule and the remedy ([C2SP tlog-policy](https://c2sp.org/tlog-policy)).

use crate::note::key::{NoteKeyError, SignatureType};
use crate::text::escape::excerpt;
use crate::text::limits::{MAX_POLICY, MAX_POLICY_NAMES};
use crate::text::wire;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;

/// Why a policy is refused, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the policy: {problem}")]
pub struct PolicyError {
    /// The line, counted from 1 in the whole file.
    pub line: usize,
    /// What is wrong there.
    pub problem: PolicyProblem,
}

/// What is wrong with a line of a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyProblem {
    /// The file has more bytes than [`MAX_POLICY`].
    #[error("the policy has {size} bytes, more than {MAX_POLICY}")]
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// An octet that no policy has.
    #[error("{}", refuse_octet(*.byte))]
    Octet {
        /// The octet.
        byte: u8,
    },
    /// The line begins with an unknown word.
    #[error("`{}` is not log, witness, group or quorum; a comment begins with #", excerpt(.word))]
    UnknownKeyword {
        /// The word.
        word: String,
    },
    /// Too few or too many words.
    #[error("the line should read `{usage}`; comments need lines of their own")]
    Words {
        /// What the line should look like.
        usage: &'static str,
    },
    /// The key is not even text.
    #[error("the key is not UTF-8; copy it again")]
    KeyNotUtf8,
    /// The key is none, or is not admitted.
    #[error(transparent)]
    Key(NoteKeyError),
    /// The key is of a type for another role.
    #[error("{}", refuse_role(*.claimed, *.expected))]
    KeyRole {
        /// The type it has.
        claimed: SignatureType,
        /// The type that the role calls for.
        expected: SignatureType,
    },
    /// The public key stands on an earlier line, under whatever name.
    #[error("this public key stands on line {first} already; keep one of the two lines")]
    SameKey {
        /// That line.
        first: usize,
    },
    /// Another key has the same name and id, so signatures by the two could not be told apart.
    #[error("another key on line {first} has this name and id; one of the two needs another name")]
    SameKeyId {
        /// The line of that key.
        first: usize,
    },
    /// `none` is defined by the specification.
    #[error("the name `none` is reserved; choose another")]
    ReservedName,
    /// The name is defined before.
    #[error("`{}` is defined on line {first} already; choose another name", excerpt(.name))]
    DefinedTwice {
        /// The name.
        name: String,
        /// The line that defines it.
        first: usize,
    },
    /// No line before defines the name.
    #[error("no line before this one defines `{}`; define it above", excerpt(.name))]
    Undefined {
        /// The name.
        name: String,
    },
    /// The name is a member of a group already, of this one or another.
    #[error("`{}` is a member of the group on line {first} already; a name can be a member once", excerpt(.name))]
    MemberTwice {
        /// The name.
        name: String,
        /// The line of the group that has it.
        first: usize,
    },
    /// `none` is no member.
    #[error("`none` can be a quorum and not a member; leave it out")]
    NoneMember,
    /// The threshold is not `all`, `any` or 1 to the number of members.
    #[error("`{}` is not all, any or a number from 1 to {members}, the number of members", excerpt(.claimed))]
    Threshold {
        /// As written.
        claimed: String,
        /// Members listed.
        members: usize,
    },
    /// No quorum line up to here, where the policy ends.
    #[error(
        "the policy ends without a quorum; add `quorum NAME`, or `quorum none` to ask for no witness"
    )]
    NoQuorum,
    /// A quorum line before.
    #[error("line {first} sets the quorum already; keep one of the two lines")]
    SecondQuorum {
        /// That line.
        first: usize,
    },
    /// More logs, witnesses or groups than [`MAX_POLICY_NAMES`].
    #[error("more than {MAX_POLICY_NAMES} logs, witnesses or groups; split the policy")]
    TooMany,
}

impl PolicyError {
    /// A stable name for the rule that failed.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.problem {
            PolicyProblem::TooLarge { .. } => "policy-too-large",
            PolicyProblem::Octet { .. } => "policy-octet",
            PolicyProblem::UnknownKeyword { .. } => "policy-unknown-keyword",
            PolicyProblem::Words { .. } => "policy-words",
            PolicyProblem::KeyNotUtf8 => "policy-key-not-utf8",
            PolicyProblem::Key(error) => error.code(),
            PolicyProblem::KeyRole { .. } => "policy-key-role",
            PolicyProblem::SameKey { .. } => "policy-same-key",
            PolicyProblem::SameKeyId { .. } => "policy-same-key-id",
            PolicyProblem::ReservedName => "policy-reserved-name",
            PolicyProblem::DefinedTwice { .. } => "policy-defined-twice",
            PolicyProblem::Undefined { .. } => "policy-undefined",
            PolicyProblem::MemberTwice { .. } => "policy-member-twice",
            PolicyProblem::NoneMember => "policy-none-member",
            PolicyProblem::Threshold { .. } => "policy-threshold",
            PolicyProblem::NoQuorum => "policy-no-quorum",
            PolicyProblem::SecondQuorum { .. } => "policy-second-quorum",
            PolicyProblem::TooMany => "policy-too-many",
        }
    }
}

fn refuse_octet(byte: u8) -> String {
    if byte == b'\r' {
        return "a carriage return is not allowed; end lines with a line feed alone".to_owned();
    }
    let hex = wire::hex_encode(&[byte]);
    format!("the control character 0x{hex} is not allowed; remove it")
}

fn refuse_role(claimed: SignatureType, expected: SignatureType) -> String {
    let role = match expected {
        SignatureType::Ed25519 => "a log's key",
        SignatureType::CosignatureV1 => "a witness's key",
    };
    let [claimed, expected] = [claimed, expected].map(|kind| wire::hex_encode(&[kind.byte()]));
    format!(
        "{role} has signature type 0x{expected}, this one has 0x{claimed}; use the key for this role"
    )
}
