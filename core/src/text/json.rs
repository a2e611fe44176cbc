//! Strict JSON: refuses every construct that [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259) lets readers interpret.
//!
//! No duplicate member (compared after escapes), no number but integers that fit `i64`, no more than [`MAX_JSON_DEPTH`]
//! containers inside each other, no text over [`MAX_ENTRY`] bytes, nothing after the value, valid UTF-8 throughout and
//! no lone surrogate. `serde_json` gives the grammar; types derived on it would let duplicates of unknown members pass,
//! so everything is read once through the visitor here and converted afterwards.

pub use crate::text::json_value::Value;
use crate::text::limits::{MAX_ENTRY, MAX_JSON_DEPTH};
use crate::text::{escape, heapsort};
use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
};

/// The reason why a text is not strict JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is larger than any entry.
    #[error("the JSON text has {size} bytes, more than {limit}")]
    TooLarge {
        /// Bytes of the text.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("byte {at} is not UTF-8")]
    NotUtf8 {
        /// Position of the first wrong byte.
        at: usize,
    },
    /// The text breaks the grammar, or something follows the value.
    #[error("not JSON at line {line} column {column}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Two members of one object share a name.
    #[error("member `{}` appears twice", escape::excerpt(.name))]
    DuplicateMember {
        /// The name.
        name: String,
    },
    /// Containers are nested too deeply.
    #[error("JSON nested deeper than {limit} levels")]
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// A number is not an integer in the range of `i64`. The message omits it: printing fractions would add 17 kB to
    /// the browser's copy.
    #[error("a number is not a 64-bit integer")]
    NotAnInteger,
}

impl JsonError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "json-too-large",
            Self::NotUtf8 { .. } => "json-not-utf8",
            Self::Syntax { .. } => "json-syntax",
            Self::DuplicateMember { .. } => "json-duplicate-member",
            Self::TooDeep { .. } => "json-too-deep",
            Self::NotAnInteger => "json-not-an-integer",
        }
    }
}

/// Parses one strict JSON value.
///
/// # Errors
/// Any rule of this module that the text breaks.
pub fn parse(bytes: &[u8]) -> Result<Value<'_>, JsonError> {
    if bytes.len() > MAX_ENTRY {
        return Err(JsonError::TooLarge {
            size: bytes.len(),
            limit: MAX_ENTRY,
        });
    }
    let text = core::str::from_utf8(bytes).map_err(|error| JsonError::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    let broken_rule = Cell::new(None);
    let reader = Reader {
        levels_left: MAX_JSON_DEPTH,
        broken_rule: &broken_rule,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    reader
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| {
            broken_rule.take().unwrap_or(JsonError::Syntax {
                line: error.line(),
                column: error.column(),
            })
        })
}

/// Most members of an object whose names are compared pair by pair; above it, sorting is faster.
const FEW_MEMBERS: usize = 16;

/// Reads one value. A broken rule is kept in `broken_rule`, because the error of `serde` carries only text.
#[derive(Clone, Copy)]
struct Reader<'a> {
    levels_left: usize,
    broken_rule: &'a Cell<Option<JsonError>>,
}

impl Reader<'_> {
    fn refuse<E: serde::de::Error>(self, error: JsonError) -> E {
        self.broken_rule.set(Some(error));
        E::custom("")
    }

    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self {
                levels_left,
                ..self
            }),
            None => Err(self.refuse(JsonError::TooDeep {
                limit: MAX_JSON_DEPTH,
            })),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("strict JSON")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value<'de>, E> {
        i64::try_from(value)
            .map(Value::Int)
            .map_err(|_| self.refuse(JsonError::NotAnInteger))
    }

    fn visit_f64<E: serde::de::Error>(self, _value: f64) -> Result<Value<'de>, E> {
        Err(self.refuse(JsonError::NotAnInteger))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value<'de>, A::Error> {
        let inner = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let inner = self.inner()?;
        let mut members = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, map.next_value_seed(inner)?));
        }
        match duplicate(&members) {
            None => Ok(Value::Object(members)),
            Some(name) => {
                let name = name.to_owned();
                self.broken_rule
                    .set(Some(JsonError::DuplicateMember { name }));
                Err(A::Error::custom(""))
            }
        }
    }
}

/// The name of a member.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}

