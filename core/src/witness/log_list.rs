//! Lists of logs, as the public witness network publishes them ([witness-network.org log-list
//! format](https://github.com/transparency-dev/witness-network/blob/32abd1e/docs/log-list-format.md), `logs/v0`).
//!
//! ```text
//! # List: 10qps-4klogs
//! logs/v0
//!
//! vkey tlog.example.org+57f71a6a+AUfkgWBtisunR6awU9bC0ZFgX7EiF11BChICqRQwq845
//! origin tlog.example.org/2026
//! qpd 86400
//! contact sysadmin (at) example.org
//! ```

use crate::note::{NoteKeyError, Origin, SignatureType, VerifierKey};
use crate::text::escape::display_safe;
use crate::text::limits::MAX_LOG_LIST;
use crate::text::wire;
use crate::witness::known_logs::{KnownLogs, KnownLogsError};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// First line of a list that is neither empty nor a comment.
const HEADER: &str = "logs/v0";

/// The logs of a list, and those that this version cannot verify.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogList {
    /// The logs whose checkpoints can be verified.
    pub logs: KnownLogs,
    /// The others, which are not cosigned.
    pub skipped: Vec<Skipped>,
}

/// A log with a key that this version cannot verify with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Line of its key, from 1.
    pub line: usize,
    /// The reason.
    pub error: NoteKeyError,
}

/// One log of the list, as far as it was read.
#[derive(Default)]
struct Item<'a> {
    line: usize,
    vkey: &'a str,
    origin: Option<&'a str>,
    qpd: Option<u64>,
    others: Vec<&'a str>,
}

impl LogList {
    /// Parses a list.
    ///
    /// # Errors
    /// The [`LogListError`] with the line. A key that cannot be used is no error: its log is skipped, and the list says so.
    pub fn parse(bytes: &[u8]) -> Result<Self, LogListError> {
        let at = |line, problem| LogListError { line, problem };
        if bytes.len() > MAX_LOG_LIST {
            let size = bytes.len();
            return Err(at(1, LogListProblem::TooLarge { size }));
        }
        let text = core::str::from_utf8(bytes).map_err(|_| at(1, LogListProblem::NotUtf8))?;
        let mut list = Self::default();
        let mut has_header = false;
        let mut item: Option<Item<'_>> = None;
        for (line, text) in (1..).zip(text.split('\n')) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if !has_header {
                if text != HEADER {
                    return Err(at(line, LogListProblem::Header));
                }
                has_header = true;
                continue;
            }
            let (word, value) = text
                .split_once(' ')
                .filter(|(_, value)| !value.is_empty())
                .ok_or(at(line, LogListProblem::Shape))?;
            if word == "vkey" {
                list.take(item.take())?;
                item = Some(Item {
                    line,
                    vkey: value,
                    ..Item::default()
                });
                continue;
            }
            let item = item
                .as_mut()
                .ok_or_else(|| at(line, LogListProblem::BeforeKey { word: safe(word) }))?;
            item.set(word, value).map_err(|problem| at(line, problem))?;
        }
        if !has_header {
            return Err(at(1, LogListProblem::Header));
        }
        list.take(item)?;
        Ok(list)
    }

    /// Adds a log that is complete.
    fn take(&mut self, item: Option<Item<'_>>) -> Result<(), LogListError> {
        let Some(item) = item else { return Ok(()) };
        let line = item.line;
        let at = |problem| LogListError { line, problem };
        let key = VerifierKey::parse(item.vkey).and_then(|key| match key.signature_type() {
            SignatureType::Ed25519 => Ok(key),
            // A key that cosigns or vouches for indexes signs no checkpoints of a log.
            other => Err(NoteKeyError::UnsupportedType {
                byte: other.prefix().first().copied().unwrap_or_default(),
            }),
        });
        let key = match key {
            Ok(key) => key,
            Err(error) => {
                self.skipped.push(Skipped { line, error });
                return Ok(());
            }
        };
        let origin = item.origin.unwrap_or(key.name().as_str());
        let origin = Origin::parse(origin).map_err(|_| at(LogListProblem::Origin))?;
        let added = self.logs.add(&origin, key, item.qpd);
        added.map_err(|error| at(LogListProblem::Log(error)))
    }
}

