//! Evidence for files: registrations, mentions, contradictions and holds.

use crate::by_index::world::{accepting, indexed, scanning};
use crate::closure::{fill, published};
use crate::support::*;
use glasslog_core::event::{AccessEvent, Action, Envelope, Outcome as Done, Subject};
use glasslog_core::merkle::{Hash, leaf_hash, sha256};
use glasslog_core::report::{Class, Outcome, Report};
use glasslog_core::verify::{HistoryQuery, Options, Require};

pub(crate) const ALICE_ID: &str = "alice@example.com";
pub(crate) const BOB_ID: &str = "bob@example.com";

pub(crate) fn digest(content: &str) -> String {
    format!("sha256:{}", sha256(content.as_bytes()).to_hex())
}

/// Adds an event about subjects with these digests, changed by `change`.
pub(crate) fn say_with(
    log: &mut TestLog,
    (actor, key): (&str, u8),
    action: Action,
    subjects: &[(&str, Hash)],
    change: impl FnOnce(&mut AccessEvent),
) -> u64 {
    let mut event = access_event(action, actor);
    // Its own event id, so that no two entries are equal.
    event.event_id = format!("019a8c3e-7d1b-7f0e-9b7a-{:012x}", log.edge.size());
    change(&mut event);
    let subjects: Vec<Subject> = subjects
        .iter()
        .map(|(name, digest)| Subject::new(name, digest))
        .collect();
    log.add(&sign(event.to_payload(&subjects).unwrap(), key))
}

/// Adds an event about one artifact with this content.
fn say(log: &mut TestLog, actor: (&str, u8), action: Action, name: &str, content: &str) -> u64 {
    let subject = (name, sha256(content.as_bytes()));
    say_with(log, actor, action, &[subject], |_| {})
}

const BY_ALICE: (&str, u8) = (ALICE_ID, ALICE);
const BY_BOB: (&str, u8) = (BOB_ID, BOB);

fn verify(log: &mut TestLog, contents: &[&str], version: Option<&str>) -> Report {
    log.publish(&[]);
    let digests: Vec<String> = contents.iter().map(|content| digest(content)).collect();
    log.run(HistoryQuery::of_files(&digests, version, &policy(), options()).unwrap())
}

/// The names, actors and positions of the first file's registrations, and the positions of its mentions.
fn evidence(report: &Report) -> (Vec<(&str, &str, u64)>, &[u64]) {
    let file = &report.members.files.as_ref().unwrap()[0];
    let registered = file.registered_as.iter();
    let registered =
        registered.map(|found| (found.name.as_str(), found.actor.as_str(), found.index));
    (registered.collect(), &file.mentioned_by)
}

#[test]
fn a_file_is_registered_or_only_mentioned() {
    let mut log = TestLog::new();
    let at = say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    let read = say(&mut log, BY_BOB, Action::Read, "m@1", "weights");
    let other = say(&mut log, BY_BOB, Action::Read, "n@1", "other");
    let report = verify(&mut log, &["weights"], None);
    assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
    assert_eq!(
        evidence(&report),
        (vec![("m@1", ALICE_ID, at)], &[read][..])
    );
    let report = verify(&mut log, &["other"], None);
    assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
    assert_eq!(evidence(&report), (vec![], &[other][..]));
    let report = verify(&mut log, &["weights", "other"], None);
    assert_eq!(report.class(), Class::Verified);
    let report = verify(&mut log, &["weights", "unknown"], None);
    assert_eq!(report.class(), Class::Nothing);
}

