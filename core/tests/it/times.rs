//! Brackets of events by archived checkpoints, and everything that a hostile archive can hold.

use glasslog_core::event::{Action, KeyOp};
use glasslog_core::fetch::{BundleWriter, CheckpointList, Query};
use glasslog_core::merkle::{TreeHead, leaf_hash};
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{Checkpoint, Origin, SignatureType};
use glasslog_core::report::{EventView, Report, Verdict};
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::{HistoryQuery, bundled};

use super::support::{
    LOG, ORIGIN, TIME, TestLog, WITNESS_A, WITNESS_B, access, key_event, note_key, options, policy,
    replay, without_question, witness, witnessed,
};

const BOTH: [u8; 2] = [WITNESS_A, WITNESS_B];
/// Seconds between two checkpoints.
const STEP: u64 = 3_600;

/// Four events about `m@1`, each in a checkpoint of its own, all but the last archived; then another event.
fn log() -> TestLog {
    let mut log = TestLog::new();
    let mut list = CheckpointList::default();
    for step in (0..4).rev() {
        log.read("m@1");
        log.read("other");
        let size = log.edge.size();
        let times = [
            (WITNESS_A, TIME - step * STEP),
            (WITNESS_B, TIME - step * STEP + 5),
        ];
        let checkpoint = log.publish_at(&times);
        if step > 0 {
            log.files.insert(format!("checkpoints/{size}"), checkpoint);
            assert_eq!(list.append(size), None);
        }
    }
    log.files.insert("checkpoints/list".into(), list.encode());
    log
}

fn history(log: &TestLog, policy: &[u8]) -> Report {
    log.run(HistoryQuery::new("m@1", policy, options(), false).unwrap())
}

fn events(report: &Report) -> &[EventView] {
    report.members.events.as_deref().unwrap()
}

/// The brackets, as steps before the last checkpoint.
fn brackets(report: &Report) -> Vec<(Option<u64>, Option<u64>)> {
    let of = |event: &EventView| (event.time.not_before, event.time.not_after);
    events(report).iter().map(of).collect()
}

/// The report without brackets and what follows from them.
fn without_times(report: &Report) -> String {
    let mut report = report.clone();
    for event in report.members.events.iter_mut().flatten() {
        (event.time.not_before, event.time.not_after) = (None, None);
        event.notes.clear();
    }
    report.to_json()
}

/// `b` cosigned 5 seconds after `a`: both had seen a tree by then, and vouch for it as of `a`'s time.
fn at(steps: u64) -> (u64, u64) {
    (TIME - steps * STEP, TIME - steps * STEP + 5)
}

#[test]
fn each_event_is_bounded_by_the_checkpoints_around_it() {
    let report = history(&log(), &witnessed());
    assert_eq!(report.result, Verdict::Verified);
    let expected = [
        (None, Some(at(3).1)),
        (Some(at(3).0), Some(at(2).1)),
        (Some(at(2).0), Some(at(1).1)),
        (Some(at(1).0), Some(at(0).1)),
    ];
    assert_eq!(brackets(&report), expected);
    let claimed = events(&report).iter().map(|event| event.time.claimed);
    assert!(claimed.into_iter().all(|time| time == Some(1_795_359_845)));
    // The claim is 30 hours before the last checkpoint.
    let notes: Vec<usize> = events(&report)
        .iter()
        .map(|event| event.notes.len())
        .collect();
    assert_eq!(notes, [0, 1, 1, 1], "a day and more before the bracket");
    assert_eq!(events(&report)[1].notes, ["claimed-early"]);
}

/// Without a quorum nobody vouches for a time, and nothing of the archive is asked for.
#[test]
fn without_witnesses_there_are_no_brackets() {
    let log = log();
    let mut query = HistoryQuery::new("m@1", &policy(), options(), false).unwrap();
    while !query.needs().is_empty() {
        for path in query.needs() {
            assert!(!path.starts_with("checkpoints/"), "{path}");
            query.supply(&path, log.files.get(&path).cloned());
        }
    }
    assert_eq!(brackets(query.report().unwrap()), [(None, None); 4]);
}

