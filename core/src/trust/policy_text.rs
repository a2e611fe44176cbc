//! The text of trust policies ([C2SP tlog-policy](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-policy.md#policy-file-syntax-and-structure), 2026-07-22).
//!
//! Lines of words, read once from top to bottom. A name refers to an earlier line, so there are no cycles. A name is a
//! member of at most one group, so groups form trees, and one pass evaluates them.

use crate::note::key::{UnsupportedKey, VerifierKey};
use crate::note::key_name::{KeyId, KeyName, Role};
use crate::text::escape::display_safe;
use crate::text::limits::{MAX_POLICY, MAX_POLICY_NAMES};
use crate::text::wire;
use crate::trust::policy::{Group, Log, Member, Policy, UnsupportedWitness, Witness};
use crate::trust::policy_error::{PolicyError, PolicyProblem};
use crate::trust::validity::{Validity, Window};
use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const LOG_USAGE: &str = "log VKEY [URL]";
const WITNESS_USAGE: &str = "witness NAME VKEY [URL]";
const GROUP_USAGE: &str = "group NAME all|any|NUMBER MEMBER…";
const QUORUM_USAGE: &str = "quorum NAME|none";

/// A line and its number, counted from 1 in the whole file.
pub(crate) type Line<'a> = (usize, &'a [u8]);

impl Policy {
    /// Parses a policy. The last line may lack its line feed, because some editors omit it.
    ///
    /// # Errors
    /// The [`PolicyError`] with the line and the remedy.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        Self::parse_lines(&lines(bytes)?, Role::Witness)
    }

    /// Parses the lines of one policy in a file that may hold several; `cosigners` is the role of its witnesses.
    pub(crate) fn parse_lines(lines: &[Line<'_>], cosigners: Role) -> Result<Self, PolicyError> {
        let mut reader = Reader::new(cosigners);
        for (line, text) in lines {
            let words = words(*line, text)?;
            reader.read(*line, &words).map_err(|problem| PolicyError {
                line: *line,
                problem,
            })?;
        }
        reader.finish().map_err(|problem| PolicyError {
            line: lines.last().map_or(1, |(line, _)| *line),
            problem,
        })
    }
}

/// Cuts a file into numbered lines.
pub(crate) fn lines(bytes: &[u8]) -> Result<Vec<Line<'_>>, PolicyError> {
    if bytes.len() > MAX_POLICY {
        let problem = PolicyProblem::TooLarge { size: bytes.len() };
        return Err(PolicyError { line: 1, problem });
    }
    Ok((1..).zip(bytes.split(|byte| *byte == b'\n')).collect())
}

/// Cuts a line into words; none for an empty line or a comment.
pub(crate) fn words(line: usize, text: &[u8]) -> Result<Vec<&[u8]>, PolicyError> {
    let is_refused = |byte: &&u8| (**byte < b' ' && **byte != b'\t') || **byte == 0x7f;
    if let Some(byte) = text.iter().find(is_refused) {
        let problem = PolicyProblem::Octet { byte: *byte };
        return Err(PolicyError { line, problem });
    }
    let mut words: Vec<&[u8]> = text
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .filter(|word| !word.is_empty())
        .collect();
    if words.first().is_some_and(|word| word.starts_with(b"#")) {
        words.clear();
    }
    Ok(words)
}

/// Converts octets to text; those that are not UTF-8 become `\xff`.
pub(crate) fn text_of(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str("\\x");
            text.push_str(&wire::hex_encode(&[*byte]));
        }
    }
    text
}

/// The meaning of a name, and the line that defines it.
struct Name {
    member: Member,
    defined: usize,
    /// Line of the group that has it as a member.
    used: Option<usize>,
}

/// The contents of the lines read so far.
struct Reader<'a> {
    cosigners: Role,
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    unsupported: Vec<UnsupportedWitness>,
    groups: Vec<Group>,
    names: BTreeMap<&'a [u8], Name>,
    /// The lines of public keys.
    keys: BTreeMap<Vec<u8>, usize>,
    /// The lines of the names and ids of keys.
    ids: BTreeMap<(KeyName, KeyId), usize>,
    quorum: Option<(usize, Option<Member>, String)>,
}

impl<'a> Reader<'a> {
    const fn new(cosigners: Role) -> Self {
        Self {
            cosigners,
            logs: Vec::new(),
            witnesses: Vec::new(),
            unsupported: Vec::new(),
            groups: Vec::new(),
            names: BTreeMap::new(),
            keys: BTreeMap::new(),
            ids: BTreeMap::new(),
            quorum: None,
        }
    }

