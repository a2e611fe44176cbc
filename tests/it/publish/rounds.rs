//! A checkpoint is public once the quorum cosigned it, and not before, whatever the witnesses do.
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glasslog_core::crypto::SecretKey;
use glasslog_core::merkle::{TreeHead, leaf_hash};
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{
    Checkpoint, KeyId, KeyName, Origin, Signature, SignatureType, SignerKey,
};
use glasslog_core::trust::TrustPolicy;
use glasslog_log::sequencer::Acknowledgement;
use glasslog_log::status::Status;
use glasslog_log::{Log, LogError};
use glasslog_tests::cosigner::{Answered, Conduct};

use super::stage::{NOW, ORIGIN, QUICK, Stage};

/// Far above what anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_checkpoint_is_public_when_the_quorum_cosigned() {
    let stage = Stage::new(QUICK);
    let log = stage.start();
    for number in 1..=5 {
        assert_eq!(log.publish(&format!("entry {number}")), Some(number));
        assert!(stage.cosignatures() >= 2);
    }
    // The third one is not lost.
    wait_until("a third cosignature", || stage.cosignatures() == 3);
    let status = log.status();
    assert_eq!((status.size, status.published), (5, 5));
    assert!(status.missing.is_empty());
    for standing in &status.witnesses {
        assert_eq!(standing.memory.failing, None);
    }
    // An entry that is public is answered without a round.
    let before = stage.witnesses[0].seen().len();
    assert_eq!(log.publish("entry 2"), Some(5));
    assert_eq!(stage.witnesses[0].seen().len(), before);
    log.stop();
    // Witnesses are asked about growth, not from the beginning again.
    let seen = stage.witnesses[0].seen();
    assert!(seen.iter().all(|seen| seen.status == 200), "{seen:?}");
    assert!(seen.windows(2).all(|two| two[0].size <= two[1].old));
}

#[test]
fn one_dead_witness_of_three_changes_nothing_and_is_named() {
    let stage = Stage::new(QUICK);
    stage.witnesses[1].behave(Conduct::Dead);
    let log = stage.start();
    for number in 1..=3 {
        assert_eq!(log.publish(&format!("entry {number}")), Some(number));
    }
    assert_eq!(stage.cosignatures(), 2);
    wait_until("the dead one is named", || {
        log.status().witnesses[1].memory.failing.is_some()
    });
    assert!(log.status().missing.is_empty());
    // It comes back and cosigns the checkpoint that is public already.
    stage.witnesses[1].behave(Conduct::Honest);
    wait_until("its cosignature", || stage.cosignatures() == 3);
    wait_until("its recovery", || {
        log.status().witnesses[1].memory.failing.is_none()
    });
    log.stop();
}

#[test]
fn without_a_quorum_entries_are_durable_and_the_last_checkpoint_stays() {
    let stage = Stage::new(QUICK);
    let log = stage.start();
    assert_eq!(log.publish("entry 0"), Some(1));
    wait_until("three cosignatures", || stage.cosignatures() == 3);
    let before = stage.checkpoint();
    for witness in &stage.witnesses {
        witness.behave(Conduct::Dead);
    }
    let answer = log.submit("entry 1", Acknowledgement::Published);
    assert_eq!(answer.outcomes[0].as_ref().unwrap().index, 1);
    assert_eq!(answer.checkpoint, None);
    let names: Vec<&str> = answer.missing.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(names, ["w1", "w2", "w3"]);
    assert!(answer.missing.iter().all(|witness| witness.since > NOW / 2));
    // Durability does not wait for witnesses, however many entries there are.
    let begun = Instant::now();
    for number in 2..200 {
        let entry = format!("entry {number}");
        let answer = log.submit(&entry, Acknowledgement::Durable);
        assert_eq!(answer.outcomes[0].as_ref().unwrap().index, number);
    }
    assert!(begun.elapsed() < PATIENCE / 4);
    assert_eq!(stage.checkpoint(), before);
    let status = log.status();
    assert_eq!(
        (status.size, status.published, status.backlog()),
        (200, 1, 199)
    );
    assert_eq!(status.missing.len(), 3);
    // The status of the directory says the same, beside the writer.
    let shown = Status::read(stage.path()).unwrap();
    assert_eq!((shown.size, shown.published), (200, 1));
    assert_eq!(shown.waiting_for(), ["w1", "w2", "w3"]);
    let failing = shown.witnesses.witnesses[2].memory.failing.clone().unwrap();
    assert_eq!(
        (failing.code.as_str(), failing.is_alarm),
        ("network", false)
    );
    assert_eq!(shown.witnesses.witnesses[2].memory.size(), 1);
    // Two come back: everything is published, and nobody had to submit again.
    for witness in &stage.witnesses[..2] {
        witness.behave(Conduct::Honest);
    }
    wait_until("the publication", || stage.size() == 200);
    assert_eq!(stage.cosignatures(), 2);
    log.stop();
    assert!(Status::read(stage.path()).unwrap().waiting_for().is_empty());
}

