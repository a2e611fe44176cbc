//! Tells of the entries that meet a watch, with the verdict on their signatures at their indices; and of events that a later
//! statement about a key withdrew (`docs/formats/monitor.md`, "A look").

use glasslog_core::event::{Event, ParsedEntry, read};
use glasslog_core::merkle::{Hash, TreeHead};
use glasslog_core::rules::{NoEffect, SignatureStatus};

use super::alert::{Alert, Told};
use super::kind::Kind;
use super::rights::{Rights, RightsError};
use super::scan::{self, on_all_cores};
use super::{Condition, Monitor, Sink, Stop};
use crate::random::seed;

/// Entries after which the state is saved during a long reading.
const SAVE_EVERY: u64 = 65_536;

/// An entry that concerns the monitor.
struct Seen<'w> {
    index: u64,
    leaf: Hash,
    /// The watches that it meets.
    watches: Vec<&'w str>,
    parsed: Option<ParsedEntry>,
    /// The bytes of an entry that may be about keys.
    bytes: Option<Vec<u8>>,
    no_effect: Option<NoEffect>,
}

impl Seen<'_> {
    /// Describes it for an alert about one of its watches.
    fn told<'a>(&'a self, watch: &'a str, status: Option<&'a SignatureStatus>) -> Told<'a> {
        Told {
            index: self.index,
            leaf: self.leaf,
            watch,
            parsed: self.parsed.as_ref(),
            status,
            no_effect: self.no_effect.as_ref().map(NoEffect::code),
        }
    }
}

