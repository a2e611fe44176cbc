//! Faults of an index: each is reported by its own check and class, and never as "no events".

use glasslog_core::event::{Action, KeyKind, LookupKey};
use glasslog_core::fetch::Query;
use glasslog_core::index::format::{AUDITED_PATH, LATEST_PATH, Manifest, MapFunction};
use glasslog_core::note::{Checkpoint, Origin, SignatureType};
use glasslog_core::report::{CheckCode, Class, CompleteBy, Outcome, Report, Verdict};
use glasslog_core::verify::{EntryQuery, HistoryQuery, Options, Require};

use super::grounds::other_auditor;
use super::world::*;
use crate::support::*;

/// 600 entries, so that there are full and partial files; `m@1` in some of each.
fn world() -> World {
    let mut log = TestLog::new();
    for at in 0..600 {
        log.read(if at % 50 == 0 { "m@1" } else { "n@1" });
    }
    let mut world = World::new(log);
    world.publish_runs(&[0..256, 256..600, 600..603]);
    world
}

/// Checks that the report is neither verified nor complete, has no event, and names this check.
#[track_caller]
fn refused(report: &Report, class: Class, code: &str, outcome_of_it: Outcome) {
    assert_eq!(report.class(), class, "{:?}", troubles(report));
    assert_eq!(
        outcome(report, code),
        outcome_of_it,
        "{:?}",
        troubles(report)
    );
    assert!(!report.complete && indices(report).is_empty());
    assert_ne!(report.class(), Class::Nothing);
}

#[test]
fn no_file_can_be_missing_or_damaged() {
    let mut world = world();
    let query = HistoryQuery::new("m@1", &audited(), options(), false).unwrap();
    let (asked, report) = world.asked(query);
    assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(&report));
    assert!(asked.len() >= 12, "{asked:?}");
    for path in asked.keys() {
        let original = world.log.files.remove(path).unwrap();
        let missing = world.history_with("m@1", &audited(), options());
        match path.as_str() {
            // The proof of the newest manifest has the auditor's statement here.
            AUDITED_PATH => assert_eq!(missing.complete_by, Some(CompleteBy::AuditedIndex)),
            _ => refused(&missing, Class::Unfinished, "files", Outcome::Fail),
        }
        for altered in [
            b"<!doctype html><title>index</title>".to_vec(),
            original[..original.len() - 1].to_vec(),
            [original.as_slice(), b"x"].concat(),
        ] {
            world.log.files.insert(path.clone(), altered);
            let report = world.history_with("m@1", &audited(), options());
            assert_eq!(report.result, Verdict::Failed, "{path}");
            assert!(!report.complete && indices(&report).is_empty(), "{path}");
            let expected = match path.as_str() {
                "checkpoint" => Some(("checkpoint", Class::MalformedLog)),
                AUDITED_PATH => Some(("index-proof", Class::MalformedLog)),
                path if path.starts_with("index/") => Some(("index-files", Class::False)),
                _ => None,
            };
            if let Some((code, class)) = expected {
                refused(&report, class, code, Outcome::Fail);
            }
        }
        world.log.files.insert(path.clone(), original.clone());
        world.log.damage(path);
        let report = world.history_with("m@1", &audited(), options());
        assert_ne!(report.result, Verdict::Verified, "{path}");
        assert_ne!(report.class(), Class::Nothing, "{path}");
        assert!(!report.complete && indices(&report).is_empty(), "{path}");
        world.log.files.insert(path.clone(), original);
    }
}

#[test]
fn a_log_without_an_index_is_no_log_without_events() {
    let mut world = world();
    world
        .log
        .files
        .retain(|path, _| !path.starts_with("index/"));
    let report = world.history("m@1");
    refused(&report, Class::Unfinished, "files", Outcome::Fail);
    // The checkpoint is judged in any case, in either order.
    assert_eq!(outcome(&report, "log-signature"), Outcome::Pass);
    let mut query = HistoryQuery::new("m@1", &indexed(), accepting(), false).unwrap();
    query.supply(LATEST_PATH, None);
    query.supply(AUDITED_PATH, None);
    query.supply("checkpoint", world.log.files.get("checkpoint").cloned());
    assert_eq!(query.report().unwrap().to_json(), report.to_json());
    let scanned = world.history_with("m@1", &indexed(), scanning());
    assert_eq!(scanned.result, Verdict::Verified);
}

