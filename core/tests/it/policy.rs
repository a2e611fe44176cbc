//! Trust policies: the text in tables, the quorum and its time against their definitions, the verdicts one by one.

use glasslog_core::crypto::SecretKey;
use glasslog_core::merkle::{TreeHead, leaf_hash, sha256};
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{Checkpoint, KeyName, Origin, Signature, SignatureType, SignerKey};
use glasslog_core::text::limits::{MAX_POLICY, MAX_POLICY_NAMES};
use glasslog_core::text::wire::{base64_encode, hex_encode};
use glasslog_core::trust::{LogVerdict, Policy, QuorumVerdict, WitnessOutcome};
use proptest::prelude::*;

const NOW: u64 = 1_000;
/// The latest time that counts at [`NOW`].
const LATEST: u64 = NOW + 300;

fn key(name: &str, signature_type: SignatureType, seed: u8) -> SignerKey {
    let name = KeyName::parse(name).unwrap();
    SignerKey::new(name, signature_type, SecretKey::from_seed(&[seed; 32]))
}

fn log_key(seed: u8) -> SignerKey {
    key("log.example", SignatureType::Ed25519, seed)
}

/// Witness number 0, 1, …
fn witness_key(at: usize) -> SignerKey {
    let seed = 100 + u8::try_from(at).unwrap();
    key(
        &format!("w{at}.example"),
        SignatureType::CosignatureV1,
        seed,
    )
}

fn vkey(key: &SignerKey) -> String {
    key.verifier().to_string()
}

fn checkpoint_by(key: &SignerKey) -> Checkpoint {
    let origin = Origin::parse(key.verifier().name().as_str()).unwrap();
    let root = leaf_hash(b"entry");
    Checkpoint::sign(&origin, TreeHead { size: 1, root }, key).unwrap()
}

/// A checkpoint of the log, cosigned by witnesses at these times.
fn cosigned(times: &[Option<u64>]) -> Checkpoint {
    let checkpoint = checkpoint_by(&log_key(1));
    let lines = times
        .iter()
        .enumerate()
        .filter_map(|(at, time)| Some(cosign(&checkpoint, &witness_key(at), (*time)?).unwrap()));
    lines.fold(checkpoint.clone(), |checkpoint, line| {
        checkpoint.with_signature(line).unwrap()
    })
}

fn add(checkpoint: &Checkpoint, line: Signature) -> Checkpoint {
    let mut bytes = checkpoint.encode();
    bytes.extend(line.encode_line().bytes());
    Checkpoint::parse(&bytes).unwrap()
}

fn forged(key: &SignerKey, length: usize) -> Signature {
    let verifier = key.verifier();
    Signature::new(verifier.name().clone(), verifier.id(), vec![1; length]).unwrap()
}

/// A log line, `count` witness lines named `W0`, `W1`, …, and the rest.
fn policy_text(count: usize, rest: &str) -> String {
    let mut text = format!("log {}\n", vkey(&log_key(1)));
    for at in 0..count {
        text += &format!("witness W{at} {}\n", vkey(&witness_key(at)));
    }
    text + rest
}

fn policy(count: usize, rest: &str) -> Policy {
    Policy::parse(policy_text(count, rest).as_bytes()).unwrap()
}

#[test]
fn the_example_of_the_specification() {
    let rest = "group X-witnesses 2 W0 W1 W2\n\ngroup Y-witnesses any W3 W4 W5\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";
    let policy = policy(6, rest);
    let judge = |cosigners: [bool; 6]| {
        let times = cosigners.map(|signed| signed.then_some(7));
        policy.judge(&cosigned(&times), NOW)
    };
    for bits in 0..64u8 {
        let cosigners = [0, 1, 2, 3, 4, 5].map(|at| bits >> at & 1 == 1);
        let [x, y] = [&cosigners[..3], &cosigners[3..]]
            .map(|group| group.iter().filter(|signed| **signed).count());
        let is_met = x >= 2 && y >= 1;
        let verdict = judge(cosigners);
        let expected = if is_met {
            QuorumVerdict::Met
        } else {
            QuorumVerdict::NotMet
        };
        assert_eq!(verdict.quorum, expected, "{cosigners:?}");
        assert_eq!(verdict.accepts(), is_met);
        assert_eq!(verdict.time, is_met.then_some(7));
        assert_eq!(
            verdict.needs,
            "all of (2 of `W0`, `W1`, `W2`), (1 of `W3`, `W4`, `W5`)"
        );
    }
}

