//! Trust policies: which logs, which witnesses, and how many of them ([C2SP tlog-policy](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-policy.md), 2026-07-22).
//!
//! Parsing is strict and bounded. A verdict lists who counted and why, so that it can be shown, and so that a person
//! can see which witness is missing.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::checkpoint::Checkpoint;
use crate::cosignature;
use crate::limits::{MAX_CLOCK_SKEW, MAX_POLICY, MAX_POLICY_NAMES};
use crate::note::KeyVerdict;
use crate::note_key::{SignatureType, VerifierKey};
use crate::wire::parse_decimal;

/// A parsed policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Quorum,
}

/// A witness line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name within the policy.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it takes checkpoints, if stated.
    pub url: Option<String>,
}

/// A group line: so many of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    name: String,
    threshold: usize,
    members: Vec<Member>,
}

/// A member of a group, by its place among the policy's witnesses or groups. A group only refers to earlier groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quorum {
    None,
    Of(Member),
}

/// Why a policy is malformed, and on which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Line number from 1; 0 for the file as a whole.
    pub line: usize,
    /// Which rule broke.
    pub rule: PolicyRule,
}

/// The rules of a policy's text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyRule {
    /// Larger than [`MAX_POLICY`] bytes.
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// A control character other than tab and line feed.
    ControlCharacter(u8),
    /// The last line has no line feed.
    NoFinalNewline,
    /// A line begins with an unknown word.
    UnknownKeyword(String),
    /// A line has too few or too many words.
    WordCount {
        /// What the line should look like.
        expected: &'static str,
    },
    /// A key is no vkey, or of a type that does not fit its role.
    Key(String),
    /// A public key appears twice.
    DuplicateKey,
    /// A name is defined twice, or is the reserved `none`.
    Name(String),
    /// A name that no line before defines.
    UndefinedName(String),
    /// A member is listed twice.
    DuplicateMember(String),
    /// A threshold that is not 1 to the number of members.
    Threshold {
        /// As written.
        claimed: String,
        /// Number of members.
        members: usize,
    },
    /// No quorum line.
    NoQuorum,
    /// A second quorum line.
    SecondQuorum,
    /// More than [`MAX_POLICY_NAMES`] logs, witnesses or groups.
    TooMany,
}

impl PolicyError {
    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.rule {
            PolicyRule::TooLarge { .. } => "policy-too-large",
            PolicyRule::ControlCharacter(_) => "policy-control-character",
            PolicyRule::NoFinalNewline => "policy-no-final-newline",
            PolicyRule::UnknownKeyword(_) => "policy-unknown-keyword",
            PolicyRule::WordCount { .. } => "policy-word-count",
            PolicyRule::Key(_) => "policy-key",
            PolicyRule::DuplicateKey => "policy-duplicate-key",
            PolicyRule::Name(_) => "policy-name",
            PolicyRule::UndefinedName(_) => "policy-undefined-name",
            PolicyRule::DuplicateMember(_) => "policy-duplicate-member",
            PolicyRule::Threshold { .. } => "policy-threshold",
            PolicyRule::NoQuorum => "policy-no-quorum",
            PolicyRule::SecondQuorum => "policy-second-quorum",
            PolicyRule::TooMany => "policy-too-many",
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "trust policy, line {}: ", self.line)?;
        } else {
            f.write_str("trust policy: ")?;
        }
        match &self.rule {
            PolicyRule::TooLarge { size } => {
                write!(f, "{size} bytes, more than the {MAX_POLICY} allowed")
            }
            PolicyRule::ControlCharacter(byte) => write!(
                f,
                "control character 0x{byte:02x}; only tabs and line feeds are allowed"
            ),
            PolicyRule::NoFinalNewline => f.write_str("the last line does not end in a line feed"),
            PolicyRule::UnknownKeyword(word) => write!(
                f,
                "unknown keyword `{word}`; expected log, witness, group or quorum"
            ),
            PolicyRule::WordCount { expected } => write!(f, "expected `{expected}`"),
            PolicyRule::Key(error) => f.write_str(error),
            PolicyRule::DuplicateKey => {
                f.write_str("this public key is listed before; list each key once")
            }
            PolicyRule::Name(name) => write!(
                f,
                "`{name}` is reserved or defined before; choose another name"
            ),
            PolicyRule::UndefinedName(name) => {
                write!(f, "`{name}` is not defined on a line before this one")
            }
            PolicyRule::DuplicateMember(name) => {
                write!(f, "`{name}` is listed twice in this group")
            }
            PolicyRule::Threshold { claimed, members } => write!(
                f,
                "threshold `{claimed}` is not all, any or a number from 1 to {members}"
            ),
            PolicyRule::NoQuorum => {
                f.write_str("no quorum line; write `quorum none` to ask for no witness")
            }
            PolicyRule::SecondQuorum => f.write_str("a second quorum line; keep one"),
            PolicyRule::TooMany => {
                write!(f, "more than {MAX_POLICY_NAMES} logs, witnesses or groups")
            }
        }
    }
}

