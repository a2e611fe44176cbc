//! in-toto Statements ([v1](https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md)), read strictly (docs/formats/events.md, "Statement").
//!
//! 1 to [`MAX_SUBJECTS`] subjects, each a name and digests, `sha256` among them; a predicate of any type, kept as JSON.
//! Members that are not listed here are ignored.

use crate::event::fields::{self, MemberError, Members};
use crate::text::json::{self, JsonError};
use crate::text::json_value::Value;
use crate::text::limits::{MAX_DIGEST_BYTES, MAX_DIGESTS, MAX_SUBJECTS};
use crate::text::wire;
use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// The `_type` of a Statement.
pub(crate) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// An artifact, actor or log that a Statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Printable ASCII without spaces, such as `resnet50@2.1`.
    pub name: String,
    /// Algorithm and lower-case hex of each digest, in the order of the text; one is `sha256`.
    pub digests: Vec<(String, String)>,
}

impl Subject {
    /// Makes a subject with a SHA-256 digest alone.
    #[must_use]
    pub fn new(name: &str, sha256: &crate::merkle::hash::Hash) -> Self {
        Self {
            name: name.to_owned(),
            digests: [("sha256".to_owned(), sha256.to_hex())].into(),
        }
    }

    /// Returns the hex of the SHA-256 digest, which every subject has.
    #[must_use]
    pub fn sha256(&self) -> &str {
        self.digests
            .iter()
            .find_map(|(algorithm, hex)| (algorithm == "sha256").then_some(hex.as_str()))
            .unwrap_or_default()
    }
}

/// The content of a payload: a predicate about subjects. The predicate borrows from the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The artifacts, actors or log that it is about.
    pub subjects: Vec<Subject>,
    /// URI of the predicate's type.
    pub predicate_type: String,
    /// The predicate, an object.
    pub predicate: Value<'a>,
}

/// The reason why a payload is not a Statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// The payload is not strict JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A member is missing or malformed.
    #[error(transparent)]
    Member(#[from] MemberError),
}

impl StatementError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(error) => error.code(),
            Self::Member(error) => error.code(),
        }
    }
}

impl<'a> Statement<'a> {
    /// Parses the payload of an envelope.
    ///
    /// # Errors
    /// [`StatementError`]
    pub fn parse(payload: &'a [u8]) -> Result<Self, StatementError> {
        Self::from_json(json::parse(payload)?).map_err(StatementError::Member)
    }

    /// Converts a payload that was read as JSON.
    pub(crate) fn from_json(value: Value<'a>) -> Result<Self, MemberError> {
        let members = Members::of(&value, "")?;
        if members.string("_type")? != STATEMENT_TYPE {
            return Err(members.refuse("_type", "`https://in-toto.io/Statement/v1`"));
        }
        let subjects = members.list("subject", MAX_SUBJECTS)?;
        if subjects.is_empty() {
            return Err(members.refuse("subject", "1 to 32 subjects"));
        }
        let subjects = subjects
            .iter()
            .map(parse_subject)
            .collect::<Result<_, _>>()?;
        let predicate_type = members.name("predicateType")?;
        members.object("predicate", "predicate")?;
        let predicate = value.into_member("predicate").unwrap_or(Value::Null);
        Ok(Self {
            subjects,
            predicate_type,
            predicate,
        })
    }

    /// Encodes the Statement as compact JSON.
    ///
    /// The contents are not checked; [`encode`](crate::event::encode) makes a payload that is known to parse.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let subjects = self.subjects.iter().map(|subject| {
            Value::object([
                ("name", Value::from(subject.name.as_str())),
                ("digest", encode_digests(&subject.digests)),
            ])
        });
        Value::object([
            ("_type", Value::from(STATEMENT_TYPE)),
            ("subject", Value::Array(subjects.collect())),
            ("predicateType", Value::from(self.predicate_type.as_str())),
            ("predicate", self.predicate.clone()),
        ])
        .encode()
        .into_bytes()
    }
}