#[test]
fn what_the_grammar_allows() {
    let log = vkey(&log_key(1));
    let witness = vkey(&witness_key(0));
    for text in [
        format!("log {log}\nquorum none\n"),
        format!("log {log}\nquorum none"),
        format!("quorum none\nlog {log} https://log.example/\n"),
        format!("\n# log\n\t # indented\n  log \t {log}\t\n \nquorum\tnone \n"),
        "quorum none\n".into(),
        // Defined in any order, but before they are used; names that look like words of the grammar are names.
        format!("witness all {witness} https://w.example/\nquorum all\nlog {log}\n"),
        format!("witness none? {witness}\ngroup # any none?\nquorum #\n"),
        format!("witness w {witness}\ngroup any any w\ngroup 2 1 any\nquorum 2\n"),
        // A quorum of one witness does not make it a group's member, and unused names do no harm.
        format!("witness w {witness}\ngroup g all w\nquorum w\n"),
        format!("witness w {witness}\nquorum none\n"),
        format!("witness \u{e9} {witness}\nquorum \u{e9}\n"),
    ] {
        assert!(Policy::parse(text.as_bytes()).is_ok(), "{text:?}");
    }
}

#[test]
fn names_are_octets() {
    let witness = vkey(&witness_key(0));
    // Not UTF-8, and not the same as what it is shown as.
    let mut text = b"witness \xffw ".to_vec();
    text.extend(witness.bytes());
    text.extend(b"\nquorum \xffw\n");
    let policy = Policy::parse(&text).unwrap();
    assert_eq!(policy.witnesses()[0].name, "\\xffw");
    text.extend(b"quorum \\xffw");
    let error = Policy::parse(text.as_slice()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 3 of the policy: line 2 sets the quorum already; keep one of the two lines"
    );
    // K and the Kelvin sign are two names.
    let text = format!("witness K {witness}\nquorum \u{212a}\n");
    assert!(Policy::parse(text.as_bytes()).is_err());
}