#[test]
fn a_slow_witness_delays_nobody_and_is_given_up_in_time() {
    let stage = Stage::new(QUICK);
    let log = stage.start();
    // Slower than the rounds, faster than its time: its cosignature comes later.
    stage.witnesses[0].behave(Conduct::Slow(Duration::from_millis(250)));
    let begun = Instant::now();
    assert_eq!(log.publish("entry 0"), Some(1));
    assert!(begun.elapsed() < Duration::from_millis(250));
    wait_until("its cosignature", || stage.cosignatures() == 3);
    // Slower than its time, together with another one.
    for witness in &stage.witnesses[..2] {
        witness.behave(Conduct::Slow(Duration::from_secs(3)));
    }
    let begun = Instant::now();
    assert_eq!(log.publish("entry 1"), None);
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_millis(400) && took < Duration::from_secs(3),
        "{took:?}"
    );
    let failing = log.status().witnesses[1].memory.failing.clone().unwrap();
    assert_eq!(failing.code, "timeout");
    log.stop();
}

/// A log that never saw this head signs it with its own key.
fn other_checkpoint(checkpoint: &Checkpoint) -> Checkpoint {
    let key = SignerKey::new(
        KeyName::parse(ORIGIN).unwrap(),
        SignatureType::Ed25519,
        SecretKey::from_seed(&[9; 32]),
    );
    let head = TreeHead {
        // An empty tree has one root only.
        size: checkpoint.head().size.max(1),
        root: leaf_hash(b"another tree"),
    };
    Checkpoint::sign(&Origin::parse(ORIGIN).unwrap(), head, &key).unwrap()
}

/// The stable name of the failure, the status of the answer, and its body.
type Lying = (&'static str, u16, fn(&Answered<'_>) -> Vec<u8>);

fn nothing(_: &Answered<'_>) -> Vec<u8> {
    Vec::new()
}

/// Every way in which an answer is not a cosignature.
const LIES: [Lying; 23] = [
    ("signature-invalid", 200, |honest| {
        let mut bytes = honest.line.bytes().to_vec();
        bytes[40] ^= 1;
        let line = Signature::new(honest.line.name().clone(), honest.line.id(), bytes);
        line.unwrap().encode_line().into_bytes()
    }),
    ("signature-invalid", 200, |honest| {
        let other = other_checkpoint(honest.request.checkpoint());
        let line = cosign(&other, honest.key, NOW).unwrap();
        line.encode_line().into_bytes()
    }),
    ("witness-answer-without-time", 200, |honest| {
        let line = cosign(honest.request.checkpoint(), honest.key, 0).unwrap();
        line.encode_line().into_bytes()
    }),
    // A good line first, then a false one of the same key.
    ("signature-invalid", 200, |honest| {
        let other = other_checkpoint(honest.request.checkpoint());
        let bad = cosign(&other, honest.key, NOW).unwrap();
        (honest.line.encode_line() + &bad.encode_line()).into_bytes()
    }),
    ("witness-answer-without-key", 200, |honest| {
        let log = &honest.request.checkpoint().note().signatures()[0];
        log.encode_line().repeat(3).into_bytes()
    }),
    ("signature-line-shape", 200, |honest| {
        (honest.line.encode_line() + "junk\n").into_bytes()
    }),
    ("signature-line-shape", 200, |_| {
        b"<html><body>Sign in to continue</body></html>\n".to_vec()
    }),
    ("witness-answer-empty", 200, nothing),
    ("witness-answer-too-large", 200, |honest| {
        honest.line.encode_line().repeat(20_000).into_bytes()
    }),
    ("witness-answer-too-many-lines", 200, |honest| {
        honest.line.encode_line().repeat(101).into_bytes()
    }),
    ("witness-answer-size", 409, |_| b"<html>".to_vec()),
    ("witness-answer-size", 409, |_| b"00\n".to_vec()),
    ("witness-wavering", 409, |honest| {
        format!("{}\n", honest.request.old()).into_bytes()
    }),
    ("witness-ahead", 409, |_| b"1000000\n".to_vec()),
    ("witness-inconsistent", 422, nothing),
    ("witness-without-log", 404, nothing),
    ("witness-log-untrusted", 403, nothing),
    ("witness-request-malformed", 400, nothing),
    ("witness-unavailable", 429, nothing),
    ("witness-unavailable", 503, nothing),
    ("witness-redirect", 302, nothing),
    ("witness-status", 418, nothing),
    ("witness-status", 204, nothing),
];

