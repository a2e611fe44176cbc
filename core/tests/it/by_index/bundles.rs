//! Offline bundles made through the index, and histories that continue an older bundle.

use glasslog_core::event::Action;
use glasslog_core::fetch::{BundleWriter, Query};
use glasslog_core::index::format::LATEST_PATH;
use glasslog_core::report::{Class, Outcome, Report, Verdict};
use glasslog_core::verify::{HistoryQuery, Options, SinceError};

use super::world::*;
use crate::support::*;

fn bundle(world: &World, artifact: &str, options: Options) -> Vec<u8> {
    let mut writer = BundleWriter::new(artifact, false);
    let mut query = HistoryQuery::new(artifact, &indexed(), options, false).unwrap();
    while let Some(path) = query.needs().first().cloned() {
        let file = world.log.files.get(&path).cloned();
        if let Some(bytes) = &file {
            writer.add(&path, bytes).unwrap();
        }
        query.supply(&path, file);
    }
    writer.finish()
}

/// Five entry bundles; `m@1` in a few entries.
fn world() -> World {
    let mut log = TestLog::new();
    for at in 0..1_200 {
        log.read(if at % 200 == 0 { "m@1" } else { "n@1" });
    }
    let mut world = World::new(log);
    world.publish();
    world
}

#[test]
fn a_bundle_holds_what_the_history_asked_for() {
    let world = world();
    for artifact in ["m@1", "absent"] {
        let (indexed_bundle, whole) = (
            bundle(&world, artifact, accepting()),
            bundle(&world, artifact, scanning()),
        );
        let report = replay(&indexed_bundle, &indexed(), accepting());
        let expected = world.history(artifact).to_json();
        assert_eq!(without_question(&report), expected);
        // Without a manifest it holds every entry, and is verified by all of them.
        let scanned = replay(&whole, &indexed(), accepting());
        let expected = world.history_with(artifact, &indexed(), scanning());
        assert_eq!(without_question(&scanned), expected.to_json());
        if artifact == "absent" {
            assert!(indexed_bundle.len() * 3 < whole.len());
        }
        // A surplus file is ignored; a byte less breaks the bundle, and a removed file is missing.
        let class = |bytes: &[u8]| replay(bytes, &indexed(), accepting()).class();
        assert_eq!(
            class(&[&indexed_bundle[..], b"x"].concat()),
            Class::MalformedInput
        );
        assert_eq!(
            class(&[&indexed_bundle[..], b"extra 1\nx"].concat()),
            report.class()
        );
        assert_eq!(
            class(&indexed_bundle[..indexed_bundle.len() - 1]),
            Class::MalformedInput
        );
        let text = String::from_utf8_lossy(&indexed_bundle).into_owned();
        assert!(text.contains(LATEST_PATH));
        let renamed = text.replace(LATEST_PATH, "index/latest.tlog-proog");
        if renamed.len() == indexed_bundle.len() {
            assert_eq!(class(renamed.as_bytes()), Class::Unfinished);
        }
    }
}

fn since(world: &World, artifact: &str, older: &[u8]) -> Result<Report, SinceError> {
    let query = HistoryQuery::since(artifact, &indexed(), accepting(), false, older)?;
    Ok(world.log.run(query))
}

#[test]
fn an_older_history_is_the_beginning_of_this_one() {
    let mut world = world();
    let older = bundle(&world, "m@1", accepting());
    let whole = bundle(&world, "m@1", scanning());
    let none = bundle(&world, "absent", accepting());
    let before = indices(&world.history("m@1"));
    // No new event.
    let report = since(&world, "m@1", &older).unwrap();
    assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(&report));
    assert_eq!(report.members.new, Some(vec![]));
    // New events. The other name in the registration is another artifact.
    assert_eq!(before.len(), 6);
    let first = world.log.read("m@1");
    let second = world.log.add(&access(
        Action::Register,
        "alice@example.com",
        ALICE,
        &[("m@1", "m@1"), ("k@1", "k@1")],
    ));
    world.log.read("k@1");
    world.publish();
    for older in [&older, &whole] {
        let report = since(&world, "m@1", older).unwrap();
        assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(&report));
        assert_eq!(report.members.new, Some(vec![first, second]));
        assert_eq!(report.members.old.as_ref().unwrap().size, 1_203);
        // The older history rests on the index's word, which this reader accepts.
        let scanning = Options {
            full_scan: true,
            ..accepting()
        };
        let scanned = HistoryQuery::since("m@1", &indexed(), scanning, false, older);
        let scanned = world.log.run(scanned.unwrap());
        assert_eq!(scanned.members.new, report.members.new);
        assert_eq!(scanned.members.events, report.members.events);
    }
    // From no event to one, if the question is the same.
    let report = since(&world, "absent", &none).unwrap();
    assert_eq!((report.class(), report.complete), (Class::Nothing, true));
    let other = since(&world, "m@1", &none).unwrap_err();
    assert_eq!(other.code(), "since-other-question");
    assert_eq!(
        other.to_string(),
        "the older bundle is about name `absent`, not about version `m@1`"
    );
    let malformed = since(&world, "m@1", b"no bundle").unwrap_err();
    assert_eq!(malformed.code(), "bundle-header");
}

