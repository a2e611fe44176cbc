//! The closure of a history (`docs/formats/queries.md`, "Closure"): which keys it looks up, which events belong to the answer,
//! and that others cannot make it undecided.

use crate::by_index::world::{World, accepting, indexed, scanning};
use crate::support::*;
use glasslog_core::event::{Action, Envelope, EnvelopeSignature};
use glasslog_core::merkle::sha256;
use glasslog_core::report::{Fact, Outcome, Report, Verdict};
use glasslog_core::text::limits::MAX_SIGNATURE_BYTES;
use glasslog_core::verify::{HistoryQuery, Options};

const ALICE_ID: &str = "alice@example.com";
const BOB_ID: &str = "bob@example.com";
const CAROL: u8 = 13;

fn digest(content: &str) -> String {
    format!("sha256:{}", sha256(content.as_bytes()).to_hex())
}

/// An event with its own id, so that no two are copies.
fn add(log: &mut TestLog, action: Action, by_alice: bool, subjects: &[(&str, &str)]) -> u64 {
    let (actor, key) = match by_alice {
        true => (ALICE_ID, ALICE),
        false => (BOB_ID, BOB),
    };
    let payload = String::from_utf8(access_payload(action, actor, subjects)).unwrap();
    let id = format!("{:012x}", log.edge.size());
    let payload = payload.replace("2f6f0c1d9e55", &id);
    log.add(&sign(payload.into_bytes(), key))
}

/// The history by the index, which a full scan confirms.
fn history(world: &World, artifact: &str) -> Report {
    let run = |options: Options| {
        let query = HistoryQuery::new(artifact, &indexed(), options, false).unwrap();
        world.log.run(query)
    };
    let (found, scanned) = (run(accepting()), run(scanning()));
    assert_eq!(found.members, scanned.members, "{artifact}");
    assert_eq!(
        detail(&found, "links"),
        detail(&scanned, "links"),
        "{artifact}"
    );
    found
}

pub(crate) fn published(log: TestLog) -> World {
    let mut world = World::new(log);
    world.publish();
    world
}

fn keys(report: &Report) -> Vec<String> {
    let keys = report.members.keys.as_ref().unwrap().iter();
    keys.map(|key| format!("{} {}", key.kind, key.id)).collect()
}

fn versions(report: &Report) -> Vec<&str> {
    let versions = report.members.versions.as_ref().unwrap().iter();
    versions.map(|version| version.name.as_str()).collect()
}

fn fact(report: &Report, name: &str) -> u64 {
    let check = report
        .checks
        .iter()
        .find(|check| check.code.as_str() == "links");
    let evidence = check.unwrap().evidence.as_ref().unwrap();
    let fact = evidence.facts().find(|(fact, _)| *fact == name).unwrap().1;
    match fact {
        Fact::Number(number) => *number,
        other => panic!("{other:?}"),
    }
}

fn verified(report: &Report) {
    assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(report));
    assert!(report.complete);
}

#[test]
fn a_version_is_linked_to_the_digests_of_its_binding_registration() {
    let mut log = TestLog::new();
    let register = Action::Register;
    let early = add(&mut log, Action::Read, false, &[("mirror@9", "weights")]);
    let first = add(
        &mut log,
        register,
        true,
        &[("m@1", "weights"), ("m@1", "license")],
    );
    // Later registrations of the version link nothing, and neither do its other events.
    let conflict = add(
        &mut log,
        register,
        false,
        &[("m@1", "other"), ("m@1", "weights")],
    );
    let read = add(&mut log, Action::Read, true, &[("m@1", "elsewhere")]);
    add(&mut log, Action::Read, false, &[("x@1", "other")]);
    add(&mut log, Action::Read, false, &[("x@1", "elsewhere")]);
    // Another version has the same content: its events are its own, except those before its registration.
    let before = add(&mut log, Action::Read, false, &[("alias@1", "weights")]);
    add(&mut log, register, false, &[("alias@1", "weights")]);
    add(&mut log, Action::Read, false, &[("alias@1", "weights")]);
    let held = add(&mut log, Action::Hold, false, &[("incident-7", "license")]);
    let all = add(&mut log, Action::Hold, false, &[("m", "anything")]);
    add(&mut log, Action::Read, false, &[("m@2", "anything")]);
    let world = published(log);
    let report = history(&world, "m@1");
    assert_eq!(
        indices(&report),
        [early, first, conflict, read, before, held, all]
    );
    let mut expected = vec!["version m@1".to_string(), "version m".into()];
    let mut digests = [digest("weights"), digest("license")];
    digests.sort();
    expected.extend(digests.map(|digest| format!("digest {digest}")));
    assert_eq!(keys(&report), expected);
    assert_eq!(versions(&report), ["m@1"]);
    verified(&report);
    assert_eq!(outcome(&report, "links"), Outcome::Pass);
    assert_eq!(
        detail(&report, "links"),
        "the 2 digests that registrations link were looked up; 2 events that share one are about other artifacts"
    );
    let exact = HistoryQuery::new("m@1", &indexed(), accepting(), true).unwrap();
    let exact = world.log.run(exact);
    assert_eq!(indices(&exact), [first, conflict, read]);
    assert_eq!(exact.query.exact, Some(true));
    // The digest by itself shows every event that has it, and lists the versions.
    let report = history(&world, &digest("weights"));
    assert_eq!(versions(&report), ["m@1", "alias@1"]);
    assert_eq!(indices(&report).len(), 6);
    assert_eq!(keys(&report).len(), 1);
    verified(&report);
    // A conflicting registration makes its name no version of the digest.
    assert!(versions(&history(&world, &digest("other"))).is_empty());
}