/// Returns a name that two members share.
fn duplicate<'a>(members: &'a [(Cow<'_, str>, Value<'_>)]) -> Option<&'a str> {
    let names = members.iter().map(|(name, _)| name.as_ref());
    if members.len() <= FEW_MEMBERS {
        return names.enumerate().find_map(|(at, name)| {
            let mut later = members.iter().skip(at + 1);
            later.any(|(other, _)| other == name).then_some(name)
        });
    }
    // Sorted: comparing all pairs would let one hostile entry cost millions of comparisons.
    let mut names: Vec<&str> = names.collect();
    heapsort::sort(&mut names);
    names.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;
    use alloc::{format, vec};
    use proptest::prelude::*;

    fn text(value: &str) -> Value<'_> {
        Value::from(value)
    }

    #[test]
    fn values() {
        for (json, value) in [
            ("null", Value::Null),
            (" true ", Value::Bool(true)),
            ("0", Value::Int(0)),
            ("-1", Value::Int(-1)),
            ("9223372036854775807", Value::Int(i64::MAX)),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            (r#""a\u00e9\n\ud83d\ude00""#, text("aé\n😀")),
            ("[]", Value::Array(vec![])),
            ("[1,[2]]", {
                Value::Array(vec![Value::Int(1), Value::Array(vec![Value::Int(2)])])
            }),
            (r#"{"b":1,"a":{"b":null}}"#, {
                Value::Object(vec![
                    ("b".into(), Value::Int(1)),
                    ("a".into(), Value::Object(vec![("b".into(), Value::Null)])),
                ])
            }),
        ] {
            assert_eq!(parse(json.as_bytes()), Ok(value), "{json}");
        }
    }

    #[test]
    fn duplicate_members_are_refused_at_every_level() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"x":{"a":1,"a":2}}]"#,
            r#"{"x":[{"y":0},{"a":[],"b":0,"a":[]}]}"#,
        ] {
            let name = "a".into();
            assert_eq!(
                parse(json.as_bytes()),
                Err(JsonError::DuplicateMember { name }),
                "{json}"
            );
        }
        assert!(parse(br#"{"a":{"a":{"a":1}},"A":1}"#).is_ok());
    }

    #[test]
    fn numbers_are_integers() {
        for json in [
            "1.0",
            "-0",
            "0.0",
            "1e3",
            "1E3",
            "9223372036854775808",
            "-9223372036854775809",
            "123456789012345678901234567890",
            "1e400",
            "[1.5]",
        ] {
            let error = parse(json.as_bytes()).unwrap_err();
            // A number beyond f64 is a syntax error of the grammar's reader.
            let expected = if json == "1e400" {
                "json-syntax"
            } else {
                "json-not-an-integer"
            };
            assert_eq!(error.code(), expected, "{json}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let nested = |levels| format!("{}1{}", open.repeat(levels), close.repeat(levels));
            assert!(parse(nested(MAX_JSON_DEPTH).as_bytes()).is_ok());
            for levels in [MAX_JSON_DEPTH + 1, 100, 5_000] {
                assert_eq!(
                    parse(nested(levels).as_bytes()).map_err(|error| error.code()),
                    Err("json-too-deep")
                );
            }
        }
    }

    #[test]
    fn grammar_is_strict() {
        for json in [
            "",
            " ",
            "{} {}",
            "{}x",
            "[1,]",
            r#"{"a":1,}"#,
            "{a:1}",
            "'a'",
            "01",
            "+1",
            ".5",
            "NaN",
            "Infinity",
            "// x\n1",
            "\u{feff}{}",
            "\"\t\"",
            "\"\u{0}\"",
            r#""\x41""#,
            r#""\ud800""#,
            r#""\udc00\ud800""#,
            r#"{"\ud800":1}"#,
            r#"{"a"}"#,
            "tru",
            "{",
            "\"",
            "\u{a0}1",
        ] {
            assert_eq!(
                parse(json.as_bytes()).map_err(|error| error.code()),
                Err("json-syntax"),
                "{json:?}"
            );
        }
        assert_eq!(
            parse(b"[1,\n 2 3]"),
            Err(JsonError::Syntax { line: 2, column: 4 })
        );
    }

    #[test]
    fn utf8_is_checked_everywhere() {
        for (bytes, at) in [
            (&b"\"\xff\""[..], 1),
            (b"\xef\xbf", 0),
            (b"{\"\xc0\x80\":1}", 2),
            (b"\"\xed\xa0\x80\"", 1),
            (b"1 \xff", 2),
        ] {
            assert_eq!(parse(bytes), Err(JsonError::NotUtf8 { at }));
        }
    }

    #[test]
    fn size_is_bounded() {
        let fits = format!("\"{}\"", "a".repeat(MAX_ENTRY - 2));
        assert!(parse(fits.as_bytes()).is_ok());
        let error = JsonError::TooLarge {
            size: MAX_ENTRY + 1,
            limit: MAX_ENTRY,
        };
        assert_eq!(parse(format!("{fits} ").as_bytes()), Err(error));
    }

    #[test]
    fn many_members_stay_quick() {
        let members: Vec<String> = (0..7_000).map(|i| format!("\"{i:x}\":0")).collect();
        let json = format!("{{{}}}", members.join(","));
        assert!(parse(json.as_bytes()).is_ok());
        let twice = json.replace("\"1b57\"", "\"0\"");
        assert_eq!(
            parse(twice.as_bytes()).map_err(|error| error.code()),
            Err("json-duplicate-member")
        );
    }

    #[test]
    fn messages() {
        for (json, message) in [
            (
                r#"{"\u202e":1,"\u202e":1}"#,
                r"member `\u{202e}` appears twice",
            ),
            ("1.5", "a number is not a 64-bit integer"),
            ("[1,", "not JSON at line 1 column 3"),
        ] {
            assert_eq!(parse(json.as_bytes()).unwrap_err().to_string(), message);
        }
    }

    fn any_value() -> impl Strategy<Value = Value<'static>> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::btree_map(any::<String>(), inner, 0..5).prop_map(|members| {
                    let members = members.into_iter();
                    Value::Object(members.map(|(name, value)| (name.into(), value)).collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn encode_then_parse_is_the_identity(value in any_value()) {
            let text = value.encode();
            prop_assert_eq!(parse(text.as_bytes()), Ok(value));
        }

        #[test]
        fn bytes_never_panic_and_accepted_text_is_json(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = parse(&bytes) {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
                let text = value.encode();
                prop_assert_eq!(parse(text.as_bytes()), Ok(value));
            }
        }
    }
}
