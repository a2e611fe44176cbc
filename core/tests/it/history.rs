//! Histories: complete, followed through registrations, damaged, and dishonest in every way open to a host or an
//! operator.

use crate::support::*;
use glasslog_core::event::{Action, KeyOp};
use glasslog_core::fetch::{BundleWriter, Query};
use glasslog_core::report::{Class, Outcome, Report, Verdict};
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::{Asked, HistoryQuery, Options, Require, verify_bundle};

fn history(log: &TestLog, artifact: &str) -> Report {
    history_with(log, artifact, &policy(), options())
}

fn history_with(log: &TestLog, artifact: &str, policy: &[u8], options: Options) -> Report {
    log.run(HistoryQuery::new(artifact, policy, options, false).unwrap())
}

#[test]
fn a_history_holds_every_event_and_says_so() {
    let mut log = TestLog::new();
    let mut expected = Vec::new();
    for at in 0..700 {
        let index = log.read(if at % 7 == 0 {
            "resnet50@2.1"
        } else {
            "other@1"
        });
        if at % 7 == 0 {
            expected.push(index);
        }
    }
    log.publish(&[]);
    let report = history(&log, "resnet50@2.1");
    assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(&report));
    assert_eq!(indices(&report), expected);
    assert!(report.complete);
    assert_eq!(report.claims.included, Outcome::Pass);
    assert_eq!(report.claims.fresh, Outcome::Unknown);
    assert_eq!(troubles(&report), [("freshness", Outcome::Unknown)]);
    assert_eq!(report.class(), Class::Verified);
}

#[test]
fn indexed_by_name_digest_actor_and_key_it_equals_a_filter_over_all_entries() {
    let mut log = TestLog::new();
    let a = log.add(&access(
        Action::Read,
        "alice@example.com",
        ALICE,
        &[("m@1", "one")],
    ));
    let b = log.add(&access(
        Action::Read,
        "bob@example.com",
        BOB,
        &[("m@2", "two")],
    ));
    let c = log.add(&access(
        Action::Read,
        "bob@example.com",
        BOB,
        &[("m@1", "one"), ("n", "n")],
    ));
    log.publish(&[]);
    let one = format!("sha256:{}", glasslog_core::merkle::sha256(b"one").to_hex());
    let bob = glasslog_core::event::Spki::new(secret(BOB).public()).key_id();
    for (artifact, expected) in [
        ("m", vec![a, b, c]),
        ("m@1", vec![a, c]),
        ("n", vec![c]),
        (&one, vec![a, c]),
        ("actor:bob@example.com", vec![2, b, c]),
        (&format!("key:{bob}"), vec![2, b, c]),
    ] {
        let report = history(&log, artifact);
        assert_eq!(indices(&report), expected, "{artifact}");
        assert_eq!(
            report.result,
            Verdict::Verified,
            "{artifact}: {:?}",
            troubles(&report)
        );
    }
}

#[test]
fn a_registration_links_a_version_to_its_digests_and_to_no_other_name() {
    let mut log = TestLog::new();
    // The events come before the registrations.
    let by_digest = log.add(&access(
        Action::Read,
        "alice@example.com",
        ALICE,
        &[("mirror@9", "weights")],
    ));
    log.add(&access(
        Action::Read,
        "alice@example.com",
        ALICE,
        &[("alias@1", "elsewhere")],
    ));
    let unrelated = log.read("unrelated@1");
    let first = log.add(&access(
        Action::Register,
        "alice@example.com",
        ALICE,
        &[("m@1", "weights")],
    ));
    log.add(&access(
        Action::Register,
        "bob@example.com",
        BOB,
        &[("alias@1", "weights")],
    ));
    log.publish(&[]);
    let report = history(&log, "m@1");
    assert_eq!(indices(&report), [by_digest, first]);
    assert!(!indices(&report).contains(&unrelated));
    let keys = report.members.keys.as_ref().unwrap();
    assert!(keys.iter().any(|key| key.kind == "digest"), "{keys:?}");
    assert!(!keys.iter().any(|key| key.id == "alias@1"), "{keys:?}");
    let exact = log.run(HistoryQuery::new("m@1", &policy(), options(), true).unwrap());
    assert_eq!(indices(&exact), [first]);
}