#[test]
fn a_lying_witness_never_counts_and_its_lies_are_never_public() {
    for (at, (code, status, body)) in LIES.iter().enumerate() {
        let stage = Stage::new(QUICK);
        stage.witnesses[0].lie(*status, body);
        let log = stage.start();
        // The other two are enough.
        assert_eq!(log.publish("entry 0"), Some(1), "{at}: {code}");
        wait_until("both others", || stage.cosignatures() == 2);
        wait_until(code, || log.status().witnesses[0].memory.failing.is_some());
        let failing = log.status().witnesses[0].memory.failing.clone().unwrap();
        assert_eq!(&failing.code, code, "{at}: {failing:?}");
        assert_eq!(
            failing.is_alarm,
            ["witness-ahead", "witness-inconsistent"].contains(code)
        );
        // With a second one that does not answer there is no quorum, and no line of the lie is public.
        stage.witnesses[1].behave(Conduct::Dead);
        assert_eq!(log.publish("entry 1"), None, "{at}: {code}");
        assert_eq!(stage.size(), 1);
        assert_eq!(
            stage.checkpoint().note().signatures().len(),
            3,
            "{at}: {code}"
        );
        log.stop();
    }
}

/// As many lines as a note has to hold at least, and one more: strangers' lines say nothing, and are not carried.
#[test]
fn lines_of_strangers_beside_a_good_one_are_left_out() {
    for strangers in [15, 16] {
        let stage = Stage::new(QUICK);
        stage.witnesses[0].lie(200, move |honest| {
            let line = |number: u8| {
                let name = honest.line.name().clone();
                let id = KeyId::from_bytes([number; 4]);
                Signature::new(name, id, vec![number; 72]).unwrap()
            };
            let mut text: String = (0..strangers).map(|at| line(at).encode_line()).collect();
            // A forged line of the log itself, too.
            let own = &honest.request.checkpoint().note().signatures()[0];
            let forged = Signature::new(own.name().clone(), own.id(), vec![7; 64]);
            text += &forged.unwrap().encode_line();
            (text + &honest.line.encode_line()).into_bytes()
        });
        stage.witnesses[2].behave(Conduct::Dead);
        let log = stage.start();
        assert_eq!(log.publish("entry 0"), Some(1));
        assert_eq!(stage.cosignatures(), 2);
        assert_eq!(stage.checkpoint().note().signatures().len(), 3);
        log.stop();
    }
}

#[test]
fn a_witness_that_names_a_smaller_size_is_believed_and_caught_up() {
    let stage = Stage::new(QUICK);
    let log = stage.start();
    let mut heads = vec![None];
    for number in 0..300 {
        let entry = format!("entry {number}");
        log.submit(&entry, Acknowledgement::Durable);
        if number % 100 == 99 {
            assert_eq!(log.publish(&entry), Some(number + 1));
            wait_until("all three", || stage.cosignatures() == 3);
            heads.push(stage.witnesses[0].head());
        }
    }
    // Restored from backups of any age, and one that knows nothing any more.
    for (at, head) in heads.into_iter().enumerate() {
        stage.witnesses[0].remember(head);
        stage.witnesses[2].behave(Conduct::Dead);
        let size = 300 + at as u64 + 1;
        assert_eq!(log.publish(&format!("more {at}")), Some(size));
        let seen = stage.witnesses[0].seen();
        let [.., first, second] = seen.as_slice() else {
            panic!("two requests")
        };
        let size_before = head.map_or(0, |head| head.size);
        if size_before == size - 1 {
            assert_eq!(second.status, 200);
        } else {
            assert_eq!((first.status, second.status), (409, 200));
            assert_eq!((second.old, second.size), (size_before, size));
        }
        stage.witnesses[2].behave(Conduct::Honest);
    }
    log.stop();
}