fn parse_subject(value: &Value<'_>) -> Result<Subject, MemberError> {
    let members = Members::of(value, "subject[]")?;
    Ok(Subject {
        name: members.name("name")?,
        digests: parse_digests(&members, "digest")?,
    })
}

/// Reads a DigestSet, which must have a `sha256`.
pub(crate) fn parse_digests(
    members: &Members<'_>,
    name: &str,
) -> Result<Vec<(String, String)>, MemberError> {
    let expected = "digests in lower-case hex, `sha256` among them";
    let Value::Object(digests) = members.required(name)? else {
        return Err(members.refuse(name, expected));
    };
    let mut has_sha256 = false;
    let mut read = Vec::new();
    for (algorithm, hex) in digests {
        let length = hex.as_str().and_then(wire::hex_decoded_len);
        let fits = match (algorithm.as_ref(), length) {
            ("sha256", Some(length)) => {
                has_sha256 = true;
                length == crate::merkle::hash::HASH_SIZE
            }
            (other, Some(length)) => {
                fields::is_name(other)
                    && !other.contains(':')
                    && (1..=MAX_DIGEST_BYTES).contains(&length)
            }
            (_, None) => false,
        };
        if !fits {
            return Err(members.refuse(name, expected));
        }
        read.push((
            algorithm.to_string(),
            hex.as_str().unwrap_or_default().to_string(),
        ));
    }
    if has_sha256 && read.len() <= MAX_DIGESTS {
        Ok(read)
    } else {
        Err(members.refuse(name, expected))
    }
}

