//! `[validity]` of trust files: keys and logs that count up to a size, within a window of time, or with one last tree.

use glasslog_core::crypto::SecretKey;
use glasslog_core::merkle::{InclusionProof, TreeHead, leaf_hash, sha256};
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{Checkpoint, KeyName, Origin, SignatureType, SignerKey, TlogProof};
use glasslog_core::report::{CheckCode, Class};
use glasslog_core::text::{time, wire};
use glasslog_core::trust::{Invalid, LogVerdict, QuorumVerdict, TrustPolicy, WitnessOutcome};
use glasslog_core::verify::{Options, verify_proof};

const T0: &str = "2026-01-01T00:00:00Z";
const T1: &str = "2027-01-01T00:00:00Z";

fn key(name: &str, kind: SignatureType, seed: u8) -> SignerKey {
    let name = KeyName::parse(name).unwrap();
    SignerKey::new(name, kind, SecretKey::from_seed(&[seed; 32]))
}

fn log() -> SignerKey {
    key("a", SignatureType::Ed25519, 1)
}

fn witness() -> SignerKey {
    key("w", SignatureType::CosignatureV1, 3)
}

/// Returns the `NAME+ID` of a key.
fn named(key: &SignerKey) -> String {
    format!("{}+{}", key.verifier().name(), key.verifier().id())
}

/// Returns a trust file with a witness in `[log]`, an index without one, and these lines of `[validity]`.
fn file(lines: &str) -> String {
    let index = key("a/index", SignatureType::Ed25519, 2);
    format!(
        "[log]\nlog {}\nwitness w {}\nquorum w\n[index]\nlog {}\nquorum none\n[validity]\n{lines}",
        log().verifier(),
        witness().verifier(),
        index.verifier()
    )
}

fn parse(lines: &str) -> TrustPolicy {
    TrustPolicy::parse(file(lines).as_bytes()).unwrap()
}

fn head(size: u64, root: &[u8]) -> TreeHead {
    TreeHead {
        size,
        root: leaf_hash(root),
    }
}

fn checkpoint(head: TreeHead) -> Checkpoint {
    Checkpoint::sign(&Origin::parse("a").unwrap(), head, &log()).unwrap()
}

fn cosigned(head: TreeHead, at: u64) -> Checkpoint {
    let bare = checkpoint(head);
    let line = cosign(&bare, &witness(), at).unwrap();
    bare.with_signature(line).unwrap()
}

