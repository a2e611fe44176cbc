//! Checks of events once the keys are known: signatures by position, replays, and names bound twice (`docs/formats/events.md`).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::event::{Event, ParsedEntry};
use crate::event::lookup_key::{KeyKind, LookupKey, base_name};
use crate::event::statement::Subject;
use crate::merkle::hash::Hash;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::event_view::{EventView, Finding, REPLAYED};
use crate::report::evidence::Evidence;
use crate::report::report::AcknowledgedEntry;
use crate::report::words::entries;
use crate::rules::acknowledgements::Acknowledgements;
use crate::rules::holder::{Bound, Holder, Weight, weigh};
use crate::rules::keyring::Keyring;
use crate::rules::registration::{Registered, Registrations, owned};
use crate::rules::signature_status::SignatureStatus;
use crate::verify::event_state::EventState;
use crate::verify::faults::Faults;
use crate::verify::key_history::KeyHistory;

/// Note of an event that counts for nothing, and that the admins acknowledged.
const ACKNOWLEDGED: &str = "acknowledged";

/// The bare names of which every registration is judged, so that it is known which one is the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum KnownNames {
    #[default]
    None,
    One(String),
    All,
}

impl KnownNames {
    /// Returns true if all names of the event are versions of known names.
    fn cover(&self, parsed: &ParsedEntry) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::One(known) => {
                let mut subjects = parsed.subjects.iter();
                subjects.all(|subject| base_name(&subject.name) == known)
            }
        }
    }
}

/// An event that counted when it was logged and counts for nothing now.
struct Compromised {
    index: u64,
    leaf_hash: Hash,
    status: SignatureStatus,
    relation: Relation,
}

/// Relation of an event of an answer to what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// It names it, or has content that a registration in force gives it.
    Own,
    /// It has content that only other events give it, which anybody can record: it decides nothing.
    Recorded,
}

/// Judges events one by one, in log order.
#[derive(Default)]
pub(crate) struct EventChecks {
    seen: BTreeSet<Hash>,
    names: KnownNames,
    registrations: Registrations,
    conflict: Option<(u64, String)>,
    /// Registrations that bound a name when they were logged.
    bound: Vec<Bound>,
    /// The origin and the new key of each rotation of the log's key.
    rotated: Vec<Subject>,
    valid: u64,
    /// True if an event counts, copies apart.
    counts: bool,
    /// Events that counted when they were logged and count for nothing now.
    compromised: Vec<Compromised>,
    /// Events that were not validly signed when they were logged.
    unsigned: Faults,
    /// Keys of which an audit found that they were compromised: it does not look for their events.
    compromised_keys: u64,
}