/// A claim that a mention does not meet. Completeness is needed then, because a registration could be among unseen events.
#[test]
fn a_registration_can_be_required() {
    let mut log = TestLog::new();
    say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    say(&mut log, BY_BOB, Action::Read, "n@1", "other");
    log.publish(&[]);
    let required = Options {
        require: Some(Require::Registered),
        ..options()
    };
    for (contents, class) in [
        (&["weights"][..], Class::Verified),
        (&["other"], Class::Nothing),
        (&["weights", "other"], Class::Nothing),
        (&["unknown"], Class::Nothing),
    ] {
        let digests: Vec<String> = contents.iter().map(|content| digest(content)).collect();
        let query = HistoryQuery::of_files(&digests, None, &policy(), required);
        let report = log.run(query.unwrap());
        assert_eq!(
            report.class(),
            class,
            "{contents:?}: {:?}",
            troubles(&report)
        );
        let is_mention = contents.contains(&"other");
        assert_eq!(needs_coverage(&report), is_mention, "{contents:?}");
    }
    // A mention is no evidence then, so it refutes nothing either: by default, one that calls the file another's version does.
    say(&mut log, BY_BOB, Action::Read, "m@1", "swapped");
    log.publish(&[]);
    for (options, class) in [(required, Class::Nothing), (options(), Class::False)] {
        let digests = [digest("swapped")];
        let query = HistoryQuery::of_files(&digests, None, &policy(), options);
        assert_eq!(log.run(query.unwrap()).class(), class);
    }
    // Of another question it asks no less than its default.
    let history = HistoryQuery::new("m@1", &policy(), required, false);
    assert!(needs_coverage(&log.run(history.unwrap())));
}

fn needs_coverage(report: &Report) -> bool {
    let mut checks = report.checks.iter();
    let coverage = checks.find(|check| check.code.as_str() == "coverage");
    coverage.is_some_and(|check| check.required)
}

#[test]
fn denied_and_failed_events_are_no_evidence() {
    for outcome in [Done::Denied, Done::Failure] {
        for action in [Action::Read, Action::Register] {
            let mut log = TestLog::new();
            let subject = [("m@1", sha256(b"weights"))];
            let at = say_with(&mut log, BY_ALICE, action, &subject, |event| {
                event.outcome = outcome;
            });
            let report = verify(&mut log, &["weights"], None);
            assert_eq!(report.class(), Class::Nothing, "{outcome} {action}");
            assert_eq!(report.members.files.as_ref().unwrap()[0].events, [at]);
            assert_eq!(evidence(&report), (vec![], &[][..]));
        }
    }
}

#[test]
fn holds_and_deletions_are_no_evidence() {
    for action in [Action::Hold, Action::Delete] {
        let mut log = TestLog::new();
        say(&mut log, BY_ALICE, action, "m@1", "weights");
        let report = verify(&mut log, &["weights"], None);
        assert_eq!(report.class(), Class::Nothing, "{action}");
    }
}

#[test]
fn other_contents_than_the_registered_ones_are_false() {
    let mut log = TestLog::new();
    let first = say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    let deploy = say(&mut log, BY_BOB, Action::Deploy, "m@1", "swapped");
    let report = verify(&mut log, &["swapped"], None);
    assert_eq!(report.class(), Class::False);
    assert_eq!(report.cause.unwrap().as_str(), "contents");
    let detail = &report.deciding_check().unwrap().detail;
    assert_eq!(
        *detail,
        format!(
            "entry {deploy} names `m@1` with other contents than its registration, entry {first}"
        )
    );
    // The version's own file is not affected.
    let report = verify(&mut log, &["weights"], None);
    assert_eq!(report.class(), Class::Verified);
    // A second registration with other contents binds nothing.
    say(&mut log, BY_BOB, Action::Register, "m@1", "rebound");
    let report = verify(&mut log, &["rebound"], None);
    assert_eq!(report.class(), Class::False);
}

#[test]
fn nobody_refutes_the_file_of_another() {
    let mut log = TestLog::new();
    say(&mut log, BY_BOB, Action::Register, "bobs@1", "something");
    say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    // Bob names his own version with Alice's content, and Alice's version with his.
    say(&mut log, BY_BOB, Action::Deploy, "bobs@1", "weights");
    say(&mut log, BY_BOB, Action::Deploy, "m@1", "something");
    let report = verify(&mut log, &["weights"], None);
    assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
    // A mention under a free name is as good as one without a contradiction.
    say(&mut log, BY_ALICE, Action::Read, "free@1", "mentioned");
    say(&mut log, BY_BOB, Action::Read, "bobs@1", "mentioned");
    let report = verify(&mut log, &["mentioned"], None);
    assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
}

