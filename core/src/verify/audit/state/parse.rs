//! Reads the state of an audit, strictly (`docs/formats/audit-state.md`).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::encode::{DIGEST, MAGIC};
use super::{AuditState, AuditStateError, EventState, IndexState, SUM_STEP};
use crate::event::event::{self, Event};
use crate::event::fields::is_name;
use crate::index::format::manifest::{Manifest, parse_run};
use crate::merkle::hash::{Hash, sha256};
use crate::note::checkpoint::Checkpoint;
use crate::report::report::Counts;
use crate::rules::registration::{Binding, Registrations};
use crate::rules::signature_status::SignatureStatus;
use crate::text::limits::{MAX_AUDIT_STATE, MAX_FAULTS};
use crate::text::wire::{base64_decode_array, hex_encode, parse_decimal};
use crate::verify::faults::{Faults, UNREADABLE};

impl AuditState {
    /// Parses a state.
    ///
    /// # Errors
    /// The [`AuditStateError`] that says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, AuditStateError> {
        if bytes.len() > MAX_AUDIT_STATE {
            return Err(AuditStateError::TooLarge);
        }
        let (first, _) = line(bytes).ok_or(AuditStateError::NotAState)?;
        let version = first.strip_prefix("glasslog-audit-state/");
        match version {
            None => return Err(AuditStateError::NotAState),
            Some(_) if first != MAGIC => return Err(AuditStateError::Version),
            Some(_) => {}
        }
        // A damaged file is called so, whatever else may be wrong with it.
        let length = bytes.len().checked_sub(DIGEST.len() + 64 + 1);
        let (text, digest) = length
            .and_then(|length| bytes.split_at_checked(length))
            .ok_or(AuditStateError::Damaged)?;
        let expected = [DIGEST, &hex_encode(sha256(text).as_bytes()), "\n"].concat();
        if digest != expected.as_bytes() {
            return Err(AuditStateError::Damaged);
        }
        let state = Reader { rest: text }.state()?;
        // A state that the encoder would write differently is refused.
        match state.encode() == bytes {
            true => Ok(state),
            false => Err(malformed("spelling")),
        }
    }
}