/// Returns the reason why the log's key does not count.
fn reason(trust: &TrustPolicy, checkpoint: &Checkpoint) -> Option<Invalid> {
    let (verdict, verified) = trust.verify_log(checkpoint, u64::MAX >> 1);
    assert_eq!(verdict.accepts(), verified.is_some());
    assert!(!verdict.is_false());
    match verdict.log {
        LogVerdict::Invalid(_, reason) => Some(reason),
        LogVerdict::Signed(_) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_counts_up_to_a_size() {
    for lines in [
        format!("key {} up-to-size 7\n", named(&log())),
        "log a up-to-size 7\n".into(),
        format!("log a up-to-size 7\nkey {} up-to-size 9\n", named(&log())),
    ] {
        let trust = parse(&lines);
        assert_eq!(reason(&trust, &cosigned(head(7, b"x"), 5)), None);
        let larger = cosigned(head(8, b"x"), 5);
        let limit = Some(Invalid::TooLarge { limit: 7 });
        assert_eq!(reason(&trust, &larger), limit);
        // Of older heads too, which need nothing else.
        let bare = checkpoint(head(7, b"x"));
        assert!(matches!(
            trust.log().judge_signature(&bare),
            LogVerdict::Signed(_)
        ));
        assert!(matches!(
            trust.log().judge_signature(&larger),
            LogVerdict::Invalid(..)
        ));
    }
}

/// The successor of a key that counts up to a size has no limit, and either may sign before.
#[test]
fn the_first_key_that_counts_decides() {
    let (old, next) = (log(), key("a", SignatureType::Ed25519, 9));
    let text = file(&format!("key {} up-to-size 7\n", named(&log())));
    let text = text.replacen("witness", &format!("log {}\nwitness", next.verifier()), 1);
    let trust = TrustPolicy::parse(text.as_bytes()).unwrap();
    let origin = Origin::parse("a").unwrap();
    for size in [7, 8] {
        let by_next = Checkpoint::sign(&origin, head(size, b"x"), &next).unwrap();
        let both = by_next
            .with_signature(checkpoint(head(size, b"x")).note().signatures()[0].clone())
            .unwrap();
        for (shown, expected) in [
            (by_next, &next),
            (both, if size == 7 { &old } else { &next }),
        ] {
            let line = cosign(&shown, &witness(), 5).unwrap();
            let shown = shown.with_signature(line).unwrap();
            let (verdict, verified) = trust.verify_log(&shown, 10);
            let signed = LogVerdict::Signed(Box::new(expected.verifier().clone()));
            assert_eq!(verdict.log, signed);
            assert!(verified.is_some());
        }
    }
}

#[test]
fn a_key_counts_within_its_window() {
    let (from, until) = (time::parse(T0).unwrap(), time::parse(T1).unwrap());
    for lines in [
        format!("key {} from {T0} until {T1}\n", named(&log())),
        format!("log a until {T1} from {T0}\n"),
        format!("log a from {T0}\nkey {} until {T1}\n", named(&log())),
    ] {
        let trust = parse(&lines);
        for (at, expected) in [
            (from - 1, Some(Invalid::TooEarly { from })),
            (from, None),
            (until - 1, None),
            (until, Some(Invalid::TooLate { until })),
            (0, Some(Invalid::Undated)),
        ] {
            let shown = cosigned(head(7, b"x"), at);
            assert_eq!(reason(&trust, &shown), expected, "{at}");
        }
        let bare = checkpoint(head(7, b"x"));
        assert_eq!(reason(&trust, &bare), Some(Invalid::Undated));
        assert!(matches!(
            trust.log().judge_signature(&bare),
            LogVerdict::Signed(_)
        ));
    }
}

/// A cosignature counts by its own time, also one that the reader's clock has not reached.
#[test]
fn a_witness_counts_within_its_window() {
    let (from, until) = (time::parse(T0).unwrap(), time::parse(T1).unwrap());
    let trust = parse(&format!("key {} from {T0} until {T1}\n", named(&witness())));
    for now in [0, from, until + 9] {
        for (at, counts) in [
            (from - 1, false),
            (from, true),
            (until - 1, true),
            (until, false),
            (0, false),
        ] {
            let (verdict, verified) = trust.verify_log(&cosigned(head(7, b"x"), at), now);
            assert_eq!(verified.is_some(), counts, "{now} {at}");
            assert!(!verdict.is_false());
            if !counts {
                assert_eq!(verdict.quorum, QuorumVerdict::NotMet);
                let outcome = verdict.witnesses[0].outcome;
                assert_eq!(outcome, WitnessOutcome::OutsideWindow { time: at });
            }
        }
    }
    // A false line stays false.
    let mut bytes = checkpoint(head(7, b"x")).encode();
    let other = cosigned(head(8, b"x"), until).note().signatures()[1].encode_line();
    bytes.extend(other.bytes());
    let (verdict, _) = trust.verify_log(&Checkpoint::parse(&bytes).unwrap(), 0);
    assert!(verdict.is_false());
}

#[test]
fn a_log_that_ended_has_one_checkpoint() {
    let last = head(7, b"x");
    let trust = parse(&format!("log a final 7 {}\n", last.root));
    assert_eq!(trust.last("a"), Some(last));
    assert_eq!(reason(&trust, &cosigned(last, 5)), None);
    let older = cosigned(head(6, b"x"), 5);
    assert_eq!(reason(&trust, &older), Some(Invalid::NotLast { size: 7 }));
    let larger = cosigned(head(8, b"x"), 5);
    assert_eq!(
        reason(&trust, &larger),
        Some(Invalid::TooLarge { limit: 7 })
    );
    let (verdict, verified) = trust.verify_log(&cosigned(head(7, b"y"), 5), 10);
    assert_eq!(verdict.log, LogVerdict::OtherLast);
    assert!(verdict.is_false() && verified.is_none());
    // The quorum stays required.
    assert!(trust.verify_log(&checkpoint(last), 10).1.is_none());
}

/// A log that signs by Ed25519 and by ML-DSA-44: a reader with `also` needs both, one without ignores the second.
#[test]
fn a_log_has_to_sign_by_a_further_key() {
    let also = key("a", SignatureType::SubtreeV1, 7);
    let trust = parse(&format!("log a also {}\n", also.verifier()));
    let one = cosigned(head(7, b"x"), 5);
    let absent = Invalid::AlsoAbsent { key: named(&also) };
    assert_eq!(reason(&trust, &one), Some(absent));
    let both = one.with_signature(cosign(&one, &also, 0).unwrap()).unwrap();
    assert_eq!(reason(&trust, &both), None);
    assert_eq!(reason(&parse(""), &both), None);
    // The checkpoint that is handed on has both lines.
    assert_eq!(
        trust
            .log()
            .signed(&both)
            .unwrap()
            .by_log()
            .unwrap()
            .checkpoint()
            .note()
            .signatures()
            .len(),
        2
    );
    // A false line by the further key is false.
    let other = cosigned(head(8, b"x"), 5);
    let moved = cosign(&other, &also, 0).unwrap();
    let (verdict, verified) = trust.verify_log(&one.with_signature(moved).unwrap(), 10);
    assert!(verdict.is_false() && verified.is_none());
    // The further key alone is not enough.
    let alone = Checkpoint::sign(&Origin::parse("a").unwrap(), head(7, b"x"), &also).unwrap();
    let alone = alone
        .with_signature(cosign(&alone, &witness(), 5).unwrap())
        .unwrap();
    let (verdict, verified) = trust.verify_log(&alone, 10);
    assert_eq!(verdict.log, LogVerdict::UnknownKey);
    assert!(verified.is_none());
    for (line, code) in [
        (
            format!("log a also {}", log().verifier()),
            "validity-also-unfit",
        ),
        (
            format!(
                "log a also {}",
                key("b", SignatureType::SubtreeV1, 7).verifier()
            ),
            "validity-also-unfit",
        ),
        (
            format!(
                "log a also {}",
                key("a", SignatureType::CosignatureV1, 7).verifier()
            ),
            "validity-also-unfit",
        ),
        ("log a also a+00000000+Bg==".into(), "validity-value"),
        (
            format!("key {} also {}", named(&log()), also.verifier()),
            "validity-not-of-key",
        ),
    ] {
        let error = TrustPolicy::parse(file(&line).as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{line}");
    }
}

/// The report of a proof that the log has one entry, by this policy; the witness cosigned at 1,000.
fn report(lines: &str, now: u64, limit: Option<u64>) -> (Class, Option<CheckCode>, String) {
    let entry = b"entry";
    let shown = cosigned(head(1, entry), 1_000);
    let proof = TlogProof::new(
        Vec::new(),
        0,
        InclusionProof::from_hashes(Vec::new()).unwrap(),
        shown,
    );
    let proof = proof.unwrap().encode();
    let options = Options {
        now,
        require: None,
        max_checkpoint_age: limit,
        full_scan: false,
        accept_index: false,
        state: false,
    };
    let report = verify_proof(&proof, entry, file(lines).as_bytes(), options);
    let decides = report.deciding_check();
    let detail = decides.map_or_else(String::new, |check| check.detail.clone());
    (report.class(), report.cause, detail)
}

#[test]
fn reports_say_which_condition_is_not_met() {
    let [entry, other] = [b"entry", b"other"].map(|root| head(1, root).root);
    let stale = Some(CheckCode::Freshness);
    let signature = Some(CheckCode::LogSignature);
    let old = "witnesses vouch for it as of 1970-01-01T00:16:40Z, longer ago than the limit";
    for (lines, now, limit, class, cause, detail) in [
        ("", 9_000, None, Class::Verified, None, ""),
        ("log a max-age 2h\n", 8_200, None, Class::Verified, None, ""),
        (
            "log a max-age 2h\n",
            8_201,
            None,
            Class::Undecided,
            stale,
            old,
        ),
        // The shorter limit counts.
        (
            "log a max-age 2h\n",
            8_200,
            Some(60),
            Class::Undecided,
            stale,
            old,
        ),
        (
            "log a max-age 2h\n",
            8_201,
            Some(9_000),
            Class::Undecided,
            stale,
            old,
        ),
        // The last checkpoint of a log is as fresh as it gets.
        (
            &format!("log a final 1 {entry} max-age 1s\n"),
            9_000,
            Some(5),
            Class::Verified,
            None,
            "",
        ),
        (
            &format!("log a final 1 {other}\n"),
            9_000,
            None,
            Class::False,
            signature,
            "the log `a` signed another tree than that with which it ended",
        ),
        (
            &format!("log a final 2 {other}\n"),
            9_000,
            None,
            Class::Undecided,
            signature,
            "signed by a key of the log `a`, but the trust policy says that the log ended with size 2, and accepts that checkpoint alone",
        ),
        (
            "log a from 2026-01-01T00:00:00Z\n",
            9_000,
            None,
            Class::Undecided,
            signature,
            "signed by a key of the log `a`, but the trust policy accepts that key from 2026-01-01T00:00:00Z on",
        ),
        (
            "log a until 1970-01-01T00:00:01Z\n",
            9_000,
            None,
            Class::Undecided,
            signature,
            "signed by a key of the log `a`, but the trust policy accepts that key until 1970-01-01T00:00:01Z",
        ),
    ] {
        let (found, by, said) = report(lines, now, limit);
        assert_eq!((found, by), (class, cause), "{lines} {said}");
        assert!(said.starts_with(detail), "{lines} {said}");
    }
}

#[test]
fn lines_have_one_spelling_to_show() {
    let lines = format!(
        "  key {} up-to-size 7  until {T1} from {T0}\n# why\nlog a max-age 2h final 9 {}\n",
        named(&log()),
        leaf_hash(b"")
    );
    let shown: Vec<String> = parse(&lines)
        .terms()
        .iter()
        .map(ToString::to_string)
        .collect();
    let first = format!("key {} from {T0} until {T1} up-to-size 7", named(&log()));
    let second = format!("log a max-age 7200s final 9 {}", leaf_hash(b""));
    assert_eq!(shown, [first.clone(), second.clone()]);
    let again = parse(&format!("{first}\n{second}\n"));
    assert_eq!(again.terms(), parse(&lines).terms());
}

#[test]
fn malformed_lines() {
    let (log, witness) = (named(&log()), named(&witness()));
    let index = named(&key("a/index", SignatureType::Ed25519, 2));
    let shape = "the line should read `key NAME+ID CONDITION…` or `log ORIGIN CONDITION…`; comments need lines of their own";
    let value = |name: &str, example: &str| {
        format!("the value after `{name}` is malformed or missing; write it as in `{example}`")
    };
    let root = leaf_hash(b"");
    let last = "final 20611 ZC0qkbIn+A6aE9vZt3B8Rzu7vZDhQUEGBHXqXn2dKYQ=";
    for (line, message, code) in [
        ("log a".into(), shape.into(), "validity-shape"),
        ("log".into(), shape.into(), "validity-shape"),
        ("witness w until x".into(), shape.into(), "validity-shape"),
        ("log a sometimes".into(), "`sometimes` is not from, until, from-size, up-to-size, max-age, final or also".into(), "validity-condition"),
        ("log a up-to-size 7 # why".into(), "`#` is not from, until, from-size, up-to-size, max-age, final or also".into(), "validity-condition"),
        ("log a from".into(), value("from", "from 2026-01-01T00:00:00Z"), "validity-value"),
        ("log a until 2027".into(), value("until", "until 2027-01-01T00:00:00Z"), "validity-value"),
        ("log a up-to-size 07".into(), value("up-to-size", "up-to-size 20611"), "validity-value"),
        ("log a max-age 24".into(), value("max-age", "max-age 24h"), "validity-value"),
        (format!("log a final {root}"), value("final", last), "validity-value"),
        (format!("log a final 0 {root}"), value("final", last), "validity-value"),
        ("log a final 7".into(), value("final", last), "validity-value"),
        ("log a up-to-size 7 up-to-size 7".into(), "`up-to-size` is on this line twice; keep one of the two".into(), "validity-twice"),
        (format!("log a from {T1} until {T0}"), "no time is after `from` and before `until`, or no size from `from-size` up to `up-to-size`; mend one of the two".into(), "validity-empty-window"),
        (format!("log a from {T0} until {T0}"), "no time is after `from` and before `until`, or no size from `from-size` up to `up-to-size`; mend one of the two".into(), "validity-empty-window"),
        ("log a from-size 8 up-to-size 7".into(), "no time is after `from` and before `until`, or no size from `from-size` up to `up-to-size`; mend one of the two".into(), "validity-empty-window"),
        ("log a from-size 07".into(), value("from-size", "from-size 20611"), "validity-value"),
        (format!("key {witness} from-size 7"), "`from-size` and `up-to-size` are conditions on the key of a log, and this is a witness's".into(), "validity-not-of-witness"),
        ("log b up-to-size 7".into(), "neither [log] nor [index] names the log `b`".into(), "validity-unknown-log"),
        ("key a up-to-size 7".into(), "no line of the policy has a key that begins with `a`; write NAME+ID, the key without its last part".into(), "validity-unknown-key"),
        (format!("key {log} max-age 7d"), "`max-age` is a condition on a log; write `log ORIGIN max-age …`".into(), "validity-not-of-key"),
        (format!("key {log} final 7 {root}"), "`final` is a condition on a log; write `log ORIGIN final …`".into(), "validity-not-of-key"),
        (format!("key {witness} up-to-size 7"), "`from-size` and `up-to-size` are conditions on the key of a log, and this is a witness's".into(), "validity-not-of-witness"),
        (format!("log a/index final 7 {root}"), "`max-age` and `final` are conditions on logs of [log]".into(), "validity-not-of-index"),
        (format!("key {index} until {T0}"), "`quorum none` in [index] vouches for no time, so nothing would meet this condition; name a quorum there".into(), "validity-no-quorum"),
        (format!("log a/index from {T0}"), "`quorum none` in [index] vouches for no time, so nothing would meet this condition; name a quorum there".into(), "validity-no-quorum"),
    ] {
        let error = TrustPolicy::parse(file(&line).as_bytes()).unwrap_err();
        let message: String = message;
        assert_eq!(error.to_string(), format!("line 9 of the policy: {message}"), "{line}");
        assert_eq!(error.code(), code);
    }
    let twice = format!("log a up-to-size 7\nkey {log} up-to-size 7\n\nlog a max-age 7d\n");
    let error = TrustPolicy::parse(file(&twice).as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 12 of the policy: line 9 is about the same; join the two"
    );
    let apart = format!("log a from {T1}\nkey {log} until {T0}\n");
    let error = TrustPolicy::parse(file(&apart).as_bytes()).unwrap_err();
    assert_eq!(error.code(), "validity-empty-window");
}

/// A key of a type that this version does not know, with the id that the recommended rule gives.
fn unknown_type() -> String {
    let material = [&[0x07][..], &[1; 32]].concat();
    let id = sha256(&[b"future\n", material.as_slice()].concat()).to_hex();
    let key = wire::base64_encode(&material);
    format!("future+{}+{key}", &id[..8])
}

#[test]
fn a_line_about_a_key_of_an_unknown_type_counts_nothing() {
    let key = unknown_type();
    let name = key.rsplit_once('+').unwrap().0;
    let text = |lines: &str| {
        file(lines).replace("quorum w\n", &format!("witness future {key}\nquorum w\n"))
    };
    let line = format!("key {name} from {T0} until {T1}");
    let trust = TrustPolicy::parse(text(&line).as_bytes()).unwrap();
    assert_eq!(trust.log().unsupported().len(), 1);
    assert_eq!(trust.terms()[0].to_string(), line);
    let head = head(7, b"x");
    assert!(
        trust
            .verify_log(&cosigned(head, 1), u64::MAX >> 1)
            .1
            .is_some()
    );
    // A witness has no sizes, and a name that no key has is a mistake.
    for (line, code) in [
        (
            format!("key {name} up-to-size 7"),
            "validity-not-of-witness",
        ),
        (format!("key {name} from-size 7"), "validity-not-of-witness"),
        (
            "key future+00000000 until 2027-01-01T00:00:00Z".into(),
            "validity-unknown-key",
        ),
    ] {
        let error = TrustPolicy::parse(text(&line).as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{line}");
    }
}