#[test]
fn malformed_policies() {
    let log = vkey(&log_key(1));
    let other = vkey(&log_key(2));
    let [w, x] = [0, 1].map(|at| vkey(&witness_key(at)));
    // The key of witness 0 as a log's, and the log's key as a witness's, under other names.
    let w_as_log = vkey(&key("other.example", SignatureType::Ed25519, 100));
    let log_as_witness = vkey(&key("other.example", SignatureType::CosignatureV1, 1));
    let unknown = format!("w.example+00000000+{}", base64_encode(&[7; 1_313]));
    let weak = format!(
        "w.example+00000000+{}",
        base64_encode(&[&[4, 1][..], &[0; 31]].concat())
    );
    let log_usage = "the line should read `log VKEY [URL]`; comments need lines of their own";
    let witness_usage =
        "the line should read `witness NAME VKEY [URL]`; comments need lines of their own";
    let group_usage = "the line should read `group NAME all|any|NUMBER MEMBER…`; comments need lines of their own";
    let quorum_usage = "the line should read `quorum NAME|none`; comments need lines of their own";
    let none = "the policy ends without a quorum; add `quorum NAME`, or `quorum none` to ask for no witness";
    let threshold = |claimed: &str| {
        format!("`{claimed}` is not all, any or a number from 1 to 2, the number of members")
    };
    let two = format!("witness w {w}\nwitness x {x}\n");
    let table: Vec<(String, usize, String)> = [
        (String::new(), 1, none),
        ("\n# nothing\n".into(), 3, none),
        (format!("log {log}\n"), 2, none),
        (format!("log {log}\r\nquorum none\r\n"), 1, "a carriage return is not allowed; end lines with a line feed alone"),
        ("# a\0b\nquorum none\n".into(), 1, "the control character 0x00 is not allowed; remove it"),
        ("quorum none\n#\u{7f}\n".into(), 2, "the control character 0x7f is not allowed; remove it"),
        ("quorum\u{b}none\n".into(), 1, "the control character 0x0b is not allowed; remove it"),
        ("quorum none\nLog\n".into(), 2, "`Log` is not log, witness, group or quorum; a comment begins with #"),
        ("// no\n".into(), 1, "`//` is not log, witness, group or quorum; a comment begins with #"),
        ("\u{feff}quorum none\n".into(), 1, "`\\u{feff}quorum` is not log, witness, group or quorum; a comment begins with #"),
        ("quorum\u{a0}none\n".into(), 1, "`quorum\\u{a0}none` is not log, witness, group or quorum; a comment begins with #"),
        ("log\n".into(), 1, log_usage),
        (format!("log {log} https://a # comment\n"), 1, log_usage),
        (format!("witness {w}\n"), 1, witness_usage),
        (format!("witness w {w} https://a b\n"), 1, witness_usage),
        (format!("{two}group g\n"), 3, group_usage),
        (format!("{two}group g any\n"), 3, group_usage),
        ("quorum\n".into(), 1, quorum_usage),
        (format!("{two}quorum w x\n"), 3, quorum_usage),
        ("log name\n".into(), 1, "a verifier key has three parts, NAME+ID+KEY"),
        (format!("log {}\n", log.replace("log.", "lag.")), 1, &{
            let id = key("lag.example", SignatureType::Ed25519, 1);
            format!("the key id is {}, but this key has {}", log_key(1).verifier().id(), id.verifier().id())
        }),
        (format!("witness w {unknown}\n"), 1, "the key id is 00000000, but this key has 9628788b"),
        (format!("{two}witness w {}\n", unknown_key("w.example", 6)), 3, "`w` is defined on line 1 already; choose another name"),
        (format!("witness w {0}\nwitness x {0}\n", unknown_key("w.example", 6)), 2, "this public key is on line 1 already; keep one of the two lines"),
        (format!("log {unknown}\n"), 1, "unsupported signature type 0x07; 0x01 (Ed25519), 0x04 (Ed25519 cosignatures), 0x06 (ML-DSA-44 cosignatures) and 0xff (tlog-index-audit/v1, tlog-index-audit-ml-dsa-44/v1) are supported"),
        (format!("witness w {weak}\n"), 1, "the Ed25519 key is the identity, under which anyone can sign anything"),
        (format!("log {w}\n"), 1, "a log's key has signature type 0x01 or 0x06, this one has 0x04; use the key for this role"),
        (format!("witness w {log}\n"), 1, "a witness's key has signature type 0x04 or 0x06, this one has 0x01; use the key for this role"),
        (format!("log {log}\nlog {other}\nlog {log} https://b\n"), 3, "this public key is on line 1 already; keep one of the two lines"),
        (format!("{two}witness y {w}\n"), 3, "this public key is on line 1 already; keep one of the two lines"),
        (format!("{two}log {w_as_log}\n"), 3, "this public key is on line 1 already; keep one of the two lines"),
        (format!("log {log}\nwitness w {log_as_witness}\n"), 2, "this public key is on line 1 already; keep one of the two lines"),
        (format!("witness none {w}\n"), 1, "the name `none` is reserved; choose another"),
        (format!("{two}group none any w\n"), 3, "the name `none` is reserved; choose another"),
        (format!("witness w {w}\nwitness w {x}\n"), 2, "`w` is defined on line 1 already; choose another name"),
        (format!("{two}group w any x\n"), 3, "`w` is defined on line 1 already; choose another name"),
        (format!("{two}group g any w\ngroup g any x\n"), 4, "`g` is defined on line 3 already; choose another name"),
        (format!("{two}group g any w z\n"), 3, "no line before this one defines `z`; define it above"),
        (format!("{two}group g any g\n"), 3, "no line before this one defines `g`; define it above"),
        (format!("group g any w\n{two}"), 1, "no line before this one defines `w`; define it above"),
        (format!("quorum w\n{two}"), 1, "no line before this one defines `w`; define it above"),
        ("quorum None\n".into(), 1, "no line before this one defines `None`; define it above"),
        ("quorum \u{202e}none\n".into(), 1, "no line before this one defines `\\u{202e}none`; define it above"),
        (format!("{two}group g any none\n"), 3, "`none` can be a quorum but not a member; leave it out"),
        (format!("{two}group g any w w\n"), 3, "`w` is a member of the group on line 3 already; a name can be a member once"),
        (format!("{two}group g any w\ngroup h any w x\n"), 4, "`w` is a member of the group on line 3 already; a name can be a member once"),
        (format!("{two}group g any w\ngroup h any g\ngroup i any x g\n"), 5, "`g` is a member of the group on line 4 already; a name can be a member once"),
        (format!("{two}group g 0 w x\n"), 3, &threshold("0")),
        (format!("{two}group g 3 w x\n"), 3, &threshold("3")),
        (format!("{two}group g 01 w x\n"), 3, &threshold("01")),
        (format!("{two}group g +1 w x\n"), 3, &threshold("+1")),
        (format!("{two}group g -1 w x\n"), 3, &threshold("-1")),
        (format!("{two}group g ALL w x\n"), 3, &threshold("ALL")),
        (format!("{two}group g w x w\n"), 3, &threshold("w")),
        (format!("{two}group g 18446744073709551617 w x\n"), 3, &threshold("18446744073709551617")),
        ("quorum none\nquorum none\n".into(), 2, "line 1 sets the quorum already; keep one of the two lines"),
    ]
    .map(|(text, line, message): (String, usize, &str)| (text, line, message.to_string()))
    .into();
    for (text, line, message) in table {
        let error = Policy::parse(text.as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("line {line} of the policy: {message}"),
            "{text:?}"
        );
        assert_eq!(error.line, line);
    }
    let error = Policy::parse(b"log \xff\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1 of the policy: the key is not UTF-8; copy it again"
    );
}