#[test]
fn a_version_without_a_registration_is_linked_to_what_its_events_record() {
    let mut log = TestLog::new();
    let deploy = add(&mut log, Action::Deploy, true, &[("dirty@1", "weights")]);
    let held = add(&mut log, Action::Hold, false, &[("incident-7", "weights")]);
    add(&mut log, Action::Hold, false, &[("incident-8", "else")]);
    let world = published(log);
    let report = history(&world, "dirty@1");
    assert_eq!(indices(&report), [deploy, held]);
    verified(&report);
    assert!(versions(&report).is_empty());
    // A digest that was recorded without a registration is found by the digest.
    assert_eq!(
        indices(&history(&world, &digest("weights"))),
        [deploy, held]
    );
    assert_eq!(indices(&history(&world, "dirty")), [deploy, held]);
}

/// One registration of many names with a digest of each of other models, and models that share a file.
#[test]
fn others_registrations_change_no_history() {
    let mut log = TestLog::new();
    let files: Vec<Vec<(String, String)>> = (0..8)
        .map(|model| {
            let file = |file| match file {
                0 => "LICENSE".to_string(),
                file => format!("{model}/{file}"),
            };
            (0..32)
                .map(|at| (format!("m{model}@1"), file(at)))
                .collect()
        })
        .collect();
    let subjects = |files: &[(String, String)]| -> Vec<(String, String)> { files.to_vec() };
    let mut own = Vec::new();
    for model in &files {
        let named = subjects(model);
        let named: Vec<(&str, &str)> = named
            .iter()
            .map(|(n, c)| (n.as_str(), c.as_str()))
            .collect();
        let first = add(&mut log, Action::Register, true, &named);
        let read = add(&mut log, Action::Read, true, &named[..1]);
        own.push([first, read]);
    }
    let hostile: Vec<(String, String)> = (0..8)
        .map(|model| (format!("n{model}"), format!("{model}/5")))
        .collect();
    let hostile: Vec<(&str, &str)> = hostile
        .iter()
        .map(|(n, c)| (n.as_str(), c.as_str()))
        .collect();
    let claim = add(&mut log, Action::Register, false, &hostile);
    let world = published(log);
    for (model, own) in own.iter().enumerate() {
        let report = history(&world, &format!("m{model}@1"));
        assert_eq!(indices(&report), own);
        verified(&report);
        assert_eq!(fact(&report, "linked"), 32);
        // Registrations and reads of the seven others, and the hostile one.
        assert_eq!(fact(&report, "elsewhere"), 15);
        assert_eq!(fact(&report, "leftOut"), 0);
        assert!(!indices(&report).contains(&claim));
        let bare = history(&world, &format!("m{model}"));
        assert_eq!(indices(&bare), own);
        verified(&bare);
    }
    let license = history(&world, &digest("LICENSE"));
    assert_eq!(versions(&license).len(), 8);
    verified(&license);
}