impl Monitor<'_> {
    /// Reads the new entries, and tells of those that meet a watch.
    pub(super) fn tell(&mut self, head: TreeHead, sink: &mut dyn Sink) -> Result<(), Stop> {
        self.check_genesis()?;
        let (source, watches) = (self.source, self.rules.watches);
        let (from, first) = (self.state.from, self.state.read);
        let pick = |index: u64, leaf: Hash, entry: &[u8]| {
            let (keys, parsed) = read(entry);
            let met = match index >= from {
                true => watches.matching(&keys),
                false => Vec::new(),
            };
            let is_key_event = matches!(parsed.as_ref().map(|it| &it.event), Some(Event::Key(_)));
            let is_of_keys = parsed.is_some() && (index == 0 || is_key_event);
            (is_of_keys || !met.is_empty() || index == 0).then(|| Seen {
                index,
                leaf,
                watches: met,
                parsed,
                bytes: is_of_keys.then(|| entry.to_vec()),
                no_effect: None,
            })
        };
        scan::entries(source, head, first..head.size, pick, |end, mut seen| {
            for seen in &mut seen {
                self.absorb(seen)?;
            }
            self.tell_all(&seen, sink)?;
            let before = self.state.read;
            self.state.read = end;
            match before / SAVE_EVERY == end / SAVE_EVERY {
                true => Ok(()),
                false => sink.save(self.state).map_err(Stop::Sink),
            }
        })
    }

    fn absorb(&mut self, seen: &mut Seen<'_>) -> Result<(), Condition> {
        if let (Some(parsed), Some(bytes)) = (&seen.parsed, &seen.bytes) {
            let origin = self.state.origin().to_owned();
            let rights = &mut self.state.rights;
            seen.no_effect = rights.absorb(&origin, seen.index, bytes, parsed)?;
        }
        match seen.index {
            0 => self.compare_genesis(seen.leaf),
            _ => Ok(()),
        }
    }

    /// Checks the genesis that was read before by the policy, which may pin another one now.
    fn check_genesis(&self) -> Result<(), Condition> {
        match (self.state.read, self.state.rights.genesis()) {
            (0, _) => Ok(()),
            (_, Some(leaf)) => self.compare_genesis(leaf),
            (_, None) => match self.rules.policy.genesis(self.state.origin()) {
                None => Ok(()),
                Some(_) => Err(other_genesis()),
            },
        }
    }

    fn compare_genesis(&self, leaf: Hash) -> Result<(), Condition> {
        let pin = self.rules.policy.genesis(self.state.origin());
        match pin.is_none_or(|pin| pin == leaf && self.state.rights.genesis() == Some(leaf)) {
            true => Ok(()),
            false => Err(other_genesis()),
        }
    }

    fn tell_all(&self, seen: &[Seen<'_>], sink: &mut dyn Sink) -> Result<(), Stop> {
        let told: Vec<&Seen<'_>> = seen.iter().filter(|it| !it.watches.is_empty()).collect();
        for (seen, status) in told.iter().zip(judge(&self.state.rights, &told)) {
            for watch in &seen.watches {
                let told = seen.told(watch, status.as_ref());
                let alert = Alert::event(self.state, &told, self.rules.now);
                sink.deliver(&alert).map_err(Stop::Sink)?;
            }
        }
        Ok(())
    }

    /// Tells of the events that statements about keys since the last look withdrew: they counted when they were told.
    pub(super) fn tell_withdrawn(
        &mut self,
        head: TreeHead,
        sink: &mut dyn Sink,
    ) -> Result<(), Stop> {
        let (from, done) = (self.state.from, self.state.reviewed);
        let stated: Vec<_> = self.state.rights.compromises(done).collect();
        let first = stated.iter().map(|it| it.since).min();
        let end = stated.iter().map(|it| it.stated_at).max();
        if let (Some(first), Some(end)) = (first, end) {
            let watches = self.rules.watches;
            let pick = |index: u64, leaf: Hash, entry: &[u8]| {
                let (keys, parsed) = read(entry);
                let met = watches.matching(&keys);
                (!met.is_empty() && parsed.is_some()).then_some(Seen {
                    index,
                    leaf,
                    watches: met,
                    parsed,
                    bytes: None,
                    no_effect: None,
                })
            };
            let range = first.max(from)..end;
            scan::entries(self.source, head, range, pick, |_, seen| {
                let seen: Vec<&Seen<'_>> = seen.iter().collect();
                for (seen, status) in seen.iter().zip(judge(&self.state.rights, &seen)) {
                    let at = status.as_ref().and_then(SignatureStatus::withdrawn_at);
                    if at.is_none_or(|at| at < done) {
                        continue;
                    }
                    for watch in &seen.watches {
                        let told = seen.told(watch, status.as_ref());
                        let alert = Alert::withdrawn(self.state, &told, self.rules.now);
                        sink.deliver(&alert).map_err(Stop::Sink)?;
                    }
                }
                Ok(())
            })?;
        }
        self.state.reviewed = head.size;
        Ok(())
    }
}

/// Judges the events among the entries, on all cores. The keys may be of a later position: the verdict by the entries before an
/// event follows from them too.
fn judge(rights: &Rights, seen: &[&Seen<'_>]) -> Vec<Option<SignatureStatus>> {
    let parts = on_all_cores(seen, |seen| {
        let events = seen
            .iter()
            .filter_map(|it| Some((it.index, it.parsed.as_ref()?)));
        let events: Vec<(u64, &ParsedEntry)> = events.collect();
        let statuses = match rights.keyring() {
            Some(keyring) => keyring.judge_many(&events, seed),
            None => {
                let unknown = |(_, parsed): &(u64, &ParsedEntry)| SignatureStatus::UnknownKey {
                    keyid: parsed.keyid().to_owned(),
                };
                events.iter().map(unknown).collect()
            }
        };
        let mut statuses = statuses.into_iter();
        let of = |seen: &&Seen<'_>| seen.parsed.as_ref().and_then(|_| statuses.next());
        seen.iter().map(of).collect::<Vec<_>>()
    });
    parts.into_iter().flatten().collect()
}

fn other_genesis() -> Condition {
    Condition::new(
        Kind::False,
        "entry 0 is not the genesis that the trust policy pins",
    )
}

impl From<RightsError> for Condition {
    fn from(error: RightsError) -> Self {
        let kind = match error {
            RightsError::Genesis(_) => Kind::False,
            RightsError::TooLarge => Kind::BeyondLimits,
        };
        Self::new(kind, error)
    }
}