#[test]
fn trust_decides_not_the_index() {
    let mut world = world();
    let manifest = world.newest();
    // Another key under the same name, and another name.
    for key in [
        note_key(INDEX_ORIGIN, SignatureType::Ed25519, MALLORY),
        note_key("other.example.com/index", SignatureType::Ed25519, INDEX),
    ] {
        let proof = world.proof(&manifest, &key);
        world.show(&proof);
        let report = world.history("m@1");
        refused(
            &report,
            Class::Undecided,
            "index-signature",
            Outcome::Unknown,
        );
    }
    let proof = world.proof(&manifest, &index_key());
    // The auditor's statement is the last line of the checkpoint.
    let text = String::from_utf8(proof.clone()).unwrap();
    let unaudited = text.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    world.show(unaudited.as_bytes());
    let report = world.history_with("m@1", &audited(), options());
    let scanned = world.history_with("m@1", &audited(), scanning());
    assert_eq!(report.to_json(), scanned.to_json());
    let claimed = world.history("m@1");
    assert_eq!(claimed.result, Verdict::Verified);
    assert_eq!(
        detail(&claimed, "coverage"),
        "complete as claimed by the index, up to the checkpoint"
    );
    // A wrong signature by a known key.
    let swapped = |at: usize| {
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        let line = lines.len() - at;
        let last = lines[line].len() - 5;
        let other = match lines[line].as_bytes()[last] {
            b'A' => "B",
            _ => "A",
        };
        lines[line].replace_range(last..=last, other);
        (lines.join("\n") + "\n").into_bytes()
    };
    for (at, code) in [(1, "index-audit"), (2, "index-signature")] {
        world.show(&swapped(at));
        let report = world.history_with("m@1", &audited(), options());
        refused(&report, Class::False, code, Outcome::Fail);
    }
    world.show(&proof);
    let audited = world.history_with("m@1", &audited(), options());
    assert_eq!(
        detail(&audited, "coverage"),
        "complete by the index, which auditors recomputed, up to the checkpoint"
    );
}

#[test]
fn a_manifest_of_another_index_or_another_log_is_not_this_ones() {
    let mut world = world();
    let genuine = world.newest();
    // A proof of another manifest.
    world.publish();
    let proof = world.proof(&genuine, &index_key());
    world.show(&proof);
    let report = world.history("m@1");
    refused(&report, Class::False, "index-manifest", Outcome::Fail);
    // Another key function, known and unknown.
    let mut plain = World::new(TestLog::raw());
    plain.map = MapFunction::LeafV1;
    plain.log.add(b"anything");
    plain.publish();
    refused(
        &plain.history("m@1"),
        Class::Undecided,
        "index-manifest",
        Outcome::Unknown,
    );
    let unknown = String::from_utf8(genuine.clone()).unwrap();
    let unknown = unknown.replace("mapfn access/v2 ", "mapfn access/v3 ");
    world.publish_manifest(unknown.as_bytes());
    refused(
        &world.history("m@1"),
        Class::Undecided,
        "index-manifest",
        Outcome::Unknown,
    );
    // Malformed, but signed by the index: a verified head commits to it, so it is false.
    world.publish_manifest(b"tlog-index/v1\n");
    refused(
        &world.history("m@1"),
        Class::False,
        "index-manifest",
        Outcome::Fail,
    );
    // About another log, and about this one under another key.
    let runs = [world.run(0..603)];
    for (origin, seed) in [("other.example.com", LOG), (ORIGIN, MALLORY)] {
        let key = note_key(origin, SignatureType::Ed25519, seed);
        let origin = Origin::parse(origin).unwrap();
        let checkpoint = Checkpoint::sign(&origin, world.log.edge.head(), &key).unwrap();
        let heads = runs.iter().map(|run| run.head().clone()).collect();
        let manifest = Manifest::new(MapFunction::AccessV2, heads, &signed(&checkpoint)).unwrap();
        world.publish_manifest(&manifest.encode());
        refused(
            &world.history("m@1"),
            Class::Undecided,
            "index-manifest",
            Outcome::Unknown,
        );
    }
}