#[test]
fn bounds() {
    let mut text = String::new();
    for at in 0..MAX_POLICY_NAMES {
        text += &format!("witness W{at} {}\n", vkey(&witness_key(at)));
    }
    let more = format!("witness more {}\n", vkey(&witness_key(MAX_POLICY_NAMES)));
    let quorum = "quorum none\n";
    assert!(Policy::parse((text.clone() + quorum).as_bytes()).is_ok());
    let error = Policy::parse((text.clone() + &more + quorum).as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 129 of the policy: more than 128 logs, witnesses or groups; split the policy"
    );
    // As deep as groups can nest.
    let mut text = format!("witness G0 {}\n", vkey(&witness_key(0)));
    for at in 0..MAX_POLICY_NAMES {
        text += &format!("group G{} all G{at}\n", at + 1);
    }
    let deep = text.clone() + &format!("log {}\nquorum G{MAX_POLICY_NAMES}\n", vkey(&log_key(1)));
    let deep = Policy::parse(deep.as_bytes()).unwrap();
    assert!(deep.judge(&cosigned(&[Some(7)]), NOW).accepts());
    assert!(!deep.judge(&cosigned(&[]), NOW).accepts());
    let error = Policy::parse((text + "group more any G128\n").as_bytes()).unwrap_err();
    assert_eq!(error.code(), "policy-too-many");

    let comment = "#".repeat(MAX_POLICY - quorum.len());
    assert!(Policy::parse((quorum.to_string() + &comment).as_bytes()).is_ok());
    let error = Policy::parse((quorum.to_string() + &comment + "#").as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1 of the policy: the policy has 1048577 bytes, more than 1048576"
    );
}

