//! Typed members of strict JSON, with errors that name the member (events.md, "Strict JSON in core" and "Names").
//!
//! Members that no format reads are ignored. A member that a format reads must have its type; `null` is not absence.

use crate::merkle::hash::Hash;
use crate::text::escape;
use crate::text::json_value::Value;
use crate::text::limits::{MAX_LIST, MAX_NAME, MAX_TEXT};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// Tells whether a text is a name: 1 to [`MAX_NAME`] bytes of printable ASCII without spaces.
///
/// Other characters must be percent-encoded, as in a purl, so no look-alike hides an event.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The reason why a member of a JSON object breaks its format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// The member is required but missing.
    #[error("`{member}` is missing")]
    Missing {
        /// Path of the member, from the document's root.
        member: String,
    },
    /// The member has another type or breaks a rule.
    #[error("`{member}` must be {expected}, not {found}")]
    Malformed {
        /// Path of the member, from the document's root.
        member: String,
        /// The form that the format requires.
        expected: &'static str,
        /// The beginning of its value.
        found: String,
    },
    /// The list has more items than the format allows.
    #[error("`{member}` has {found} items, more than the {limit} allowed")]
    TooMany {
        /// Path of the member, from the document's root.
        member: String,
        /// Number of its items.
        found: usize,
        /// Most items.
        limit: usize,
    },
}

impl MemberError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "member-missing",
            Self::TooMany { .. } | Self::Malformed { .. } => "member-malformed",
        }
    }
}

/// The members of an object, and the path of the object in its document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'a> {
    path: &'static str,
    object: &'a Value<'a>,
}

impl<'a> Members<'a> {
    /// Wraps the root of a document or an item of a list; messages name it by `path`.
    pub(crate) fn of(value: &'a Value<'a>, path: &'static str) -> Result<Self, MemberError> {
        match value {
            Value::Object(_) => Ok(Self {
                path,
                object: value,
            }),
            _ => Err(malformed(path.to_string(), "an object", value)),
        }
    }

    /// Returns an error about a member that has its type but breaks a rule.
    pub(crate) fn refuse(&self, name: &str, expected: &'static str) -> MemberError {
        let found = self.object.member(name).unwrap_or(&Value::Null);
        malformed(self.full(name), expected, found)
    }

    /// Returns an error about a missing member.
    pub(crate) fn missing(&self, name: &str) -> MemberError {
        MemberError::Missing {
            member: self.full(name),
        }
    }

    pub(crate) fn optional(&self, name: &str) -> Option<&'a Value<'a>> {
        self.object.member(name)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&'a Value<'a>, MemberError> {
        self.optional(name).ok_or_else(|| self.missing(name))
    }

    pub(crate) fn string(&self, name: &str) -> Result<&'a str, MemberError> {
        self.required(name)?
            .as_str()
            .ok_or_else(|| self.refuse(name, "a string"))
    }

    pub(crate) fn name(&self, name: &str) -> Result<String, MemberError> {
        self.text_if(
            name,
            is_name,
            "1 to 256 printable ASCII characters without spaces",
        )
    }

    /// Reads a label, which people read and filter by: short, in any script.
    pub(crate) fn label(&self, name: &str) -> Result<String, MemberError> {
        let is_label = |text: &str| (1..=MAX_NAME).contains(&text.len());
        self.text_if(name, is_label, "1 to 256 bytes of text")
    }

    /// Reads a free text for people to read.
    pub(crate) fn text(&self, name: &str) -> Result<String, MemberError> {
        let fits = |text: &str| text.chars().count() <= MAX_TEXT;
        self.text_if(name, fits, "at most 1,024 characters of text")
    }

    /// Reads a free text that has more than white space.
    pub(crate) fn words(&self, name: &str) -> Result<String, MemberError> {
        let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= MAX_TEXT;
        self.text_if(name, fits, "1 to 1,024 characters of text")
    }

    /// Reads a string that obeys a rule.
    pub(crate) fn text_if(
        &self,
        name: &str,
        rule: impl Fn(&str) -> bool,
        expected: &'static str,
    ) -> Result<String, MemberError> {
        let text = self.string(name)?;
        if rule(text) {
            Ok(text.to_string())
        } else {
            Err(self.refuse(name, expected))
        }
    }

    /// Reads a number that is not negative.
    pub(crate) fn count(&self, name: &str) -> Result<u64, MemberError> {
        match self.required(name)? {
            Value::Int(value) => u64::try_from(*value).ok(),
            _ => None,
        }
        .ok_or_else(|| self.refuse(name, "an integer of at least 0"))
    }

    /// Reads the leaf hash of another event.
    pub(crate) fn leaf_hash(&self, name: &str) -> Result<Hash, MemberError> {
        Hash::parse_base64(self.string(name)?)
            .ok_or_else(|| self.refuse(name, "a leaf hash in base64"))
    }