/// Events that counted in the older history, of a key that was reported compromised since; others of that key are new.
#[test]
fn events_that_were_withdrawn_since_are_listed() {
    let mut world = world();
    let bob = "bob@example.com";
    let read = |log: &mut TestLog, name: &str| {
        let id = format!("{:012x}", log.edge.size());
        let payload = access_payload(Action::Read, bob, &[(name, name)]);
        let payload = String::from_utf8(payload).unwrap();
        log.add(&sign(
            payload.replace("2f6f0c1d9e55", &id).into_bytes(),
            BOB,
        ))
    };
    let (first, second) = (read(&mut world.log, "m@1"), read(&mut world.log, "m@1"));
    world.publish();
    let older = bundle(&world, "m@1", accepting());
    let third = read(&mut world.log, "m@1");
    world.log.revoke(bob, BOB, 2, Some(second));
    world.publish();
    let report = since(&world, "m@1", &older).unwrap();
    assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(&report));
    assert!(indices(&report).contains(&first));
    assert_eq!(report.members.new, Some(vec![third]));
    assert_eq!(report.members.withdrawn, Some(vec![second]));
    let told = "1 of the older counts for nothing now: its key was reported compromised";
    assert!(detail(&report, "since").ends_with(told));
    let newer = bundle(&world, "m@1", accepting());
    let report = since(&world, "m@1", &newer).unwrap();
    assert_eq!(report.members.withdrawn, Some(vec![]));
}

#[test]
fn a_history_that_contradicts_an_older_one_is_told() {
    let honest = world();
    let older = bundle(&honest, "m@1", accepting());
    // The log is smaller than before.
    let mut shorter = World::new(TestLog::new());
    shorter.log.read("m@1");
    shorter.publish();
    let report = since(&shorter, "m@1", &older).unwrap();
    assert_eq!(report.class(), Class::Undecided);
    assert_eq!(outcome(&report, "consistency"), Outcome::Unknown);
    assert_eq!(report.members.new, None);
    // The log has another past.
    let mut forked = world();
    forked.log = TestLog::new();
    while forked.log.edge.size() < 4_000 {
        forked.log.add(b"another past");
    }
    forked.publish();
    let report = since(&forked, "m@1", &older).unwrap();
    assert_eq!(report.class(), Class::Inconsistent);
    assert_eq!(outcome(&report, "consistency"), Outcome::Fail);
    assert_eq!(report.claims.included, Outcome::Fail);
    // The index now omits an event that the older bundle has.
    let mut silent = world();
    let gone = indices(&silent.history("m@1"))[2];
    let run = forged(&silent, |pairs| {
        pairs.retain(|(_, offset)| u64::from(*offset) != gone);
    });
    silent.publish_built(&[run]);
    assert_eq!(silent.history("m@1").result, Verdict::Verified);
    let report = since(&silent, "m@1", &older).unwrap();
    assert_eq!(report.class(), Class::False);
    assert_eq!(
        detail(&report, "since"),
        format!("the older history has entry {gone}, but this one does not")
    );
    // The older bundle omits an event that the index has.
    let older = bundle(&silent, "m@1", accepting());
    let report = since(&honest, "m@1", &older).unwrap();
    assert_eq!(report.class(), Class::False);
    assert_eq!(
        detail(&report, "since"),
        format!("this history has entry {gone}, but the older one does not")
    );
    // A bundle that the policy does not accept cannot be compared with.
    let policy = audited();
    let unaudited = String::from_utf8_lossy(&older).contains("auditor.example.org");
    assert!(unaudited, "an auditor vouches for the test's index");
    let policy = String::from_utf8(policy).unwrap().replace(
        &auditor().verifier().to_string(),
        &note_key(
            "other.example.org",
            glasslog_core::note::SignatureType::IndexAuditV1,
            99,
        )
        .verifier()
        .to_string(),
    );
    let query = HistoryQuery::since("m@1", policy.as_bytes(), options(), false, &older).unwrap();
    let report = honest.log.run(query);
    assert_eq!(report.class(), Class::Undecided);
    assert!(detail(&report, "since").starts_with("the older bundle does not verify: "));
}