#[test]
fn verdicts_about_the_log() {
    let [one, two] = [log_key(1), log_key(2)];
    let other = key("other.example", SignatureType::Ed25519, 3);
    let text = format!(
        "log {}\nlog {}\nlog {}\nquorum none\n",
        vkey(&one),
        vkey(&two),
        vkey(&other)
    );
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let judge = |checkpoint: &Checkpoint| policy.judge(checkpoint, NOW).log;
    let signed = checkpoint_by(&one);
    let unknown = checkpoint_by(&log_key(9));
    let text = signed.note().text();
    let by = |key: &SignerKey| Signature::sign(text, key).unwrap();
    let is = |key: &SignerKey| LogVerdict::Signed(Box::new(key.verifier().clone()));

    // One listed key is enough, and any of them will do.
    assert_eq!(judge(&signed), is(&one));
    assert_eq!(judge(&checkpoint_by(&two)), is(&two));
    assert_eq!(judge(&add(&signed, by(&two))), is(&one));
    // Lines by unknown keys are ignored, even under the name of the log.
    assert_eq!(judge(&unknown), LogVerdict::UnknownKey);
    assert_eq!(judge(&add(&unknown, by(&one))), is(&one));
    // Another listed log cannot vouch for this origin.
    let mut only_other = signed.note().text().to_string() + "\n";
    only_other += &by(&other).encode_line();
    assert_eq!(
        judge(&Checkpoint::parse(only_other.as_bytes()).unwrap()),
        LogVerdict::UnknownKey
    );
    let stranger = checkpoint_by(&key("stranger.example", SignatureType::Ed25519, 1));
    assert_eq!(judge(&stranger), LogVerdict::UnknownOrigin);
    // A bad line of a known key makes the checkpoint false, even if others signed.
    for bad in [&one, &two, &other] {
        for length in [1, 64] {
            assert_eq!(
                judge(&add(&signed, forged(bad, length))),
                LogVerdict::BadSignature
            );
        }
    }
    assert_eq!(
        judge(&add(&stranger, forged(&other, 64))),
        LogVerdict::BadSignature
    );
    // Signed, but another text.
    let bytes = String::from_utf8(signed.encode()).unwrap();
    let changed = Checkpoint::parse(bytes.replacen("\n1\n", "\n2\n", 1).as_bytes()).unwrap();
    assert_eq!(judge(&changed), LogVerdict::BadSignature);
    // Without any log nothing is accepted.
    let empty = Policy::parse(b"quorum none\n").unwrap();
    assert_eq!(empty.judge(&signed, NOW).log, LogVerdict::UnknownOrigin);
    assert!(!empty.judge(&signed, NOW).accepts());
}

#[test]
fn verdicts_about_witnesses() {
    let policy = policy(3, "group g 2 W0 W1 W2\nquorum g\n");
    let outcomes = |checkpoint: &Checkpoint| -> Vec<WitnessOutcome> {
        let verdict = policy.judge(checkpoint, NOW);
        verdict
            .witnesses
            .iter()
            .map(|witness| witness.outcome)
            .collect()
    };
    let good = cosigned(&[Some(7), Some(0), None]);
    let verdict = policy.judge(&good, NOW);
    assert_eq!(verdict.witnesses[1].name, "W1");
    assert_eq!(verdict.witnesses[1].key_name, "w1.example");
    let counted = |time| WitnessOutcome::Counted { time };
    let absent = WitnessOutcome::Absent;
    assert_eq!(outcomes(&good), [counted(7), counted(0), absent]);
    assert!(verdict.accepts());
    assert_eq!(verdict.time, None, "one of the two states no time");

    // An unknown witness is ignored; a bad line of a known one makes the checkpoint false.
    let stranger = cosign(&good, &witness_key(50), 7).unwrap();
    assert_eq!(
        outcomes(&add(&good, stranger)),
        [counted(7), counted(0), absent]
    );
    for length in [1, 64, 72, 2_428] {
        for at in 0..3 {
            let bad = add(&good, forged(&witness_key(at), length));
            assert_eq!(outcomes(&bad)[at], WitnessOutcome::BadSignature);
            let verdict = policy.judge(&bad, NOW);
            assert!(verdict.is_false() && !verdict.accepts());
        }
    }
    // A cosignature of another checkpoint.
    let other = checkpoint_by(&key("other.example", SignatureType::Ed25519, 3));
    let moved = cosign(&other, &witness_key(2), 7).unwrap();
    assert_eq!(
        outcomes(&add(&good, moved))[2],
        WitnessOutcome::BadSignature
    );
    // A witness that signed like a log.
    let twin = key("w2.example", SignatureType::Ed25519, 102);
    let text = Signature::sign(good.note().text(), &twin).unwrap();
    assert_eq!(
        outcomes(&add(&good, text))[2],
        absent,
        "that is another key id"
    );
}

