//! The trust file of a reader: up to three policies by role, and the genesis that they pin (`docs/formats/trust-policy.md`).
//!
//! Only this module makes a [`VerifiedCheckpoint`]: what was merely parsed has no powers.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::checkpoint::{Checkpoint, Origin};
use crate::hash::Hash;
use crate::note_key::VerifierKey;
use crate::policy::{Policy, PolicyError, PolicyRule, Verdict, split_lines, words};
use crate::tree::TreeHead;

/// What a reader trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPolicy {
    log: Policy,
    index: Option<Policy>,
    audit: Option<Policy>,
    genesis: Option<Hash>,
}

/// Why a trust file is malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustError {
    /// A line of one of its policies.
    Policy(PolicyError),
    /// A section name that is none of `[log]`, `[index]`, `[audit]`, `[genesis]`.
    UnknownSection {
        /// Its line.
        line: usize,
        /// As written.
        name: String,
    },
    /// A section that appears twice.
    DuplicateSection {
        /// The line of the second.
        line: usize,
    },
    /// Text before the first section.
    OutsideSection {
        /// Its line.
        line: usize,
    },
    /// There is no `[log]` section.
    NoLog,
    /// `[genesis]` does not hold one base64 hash.
    Genesis {
        /// The line of the section.
        line: usize,
    },
    /// A public key stands in two roles.
    SharedKey {
        /// The key's name.
        name: String,
    },
    /// The log and the index have the same origin.
    SharedOrigin {
        /// The origin.
        origin: String,
    },
}

impl TrustError {
    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Policy(error) => error.code(),
            Self::UnknownSection { .. } => "trust-unknown-section",
            Self::DuplicateSection { .. } => "trust-duplicate-section",
            Self::OutsideSection { .. } => "trust-outside-section",
            Self::NoLog => "trust-no-log",
            Self::Genesis { .. } => "trust-genesis",
            Self::SharedKey { .. } => "trust-shared-key",
            Self::SharedOrigin { .. } => "trust-shared-origin",
        }
    }
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(error) => error.fmt(f),
            Self::UnknownSection { line, name } => {
                write!(
                    f,
                    "trust policy, line {line}: unknown section `{name}`; expected [log], [index], [audit] or [genesis]"
                )
            }
            Self::DuplicateSection { line } => write!(
                f,
                "trust policy, line {line}: this section is there before; keep one"
            ),
            Self::OutsideSection { line } => write!(
                f,
                "trust policy, line {line}: text before the first section"
            ),
            Self::NoLog => f.write_str("trust policy: no [log] section"),
            Self::Genesis { line } => {
                write!(
                    f,
                    "trust policy, line {line}: [genesis] holds one line, the base64 leaf hash of entry 0"
                )
            }
            Self::SharedKey { name } => {
                write!(
                    f,
                    "trust policy: the key of `{name}` stands in two roles; a key has one role only"
                )
            }
            Self::SharedOrigin { origin } => write!(
                f,
                "trust policy: `{origin}` is the origin of a log and of an index"
            ),
        }
    }
}

impl core::error::Error for TrustError {}

impl From<PolicyError> for TrustError {
    fn from(error: PolicyError) -> Self {
        Self::Policy(error)
    }
}

type Lines<'a> = Vec<(usize, &'a [u8])>;

/// The sections of a trust file, in the order of [`SECTIONS`].
const SECTIONS: [&str; 4] = ["[log]", "[index]", "[audit]", "[genesis]"];

