//! The outline of an entry: the parts that decide its lookup keys, by the grammar of
//! `docs/formats/mapfn/access-v2.txt` alone.
//!
//! An outline is looser than an [event](crate::event::parse): no rule about predicates, counts or algorithms has a part in
//! it, so that changing one changes verdicts and never an index. Every event has an outline.

use crate::event::fields::is_name;
use crate::text::json;
use crate::text::json_value::Value;
use crate::text::limits::MAX_ENTRY;
use crate::text::wire;
use alloc::vec::Vec;

/// The envelope of an entry: its payload, and the keys that claim to have signed it.
pub(crate) struct OuterPart<'a> {
    payload: Vec<u8>,
    /// `sha256:` and hex each, in their order.
    keyids: Vec<&'a str>,
}

impl<'a> OuterPart<'a> {
    /// Reads an entry (section 2 of the text); `None` if it breaks a rule.
    pub(crate) fn read(entry: &'a [u8]) -> Option<Self> {
        let text = core::str::from_utf8(entry).ok();
        let text = text.filter(|text| text.len() <= MAX_ENTRY)?;
        let (payload, rest) = text.strip_prefix(r#"{"payload":""#)?.split_once('"')?;
        let payload_type = r#","payloadType":"application/vnd.in-toto+json""#;
        let rest = rest.strip_prefix(payload_type)?;
        Some(Self {
            payload: wire::base64_decode(payload)?,
            keyids: read_keyids(rest.strip_prefix(r#","signatures":["#)?)?,
        })
    }

    pub(crate) fn keyids(&self) -> impl Iterator<Item = &'a str> {
        self.keyids.iter().copied()
    }

    /// Reads the payload as strict JSON, from which [`Outline::of`] is made.
    pub(crate) fn json(&self) -> Option<Value<'_>> {
        json::parse(&self.payload).ok()
    }
}

/// Reads the list of signatures from after its opening bracket to the end of the entry.
fn read_keyids(mut rest: &str) -> Option<Vec<&str>> {
    let mut keyids = Vec::new();
    while rest != "]}" {
        if !keyids.is_empty() {
            rest = rest.strip_prefix(',')?;
        }
        let (keyid, after) = rest.strip_prefix(r#"{"keyid":""#)?.split_once('"')?;
        let (sig, after) = after.strip_prefix(r#","sig":""#)?.split_once('"')?;
        rest = after.strip_prefix('}')?;
        let hex = keyid.strip_prefix("sha256:")?;
        if hex.len() != 64 || wire::hex_decoded_len(hex).is_none() {
            return None;
        }
        wire::base64_decode(sig)?;
        keyids.push(keyid);
    }
    Some(keyids)
}

/// A type of predicate, as far as keys depend on it (section 4 of the text).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// An access to artifacts.
    Access,
    /// Enrols or ends a key.
    Key,
    /// Gives a right, or takes it away.
    Grant,
    /// Changes whom the log's readers trust, and by which rules.
    Trust,
    /// A refused request.
    Decision,
    /// A type of others, about artifacts.
    Foreign,
}

impl Type {
    fn of(predicate_type: &str) -> Self {
        let ours = predicate_type.strip_prefix("https://glasslog.dev/");
        match ours.and_then(|name| name.strip_suffix("/v1")) {
            Some("artifact-access") => Self::Access,
            Some("key") => Self::Key,
            Some("grant") => Self::Grant,
            Some("genesis" | "admins" | "policy" | "issuer" | "rules" | "time" | "acknowledge") => {
                Self::Trust
            }
            Some("decision") => Self::Decision,
            _ => Self::Foreign,
        }
    }

    /// Returns true if the subjects of a Statement of this type are artifacts.
    pub(crate) const fn is_about_artifacts(self) -> bool {
        matches!(self, Self::Access | Self::Foreign)
    }
}

/// One subject: its name, and the algorithm and hex of each digest.
pub(crate) struct OutlineSubject<'a> {
    pub(crate) name: &'a str,
    pub(crate) digests: Vec<(&'a str, &'a str)>,
}

/// The Statement of an entry, as far as keys depend on it (section 3 of the text).
pub(crate) struct Outline<'a> {
    pub(crate) subjects: Vec<OutlineSubject<'a>>,
    pub(crate) predicate_type: Type,
    /// An object.
    pub(crate) predicate: &'a Value<'a>,
}

impl<'a> Outline<'a> {
    /// Reads a payload; `None` if it breaks a rule.
    pub(crate) fn of(payload: &'a Value<'a>) -> Option<Self> {
        if payload.member("_type")?.as_str()? != "https://in-toto.io/Statement/v1" {
            return None;
        }
        let subjects = payload.member("subject")?.items();
        let subjects: Vec<_> = subjects.iter().map(read_subject).collect::<Option<_>>()?;
        let predicate_type = payload.member("predicateType")?.as_str()?;
        let predicate = payload.member("predicate")?;
        let is_read = !subjects.is_empty()
            && is_name(predicate_type)
            && matches!(predicate, Value::Object(_));
        is_read.then_some(Self {
            subjects,
            predicate_type: Type::of(predicate_type),
            predicate,
        })
    }
}

fn read_subject<'a>(subject: &'a Value<'a>) -> Option<OutlineSubject<'a>> {
    let name = subject
        .member("name")?
        .as_str()
        .filter(|name| is_name(name));
    let Value::Object(members) = subject.member("digest")? else {
        return None;
    };
    let digests = members.iter().map(|(algorithm, hex)| {
        let hex = hex.as_str()?;
        (is_algorithm(algorithm) && is_hex(hex)).then_some((algorithm.as_ref(), hex))
    });
    let digests: Vec<_> = digests.collect::<Option<_>>()?;
    Some(OutlineSubject {
        name: name.filter(|_| !digests.is_empty())?,
        digests,
    })
}

/// Returns true for an algorithm, a colon, and the hex of a digest.
pub(crate) fn is_digest(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(algorithm, hex)| is_algorithm(algorithm) && is_hex(hex))
}

fn is_algorithm(text: &str) -> bool {
    is_name(text) && !text.contains(':')
}

fn is_hex(text: &str) -> bool {
    wire::hex_decoded_len(text).is_some_and(|length| length > 0)
}
