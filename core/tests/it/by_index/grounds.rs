//! Grounds of the claim *complete* (`docs/formats/report.md`, "Complete"): every policy with every index, within the reading
//! budget and beyond it, with and without the reader's acceptance.

use glasslog_core::event::Action;
use glasslog_core::fetch::{BundleWriter, Query};
use glasslog_core::index::format::LATEST_PATH;
use glasslog_core::note::SignatureType;
use glasslog_core::report::{CheckCode, Class, CompleteBy, Outcome, Report, Verdict};
use glasslog_core::text::limits::{MAX_READING, MAX_READING_BYTES};
use glasslog_core::verify::{Asked, EntryQuery, HistoryQuery, Options, Require, verify_bundle};

use super::world::*;
use crate::support::*;

/// An index of everything in a log whose first entries are `m@1`, with one event of it left out if `lies`.
fn published(log: TestLog, lies: bool) -> World {
    let mut world = World::new(log);
    let run = forged(&world, |pairs| {
        if lies {
            pairs.retain(|(_, offset)| *offset != LEFT_OUT);
        }
    });
    world.publish_built(&[run]);
    world
}

/// The event that a lying index leaves out.
const LEFT_OUT: u32 = 4;

/// Four events of `m@1`, then copies of an event of something else.
fn log(size: u64) -> TestLog {
    let mut log = TestLog::new();
    for _ in 0..4 {
        log.read("m@1");
    }
    let other = access(Action::Read, "bob@example.com", BOB, &[("n@1", "n@1")]);
    while log.edge.size() < size {
        log.add(&other);
    }
    log
}

/// A policy with an auditor that did not vouch.
pub(super) fn other_auditor() -> Vec<u8> {
    let other = note_key("other.example.org", SignatureType::IndexAuditV1, 99);
    let policy = String::from_utf8(audited()).unwrap();
    let known = auditor().verifier().to_string();
    policy
        .replace(&known, &other.verifier().to_string())
        .into_bytes()
}

/// A policy whose section `[audit]` asks for nobody.
fn no_quorum() -> Vec<u8> {
    [indexed(), b"[audit]\nquorum none\n".to_vec()].concat()
}

/// Expected events of `m@1`, grounds of the claim, exit class, and the check that decides.
type Expected = (usize, Option<CompleteBy>, Class, Option<CheckCode>);

#[track_caller]
fn expect(report: &Report, expected: Expected) {
    let (events, grounds, class, cause) = expected;
    let found = report.members.events.as_ref().map_or(0, Vec::len);
    let seen = (found, report.complete_by, report.class(), report.cause);
    assert_eq!(
        seen,
        (events, grounds, class, cause),
        "{:?}",
        troubles(report)
    );
    assert_eq!(report.complete, grounds.is_some());
    assert_eq!(report.complete, report.claims.complete == Outcome::Pass);
    // Nothing is called *all* on the word of an index.
    let is_proven = matches!(grounds, Some(CompleteBy::Scan | CompleteBy::AuditedIndex));
    let says_all = report.headline.starts_with("these are all");
    assert_eq!(says_all, is_proven, "{}", report.headline);
}

const IN_LOG: &str = "in the log `models.example.com/access` of 600 entries";