impl TrustPolicy {
    /// Reads a trust file. A file without section lines is a plain tlog-policy, and stands for `[log]`.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn parse(text: &[u8]) -> Result<Self, TrustError> {
        let lines = split_lines(text)?;
        let is_section = |line: &[u8]| line.trim_ascii().first() == Some(&b'[');
        if !lines.iter().any(|(_, line)| is_section(line)) {
            let log = Policy::parse_lines(&lines)?;
            return Ok(Self {
                log,
                index: None,
                audit: None,
                genesis: None,
            });
        }
        let mut sections: [Option<(usize, Lines<'_>)>; 4] = [None, None, None, None];
        let mut current: Option<usize> = None;
        for (line, text) in lines {
            if is_section(text) {
                let name = String::from_utf8_lossy(text.trim_ascii()).into_owned();
                let at = SECTIONS.iter().position(|section| *section == name);
                let at = at.ok_or(TrustError::UnknownSection { line, name })?;
                match sections.get_mut(at) {
                    Some(section @ None) => *section = Some((line, Vec::new())),
                    _ => return Err(TrustError::DuplicateSection { line }),
                }
                current = Some(at);
                continue;
            }
            match current
                .and_then(|at| sections.get_mut(at))
                .and_then(Option::as_mut)
            {
                Some((_, lines)) => lines.push((line, text)),
                None if words(text)
                    .map_err(|rule| PolicyError { line, rule })?
                    .is_empty() => {}
                None => return Err(TrustError::OutsideSection { line }),
            }
        }
        let [log, index, audit, genesis] = sections;
        let policy = |section: Option<(usize, Lines<'_>)>| {
            section
                .map(|(_, lines)| Policy::parse_lines(&lines))
                .transpose()
        };
        let trust = Self {
            log: policy(log)?.ok_or(TrustError::NoLog)?,
            index: policy(index)?,
            audit: policy(audit)?,
            genesis: genesis
                .map(|(line, lines)| read_genesis(line, &lines))
                .transpose()?,
        };
        trust.check_roles()?;
        Ok(trust)
    }

    /// One key for all roles would let an index key pass for a log, and one witness for an auditor.
    fn check_roles(&self) -> Result<(), TrustError> {
        let roles = [Some(&self.log), self.index.as_ref(), self.audit.as_ref()];
        // The index and its auditors speak of the same index log, so its log key may stand in both.
        let keys = |policy: &'_ Policy| -> Vec<VerifierKey> {
            policy
                .logs()
                .iter()
                .chain(policy.witnesses().iter().map(|witness| &witness.key))
                .cloned()
                .collect()
        };
        for (at, role) in roles.iter().enumerate() {
            for other in roles.iter().skip(at + 1) {
                let (Some(role), Some(other)) = (role, other) else {
                    continue;
                };
                let audits_index = at == 1;
                let clash = keys(role).into_iter().find(|key| {
                    let same_log =
                        audits_index && role.logs().contains(key) && other.logs().contains(key);
                    !same_log
                        && keys(other)
                            .iter()
                            .any(|other| other.public() == key.public())
                });
                if let Some(key) = clash {
                    return Err(TrustError::SharedKey {
                        name: key.name().to_string(),
                    });
                }
            }
        }
        let origins = |policy: &Policy| {
            policy
                .logs()
                .iter()
                .map(|key| key.name().to_string())
                .collect::<Vec<_>>()
        };
        let shared = self.index.as_ref().and_then(|index| {
            let logs = origins(&self.log);
            origins(index)
                .into_iter()
                .find(|origin| logs.contains(origin))
        });
        shared.map_or(Ok(()), |origin| Err(TrustError::SharedOrigin { origin }))
    }

    /// The policy for the log's checkpoints.
    #[must_use]
    pub const fn log(&self) -> &Policy {
        &self.log
    }

    /// The policy for the index's checkpoints.
    #[must_use]
    pub const fn index(&self) -> Option<&Policy> {
        self.index.as_ref()
    }

    /// The policy for the index's auditors.
    #[must_use]
    pub const fn audit(&self) -> Option<&Policy> {
        self.audit.as_ref()
    }

    /// The leaf hash that entry 0 must have.
    #[must_use]
    pub const fn genesis(&self) -> Option<Hash> {
        self.genesis
    }

    /// Judges a checkpoint of the log at `now`, in seconds since the epoch.
    #[must_use]
    pub fn verify_log(
        &self,
        checkpoint: &Checkpoint,
        now: u64,
    ) -> (Verdict, Option<VerifiedCheckpoint>) {
        let verdict = self.log.judge(checkpoint, now);
        let verified = verdict.accepts().then(|| VerifiedCheckpoint {
            origin: checkpoint.origin().clone(),
            head: checkpoint.head(),
            time: verdict.time,
        });
        (verdict, verified)
    }
}

fn read_genesis(line: usize, lines: &[(usize, &[u8])]) -> Result<Hash, TrustError> {
    let mut found = Vec::new();
    for (line, text) in lines {
        found.extend(words(text).map_err(|rule: PolicyRule| PolicyError { line: *line, rule })?);
    }
    match found.as_slice() {
        [hash] => Hash::parse_base64(hash).ok_or(TrustError::Genesis { line }),
        _ => Err(TrustError::Genesis { line }),
    }
}

/// A tree head that a trust policy accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    origin: Origin,
    head: TreeHead,
    time: Option<u64>,
}

impl VerifiedCheckpoint {
    /// Which log.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Size and root.
    #[must_use]
    pub const fn head(&self) -> TreeHead {
        self.head
    }

    /// The time that a quorum of witnesses vouches for.
    #[must_use]
    pub const fn time(&self) -> Option<u64> {
        self.time
    }
}