#[test]
fn a_larger_size_is_an_alarm_and_is_never_signed_over() {
    let stage = Stage::new(QUICK);
    let log = stage.start();
    assert_eq!(log.publish("entry 0"), Some(1));
    wait_until("all three", || stage.cosignatures() == 3);
    // All but one have seen more of this log than its writer knows: it was rolled back, or has a twin.
    let ahead = TreeHead {
        size: 7,
        root: leaf_hash(b"of the twin"),
    };
    for witness in &stage.witnesses[..2] {
        witness.remember(Some(ahead));
    }
    let answer = log.submit("entry 1", Acknowledgement::Published);
    assert_eq!(answer.checkpoint, None);
    assert_eq!(stage.size(), 1);
    let failing = log.status().witnesses[0].memory.failing.clone().unwrap();
    assert!(failing.is_alarm);
    assert_eq!(
        failing.message,
        "the witness says that it cosigned size 7, but this log is at size 2: this log was rolled back, or another writer has its key"
    );
    log.stop();
    // At equal size and another root, nothing is cosigned either.
    for witness in &stage.witnesses {
        let root = leaf_hash(b"of the twin");
        witness.remember(Some(TreeHead { size: 2, root }));
    }
    let log = stage.start();
    wait_until("the alarm", || {
        let standing = &log.status().witnesses[0];
        let failing = standing.memory.failing.as_ref();
        failing.is_some_and(|failing| failing.code == "witness-inconsistent" && failing.is_alarm)
    });
    assert_eq!(stage.size(), 1);
    log.stop();
}

#[test]
fn a_writer_that_starts_again_goes_on_with_what_it_signed() {
    let stage = Stage::new(QUICK);
    let log = stage.start();
    assert_eq!(log.publish("entry 0"), Some(1));
    for witness in &stage.witnesses[1..] {
        witness.behave(Conduct::Dead);
    }
    for number in 1..40 {
        log.submit(&format!("entry {number}"), Acknowledgement::Durable);
    }
    assert_eq!(log.publish("entry 40"), None);
    // The first one has cosigned a head that no reader has seen.
    wait_until("the first one", || {
        stage.witnesses[0]
            .head()
            .is_some_and(|head| head.size == 41)
    });
    log.stop();
    assert_eq!(stage.size(), 1);
    // Without its memory of the witnesses, too.
    for keeps in [true, false] {
        if !keeps {
            fs::remove_file(stage.path().join("state/witnesses")).unwrap();
        }
        let log = stage.start();
        assert_eq!(log.status().published, 1);
        log.submit(&format!("kept {keeps}"), Acknowledgement::Durable);
        log.stop();
    }
    assert_eq!(stage.size(), 1);
    for witness in &stage.witnesses {
        witness.behave(Conduct::Honest);
    }
    let log = stage.start();
    wait_until("the publication", || stage.size() == 43);
    wait_until("all three", || stage.cosignatures() == 3);
    log.stop();
    // Opening checks every tile and root.
    assert_eq!(stage.open().head().size, 43);
}

#[test]
fn an_entry_of_an_idle_log_goes_at_once_and_rounds_keep_their_distance() {
    let stage = Stage::new("every = 0.3\ntimeout = 0.2\n");
    let log = stage.start();
    assert_eq!(log.publish("entry 0"), Some(1));
    sleep(Duration::from_millis(350));
    let begun = Instant::now();
    assert_eq!(log.publish("entry 1"), Some(2));
    assert!(begun.elapsed() < Duration::from_millis(150));
    // Many submitters: one round takes all that came meanwhile.
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for submitter in 0..8 {
            let log = &log;
            scope.spawn(move || {
                for number in 0..3 {
                    assert!(log.publish(&format!("{submitter} {number}")).is_some());
                }
            });
        }
    });
    let rounds = begun.elapsed().as_secs_f64() / 0.3;
    let seen = stage.witnesses[0].seen();
    assert!(
        seen.len() as f64 <= 3.0 + rounds + 1.0,
        "{} in {rounds}",
        seen.len()
    );
    for two in seen.windows(2) {
        let distance = two[1].at - two[0].at;
        // The request of one round may travel a little longer than that of the next.
        assert!(distance >= Duration::from_millis(270), "{distance:?}");
    }
    // A witness that failed is asked again and again, and never more often.
    stage.witnesses[1].behave(Conduct::Dead);
    stage.witnesses[2].behave(Conduct::Dead);
    log.submit("entry 9", Acknowledgement::Published);
    sleep(Duration::from_millis(900));
    log.stop();
    for witness in &stage.witnesses {
        for two in witness.seen().windows(2) {
            assert!(two[1].at - two[0].at >= Duration::from_millis(270));
        }
    }
}

