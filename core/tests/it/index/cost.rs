//! Bytes that an event takes in the index, by its action: a table of `docs/measurements.md`.

use glasslog_core::event::{KeyKind, keys_of};
use glasslog_core::index::build::build;
use glasslog_core::index::format::MapFunction;

use super::world::event_of;
use crate::dice::Dice;

const EVENTS: usize = 4_096;

/// Keys of an event, and bytes of a run of such events for each of them: 512 artifacts and 16 actors.
fn cost(kind: (&str, &str), counts: impl Fn(KeyKind) -> bool) -> (usize, usize) {
    let mut dice = Dice(1);
    let mut pairs = Vec::new();
    let mut keys = 0;
    for offset in 0..EVENTS {
        let name = format!("model{}@{}", dice.roll(512), dice.roll(3));
        let actor = format!("actor{}@example.com", dice.roll(16));
        let entry = event_of(kind, &name, &actor, offset);
        let counted = keys_of(&entry).into_iter().filter(|key| counts(key.kind));
        let before = pairs.len();
        pairs.extend(counted.map(|key| (key.hash(), offset as u32)));
        keys = pairs.len() - before;
    }
    let run = build(MapFunction::AccessV2, 0..EVENTS as u64, pairs).unwrap();
    let bytes: usize = run.files().map(|(_, bytes)| bytes.len()).sum();
    (keys, bytes / EVENTS)
}

#[test]
fn routine_events_cost_what_they_did() {
    let actions = ["read", "write", "register", "deploy", "hold"];
    let table = actions.map(|action| {
        let kind = ("artifact-access", action);
        let former = cost(kind, |kind| kind.number() <= 8);
        (action, former, cost(kind, |_| true))
    });
    let expected = [
        ("read", (5, 52), (5, 52)),
        ("write", (5, 52), (8, 97)),
        ("register", (5, 52), (10, 123)),
        ("deploy", (5, 52), (9, 97)),
        ("hold", (5, 52), (9, 97)),
    ];
    assert_eq!(table, expected);
}