const fn malformed(part: &'static str) -> AuditStateError {
    AuditStateError::Malformed { part }
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    /// Longer than any line.
    const LONGEST: usize = 256;
    let end = bytes.iter().take(LONGEST).position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((core::str::from_utf8(line).ok()?, rest.get(1..)?))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The words of the next line, which begins with `name`.
    fn words(&mut self, name: &'static str) -> Result<Vec<&'a str>, AuditStateError> {
        let (line, rest) = line(self.rest).ok_or(malformed(name))?;
        let mut words = line.split(' ');
        if words.next() != Some(name) {
            return Err(malformed(name));
        }
        self.rest = rest;
        Ok(words.collect())
    }

    fn numbers<const N: usize>(&mut self, name: &'static str) -> Result<[u64; N], AuditStateError> {
        let words = self.words(name)?;
        let numbers: Option<Vec<u64>> = words.into_iter().map(parse_decimal).collect();
        let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
        numbers.ok_or(malformed(name))
    }

    /// As many numbers, or `-`.
    fn numbers_or_none<const N: usize>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<[u64; N]>, AuditStateError> {
        let before = self.rest;
        if self.words(name)? == ["-"] {
            return Ok(None);
        }
        self.rest = before;
        self.numbers(name).map(Some)
    }

    /// The next part, if it has this name: the number after the name, where it has one, and the content.
    fn part(
        &mut self,
        name: &'static str,
        numbered: bool,
    ) -> Result<Option<(u64, &'a [u8])>, AuditStateError> {
        let is_next = line(self.rest).is_some_and(|(line, _)| line.split(' ').next() == Some(name));
        if !is_next {
            return Ok(None);
        }
        let (number, length) = if numbered {
            let [number, length] = self.numbers(name)?;
            (number, length)
        } else {
            let [length] = self.numbers(name)?;
            (0, length)
        };
        let length = usize::try_from(length).map_err(|_| malformed(name))?;
        let (content, rest) = self.rest.split_at_checked(length).ok_or(malformed(name))?;
        self.rest = rest;
        Ok(Some((number, content)))
    }

    fn needed(&mut self, name: &'static str) -> Result<&'a [u8], AuditStateError> {
        let part = self.part(name, false)?;
        part.map(|(_, content)| content).ok_or(malformed(name))
    }

    fn checkpoint(&mut self, name: &'static str) -> Result<Checkpoint, AuditStateError> {
        let bytes = self.needed(name)?;
        Checkpoint::parse(bytes).map_err(|_| malformed(name))
    }

    fn state(mut self) -> Result<AuditState, AuditStateError> {
        self.words(MAGIC)?;
        let keys = match self.words("keys")?.as_slice() {
            [hash] => Hash::parse_base64(hash),
            _ => None,
        };
        let keys = keys.ok_or(malformed("keys"))?;
        let [read] = self.numbers("read")?;
        let [access_events, key_events, unreadable, signed] = self.numbers("counts")?;
        let mut events = EventState {
            counts: Counts {
                entries: read,
                access_events,
                key_events,
                unreadable,
                signed,
                tiles: 0,
            },
            ..EventState::default()
        };
        [events.key_events] = self.numbers("key-events")?;
        [events.valid] = self.numbers("signatures")?;
        let unreadable = self.numbers_or_none("unreadable-beyond")?;
        let unsigned = self.numbers_or_none("unsigned-beyond")?;
        let conflict = self.numbers_or_none("conflict")?.map(|[at]| at);
        let index = self.numbers_or_none("index")?;
        let checkpoint = self.checkpoint("checkpoint")?;
        if read > checkpoint.head().size {
            return Err(malformed("read"));
        }
        if let Some(at) = conflict {
            events.conflict = Some((at, text(self.needed("conflict")?, "conflict")?));
        }
        events.entries = self.entries(read)?;
        self.faults(read, &mut events)?;
        for (faults, beyond) in [
            (&mut events.unreadable, unreadable),
            (&mut events.unsigned, unsigned),
        ] {
            if let Some([more, first]) = beyond {
                faults.add_unread(more, first);
            }
        }
        events.registrations = self.registrations(read)?;
        check_events(&events, read)?;
        let index = match index {
            None => None,
            Some([whole, from]) => Some(self.index(whole, from, read, &checkpoint)?),
        };
        match self.rest {
            [] => Ok(AuditState {
                keys,
                checkpoint,
                read,
                events,
                index,
            }),
            _ => Err(malformed("end")),
        }
    }

    fn entries(&mut self, read: u64) -> Result<BTreeMap<u64, Vec<u8>>, AuditStateError> {
        const NAME: &str = "event";
        let mut entries = BTreeMap::new();
        while let Some((at, entry)) = self.part(NAME, true)? {
            let parsed = event::parse(entry).map_err(|_| malformed(NAME))?;
            let is_of_keys = match parsed.event {
                Event::Genesis(_) => at == 0,
                Event::Key(_) | Event::Acknowledgement(_) => at > 0 && entries.contains_key(&0),
                _ => false,
            };
            let is_next = entries.last_key_value().is_none_or(|(last, _)| *last < at);
            if !is_of_keys || !is_next || at >= read {
                return Err(malformed(NAME));
            }
            entries.insert(at, entry.to_vec());
        }
        Ok(entries)
    }

    /// Reads the faulty entries in the lists.
    fn faults(&mut self, read: u64, events: &mut EventState) -> Result<(), AuditStateError> {
        const NAME: &str = "fault";
        let mut last = None;
        while let Some((at, content)) = self.part(NAME, true)? {
            let content = text(content, NAME)?;
            let (verdict, hash) = content.split_once(' ').ok_or(malformed(NAME))?;
            let leaf_hash = Hash::parse_base64(hash).ok_or(malformed(NAME))?;
            if at >= read || last.is_some_and(|last| last >= at) {
                return Err(malformed(NAME));
            }
            last = Some(at);
            match SignatureStatus::name_of(verdict) {
                Some(verdict) => events.unsigned.add(at, leaf_hash, verdict),
                None if verdict == UNREADABLE => events.unreadable.add(at, leaf_hash, UNREADABLE),
                None => return Err(malformed(NAME)),
            }
        }
        Ok(())
    }

    fn registrations(&mut self, read: u64) -> Result<Registrations, AuditStateError> {
        const NAME: &str = "bound";
        let mut bound = BTreeMap::new();
        while let Some((at, content)) = self.part(NAME, true)? {
            let content = text(content, NAME)?;
            let (head, name) = content.split_once("\n\n").ok_or_else(|| malformed(NAME))?;
            let mut lines = head.split('\n');
            let actor = lines.next_back().unwrap_or_default().to_string();
            let (mut digests, mut signers) = (BTreeSet::new(), Vec::new());
            for line in lines {
                let hex = line.strip_prefix("sha256:");
                let is_hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
                let digest = hex.unwrap_or(line);
                if digest.len() != 64 || !digest.bytes().all(is_hex) {
                    return Err(malformed(NAME));
                }
                match hex {
                    Some(_) => signers.push(line.to_string()),
                    None => {
                        digests.insert(line.to_string());
                    }
                }
            }
            let last = bound.last_key_value();
            let is_next = last.is_none_or(|(last, _): (&String, _)| last.as_str() < name);
            if !is_next || signers.is_empty() || !is_name(&actor) || at >= read {
                return Err(malformed(NAME));
            }
            let binding = Binding {
                at,
                digests,
                actor,
                signers,
            };
            bound.insert(name.to_string(), binding);
        }
        Ok(Registrations::from_bound(bound))
    }

    fn index(
        &mut self,
        whole: u64,
        from: u64,
        read: u64,
        log: &Checkpoint,
    ) -> Result<IndexState, AuditStateError> {
        let checkpoint = self.checkpoint("index-checkpoint")?;
        let newest = match self.part("manifest", false)? {
            None => None,
            Some((_, bytes)) => Some(Manifest::parse(bytes).map_err(|_| malformed("manifest"))?),
        };
        let covered = newest.as_ref().map_or(0, |newest| newest.head().size);
        let is_known = newest.as_ref().is_none_or(|newest| newest.map().is_ok());
        if newest.is_some() != (whole > 0)
            || whole > checkpoint.head().size
            || from > read
            || covered > log.head().size
            || !is_known
        {
            return Err(malformed("index"));
        }
        let lines = text(self.needed("superseded")?, "superseded")?;
        let superseded: Option<Vec<_>> = lines.lines().map(parse_run).collect();
        let superseded = superseded.ok_or(malformed("superseded"))?;
        let (mut secret, mut sums) = ([0; 16], Vec::new());
        if let Some((_, text)) = self.part("secret", false)? {
            let text = core::str::from_utf8(text).ok();
            secret = text
                .and_then(base64_decode_array)
                .ok_or(malformed("secret"))?;
            let (numbers, rest) = self.needed("sums")?.as_chunks::<16>();
            sums = numbers.iter().copied().map(u128::from_be_bytes).collect();
            let expected = usize::try_from(read / SUM_STEP).map_err(|_| malformed("sums"))?;
            if !rest.is_empty()
                || sums.len() != expected.saturating_add(1)
                || sums.first() != Some(&0)
            {
                return Err(malformed("sums"));
            }
        }
        Ok(IndexState {
            checkpoint,
            whole,
            newest,
            from,
            superseded,
            secret,
            sums,
        })
    }
}

fn text(bytes: &[u8], name: &'static str) -> Result<String, AuditStateError> {
    let text = core::str::from_utf8(bytes).map_err(|_| malformed(name))?;
    Ok(text.to_string())
}

/// No more can have been counted than was read, and nothing found beyond.
fn check_events(events: &EventState, read: u64) -> Result<(), AuditStateError> {
    let counts = &events.counts;
    let counted = [counts.access_events, counts.key_events, counts.unreadable]
        .into_iter()
        .fold(0, u64::saturating_add);
    let kept = u64::try_from(events.entries.len()).unwrap_or(u64::MAX);
    let unread = [&events.unreadable, &events.unsigned].map(|faults| faults.first_more);
    let conflict = events.conflict.as_ref().map(|(at, _)| *at);
    let positions = unread.into_iter().chain([conflict]);
    let is_full = |faults: &Faults| faults.more == 0 || faults.entries.len() == MAX_FAULTS;
    if counted > read
        || counts.signed > read
        || events.valid > read
        || events.key_events > counts.key_events
        || kept > read
        || events.unreadable.count() != counts.unreadable
        || !is_full(&events.unreadable)
        || !is_full(&events.unsigned)
        || positions.flatten().any(|at| at >= read)
    {
        return Err(malformed("counts"));
    }
    Ok(())
}