#[test]
fn a_registration_that_nobody_vouches_for_is_not_followed() {
    let mut log = TestLog::new();
    log.add(&access(
        Action::Register,
        "alice@example.com",
        ALICE,
        &[("m@1", "weights")],
    ));
    log.add(&access(
        Action::Register,
        "mallory@example.com",
        MALLORY,
        &[("m@1", "weights"), ("victim@1", "v")],
    ));
    let victim = log.read("victim@1");
    log.publish(&[]);
    let report = history(&log, "m@1");
    assert!(!indices(&report).contains(&victim));
    assert_eq!(outcome(&report, "event-signatures"), Outcome::Unknown);
    assert_eq!(report.class(), Class::Undecided);
}

#[test]
fn absence_is_proven_and_is_no_success() {
    let mut log = TestLog::new();
    log.read("m@1");
    log.publish(&[]);
    let report = history(&log, "nobody-touched-this");
    assert_eq!(report.result, Verdict::Unknown);
    assert_eq!(report.class(), Class::Nothing);
    assert!(report.complete);
    assert_eq!(indices(&report), [0u64; 0]);
}

#[test]
fn an_empty_log_has_nothing_to_verify() {
    let mut log = TestLog::raw();
    log.publish(&[]);
    assert_eq!(history(&log, "m").class(), Class::Nothing);
    // A pin is not wrong before there is an entry 0.
    let pinned = [
        b"[log]\n".to_vec(),
        policy(),
        b"[genesis]\n".to_vec(),
        PIN.as_bytes().to_vec(),
    ]
    .concat();
    let query = HistoryQuery::new("m", &pinned, options(), false).unwrap();
    assert_eq!(log.run(query).class(), Class::Nothing);
    let audit = log.run(AuditQuery::new(&pinned, options(), None));
    assert_eq!(audit.class(), Class::Nothing);
    log.files.remove("checkpoint");
    assert_eq!(history(&log, "m").class(), Class::Unfinished);
}

const PIN: &str = "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n";

/// Every file that a history asks for, missing or damaged, in a log with full and partial tiles.
#[test]
fn no_file_can_be_missing_or_damaged() {
    let mut log = TestLog::new();
    for _ in 0..600 {
        log.read("m@1");
    }
    log.publish(&[WITNESS_A, WITNESS_B]);
    let mut asked = Vec::new();
    let mut query = HistoryQuery::new("m@1", &witnessed(), options(), false).unwrap();
    while let Some(path) = query.needs().first().cloned() {
        asked.push(path.clone());
        query.supply(&path, log.files.get(&path).cloned());
    }
    assert_eq!(query.report().unwrap().result, Verdict::Verified);
    // An archive bounds times alone (`times.rs`), and this log has none.
    assert_eq!(asked.pop().as_deref(), Some("checkpoints/list"));
    assert!(asked.len() >= 6, "{asked:?}");
    for path in &asked {
        let original = log.files.remove(path).unwrap();
        let missing = history_with(&log, "m@1", &witnessed(), options());
        assert_eq!(missing.class(), Class::Unfinished, "{path}");
        assert_eq!(outcome(&missing, "files"), Outcome::Fail, "{path}");
        assert!(indices(&missing).is_empty() && !missing.complete, "{path}");

        for altered in [
            b"<!doctype html><title>index</title>".to_vec(),
            Vec::new(),
            original[..original.len() - 1].to_vec(),
            [original.as_slice(), b"x"].concat(),
        ] {
            log.files.insert(path.clone(), altered);
            let report = history_with(&log, "m@1", &witnessed(), options());
            assert_eq!(report.result, Verdict::Failed, "{path}");
            assert!(!report.complete && indices(&report).is_empty(), "{path}");
        }
        log.files.insert(path.clone(), original.clone());
        log.damage(path);
        let report = history_with(&log, "m@1", &witnessed(), options());
        assert_eq!(report.result, Verdict::Failed, "{path}");
        assert!(!report.complete, "{path}");
        log.files.insert(path.clone(), original);
    }
}