#[test]
fn key_events_have_brackets() {
    let mut log = log();
    log.add(&key_event(
        "carol@example.com",
        13,
        KeyOp::Enrol,
        None,
        None,
    ));
    log.publish_at(&[(WITNESS_A, TIME + 9), (WITNESS_B, TIME + 7)]);
    let query = HistoryQuery::new("actor:carol@example.com", &witnessed(), options(), false);
    let report = log.run(query.unwrap());
    assert_eq!(brackets(&report), [(Some(at(1).0), Some(TIME + 9))]);
    assert_eq!(events(&report)[0].time.claimed, None);
}

/// A checkpoint of any tree by the log's key and these witnesses.
fn signed(origin: &str, key: u8, head: TreeHead, witnesses: &[u8], time: u64) -> Vec<u8> {
    let key = note_key(origin, SignatureType::Ed25519, key);
    let mut checkpoint = Checkpoint::sign(&Origin::parse(origin).unwrap(), head, &key).unwrap();
    for seed in witnesses {
        let line = cosign(&checkpoint, &witness(*seed), time).unwrap();
        checkpoint = checkpoint.with_signature(line).unwrap();
    }
    checkpoint.encode()
}

/// Whatever a file of the archive holds, no bracket becomes narrower than a good archive makes it, and nothing else of the
/// report changes.
#[test]
fn a_hostile_archive_only_widens_brackets() {
    let good = log();
    let report = history(&good, &witnessed());
    let good_brackets = brackets(&report);
    // Sizes 5, 7 and 9 are archived, of 11.
    let head = |size: u64, leaf: &[u8]| TreeHead {
        size,
        root: leaf_hash(leaf),
    };
    let true_head = Checkpoint::parse(&good.files["checkpoints/7"])
        .unwrap()
        .head();
    let list = |sizes: &str| format!("glasslog-checkpoint-list/v1\n{sizes}").into_bytes();
    let mut torn = good.files["checkpoints/7"].clone();
    let middle = torn.len() - 40;
    torn[middle] ^= 1;
    let early = 1_000_000;
    let cases: Vec<(&str, &str, Option<Vec<u8>>)> = vec![
        ("no list", "checkpoints/list", None),
        ("an empty list", "checkpoints/list", Some(Vec::new())),
        (
            "a list of another version",
            "checkpoints/list",
            Some(b"glasslog-checkpoint-list/v2\n7\n".to_vec()),
        ),
        (
            "a list of nothing that exists",
            "checkpoints/list",
            Some(list("1\n2\n3\n4\n6\n8\n10\n")),
        ),
        (
            "sizes beyond the tree",
            "checkpoints/list",
            Some(list("12\n18446744073709551615\n")),
        ),
        (
            "pages that are missing",
            "checkpoints/list",
            Some(list("page 0\npage 3\npage 6\n9\n")),
        ),
        ("a size left out", "checkpoints/list", Some(list("5\n9\n"))),
        ("no checkpoint", "checkpoints/7", None),
        ("no text", "checkpoints/7", Some(vec![0xff; 99])),
        ("a false signature", "checkpoints/7", Some(torn)),
        (
            "a checkpoint of another size",
            "checkpoints/7",
            Some(good.files["checkpoints/5"].clone()),
        ),
        (
            "another log's",
            "checkpoints/7",
            Some(signed("other.example/log", LOG, true_head, &BOTH, early)),
        ),
        (
            "another key's",
            "checkpoints/7",
            Some(signed(ORIGIN, 99, true_head, &BOTH, early)),
        ),
        (
            "too few witnesses",
            "checkpoints/7",
            Some(signed(ORIGIN, LOG, true_head, &[WITNESS_A], early)),
        ),
        (
            "no witness",
            "checkpoints/7",
            Some(signed(ORIGIN, LOG, true_head, &[], early)),
        ),
        (
            "strangers",
            "checkpoints/7",
            Some(signed(ORIGIN, LOG, true_head, &[77, 78], early)),
        ),
        (
            "a time in the future",
            "checkpoints/7",
            Some(signed(ORIGIN, LOG, true_head, &BOTH, TIME + 4_000)),
        ),
        (
            "no time",
            "checkpoints/7",
            Some(signed(ORIGIN, LOG, true_head, &BOTH, 0)),
        ),
        (
            "a fork that everybody signed",
            "checkpoints/7",
            Some(signed(ORIGIN, LOG, head(7, b"fork"), &BOTH, early)),
        ),
        (
            "a fork of the size of the tree",
            "checkpoints/11",
            Some(signed(ORIGIN, LOG, head(11, b"fork"), &BOTH, early)),
        ),
    ];
    for (name, path, bytes) in cases {
        let mut log = log();
        if path == "checkpoints/11" {
            log.files
                .insert("checkpoints/list".into(), list("5\n7\n9\n11\n"));
        }
        match bytes {
            Some(bytes) => log.files.insert(path.into(), bytes),
            None => log.files.remove(path),
        };
        let hostile = history(&log, &witnessed());
        assert_eq!(without_times(&hostile), without_times(&report), "{name}");
        for ((before, after), (good_before, good_after)) in
            brackets(&hostile).iter().zip(&good_brackets)
        {
            assert!(before <= good_before, "{name}: {before:?} {good_before:?}");
            assert!(
                after.is_none_or(|after| Some(after) >= *good_after),
                "{name}: {after:?}"
            );
        }
    }
}