impl EventChecks {
    /// Checks `newName` of the registrations of known names.
    pub(crate) fn with_names(names: KnownNames) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }

    /// Continues an audit, which reads every registration, from what was found before.
    pub(crate) fn restore(events: &EventState) -> Self {
        Self {
            names: KnownNames::All,
            registrations: events.registrations.clone(),
            conflict: events.conflict.clone(),
            valid: events.valid,
            unsigned: events.unsigned.clone(),
            ..Self::default()
        }
    }

    /// Records the results so far.
    pub(crate) fn save(&self, events: &mut EventState) {
        events.registrations = self.registrations.clone();
        events.conflict.clone_from(&self.conflict);
        events.valid = self.valid;
        events.unsigned = self.unsigned.clone();
    }

    /// Judges the event at `index`.
    pub(crate) fn add(
        &mut self,
        key_history: &KeyHistory,
        index: u64,
        leaf_hash: &Hash,
        parsed: &ParsedEntry,
        relation: Relation,
    ) -> Finding {
        let status = key_history.signature(index, parsed);
        let mut notes = Vec::new();
        let counted = self.count(index, leaf_hash, &status, relation);
        if status.is_valid() && matches!(parsed.event, Event::LogKey(_)) {
            self.rotated.extend(parsed.subjects.iter().cloned());
        }
        // A payload is spent at its first position where it counted, also if it counts for nothing now.
        if counted && !self.seen.insert(parsed.envelope.payload_digest()) {
            notes.push(REPLAYED);
        } else {
            self.counts |= status.is_valid();
            if let Some(keyring) = key_history.keyring()
                && counted
            {
                notes.extend(self.register(index, parsed, keyring));
            }
        }
        let no_effect = key_history.no_effect(index, parsed);
        if no_effect.is_some() {
            notes.push("no-effect");
        }
        let acknowledgements = key_history.acknowledgements();
        if !status.is_valid() && acknowledgements.of(index, leaf_hash).is_some() {
            notes.push(ACKNOWLEDGED);
        }
        Finding {
            status,
            notes,
            no_effect,
        }
    }

    /// Counts the signature of the event at `index`; whether it counted when it was logged.
    pub(crate) fn count(
        &mut self,
        index: u64,
        leaf_hash: &Hash,
        status: &SignatureStatus,
        relation: Relation,
    ) -> bool {
        match status {
            SignatureStatus::Valid { .. } => self.valid += 1,
            SignatureStatus::Compromised { .. } => self.compromised.push(Compromised {
                index,
                leaf_hash: *leaf_hash,
                status: status.clone(),
                relation,
            }),
            status => self.unsigned.add(index, *leaf_hash, status.as_str()),
        }
        status.had_effect()
    }

    /// Ends an audit, which counts events and does not tell copies apart, with the number of keys that were compromised.
    pub(crate) const fn end_audit(&mut self, compromised_keys: u64) {
        self.counts = self.valid > 0;
        self.compromised_keys = compromised_keys;
    }

    /// The events that were not validly signed when they were logged.
    pub(crate) const fn unsigned(&self) -> &Faults {
        &self.unsigned
    }

    /// Applies a registration with effect, and returns the remark about it: it breaks a rule about names.
    pub(crate) fn register(
        &mut self,
        index: u64,
        parsed: &ParsedEntry,
        keyring: &Keyring,
    ) -> Option<&'static str> {
        let registered = self.bind(index, parsed, keyring);
        if let Some(conflict) = &registered.conflict {
            let name = conflict.name().to_string();
            self.conflict.get_or_insert((index, name));
            return Some("register-conflict");
        }
        if !registered.states_new_name(parsed) && self.names.cover(parsed) {
            let subject = parsed.subjects.first();
            let name = subject.map_or("", |subject| base_name(&subject.name));
            self.conflict.get_or_insert((index, owned(name)));
            return Some("new-name-wrong");
        }
        None
    }

    /// Applies a registration, and returns its effect.
    fn bind(&mut self, index: u64, parsed: &ParsedEntry, keyring: &Keyring) -> Registered {
        let registered = self.registrations.apply(index, parsed, keyring);
        self.bound.extend(Bound::by(&registered, keyring));
        registered
    }

    /// Applies a registration that is not among the events of the answer.
    pub(crate) fn observe(&mut self, key_history: &KeyHistory, index: u64, parsed: &ParsedEntry) {
        let status = key_history.signature(index, parsed);
        if let Some(keyring) = key_history.keyring()
            && status.had_effect()
            && self.seen.insert(parsed.envelope.payload_digest())
        {
            self.bind(index, parsed, keyring);
        }
    }

    /// Returns the names that the events bind.
    pub(crate) fn take_registrations(&mut self) -> Registrations {
        core::mem::take(&mut self.registrations)
    }

    /// Records the results of the events that were found for `asked`.
    pub(crate) fn record(
        self,
        asked: &[LookupKey],
        acknowledgements: &Acknowledgements,
        checks: &mut Checks,
    ) {
        self.record_signatures(asked, acknowledgements, checks);
        match self.conflict {
            None => checks.pass(
                CheckCode::Registrations,
                "no name and version is bound to two contents",
                None,
            ),
            Some((index, name)) => {
                // The key of a bare name stands for a wrong `newName`.
                let (name, detail) = match name.strip_suffix(' ') {
                    Some(bare) => (
                        bare,
                        format!(
                            "entry {index} states wrongly whether it is the first registration of `{bare}`"
                        ),
                    ),
                    None => (
                        name.as_str(),
                        format!(
                            "entry {index} registers `{name}` again, with other contents or without the right to"
                        ),
                    ),
                };
                let evidence = Evidence::new().with("index", index).with("name", name);
                checks.unknown(CheckCode::Registrations, detail, Some(evidence));
            }
        }
    }

    /// Records an event whose signature is wrong, if one was found; nothing else is known before all were judged.
    pub(crate) fn record_wrong(&self, acknowledgements: &Acknowledgements, checks: &mut Checks) {
        if self.first_false(acknowledgements).is_some() {
            checks.require(CheckCode::EventSignatures, true);
            self.record_signatures(&[], acknowledgements, checks);
        }
    }

    /// Returns the first event whose signature is wrong, and that the admins did not acknowledge.
    fn first_false(&self, acknowledgements: &Acknowledgements) -> Option<(u64, &'static str)> {
        let mut open = self.unsigned.unacknowledged(acknowledgements);
        open.find(|(_, verdict)| *verdict == SignatureStatus::BAD)
    }

    fn record_signatures(
        &self,
        asked: &[LookupKey],
        acknowledgements: &Acknowledgements,
        checks: &mut Checks,
    ) {
        let code = CheckCode::EventSignatures;
        let mut evidence = Evidence::new().with("valid", self.valid);
        if let Some((index, signature)) = self.first_false(acknowledgements) {
            let evidence = evidence.with("index", index).with("signature", signature);
            let detail = format!("the signature of the event at {index} is wrong");
            return checks.fail(code, Class::False, detail, Some(evidence));
        }
        let mut open = self.unsigned.unacknowledged(acknowledgements);
        if let Some((index, signature)) = open.next() {
            let evidence = evidence.with("index", index).with("signature", signature);
            let detail = format!(
                "the event at {index} is not signed by a key that is valid there: {signature}"
            );
            return checks.unknown(code, detail, Some(evidence));
        }
        if let Some(index) = self.unsigned.first_more {
            let evidence = evidence.with("index", index);
            let detail = format!(
                "{} are not signed by keys that are valid there, too many to find each acknowledged",
                entries(self.unsigned.count())
            );
            return checks.unknown(code, detail, Some(evidence));
        }
        let compromised = u64::try_from(self.compromised.len()).unwrap_or(u64::MAX);
        if compromised > 0 {
            evidence = evidence.with("compromised", compromised);
        }
        if let Some(event) = self.deciding_compromise(asked, acknowledgements) {
            let evidence = evidence
                .with("index", event.index)
                .with("signature", event.status.as_str());
            let detail = withdrawn(event.index, &event.status);
            return checks.unknown(code, detail, Some(evidence));
        }
        let detail = match self.valid {
            0 => "there is no event to judge".to_string(),
            1 => "the event is signed by a key valid at its index".to_string(),
            valid => format!("all {valid} events are signed by keys valid at their indices"),
        };
        let remark = match compromised {
            0 => "",
            1 => "; 1 other by a key that was compromised there counts for nothing",
            _ => "; others by keys that were compromised there count for nothing",
        };
        let keys = match self.compromised_keys {
            0 => String::new(),
            1 => "; 1 key was compromised, and its later events count for nothing now".to_string(),
            count => {
                format!(
                    "; {count} keys were compromised, and their later events count for nothing now"
                )
            }
        };
        if self.compromised_keys > 0 {
            evidence = evidence.with("compromisedKeys", self.compromised_keys);
        }
        let acknowledged = self.unsigned.count();
        let known = match acknowledged {
            0 => "",
            1 => "; 1 that is not validly signed is acknowledged by the admins",
            _ => "; others that are not validly signed are acknowledged by the admins",
        };
        if acknowledged > 0 {
            evidence = evidence.with("acknowledged", acknowledged);
        }
        if !self.counts && acknowledged > 0 {
            let detail = format!("no event counts{known}");
            return checks.unknown(code, detail, Some(evidence));
        }
        checks.pass(
            code,
            format!("{detail}{remark}{keys}{known}"),
            Some(evidence),
        );
    }

    /// Returns the first compromised event that keeps the history from being decided: the holder's, or any if no event
    /// counts.
    fn deciding_compromise(
        &self,
        asked: &[LookupKey],
        acknowledgements: &Acknowledgements,
    ) -> Option<&Compromised> {
        // A log is no artifact: no registration gives rights over what its own statements are about.
        let artifacts = asked.iter().filter(|key| !self.is_of_log(key));
        let holders: Vec<Holder> = artifacts.map(|key| Holder::of(key, &self.bound)).collect();
        let mut events = self.compromised.iter();
        events.find(|event| {
            let Compromised { index, status, .. } = event;
            let is_known = acknowledgements.of(*index, &event.leaf_hash).is_some();
            let weight = weigh(&holders, *index, status, is_known);
            !self.counts || weight == Weight::Undecided && event.relation == Relation::Own
        })
    }

    /// Returns true if a rotation of the log's key is about what was asked: the log's origin, or the content of a new key.
    fn is_of_log(&self, key: &LookupKey) -> bool {
        self.rotated.iter().any(|subject| match key.kind {
            KeyKind::Name | KeyKind::Version => subject.name == key.id,
            KeyKind::Digest => key.id.strip_prefix("sha256:") == Some(subject.sha256()),
            _ => false,
        })
    }
}