impl core::error::Error for PolicyError {}

impl Policy {
    /// Reads a policy's text.
    ///
    /// # Errors
    /// [`PolicyError`], with the line.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyError> {
        Self::parse_lines(&split_lines(text)?)
    }

    /// Reads numbered lines, as cut out of a trust file.
    pub(crate) fn parse_lines(lines: &[(usize, &[u8])]) -> Result<Self, PolicyError> {
        let mut reader = Reader::default();
        for (line, text) in lines {
            reader
                .line(text)
                .map_err(|rule| PolicyError { line: *line, rule })?;
        }
        let last = lines.last().map_or(0, |(line, _)| *line);
        let quorum = reader.quorum.ok_or(PolicyError {
            line: last,
            rule: PolicyRule::NoQuorum,
        })?;
        Ok(Self {
            logs: reader.logs,
            witnesses: reader.witnesses,
            groups: reader.groups,
            quorum,
        })
    }

    /// Keys of the logs.
    #[must_use]
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Judges a checkpoint at `now`, in seconds since the epoch.
    #[must_use]
    pub fn judge(&self, checkpoint: &Checkpoint, now: u64) -> Verdict {
        let log = self.judge_log(checkpoint);
        let witnesses: Vec<WitnessVerdict> = self
            .witnesses
            .iter()
            .map(|witness| judge_witness(witness, checkpoint, now))
            .collect();
        let cosigned = |time: Option<u64>| {
            let counts = |verdict: &WitnessVerdict| match (verdict.outcome, time) {
                (WitnessOutcome::Counted { time, .. }, Some(since)) => time >= since && time > 0,
                (WitnessOutcome::Counted { .. } | WitnessOutcome::Future { .. }, None) => true,
                _ => false,
            };
            witnesses.iter().map(counts).collect::<Vec<bool>>()
        };
        let quorum = match self.quorum {
            Quorum::None => QuorumVerdict::NotRequired,
            Quorum::Of(member) if self.is_met(member, &cosigned(None)) => QuorumVerdict::Met,
            Quorum::Of(_) => QuorumVerdict::NotMet,
        };
        let time = match self.quorum {
            Quorum::None => None,
            Quorum::Of(member) => {
                let mut times: Vec<u64> =
                    witnesses.iter().filter_map(WitnessVerdict::time).collect();
                times.sort_unstable();
                times
                    .into_iter()
                    .rev()
                    .find(|time| self.is_met(member, &cosigned(Some(*time))))
            }
        };
        Verdict {
            log,
            witnesses,
            quorum,
            time,
        }
    }

    fn judge_log(&self, checkpoint: &Checkpoint) -> LogVerdict {
        let mut known = self
            .logs
            .iter()
            .filter(|key| key.name().as_str() == checkpoint.origin().as_str())
            .peekable();
        if known.peek().is_none() {
            return LogVerdict::UnknownOrigin;
        }
        let mut signed = None;
        for key in known {
            match checkpoint.note().verify(key) {
                KeyVerdict::Absent => {}
                KeyVerdict::Signed => signed = signed.or(Some(key)),
                // signed-note: a known key's failing signature spoils the note, whoever else signed.
                KeyVerdict::BadSignature => return LogVerdict::BadSignature,
            }
        }
        signed.map_or(LogVerdict::UnknownKey, |key| {
            LogVerdict::Signed(Box::new(key.clone()))
        })
    }

    /// Whether enough witnesses cosigned. Groups only refer to groups before them, so this ends.
    fn is_met(&self, member: Member, cosigned: &[bool]) -> bool {
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        let met = |member: &Member, groups: &[bool]| match member {
            Member::Witness(at) => cosigned.get(*at).copied().unwrap_or(false),
            Member::Group(at) => groups.get(*at).copied().unwrap_or(false),
        };
        for group in &self.groups {
            let count = group
                .members
                .iter()
                .filter(|member| met(member, &groups))
                .count();
            groups.push(count >= group.threshold);
        }
        met(&member, &groups)
    }
}