/// Quorum `a` alone: a single witness with a wrong clock contradicts itself, and nothing is shown instead.
#[test]
fn times_that_contradict_each_other_are_not_shown() {
    let mut log = log();
    let head = Checkpoint::parse(&log.files["checkpoints/7"])
        .unwrap()
        .head();
    let late = signed(ORIGIN, LOG, head, &BOTH, TIME + 60);
    log.files.insert("checkpoints/7".into(), late);
    let shown = brackets(&history(&log, &witnessed()));
    assert_eq!(
        shown[2],
        (None, None),
        "before {}, after {}",
        TIME + 60,
        at(1).1
    );
    assert_eq!(shown[0], (None, Some(at(3).1)));
}

#[test]
fn a_bundle_carries_what_bounds_its_events() {
    let mut log = log();
    // A line by a stranger is not handed on: the reader may know it as false.
    let stranger = witness(88);
    let checkpoint = Checkpoint::parse(&log.files["checkpoints/7"]).unwrap();
    let line = cosign(&checkpoint, &stranger, TIME).unwrap();
    let more = checkpoint.with_signature(line).unwrap();
    log.files.insert("checkpoints/7".into(), more.encode());
    let parsed = TrustPolicy::parse(&witnessed()).unwrap();
    let mut query = HistoryQuery::new("m@1", &witnessed(), options(), false).unwrap();
    let mut bundle = BundleWriter::new("m@1", false);
    while !query.needs().is_empty() {
        for path in query.needs() {
            let bytes = log.files.get(&path).cloned();
            if let Some(bytes) = &bytes {
                let kept = bundled(&path, bytes, &parsed).unwrap();
                bundle.add(&path, &kept).unwrap();
            }
            query.supply(&path, bytes);
        }
    }
    let report = query.into_report().unwrap();
    let bytes = bundle.finish();
    let replayed = replay(&bytes, &witnessed(), options());
    assert_eq!(without_question(&replayed), report.to_json());
    assert_eq!(brackets(&replayed)[1], (Some(at(3).0), Some(at(2).1)));
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("checkpoints/list ") && !text.contains("witness88"));
}

