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
//! A file without such sections is a plain tlog-policy: the section `[log]`. Only [`TrustPolicy::verify_log`] makes a
//! [`VerifiedCheckpoint`].

use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::note::checkpoint::{Checkpoint, Origin};
use crate::note::key::VerifierKey;
use crate::note::key_name::Role;
use crate::note::signed_checkpoint::SignedCheckpoint;
use crate::trust::policy::{LogVerdict, Policy, Verdict};
use crate::trust::policy_text::{Line, lines, text_of, words};
use crate::trust::section::Section;
use crate::trust::trust_error::TrustError;
use crate::trust::validity::{Invalid, Subject, Terms};
use crate::trust::validity_text::{self, Policies};
use alloc::string::String;
use alloc::vec::Vec;

/// The keys that a verifier trusts, by role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPolicy {
    log: Policy,
    index: Option<Policy>,
    audit: Option<Policy>,
    pins: Vec<Pin>,
    terms: Vec<Terms>,
}

/// The leaf hash that entry 0 of a log must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Origin of the log; `None` for each log without a line of its own.
    pub origin: Option<String>,
    /// The leaf hash.
    pub leaf_hash: Hash,
}

/// The mark U+FEFF in UTF-8, which some editors write before a text, invisibly.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl TrustPolicy {
    /// Parses a trust file.
    ///
    /// # Errors
    /// The [`TrustError`] with the line and the remedy.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        if bytes.starts_with(BYTE_ORDER_MARK) {
            return Err(TrustError::ByteOrderMark);
        }
        let sections = Sections::cut(bytes)?;
        let policy = |section: &Section| -> Result<Option<Policy>, TrustError> {
            let cosigners = match section {
                Section::Audit => Role::Auditor,
                _ => Role::Witness,
            };
            let lines = sections.lines(*section);
            let parsed = lines.map(|lines| Policy::parse_lines(lines, cosigners));
            parsed.transpose().map_err(TrustError::Policy)
        };
        let mut index = policy(&Section::Index)?;
        let mut audit = policy(&Section::Audit)?;
        // Auditors vouch for the index, so `[audit]` need not repeat its logs.
        if let (Some(audit), Some(index)) = (&mut audit, &index)
            && audit.logs.is_empty()
        {
            audit.logs.clone_from(&index.logs);
        }
        let mut log = policy(&Section::Log)?.ok_or(TrustError::NoLog)?;
        let pins = match sections.lines(Section::Genesis) {
            Some(lines) => parse_pins(lines, &log)?,
            None => Vec::new(),
        };
        let mut policies = Policies {
            log: &mut log,
            index: index.as_mut(),
            audit: audit.as_mut(),
        };
        let lines = sections.lines(Section::Validity).unwrap_or_default();
        let terms = validity_text::apply(lines, &mut policies)?;
        let trust = Self {
            log,
            index,
            audit,
            pins,
            terms,
        };
        trust.check_roles()?;
        Ok(trust)
    }

    /// Returns the policy for checkpoints of the log.
    #[must_use]
    pub fn log(&self) -> &Policy {
        &self.log
    }

    /// Returns the policy for checkpoints of the index.
    #[must_use]
    pub fn index(&self) -> Option<&Policy> {
        self.index.as_ref()
    }

    /// Returns the policy for auditors, who vouch for the index as well.
    #[must_use]
    pub fn audit(&self) -> Option<&Policy> {
        self.audit.as_ref()
    }

    /// Returns the leaf hash that entry 0 of the log with this origin must have.
    #[must_use]
    pub fn genesis(&self, origin: &str) -> Option<Hash> {
        let own = |pin: &&Pin| pin.origin.as_deref() == Some(origin);
        let found = self.pins.iter().find(own);
        let found = found.or_else(|| self.pins.iter().find(|pin| pin.origin.is_none()));
        found.map(|pin| pin.leaf_hash)
    }

    /// Returns the pins, in the order of the text.
    #[must_use]
    pub fn pins(&self) -> &[Pin] {
        &self.pins
    }

    /// Returns the lines of `[validity]`, in the order of the text.
    #[must_use]
    pub fn terms(&self) -> &[Terms] {
        &self.terms
    }

    /// Returns the age beyond which a checkpoint of this log is too old to be *fresh*, in seconds.
    #[must_use]
    pub fn max_age(&self, origin: &str) -> Option<u64> {
        self.terms_of(origin)?.max_age
    }

    /// Returns the tree with which this log ended; no other of its checkpoints is verified.
    #[must_use]
    pub fn last(&self, origin: &str) -> Option<TreeHead> {
        self.terms_of(origin)?.last
    }

    fn terms_of(&self, origin: &str) -> Option<&Terms> {
        let is_of = |terms: &&Terms| terms.subject == Subject::Log(origin.into());
        self.terms.iter().find(is_of)
    }

    /// Judges a checkpoint of the log at `now`, in seconds since the epoch; it is verified if the policy accepts it.
    #[must_use]
    pub fn verify_log(
        &self,
        checkpoint: &Checkpoint,
        now: u64,
    ) -> (Verdict, Option<VerifiedCheckpoint>) {
        let mut verdict = self.log.judge(checkpoint, now);
        let (head, origin) = (checkpoint.head(), checkpoint.origin().as_str());
        if let (Some(last), LogVerdict::Signed(key)) = (self.last(origin), &verdict.log)
            && last != head
        {
            verdict.log = match last.size == head.size {
                true => LogVerdict::OtherLast,
                false => LogVerdict::Invalid(key.clone(), Invalid::NotLast { size: last.size }),
            };
        }
        let verified = verdict.accepts().then(|| VerifiedCheckpoint {
            origin: checkpoint.origin().clone(),
            head: checkpoint.head(),
            time: verdict.time,
            seen: verdict.seen,
        });
        (verdict, verified)
    }

    /// Keeps the signature lines of an index checkpoint that verify by keys of the index, its witnesses or its auditors;
    /// `None` if there are none.
    #[must_use]
    pub fn signed_index(&self, checkpoint: &Checkpoint) -> Option<SignedCheckpoint> {
        let sections = [self.index.as_ref(), self.audit.as_ref()];
        let keys: Vec<&VerifierKey> = sections
            .into_iter()
            .flatten()
            .flat_map(Policy::keys)
            .collect();
        SignedCheckpoint::new(checkpoint, &keys)
    }

    /// Refuses a key in two roles, which would let an index pass for a log, or a log for its own witness.
    fn check_roles(&self) -> Result<(), TrustError> {
        if let Some(audit) = &self.audit {
            let index = self.index.as_ref().ok_or(TrustError::AuditWithoutIndex)?;
            for log in &audit.logs {
                // `[audit]` may name the logs of the index only; naming them again is not a second role.
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
        match keys(one).find(|(known, _)| known.public() == key.public()) {
            None => {}
            // A cosignature names the log that it is about, so one witness may speak of the log and of the index.
            Some((known, false)) if !is_log && second == Section::Index && known == key => {}
            Some((known, false)) if !is_log && second == Section::Index => {
                return Err(TrustError::WitnessUnderTwoNames {
                    key: key.name().as_str().into(),
                    known: known.name().as_str().into(),
                });
            }
            Some(_) => {
                return Err(TrustError::KeyInTwoRoles {
                    key: key.name().as_str().into(),
                    first,
                    second,
                });
            }
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

/// Returns all keys of a policy, each with `true` for the key of a log.
fn keys(policy: &Policy) -> impl Iterator<Item = (&VerifierKey, bool)> {
    let logs = policy.logs.iter().map(|log| (&log.key, true));
    logs.chain(policy.witnesses.iter().map(|witness| (&witness.key, false)))
}

/// A checkpoint that the trust policy accepts; only [`TrustPolicy::verify_log`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    origin: Origin,
    head: TreeHead,
    time: Option<u64>,
    seen: Option<u64>,
}

impl VerifiedCheckpoint {
    /// Returns the origin of the log that signed it.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns its size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// Returns the time that the quorum confirms ([`Verdict::time`]).
    #[must_use]
    pub fn time(&self) -> Option<u64> {
        self.time
    }

    /// Returns the time by which the quorum had seen it ([`Verdict::seen`]).
    #[must_use]
    pub fn seen(&self) -> Option<u64> {
        self.seen
    }
}

/// The lines of each section in the file, with the line of its name first.
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

/// Parses the lines of `[genesis]`, `[ORIGIN] HASH`; the line of the section's name comes first, empty.
fn parse_pins(lines: &[Line<'_>], log: &Policy) -> Result<Vec<Pin>, TrustError> {
    let mut at = lines.first().map_or(1, |(line, _)| *line);
    let mut pins: Vec<Pin> = Vec::new();
    for (line, text) in lines {
        let found = words(*line, text).map_err(TrustError::Policy)?;
        if found.is_empty() {
            continue;
        }
        at = *line;
        let refused = || TrustError::Genesis { line: at };
        let (origin, hash) = match found.as_slice() {
            [hash] => (None, hash),
            [origin, hash] => {
                let origin = text_of(origin);
                if !log.logs.iter().any(|log| log.key.name().as_str() == origin) {
                    return Err(TrustError::PinOfOtherLog { line: at, origin });
                }
                (Some(origin), hash)
            }
            _ => return Err(refused()),
        };
        let hash = core::str::from_utf8(hash).ok().and_then(Hash::parse_base64);
        let leaf_hash = hash.ok_or_else(refused)?;
        if pins.iter().any(|pin| pin.origin == origin) {
            return Err(refused());
        }
        pins.push(Pin { origin, leaf_hash });
    }
    match pins.is_empty() {
        true => Err(TrustError::Genesis { line: at }),
        false => Ok(pins),
    }
}