#[test]
fn the_declared_rate_holds_also_for_a_second_request() {
    // A request every 100 ms: 864,000 a day.
    let stage = Stage::new("every = 0.1\nqpd = 864000\ntimeout = 0.4\n");
    for (witness, size) in stage.witnesses.iter().zip([1, 2, 3]) {
        let root = leaf_hash(b"");
        witness.remember(Some(TreeHead { size, root }));
        witness.remember(None);
    }
    let log = stage.start();
    let begun = Instant::now();
    for number in 0..8 {
        // Each time it has forgotten everything, and needs a second request.
        stage.witnesses[0].remember(None);
        assert!(log.publish(&format!("entry {number}")).is_some());
    }
    let most = begun.elapsed().as_secs_f64() / 0.1 + 2.0;
    let asked = stage.witnesses[0].seen().len();
    assert!(asked as f64 <= most, "{asked} of {most}");
    log.stop();
}

#[test]
fn a_log_that_gets_witnesses_has_its_public_checkpoint_cosigned() {
    let stage = Stage::new(QUICK);
    let config = stage.path().join("glasslog.toml");
    let with = fs::read_to_string(&config).unwrap();
    let (without, _) = with.split_once("\n[witnesses]").unwrap();
    fs::write(&config, without).unwrap();
    let mut log = stage.open();
    log.append(vec![b"an entry".to_vec()]).unwrap();
    assert_eq!(log.publish(NOW).unwrap().size, 1);
    log.close().unwrap();
    assert_eq!(stage.checkpoint().note().signatures().len(), 1);
    fs::write(&config, with).unwrap();
    let log = stage.start();
    wait_until("all three", || {
        stage.checkpoint().note().signatures().len() == 4
    });
    assert_eq!(stage.cosignatures(), 3);
    log.stop();
    // Another start asks nobody again.
    let before = stage.witnesses[0].seen().len();
    let log = stage.start();
    sleep(Duration::from_millis(100));
    log.stop();
    assert_eq!(stage.witnesses[0].seen().len(), before);
}

#[test]
fn a_writer_of_a_directory_waits_for_the_quorum_too() {
    let stage = Stage::new(QUICK);
    let mut log = stage.open();
    log.append(vec![b"one".to_vec()]).unwrap();
    assert_eq!(log.publish(NOW).unwrap().size, 1);
    assert_eq!(stage.cosignatures(), 3);
    for witness in &stage.witnesses[1..] {
        witness.behave(Conduct::Dead);
    }
    log.append(vec![b"two".to_vec()]).unwrap();
    let Err(LogError::NotCosigned(error)) = log.publish(NOW) else {
        panic!("it is not published")
    };
    let names: Vec<&str> = error.missing.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(names, ["w2", "w3"]);
    let text = error.to_string();
    assert!(
        text.starts_with(
            "the quorum of witnesses was not met (2 of `w1`, `w2`, `w3`): `w2` is missing since 20"
        ),
        "{text}"
    );
    assert_eq!((stage.size(), log.size()), (1, 2));
    // The same writer tries again.
    stage.witnesses[1].behave(Conduct::Honest);
    assert_eq!(log.publish(NOW).unwrap().size, 2);
    assert_eq!(stage.cosignatures(), 2);
    // Nothing new: nobody is asked.
    let before = stage.witnesses[0].seen().len();
    assert_eq!(log.publish(NOW).unwrap().size, 2);
    assert_eq!(stage.witnesses[0].seen().len(), before);
    // A log is not closed before its last checkpoint is public.
    log.append(vec![b"three".to_vec()]).unwrap();
    stage.witnesses[0].behave(Conduct::Dead);
    assert!(matches!(
        log.close_for_good(NOW),
        Err(LogError::NotCosigned(_))
    ));
    assert!(!log.is_closed());
}