/// A chain of registrations, each of which shares a digest with the next: it is not followed.
#[test]
fn chains_are_not_followed() {
    let mut log = TestLog::new();
    let mut own = Vec::new();
    for at in 0..120 {
        let (this, next) = (format!("{at}"), format!("{}", at + 1));
        let name = format!("c{at}@1");
        let subjects = [
            (name.as_str(), this.as_str()),
            (name.as_str(), next.as_str()),
        ];
        own.push(add(&mut log, Action::Register, false, &subjects));
    }
    let world = published(log);
    for at in [0, 60, 119] {
        let name = format!("c{at}@1");
        let report = history(&world, &name);
        assert_eq!(indices(&report), [own[at]]);
        verified(&report);
        let query = HistoryQuery::new(&name, &indexed(), accepting(), false).unwrap();
        let mut waves = 0;
        let mut query = query;
        loop {
            let needs = glasslog_core::fetch::Query::needs(&query);
            if needs.is_empty() {
                break;
            }
            waves += 1;
            for path in needs {
                let file = world.log.files.get(&path).cloned();
                glasslog_core::fetch::Query::supply(&mut query, &path, file);
            }
        }
        assert!(waves <= 12, "{waves} waves");
    }
}

/// Others record more digests under a name than its history looks up, before its holder registers it.
#[test]
fn the_digests_that_the_holder_records_come_before_those_of_others() {
    let mut log = TestLog::new();
    let junk: Vec<String> = (0..40).map(|at| format!("junk {at}")).collect();
    for content in &junk {
        // Twice: what is left out counts once.
        add(&mut log, Action::Read, false, &[("m@1", content)]);
        add(&mut log, Action::Read, false, &[("m@1", content)]);
    }
    add(&mut log, Action::Write, true, &[("m@1", "draft")]);
    add(&mut log, Action::Register, true, &[("m@1", "weights")]);
    let held = add(&mut log, Action::Hold, true, &[("incident-7", "draft")]);
    let world = published(log);
    for (artifact, left_out) in [("m@1", 9), ("m", 9)] {
        let report = history(&world, artifact);
        verified(&report);
        assert!(indices(&report).contains(&held), "{artifact}");
        let counts = (fact(&report, "linked"), fact(&report, "leftOut"));
        assert_eq!(counts, (33, left_out), "{artifact}");
    }
}

#[test]
fn a_bare_name_looks_up_the_digests_of_its_versions_in_pages() {
    let mut log = TestLog::new();
    let mut all = Vec::new();
    for at in 0..300 {
        let (name, content) = (format!("m@{at}"), format!("content {at}"));
        all.push(add(&mut log, Action::Register, true, &[(&name, &content)]));
    }
    // Another actor's versions come last.
    for at in 300..310 {
        let (name, content) = (format!("m@{at}"), format!("content {at}"));
        all.push(add(&mut log, Action::Register, false, &[(&name, &content)]));
    }
    let newest = add(
        &mut log,
        Action::Hold,
        false,
        &[("incident-7", "content 299")],
    );
    let oldest = add(
        &mut log,
        Action::Hold,
        false,
        &[("incident-8", "content 0")],
    );
    let others = add(
        &mut log,
        Action::Hold,
        false,
        &[("incident-9", "content 305")],
    );
    let world = published(log);
    let report = history(&world, "m");
    verified(&report);
    assert_eq!(outcome(&report, "links"), Outcome::Unknown);
    assert_eq!(
        (fact(&report, "linked"), fact(&report, "leftOut")),
        (256, 54)
    );
    all.push(newest);
    assert_eq!(indices(&report), all);
    assert!(!indices(&report).contains(&oldest) && !indices(&report).contains(&others));
    assert_eq!(versions(&report).len(), 310);
    // Each version by itself has them.
    assert!(indices(&history(&world, "m@0")).contains(&oldest));
    assert!(indices(&history(&world, "m@305")).contains(&others));
}

/// An event that only a later registration claims stays where it was.
#[test]
fn a_later_registration_hides_no_event() {
    let mut log = TestLog::new();
    add(&mut log, Action::Register, true, &[("m@1", "weights")]);
    let held = add(&mut log, Action::Hold, true, &[("incident@42", "weights")]);
    let world = published(log);
    assert!(indices(&history(&world, "m@1")).contains(&held));
    let mut log = world.log;
    add(
        &mut log,
        Action::Register,
        false,
        &[("incident@42", "weights")],
    );
    add(
        &mut log,
        Action::Register,
        false,
        &[("incident", "weights")],
    );
    let world = published(log);
    let report = history(&world, "m@1");
    assert_eq!(indices(&report).len(), 2);
    assert!(indices(&report).contains(&held));
    verified(&report);
}