#[test]
fn two_trees_of_one_log_are_an_inconsistency() {
    let mut world = world();
    // The index covers another history, with fewer entries than the log and with more.
    let mut forked = TestLog::new();
    for size in [300, 700] {
        while forked.edge.size() < size {
            forked.read("elsewhere@1");
        }
        let checkpoint = Checkpoint::parse(&forked.publish(&[])).unwrap();
        let fork = World::new(std::mem::replace(&mut forked, TestLog::new()));
        let run = fork.run(0..size);
        let manifest = Manifest::new(
            MapFunction::AccessV2,
            vec![run.head().clone()],
            &signed(&checkpoint),
        )
        .unwrap();
        world.publish_manifest(&manifest.encode());
        let report = world.history("m@1");
        let class = if size < 603 {
            Class::Inconsistent
        } else {
            Class::False
        };
        if size < 603 {
            refused(&report, class, "index-consistency", Outcome::Fail);
            // Also for a reader who scans, since the auditor did not vouch yet: two signed trees stay proven.
            let report = world.history_with("m@1", &other_auditor(), options());
            refused(&report, class, "index-consistency", Outcome::Fail);
        } else {
            // The log signed a larger tree but does not publish it, so its tiles are missing.
            assert_ne!(report.result, Verdict::Verified);
            assert!(!report.complete && indices(&report).is_empty());
        }
    }
}