#[test]
fn files_are_compared_with_the_version_asked_for() {
    let mut log = TestLog::new();
    say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    say(&mut log, BY_ALICE, Action::Register, "m@2", "newer");
    for (content, version, class) in [
        ("weights", "m@1", Class::Verified),
        ("newer", "m@1", Class::False),
        ("unknown", "m@1", Class::False),
        ("weights", "m@3", Class::Nothing),
    ] {
        let report = verify(&mut log, &[content], Some(version));
        assert_eq!(report.class(), class, "{content} {version}");
    }
    for name in ["m", "actor:x", &digest("x")] {
        let error = HistoryQuery::of_files(&[digest("x")], Some(name), &policy(), options());
        assert_eq!(error.err().unwrap().code(), "artifact-version", "{name}");
    }
}

#[test]
fn a_hold_of_the_owner_is_in_force_until_its_release() {
    for (name, content) in [("m@1", "weights"), ("m", "any"), ("other@7", "weights")] {
        let mut log = TestLog::new();
        say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
        let hold = say(&mut log, BY_ALICE, Action::Hold, name, content);
        let report = verify(&mut log, &["weights"], None);
        assert_eq!(report.class(), Class::Held, "{name}");
        assert_eq!(
            report.deciding_check().unwrap().detail,
            format!("entry {hold} holds `{name}`: a reason")
        );
        let acts_on = leaf_hash(&log.entries[hold as usize]);
        let subject = [(name, sha256(content.as_bytes()))];
        say_with(&mut log, BY_BOB, Action::Release, &subject, |event| {
            event.acts_on = Some(acts_on);
        });
        let report = verify(&mut log, &["weights"], None);
        assert_eq!(report.class(), Class::Held, "released by another: {name}");
        say_with(&mut log, BY_ALICE, Action::Release, &subject, |event| {
            event.acts_on = Some(acts_on);
        });
        let report = verify(&mut log, &["weights"], None);
        assert_eq!(report.class(), Class::Verified, "{name}");
    }
}

#[test]
fn the_admins_hold_and_release_beside_any_actor() {
    for registered in [true, false] {
        let mut log = TestLog::new();
        if registered {
            say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
        }
        say(&mut log, BY_BOB, Action::Read, "m@1", "weights");
        let mut add = |action, number, seeds: &[u8], acts_on| {
            let event = AccessEvent {
                acts_on,
                event_id: format!("019a8c3e-7d1b-7f0e-9b7a-{number:012x}"),
                ..access_event(action, BOB_ID)
            };
            let subject = Subject::new("x@1", &sha256(b"weights"));
            let keys: Vec<_> = seeds.iter().map(|seed| secret(*seed)).collect();
            let keys: Vec<_> = keys.iter().collect();
            let entry = Envelope::sign(event.to_payload(&[subject]).unwrap(), &keys).unwrap();
            log.add(&entry.encode());
            let report = verify(&mut log, &["weights"], None);
            (leaf_hash(&entry.encode()), report.class())
        };
        let (_, class) = add(Action::Hold, 1, &[BOB], None);
        assert_eq!(class, Class::Verified, "a hold by another actor");
        let (hold, class) = add(Action::Hold, 2, &[BOB, ADMIN], None);
        assert_eq!(class, Class::Held);
        let (_, class) = add(Action::Release, 3, &[BOB], Some(hold));
        assert_eq!(class, Class::Held, "a release without the admins");
        let (_, class) = add(Action::Release, 4, &[BOB, ADMIN], Some(hold));
        assert_eq!(class, Class::Verified);
    }
}

/// The actor beside whom the admins sign does not end their hold by losing its key.
#[test]
fn the_admins_hold_outlasts_the_actors_key() {
    let mut log = TestLog::new();
    say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    let event = AccessEvent {
        event_id: "019a8c3e-7d1b-7f0e-9b7a-000000000001".into(),
        ..access_event(Action::Hold, BOB_ID)
    };
    let subject = Subject::new("m@1", &sha256(b"weights"));
    let (bob, admin) = (secret(BOB), secret(ADMIN));
    let payload = event.to_payload(&[subject]).unwrap();
    let entry = Envelope::sign(payload, &[&bob, &admin]).unwrap();
    let hold = log.add(&entry.encode());
    assert_eq!(verify(&mut log, &["weights"], None).class(), Class::Held);
    log.revoke(BOB_ID, BOB, 2, Some(hold));
    assert_eq!(verify(&mut log, &["weights"], None).class(), Class::Held);
}

