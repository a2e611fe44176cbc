//! The one file that a verifier trusts: a policy for each role, and the genesis entry (`docs/formats/trust-policy.md`).
//!
//! ```text
//! [log]
//! log models.example.com/access+1d2c3b4a+AY…
//! quorum none
//! [index]
//! log models.example.com/access/index+5e6f7a8b+AZ…
//! quorum none
//! [genesis]
//! bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=
//! ```
//!
//! A file without such sections is a plain tlog-policy and stands for `[log]`. [`TrustPolicy::verify_log`] is the only
//! way to a [`VerifiedCheckpoint`].

use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::note::checkpoint::{Checkpoint, Origin};
use crate::text::escape::excerpt;
use crate::trust::policy::{Policy, Verdict};
use crate::trust::policy_error::PolicyError;
use crate::trust::policy_text::{Line, lines, text_of, words};
use alloc::string::String;
use alloc::vec::Vec;

/// What a verifier trusts, by role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPolicy {
    log: Policy,
    index: Option<Policy>,
    audit: Option<Policy>,
    genesis: Option<Hash>,
}

impl TrustPolicy {
    /// Parses a trust file.
    ///
    /// # Errors
    /// The [`TrustError`] with the line and how to mend it.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        let sections = Sections::cut(bytes)?;
        let policy = |section: &Section| -> Result<Option<Policy>, TrustError> {
            let lines = sections.lines(*section);
            let parsed = lines.map(Policy::parse_lines).transpose();
            parsed.map_err(TrustError::Policy)
        };
        let index = policy(&Section::Index)?;
        let mut audit = policy(&Section::Audit)?;
        // Auditors vouch for the index: whose checkpoints they are need not be said again.
        if let (Some(audit), Some(index)) = (&mut audit, &index)
            && audit.logs.is_empty()
        {
            audit.logs.clone_from(&index.logs);
        }
        let trust = Self {
            log: policy(&Section::Log)?.ok_or(TrustError::NoLog)?,
            index,
            audit,
            genesis: sections
                .lines(Section::Genesis)
                .map(parse_genesis)
                .transpose()?,
        };
        trust.check_roles()?;
        Ok(trust)
    }

    /// What makes a checkpoint of the log good.
    #[must_use]
    pub fn log(&self) -> &Policy {
        &self.log
    }

    /// What makes a checkpoint of the index good.
    #[must_use]
    pub fn index(&self) -> Option<&Policy> {
        self.index.as_ref()
    }

    /// Which auditors must have vouched for the index besides.
    #[must_use]
    pub fn audit(&self) -> Option<&Policy> {
        self.audit.as_ref()
    }

    /// The leaf hash that entry 0 must have.
    #[must_use]
    pub fn genesis(&self) -> Option<Hash> {
        self.genesis
    }

    /// Judges a checkpoint of the log at `now`, in seconds since the epoch; it is verified if the policy accepts it.
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

    /// A key that stood in two roles would let an index pass for a log, or a witness for an auditor.
    fn check_roles(&self) -> Result<(), TrustError> {
        if let Some(audit) = &self.audit {
            let index = self.index.as_ref().ok_or(TrustError::AuditWithoutIndex)?;
            for log in &audit.logs {
                // Auditors vouch for the index, so it is the only log there is to name; naming it again is no second role.
                if !index.logs.iter().any(|known| known.key == log.key) {
                    return Err(TrustError::AuditOfOtherLog {
                        origin: log.key.name().as_str().into(),
                    });
                }
            }
        }
        let mut seen: Vec<(Section, &Policy)> = Vec::new();
        let roles = [
            (Section::Log, Some(&self.log)),
            (Section::Index, self.index.as_ref()),
            (Section::Audit, self.audit.as_ref()),
        ];
        for (section, policy) in roles {
            let Some(policy) = policy else { continue };
            for (first, other) in &seen {
                check_apart(*first, other, section, policy)?;
            }
            seen.push((section, policy));
        }
        Ok(())
    }
}