/// Returns a key of type 0x07, which is not assigned, with the id by the recommended rule.
fn unknown_key(name: &str, fill: u8) -> String {
    let material = [&[7][..], &[fill; 1_312]].concat();
    let hash = sha256(&[name.as_bytes(), b"\n", &material].concat());
    let id = hex_encode(&hash.as_bytes()[..4]);
    format!("{name}+{id}+{}", base64_encode(&material))
}

/// A witness with a key of a type to come takes its place in the quorum, and never counts.
#[test]
fn unsupported_witnesses_never_count() {
    let [a, b] = [("a.example", 7), ("b.example", 8)].map(|(name, fill)| unknown_key(name, fill));
    let with = |quorum: &str| {
        let lines = format!("witness A {a} https://a.example\nwitness B {b}\n{quorum}");
        policy(1, &lines)
    };
    for (quorum, is_met) in [
        ("group g any A W0\nquorum g\n", true),
        ("group g 2 A B W0\nquorum g\n", false),
        ("group g all A W0\nquorum g\n", false),
        ("quorum A\n", false),
        ("quorum none\n", true),
    ] {
        let policy = with(quorum);
        let verdict = policy.judge(&cosigned(&[Some(7)]), NOW);
        assert_eq!(verdict.accepts(), is_met, "{quorum}");
        assert_eq!(verdict.unsupported(), 2);
        let last = &verdict.witnesses[2];
        assert_eq!(last.name, "B");
        assert_eq!(last.key_name, "b.example");
        assert_eq!(last.outcome, WitnessOutcome::Unsupported);
        // A line under its name and id is a line by an unknown key.
        let key = &policy.unsupported()[0].key;
        let line = Signature::new(key.name().clone(), key.id(), vec![1; 2_428]).unwrap();
        let checkpoint = add(&cosigned(&[Some(7)]), line);
        assert_eq!(policy.judge(&checkpoint, NOW).accepts(), is_met, "{quorum}");
    }
    // One public key under two names or types is one key.
    let same = unknown_key("c.example", 7);
    let text = format!("witness A {a}\nwitness C {same}\nquorum none\n");
    let error = Policy::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(
        error.contains("this public key is on line 1 already"),
        "{error}"
    );
    assert_eq!(
        with("group g 2 A W0\nquorum g\n").needs(),
        "all of `A`, `W0`"
    );
}

#[test]
fn times_of_the_future_count_for_the_quorum_only() {
    let policy = policy(1, "quorum W0\n");
    let judge = |time: u64, now: u64| {
        let verdict = policy.judge(&cosigned(&[Some(time)]), now);
        assert!(verdict.accepts());
        (verdict.witnesses[0].outcome, verdict.time)
    };
    let counted = |time| WitnessOutcome::Counted { time };
    let future = |time| WitnessOutcome::Future { time };
    for (time, now, outcome, vouched) in [
        (7, NOW, counted(7), Some(7)),
        (NOW, NOW, counted(NOW), Some(NOW)),
        (LATEST, NOW, counted(LATEST), Some(LATEST)),
        (LATEST + 1, NOW, future(LATEST + 1), None),
        ((1 << 63) - 1, NOW, future((1 << 63) - 1), None),
        (0, NOW, counted(0), None),
        (1, 0, counted(1), Some(1)),
        (301, 0, future(301), None),
        (
            (1 << 63) - 1,
            u64::MAX,
            counted((1 << 63) - 1),
            Some((1 << 63) - 1),
        ),
    ] {
        assert_eq!(
            judge(time, now),
            (outcome, vouched),
            "time {time}, now {now}"
        );
    }
}