    pub(crate) fn object(
        &self,
        name: &str,
        path: &'static str,
    ) -> Result<Members<'a>, MemberError> {
        Members::of(self.required(name)?, path)
    }

    /// Reads the items of a list of at most `limit`.
    pub(crate) fn list(&self, name: &str, limit: usize) -> Result<&'a [Value<'a>], MemberError> {
        match self.required(name)? {
            Value::Array(items) if items.len() <= limit => Ok(items),
            Value::Array(items) => Err(MemberError::TooMany {
                member: self.full(name),
                found: items.len(),
                limit,
            }),
            _ => Err(self.refuse(name, "a list")),
        }
    }

    /// Reads a list of names.
    pub(crate) fn names(&self, name: &str) -> Result<Vec<String>, MemberError> {
        self.list(name, MAX_LIST)?
            .iter()
            .map(|item| item.as_str().filter(|text| is_name(text)))
            .map(|item| item.map(String::from))
            .collect::<Option<_>>()
            .ok_or_else(|| self.refuse(name, "a list of names in printable ASCII without spaces"))
    }

    /// Reads a member that may be absent.
    pub(crate) fn maybe<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self, &str) -> Result<T, MemberError>,
    ) -> Result<Option<T>, MemberError> {
        self.optional(name).map(|_| read(self, name)).transpose()
    }

    fn full(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_string()
        } else {
            format!("{}.{name}", self.path)
        }
    }
}

pub(crate) fn malformed(member: String, expected: &'static str, found: &Value) -> MemberError {
    let found = match found {
        Value::String(text) => format!("`{}`", escape::excerpt(text)),
        Value::Int(value) => format!("`{value}`"),
        Value::Array(items) => format!("a list of {}", items.len()),
        other => other.type_name().to_string(),
    };
    MemberError::Malformed {
        member,
        expected,
        found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::json;

    #[test]
    fn names_are_printable_ascii() {
        let longest = "x".repeat(256);
        for name in ["a", "!", "~", "resnet50@2.1", "pkg:oci/a%20b", &longest] {
            assert!(is_name(name), "{name}");
        }
        let too_long = "x".repeat(257);
        for name in [
            "", " ", "a b", "a\n", "\u{7f}", "é", "а", "a\u{0}", &too_long,
        ] {
            assert!(!is_name(name), "{name:?}");
        }
    }

    #[test]
    fn members_are_typed() {
        let value = json::parse(
            r#"{"name":"a@1","bad":"a b","text":"é è","int":7,"minus":-1,"list":["a","b"],"mixed":["a",1],"null":null,"object":{"x":"y"}}"#
                .as_bytes(),
        )
        .unwrap();
        let members = Members::of(&value, "p").unwrap();
        assert_eq!(members.name("name"), Ok("a@1".into()));
        assert_eq!(members.text("text"), Ok("é è".into()));
        assert_eq!(members.count("int"), Ok(7));
        assert_eq!(members.names("list"), Ok(["a".into(), "b".into()].into()));
        assert_eq!(members.maybe("absent", Members::name), Ok(None));
        let object = members.object("object", "p.object").unwrap();
        assert_eq!(object.string("x"), Ok("y"));

        for (error, message) in [
            (members.name("absent").unwrap_err(), "`p.absent` is missing"),
            (
                members.name("bad").unwrap_err(),
                "`p.bad` must be 1 to 256 printable ASCII characters without spaces, not `a b`",
            ),
            (
                members.name("int").unwrap_err(),
                "`p.int` must be a string, not `7`",
            ),
            (
                members.maybe("null", Members::name).unwrap_err(),
                "`p.null` must be a string, not null",
            ),
            (
                members.count("minus").unwrap_err(),
                "`p.minus` must be an integer of at least 0, not `-1`",
            ),
            (
                members.names("mixed").unwrap_err(),
                "`p.mixed` must be a list of names in printable ASCII without spaces, not a list of 2",
            ),
            (
                members.list("list", 1).unwrap_err(),
                "`p.list` has 2 items, more than the 1 allowed",
            ),
            (
                members.object("list", "p.list").unwrap_err(),
                "`p.list` must be an object, not a list of 2",
            ),
            (object.name("z").unwrap_err(), "`p.object.z` is missing"),
        ] {
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn texts_are_bounded_in_characters_and_labels_in_bytes() {
        let read = |text: &str| {
            let value = Value::Object([("t".into(), Value::from(text))].into());
            let members = Members::of(&value, "").unwrap();
            (members.text("t").is_ok(), members.label("t").is_ok())
        };
        assert_eq!(read(""), (true, false));
        assert_eq!(read(&"é".repeat(128)), (true, true));
        assert_eq!(read(&"é".repeat(129)), (true, false));
        assert_eq!(read(&"é".repeat(1024)), (true, false));
        assert_eq!(read(&"é".repeat(1025)), (false, false));
    }
}