/// An event of an actor, which the admins sign too if `by_admins`.
fn add_by(
    log: &mut TestLog,
    action: Action,
    (actor, key): (&str, u8),
    by_admins: bool,
    subjects: &[(&str, &str)],
) -> u64 {
    let payload = String::from_utf8(access_payload(action, actor, subjects)).unwrap();
    let id = format!("{:012x}", log.edge.size());
    let payload = payload.replace("2f6f0c1d9e55", &id).into_bytes();
    let mut secrets = vec![secret(key)];
    secrets.extend(by_admins.then(|| secret(ADMIN)));
    let secrets: Vec<_> = secrets.iter().collect();
    log.add(&Envelope::sign(payload, &secrets).unwrap().encode())
}

const OWNER: (&str, u8) = (ALICE_ID, ALICE);
const BINDER: (&str, u8) = ("carol@example.com", CAROL);
const STRANGER: (&str, u8) = (BOB_ID, BOB);

/// Parties, in the order of their rights over `m@2`; the admins sign beside a stranger.
const PARTIES: [((&str, u8), bool); 4] = [
    (STRANGER, false),
    (BINDER, false),
    (OWNER, false),
    (STRANGER, true),
];

/// A name and its content are taken before a hold uses them: what strangers register hides strangers' events alone.
#[test]
fn a_registration_hides_events_by_the_rights_of_its_actor() {
    for (by, (registrar, by_admins)) in PARTIES.into_iter().enumerate() {
        let mut log = TestLog::new();
        log.enrol(BINDER.0, BINDER.1);
        // The owner registers the name, and another actor a version of it.
        add_by(
            &mut log,
            Action::Register,
            OWNER,
            false,
            &[("m@1", "other")],
        );
        let content = [("m@2", "weights")];
        let bound = add_by(&mut log, Action::Register, BINDER, false, &content);
        let incident = [("incident@7", "weights")];
        add_by(&mut log, Action::Register, registrar, by_admins, &incident);
        let holds = PARTIES
            .map(|(actor, by_admins)| add_by(&mut log, Action::Hold, actor, by_admins, &incident));
        let world = published(log);
        let report = history(&world, "m@2");
        verified(&report);
        let mut expected = vec![bound];
        expected.extend(&holds[by + 1..]);
        assert_eq!(indices(&report), expected, "registered by party {by}");
        // The bare name has the same holder, and its versions the same actors.
        let shown = indices(&history(&world, "m"));
        assert!(holds[by + 1..].iter().all(|hold| shown.contains(hold)));
        assert!(holds[..=by].iter().all(|hold| !shown.contains(hold)));
    }
}

/// One actor registers two models that share a licence, and deploys each: each deployment is in the history of its own model.
#[test]
fn an_actors_models_that_share_content_stay_apart() {
    let mut log = TestLog::new();
    let (m, n) = (
        [("m@1", "weights"), ("m@1", "license")],
        [("n@1", "others"), ("n@1", "license")],
    );
    let mut own = |action, names: &[(&str, &str)]| add(&mut log, action, true, names);
    let registered = own(Action::Register, &m);
    own(Action::Register, &n);
    let deployed = own(Action::Deploy, &m);
    own(Action::Deploy, &n);
    let world = published(log);
    for artifact in ["m@1", "m"] {
        let report = history(&world, artifact);
        assert_eq!(indices(&report), [registered, deployed]);
        assert_eq!(fact(&report, "elsewhere"), 2);
    }
}

/// Another actor's version of the name has the same content: that gives its actor no right to hide events.
#[test]
fn a_version_of_anothers_name_hides_no_event() {
    let mut log = TestLog::new();
    log.enrol(BINDER.0, BINDER.1);
    add_by(
        &mut log,
        Action::Register,
        OWNER,
        false,
        &[("m@1", "other")],
    );
    let content = [("m@2", "weights")];
    add_by(&mut log, Action::Register, BINDER, false, &content);
    let names = [("m@3", "weights"), ("incident@7", "weights")];
    add_by(&mut log, Action::Register, STRANGER, false, &names);
    let incident = [("incident@7", "weights")];
    let holds = [OWNER, BINDER].map(|by| add_by(&mut log, Action::Hold, by, false, &incident));
    let hidden = add_by(&mut log, Action::Hold, STRANGER, false, &incident);
    let world = published(log);
    for artifact in ["m", "m@2"] {
        let shown = indices(&history(&world, artifact));
        assert!(holds.iter().all(|hold| shown.contains(hold)), "{artifact}");
        assert!(!shown.contains(&hidden), "{artifact}");
    }
}

