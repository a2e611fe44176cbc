//! Events that act on others: a release on its hold, a revocation on its grant or enrolment, a receipt on its transfer.

use std::collections::BTreeMap;

use glasslog_core::event::Action;
use glasslog_core::report::EventView;

/// The events of a report, by the leaf hashes with which they name each other.
pub(crate) struct Answers<'a> {
    by_hash: BTreeMap<String, &'a EventView>,
    /// The events that count and act on the event with this leaf hash, by position.
    acting_on: BTreeMap<&'a str, Vec<&'a EventView>>,
}

impl<'a> Answers<'a> {
    pub(crate) fn among(events: &'a [EventView]) -> Self {
        let by_hash = events
            .iter()
            .map(|event| (event.leaf_hash.to_base64(), event));
        let mut acting_on: BTreeMap<&str, Vec<&EventView>> = BTreeMap::new();
        for event in events.iter().filter(|event| event.is_evidence()) {
            if let Some(acts_on) = event.acts_on.as_deref() {
                acting_on.entry(acts_on).or_default().push(event);
            }
        }
        Self {
            by_hash: by_hash.collect(),
            acting_on,
        }
    }

    /// Returns the event with a leaf hash.
    pub(crate) fn event(&self, leaf_hash: &str) -> Option<&'a EventView> {
        self.by_hash.get(leaf_hash).copied()
    }

    /// Returns the events that answer `event`: they are of the kind that does.
    pub(crate) fn of(&self, event: &EventView) -> impl Iterator<Item = &'a EventView> {
        let hash = event.leaf_hash.to_base64();
        let acting = self.acting_on.get(&*hash).into_iter().flatten().copied();
        let action = event.action.clone();
        acting.filter(move |answer| answered_by(answer) == action.as_deref())
    }

    /// Says on which event another acts, and whether it answers it.
    pub(crate) fn acts_on(&self, event: &EventView) -> Option<String> {
        let Some(other) = self.event(event.acts_on.as_deref()?) else {
            return Some("acts on an event that is not shown".into());
        };
        let index = other.index;
        if let Some(kind) = answered_by(event)
            && other.action.as_deref() != Some(kind)
        {
            return Some(format!("acts on {index}, which is no {kind}"));
        }
        let earlier = self.of(other).find(|answer| answer.index < event.index);
        Some(match earlier {
            Some(earlier) => format!("acts on {index}, which {} answered before", earlier.index),
            None => format!("acts on {index}"),
        })
    }

    /// Names the events that answer this one, with their actor if that is another.
    pub(crate) fn answered(&self, event: &EventView) -> Option<String> {
        let shown = |answer: &EventView| match &answer.actor {
            Some(actor) if answer.actor != event.actor => format!("{} of {actor}", answer.index),
            _ => answer.index.to_string(),
        };
        let shown: Vec<String> = self.of(event).map(shown).collect();
        (!shown.is_empty()).then(|| format!("answered by {}", shown.join(", ")))
    }
}

/// Returns the action of the events that an access answers.
fn answered_by(event: &EventView) -> Option<&'static str> {
    let action = event.action.as_deref().filter(|_| event.r#type == "access");
    Some(Action::parse(action?)?.answers()?.as_str())
}
