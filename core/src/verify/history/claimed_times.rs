//! Times that events claim, beside the times that witnesses vouch for (`docs/formats/report.md`, "Events").
//!
//! A claim never orders events. An event is in the log before the newest checkpoint that witnesses cosigned, and an event
//! that an older history lacks came after the checkpoint of that one: a claim far outside of that is a wrong clock or a lie.

use crate::report::check::{Check, CheckCode};
use crate::report::event_view::EventView;
use crate::report::evidence::Fact;
use crate::text::time;

/// Difference that is no remark, in seconds: a day, more than any time zone and than most queues of events.
const TOLERANCE: u64 = 86_400;

/// Times between which events came into the log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brackets {
    /// Witnesses vouch for a checkpoint with every event as of this time.
    pub(super) not_after: Option<u64>,
    /// Entries from this index on came after this time.
    pub(super) not_before: Option<(u64, u64)>,
}

impl Brackets {
    /// Adds a remark to each event whose claimed time is more than a day outside of its bracket.
    pub(super) fn remark(&self, events: &mut [EventView]) {
        for event in events {
            let claimed = event.occurred_at.as_deref().and_then(time::parse);
            let note = claimed.and_then(|claimed| self.judge(event.index, claimed));
            event.notes.extend(note);
        }
    }

    fn judge(&self, index: u64, claimed: u64) -> Option<&'static str> {
        let is_late = |time: u64| claimed > time.saturating_add(TOLERANCE);
        let is_early =
            |(first, time): (u64, u64)| index >= first && claimed.saturating_add(TOLERANCE) < time;
        if self.not_after.is_some_and(is_late) {
            Some("claimed-late")
        } else if self.not_before.is_some_and(is_early) {
            Some("claimed-early")
        } else {
            None
        }
    }
}

/// Returns the time as of which witnesses vouch for the checkpoint of these checks.
pub(super) fn vouched_time(checks: &[Check]) -> Option<u64> {
    let check = checks
        .iter()
        .find(|check| check.code == CheckCode::Freshness)?;
    let mut facts = check.evidence.as_ref()?.facts();
    facts.find_map(|(name, fact)| match fact {
        Fact::Number(time) if name == "time" => Some(*time),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: u64 = 1_795_435_200;

    #[test]
    fn claims_a_day_outside_of_their_bracket_are_remarked() {
        let whole = Brackets {
            not_after: Some(AT),
            not_before: Some((10, AT - 3_600)),
        };
        let open = Brackets::default();
        for (index, claimed, note) in [
            (10, AT, None),
            (10, AT + TOLERANCE, None),
            (10, AT + TOLERANCE + 1, Some("claimed-late")),
            (3, u64::MAX, Some("claimed-late")),
            (10, AT - 3_600 - TOLERANCE, None),
            (10, AT - 3_600 - TOLERANCE - 1, Some("claimed-early")),
            // The older history has it, so it may have come at any time before.
            (9, 0, None),
            (10, 0, Some("claimed-early")),
        ] {
            assert_eq!(whole.judge(index, claimed), note, "{index} {claimed}");
            assert_eq!(open.judge(index, claimed), None);
        }
    }
}