#[test]
fn a_hold_on_another_version_or_by_another_has_no_effect() {
    let mut log = TestLog::new();
    say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    say(&mut log, BY_BOB, Action::Register, "bobs@1", "weights");
    say(&mut log, BY_ALICE, Action::Hold, "m@2", "newer");
    for name in ["m@1", "m", "bobs@1"] {
        say(&mut log, BY_BOB, Action::Hold, name, "weights");
    }
    let report = verify(&mut log, &["weights"], None);
    assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
    // In the version that Bob owns, his hold counts.
    let report = verify(&mut log, &["weights"], Some("bobs@1"));
    assert_eq!(report.class(), Class::Held);
}

#[test]
fn a_later_registration_by_another_lifts_no_hold() {
    let mut log = TestLog::new();
    say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    say(&mut log, BY_ALICE, Action::Hold, "m@1", "weights");
    say(&mut log, BY_BOB, Action::Register, "clean@1", "weights");
    let report = verify(&mut log, &["weights"], None);
    assert_eq!(report.class(), Class::Held);
}

#[test]
fn names_beyond_the_bound_are_counted() {
    let mut log = TestLog::new();
    for at in 0..70 {
        say(
            &mut log,
            BY_BOB,
            Action::Read,
            &format!("n{at}@1"),
            "weights",
        );
    }
    let at = say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    let report = verify(&mut log, &["weights"], None);
    assert_eq!(report.class(), Class::Verified);
    assert_eq!(evidence(&report).0, [("m@1", ALICE_ID, at)]);
    let contents = report
        .checks
        .iter()
        .find(|check| check.code.as_str() == "contents");
    assert_eq!(
        contents.unwrap().detail,
        "1 of 1 file is registered, 0 only mentioned; 7 further names in their events were not looked up"
    );
}

/// A name beyond the bound binds nothing that is known: it may have been registered with other contents before.
#[test]
fn a_name_that_was_not_looked_up_is_no_registration() {
    let mut log = TestLog::new();
    say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    for at in 0..64 {
        let name = format!("n{at}@1");
        say(&mut log, BY_BOB, Action::Register, &name, "evil");
    }
    let claim = say(&mut log, BY_BOB, Action::Register, "m@1", "evil");
    let report = verify(&mut log, &["evil"], None);
    assert_eq!(report.class(), Class::Verified);
    let (registered, mentioned) = evidence(&report);
    assert_eq!(registered.len(), 64);
    assert!(registered.iter().all(|(name, ..)| *name != "m@1"));
    assert_eq!(mentioned, [claim]);
}

/// The detail of a check.
fn detail<'a>(report: &'a Report, code: &str) -> &'a str {
    let mut checks = report.checks.iter();
    let check = checks.find(|check| check.code.as_str() == code);
    &check.unwrap().detail
}

/// The evidence by the index, which a full scan confirms.
fn verify_indexed(log: TestLog, content: &str) -> (Report, TestLog) {
    let world = published(log);
    let run = |options: Options| {
        let query = HistoryQuery::of_files(&[digest(content)], None, &indexed(), options);
        world.log.run(query.unwrap())
    };
    let (found, scanned) = (run(accepting()), run(scanning()));
    assert_eq!(found.members, scanned.members);
    for code in ["contents", "hold"] {
        assert_eq!(detail(&found, code), detail(&scanned, code));
    }
    (found, world.log)
}

/// Large events of others under a name that they give a file take no room from the file's own.
#[test]
fn a_name_with_too_many_bytes_of_events_is_left_out() {
    let mut log = TestLog::new();
    let at = say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    let read = say(&mut log, BY_BOB, Action::Read, "n@1", "weights");
    let later = say(&mut log, BY_BOB, Action::Register, "o@1", "weights");
    fill(&mut log, &[("n@1", "junk")]);
    let (report, mut log) = verify_indexed(log, "weights");
    assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
    let registered = vec![("m@1", ALICE_ID, at), ("o@1", BOB_ID, later)];
    assert_eq!(evidence(&report), (registered, &[read][..]));
    assert_eq!(
        detail(&report, "contents"),
        "1 of 1 file is registered, 0 only mentioned; 1 further name in their events was not looked up"
    );
    say(&mut log, BY_ALICE, Action::Hold, "m@1", "other");
    let (report, _) = verify_indexed(log, "weights");
    assert_eq!(report.class(), Class::Held);
}