fn judge_witness(witness: &Witness, checkpoint: &Checkpoint, now: u64) -> WitnessVerdict {
    let mut outcome = WitnessOutcome::Absent;
    for signature in checkpoint.note().signatures_by(&witness.key) {
        outcome = match cosignature::verify(checkpoint, &witness.key, signature) {
            Err(_) => WitnessOutcome::BadSignature,
            Ok(time) if time > now.saturating_add(MAX_CLOCK_SKEW) => {
                WitnessOutcome::Future { time }
            }
            Ok(time) => WitnessOutcome::Counted { time },
        };
        if matches!(outcome, WitnessOutcome::BadSignature) {
            break;
        }
    }
    WitnessVerdict {
        name: witness.name.clone(),
        outcome,
    }
}

/// What a policy says of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The log's own signature.
    pub log: LogVerdict,
    /// Every witness of the policy, in its order.
    pub witnesses: Vec<WitnessVerdict>,
    /// Whether enough of them cosigned.
    pub quorum: QuorumVerdict,
    /// The latest time T such that cosignatures with time ≥ T meet the quorum; times of 0 or more than five minutes
    /// ahead of now do not count.
    pub time: Option<u64>,
}

impl Verdict {
    /// Whether the policy accepts the checkpoint.
    #[must_use]
    pub fn accepts(&self) -> bool {
        matches!(self.log, LogVerdict::Signed(_))
            && matches!(self.quorum, QuorumVerdict::Met | QuorumVerdict::NotRequired)
            && !self
                .witnesses
                .iter()
                .any(|witness| witness.outcome == WitnessOutcome::BadSignature)
    }
}

/// The log's own signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogVerdict {
    /// This key of the policy signed.
    Signed(Box<VerifierKey>),
    /// The policy has no log of this origin.
    UnknownOrigin,
    /// The policy has the log, and none of its keys signed.
    UnknownKey,
    /// A key of the policy is named, and the signature is wrong.
    BadSignature,
}

/// One witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessVerdict {
    /// Its name within the policy.
    pub name: String,
    /// What was found.
    pub outcome: WitnessOutcome,
}

impl WitnessVerdict {
    /// The time that it vouches for, where that counts.
    fn time(&self) -> Option<u64> {
        match self.outcome {
            WitnessOutcome::Counted { time } if time > 0 => Some(time),
            _ => None,
        }
    }
}

/// What was found of a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WitnessOutcome {
    /// It cosigned at this time.
    Counted {
        /// Seconds since the epoch; 0 for a cosignature that states none.
        time: u64,
    },
    /// It cosigned, at a time more than five minutes ahead: it counts, its time does not.
    Future {
        /// Seconds since the epoch.
        time: u64,
    },
    /// It did not cosign.
    Absent,
    /// Its cosignature is wrong.
    BadSignature,
}

/// Whether enough witnesses cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuorumVerdict {
    /// The policy asks for none.
    NotRequired,
    /// Enough.
    Met,
    /// Too few.
    NotMet,
}

/// Cuts a text into its lines, numbered from 1.
pub(crate) fn split_lines(text: &[u8]) -> Result<Vec<(usize, &[u8])>, PolicyError> {
    if text.len() > MAX_POLICY {
        return Err(PolicyError {
            line: 0,
            rule: PolicyRule::TooLarge { size: text.len() },
        });
    }
    let mut lines: Vec<(usize, &[u8])> = (1..).zip(text.split(|byte| *byte == b'\n')).collect();
    match lines.pop() {
        Some((_, [])) => Ok(lines),
        Some((line, _)) => Err(PolicyError {
            line,
            rule: PolicyRule::NoFinalNewline,
        }),
        None => Ok(lines),
    }
}

/// The words of a line; none for an empty line or a comment.
pub(crate) fn words(line: &[u8]) -> Result<Vec<String>, PolicyRule> {
    if let Some(byte) = line
        .iter()
        .find(|byte| (**byte < 0x20 && **byte != b'\t') || **byte == 0x7f)
    {
        return Err(PolicyRule::ControlCharacter(*byte));
    }
    let words = line
        .split(|byte| *byte == b' ' || *byte == b'\t')
        .filter(|word| !word.is_empty());
    let words: Vec<&[u8]> = words.collect();
    if words
        .first()
        .is_some_and(|word| word.first() == Some(&b'#'))
    {
        return Ok(Vec::new());
    }
    // Names are octets to the specification; one that is no UTF-8 could not be shown, and is refused.
    let text = |word: &[u8]| core::str::from_utf8(word).map(ToString::to_string);
    words
        .into_iter()
        .map(|word| {
            text(word).map_err(|_| PolicyRule::Key("the line is not UTF-8 text".to_string()))
        })
        .collect()
}

