//! A web origin that may embed the portal, as a source of
//! [`frame-ancestors`](https://www.w3.org/TR/CSP3/#directive-frame-ancestors).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// `http://HOST[:PORT]` or `https://HOST[:PORT]`; HOST may begin with `*.`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PageOrigin(String);

/// The text is not a web origin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a web origin such as `https://intranet.example.com`")]
pub struct PageOriginError(String);

impl FromStr for PageOrigin {
    type Err = PageOriginError;

    fn from_str(text: &str) -> Result<Self, PageOriginError> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        // The text becomes a part of a header, in which a space or a semicolon begins something else.
        let is_plain = rest.is_some_and(|rest| {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"*.-:[]".contains(&byte);
            !rest.is_empty() && rest.bytes().all(is_allowed)
        });
        match is_plain {
            true => Ok(Self(text.to_owned())),
            false => Err(PageOriginError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for PageOrigin {
    type Error = PageOriginError;

    fn try_from(text: String) -> Result<Self, PageOriginError> {
        text.parse()
    }
}

impl From<PageOrigin> for String {
    fn from(origin: PageOrigin) -> Self {
        origin.0
    }
}

impl fmt::Display for PageOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_a_scheme_and_a_host() {
        for text in [
            "https://a.example",
            "http://localhost:8000",
            "https://*.example.com",
            "http://[::1]:80",
        ] {
            let origin: PageOrigin = text.parse().unwrap();
            assert_eq!(origin.to_string(), text);
        }
        for text in [
            "",
            "https://",
            "example.com",
            "*",
            "'self'",
            "https://a.example/",
            "https://a.example b",
            "https://a.example;",
            "https://a.example\r\nx: y",
        ] {
            let parsed: Result<PageOrigin, _> = text.parse();
            assert_eq!(parsed, Err(PageOriginError(text.into())), "{text:?}");
        }
    }
}
