//! A host that withholds a file hides nothing that the reader has seen to be false, in whatever order files arrive.

use std::collections::{BTreeMap, BTreeSet};

use glasslog_core::event::{Action, KeyKind, LookupKey};
use glasslog_core::fetch::Query;
use glasslog_core::index::format::LATEST_PATH;
use glasslog_core::report::{Class, Outcome, Report};
use glasslog_core::verify::{EntryQuery, HistoryQuery};

use super::world::*;
use crate::support::*;

type Files = BTreeMap<String, Vec<u8>>;

/// The report on these files, supplied in the order asked; and, after a check that it is the same, in the reverse order.
#[track_caller]
fn report<Q: Query>(files: &Files, make: impl Fn() -> Q) -> Report {
    let run = |is_reversed: bool| {
        let mut query = make();
        loop {
            let mut needs = query.needs();
            if needs.is_empty() {
                return query.report().unwrap().clone();
            }
            if is_reversed {
                needs.reverse();
            }
            for path in needs {
                query.supply(&path, files.get(&path).cloned());
            }
        }
    };
    let (report, reversed) = (run(false), run(true));
    assert_eq!(report.to_json(), reversed.to_json());
    report
}

fn by_index() -> HistoryQuery {
    HistoryQuery::new("m@1", &indexed(), accepting(), false).unwrap()
}

fn by_scan() -> HistoryQuery {
    HistoryQuery::new("m@1", &policy(), options(), false).unwrap()
}

/// Withholds each file that a query asks for, one at a time, and returns the classes.
fn classes<Q: Query>(world: &World, make: impl Fn() -> Q) -> BTreeMap<String, Class> {
    let mut asked = BTreeSet::new();
    let mut query = make();
    while let Some(path) = query.needs().pop() {
        query.supply(&path, world.log.files.get(&path).cloned());
        asked.insert(path);
    }
    let withheld = |path: &String| {
        let mut files = world.log.files.clone();
        files.remove(path);
        let report = report(&files, &make);
        assert!(!report.complete && indices(&report).is_empty(), "{path}");
        (path.clone(), report.class())
    };
    // A small log that shows no index is read whole.
    asked.remove(LATEST_PATH);
    asked.iter().map(withheld).collect()
}

/// Each of these files hides nothing, and each of the others is needed to find the fault.
#[track_caller]
fn check(classes: &BTreeMap<String, Class>, hides: impl Fn(&str) -> bool) {
    assert!(classes.len() > 3, "{classes:?}");
    for (path, class) in classes {
        let expected = if hides(path) {
            Class::Unfinished
        } else {
            Class::False
        };
        assert_eq!(*class, expected, "{path} of {classes:?}");
    }
}

/// 600 reads, a few of them of `m@1`.
fn world() -> World {
    let mut log = TestLog::new();
    for at in 0..600 {
        log.read(if at % 50 == 0 { "m@1" } else { "n@1" });
    }
    World::new(log)
}

#[test]
fn a_false_bundle_or_bucket_is_false_whatever_is_missing_beside_it() {
    let mut world = world();
    world.publish_runs(&[0..256, 256..600, 600..603]);
    world.log.damage("tile/entries/001");
    // The files that lead to the bundle are needed to find it false.
    let classes = classes(&world, by_index);
    check(&classes, |path| {
        path == "checkpoint"
            || path.starts_with("index/")
            || path.starts_with("tile/entries/001")
            || path.starts_with("tile/1/")
            || path == "tile/0/002.p/91"
    });
    let bundles = classes
        .keys()
        .filter(|path| path.starts_with("tile/entries/"));
    assert_eq!(bundles.count(), 3);
}

#[test]
fn a_false_index_stays_false_when_a_bucket_or_a_bundle_is_withheld() {
    let mut world = world();
    let version = LookupKey::new(KeyKind::Version, "m@1").hash();
    let run = forged(&world, |pairs| pairs.push((version, 444)));
    world.publish_built(&[run]);
    let report = report(&world.log.files, by_index);
    assert_eq!(report.class(), Class::False);
    // Entry 444 is in the second bundle; the first and the third may be missing.
    let found = classes(&world, by_index);
    for bundle in ["tile/entries/000", "tile/entries/002.p/91"] {
        assert_eq!(found[bundle], Class::False, "{found:?}");
    }
    assert_eq!(found["tile/entries/001"], Class::Unfinished);

    // One bucket is false; the others may be missing.
    world.publish_runs(&[0..256, 256..600, 600..603]);
    let (asked, _) = world.asked(by_index());
    let runs: Vec<&String> = asked
        .keys()
        .filter(|path| path.starts_with("index/run/"))
        .collect();
    assert!(runs.len() > 3, "{runs:?}");
    world.log.damage(runs[1]);
    let found = classes(&world, by_index);
    // The reading stops with the first round, so that buckets of later rounds are not asked for.
    let first: Vec<&&String> = runs
        .iter()
        .filter(|run| found.contains_key(**run))
        .collect();
    assert!(first.len() > 1, "{found:?}");
    for run in first {
        let expected = if *run == runs[1] {
            Class::Unfinished
        } else {
            Class::False
        };
        assert_eq!(found[*run], expected, "{run}");
    }
}