#[test]
fn several_lines_by_one_witness_count_once() {
    let policy = policy(2, "group g all W0 W1\nquorum g\n");
    let checkpoint = checkpoint_by(&log_key(1));
    let at = |time| cosign(&checkpoint, &witness_key(0), time).unwrap();
    for (times, expected) in [
        (vec![5, 9, 7], WitnessOutcome::Counted { time: 9 }),
        (vec![0, 5], WitnessOutcome::Counted { time: 5 }),
        (vec![5, LATEST + 1], WitnessOutcome::Counted { time: 5 }),
        (vec![LATEST + 1, 5], WitnessOutcome::Counted { time: 5 }),
        (
            vec![LATEST + 1, 0],
            WitnessOutcome::Future { time: LATEST + 1 },
        ),
        (vec![0, LATEST + 1], WitnessOutcome::Counted { time: 0 }),
    ] {
        let lines = times
            .iter()
            .fold(checkpoint.clone(), |all, time| add(&all, at(*time)));
        let verdict = policy.judge(&lines, NOW);
        assert_eq!(verdict.witnesses[0].outcome, expected, "{times:?}");
        assert_eq!(
            verdict.quorum,
            QuorumVerdict::NotMet,
            "one witness is one witness"
        );
        // One bad line among good ones spoils them all.
        let spoilt = policy.judge(&add(&lines, forged(&witness_key(0), 72)), NOW);
        assert_eq!(spoilt.witnesses[0].outcome, WitnessOutcome::BadSignature);
    }
}

#[test]
fn without_a_quorum_there_is_no_time() {
    let verdict = policy(1, "quorum none\n").judge(&cosigned(&[Some(7)]), NOW);
    assert_eq!(verdict.quorum, QuorumVerdict::NotRequired);
    assert_eq!(verdict.time, None);
    assert_eq!(verdict.needs, "no witness");
    assert_eq!(
        verdict.witnesses[0].outcome,
        WitnessOutcome::Counted { time: 7 }
    );
    assert!(verdict.accepts());
    // Known witnesses are judged in any case.
    let bad = add(&cosigned(&[]), forged(&witness_key(0), 72));
    assert!(policy(1, "quorum none\n").judge(&bad, NOW).is_false());
}

/// A quorum rule as in the specification.
#[derive(Clone, Debug)]
enum Rule {
    Witness(usize),
    Group(usize, Vec<Rule>),
}

impl Rule {
    fn is_met(&self, cosigned: &dyn Fn(usize) -> bool) -> bool {
        match self {
            Self::Witness(at) => cosigned(*at),
            Self::Group(threshold, members) => {
                members
                    .iter()
                    .filter(|member| member.is_met(cosigned))
                    .count()
                    >= *threshold
            }
        }
    }

    /// Writes group lines and gives the name.
    fn write(&self, text: &mut String, groups: &mut usize) -> String {
        match self {
            Self::Witness(at) => format!("W{at}"),
            Self::Group(threshold, members) => {
                let names: Vec<String> = members
                    .iter()
                    .map(|member| member.write(text, groups))
                    .collect();
                let name = format!("G{groups}");
                *groups += 1;
                *text += &format!("group {name} {threshold} {}\n", names.join(" "));
                name
            }
        }
    }
}

/// Random groups over all of the witnesses: neighbours are joined until one rule is left.
fn rule(witnesses: usize) -> impl Strategy<Value = Rule> {
    prop::collection::vec((0..8usize, 1..4usize, 0..4usize), 0..8).prop_map(move |joins| {
        let mut rules: Vec<Rule> = (0..witnesses).map(Rule::Witness).collect();
        for (start, length, threshold) in joins {
            let start = start % rules.len();
            let end = (start + length).min(rules.len());
            let members: Vec<Rule> = rules.drain(start..end).collect();
            let threshold = threshold % members.len() + 1;
            rules.insert(start, Rule::Group(threshold, members));
        }
        let threshold = rules.len().div_ceil(2);
        Rule::Group(threshold, rules)
    })
}