#[test]
fn the_entry_that_was_altered_is_named() {
    let mut log = TestLog::new();
    for _ in 0..300 {
        log.read("m@1");
    }
    log.publish(&[]);
    let bundle = log.files.get_mut("tile/entries/000").unwrap();
    // Inside entry 7, after seven lengths and entries.
    let at: usize = log.entries[..7].iter().map(|entry| entry.len() + 2).sum();
    bundle[at + 40] ^= 1;
    let report = history(&log, "m@1");
    assert_eq!(report.class(), Class::False);
    assert_eq!(
        detail(&report, "entries"),
        "entry 7 was altered or damaged: its hash is not the one that the tree commits to"
    );
    assert_eq!(outcome(&report, "tree"), Outcome::Pass);
    assert_eq!(report.claims.included, Outcome::Fail);
    assert_eq!(report.claims.complete, Outcome::Unknown);
    // The bundle is named even if its leaf tile is missing.
    log.files.remove("tile/0/000");
    assert_eq!(
        detail(&history(&log, "m@1"), "entries"),
        "entries 0 to 255 differ from what the tree commits to"
    );
}

#[test]
fn a_partial_file_that_is_gone_is_read_from_the_full_one() {
    let mut log = TestLog::new();
    for _ in 0..400 {
        log.read("m@1");
    }
    let old = log.publish(&[]);
    for _ in 0..400 {
        log.read("m@1");
    }
    log.publish(&[]);
    log.files.insert("checkpoint".into(), old);
    log.files.retain(|path, _| !path.contains(".p/"));
    // The level-1 tile is partial in both trees, so it must stay.
    let mut whole = TestLog::new();
    for _ in 0..400 {
        whole.read("m@1");
    }
    whole.publish(&[]);
    log.files.insert(
        "tile/1/000.p/1".into(),
        whole.files["tile/1/000.p/1"].clone(),
    );
    let report = history(&log, "m@1");
    assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(&report));
    assert_eq!(report.checkpoint.unwrap().size, 403);
}

#[test]
fn trust_decides_not_the_log() {
    let mut log = TestLog::new();
    log.read("m@1");
    log.publish(&[WITNESS_A]);
    // One witness of two.
    let report = history_with(&log, "m@1", &witnessed(), options());
    assert_eq!(
        (report.class(), outcome(&report, "quorum")),
        (Class::Undecided, Outcome::Unknown)
    );
    // Another log's policy.
    let key = note_key(
        "other.example.com",
        glasslog_core::note::SignatureType::Ed25519,
        LOG,
    );
    let report = history_with(
        &log,
        "m@1",
        format!("log {}\nquorum none\n", key.verifier()).as_bytes(),
        options(),
    );
    assert_eq!(
        (report.class(), outcome(&report, "log-signature")),
        (Class::Undecided, Outcome::Unknown)
    );
    // Another key under the same name.
    let key = note_key(ORIGIN, glasslog_core::note::SignatureType::Ed25519, MALLORY);
    let report = history_with(
        &log,
        "m@1",
        format!("log {}\nquorum none\n", key.verifier()).as_bytes(),
        options(),
    );
    assert_eq!(report.class(), Class::Undecided);
    // No policy at all.
    let report = history_with(&log, "m@1", b"log nonsense\n", options());
    assert_eq!(
        (report.class(), outcome(&report, "policy")),
        (Class::MalformedInput, Outcome::Fail)
    );
}

#[test]
fn freshness_is_the_quorums_time_and_stands_apart() {
    let mut log = TestLog::new();
    log.read("m@1");
    log.publish_at(&[(WITNESS_A, TIME - 100), (WITNESS_B, TIME)]);
    let within = |age| Options {
        now: TIME,
        max_checkpoint_age: Some(age),
        ..options()
    };
    let fresh = history_with(&log, "m@1", &witnessed(), within(100));
    assert_eq!(
        (fresh.result, fresh.claims.fresh),
        (Verdict::Verified, Outcome::Pass)
    );
    let stale = history_with(&log, "m@1", &witnessed(), within(99));
    assert_eq!(
        (stale.class(), stale.claims.fresh),
        (Class::Undecided, Outcome::Unknown)
    );
    assert_eq!(
        (stale.claims.included, stale.claims.complete),
        (Outcome::Pass, Outcome::Pass)
    );
    // A time far in the future does not count.
    log.publish_at(&[(WITNESS_A, TIME + 301), (WITNESS_B, TIME)]);
    let ahead = history_with(&log, "m@1", &witnessed(), within(1000));
    assert_eq!(
        (ahead.class(), ahead.claims.fresh),
        (Class::Undecided, Outcome::Unknown)
    );
    // A log without witnesses has no time either.
    let alone = history_with(&log, "m@1", &policy(), within(1000));
    assert_eq!(
        (alone.class(), alone.claims.fresh),
        (Class::Undecided, Outcome::Unknown)
    );
}