#[test]
fn a_false_signature_of_the_index_does_not_hide_behind_a_missing_checkpoint() {
    let mut world = world();
    world.publish();
    let text = String::from_utf8(world.log.files[LATEST_PATH].clone()).unwrap();
    // The signature of the index is the line before the auditor's cosignature.
    let mut lines: Vec<&str> = text.lines().collect();
    let line = lines.len() - 2;
    let other = lines[line].replacen("AA", "AB", 1);
    let signature = match other == lines[line] {
        true => {
            let at = lines[line].len() - 8;
            let other = if lines[line].as_bytes()[at] == b'A' {
                "B"
            } else {
                "A"
            };
            [&lines[line][..at], other, &lines[line][at + 1..]].concat()
        }
        false => other,
    };
    lines[line] = &signature;
    let latest = lines.join("\n") + "\n";
    world
        .log
        .files
        .insert(LATEST_PATH.into(), latest.into_bytes());
    let whole = report(&world.log.files, by_index);
    assert_eq!(whole.class(), Class::False);
    world.log.files.remove("checkpoint");
    let withheld = report(&world.log.files, by_index);
    assert_eq!(withheld.class(), Class::False);
    assert_eq!(outcome(&withheld, "index-signature"), Outcome::Fail);
    assert_eq!(outcome(&withheld, "files"), Outcome::Fail);
}

/// A read of `m@1` with the signature of another event.
fn falsely_signed() -> Vec<u8> {
    let signed = |content: &str| {
        let entry = access(
            Action::Read,
            "alice@example.com",
            ALICE,
            &[("m@1", content)],
        );
        String::from_utf8(entry).unwrap()
    };
    let (one, two) = (signed("one"), signed("two"));
    let sig = |text: &str| text.split("\"sig\":\"").nth(1).unwrap()[..88].to_owned();
    one.replace(&sig(&one), &sig(&two)).into_bytes()
}

#[test]
fn a_false_event_stays_false_when_later_bundles_are_withheld() {
    let mut world = world();
    let index = world.log.add(&falsely_signed());
    for _ in 0..600 {
        world.log.read("m@1");
    }
    world.publish();
    // A scan replays keys in log order: bundles before the event are needed to judge it.
    let found = classes(&world, by_scan);
    for (bundle, class) in [
        ("tile/entries/000", Class::Unfinished),
        ("tile/entries/002", Class::Unfinished),
        ("tile/entries/003", Class::False),
        ("tile/entries/004.p/180", Class::False),
    ] {
        assert_eq!(found[bundle], class, "{bundle} of {found:?}");
    }
    // One entry alone, by a scan for the keys.
    let entry = || EntryQuery::new(index, &policy(), options());
    let found = classes(&world, entry);
    assert_eq!(found["tile/entries/004.p/180"], Class::False, "{found:?}");
    assert_eq!(found["tile/entries/002"], Class::Unfinished, "{found:?}");
}

#[test]
fn a_genesis_that_is_not_the_pinned_one_stays_so() {
    let mut world = world();
    world.publish();
    let pinned = [
        indexed(),
        b"[genesis]\n".to_vec(),
        vec![b'A'; 43],
        b"=\n".to_vec(),
    ]
    .concat();
    let query = || HistoryQuery::new("m@1", &pinned, accepting(), false).unwrap();
    let found = classes(&world, query);
    // Entry 0 is in the first bundle. Without the second the first is read all the same.
    assert_eq!(found["tile/entries/001"], Class::False, "{found:?}");
    assert_eq!(found["tile/entries/000"], Class::Unfinished, "{found:?}");
    let scanning = || HistoryQuery::new("m@1", &pinned, scanning(), false).unwrap();
    let found = classes(&world, scanning);
    assert_eq!(found["tile/entries/001"], Class::False, "{found:?}");
    assert_eq!(found["tile/entries/000"], Class::Unfinished, "{found:?}");
}
