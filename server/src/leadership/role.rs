//! What this server is for its log just now: of several servers of one log, one sequences and the others stand in.

use glasslog_log::object_store::Reader;
use reqwest::Url;
use std::sync::Arc;
use tokio::sync::watch;

/// Longest address: the lock has no room for more.
const MAX_URL: usize = 512;

/// A server's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It sequences.
    Leader,
    /// Another one does; where that takes entries, once it is known.
    StandIn(Option<Arc<Url>>),
}

/// What a server of a log in a bucket has besides.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The public files.
    pub(crate) reader: Reader,
    /// Its part.
    pub(crate) role: watch::Receiver<Role>,
    /// Sends what it cannot take itself to who can.
    pub(crate) client: reqwest::Client,
}

impl Shared {
    /// Its part just now.
    pub(crate) fn role(&self) -> Role {
        self.role.borrow().clone()
    }
}

/// Whether others can be told to send entries there.
pub fn is_address(text: &str) -> bool {
    parse_url(text).is_some()
}

/// Reads where a leader says that it takes entries. Whoever can write the bucket can say anything there.
pub(crate) fn parse_url(text: &str) -> Option<Arc<Url>> {
    if text.len() > MAX_URL || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let mut url = Url::parse(text).ok()?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !is_plain {
        return None;
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Some(Arc::new(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_leaders_are_plain() {
        for (text, expected) in [
            ("http://10.0.0.5:8000", Some("http://10.0.0.5:8000/")),
            (
                "https://log.example.com/a",
                Some("https://log.example.com/a/"),
            ),
            (
                "https://log.example.com/a/",
                Some("https://log.example.com/a/"),
            ),
            ("http://user@10.0.0.5", None),
            ("http://10.0.0.5/?x=1", None),
            ("file:///etc/passwd", None),
            ("10.0.0.5:8000", None),
            (" http://10.0.0.5", None),
            (&format!("http://{}", "a".repeat(510)), None),
            ("", None),
        ] {
            let found = parse_url(text);
            assert_eq!(found.as_deref().map(Url::as_str), expected, "{text}");
        }
    }
}