#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Option<Quorum>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyRule> {
        let words = words(line)?;
        let Some((keyword, words)) = words.split_first() else {
            return Ok(());
        };
        match keyword.as_str() {
            "log" => self.log(words),
            "witness" => self.witness(words),
            "group" => self.group(words),
            "quorum" => self.quorum(words),
            _ => Err(PolicyRule::UnknownKeyword(keyword.clone())),
        }
    }

    fn log(&mut self, words: &[String]) -> Result<(), PolicyRule> {
        let ([key] | [key, _]) = words else {
            return Err(PolicyRule::WordCount {
                expected: "log VKEY [URL]",
            });
        };
        let key = self.key(key, SignatureType::Ed25519)?;
        room(self.logs.len())?;
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, words: &[String]) -> Result<(), PolicyRule> {
        let (name, key, url) = match words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(url.clone())),
            _ => {
                return Err(PolicyRule::WordCount {
                    expected: "witness NAME VKEY [URL]",
                });
            }
        };
        self.new_name(name)?;
        let key = self.key(key, SignatureType::CosignatureV1)?;
        room(self.witnesses.len())?;
        self.witnesses.push(Witness {
            name: name.clone(),
            key,
            url,
        });
        Ok(())
    }

    fn group(&mut self, words: &[String]) -> Result<(), PolicyRule> {
        let [name, threshold, names @ ..] = words else {
            return Err(PolicyRule::WordCount {
                expected: "group NAME all|any|NUMBER MEMBER…",
            });
        };
        if names.is_empty() {
            return Err(PolicyRule::WordCount {
                expected: "group NAME all|any|NUMBER MEMBER…",
            });
        }
        self.new_name(name)?;
        let mut members = Vec::new();
        for name in names {
            let member = self.member(name)?;
            if members.contains(&member) {
                return Err(PolicyRule::DuplicateMember(name.clone()));
            }
            members.push(member);
        }
        let number = match threshold.as_str() {
            "all" => Some(members.len()),
            "any" => Some(1),
            number => parse_decimal(number).and_then(|number| usize::try_from(number).ok()),
        };
        let threshold = number
            .filter(|number| (1..=members.len()).contains(number))
            .ok_or_else(|| PolicyRule::Threshold {
                claimed: threshold.clone(),
                members: members.len(),
            })?;
        room(self.groups.len())?;
        self.groups.push(Group {
            name: name.clone(),
            threshold,
            members,
        });
        Ok(())
    }

    fn quorum(&mut self, words: &[String]) -> Result<(), PolicyRule> {
        let [name] = words else {
            return Err(PolicyRule::WordCount {
                expected: "quorum NAME",
            });
        };
        if self.quorum.is_some() {
            return Err(PolicyRule::SecondQuorum);
        }
        self.quorum = Some(if name == "none" {
            Quorum::None
        } else {
            Quorum::Of(self.member(name)?)
        });
        Ok(())
    }

    fn key(&self, text: &str, wanted: SignatureType) -> Result<VerifierKey, PolicyRule> {
        let key = VerifierKey::parse(text).map_err(|error| PolicyRule::Key(error.to_string()))?;
        if key.signature_type() != wanted {
            let role = match wanted {
                SignatureType::Ed25519 => "a log's key has signature type 0x01",
                SignatureType::CosignatureV1 => "a witness's key has signature type 0x04",
            };
            return Err(PolicyRule::Key(format!(
                "`{text}` does not fit its role: {role}"
            )));
        }
        let listed = self
            .logs
            .iter()
            .chain(self.witnesses.iter().map(|witness| &witness.key));
        if listed
            .into_iter()
            .any(|other| other.public() == key.public())
        {
            return Err(PolicyRule::DuplicateKey);
        }
        Ok(key)
    }

    fn new_name(&self, name: &str) -> Result<(), PolicyRule> {
        if name == "none" || self.member(name).is_ok() {
            return Err(PolicyRule::Name(name.to_string()));
        }
        Ok(())
    }

    fn member(&self, name: &str) -> Result<Member, PolicyRule> {
        let witness = self
            .witnesses
            .iter()
            .position(|witness| witness.name == name)
            .map(Member::Witness);
        let group = || {
            self.groups
                .iter()
                .position(|group| group.name == name)
                .map(Member::Group)
        };
        witness
            .or_else(group)
            .ok_or_else(|| PolicyRule::UndefinedName(name.to_string()))
    }
}

fn room(count: usize) -> Result<(), PolicyRule> {
    if count >= MAX_POLICY_NAMES {
        Err(PolicyRule::TooMany)
    } else {
        Ok(())
    }
}