#[test]
fn a_witness_whose_signature_is_wrong_is_no_witness() {
    let mut log = TestLog::new();
    log.read("m@1");
    log.publish(&[WITNESS_A, WITNESS_B]);
    let text = String::from_utf8(log.files["checkpoint"].clone()).unwrap();
    let (before, line) = text.trim_end().rsplit_once('\n').unwrap();
    let (head, tail) = line.split_at(line.len() - 20);
    let altered = format!(
        "{before}\n{head}{}\n",
        if tail.starts_with('A') {
            tail.replacen('A', "B", 1)
        } else {
            format!("A{}", &tail[1..])
        }
    );
    log.files.insert("checkpoint".into(), altered.into_bytes());
    let report = history_with(&log, "m@1", &witnessed(), options());
    assert_eq!(
        (report.class(), outcome(&report, "quorum")),
        (Class::False, Outcome::Fail)
    );
}

#[test]
fn signatures_are_judged_by_position() {
    let mut log = TestLog::new();
    let before = log.add(&access(
        Action::Read,
        "carol@example.com",
        MALLORY,
        &[("m@1", "one")],
    ));
    let enrolled = log.enrol("carol@example.com", MALLORY);
    let during = log.add(&access(
        Action::Read,
        "carol@example.com",
        MALLORY,
        &[("m@1", "one ")],
    ));
    let suspect = log.add(&access(
        Action::Read,
        "carol@example.com",
        MALLORY,
        &[("m@1", "one  ")],
    ));
    log.revoke("carol@example.com", MALLORY, enrolled, Some(suspect));
    let after = log.add(&access(
        Action::Read,
        "carol@example.com",
        MALLORY,
        &[("m@1", "one   ")],
    ));
    let imposter = log.add(&access(
        Action::Read,
        "alice@example.com",
        BOB,
        &[("m@1", "one")],
    ));
    log.publish(&[]);
    let report = history(&log, "m@1");
    let signature = |index| {
        report
            .members
            .events
            .as_ref()
            .unwrap()
            .iter()
            .find(|event| event.index == index)
            .unwrap()
            .signature
    };
    assert_eq!(signature(before), "unknown-key");
    assert_eq!(signature(during), "valid");
    assert_eq!(signature(suspect), "compromised");
    assert_eq!(signature(after), "revoked-key");
    assert_eq!(signature(imposter), "actor-mismatch");
    assert_eq!(report.class(), Class::Undecided);
    // The history is complete: a signature never hides an event.
    assert!(report.complete);
}