fn check_apart(
    first: Section,
    one: &Policy,
    second: Section,
    other: &Policy,
) -> Result<(), TrustError> {
    let is_index_again = (first, second) == (Section::Index, Section::Audit);
    for (key, is_log) in keys(other) {
        if is_index_again && is_log {
            continue;
        }
        if keys(one).any(|(known, _)| known.public() == key.public()) {
            return Err(TrustError::KeyInTwoRoles {
                key: key.name().as_str().into(),
                first,
                second,
            });
        }
        if is_log && one.logs.iter().any(|log| log.key.name() == key.name()) {
            return Err(TrustError::OriginInTwoRoles {
                origin: key.name().as_str().into(),
                first,
                second,
            });
        }
    }
    Ok(())
}

/// All keys of a policy, and which of them are logs'.
fn keys(policy: &Policy) -> impl Iterator<Item = (&crate::note::key::VerifierKey, bool)> {
    let logs = policy.logs.iter().map(|log| (&log.key, true));
    logs.chain(policy.witnesses.iter().map(|witness| (&witness.key, false)))
}

/// A checkpoint that the trust policy accepts; there is no other way to make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    origin: Origin,
    head: TreeHead,
    time: Option<u64>,
}

impl VerifiedCheckpoint {
    /// The log that signed it.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// The time that the quorum vouches for ([`Verdict::time`]).
    #[must_use]
    pub fn time(&self) -> Option<u64> {
        self.time
    }
}

/// A section of a trust file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Section {
    /// `[log]`: who signs and witnesses the log.
    Log,
    /// `[index]`: who signs and witnesses the index.
    Index,
    /// `[audit]`: who audits the index.
    Audit,
    /// `[genesis]`: the leaf hash of entry 0.
    Genesis,
}

impl Section {
    const ALL: [Self; 4] = [Self::Log, Self::Index, Self::Audit, Self::Genesis];

    /// The line that begins the section.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "[log]",
            Self::Index => "[index]",
            Self::Audit => "[audit]",
            Self::Genesis => "[genesis]",
        }
    }
}

/// The lines of each section that is there, its own line first.
struct Sections<'a>(Vec<(Section, usize, Vec<Line<'a>>)>);

