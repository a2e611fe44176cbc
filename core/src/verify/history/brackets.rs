//! Times between which events came into the log, beside the times that they claim (`docs/formats/report.md`, "Events").
//!
//! A claim never orders events. An event came before each checkpoint that covers it was cosigned, and after each that does
//! not: a claim far outside of that is a wrong clock or a lie.

use alloc::vec::Vec;

use crate::report::check::{Check, CheckCode};
use crate::report::event_view::EventView;
use crate::report::evidence::Fact;

/// Difference that is no remark, in seconds: a day, more than any time zone and than most queues of events.
const TOLERANCE: u64 = 86_400;

/// A checkpoint of the log, with the times that a quorum of witnesses vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// Entries that it covers.
    pub(super) size: u64,
    /// A quorum had cosigned it by this time.
    pub(super) seen: Option<u64>,
    /// A quorum vouches that the log had no more entries as of this time.
    pub(super) as_of: Option<u64>,
}

/// The checkpoints that bound the events of a history.
#[derive(Clone, Debug, Default)]
pub(super) struct Brackets(pub(super) Vec<Bound>);

impl Brackets {
    /// The time after which the entry at `index` came into the log, and the time before which it did. Bounds that contradict
    /// each other are none: the clocks of witnesses differ.
    fn of(&self, index: u64) -> (Option<u64>, Option<u64>) {
        let covering = self.0.iter().filter(|bound| bound.size > index);
        let not_after = covering.filter_map(|bound| bound.seen).min();
        let others = self.0.iter().filter(|bound| bound.size <= index);
        let not_before = others.filter_map(|bound| bound.as_of).max();
        match (not_before, not_after) {
            (Some(before), Some(after)) if before > after => (None, None),
            bracket => bracket,
        }
    }

    /// Shows the bracket of each event, with a remark if the time that it claims is more than a day outside.
    pub(super) fn show(&self, events: &mut [EventView]) {
        for event in events {
            let bracket = self.of(event.index);
            (event.time.not_before, event.time.not_after) = bracket;
            let claimed = event.time.claimed;
            let note = claimed.and_then(|claimed| remark(bracket, claimed));
            event.notes.extend(note);
        }
    }
}

fn remark(
    (not_before, not_after): (Option<u64>, Option<u64>),
    claimed: u64,
) -> Option<&'static str> {
    if not_after.is_some_and(|time| claimed > time.saturating_add(TOLERANCE)) {
        Some("claimed-late")
    } else if not_before.is_some_and(|time| claimed.saturating_add(TOLERANCE) < time) {
        Some("claimed-early")
    } else {
        None
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

    fn bound(size: u64, seen: Option<u64>, as_of: Option<u64>) -> Bound {
        Bound { size, seen, as_of }
    }

    #[test]
    fn the_nearest_checkpoints_on_both_sides_bound_an_entry() {
        let brackets = Brackets(Vec::from([
            bound(30, Some(300), Some(290)),
            bound(10, Some(120), Some(100)),
            bound(20, None, Some(200)),
            bound(0, Some(10), Some(5)),
        ]));
        for (index, expected) in [
            (0, (Some(5), Some(120))),
            (9, (Some(5), Some(120))),
            (10, (Some(100), Some(300))),
            (19, (Some(100), Some(300))),
            (20, (Some(200), Some(300))),
            (30, (Some(290), None)),
        ] {
            assert_eq!(brackets.of(index), expected, "{index}");
        }
        assert_eq!(Brackets::default().of(3), (None, None));
    }

    #[test]
    fn each_checkpoint_that_is_missing_widens() {
        let all = [
            bound(0, Some(10), Some(5)),
            bound(10, Some(120), Some(100)),
            bound(20, Some(220), Some(210)),
            bound(30, Some(300), Some(290)),
        ];
        for kept in 0..16u32 {
            let some = all
                .iter()
                .enumerate()
                .filter(|(at, _)| kept & (1 << at) > 0);
            let some = Brackets(some.map(|(_, bound)| *bound).collect());
            for index in 0..30 {
                let (whole, part) = (Brackets(all.to_vec()).of(index), some.of(index));
                assert!(part.0 <= whole.0, "{kept} {index}");
                assert!(
                    part.1.is_none_or(|time| Some(time) >= whole.1),
                    "{kept} {index}"
                );
            }
        }
    }

    #[test]
    fn clocks_that_contradict_each_other_bound_nothing() {
        let brackets = Brackets(Vec::from([
            bound(10, Some(500), Some(500)),
            bound(20, Some(400), Some(400)),
        ]));
        assert_eq!(brackets.of(15), (None, None));
        assert_eq!(brackets.of(5), (None, Some(400)));
        assert_eq!(brackets.of(25), (Some(500), None));
    }

    #[test]
    fn claims_a_day_outside_of_their_bracket_are_remarked() {
        let whole = Brackets(Vec::from([
            bound(20, Some(AT), None),
            bound(10, None, Some(AT - 3_600)),
        ]));
        for (index, claimed, note) in [
            (10, AT, None),
            (10, AT + TOLERANCE, None),
            (10, AT + TOLERANCE + 1, Some("claimed-late")),
            (3, u64::MAX, Some("claimed-late")),
            (10, AT - 3_600 - TOLERANCE, None),
            (10, AT - 3_600 - TOLERANCE - 1, Some("claimed-early")),
            // An older checkpoint has it, so it may have come at any time before.
            (9, 0, None),
            (10, 0, Some("claimed-early")),
        ] {
            assert_eq!(remark(whole.of(index), claimed), note, "{index} {claimed}");
            assert_eq!(remark((None, None), claimed), None);
        }
    }
}