    fn read(&mut self, line: usize, words: &[&'a [u8]]) -> Result<(), PolicyProblem> {
        match words {
            [] => Ok(()),
            [b"log", words @ ..] => self.log(line, words),
            [b"witness", words @ ..] => self.witness(line, words),
            [b"group", words @ ..] => self.group(line, words),
            [b"quorum", words @ ..] => self.quorum(line, words),
            [word, ..] => Err(PolicyProblem::UnknownKeyword {
                word: text_of(word),
            }),
        }
    }

    fn finish(self) -> Result<Policy, PolicyProblem> {
        let (_, quorum, needs) = self.quorum.ok_or(PolicyProblem::NoQuorum)?;
        Ok(Policy {
            logs: self.logs,
            also: Vec::new(),
            witnesses: self.witnesses,
            unsupported: self.unsupported,
            groups: self.groups,
            quorum,
            needs,
        })
    }

    fn log(&mut self, line: usize, words: &[&[u8]]) -> Result<(), PolicyProblem> {
        let (key, url) = match words {
            [key] => (key, None),
            [key, url] => (key, Some(text_of(url))),
            _ => return Err(PolicyProblem::Words { usage: LOG_USAGE }),
        };
        room(self.logs.len())?;
        let key = self.key(line, key, Role::Log)?;
        let validity = Validity::default();
        self.logs.push(Log { key, url, validity });
        Ok(())
    }

    fn witness(&mut self, line: usize, words: &[&'a [u8]]) -> Result<(), PolicyProblem> {
        let (name, key, url) = match words {
            [name, key] => (*name, key, None),
            [name, key, url] => (*name, key, Some(text_of(url))),
            _ => {
                return Err(PolicyProblem::Words {
                    usage: WITNESS_USAGE,
                });
            }
        };
        room(self.witnesses.len().saturating_add(self.unsupported.len()))?;
        if let Some(key) = unsupported(key)? {
            self.define(line, name, Member::Unsupported(self.unsupported.len()))?;
            self.unlike_others(line, key.public(), key.name(), key.id())?;
            let name = text_of(name);
            self.unsupported.push(UnsupportedWitness { name, key });
            return Ok(());
        }
        self.define(line, name, Member::Witness(self.witnesses.len()))?;
        let key = self.key(line, key, self.cosigners)?;
        self.witnesses.push(Witness {
            name: text_of(name),
            key,
            url,
            window: Window::default(),
        });
        Ok(())
    }

    fn group(&mut self, line: usize, words: &[&'a [u8]]) -> Result<(), PolicyProblem> {
        let [name, threshold, members @ ..] = words else {
            return Err(PolicyProblem::Words { usage: GROUP_USAGE });
        };
        if members.is_empty() {
            return Err(PolicyProblem::Words { usage: GROUP_USAGE });
        }
        room(self.groups.len())?;
        let number = match *threshold {
            b"all" => Some(members.len()),
            b"any" => Some(1),
            number => core::str::from_utf8(number)
                .ok()
                .and_then(wire::parse_decimal)
                .and_then(|number| usize::try_from(number).ok()),
        };
        let threshold = number
            .filter(|number| (1..=members.len()).contains(number))
            .ok_or_else(|| PolicyProblem::Threshold {
                claimed: text_of(threshold),
                members: members.len(),
            })?;
        let mut group = Group {
            threshold,
            members: Vec::with_capacity(members.len()),
        };
        for member in members {
            group.members.push(self.take(line, member)?);
        }
        self.define(line, name, Member::Group(self.groups.len()))?;
        self.groups.push(group);
        Ok(())
    }

    fn quorum(&mut self, line: usize, words: &[&[u8]]) -> Result<(), PolicyProblem> {
        let [name] = words else {
            return Err(PolicyProblem::Words {
                usage: QUORUM_USAGE,
            });
        };
        if let Some((first, ..)) = &self.quorum {
            return Err(PolicyProblem::SecondQuorum { first: *first });
        }
        if *name == b"none" {
            self.quorum = Some((line, None, "no witness".to_owned()));
            return Ok(());
        }
        let found = self.names.get(name).ok_or_else(|| undefined(name))?;
        let member = found.member;
        let needs = match member {
            Member::Witness(_) | Member::Unsupported(_) => shown(&text_of(name)),
            Member::Group(at) => self.rule(at),
        };
        self.quorum = Some((line, Some(member), needs));
        Ok(())
    }

    /// Parses a key, and refuses one that is on an earlier line or has the same name and id as one.
    fn key(&mut self, line: usize, word: &[u8], role: Role) -> Result<VerifierKey, PolicyProblem> {
        let text = core::str::from_utf8(word).map_err(|_| PolicyProblem::KeyNotUtf8)?;
        let key = VerifierKey::parse(text).map_err(PolicyProblem::Key)?;
        if !role.allows(key.signature_type()) {
            return Err(PolicyProblem::KeyRole {
                claimed: key.signature_type(),
                expected: role,
            });
        }
        self.unlike_others(line, key.public().as_bytes(), key.name(), key.id())?;
        Ok(key)
    }

    /// Refuses a key on an earlier line, and one with the name and id of another: their signatures could not be told apart.
    fn unlike_others(
        &mut self,
        line: usize,
        public: &[u8],
        name: &KeyName,
        id: KeyId,
    ) -> Result<(), PolicyProblem> {
        if let Some(first) = self.keys.insert(public.to_vec(), line) {
            return Err(PolicyProblem::SameKey { first });
        }
        match self.ids.insert((name.clone(), id), line) {
            Some(first) => Err(PolicyProblem::SameKeyId { first }),
            None => Ok(()),
        }
    }

    fn define(&mut self, line: usize, name: &'a [u8], member: Member) -> Result<(), PolicyProblem> {
        if name == b"none" {
            return Err(PolicyProblem::ReservedName);
        }
        if let Some(found) = self.names.get(name) {
            return Err(PolicyProblem::DefinedTwice {
                name: text_of(name),
                first: found.defined,
            });
        }
        let name_is = Name {
            member,
            defined: line,
            used: None,
        };
        self.names.insert(name, name_is);
        Ok(())
    }

    /// Makes a name a member of the group on this line; each name is a member of one group at most.
    fn take(&mut self, line: usize, name: &[u8]) -> Result<Member, PolicyProblem> {
        if name == b"none" {
            return Err(PolicyProblem::NoneMember);
        }
        let found = self.names.get_mut(name).ok_or_else(|| undefined(name))?;
        if let Some(first) = found.used.replace(line) {
            return Err(PolicyProblem::MemberTwice {
                name: text_of(name),
                first,
            });
        }
        Ok(found.member)
    }

    /// Describes the rule of a group in words. The words of each group move into those of its only parent, so all of
    /// them together are no longer than the policy.
    fn rule(&self, at: usize) -> String {
        let mut rules: Vec<String> = Vec::with_capacity(at.saturating_add(1));
        for group in self.groups.iter().take(at.saturating_add(1)) {
            let members: Vec<String> = group
                .members
                .iter()
                .map(|member| match member {
                    Member::Witness(at) => self.witnesses.get(*at).map(|found| shown(&found.name)),
                    Member::Unsupported(at) => {
                        let found = self.unsupported.get(*at);
                        found.map(|found| shown(&found.name))
                    }
                    Member::Group(at) => rules
                        .get_mut(*at)
                        .map(|rule| format!("({})", core::mem::take(rule))),
                })
                .map(Option::unwrap_or_default)
                .collect();
            let many = match group.threshold {
                _ if members.len() == 1 => String::new(),
                threshold if threshold == members.len() => "all of ".to_owned(),
                threshold => format!("{threshold} of "),
            };
            rules.push(many + &members.join(", "));
        }
        rules.pop().unwrap_or_default()
    }
}

/// Parses a witness's key of a type that this version does not support. A policy with such a witness keeps its meaning:
/// nothing that the witness signs can count here.
fn unsupported(word: &[u8]) -> Result<Option<UnsupportedKey>, PolicyProblem> {
    let text = core::str::from_utf8(word).map_err(|_| PolicyProblem::KeyNotUtf8)?;
    UnsupportedKey::parse(text).map_err(PolicyProblem::Key)
}

fn room(count: usize) -> Result<(), PolicyProblem> {
    if count >= MAX_POLICY_NAMES {
        return Err(PolicyProblem::TooMany);
    }
    Ok(())
}

fn undefined(name: &[u8]) -> PolicyProblem {
    PolicyProblem::Undefined {
        name: text_of(name),
    }
}

fn shown(name: &str) -> String {
    format!("`{}`", display_safe(name))
}