#[test]
fn headlines_say_no_more_than_the_grounds() {
    let mut log = log(599);
    log.add(&access(
        Action::Hold,
        "bob@example.com",
        BOB,
        &[("o@1", "o")],
    ));
    let world = published(log, false);
    let told = |artifact: &str, exact: bool, policy: &[u8], options: Options| {
        let query = HistoryQuery::new(artifact, policy, options, exact).unwrap();
        world.log.run(query).headline
    };
    for (policy, options) in [(indexed(), options()), (audited(), options())] {
        let whole = |artifact: &str| told(artifact, false, &policy, options);
        let all = format!("these are all 4 events about version `m@1` {IN_LOG}");
        assert_eq!(whole("m@1"), all);
        let only = format!("this is the only event about the name `o` {IN_LOG}");
        assert_eq!(whole("o"), only);
        let none = format!("no event about actor `nobody` is {IN_LOG}");
        assert_eq!(whole("actor:nobody"), none);
    }
    let accepted = |artifact: &str| told(artifact, false, &indexed(), accepting());
    assert_eq!(
        accepted("m@1"),
        format!(
            "the index lists 4 events about version `m@1`, which are {IN_LOG}; only the index says that there are no others"
        )
    );
    assert_eq!(
        accepted("o"),
        format!(
            "the index lists 1 event about the name `o`, which is {IN_LOG}; only the index says that there is no other"
        )
    );
    assert_eq!(
        accepted("absent"),
        format!(
            "the index lists no event about the name `absent` {IN_LOG}; only the index says that there is none"
        )
    );
    let state = Options {
        state: true,
        ..options()
    };
    for (exact, options, limits) in [
        (true, options(), ", looked up exactly,"),
        (false, state, ", without routine accesses,"),
        (
            true,
            state,
            ", looked up exactly, without routine accesses,",
        ),
    ] {
        assert_eq!(
            told("o@1", exact, &indexed(), options),
            format!("this is the only event about version `o@1`{limits} {IN_LOG}")
        );
    }
    // Any other verdict is told by the check that decides.
    let log = note_key(ORIGIN, SignatureType::Ed25519, LOG)
        .verifier()
        .to_string();
    let unknown = note_key(ORIGIN, SignatureType::Ed25519, 77)
        .verifier()
        .to_string();
    let stranger = String::from_utf8(indexed())
        .unwrap()
        .replace(&log, &unknown);
    assert_eq!(
        told("m@1", false, stranger.as_bytes(), accepting()),
        "no key of `models.example.com/access` in the trust policy signed this checkpoint"
    );
}

#[test]
fn every_policy_index_size_and_choice() {
    const SCAN: Expected = (4, Some(CompleteBy::Scan), Class::Verified, None);
    const AUDITED: Expected = (4, Some(CompleteBy::AuditedIndex), Class::Verified, None);
    const ACCEPTED: Expected = (4, Some(CompleteBy::Index), Class::Verified, None);
    // A lie that an auditor or the reader believes.
    const DECEIVED: Expected = (3, Some(CompleteBy::AuditedIndex), Class::Verified, None);
    const MISLED: Expected = (3, Some(CompleteBy::Index), Class::Verified, None);
    let open = |events, cause| (events, None, Class::Undecided, Some(cause));
    let (coverage, audit) = (CheckCode::Coverage, CheckCode::IndexAudit);
    // Policy; then for an honest and for a lying index: within the budget, beyond it, and accepted.
    let table = [
        (
            "index",
            indexed(),
            [SCAN, open(4, coverage), ACCEPTED],
            [SCAN, open(3, coverage), MISLED],
        ),
        (
            "no quorum",
            no_quorum(),
            [SCAN, open(4, coverage), ACCEPTED],
            [SCAN, open(3, coverage), MISLED],
        ),
        (
            "auditor",
            audited(),
            [AUDITED, AUDITED, AUDITED],
            [DECEIVED, DECEIVED, DECEIVED],
        ),
        (
            "another auditor",
            other_auditor(),
            [SCAN, open(4, audit), ACCEPTED],
            [SCAN, open(3, audit), MISLED],
        ),
    ];
    for (size, lies) in [
        (600, false),
        (600, true),
        (MAX_READING + 1, false),
        (MAX_READING + 1, true),
    ] {
        let is_beyond = size > MAX_READING;
        let world = published(log(size), lies);
        for (name, policy, honest, lying) in &table {
            let row = if lies { lying } else { honest };
            eprintln!("{name}, {size} entries, lies: {lies}");
            let report = |options| world.history_with("m@1", policy, options);
            expect(&report(options()), row[usize::from(is_beyond)]);
            expect(&report(accepting()), row[2]);
        }
    }
}