impl<'a> Item<'a> {
    fn set(&mut self, word: &'a str, value: &'a str) -> Result<(), LogListProblem> {
        if self.others.contains(&word) {
            return Err(LogListProblem::Twice { word: safe(word) });
        }
        self.others.push(word);
        match word {
            "origin" => self.origin = (value != "none").then_some(value),
            "qpd" => {
                let qpd = wire::parse_decimal(value).filter(|qpd| *qpd > 0);
                self.qpd = Some(qpd.ok_or(LogListProblem::RequestsADay)?);
            }
            // The witness dials no bastion, and has nothing to say to the contact.
            "bastion" | "contact" => {}
            _ => return Err(LogListProblem::Unknown { word: safe(word) }),
        }
        Ok(())
    }
}

fn safe(word: &str) -> String {
    display_safe(word).to_string()
}

/// A line of a list that breaks the format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LogListError {
    /// Line number, from 1.
    pub line: usize,
    /// The broken rule.
    pub problem: LogListProblem,
}

/// The reason why a list of logs is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogListProblem {
    /// The list is larger than [`MAX_LOG_LIST`].
    #[error("the list has {size} bytes, more than {MAX_LOG_LIST}")]
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// The list is not UTF-8.
    #[error("the list is not UTF-8")]
    NotUtf8,
    /// The first line is not the name of the format.
    #[error("the list does not begin with `logs/v0`")]
    Header,
    /// A line is not a word, a space and a value.
    #[error("the line is not a word, a space and a value")]
    Shape,
    /// A line stands before the first key.
    #[error("`{word}` stands before the first `vkey`")]
    BeforeKey {
        /// The word.
        word: String,
    },
    /// A log has the same line twice.
    #[error("the log has two lines `{word}`")]
    Twice {
        /// The word.
        word: String,
    },
    /// A line begins with a word that the format does not have.
    #[error("`{word}` is none of `vkey`, `origin`, `bastion`, `qpd` and `contact`")]
    Unknown {
        /// The word.
        word: String,
    },
    /// The requests a day are not a decimal above 0.
    #[error("`qpd` is not a decimal above 0 without leading zeros")]
    RequestsADay,
    /// The origin cannot be one.
    #[error("the origin is longer than 255 bytes, or has control characters")]
    Origin,
    /// A key cannot be among the others.
    #[error(transparent)]
    Log(KnownLogsError),
}

