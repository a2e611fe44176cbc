//! Events while a query runs: each is passed on once, equal to the report except for the members that only a report
//! has.

use glasslog_core::fetch::Query;
use glasslog_core::report::EventView;
use glasslog_core::verify::HistoryQuery;

use super::world::*;
use crate::support::*;

#[test]
fn what_is_found_on_the_way_is_what_the_report_holds() {
    let mut log = TestLog::new();
    for at in 0..4_400 {
        if at % 7 == 0 {
            log.read("m@1");
        } else {
            log.add(format!("noise {at}").as_bytes());
        }
    }
    let mut world = World::new(log);
    world.publish();
    for options in [accepting(), scanning()] {
        let mut query = HistoryQuery::new("m@1", &indexed(), options, false).unwrap();
        let (mut next, mut found, mut parts) = (0, Vec::new(), 0);
        while let Some(path) = query.needs().first().cloned() {
            query.supply(&path, world.log.files.get(&path).cloned());
            let (came, events) = query.found(next);
            next = came;
            parts += usize::from(!events.is_empty());
            found.extend(events);
            // Before the last file, so no event is passed on twice.
            assert!(query.found(next).1.is_empty());
        }
        found.sort_by_key(|event| event.index);
        let unjudged = |event: &EventView| EventView {
            signature: "undecided",
            signature_then: "undecided",
            withdrawn_at: None,
            notes: Vec::new(),
            ..event.clone()
        };
        let report = query.report().unwrap();
        let events = report.members.events.as_ref().unwrap();
        let held: Vec<EventView> = events.iter().map(unjudged).collect();
        assert_eq!(held.len(), 629);
        // The last wave ends in the report, which has its events.
        assert!(found.len() <= held.len() && parts > 0, "{parts} parts");
        assert!(found.iter().all(|event| held.contains(event)));
    }
}