/// A version that was freed is bound anew by the owner of its name, whom the registrations of the bare name tell.
#[test]
fn the_owner_of_a_name_holds_a_version_that_was_freed() {
    let mut log = TestLog::new();
    say(&mut log, BY_ALICE, Action::Register, "m@1", "one");
    let stolen = say(&mut log, BY_BOB, Action::Register, "m@3", "three");
    log.revoke(BOB_ID, BOB, 2, Some(stolen));
    let at = say(&mut log, BY_ALICE, Action::Register, "m@3", "new");
    for version in [None, Some("m@3")] {
        let report = verify(&mut log, &["new"], version);
        assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
        assert_eq!(evidence(&report).0, [("m@3", ALICE_ID, at)]);
    }
    let (report, mut log) = verify_indexed(log, "new");
    assert_eq!(evidence(&report).0, [("m@3", ALICE_ID, at)]);
    say(&mut log, BY_ALICE, Action::Hold, "m@3", "new");
    let (report, mut log) = verify_indexed(log, "new");
    assert_eq!(report.class(), Class::Held);
    assert_eq!(verify(&mut log, &["new"], Some("m@3")).class(), Class::Held);
}

/// A stranger who claims a taken name for a content before its holder registers it does not push the holder's name behind.
#[test]
fn a_claim_of_a_taken_name_takes_no_precedence() {
    let mut log = TestLog::new();
    say(&mut log, BY_ALICE, Action::Register, "taken@1", "other");
    say(&mut log, BY_BOB, Action::Register, "taken@1", "weights");
    let at = say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    fill(&mut log, &[("m@1", "junk")]);
    let (report, mut log) = verify_indexed(log, "weights");
    assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
    assert_eq!(evidence(&report).0, [("m@1", ALICE_ID, at)]);
    say(&mut log, BY_ALICE, Action::Hold, "m@1", "weights");
    let (report, _) = verify_indexed(log, "weights");
    assert_eq!(report.class(), Class::Held);
}

/// The events under the name of a file's first registration decide who may hold it: without them nothing is said of holds.
#[test]
fn a_file_whose_first_registration_is_not_known_is_not_free_of_holds() {
    let mut log = TestLog::new();
    // One more than the claims of which it is looked up whether they bind.
    for at in 0..33 {
        let name = format!("taken{at}@1");
        say(&mut log, BY_ALICE, Action::Register, &name, "other");
        say(&mut log, BY_BOB, Action::Register, &name, "weights");
    }
    let at = say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    let (report, mut log) = verify_indexed(log, "weights");
    assert_eq!(report.class(), Class::Verified, "{:?}", troubles(&report));
    assert_eq!(evidence(&report).0, [("m@1", ALICE_ID, at)]);
    fill(&mut log, &[("m@1", "junk")]);
    let (report, _) = verify_indexed(log, "weights");
    assert_eq!(report.class(), Class::Undecided, "{:?}", troubles(&report));
    assert!(detail(&report, "hold").contains("first registration"));
    // Without it, the events under that name take what they need.
    let mut log = TestLog::new();
    say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    fill(&mut log, &[("m@1", "junk")]);
    let hold = say(&mut log, BY_ALICE, Action::Hold, "m@1", "other");
    let (report, _) = verify_indexed(log, "weights");
    assert_eq!(report.class(), Class::Held, "{hold}");
}

#[test]
fn a_history_marks_other_contents_and_is_not_decided_by_them() {
    let mut log = TestLog::new();
    say(&mut log, BY_ALICE, Action::Register, "m@1", "weights");
    let deploy = say(&mut log, BY_BOB, Action::Deploy, "m@1", "swapped");
    let subject = [("m@1", sha256(b"denied"))];
    say_with(&mut log, BY_BOB, Action::Read, &subject, |event| {
        event.outcome = Done::Denied;
    });
    log.publish(&[]);
    let query = HistoryQuery::new("m@1", &policy(), options(), false).unwrap();
    let report = log.run(query);
    assert_eq!(report.class(), Class::Verified);
    assert_eq!(outcome(&report, "contents"), Outcome::Fail);
    let events = report.members.events.as_ref().unwrap();
    let marked = events
        .iter()
        .filter(|event| event.notes.contains(&"other-contents"));
    let marked: Vec<u64> = marked.map(|event| event.index).collect();
    assert_eq!(marked, [deploy]);
}