impl LogListError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.problem {
            LogListProblem::TooLarge { .. } => "log-list-too-large",
            LogListProblem::NotUtf8 => "log-list-not-utf8",
            LogListProblem::Header => "log-list-header",
            LogListProblem::Shape => "log-list-line",
            LogListProblem::BeforeKey { .. } => "log-list-before-key",
            LogListProblem::Twice { .. } => "log-list-twice",
            LogListProblem::Unknown { .. } => "log-list-unknown-word",
            LogListProblem::RequestsADay => "log-list-qpd",
            LogListProblem::Origin => "log-list-origin",
            LogListProblem::Log(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::note::{KeyName, SignerKey};
    use alloc::format;

    fn vkey(name: &str, signature_type: SignatureType, seed: u8) -> String {
        let name = KeyName::parse(name).unwrap();
        let key = SignerKey::new(name, signature_type, SecretKey::from_seed(&[seed; 32]));
        key.verifier().to_string()
    }

    fn log(name: &str, seed: u8) -> String {
        vkey(name, SignatureType::Ed25519, seed)
    }

    /// A list of the public witness network, of its staging area.
    const PUBLISHED: &str = "#
# This is an experimental list where witnesses can discover logs.
#
logs/v0

vkey sigsum.org/v1/tree/1643169b32bef33a3f54f8a353b87c475d19b6223cbb106390d10a29978e1cba+57f71a6a+AUfkgWBtisunR6awU9bC0ZFgX7EiF11BChICqRQwq845
qpd 8640
contact services@mullvad.net | https://serviceberry.tlog.stagemole.eu/about

vkey log2025-alpha3.rekor.sigstage.dev+d3d3a70c+AZQ93VXPMmj9uZj7U/7CefQ9yy8RgYFv6mKzOseipjqp
qpd 86400
contact infra-dev (at) sigstore.dev
";

    #[test]
    fn published_lists_are_read() {
        let list = LogList::parse(PUBLISHED.as_bytes()).unwrap();
        assert_eq!(list.skipped, []);
        assert_eq!(list.logs.len(), 2);
        let origin = Origin::parse("log2025-alpha3.rekor.sigstage.dev").unwrap();
        let log = list.logs.get(&origin).unwrap();
        assert_eq!(log.requests_a_day, Some(86_400));
    }

    #[test]
    fn an_origin_may_differ_from_the_name_of_the_key() {
        let (a, b, c) = (
            log("a.example", 1),
            log("b.example", 2),
            log("a.example", 3),
        );
        let text = format!(
            "logs/v0\nvkey {a}\nqpd 24\nvkey {b}\norigin some log\nbastion none\ncontact b\nvkey {c}\norigin none\nqpd 12"
        );
        let list = LogList::parse(text.as_bytes()).unwrap();
        let origins: Vec<&str> = list.logs.origins().collect();
        assert_eq!(origins, ["a.example", "some log"]);
        let of_a = list.logs.get(&Origin::parse("a.example").unwrap()).unwrap();
        assert_eq!(
            of_a.requests_a_day,
            Some(12),
            "the lower of two rates counts"
        );
        let empty = LogList::parse(b"logs/v0\n").unwrap();
        assert!(empty.logs.is_empty());
    }

    #[test]
    fn a_log_with_an_unusable_key_is_skipped_and_told() {
        let good = log("a.example", 1);
        let cosigner = vkey("w.example", SignatureType::CosignatureV1, 2);
        let text = format!("logs/v0\nvkey x\nqpd 1\nvkey {cosigner}\nvkey {good}\n");
        let list = LogList::parse(text.as_bytes()).unwrap();
        assert_eq!(list.logs.len(), 1);
        let lines: Vec<usize> = list.skipped.iter().map(|skipped| skipped.line).collect();
        assert_eq!(lines, [2, 4]);
    }

    #[test]
    fn malformed_lists() {
        let a = log("a.example", 1);
        let header = "line 1: the list does not begin with `logs/v0`";
        for (text, message) in [
            (String::new(), header),
            ("# only a comment\n".into(), header),
            ("logs/v1\n".into(), header),
            ("logs/v0 \n".into(), header),
            (format!("vkey {a}\nlogs/v0\n"), header),
            (
                format!("logs/v0\norigin a.example\nvkey {a}\n"),
                "line 2: `origin` stands before the first `vkey`",
            ),
            (
                "logs/v0\nrevision 2\n".into(),
                "line 2: `revision` stands before the first `vkey`",
            ),
            (
                "logs/v0\nvkey\n".into(),
                "line 2: the line is not a word, a space and a value",
            ),
            (
                "logs/v0\nvkey \n".into(),
                "line 2: the line is not a word, a space and a value",
            ),
            (
                format!("logs/v0\nvkey {a}\nqpd 24\nqpd 24\n"),
                "line 4: the log has two lines `qpd`",
            ),
            (
                format!("logs/v0\nvkey {a}\nqps 24\n"),
                "line 3: `qps` is none of `vkey`, `origin`, `bastion`, `qpd` and `contact`",
            ),
            (
                format!("logs/v0\nvkey {a}\nqpd 0\n"),
                "line 3: `qpd` is not a decimal above 0 without leading zeros",
            ),
            (
                format!("logs/v0\nvkey {a}\nqpd 1.5\n"),
                "line 3: `qpd` is not a decimal above 0 without leading zeros",
            ),
            (
                format!("logs/v0\nvkey {a}\norigin {}\n", "x".repeat(256)),
                "line 2: the origin is longer than 255 bytes, or has control characters",
            ),
            (
                format!("logs/v0\nvkey {a}\nvkey {a}\n"),
                "line 3: the key of the log `a.example` is listed twice, or is a key of the witness itself",
            ),
        ] {
            let error = LogList::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), message, "{text:?}");
        }
        let error = LogList::parse(b"logs/v0\n\xff").unwrap_err();
        assert_eq!(error.code(), "log-list-not-utf8");
        let error = LogList::parse(&std::vec![b'#'; MAX_LOG_LIST + 1]).unwrap_err();
        assert_eq!(error.code(), "log-list-too-large");
    }

    #[test]
    fn a_log_cannot_sign_as_the_witness() {
        let own = vkey("w.example", SignatureType::CosignatureV1, 1);
        let own = VerifierKey::parse(&own).unwrap();
        // The name alone is no fault: the ids tell the keys apart.
        let named = format!("logs/v0\nvkey {}\n", log("w.example", 2));
        let named = LogList::parse(named.as_bytes()).unwrap().logs;
        assert_eq!(named.refuse_own(&[&own]), Ok(()));
        let same = format!("logs/v0\nvkey {}\n", log("l.example", 1));
        let same = LogList::parse(same.as_bytes()).unwrap().logs;
        let error = same.refuse_own(&[&own]).unwrap_err();
        assert_eq!(error.code(), "known-log-same-key");
    }
}