/// An event that is read because its name is consulted, and belongs to the answer for its digest, is judged like any other.
#[test]
fn an_event_that_was_consulted_may_belong_to_the_answer() {
    let mut log = TestLog::new();
    let enrolled = log.enrol("carol@example.com", CAROL);
    add(&mut log, Action::Register, true, &[("m@1", "older")]);
    let held = add(&mut log, Action::Hold, false, &[("m@rc", "weights")]);
    let bound = add(&mut log, Action::Register, true, &[("m@2", "weights")]);
    let payload = access_payload(Action::Read, "carol@example.com", &[("m@2", "weights")]);
    let read = log.add(&sign(payload, CAROL));
    // Since a key is compromised, it matters who owns the name: its earlier events are read.
    log.revoke("carol@example.com", CAROL, enrolled, Some(read));
    let report = history(&published(log), "m@2");
    assert_eq!(indices(&report), [held, bound, read]);
    verified(&report);
}

/// One registration may give the same content to several names; an event on one of them is not about the others.
#[test]
fn a_registration_of_the_answer_names_what_else_has_the_content() {
    let mut log = TestLog::new();
    let enrolled = log.enrol("carol@example.com", CAROL);
    let names = [("m@1", "weights"), ("n@1", "weights")];
    let bound = add(&mut log, Action::Register, true, &names);
    let payload = access_payload(Action::Read, "carol@example.com", &[("n@1", "weights")]);
    let read = log.add(&sign(payload, CAROL));
    log.revoke("carol@example.com", CAROL, enrolled, Some(read));
    let world = published(log);
    assert_eq!(indices(&history(&world, "n@1")), [bound, read]);
    let report = history(&world, "m@1");
    assert_eq!(indices(&report), [bound]);
    verified(&report);
}

