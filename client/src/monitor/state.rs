//! The one state file of a monitor (`docs/formats/monitor.md`, "State").

use core::fmt::Write as _;
use std::collections::BTreeMap;

use glasslog_core::merkle::sha256;
use glasslog_core::note::Checkpoint;
use glasslog_core::text::limits::MAX_NOTE;
use glasslog_core::text::wire::parse_decimal;

use super::kind::Kind;
use super::rights::{MAX_RIGHTS, Rights};
use super::witnesses::{Behind, Shown};

/// First line of a state.
const MAGIC: &str = "glasslog-monitor-state/v1";

/// Beginning of the last line, which ends with the SHA-256 of everything before it: a state that lost a key event at its end
/// would judge by the wrong keys.
const DIGEST: &str = "digest ";

/// Bytes of the last line.
const LAST_LINE: usize = DIGEST.len() + 65;

/// An alarm that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ongoing {
    /// Its kind.
    pub kind: Kind,
    /// Time of the look that saw it begin.
    pub since: u64,
}

/// The state of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogState {
    /// The log, as the user named it.
    pub log: String,
    /// Entries before this one are read for their keys alone.
    pub from: u64,
    /// Entries that were read, and told if they met a watch.
    pub read: u64,
    /// Entries of which it was told if they withdrew events.
    pub reviewed: u64,
    /// Time of the look that saw the log grow last.
    pub grown: u64,
    /// The alarms that held at the last look.
    pub alarms: Vec<Ongoing>,
    /// The larger head that another source showed, if the log is behind it.
    pub behind: Option<Behind>,
    /// The newest head that each witness showed.
    pub shown: Shown,
    /// The keys after the entries that were read.
    pub rights: Rights,
    /// The newest checkpoint that was accepted, with the lines that verified.
    pub checkpoint: Option<Checkpoint>,
}

impl LogState {
    /// Begins with a log that was never seen.
    #[must_use]
    pub fn new(log: String) -> Self {
        Self {
            log,
            from: 0,
            read: 0,
            reviewed: 0,
            grown: 0,
            alarms: Vec::new(),
            behind: None,
            shown: Shown::new(),
            rights: Rights::default(),
            checkpoint: None,
        }
    }

    /// Returns the time since which an alarm of this kind held at the last look.
    #[must_use]
    pub fn since(&self, kind: Kind) -> Option<u64> {
        let ongoing = self.alarms.iter().find(|alarm| alarm.kind == kind);
        ongoing.map(|alarm| alarm.since)
    }

    /// Returns the size of the newest accepted head.
    #[must_use]
    pub fn size(&self) -> u64 {
        let checkpoint = self.checkpoint.as_ref();
        checkpoint.map_or(0, |checkpoint| checkpoint.head().size)
    }

    /// Takes note that another source of the log showed a head of this size.
    pub fn see(&mut self, size: u64, now: u64) {
        let own = self.size();
        self.behind = self.behind.filter(|behind| behind.size > own);
        if size > own {
            self.behind.get_or_insert(Behind { size, since: now });
        }
    }

    /// Returns the origin of the log; nothing if no checkpoint was accepted yet.
    #[must_use]
    pub fn origin(&self) -> &str {
        let checkpoint = self.checkpoint.as_ref();
        checkpoint.map_or("", |checkpoint| checkpoint.origin().as_str())
    }
}

/// The states of all logs of a monitor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State(pub Vec<LogState>);

/// The bytes are not a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The bytes are not those that a monitor writes.
    #[error("it is not a monitor's state, or is damaged")]
    Malformed,
}

impl StateError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "monitor-state",
        }
    }
}

