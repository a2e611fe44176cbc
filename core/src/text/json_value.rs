//! JSON values: the result of [strict parsing](crate::text::json), and the input of the encoder.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use serde::ser::{Serialize, Serializer};

/// A JSON value, with the members of objects in the order of the text. A parsed value borrows from its text all strings
/// without escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Self>),
    /// An object; no two members share a name.
    Object(Vec<(Cow<'a, str>, Self)>),
}

impl<'a> Value<'a> {
    /// Makes an object; the names must differ.
    #[must_use]
    pub fn object<const N: usize>(members: [(&'a str, Self); N]) -> Self {
        Self::Object(
            members
                .into_iter()
                .map(|(name, value)| (Cow::Borrowed(name), value))
                .collect(),
        )
    }

    /// Makes an object of the members that have a value; the names must differ.
    #[must_use]
    pub(crate) fn sparse_object<const N: usize>(members: [(&'a str, Option<Self>); N]) -> Self {
        Self::Object(
            members
                .into_iter()
                .filter_map(|(name, value)| Some((Cow::Borrowed(name), value?)))
                .collect(),
        )
    }

    /// Returns the member of that name; `None` if this is not an object or has no such member.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .find_map(|(member, value)| (member == name).then_some(value)),
            _ => None,
        }
    }

    /// Takes out the member of that name; `None` if this is not an object or has no such member.
    #[must_use]
    pub(crate) fn into_member(self, name: &str) -> Option<Self> {
        match self {
            Self::Object(members) => members
                .into_iter()
                .find_map(|(member, value)| (member == name).then_some(value)),
            _ => None,
        }
    }

    /// Returns the items of an array; none if this is something else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// Returns the text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Copies all borrowed strings, so that the value no longer depends on its text.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::String(text) => Value::String(owned(text)),
            Self::Array(values) => Value::Array(values.into_iter().map(Self::into_owned).collect()),
            Self::Object(members) => {
                let members = members.into_iter();
                let members = members.map(|(name, value)| (owned(name), value.into_owned()));
                Value::Object(members.collect())
            }
        }
    }

    /// Encodes the value as compact JSON, members in their order.
    #[must_use]
    pub fn encode(&self) -> String {
        // Only maps with keys other than strings can fail, and there are none.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Names the type, for messages.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::String(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::String(Cow::Owned(text))
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(values) => serializer.collect_seq(values),
            Self::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}
