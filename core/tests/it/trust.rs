//! Trust files: sections, roles, the genesis pin, and verified checkpoints.

use glasslog_core::crypto::SecretKey;
use glasslog_core::merkle::{TreeHead, leaf_hash};
use glasslog_core::note::audit_statement::{self, AuditStatement};
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{
    Checkpoint, KeyId, KeyName, Origin, Signature, SignatureType, SignerKey,
};
use glasslog_core::trust::{
    LogVerdict, QuorumVerdict, TrustPolicy, WitnessOutcome, changes, describe,
};

const PIN: &str = "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=";

fn signer(name: &str, seed: u8) -> SignerKey {
    let name = KeyName::parse(name).unwrap();
    SignerKey::new(
        name,
        SignatureType::Ed25519,
        SecretKey::from_seed(&[seed; 32]),
    )
}

fn cosigner(name: &str, seed: u8) -> SignerKey {
    let name = KeyName::parse(name).unwrap();
    SignerKey::new(
        name,
        SignatureType::CosignatureV1,
        SecretKey::from_seed(&[seed; 32]),
    )
}

fn auditor(name: &str, seed: u8) -> SignerKey {
    let name = KeyName::parse(name).unwrap();
    SignerKey::new(
        name,
        SignatureType::IndexAuditV1,
        SecretKey::from_seed(&[seed; 32]),
    )
}

fn auditor_line(name: &str, seed: u8) -> String {
    format!("witness {name} {}\n", auditor(name, seed).verifier())
}

fn log_line(name: &str, seed: u8) -> String {
    format!("log {}\n", signer(name, seed).verifier())
}

fn witness_line(name: &str, seed: u8) -> String {
    format!("witness {name} {}\n", cosigner(name, seed).verifier())
}

fn checkpoint(name: &str, seed: u8) -> Checkpoint {
    let root = leaf_hash(b"entry");
    let origin = Origin::parse(name).unwrap();
    Checkpoint::sign(&origin, TreeHead { size: 1, root }, &signer(name, seed)).unwrap()
}

/// `[log]` with witness `w` and `[index]`, each with a key of its own.
fn two_roles() -> String {
    let [log, witness, index] = [
        log_line("a", 1),
        witness_line("w", 3),
        log_line("a/index", 2),
    ];
    format!("[log]\n{log}{witness}quorum w\n[index]\n{index}quorum none\n")
}

fn parse(text: &str) -> TrustPolicy {
    TrustPolicy::parse(text.as_bytes()).unwrap()
}

