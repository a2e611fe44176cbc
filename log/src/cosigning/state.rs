//! Private file with what a log remembers of its witnesses. It is a cache: without it, a witness says itself from which size
//! a proof is to begin.

use super::Standing;
use glasslog_client::witness::{Failing, Memory};
use serde::{Deserialize, Serialize};

/// Name of the file of a log, and of its index.
pub(crate) const OF_LOG: &str = "witnesses";
pub(crate) const OF_INDEX: &str = "index-witnesses";

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct State {
    /// Time of the last round, in milliseconds since the epoch.
    #[serde(default)]
    pub(super) begun: u64,
    /// Names of the witnesses that were missing when the last round ended without a quorum; none if it met the quorum.
    #[serde(default)]
    pub(super) missing: Vec<String>,
    #[serde(default)]
    pub(super) witness: Vec<Kept>,
}

/// The memory of one witness.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Kept {
    name: String,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failing: Option<KeptFailing>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct KeptFailing {
    since: u64,
    code: String,
    message: String,
    alarm: bool,
}

impl State {
    /// Parses the file leniently: a file that does not parse is as good as none.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let text = str::from_utf8(bytes).unwrap_or_default();
        toml::from_str(text).unwrap_or_default()
    }

    pub(super) fn new<'a>(
        begun: u64,
        missing: Vec<String>,
        standings: impl Iterator<Item = &'a Standing>,
    ) -> Self {
        let kept = standings.map(|standing| Kept {
            name: standing.name.clone(),
            key: standing.key.clone(),
            size: standing.memory.cosigned.map(|(size, _)| size),
            time: standing.memory.cosigned.map(|(_, time)| time),
            failing: standing.memory.failing.as_ref().map(|failing| KeptFailing {
                since: failing.since,
                code: failing.code.clone(),
                message: failing.message.clone(),
                alarm: failing.is_alarm,
            }),
        });
        Self {
            begun,
            missing,
            witness: kept.collect(),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // A table of numbers and texts always encodes.
        toml::to_string(self).unwrap_or_default().into_bytes()
    }

    /// Returns the memory of the witness with this key.
    pub(super) fn memory(&self, key: &str) -> Memory {
        let found = self.witness.iter().find(|kept| kept.key == key);
        let mut memory = Memory::default();
        if let Some(kept) = found {
            memory.cosigned = kept.size.zip(kept.time);
            memory.failing = kept.failing.as_ref().map(|failing| Failing {
                since: failing.since,
                code: failing.code.clone(),
                message: failing.message.clone(),
                is_alarm: failing.alarm,
            });
        }
        memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_and_anything_else_is_nothing() {
        let mut memory = Memory::default();
        memory.cosigned = Some((7, 1_795_467_600));
        memory.failing = Some(Failing {
            since: 1_795_467_700,
            code: "timeout".into(),
            message: "a \"message\"\nof two lines".into(),
            is_alarm: true,
        });
        let standing = |key: &str, memory: &Memory| Standing {
            name: "w".into(),
            key: key.into(),
            is_asked: true,
            memory: memory.clone(),
        };
        let standings = [standing("a", &memory), standing("b", &Memory::default())];
        let state = State::new(5, vec!["b".into()], standings.iter());
        let read = State::parse(&state.encode());
        assert_eq!(read, state);
        assert_eq!(read.memory("a"), memory);
        assert_eq!(read.memory("b"), Memory::default());
        assert_eq!(read.memory("c"), Memory::default());
        for text in ["", "begun = -1", "<html>", "witness = 3"] {
            assert_eq!(State::parse(text.as_bytes()), State::default(), "{text}");
        }
    }
}