/// More checkpoints than one history reads: the brackets are wider, and still right.
#[test]
fn a_long_archive_is_read_in_part() {
    let mut log = TestLog::new();
    let mut list = CheckpointList::default();
    let mut published = Vec::new();
    for step in 0..700 {
        log.add(&access(
            Action::Read,
            "alice@example.com",
            10,
            &[(&format!("m@{step}"), "x")],
        ));
        let size = log.edge.size();
        let checkpoint = log.publish(&BOTH);
        published.push((size, checkpoint));
    }
    for (size, _) in &published[..699] {
        let head = Checkpoint::parse(&published[usize::try_from(size - 4).unwrap()].1)
            .unwrap()
            .head();
        let checkpoint = signed(ORIGIN, LOG, head, &BOTH, TIME - 7_000 + 10 * size);
        log.files.insert(format!("checkpoints/{size}"), checkpoint);
        if let Some(page) = list.append(*size) {
            log.files.insert(page.path, page.bytes);
        }
    }
    log.files.insert("checkpoints/list".into(), list.encode());
    let query = HistoryQuery::new("m", &witnessed(), options(), false).unwrap();
    let mut query = query;
    let mut read = std::collections::BTreeSet::new();
    while !query.needs().is_empty() {
        for path in query.needs() {
            query.supply(&path, log.files.get(&path).cloned());
            read.insert(path);
        }
    }
    let count = |beginning: &str| {
        read.iter()
            .filter(|path| path.starts_with(beginning))
            .count()
    };
    assert_eq!(count("checkpoints/list-"), 2);
    assert!(count("checkpoints/") <= 64 + 3, "{}", count("checkpoints/"));
    let report = query.into_report().unwrap();
    assert_eq!(events(&report).len(), 700);
    for event in events(&report) {
        let cosigned = TIME - 7_000 + 10 * (event.index + 1);
        assert!(event.time.not_before.is_none_or(|time| time < cosigned));
        assert!(
            event
                .time
                .not_after
                .is_some_and(|time| time >= cosigned.min(TIME))
        );
        let width = event.time.not_after.unwrap() - event.time.not_before.unwrap_or(TIME - 7_000);
        assert!(width <= 10 * 2 * 12, "{} is {width} s wide", event.index);
    }
}

/// A window leaves out what witnesses say came at other times, and decides nothing else.
#[test]
fn a_window_leaves_out_events_by_their_brackets() {
    let log = log();
    let ask = |policy: &[u8], from: Option<u64>, to: Option<u64>| {
        let mut query = HistoryQuery::new("m@1", policy, options(), false).unwrap();
        query.within(from, to);
        log.run(query)
    };
    let all: Vec<u64> = events(&history(&log, &witnessed()))
        .iter()
        .map(|event| event.index)
        .collect();
    for (from, to, kept) in [
        (None, None, 0..4),
        (Some(0), Some(u64::MAX), 0..4),
        // The first has no lower bound: it may have come at any time before.
        (None, Some(0), 0..1),
        (None, Some(at(3).0 - 1), 0..1),
        (None, Some(at(3).0), 0..2),
        (Some(at(3).1), None, 0..4),
        (Some(at(3).1 + 1), None, 1..4),
        (Some(at(2).1 + 1), Some(at(2).0 - 1), 2..2),
        (Some(at(0).1), None, 3..4),
        (Some(at(0).1 + 1), None, 4..4),
    ] {
        let report = ask(&witnessed(), from, to);
        let shown: Vec<u64> = events(&report).iter().map(|event| event.index).collect();
        let kept: Vec<u64> = kept.map(|place: usize| all[place]).collect();
        assert_eq!(shown, kept, "{from:?} {to:?}");
        let expected = match shown.is_empty() {
            false => Verdict::Verified,
            true => Verdict::Unknown,
        };
        assert_eq!(
            (report.result, report.complete),
            (expected, true),
            "{from:?} {to:?}"
        );
        assert_eq!((report.query.from, report.query.to), (from, to));
        if shown.is_empty() {
            assert!(
                report
                    .headline
                    .starts_with("no event about version `m@1`, from "),
                "{}",
                report.headline
            );
        }
    }
    // Nobody vouches for a time: nothing is left out.
    assert_eq!(events(&ask(&policy(), Some(u64::MAX), None)).len(), 4);
}