fn refusal(text: &str) -> String {
    TrustPolicy::parse(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn the_example_of_the_documentation() {
    let page = include_str!("../../../docs/formats/trust-policy.md");
    let example = page.split("```\n").nth(1).unwrap();
    let trust = parse(example);
    assert_eq!(trust.log().witnesses().len(), 3);
    assert_eq!(trust.index().unwrap().logs().len(), 1);
    assert_eq!(trust.audit().unwrap().witnesses().len(), 1);
    assert_eq!(
        trust.genesis("models.example.com/access"),
        Some(leaf_hash(b""))
    );
    let verdict = trust.log().judge(&checkpoint("a", 1), 0);
    assert_eq!(verdict.needs, "2 of `W1`, `W2`, `W3`");
}

#[test]
fn a_plain_policy_stands_for_log() {
    let trust = parse(&format!("# mine\n{}quorum none\n", log_line("a", 1)));
    assert_eq!(trust.log().logs().len(), 1);
    assert!(trust.index().is_none() && trust.audit().is_none() && trust.pins().is_empty());
}

#[test]
fn all_sections() {
    let [line, index] = [auditor_line("auditor", 4), log_line("a/index", 2)];
    let pin = leaf_hash(b"");
    for audit in [
        format!("[audit]\n{line}quorum auditor\n"),
        format!("[audit]\n{index}{line}quorum auditor\n"),
    ] {
        let text = format!(
            "# comment\n\n{}{audit} [genesis]\t\n\n# pin\n {PIN}\n",
            two_roles()
        );
        let trust = parse(&text);
        assert_eq!(trust.log().witnesses().len(), 1);
        assert_eq!(trust.index().unwrap().logs().len(), 1);
        assert!(!trust.index().unwrap().requires_witnesses());
        assert_eq!(trust.audit().unwrap().witnesses().len(), 1);
        assert_eq!(trust.genesis("a"), Some(pin));
        // An index that the auditor vouched for meets it, whether its line names the index again or not.
        let audit = trust.audit().unwrap();
        let index = checkpoint("a/index", 2);
        assert!(!audit.judge(&index, 60).accepts());
        let statement = AuditStatement {
            time: 60,
            log: Origin::parse("a").unwrap(),
            head: TreeHead {
                size: 7,
                root: leaf_hash(b"x"),
            },
        };
        let signature = audit_statement::sign(&index, &auditor("auditor", 4), &statement).unwrap();
        let audited = index.with_signature(signature).unwrap();
        assert!(audit.judge(&audited, 60).accepts());
        // Of the statements, those about the log's head in the manifest alone count.
        let about = |log: &Origin, head| audit.judge_about(&audited, Some((log, head)), 60);
        assert!(about(&statement.log, statement.head).accepts());
        for verdict in [
            about(&statement.log, TreeHead::empty()),
            about(&Origin::parse("b").unwrap(), statement.head),
        ] {
            assert_eq!(verdict.witnesses[0].outcome, WitnessOutcome::OtherHead);
            assert!(!verdict.accepts() && !verdict.is_false());
        }
    }
    // In any order.
    let text = format!("[genesis]\n{PIN}\n{}", two_roles());
    assert_eq!(parse(&text).genesis("a"), Some(pin));
}

/// The logs of a policy, such as one and its successor, begin with entries of their own.
#[test]
fn each_log_has_its_pin() {
    let [first, second, third] = [b"1", b"2", b"3"].map(|entry| leaf_hash(entry).to_string());
    let logs = |names: &[&str]| -> String {
        let mut seeds = 1..;
        let lines = names
            .iter()
            .map(|name| log_line(name, seeds.next().unwrap()));
        format!("[log]\n{}quorum none\n", lines.collect::<String>())
    };
    let trust = parse(&format!(
        "{}[genesis]\na {first}\n {second}\nb\t{third}\n",
        logs(&["a", "b", "c"])
    ));
    let shown = |origin| trust.genesis(origin).map(|pin| pin.to_string());
    assert_eq!(shown("a"), Some(first.clone()));
    assert_eq!(shown("b"), Some(third));
    assert_eq!(
        shown("c"),
        Some(second.clone()),
        "the pin without an origin"
    );
    let trust = parse(&format!("{}[genesis]\na {first}\n", logs(&["a", "b"])));
    assert_eq!(trust.genesis("b"), None);
    let two = logs(&["a", "b"]);
    for (lines, message) in [
        (
            format!("c {first}\n"),
            "line 6 of the policy: [log] does not name the log `c`; add its key there, or leave the line out".to_owned(),
        ),
        (format!("a {first}\na {first}\n"), format!("line 7 of the policy: {GENESIS}")),
        (format!("a {first} {second}\n"), format!("line 6 of the policy: {GENESIS}")),
        ("a\n".into(), format!("line 6 of the policy: {GENESIS}")),
    ] {
        assert_eq!(refusal(&format!("{two}[genesis]\n{lines}")), message);
    }
}

const GENESIS: &str = "[genesis] holds one line for each log, `[ORIGIN] HASH`, with the base64 leaf hash of its entry 0";

#[test]
fn malformed_trust_files() {
    let [log, index, witness] = [
        log_line("a", 1),
        log_line("a/index", 2),
        witness_line("w", 3),
    ];
    let good = two_roles();
    let genesis = GENESIS;
    for (text, message) in [
        (
            "".into(),
            "line 1 of the policy: the policy ends without a quorum; add `quorum NAME`, or `quorum none` to ask for no witness",
        ),
        (
            "[index]\nquorum none\n".into(),
            "the policy has sections but no [log]; add it",
        ),
        (
            format!("[genesis]\n{PIN}\n"),
            "the policy has sections but no [log]; add it",
        ),
        (
            format!("[log]\n{log}[index]\nquorum none\n"),
            "line 2 of the policy: the policy ends without a quorum; add `quorum NAME`, or `quorum none` to ask for no witness",
        ),
        (
            "[log]\nquorum none\n[index]\n".into(),
            "line 4 of the policy: the policy ends without a quorum; add `quorum NAME`, or `quorum none` to ask for no witness",
        ),
        (
            format!("{log}[log]\nquorum none\n"),
            "line 1 of the policy: this line is before the first section; move it into one",
        ),
        (
            "[Log]\nquorum none\n".into(),
            "line 1 of the policy: `[Log]` is not [log], [index], [audit], [genesis] or [validity]",
        ),
        (
            "[log]\nquorum none\n[logs]\n".into(),
            "line 3 of the policy: `[logs]` is not [log], [index], [audit], [genesis] or [validity]",
        ),
        (
            "[log]\nquorum none\n[log]\n".into(),
            "line 3 of the policy: [log] begins on line 1 already; join the two",
        ),
        (
            "[log] # main\nquorum none\n".into(),
            "line 1 of the policy: `[log]` is not log, witness, group or quorum; a comment begins with #",
        ),
        (
            "[log]\r\nquorum none\r\n".into(),
            "line 1 of the policy: a carriage return is not allowed; end lines with a line feed alone",
        ),
        (
            "[log]\n\nquorum nobody\n".into(),
            "line 3 of the policy: no line before this one defines `nobody`; define it above",
        ),
        (
            format!("[log]\n{log}{witness}quorum w\n[index]\n{index}quorum w\n"),
            "line 7 of the policy: no line before this one defines `w`; define it above",
        ),
        (
            format!("{good}[genesis]\n"),
            &format!("line 8 of the policy: {genesis}"),
        ),
        (
            format!("{good}[genesis]\n\nAAAA\n"),
            &format!("line 10 of the policy: {genesis}"),
        ),
        (
            format!("{good}[genesis]\n{}\n", PIN.replace('=', "")),
            &format!("line 9 of the policy: {genesis}"),
        ),
        (
            format!("{good}[genesis]\n{PIN} {PIN}\n"),
            &format!(
                "line 9 of the policy: [log] does not name the log `{PIN}`; add its key there, or leave the line out"
            ),
        ),
        (
            format!("{good}[genesis]\n{PIN}\n{PIN}\n"),
            &format!("line 10 of the policy: {genesis}"),
        ),
    ] {
        assert_eq!(refusal(&text), message, "{text:?}");
    }
}

#[test]
fn a_key_has_one_role() {
    let good = two_roles();
    assert!(TrustPolicy::parse(good.as_bytes()).is_ok());
    let [log, index, auditor] = [
        log_line("a", 1),
        log_line("a/index", 2),
        auditor_line("b", 4),
    ];
    let with_index =
        |lines: String| format!("[log]\n{log}quorum none\n[index]\n{lines}quorum none\n");
    let with_audit = |lines: String| format!("{good}[audit]\n{lines}quorum none\n");
    for (text, message) in [
        // The log's key for the index, under another name too.
        (
            with_index(log_line("a/index", 1)),
            "the key `a/index` is in both [log] and [index]; each role needs keys of its own",
        ),
        // The log's key as the index's witness, and its witness as the index.
        (
            with_index(index.clone() + &witness_line("v", 1)),
            "the key `v` is in both [log] and [index]; each role needs keys of its own",
        ),
        (
            good.replace(&index, &log_line("a/index", 3)),
            "the key `a/index` is in both [log] and [index]; each role needs keys of its own",
        ),
        // The log's witness in [index] under another name.
        (
            good.clone() + &witness_line("v", 3),
            "the witness `v` of [index] has the key of the witness `w` of [log]; write the same key in both",
        ),
        // Another key for the same origin.
        (
            with_index(log_line("a", 9)),
            "the origin `a` is in both [log] and [index]; each role needs an origin of its own",
        ),
        // A witness, the log or the index for an auditor.
        (
            with_audit(auditor_line("b", 3)),
            "the key `b` is in both [log] and [audit]; each role needs keys of its own",
        ),
        (
            with_audit(auditor_line("b", 1)),
            "the key `b` is in both [log] and [audit]; each role needs keys of its own",
        ),
        (
            with_audit(auditor_line("b", 2)),
            "the key `b` is in both [index] and [audit]; each role needs keys of its own",
        ),
        // A witness's key, and an auditor's of version 0.1, in the other role.
        (
            with_audit(witness_line("b", 4)),
            "line 9 of the policy: an auditor's key has signature type 0xff (tlog-index-audit/v1) or 0xff (tlog-index-audit-ml-dsa-44/v1), this one has 0x04; make one with `glasslog keygen --kind auditor`",
        ),
        (
            with_index(index.clone() + &auditor_line("v", 4)),
            "line 6 of the policy: a witness's key has signature type 0x04 or 0x06, this one has 0xff (tlog-index-audit/v1); use the key for this role",
        ),
        (
            with_audit(log.clone()),
            "[audit] names the log `a`, which is not the one of [index]; leave the line out",
        ),
        (
            with_audit(log_line("a/index", 9)),
            "[audit] names the log `a/index`, which is not the one of [index]; leave the line out",
        ),
        (
            format!("[log]\n{log}quorum none\n[audit]\n{auditor}quorum b\n"),
            "[audit] vouches for an index, but there is no [index]; add it",
        ),
    ] {
        assert_eq!(refusal(&text), message, "{text}");
    }
}

/// A public witness has one key for every log: its cosignatures name the log, so none of one counts for the other.
#[test]
fn one_witness_speaks_of_the_log_and_of_the_index() {
    let [log, index, witness] = [
        log_line("a", 1),
        log_line("a/index", 2),
        witness_line("w", 3),
    ];
    let trust = parse(&format!(
        "[log]\n{log}{witness}quorum w\n[index]\n{index}{witness}quorum w\n"
    ));
    let key = cosigner("w", 3);
    let [of_log, of_index] = [checkpoint("a", 1), checkpoint("a/index", 2)];
    let lines = [&of_log, &of_index].map(|head| cosign(head, &key, 900).unwrap());
    let policies = [trust.log(), trust.index().unwrap()];
    for (at, (policy, head)) in policies.into_iter().zip([of_log, of_index]).enumerate() {
        for (by, line) in lines.iter().enumerate() {
            let verdict = policy.judge(&head.with_signature(line.clone()).unwrap(), 1_000);
            assert_eq!(verdict.accepts(), at == by);
            assert_eq!(verdict.is_false(), at != by);
        }
    }
}

#[test]
fn only_what_the_policy_accepts_is_verified() {
    let trust = parse(&two_roles());
    let bare = checkpoint("a", 1);
    let witness = cosigner("w", 3);
    let good = bare
        .with_signature(cosign(&bare, &witness, 900).unwrap())
        .unwrap();
    let verify = |checkpoint: &Checkpoint| trust.verify_log(checkpoint, 1_000);

    let (verdict, verified) = verify(&good);
    let verified = verified.unwrap();
    assert!(verdict.accepts());
    assert_eq!(verified.origin(), good.origin());
    assert_eq!(verified.head(), good.head());
    assert_eq!(verified.time(), Some(900));

    let (verdict, verified) = verify(&bare);
    assert_eq!(verdict.quorum, QuorumVerdict::NotMet);
    assert!(verified.is_none() && !verdict.is_false());

    // The index's key does not make log checkpoints, not even of the log's origin.
    let (verdict, verified) = verify(&checkpoint("a/index", 2));
    assert_eq!(verdict.log, LogVerdict::UnknownOrigin);
    assert!(verified.is_none());
    let (verdict, verified) = verify(&checkpoint("a", 2));
    assert_eq!(verdict.log, LogVerdict::UnknownKey);
    assert!(verified.is_none());

    // Good but for one bad line of a known key.
    for (name, id) in [
        ("a", signer("a", 1).verifier().id()),
        ("w", witness.verifier().id()),
    ] {
        let mut bytes = good.encode();
        let line = Signature::new(KeyName::parse(name).unwrap(), id, vec![0; 72]).unwrap();
        bytes.extend(line.encode_line().bytes());
        let (verdict, verified) = verify(&Checkpoint::parse(&bytes).unwrap());
        assert!(verified.is_none() && verdict.is_false(), "{name}");
    }
    // A bad line of an unknown key has no effect.
    let name = KeyName::parse("w").unwrap();
    let line = Signature::new(name, KeyId::from_bytes([0; 4]), vec![0; 72]).unwrap();
    assert!(verify(&good.with_signature(line).unwrap()).1.is_some());
}

/// An auditor may state by ML-DSA-44, under a type of its own.
#[test]
fn an_auditor_of_ml_dsa_vouches() {
    let name = KeyName::parse("b").unwrap();
    let secret = SecretKey::from_seed(&[4; 32]);
    let key = SignerKey::new(name, SignatureType::IndexAuditMlDsaV1, secret);
    let vkey = key.verifier();
    let text = format!("{}[audit]\nwitness b {vkey}\nquorum b\n", two_roles());
    let trust = parse(&text);
    let index = checkpoint("a/index", 2);
    let statement = AuditStatement {
        time: 60,
        log: Origin::parse("a").unwrap(),
        head: TreeHead::empty(),
    };
    let line = audit_statement::sign(&index, &key, &statement).unwrap();
    let audit = trust.audit().unwrap();
    assert!(!audit.judge(&index, 60).accepts());
    let audited = index.with_signature(line).unwrap();
    assert!(audit.judge(&audited, 60).accepts());
    let witness = text.replace("quorum w", &format!("witness b {vkey}\nquorum w"));
    assert_eq!(
        refusal(&witness),
        "line 4 of the policy: a witness's key has signature type 0x04 or 0x06, this one has 0xff (tlog-index-audit-ml-dsa-44/v1); use the key for this role"
    );
}

/// Only what a reader trusts counts: not comments, URLs, order, or names of groups.
#[test]
fn changes_are_said_in_words() {
    let old = parse(&format!("{}[genesis]\n{PIN}\n", two_roles()));
    let reordered = format!("[genesis]\n# pin\n{PIN}\n{}", two_roles());
    assert_eq!(changes(&old, &parse(&reordered)), []);
    let next = format!(
        "[log]\n{}{}{}group g any w v\nquorum g\n[validity]\nlog a up-to-size 7\n",
        log_line("a", 1),
        witness_line("w", 3),
        witness_line("v", 4)
    );
    let said: Vec<String> = changes(&old, &parse(&next))
        .into_iter()
        .map(|change| {
            let sign = if change.is_new { '+' } else { '-' };
            let statement = change.statement;
            format!("{sign} {} {}", statement.section.name(), statement.text)
        })
        .collect();
    assert_eq!(
        said,
        [
            "- [log] the quorum: `w`".to_owned(),
            format!(
                "- [index] the key `{}` of the index",
                signer("a/index", 2).verifier()
            ),
            "- [index] the quorum: no witness".to_owned(),
            format!("- [genesis] the log begins with {PIN}"),
            format!(
                "+ [log] the witness `v` with the key `{}`",
                cosigner("v", 4).verifier()
            ),
            "+ [log] the quorum: 1 of `w`, `v`".to_owned(),
            "+ [validity] the condition `log a up-to-size 7`".to_owned(),
        ]
    );
    let all = describe(&old).len();
    assert_eq!(all, 6);
}