/// Says that an event counts for nothing, and since when.
fn withdrawn(index: u64, status: &SignatureStatus) -> String {
    match status {
        SignatureStatus::Compromised {
            since,
            withdrawn_at,
            ..
        } => format!(
            "the event at {index} counts for nothing: entry {withdrawn_at} states that its key was compromised since {since}"
        ),
        status => format!(
            "the event at {index} counts for nothing: {}",
            status.as_str()
        ),
    }
}

/// Records the first event whose signature is wrong, among those of a reading that could not be finished.
pub(crate) fn judge_wrong(
    key_history: &KeyHistory,
    events: impl Iterator<Item = (u64, Hash, ParsedEntry)>,
    checks: &mut Checks,
) {
    let mut event_checks = EventChecks::default();
    for (index, leaf_hash, parsed) in events {
        let status = key_history.signature(index, &parsed);
        event_checks.count(index, &leaf_hash, &status, Relation::Own);
    }
    event_checks.record_wrong(key_history.acknowledgements(), checks);
}

/// The events of an answer as the report shows them; `asked` are the keys that were asked for, in log order.
pub(crate) fn judge_all(
    key_history: &KeyHistory,
    asked: &[LookupKey],
    events: impl Iterator<Item = (u64, Hash, ParsedEntry)>,
    checks: &mut Checks,
) -> Vec<EventView> {
    let mut event_checks = EventChecks::default();
    let mut views = Vec::new();
    for (index, leaf_hash, parsed) in events {
        let finding = event_checks.add(key_history, index, &leaf_hash, &parsed, Relation::Own);
        views.push(EventView::new(index, leaf_hash, &parsed, finding));
    }
    event_checks.record(asked, key_history.acknowledgements(), checks);
    views
}

/// Lists the acknowledged entries among `faults`, and among the events that count for nothing.
pub(crate) fn acknowledged(
    acknowledgements: &Acknowledgements,
    faults: &Faults,
    events: &[EventView],
) -> Option<Vec<AcknowledgedEntry>> {
    let faults = faults.entries.iter();
    let faults = faults.map(|(index, fault)| (*index, fault.leaf_hash));
    let events = events
        .iter()
        .filter(|event| event.notes.contains(&ACKNOWLEDGED))
        .map(|event| (event.index, event.leaf_hash));
    let mut found = BTreeMap::new();
    found.extend(faults.chain(events).filter_map(|(index, leaf_hash)| {
        let acknowledged = acknowledgements.of(index, &leaf_hash)?;
        let entry = AcknowledgedEntry {
            index,
            leaf_hash,
            acknowledged_at: acknowledged.at,
            reason: acknowledged.reason.clone(),
        };
        Some((index, entry))
    }));
    (!found.is_empty()).then(|| found.into_values().collect())
}