fn wrong_position(report: &Report, index: u64, fault: &str) {
    refused(report, Class::False, "index-positions", Outcome::Fail);
    let json = report.to_json();
    assert!(json.contains(&format!(r#""fault":"{fault}""#)), "{json}");
    assert!(json.contains(&format!(r#"{{"index":{index},"#)), "{json}");
    assert_eq!(report.claims.complete, Outcome::Fail);
}

/// Of a long list only the first entries are read; what is read for another reason is compared with all of it.
#[test]
fn an_event_called_unreadable_in_a_long_list_is_found_out() {
    let mut log = TestLog::new();
    for at in 0..100u64 {
        log.add(&at.to_be_bytes());
    }
    let read = log.read("m@1");
    let mut world = World::new(log);
    let malformed = LookupKey::new(KeyKind::Malformed, "").hash();
    let run = forged(&world, |pairs| pairs.push((malformed, read as u32)));
    world.publish_built(&[run]);
    wrong_position(&world.history("m@1"), read, "insertion");
}

#[test]
fn an_entry_listed_for_a_key_that_it_does_not_have_is_found_out() {
    let mut world = world();
    let version = LookupKey::new(KeyKind::Version, "m@1").hash();
    let run = forged(&world, |pairs| pairs.push((version, 444)));
    world.publish_built(&[run]);
    wrong_position(&world.history("m@1"), 444, "insertion");
    // A reader of other keys does not notice it.
    assert_eq!(world.history("n@1").result, Verdict::Verified);
    for kind in KeyKind::RESERVED {
        let key = LookupKey::new(kind, "").hash();
        let run = forged(&world, |pairs| pairs.push((key, 77)));
        world.publish_built(&[run]);
        wrong_position(&world.history("m@1"), 77, "insertion");
    }
}

#[test]
fn an_entry_that_is_left_out_is_missed_where_it_is_read() {
    let mut log = TestLog::new();
    let content = "weights";
    let registered = log.add(&access(
        Action::Register,
        "alice@example.com",
        ALICE,
        &[("m@1", content)],
    ));
    let read = log.add(&access(
        Action::Read,
        "bob@example.com",
        BOB,
        &[("m@1", content)],
    ));
    let mut world = World::new(log);
    world.publish();
    assert_eq!(indices(&world.history("m@1")), [registered, read]);
    // Omitted from the list of one key, but found by another that the history follows.
    let digest = format!(
        "sha256:{}",
        glasslog_core::merkle::sha256(content.as_bytes()).to_hex()
    );
    for key in [
        LookupKey::new(KeyKind::Version, "m@1"),
        LookupKey::new(KeyKind::Digest, digest),
    ] {
        let hash = key.hash();
        let run = forged(&world, |pairs| {
            pairs.retain(|pair| *pair != (hash, read as u32))
        });
        world.publish_built(&[run]);
        wrong_position(&world.history("m@1"), read, "omission");
    }
    // Every reader reads the genesis.
    let trust = LookupKey::new(KeyKind::Trust, "").hash();
    let run = forged(&world, |pairs| pairs.retain(|pair| pair.0 != trust));
    world.publish_built(&[run]);
    wrong_position(&world.history("m@1"), 0, "omission");
}

#[test]
fn a_long_tail_is_not_covered_and_says_so() {
    let mut log = TestLog::new();
    let first = log.read("m@1");
    let mut world = World::new(log);
    world.publish();
    let covered = world.log.edge.size();
    for at in 0..65_536u64 {
        world.log.add(&at.to_be_bytes());
    }
    world.log.publish(&[]);
    // The longest tail that is scanned.
    let scanned = world.history("m@1");
    // Nothing is missing; only what it holds is not decided.
    assert!(scanned.complete, "{:?}", troubles(&scanned));
    assert_eq!(scanned.cause.map(CheckCode::as_str), Some("readable"));
    assert_eq!(scanned.members.unreadable, Some(65_536));
    // One entry more, an event that no query reads.
    let last = world.log.read("m@1");
    world.log.publish(&[]);
    for require in [Require::Complete, Require::Included] {
        let options = Options {
            require: Some(require),
            ..accepting()
        };
        let report = world.history_with("m@1", &indexed(), options);
        assert_eq!(report.class(), Class::Undecided);
        assert_eq!(outcome(&report, "coverage"), Outcome::Unknown);
        assert_eq!(outcome(&report, "event-signatures"), Outcome::Unknown);
        assert_eq!(indices(&report), [first]);
        assert!(!report.complete);
        assert!(detail(&report, "coverage").contains(&format!("up to entry {covered} of")));
    }
    // The entry is in the log, but the status of its signature is unknown.
    for (index, class) in [(first, Class::Verified), (last, Class::Undecided)] {
        let report = world
            .log
            .run(EntryQuery::new(index, &indexed(), accepting()));
        assert_eq!(report.class(), class, "{index}");
        assert_eq!(report.claims.included, Outcome::Pass);
    }
}

#[test]
fn absence_is_proven_by_the_index_too() {
    let world = world();
    let report = world.history("nobody-touched-this");
    assert_eq!((report.class(), report.complete), (Class::Nothing, true));
    assert_eq!(indices(&report), [0u64; 0]);
    let mut empty = World::new(TestLog::raw());
    empty.publish();
    assert_eq!(empty.history("m@1").class(), Class::Nothing);
    assert_eq!(empty.history("m@1").members.unreadable, Some(0));
}

/// A history that needs more memory than it may take is not decided, in whichever way its events are found; with enough, the
/// bound changes nothing.
#[test]
fn memory_is_bounded() {
    let world = world();
    for options in [accepting(), scanning()] {
        let whole = world.history_with("m@1", &indexed(), options);
        let mut decided = Vec::new();
        for bytes in [0, 2_000, 1 << 20] {
            let mut query = HistoryQuery::new("m@1", &indexed(), options, false).unwrap();
            query.hold_at_most(bytes);
            let report = world.log.run(query);
            let is_decided = report.result == Verdict::Verified;
            match is_decided {
                true => assert_eq!(report.to_json(), whole.to_json()),
                false => {
                    refused(&report, Class::Undecided, "coverage", Outcome::Unknown);
                    assert!(detail(&report, "coverage").contains(&format!("{bytes} bytes")));
                }
            }
            decided.push(is_decided);
        }
        assert_eq!(decided, [false, false, true], "{options:?}");
    }
}