/// An attempt that was denied registers nothing.
#[test]
fn a_denied_registration_is_an_event_about_the_content() {
    let mut log = TestLog::new();
    let bound = add(&mut log, Action::Register, true, &[("m@1", "weights")]);
    let payload = access_payload(Action::Register, BOB_ID, &[("n@1", "weights")]);
    let payload = String::from_utf8(payload).unwrap();
    let denied = payload.replace(r#""outcome":"success""#, r#""outcome":"denied""#);
    let denied = log.add(&sign(denied.into_bytes(), BOB));
    assert_eq!(indices(&history(&published(log), "m@1")), [bound, denied]);
}

/// A compromised key that signed nothing here makes no reader look at the registrations of the bare name.
#[test]
fn a_scan_consults_what_the_index_consults() {
    let mut log = TestLog::new();
    let enrolled = log.enrol("carol@example.com", CAROL);
    let payload = access_payload(Action::Read, BOB_ID, &[("m@9", "other")]);
    let payload = String::from_utf8(payload).unwrap();
    let no_event = payload.replace(r#""action":"read""#, r#""action":"retire""#);
    log.add(&sign(no_event.into_bytes(), BOB));
    let bound = add(&mut log, Action::Register, true, &[("m@2", "weights")]);
    log.revoke("carol@example.com", CAROL, enrolled, Some(enrolled));
    let report = history(&published(log), "m@2");
    assert_eq!(indices(&report), [bound]);
    assert_eq!(report.members.unreadable, Some(0));
}

/// Anybody can record that a version has some content. That leads to the owner's events about the content, which are shown,
/// and a withdrawn one among them decides nothing.
#[test]
fn contents_that_others_record_decide_nothing() {
    let mut log = TestLog::new();
    let bound = add(&mut log, Action::Register, true, &[("m@1", "weights")]);
    let lure = add(&mut log, Action::Hold, false, &[("m@3", "elsewhere")]);
    let elsewhere = add(&mut log, Action::Hold, true, &[("incident", "elsewhere")]);
    log.revoke(ALICE_ID, ALICE, 1, Some(elsewhere));
    let world = published(log);
    let report = history(&world, "m");
    assert_eq!(indices(&report), [bound, lure, elsewhere]);
    assert_eq!(outcome(&report, "event-signatures"), Outcome::Pass);
    verified(&report);
    // The owner's own content, withdrawn, is another matter.
    let mut log = world.log;
    log.enrol(ALICE_ID, MALLORY);
    let payload = access_payload(Action::Hold, ALICE_ID, &[("incident", "weights")]);
    let own = log.add(&sign(payload, MALLORY));
    log.revoke(ALICE_ID, MALLORY, own - 1, Some(own));
    let report = history(&published(log), "m");
    assert_eq!(indices(&report), [bound, lure, elsewhere, own]);
    assert_eq!(outcome(&report, "event-signatures"), Outcome::Unknown);
}

/// Some 24 MB of events by a stranger.
pub(crate) fn fill(log: &mut TestLog, subjects: &[(&str, &str)]) {
    let filler = |key: u64| EnvelopeSignature {
        keyid: format!("sha256:{key:064x}"),
        sig: vec![7; MAX_SIGNATURE_BYTES],
    };
    let payload = access_payload(Action::Write, BOB_ID, subjects);
    let payload = String::from_utf8(payload).unwrap();
    for number in 0..600 {
        let id = format!("{number:012x}");
        let payload = payload.replace("2f6f0c1d9e55", &id).into_bytes();
        let mut envelope = Envelope::sign(payload, &[&secret(BOB)]).unwrap();
        for key in 0..5 {
            envelope = envelope.with_signature(filler(key)).unwrap();
        }
        log.add(&envelope.encode());
    }
}

/// A name is filled with large events before it is registered: they are read to find the binding, as far as their share goes.
#[test]
fn large_events_before_a_registration_leave_room() {
    let mut log = TestLog::new();
    let bound = add(&mut log, Action::Register, true, &[("m@1", "weights")]);
    fill(&mut log, &[("n@1", "junk")]);
    let other = add(&mut log, Action::Register, false, &[("n@1", "weights")]);
    let report = history(&published(log), &digest("weights"));
    verified(&report);
    assert_eq!(indices(&report), [bound, other]);
    assert_eq!(versions(&report), ["m@1", "n@1"]);
    assert_eq!(fact(&report, "leftOut"), 1);
}

/// Large events of others about a shared file are left out before they take the memory that the artifact's own events need.
#[test]
fn a_digest_with_too_many_bytes_of_events_is_left_out() {
    let mut log = TestLog::new();
    let first = add(
        &mut log,
        Action::Register,
        true,
        &[("m@1", "weights"), ("m@1", "license")],
    );
    let held = add(&mut log, Action::Hold, true, &[("incident", "weights")]);
    let shared = add(&mut log, Action::Hold, true, &[("incident", "license")]);
    let world = published(log);
    let all = history(&world, "m@1");
    assert_eq!(indices(&all), [first, held, shared]);
    assert_eq!((fact(&all, "linked"), fact(&all, "leftOut")), (2, 0));
    let mut log = world.log;
    fill(&mut log, &[("n@1", "license")]);
    let late = add(&mut log, Action::Hold, true, &[("late", "weights")]);
    let report = history(&published(log), "m@1");
    verified(&report);
    assert_eq!(indices(&report), [first, held, late]);
    assert_eq!((fact(&report, "linked"), fact(&report, "leftOut")), (1, 1));
    assert!(!keys(&report).contains(&format!("digest {}", digest("license"))));
}

#[test]
fn a_digest_with_too_many_events_is_left_out() {
    // GLASSLOG_LONG_TESTS: signing as many events as a reader scans takes a minute.
    if std::env::var_os("GLASSLOG_LONG_TESTS").is_none() {
        return;
    }
    let mut log = TestLog::new();
    let first = add(
        &mut log,
        Action::Register,
        true,
        &[("m@1", "weights"), ("m@1", "license")],
    );
    let held = add(&mut log, Action::Hold, true, &[("incident", "weights")]);
    for _ in 0..65_600 {
        add(&mut log, Action::Read, false, &[("n@1", "license")]);
    }
    let world = published(log);
    let report = history(&world, "m@1");
    verified(&report);
    assert_eq!(indices(&report), [first, held]);
    assert_eq!((fact(&report, "linked"), fact(&report, "leftOut")), (1, 1));
}