#[test]
fn a_full_scan_needs_no_index_and_no_budget() {
    // Entries that are no events are read faster.
    let mut log = log(0);
    while log.edge.size() < MAX_READING {
        let noise = log.edge.size().to_be_bytes();
        log.add(&noise);
    }
    let mut world = published(log, true);
    let grounds = |world: &World, policy: &[u8], options: Options| {
        world.history_with("m@1", policy, options).complete_by
    };
    let scan = Some(CompleteBy::Scan);
    assert_eq!(grounds(&world, &indexed(), options()), scan);
    // One entry more is beyond the budget.
    world.log.add(b"one more");
    world.log.publish(&[]);
    assert_eq!(grounds(&world, &indexed(), options()), None);
    // Acceptance does not outweigh a full scan.
    let both = Options {
        accept_index: true,
        ..scanning()
    };
    assert_eq!(grounds(&world, &indexed(), both), scan);
    assert_eq!(grounds(&world, &policy(), options()), scan);
}

#[test]
fn a_small_log_is_read_as_by_a_full_scan_and_its_index_is_not_needed() {
    let mut world = published(log(600), true);
    for remove in [false, true] {
        if remove {
            world
                .log
                .files
                .retain(|path, _| !path.starts_with("index/"));
        }
        for policy in [indexed(), other_auditor()] {
            for artifact in ["m@1", "absent", "actor:alice@example.com"] {
                let found = world.history_with(artifact, &policy, options());
                let scanned = world.history_with(artifact, &policy, scanning());
                assert_eq!(found.to_json(), scanned.to_json());
            }
            let query = |options| EntryQuery::new(3, &policy, options);
            let (found, scanned) = (
                world.log.run(query(options())),
                world.log.run(query(scanning())),
            );
            assert_eq!(found.to_json(), scanned.to_json());
            assert_eq!((found.result, found.complete_by), (Verdict::Verified, None));
        }
    }
    // No file of the index is asked for if the policy has no auditors.
    let query = HistoryQuery::new("m@1", &indexed(), options(), false).unwrap();
    let (asked, _) = world.asked(query);
    assert!(asked.keys().all(|path| !path.starts_with("index/")));
    // A reader who accepts the index does not do without it.
    let accepted = world.history("m@1");
    assert_eq!(accepted.class(), Class::Unfinished);
}

#[test]
fn signatures_are_not_decided_by_an_index_that_nobody_vouches_for() {
    let mut log = log(MAX_READING + 1);
    let last = log.read("m@1");
    let world = published(log, false);
    let included = Options {
        require: Some(Require::Included),
        ..options()
    };
    let report = world.history_with("m@1", &indexed(), included);
    expect(
        &report,
        (5, None, Class::Undecided, Some(CheckCode::EventSignatures)),
    );
    assert_eq!(report.claims.included, Outcome::Pass);
    assert!(report.rests_on_index_alone());
    let headline = |artifact: &str| world.history_with(artifact, &indexed(), options()).headline;
    let log = format!(
        "the log `models.example.com/access` of {} entries",
        MAX_READING + 2
    );
    assert_eq!(
        headline("m@1"),
        format!(
            "the index lists 5 events about version `m@1`, which are in {log}; whether it leaves others out is not decided"
        )
    );
    assert_eq!(
        headline("absent@1"),
        format!(
            "the index lists no event about version `absent@1` in {log}; whether it leaves any out is not decided"
        )
    );
    assert_eq!(
        detail(&report, "event-signatures"),
        "no auditor vouches for the index, which may leave out that a key was revoked"
    );
    for (policy, options, class) in [
        (indexed(), options(), Class::Undecided),
        (other_auditor(), options(), Class::Undecided),
        (indexed(), accepting(), Class::Verified),
        (audited(), options(), Class::Verified),
    ] {
        let report = world.log.run(EntryQuery::new(last, &policy, options));
        assert_eq!(report.class(), class, "{:?}", troubles(&report));
        assert_eq!(report.claims.included, Outcome::Pass);
    }
}

