//! Errors in the text of a policy: each names the line, the broken rule and the remedy ([C2SP tlog-policy](https://c2sp.org/tlog-policy)).

use crate::note::key_name::{NoteKeyError, Role, SignatureType};
use crate::text::escape::excerpt;
use crate::text::limits::{MAX_POLICY, MAX_POLICY_NAMES};
use crate::text::wire;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;

/// The reason why a policy is refused: the line and its problem, with the remedy in the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the policy: {problem}")]
pub struct PolicyError {
    /// The line, counted from 1 in the whole file.
    pub line: usize,
    /// The problem.
    pub problem: PolicyProblem,
}

/// The problem with a line of a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyProblem {
    /// The file has more bytes than [`MAX_POLICY`].
    #[error("the policy has {size} bytes, more than {MAX_POLICY}")]
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// The line has a control character.
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
    /// The line has too few or too many words.
    #[error("the line should read `{usage}`; comments need lines of their own")]
    Words {
        /// The form of such a line.
        usage: &'static str,
    },
    /// The key is not UTF-8.
    #[error("the key is not UTF-8; copy it again")]
    KeyNotUtf8,
    /// The key is malformed, or is not admitted.
    #[error(transparent)]
    Key(NoteKeyError),
    /// The key is of a type for another role.
    #[error("{}", refuse_role(*.claimed, *.expected))]
    KeyRole {
        /// Its type.
        claimed: SignatureType,
        /// The role.
        expected: Role,
    },
    /// The public key is on an earlier line, under the same or another name.
    #[error("this public key is on line {first} already; keep one of the two lines")]
    SameKey {
        /// The earlier line.
        first: usize,
    },
    /// Another key has the same name and id, so signatures by the two cannot be told apart.
    #[error("another key on line {first} has this name and id; one of the two needs another name")]
    SameKeyId {
        /// The line of that key.
        first: usize,
    },
    /// The name is `none`, which the specification defines.
    #[error("the name `none` is reserved; choose another")]
    ReservedName,
    /// An earlier line defines the name.
    #[error("`{}` is defined on line {first} already; choose another name", excerpt(.name))]
    DefinedTwice {
        /// The name.
        name: String,
        /// The line that defines it.
        first: usize,
    },
    /// No earlier line defines the name.
    #[error("no line before this one defines `{}`; define it above", excerpt(.name))]
    Undefined {
        /// The name.
        name: String,
    },
    /// The name is already a member of this group or another.
    #[error("`{}` is a member of the group on line {first} already; a name can be a member once", excerpt(.name))]
    MemberTwice {
        /// The name.
        name: String,
        /// The line of the group that has it.
        first: usize,
    },
    /// The member is `none`.
    #[error("`none` can be a quorum but not a member; leave it out")]
    NoneMember,
    /// The threshold is not `all`, `any` or 1 to the number of members.
    #[error("`{}` is not all, any or a number from 1 to {members}, the number of members", excerpt(.claimed))]
    Threshold {
        /// The threshold as written.
        claimed: String,
        /// Members listed.
        members: usize,
    },
    /// The policy ends without a quorum line.
    #[error(
        "the policy ends without a quorum; add `quorum NAME`, or `quorum none` to ask for no witness"
    )]
    NoQuorum,
    /// An earlier line sets the quorum.
    #[error("line {first} sets the quorum already; keep one of the two lines")]
    SecondQuorum {
        /// The earlier line.
        first: usize,
    },
    /// There are more logs, witnesses or groups than [`MAX_POLICY_NAMES`].
    #[error("more than {MAX_POLICY_NAMES} logs, witnesses or groups; split the policy")]
    TooMany,
}

impl PolicyError {
    /// Returns the stable code of this error.
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

fn refuse_role(claimed: SignatureType, expected: Role) -> String {
    let [ed25519, ml_dsa] = expected.types();
    let remedy = match (claimed, expected) {
        // Auditors of version 0.1 had keys of witnesses.
        (SignatureType::CosignatureV1, Role::Auditor) => {
            "make one with `glasslog keygen --kind auditor`"
        }
        _ => "use the key for this role",
    };
    format!(
        "{expected}'s key has signature type {ed25519} or {ml_dsa}, this one has {claimed}; {remedy}"
    )
}