fn encode_digests(digests: &[(String, String)]) -> Value<'_> {
    Value::Object(
        digests
            .iter()
            .map(|(algorithm, hex)| (Cow::from(algorithm), Value::from(hex.as_str())))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    const DIGEST: &str = "92745110b1ab4368471cbe31664e10174e954b113a3df333db860317b2c6dec4";

    fn good() -> String {
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"resnet50@2.1","digest":{{"sha256":"{DIGEST}"}}}}],"predicateType":"https://example.com/x/v1","predicate":{{"a":1}}}}"#
        )
    }

    #[test]
    fn a_good_statement() {
        let good = good();
        let statement = Statement::parse(good.as_bytes()).unwrap();
        assert_eq!(statement.subjects[0].name, "resnet50@2.1");
        assert_eq!(statement.subjects[0].sha256(), DIGEST);
        assert_eq!(statement.predicate_type, "https://example.com/x/v1");
        assert_eq!(statement.predicate.member("a"), Some(&Value::Int(1)));
        assert_eq!(statement.encode(), good.as_bytes());
    }

    #[test]
    fn white_space_order_and_unknown_members_do_not_matter() {
        let other = format!(
            " {{ \"predicate\":{{\"a\":1}},\"extra\":[null],\"predicateType\":\"https://example.com/x/v1\",\n\"subject\":[{{\"uri\":\"u\",\"digest\":{{\"sha256\":\"{DIGEST}\"}},\"annotations\":{{}},\"name\":\"resnet50@2.1\"}}],\"_type\":\"https://in-toto.io/Statement/v1\"}}"
        );
        let good = good();
        assert_eq!(
            Statement::parse(other.as_bytes()),
            Statement::parse(good.as_bytes())
        );
    }

    #[test]
    fn bad_statements() {
        let good = good();
        let subject = format!(r#"{{"name":"resnet50@2.1","digest":{{"sha256":"{DIGEST}"}}}}"#);
        let digest = format!(r#"{{"sha256":"{DIGEST}"}}"#);
        let more =
            |extra: &str| good.replace(&digest, &format!(r#"{{"sha256":"{DIGEST}",{extra}}}"#));
        let eight: Vec<String> = (0..8).map(|i| format!("\"a{i}\":\"00\"")).collect();
        for (text, code) in [
            (
                good.replace("Statement/v1", "Statement/v0.1"),
                "member-malformed",
            ),
            (good.replace("_type", "type"), "member-missing"),
            (good.replace(&subject, ""), "member-malformed"),
            (
                good.replace(&subject, &[subject.as_str(); 33].join(",")),
                "member-malformed",
            ),
            (
                good.replace("resnet50@2.1", "resnet50 2.1"),
                "member-malformed",
            ),
            (
                good.replace("resnet50@2.1", "r\u{435}snet"),
                "member-malformed",
            ),
            (good.replace("resnet50@2.1", "\\u0000"), "member-malformed"),
            (good.replace("resnet50@2.1", ""), "member-malformed"),
            (
                good.replace("resnet50@2.1", &"x".repeat(257)),
                "member-malformed",
            ),
            (
                good.replace(DIGEST, &DIGEST.to_uppercase()),
                "member-malformed",
            ),
            (
                good.replace(DIGEST, DIGEST.trim_end_matches("c4")),
                "member-malformed",
            ),
            (good.replace(DIGEST, ""), "member-malformed"),
            (good.replace("\"sha256\"", "\"sha512\""), "member-malformed"),
            (good.replace(&digest, "{}"), "member-malformed"),
            (good.replace(&digest, "[]"), "member-malformed"),
            (more(r#""gitCommit":"xyz""#), "member-malformed"),
            (more(r#""gitCommit":1"#), "member-malformed"),
            (more(r#""gitCommit":"""#), "member-malformed"),
            (more(r#""a:b":"00""#), "member-malformed"),
            (more(r#""a b":"00""#), "member-malformed"),
            (
                more(&format!("\"a\":\"{}\"", "00".repeat(65))),
                "member-malformed",
            ),
            (more(&eight.join(",")), "member-malformed"),
            (
                more(&format!("\"sha256\":\"{DIGEST}\"")),
                "json-duplicate-member",
            ),
            (good.replace(r#"{"a":1}"#, "1"), "member-malformed"),
            (good.replace(r#"{"a":1}"#, "1.5"), "json-not-an-integer"),
            (
                good.replace(r#"{"a":1}"#, r#"{"a":{"b":0,"b":0}}"#),
                "json-duplicate-member",
            ),
            (
                good.replace(r#","predicate":{"a":1}"#, ""),
                "member-missing",
            ),
            (
                good.replace("https://example.com/x/v1", "a b"),
                "member-malformed",
            ),
            (format!("{good}{good}"), "json-syntax"),
        ] {
            let error = Statement::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{text}: {error}");
        }
        assert!(
            Statement::parse(
                more(r#""gitCommit":"5b8c0801d1f5d105351a403f58c38269de93f680""#).as_bytes()
            )
            .is_ok()
        );
        assert!(Statement::parse(more(&eight[..7].join(",")).as_bytes()).is_ok());
        assert!(
            Statement::parse(
                good.replace(&subject, &[subject.as_str(); 32].join(","))
                    .as_bytes()
            )
            .is_ok()
        );
    }

    fn any_statement() -> impl Strategy<Value = Statement<'static>> {
        let subject = ("[!-~]{1,256}", any::<[u8; 32]>(), any::<Option<[u8; 20]>>());
        let subjects = prop::collection::vec(subject, 1..4);
        ("[!-~]{1,80}", subjects, any::<String>()).prop_map(|(predicate_type, subjects, text)| {
            Statement {
                subjects: subjects
                    .into_iter()
                    .map(|(name, sha256, commit)| {
                        let mut subject =
                            Subject::new(&name, &crate::merkle::hash::Hash::from_bytes(sha256));
                        subject.digests.extend(
                            commit.map(|sha1| ("gitCommit".to_owned(), wire::hex_encode(&sha1))),
                        );
                        subject
                    })
                    .collect(),
                predicate_type,
                predicate: Value::object([("text", Value::from(text))]).into_owned(),
            }
        })
    }

    proptest! {
        #[test]
        fn statements_round_trip(statement in any_statement()) {
            let payload = statement.encode();
            prop_assert_eq!(Statement::parse(&payload), Ok(statement));
        }
    }
}