const WITNESSES: usize = 6;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Quorum and time equal their definitions: the rule, read recursively, over all cosigners, and over those at T or
    /// later.
    #[test]
    fn quorum_and_time_are_as_defined(
        rule in rule(WITNESSES),
        times in prop::collection::vec(
            prop::sample::select(vec![
                None, Some(0), Some(1), Some(2), Some(3), Some(LATEST), Some(LATEST + 1), Some(1 << 40),
            ]),
            WITNESSES,
        ),
    ) {
        let mut rest = String::new();
        let quorum = rule.write(&mut rest, &mut 0);
        rest += &format!("quorum {quorum}\n");
        let verdict = policy(WITNESSES, &rest).judge(&cosigned(&times), NOW);

        let is_met = rule.is_met(&|at| times[at].is_some());
        prop_assert_eq!(verdict.quorum == QuorumVerdict::Met, is_met);
        prop_assert_eq!(policy(WITNESSES, &rest).is_met_by(|at| times[at].is_some()), is_met);
        let since = |t: u64| rule.is_met(&|at| times[at].is_some_and(|time| time >= t && time <= LATEST));
        let time = (1..=LATEST).rev().find(|t| since(*t));
        prop_assert_eq!(verdict.time, time);
        prop_assert!(time.is_none() || is_met);
    }

    /// Any bytes either parse or are refused with a line that the text has.
    #[test]
    fn parsing_any_text_ends(words in prop::collection::vec(
        prop::sample::select(vec![
            "log", "witness", "group", "quorum", "none", "any", "all", "1", "2", "a", "b", "c", "\n", "\n", "\n", "#", "\t", "[log]",
        ]),
        0..40,
    )) {
        let text = words.join(" ");
        if let Err(error) = Policy::parse(text.as_bytes()) {
            prop_assert!(error.line >= 1 && error.line <= text.split('\n').count());
        }
    }
}

/// A quorum of ML-DSA-44 alone, and one where each operator signs by both algorithms, as groups say it.
#[test]
fn post_quantum_and_hybrid_quorums() {
    let log = key("log.example", SignatureType::SubtreeV1, 1);
    let old = [0, 1, 2].map(witness_key);
    let new = ["p0", "p1", "p2"].map(|name| key(name, SignatureType::SubtreeV1, 9));
    // One secret under three names is one key.
    let same = format!(
        "witness a {}\nwitness b {}\nquorum none\n",
        vkey(&new[0]),
        vkey(&new[1])
    );
    assert!(Policy::parse(same.as_bytes()).is_err());
    let new = [0, 1, 2].map(|at: u8| key(&format!("p{at}"), SignatureType::SubtreeV1, 20 + at));
    let mut lines = format!("log {}\n", vkey(&log));
    for (at, (old, new)) in old.iter().zip(&new).enumerate() {
        lines += &format!("witness e{at} {}\nwitness p{at} {}\n", vkey(old), vkey(new));
    }
    let pure = Policy::parse(format!("{lines}group g 2 p0 p1 p2\nquorum g\n").as_bytes()).unwrap();
    let hybrid = "group o0 all e0 p0\ngroup o1 all e1 p1\ngroup o2 all e2 p2\ngroup g 2 o0 o1 o2\nquorum g\n";
    let hybrid = Policy::parse(format!("{lines}{hybrid}").as_bytes()).unwrap();
    let bare = checkpoint_by(&log);
    for bits in 0..64u8 {
        let is_by = |at: usize| bits >> at & 1 == 1;
        let signed = old
            .iter()
            .chain(&new)
            .enumerate()
            .filter(|(at, _)| is_by(*at));
        let lines =
            signed.map(|(at, key)| cosign(&bare, key, 5 + u64::try_from(at).unwrap()).unwrap());
        let shown = lines.fold(bare.clone(), |shown, line| {
            shown.with_signature(line).unwrap()
        });
        let shown = Checkpoint::parse(&shown.encode()).unwrap();
        let by_new = (3..6).filter(|at| is_by(*at)).count();
        let by_both = (0..3).filter(|at| is_by(*at) && is_by(at + 3)).count();
        let verdict = pure.judge(&shown, NOW);
        assert!(matches!(verdict.log, LogVerdict::Signed(_)));
        assert_eq!(verdict.accepts(), by_new >= 2, "{bits}");
        assert_eq!(hybrid.judge(&shown, NOW).accepts(), by_both >= 2, "{bits}");
    }
    // A false line by an ML-DSA-44 key that is known makes the checkpoint false.
    for key in [&log, &new[0]] {
        let verdict = pure.judge(&add(&bare, forged(key, 2_428)), NOW);
        assert!(verdict.is_false());
    }
    // A log's own line by ML-DSA-44 is over its name as the cosigner's, and states no time.
    let time = bare.note().signatures()[0].bytes().first_chunk::<8>();
    assert_eq!(time, Some(&[0; 8]));
}
