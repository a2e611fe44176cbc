//! Entries that a verb submitted before it failed: what is known about them, for the error that ends the verb.

use core::fmt;
use std::path::PathBuf;

use glasslog_client::submit::Receipt;
use glasslog_core::merkle::{Hash, leaf_hash};
use serde::Serialize;

/// The state of entries that were submitted, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// They are in a published checkpoint.
    InLog,
    /// They survive a power loss and have their indices, but no published checkpoint covers them.
    Durable,
    /// The answer is missing: the log may have taken them or not.
    Unknown,
}

/// Entries that were submitted before a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Submitted {
    pub(crate) state: State,
    #[serde(flatten)]
    pub(crate) entries: Entries,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(crate) enum Entries {
    One {
        /// Absent if it is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        index: Option<u64>,
        leaf_hash: String,
        /// The entry as text; `glasslog submit` takes it.
        envelope: String,
        /// The file that it was kept in, if the state is unknown.
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<PathBuf>,
    },
    Lines {
        first_line: u64,
        last_line: u64,
    },
}

impl Submitted {
    /// Describes an entry that the log answered for.
    pub(crate) fn entry(state: State, receipt: &Receipt, entry: &[u8]) -> Self {
        Self::one(state, Some(receipt.index), &receipt.leaf_hash, entry)
    }

    /// Describes an entry whose answer is missing.
    pub(crate) fn unknown(entry: &[u8]) -> Self {
        Self::one(State::Unknown, None, &leaf_hash(entry), entry)
    }

    fn one(state: State, index: Option<u64>, leaf_hash: &Hash, entry: &[u8]) -> Self {
        Self {
            state,
            entries: Entries::One {
                index,
                leaf_hash: leaf_hash.to_base64(),
                envelope: String::from_utf8_lossy(entry).into_owned(),
                file: None,
            },
        }
    }

    /// Describes the lines `first` to `last` of the input of `submit`, counted from 1.
    pub(crate) fn lines(state: State, first_line: u64, last_line: u64) -> Self {
        let entries = Entries::Lines {
            first_line,
            last_line,
        };
        Self { state, entries }
    }
}

/// The beginning of the error's message.
impl fmt::Display for Submitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (entries, are) = match &self.entries {
            Entries::One { index, .. } => match index {
                Some(index) => (format!("entry {index}"), "is"),
                None => ("the entry".into(), "is"),
            },
            Entries::Lines {
                first_line: first,
                last_line: last,
            } => match first == last {
                true => (format!("the entry of line {first}"), "is"),
                false => (format!("the entries of lines {first} to {last}"), "are"),
            },
        };
        match self.state {
            State::InLog => write!(f, "{entries} {are} in the log, but "),
            State::Durable => write!(f, "{entries} {are} durable, but not published yet: "),
            State::Unknown => write!(f, "{entries} may be in the log: "),
        }
    }
}
