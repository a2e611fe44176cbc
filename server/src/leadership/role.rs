//! The current role of this server: of several servers of one log, one leads and the others stand in.

use glasslog_client::source::parse_address;
use glasslog_log::object_store::BucketSource;
use reqwest::Url;
use std::sync::Arc;
use tokio::sync::watch;

/// Longest address in bytes: the lock has no room for more.
const MAX_URL: usize = 512;

/// Role of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// This server sequences.
    Leader,
    /// Another server sequences, and takes entries at this address, if it is known.
    StandIn(Option<Arc<Url>>),
}

/// State that only a server of a log in a bucket has, where several servers share the log.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The public files.
    pub(crate) public: BucketSource,
    /// This server's role.
    pub(crate) role: watch::Receiver<Role>,
    /// Forwards submissions to the leader.
    pub(crate) client: reqwest::Client,
}

impl Shared {
    /// Returns the current role.
    pub(crate) fn role(&self) -> Role {
        self.role.borrow().clone()
    }
}

/// Returns whether a server may announce this address as the one where it takes entries.
pub fn is_server_address(text: &str) -> bool {
    parse_url(text).is_some()
}

/// Parses the address where a leader takes entries. Anyone who can write the bucket chooses this text.
pub(crate) fn parse_url(text: &str) -> Option<Arc<Url>> {
    if text.len() > MAX_URL || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let url = parse_address(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| Arc::new(url))
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