#[test]
fn the_budget_counts_bytes_too() {
    // Fewer entries than the budget, and more bytes.
    let mut log = log(0);
    let entry = vec![0; 60_000];
    while (log.edge.size() - 7) * 60_002 < MAX_READING_BYTES {
        log.add(&entry);
    }
    assert!(log.edge.size() < MAX_READING);
    let last = log.read("m@1");
    let world = published(log, false);
    let report = world.history_with("m@1", &indexed(), options());
    expect(
        &report,
        (5, None, Class::Undecided, Some(CheckCode::Coverage)),
    );
    assert!(indices(&report).contains(&last));
    assert_eq!(
        detail(&report, "coverage"),
        "no auditor vouches for the index; complete only as claimed by it, up to the checkpoint"
    );
    let entry = |options| world.log.run(EntryQuery::new(last, &indexed(), options));
    assert_eq!(entry(options()).class(), Class::Undecided);
    assert_eq!(entry(scanning()).class(), Class::Verified);
    // The same as the tail of an index.
    let mut tail = World::new(TestLog::new());
    tail.log.read("m@1");
    tail.publish();
    let covered = tail.log.edge.size();
    for at in covered..world.log.edge.size() {
        let entry = world.log.entries[at as usize].clone();
        tail.log.add(&entry);
    }
    tail.log.publish(&[]);
    let report = tail.history_with("m@1", &audited(), options());
    expect(
        &report,
        (4, None, Class::Undecided, Some(CheckCode::Coverage)),
    );
    let reached = detail(&report, "coverage");
    let prefix = format!(
        "complete by the index, which auditors recomputed for the first {covered} entries, and by a scan up to entry "
    );
    assert!(reached.starts_with(&prefix), "{reached}");
    assert_eq!(outcome(&report, "event-signatures"), Outcome::Unknown);
}

/// The bundle of a history: each file that it asked for and received.
fn bundle(world: &World, policy: &[u8], options: Options) -> Vec<u8> {
    let mut writer = BundleWriter::new("m@1", false);
    let mut query = HistoryQuery::new("m@1", policy, options, false).unwrap();
    while let Some(path) = query.needs().first().cloned() {
        let file = world.log.files.get(&path).cloned();
        if let Some(bytes) = &file {
            writer.add(&path, bytes).unwrap();
        }
        query.supply(&path, file);
    }
    writer.finish()
}

#[test]
fn a_bundle_carries_the_grounds() {
    let world = published(log(600), false);
    let grounds = |bundle: &[u8], policy: &[u8], options: Options| {
        let report = verify_bundle(bundle, policy, options, Asked::default()).unwrap();
        (report.class(), report.complete_by)
    };
    let (scan, audit) = (Some(CompleteBy::Scan), Some(CompleteBy::AuditedIndex));
    // Of a small log it carries the scan, which no reader's policy asks more of.
    let whole = bundle(&world, &indexed(), options());
    for policy in [indexed(), audited(), policy()] {
        for options in [options(), accepting()] {
            let seen = grounds(&whole, &policy, options);
            assert_eq!(seen, (Class::Verified, scan));
        }
    }
    // By an accepted index it proves no more to a reader who does not accept it, and to one with auditors as much as they do.
    let accepted = bundle(&world, &indexed(), accepting());
    assert!(accepted.len() < whole.len());
    assert!(String::from_utf8_lossy(&accepted).contains(LATEST_PATH));
    for (policy, options, expected) in [
        (indexed(), options(), (Class::Undecided, None)),
        (
            indexed(),
            accepting(),
            (Class::Verified, Some(CompleteBy::Index)),
        ),
        (audited(), options(), (Class::Verified, audit)),
        (other_auditor(), options(), (Class::Undecided, None)),
        (
            other_auditor(),
            accepting(),
            (Class::Verified, Some(CompleteBy::Index)),
        ),
    ] {
        assert_eq!(grounds(&accepted, &policy, options), expected);
    }
}