impl State {
    /// Encodes the state.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = format!("{MAGIC}\n").into_bytes();
        for log in &self.0 {
            let checkpoint = log.checkpoint.as_ref().map(Checkpoint::encode);
            let checkpoint = checkpoint.unwrap_or_default();
            let mut text = format!("log {}\nfrom {}\nread {}\n", log.log, log.from, log.read);
            // Writing to a string does not fail.
            let _ = write!(text, "reviewed {}\ngrown {}\n", log.reviewed, log.grown);
            for alarm in &log.alarms {
                let _ = writeln!(text, "alarm {} {}", alarm.kind.name(), alarm.since);
            }
            if let Some(Behind { size, since }) = log.behind {
                let _ = writeln!(text, "behind {size} {since}");
            }
            let _ = writeln!(text, "checkpoint {}", checkpoint.len());
            bytes.extend(text.into_bytes());
            bytes.extend(checkpoint);
            for (index, entry) in log.rights.entries() {
                bytes.extend(format!("key {index} {}\n", entry.len()).into_bytes());
                bytes.extend(entry);
            }
            for (name, shown) in &log.shown {
                let shown = shown.encode();
                bytes.extend(format!("witness {} {name}\n", shown.len()).into_bytes());
                bytes.extend(shown);
            }
        }
        bytes.extend(format!("{DIGEST}{}\n", sha256(&bytes).to_hex()).into_bytes());
        bytes
    }

    /// Parses a state: the bytes that [`encode`](Self::encode) gives, and no others.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, StateError> {
        let state = Self::read(bytes).ok_or(StateError::Malformed)?;
        match state.encode() == bytes {
            true => Ok(state),
            false => Err(StateError::Malformed),
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (text, _) = bytes.split_at_checked(bytes.len().checked_sub(LAST_LINE)?)?;
        let (first, mut rest) = line(text)?;
        if first != MAGIC {
            return None;
        }
        let mut logs: Vec<LogState> = Vec::new();
        while !rest.is_empty() {
            let mut log = LogState::new(field(&mut rest, "log ")?.to_owned());
            log.from = parse_decimal(field(&mut rest, "from ")?)?;
            log.read = parse_decimal(field(&mut rest, "read ")?)?;
            log.reviewed = parse_decimal(field(&mut rest, "reviewed ")?)?;
            log.grown = parse_decimal(field(&mut rest, "grown ")?)?;
            while let Some(alarm) = field(&mut rest, "alarm ") {
                let (name, since) = alarm.split_once(' ')?;
                let kind = *Kind::ALL.iter().find(|kind| kind.name() == name)?;
                let since = parse_decimal(since)?;
                log.alarms.push(Ongoing { kind, since });
            }
            if let Some(words) = field(&mut rest, "behind ") {
                let (size, since) = words.split_once(' ')?;
                log.behind = Some(Behind {
                    size: parse_decimal(size)?,
                    since: parse_decimal(since)?,
                });
            }
            let length = field(&mut rest, "checkpoint ")?;
            let checkpoint = bytes_of(&mut rest, length, MAX_NOTE)?;
            if !checkpoint.is_empty() {
                log.checkpoint = Some(Checkpoint::parse(checkpoint).ok()?);
            }
            let mut entries = BTreeMap::new();
            while let Some(words) = field(&mut rest, "key ") {
                let (index, length) = words.split_once(' ')?;
                let entry = bytes_of(&mut rest, length, MAX_RIGHTS)?;
                entries.insert(parse_decimal(index)?, entry.to_vec());
            }
            while let Some(words) = field(&mut rest, "witness ") {
                let (length, name) = words.split_once(' ')?;
                let shown = bytes_of(&mut rest, length, MAX_NOTE)?;
                log.shown
                    .insert(name.to_owned(), Checkpoint::parse(shown).ok()?);
            }
            let last = entries.keys().next_back();
            if last.is_some_and(|last| *last >= log.read) {
                return None;
            }
            log.rights = Rights::restore(log.origin(), &entries)?;
            let most = log.read.max(log.reviewed).max(log.from);
            if most > log.size() || logs.iter().any(|other| other.log == log.log) {
                return None;
            }
            logs.push(log);
        }
        Some(Self(logs))
    }
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((core::str::from_utf8(line).ok()?, rest.get(1..)?))
}

/// Takes a line with this beginning; returns the rest of it.
fn field<'a>(bytes: &mut &'a [u8], name: &str) -> Option<&'a str> {
    let (line, rest) = line(bytes)?;
    let value = line.strip_prefix(name)?;
    *bytes = rest;
    Some(value)
}

/// Takes as many bytes as a decimal says, at most `most`.
fn bytes_of<'a>(bytes: &mut &'a [u8], length: &str, most: usize) -> Option<&'a [u8]> {
    let length = usize::try_from(parse_decimal(length)?).ok()?;
    let (taken, rest) = bytes.split_at_checked(length).filter(|_| length <= most)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_one_encoding() {
        let mut log = LogState::new("https://log.example/".into());
        log.grown = 7;
        let since = |kind, since| Ongoing { kind, since };
        log.alarms = vec![since(Kind::Fork, 7), since(Kind::Unreachable, 8)];
        let state = State(vec![log, LogState::new("my log".into())]);
        let bytes = state.encode();
        assert_eq!(State::parse(&bytes), Ok(state));
        for end in 0..bytes.len() {
            let cut = State::parse(&bytes[..end]);
            assert_eq!(cut, Err(StateError::Malformed), "{end}");
        }
        for wrong in [
            "",
            "glasslog-monitor-state/v2\n",
            "glasslog-monitor-state/v1",
        ] {
            assert_eq!(State::parse(wrong.as_bytes()), Err(StateError::Malformed));
        }
        let log = LogState::new("my log".into());
        let twice = State(vec![log.clone(), log]).encode();
        assert_eq!(State::parse(&twice), Err(StateError::Malformed));
    }
}