impl<'a> Sections<'a> {
    fn cut(bytes: &'a [u8]) -> Result<Self, TrustError> {
        let lines = lines(bytes).map_err(TrustError::Policy)?;
        let mut sections: Vec<(Section, usize, Vec<Line<'a>>)> = Vec::new();
        let mut before: Vec<Line<'a>> = Vec::new();
        for (line, text) in lines {
            let found = words(line, text).map_err(TrustError::Policy)?;
            if let [word] = found.as_slice()
                && word.starts_with(b"[")
            {
                let section = Section::ALL
                    .into_iter()
                    .find(|section| section.name().as_bytes() == *word)
                    .ok_or_else(|| TrustError::UnknownSection {
                        line,
                        name: text_of(word),
                    })?;
                if let Some((_, first, _)) = sections.iter().find(|(seen, ..)| *seen == section) {
                    let first = *first;
                    return Err(TrustError::SectionTwice {
                        line,
                        section,
                        first,
                    });
                }
                sections.push((section, line, Vec::from([(line, &b""[..])])));
                continue;
            }
            match sections.last_mut() {
                Some((.., lines)) => lines.push((line, text)),
                None => before.push((line, text)),
            }
        }
        if sections.is_empty() {
            // A plain tlog-policy.
            return Ok(Self(Vec::from([(Section::Log, 1, before)])));
        }
        for (line, text) in before {
            if !words(line, text).map_err(TrustError::Policy)?.is_empty() {
                return Err(TrustError::BeforeSections { line });
            }
        }
        Ok(Self(sections))
    }

    fn lines(&self, section: Section) -> Option<&[Line<'a>]> {
        let mut sections = self.0.iter();
        let found = sections.find(|(name, ..)| *name == section);
        found.map(|(.., lines)| lines.as_slice())
    }
}

/// Reads the one line of `[genesis]`; the section's own line comes first, empty.
fn parse_genesis(lines: &[Line<'_>]) -> Result<Hash, TrustError> {
    let mut at = lines.first().map_or(1, |(line, _)| *line);
    let mut hash = None;
    for (line, text) in lines {
        let found = words(*line, text).map_err(TrustError::Policy)?;
        if found.is_empty() {
            continue;
        }
        at = *line;
        let parsed = match (found.as_slice(), hash) {
            ([word], None) => core::str::from_utf8(word).ok().and_then(Hash::parse_base64),
            _ => None,
        };
        hash = Some(parsed.ok_or(TrustError::Genesis { line: at })?);
    }
    hash.ok_or(TrustError::Genesis { line: at })
}

/// Why a trust file is refused, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// A policy in it is refused.
    #[error(transparent)]
    Policy(PolicyError),
    /// There are sections, and `[log]` is not one of them.
    #[error("the policy has sections and no [log]; add it")]
    NoLog,
    /// A line that looks like a section's and is none.
    #[error("line {line} of the policy: `{}` is not [log], [index], [audit] or [genesis]", excerpt(.name))]
    UnknownSection {
        /// Counted from 1.
        line: usize,
        /// As written.
        name: String,
    },
    /// The section is there already.
    #[error("line {line} of the policy: {} begins on line {first} already; join the two", .section.name())]
    SectionTwice {
        /// Counted from 1.
        line: usize,
        /// The section.
        section: Section,
        /// The line where it is first.
        first: usize,
    },
    /// Something stands before the first section, so no role has it.
    #[error("line {line} of the policy: this stands before the first section; move it into one")]
    BeforeSections {
        /// Counted from 1.
        line: usize,
    },
    /// `[genesis]` is not one line with the base64 of 32 bytes.
    #[error("line {line} of the policy: [genesis] holds one line, the base64 leaf hash of entry 0")]
    Genesis {
        /// Counted from 1.
        line: usize,
    },
    /// A public key stands in two roles.
    #[error("the key `{}` stands in {} and in {}; each role needs keys of its own", excerpt(.key), .first.name(), .second.name())]
    KeyInTwoRoles {
        /// Its name in the second.
        key: String,
        /// The one role.
        first: Section,
        /// The other.
        second: Section,
    },
    /// An origin stands in two roles.
    #[error("the origin `{}` stands in {} and in {}; each role needs an origin of its own", excerpt(.origin), .first.name(), .second.name())]
    OriginInTwoRoles {
        /// The origin.
        origin: String,
        /// The one role.
        first: Section,
        /// The other.
        second: Section,
    },
    /// Auditors without an index to vouch for.
    #[error("[audit] vouches for an index and there is no [index]; add it")]
    AuditWithoutIndex,
    /// `[audit]` names a log that is not the index's.
    #[error("[audit] names the log `{}`, which is not the one of [index]; leave the line out", excerpt(.origin))]
    AuditOfOtherLog {
        /// Its origin.
        origin: String,
    },
}

impl TrustError {
    /// A stable name for the rule that failed.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Policy(error) => error.code(),
            Self::NoLog => "trust-no-log",
            Self::UnknownSection { .. } => "trust-unknown-section",
            Self::SectionTwice { .. } => "trust-section-twice",
            Self::BeforeSections { .. } => "trust-before-sections",
            Self::Genesis { .. } => "trust-genesis",
            Self::KeyInTwoRoles { .. } => "trust-key-in-two-roles",
            Self::OriginInTwoRoles { .. } => "trust-origin-in-two-roles",
            Self::AuditWithoutIndex => "trust-audit-without-index",
            Self::AuditOfOtherLog { .. } => "trust-audit-of-other-log",
        }
    }
}