#[test]
fn a_policy_that_cannot_be_met_is_refused_before_anything_is_written() {
    let stage = Stage::new("");
    let policy = stage.path().join("w.policy");
    let good = fs::read_to_string(&policy).unwrap();
    let config = stage.path().join("glasslog.toml");
    let settings = fs::read_to_string(&config).unwrap();
    let no_address: String = good
        .lines()
        .map(|line| line.split(" http://").next().unwrap().to_owned() + "\n")
        .collect();
    for (text, problem) in [
        (
            "quorum none\n".to_owned(),
            "it requires no witness (`quorum none`)",
        ),
        (format!("{good}quorum g\n"), "quorum"),
        (
            no_address,
            "its quorum (2 of `w1`, `w2`, `w3`) cannot be met",
        ),
        (good.replace("http://", "ftp://"), "its scheme is `ftp`"),
        (
            good.replace("http://", "http://user:word@"),
            "user name or password",
        ),
        (good.replacen(good.lines().next().unwrap(), "", 1), ""),
    ] {
        fs::write(&policy, &text).unwrap();
        match Log::open(stage.path()) {
            Ok(_) => assert_eq!(problem, "", "{text}"),
            Err(error) => {
                assert_eq!(error.code(), "log-setting", "{error}");
                assert!(
                    !problem.is_empty() && error.to_string().contains(problem),
                    "{error}"
                );
            }
        }
    }
    fs::remove_file(&policy).unwrap();
    assert_eq!(
        Log::open(stage.path()).unwrap_err().code(),
        "log-file-missing"
    );
    fs::write(&policy, &good).unwrap();
    for (section, problem) in [
        ("every = 1\nqpd = 10\n", "qpd"),
        ("evry = 1\n", "unknown field"),
        ("every = 0\n", "not between"),
    ] {
        fs::write(&config, format!("{settings}{section}")).unwrap();
        let error = Log::open(stage.path()).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
}

/// Readers who ask for a recent checkpoint are served by a log to which nobody submits.
#[test]
fn the_cosignatures_of_an_idle_log_are_renewed() {
    let stage = Stage::new(&format!("{QUICK}renew = 1\n"));
    let log = stage.start();
    assert_eq!(log.publish("entry"), Some(1));
    let first = stage.verdict().seen.unwrap();
    let published = log.status().counters.publishes;
    // As if the last one was archived long ago.
    fs::remove_file(stage.path().join("state/archived")).unwrap();
    let time = || stage.verdict().time.unwrap();
    wait_until("newer cosignatures", || time() > first);
    assert_eq!(stage.size(), 1);
    assert!(stage.cosignatures() >= 2);
    // A renewal is no publication.
    assert_eq!(log.status().counters.publishes, published);
    // The first cosignatures say soonest that the entry was there.
    let archived = fs::read(stage.path().join("public/checkpoints/1")).unwrap();
    let archived = Checkpoint::parse(&archived).unwrap();
    let policy = fs::read(stage.path().join("w.policy")).unwrap();
    let policy = TrustPolicy::parse(&policy).unwrap();
    let verdict = policy.log().judge(&archived, u64::MAX >> 2);
    assert!(
        verdict.accepts() && verdict.seen == Some(first),
        "{verdict:?}"
    );
    // Without a quorum the last checkpoint stays, and the status says so; an entry is durable meanwhile.
    for witness in &stage.witnesses[..2] {
        witness.behave(Conduct::Dead);
    }
    wait_until("the missing ones are named", || {
        !log.status().missing.is_empty()
    });
    let before = time();
    assert_eq!(log.publish("another"), None);
    assert_eq!(stage.size(), 1);
    for witness in &stage.witnesses[..2] {
        witness.behave(Conduct::Honest);
    }
    wait_until("the entry is public", || stage.size() == 2);
    wait_until("newer cosignatures", || time() > before + 1);
    log.stop();
    // The next server goes on by the times of the public checkpoint.
    let before = time();
    let log = stage.start();
    wait_until("newer cosignatures after a restart", || time() > before);
    assert_eq!(stage.size(), 2);
    log.stop();
}