#[test]
fn a_wrong_signature_by_a_known_key_is_false() {
    let mut log = TestLog::new();
    let entry = access(Action::Read, "alice@example.com", ALICE, &[("m@1", "one")]);
    let other = access(Action::Read, "alice@example.com", ALICE, &[("m@1", "two")]);
    let text = String::from_utf8(entry).unwrap();
    let other = String::from_utf8(other).unwrap();
    let sig = |text: &str| {
        text.split("\"sig\":\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_string()
    };
    log.add(text.replace(&sig(&text), &sig(&other)).as_bytes());
    log.publish(&[]);
    let report = history(&log, "m@1");
    assert_eq!(
        (report.class(), outcome(&report, "event-signatures")),
        (Class::False, Outcome::Fail)
    );
}

#[test]
fn copies_and_second_bindings_are_noted() {
    let mut log = TestLog::new();
    let entry = access(
        Action::Register,
        "alice@example.com",
        ALICE,
        &[("m@1", "one")],
    );
    log.add(&entry);
    log.add(&entry);
    log.add(&access(
        Action::Register,
        "bob@example.com",
        BOB,
        &[("m@1", "two")],
    ));
    log.publish(&[]);
    let report = history(&log, "m@1");
    let notes: Vec<_> = report
        .members
        .events
        .as_ref()
        .unwrap()
        .iter()
        .map(|event| event.notes.clone())
        .collect();
    assert_eq!(notes, [vec![], vec!["replayed"], vec!["register-conflict"]]);
    assert_eq!(outcome(&report, "registrations"), Outcome::Unknown);
}

#[test]
fn what_cannot_be_read_is_counted() {
    let mut log = TestLog::new();
    log.read("m@1");
    log.add(b"{\"not\":\"an event\"}");
    log.publish(&[]);
    let report = history(&log, "m@1");
    assert_eq!(report.members.unreadable, Some(1));
    assert_eq!(outcome(&report, "readable"), Outcome::Unknown);
    assert_eq!(report.class(), Class::Undecided);
}

#[test]
fn a_log_without_genesis_states_no_keys() {
    let mut log = TestLog::raw();
    log.read("m@1");
    log.publish(&[]);
    let report = history(&log, "m@1");
    assert_eq!(
        (report.class(), outcome(&report, "genesis")),
        (Class::Undecided, Outcome::Unknown)
    );
}

#[test]
fn a_pinned_genesis_is_held_to() {
    let mut log = TestLog::new();
    log.read("m@1");
    log.publish(&[]);
    let pinned = |hash: glasslog_core::merkle::Hash| {
        let key = note_key(ORIGIN, glasslog_core::note::SignatureType::Ed25519, LOG);
        format!(
            "[log]\nlog {}\nquorum none\n[genesis]\n{hash}\n",
            key.verifier()
        )
        .into_bytes()
    };
    let right = glasslog_core::merkle::leaf_hash(&log.entries[0]);
    assert_eq!(
        history_with(&log, "m@1", &pinned(right), options()).result,
        Verdict::Verified
    );
    let wrong = glasslog_core::merkle::leaf_hash(b"");
    assert_eq!(
        history_with(&log, "m@1", &pinned(wrong), options()).class(),
        Class::False
    );
}

#[test]
fn key_events_by_others_than_admins_change_nothing() {
    let mut log = TestLog::new();
    let forged = key_event("mallory@example.com", MALLORY, KeyOp::Enrol, None, None);
    let payload = glasslog_core::event::Envelope::parse(&forged)
        .unwrap()
        .payload()
        .to_vec();
    log.add(&sign(payload, MALLORY));
    log.add(&access(
        Action::Read,
        "mallory@example.com",
        MALLORY,
        &[("m@1", "one")],
    ));
    log.publish(&[]);
    let report = history(&log, "m@1");
    assert_eq!(
        report.members.events.as_ref().unwrap()[0].signature,
        "unknown-key"
    );
}

#[test]
fn files_must_each_have_an_event() {
    let mut log = TestLog::new();
    let index = log.read("m@1");
    log.publish(&[]);
    let digest = |text: &str| {
        format!(
            "sha256:{}",
            glasslog_core::merkle::sha256(text.as_bytes()).to_hex()
        )
    };
    let known =
        log.run(HistoryQuery::of_files(&[digest("m@1")], None, &policy(), options()).unwrap());
    assert_eq!(known.result, Verdict::Verified);
    assert_eq!(known.members.files.unwrap()[0].events, [index]);
    let digests = [digest("m@1"), digest("x")];
    let unknown = log.run(HistoryQuery::of_files(&digests, None, &policy(), options()).unwrap());
    assert_eq!(unknown.class(), Class::Nothing);
}

fn bundle(log: &TestLog, artifact: &str) -> Vec<u8> {
    bundle_of(log, artifact, false)
}

fn bundle_of(log: &TestLog, artifact: &str, exact: bool) -> Vec<u8> {
    let mut writer = BundleWriter::new(artifact, exact);
    let mut query = HistoryQuery::new(artifact, &policy(), options(), exact).unwrap();
    loop {
        let needs = query.needs();
        if needs.is_empty() {
            return writer.finish();
        }
        for path in needs {
            let file = log.files.get(&path).cloned();
            if let Some(bytes) = &file {
                writer.add(&path, bytes).unwrap();
            }
            query.supply(&path, file);
        }
    }
}

#[test]
fn a_bundle_gives_the_same_report_as_the_log() {
    let mut log = TestLog::new();
    for at in 0..300 {
        log.read(if at % 2 == 0 { "m@1" } else { "n@1" });
    }
    log.publish(&[]);
    for artifact in ["m@1", "absent"] {
        let bundle = bundle(&log, artifact);
        let report = replay(&bundle, &policy(), options());
        let expected = history(&log, artifact).to_json();
        assert_eq!(without_question(&report), expected);
    }
}

#[test]
fn a_bundle_with_less_or_other_bytes_is_refused() {
    let mut log = TestLog::new();
    log.read("m@1");
    log.publish(&[]);
    let good = bundle(&log, "m@1");
    let class = |bytes: &[u8]| replay(bytes, &policy(), options()).class();
    assert_eq!(class(&good), Class::Verified);
    assert_eq!(class(b""), Class::MalformedInput);
    assert_eq!(class(&good[..good.len() - 1]), Class::MalformedInput);
    assert_eq!(class(&[&good[..], b"x"].concat()), Class::MalformedInput);
    // A file that the history does not need is ignored: another version of the planner may have needed it.
    assert_eq!(class(&[&good[..], b"extra 1\nx"].concat()), Class::Verified);
    let text = String::from_utf8_lossy(&good).into_owned();
    let head = text
        .lines()
        .take(2)
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    assert_eq!(class(head.as_bytes()), Class::Unfinished);
    let mut altered = good.clone();
    let last = altered.len() - 10;
    altered[last] ^= 1;
    assert_eq!(class(&altered), Class::False);
}

/// The maker of a bundle chose its question; the reader compares it with the reader's own.
#[test]
fn a_bundle_answers_the_question_that_was_asked() {
    let mut log = TestLog::new();
    log.read("clean@1");
    log.read("dirty@1");
    log.publish(&[]);
    let digest = format!(
        "sha256:{}",
        glasslog_core::merkle::sha256(b"clean@1").to_hex()
    );
    let bundles = [
        bundle_of(&log, "clean@1", false),
        bundle_of(&log, "clean@1", true),
        bundle_of(&log, "actor:alice@example.com", true),
    ];
    let (whole, exact, actor) = (0, 1, 2);
    let named = "the bundle names its own question: ";
    let answered = "the bundle answers the question that was asked";
    let alone = "the bundle looked up version `clean@1` alone: events about its digests and other names may be missing";
    let other = "the bundle is about version `clean@1`, not about ";
    for (of, artifact, takes_exact, class, expected) in [
        (
            whole,
            None,
            false,
            Class::Verified,
            format!("{named}version `clean@1`"),
        ),
        (
            whole,
            None,
            true,
            Class::Verified,
            format!("{named}version `clean@1`"),
        ),
        (
            whole,
            Some("clean@1"),
            false,
            Class::Verified,
            answered.into(),
        ),
        (
            whole,
            Some("name:clean@1"),
            true,
            Class::Verified,
            answered.into(),
        ),
        (
            whole,
            Some("dirty@1"),
            false,
            Class::False,
            format!("{other}version `dirty@1`"),
        ),
        (
            whole,
            Some("clean"),
            false,
            Class::False,
            format!("{other}name `clean`"),
        ),
        (
            whole,
            Some(&digest),
            true,
            Class::False,
            format!("{other}digest `{digest}`"),
        ),
        (exact, None, false, Class::Undecided, alone.into()),
        (
            exact,
            Some("clean@1"),
            false,
            Class::Undecided,
            alone.into(),
        ),
        (
            exact,
            Some("clean@1"),
            true,
            Class::Verified,
            answered.into(),
        ),
        (
            exact,
            Some("dirty@1"),
            true,
            Class::False,
            format!("{other}version `dirty@1`"),
        ),
        // Nothing is linked to an actor, so no question about one is exact.
        (
            actor,
            Some("actor:alice@example.com"),
            false,
            Class::Verified,
            answered.into(),
        ),
    ] {
        let asked = Asked {
            artifact,
            exact: takes_exact,
        };
        let report = verify_bundle(&bundles[of], &policy(), options(), asked).unwrap();
        assert_eq!(detail(&report, "question"), expected, "{artifact:?}");
        assert_eq!(
            report.class(),
            class,
            "{artifact:?}: {:?}",
            troubles(&report)
        );
        assert_eq!(report.query.exact, Some(of == exact));
    }
    let asked = Asked {
        artifact: Some("two words"),
        exact: false,
    };
    let error = verify_bundle(&bundles[whole], &policy(), options(), asked).unwrap_err();
    assert_eq!(error.code(), "artifact-name");
    // A malformed bundle is malformed, whatever was asked.
    let asked = Asked {
        artifact: Some("dirty@1"),
        exact: false,
    };
    let report = verify_bundle(b"no bundle", &policy(), options(), asked).unwrap();
    assert_eq!(report.class(), Class::MalformedInput);
}

#[test]
fn complete_can_be_left_aside() {
    let mut log = TestLog::new();
    log.read("m@1");
    log.publish(&[]);
    let included = Options {
        require: Some(Require::Included),
        ..options()
    };
    assert_eq!(
        history_with(&log, "m@1", &policy(), included).result,
        Verdict::Verified
    );
}
