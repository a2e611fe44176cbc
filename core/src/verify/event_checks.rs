//! Checks of events once the keys are known: signatures by position, replays, and names bound twice (`docs/formats/events.md`).

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::event::ParsedEntry;
use crate::merkle::hash::Hash;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::event_view::{EventView, Finding};
use crate::report::evidence::Evidence;
use crate::rules::keyring::Keyring;
use crate::rules::registration::Registrations;
use crate::rules::signature_status::SignatureStatus;
use crate::verify::event_state::EventState;
use crate::verify::key_history::KeyHistory;

/// Judges events one by one, in log order.
#[derive(Default)]
pub(crate) struct EventChecks {
    seen: BTreeSet<Hash>,
    registrations: Registrations,
    conflict: Option<(u64, String)>,
    valid: u64,
    compromised: u64,
    wrong: Option<(u64, &'static str)>,
    undecided: Option<(u64, &'static str)>,
}

impl EventChecks {
    /// Continues from what was found before; for callers that only count.
    pub(crate) fn restore(events: &EventState) -> Self {
        Self {
            seen: BTreeSet::new(),
            registrations: events.registrations.clone(),
            conflict: events.conflict.clone(),
            valid: events.valid,
            compromised: events.compromised,
            wrong: events.wrong,
            undecided: events.undecided,
        }
    }

    /// Records the results so far.
    pub(crate) fn save(&self, events: &mut EventState) {
        events.registrations = self.registrations.clone();
        events.conflict.clone_from(&self.conflict);
        events.valid = self.valid;
        events.compromised = self.compromised;
        events.wrong = self.wrong;
        events.undecided = self.undecided;
    }

    /// Judges the event at `index`.
    pub(crate) fn add(
        &mut self,
        key_history: &KeyHistory,
        index: u64,
        parsed: &ParsedEntry,
    ) -> Finding {
        let status = key_history.signature(index, parsed);
        let mut notes = Vec::new();
        if self.count(index, &status) && !self.seen.insert(parsed.envelope.payload_digest()) {
            notes.push("replayed");
        } else if status.had_effect()
            && let Some(keyring) = key_history.keyring()
        {
            notes.extend(self.register(index, parsed, keyring));
        }
        if key_history.is_without_effect(index) {
            notes.push("no-effect");
        }
        Finding { status, notes }
    }

    /// Counts the signature of the event at `index`; whether it is valid.
    pub(crate) fn count(&mut self, index: u64, status: &SignatureStatus) -> bool {
        match status {
            SignatureStatus::Bad { .. } => {
                self.wrong.get_or_insert((index, status.as_str()));
            }
            status if status.is_valid() => {
                self.valid += 1;
                if matches!(status, SignatureStatus::CompromisedLater { .. }) {
                    self.compromised += 1;
                }
            }
            _ => {
                self.undecided.get_or_insert((index, status.as_str()));
            }
        }
        status.is_valid()
    }

    /// Applies a registration with effect, and returns the remark about it: it breaks a rule about names.
    pub(crate) fn register(
        &mut self,
        index: u64,
        parsed: &ParsedEntry,
        keyring: &Keyring,
    ) -> Option<&'static str> {
        let registered = self.registrations.apply(index, parsed, keyring);
        if let Some(conflict) = &registered.conflict {
            let name = conflict.name().to_string();
            self.conflict.get_or_insert((index, name));
            return Some("register-conflict");
        }
        None
    }

    /// Applies a registration that is not among the events of the answer.
    pub(crate) fn observe(&mut self, key_history: &KeyHistory, index: u64, parsed: &ParsedEntry) {
        let status = key_history.signature(index, parsed);
        if let Some(keyring) = key_history.keyring()
            && status.had_effect()
            && self.seen.insert(parsed.envelope.payload_digest())
        {
            self.registrations.apply(index, parsed, keyring);
        }
    }

    /// Records the results of the events.
    pub(crate) fn record(self, checks: &mut Checks) {
        self.record_signatures(checks);
        match self.conflict {
            None => checks.pass(
                CheckCode::Registrations,
                "no name and version is bound to two contents",
                None,
            ),
            Some((index, name)) => {
                let evidence = Evidence::new()
                    .with("index", index)
                    .with("name", name.as_str());
                let detail = format!("entry {index} registers `{name}` again, with other contents");
                checks.unknown(CheckCode::Registrations, detail, Some(evidence));
            }
        }
    }

    fn record_signatures(&self, checks: &mut Checks) {
        let code = CheckCode::EventSignatures;
        let evidence = Evidence::new().with("valid", self.valid);
        if let Some((index, signature)) = self.wrong {
            let evidence = evidence.with("index", index).with("signature", signature);
            let detail = format!("the signature of the event at {index} is wrong");
            return checks.fail(code, Class::False, detail, Some(evidence));
        }
        if let Some((index, signature)) = self.undecided {
            let evidence = evidence.with("index", index).with("signature", signature);
            let detail = format!(
                "the event at {index} is not signed by a key that is valid there: {signature}"
            );
            return checks.unknown(code, detail, Some(evidence));
        }
        let detail = match (self.valid, self.compromised) {
            (0, _) => "there is no event to judge".to_string(),
            (1, 0) => "the event is signed by a key valid at its index".to_string(),
            (valid, 0) => format!("all {valid} events are signed by keys valid at their indices"),
            (valid, compromised) => format!(
                "all {valid} events are signed by keys valid at their indices; {compromised} by a key later reported compromised"
            ),
        };
        checks.pass(code, detail, Some(evidence));
    }
}

/// The events of an answer as the report shows them, in log order.
pub(crate) fn judge_all(
    key_history: &KeyHistory,
    events: impl Iterator<Item = (u64, Hash, ParsedEntry)>,
    checks: &mut Checks,
) -> Vec<EventView> {
    let mut event_checks = EventChecks::default();
    let mut views = Vec::new();
    for (index, leaf_hash, parsed) in events {
        let finding = event_checks.add(key_history, index, &parsed);
        views.push(EventView::new(index, leaf_hash, &parsed, finding));
    }
    event_checks.record(checks);
    views
}
