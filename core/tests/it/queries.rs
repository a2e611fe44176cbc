//! One entry, one proof, two checkpoints, and whole logs.

use crate::support::*;
use glasslog_core::event::Action;
use glasslog_core::fetch::{ProveError, ProveQuery, Query};
use glasslog_core::merkle::{ConsistencyProof, TreeHead, leaf_hash};
use glasslog_core::note::{Checkpoint, Origin, SignatureType};
use glasslog_core::report::{Class, Outcome, Report, Verdict};
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::{ConsistencyQuery, EntryQuery, verify_consistency, verify_proof};

fn log_of(size: u64) -> TestLog {
    let mut log = TestLog::new();
    while log.edge.size() < size {
        log.read("m@1");
    }
    log.publish(&[]);
    log
}

fn entry(log: &TestLog, index: u64) -> Report {
    log.run(EntryQuery::new(index, &policy(), options()))
}

#[test]
fn every_entry_is_proven_and_judged() {
    let log = log_of(300);
    for index in [0, 1, 2, 3, 255, 256, 299] {
        let report = entry(&log, index);
        assert_eq!(
            report.result,
            Verdict::Verified,
            "{index}: {:?}",
            troubles(&report)
        );
        let summary = report.members.entry.unwrap();
        assert_eq!(summary.index, index);
        assert_eq!(summary.leaf_hash, leaf_hash(&log.entries[index as usize]));
        assert_eq!(indices(&report), [index]);
    }
    assert_eq!(entry(&log, 300).class(), Class::Nothing);
    assert_eq!(entry(&log, u64::MAX).class(), Class::Nothing);
}

#[test]
fn an_altered_entry_is_false_and_a_missing_file_is_no_answer() {
    let mut log = log_of(300);
    let original = log.files["tile/entries/000"].clone();
    log.damage("tile/entries/000");
    assert_eq!(entry(&log, 299).class(), Class::False);
    log.files.insert("tile/entries/000".into(), original);
    log.damage("tile/0/000");
    assert_eq!(
        (entry(&log, 3).class(), outcome(&entry(&log, 3), "tree")),
        (Class::False, Outcome::Fail)
    );
    log.files.remove("tile/0/000");
    assert_eq!(entry(&log, 3).class(), Class::Unfinished);
}

#[test]
fn entries_of_other_logs_are_bytes() {
    let mut log = TestLog::raw();
    for at in 0..20u8 {
        log.add(&[at; 8]);
    }
    log.publish(&[]);
    let report = entry(&log, 7);
    assert_eq!(report.result, Verdict::Verified);
    assert_eq!(outcome(&report, "event-signatures"), Outcome::Unknown);
    let report = log.run(AuditQuery::new(&policy(), options(), None));
    assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(&report));
    assert_eq!(outcome(&report, "event-signatures"), Outcome::Unknown);
}

fn prove(log: &TestLog, index: u64) -> Result<Vec<u8>, ProveError> {
    let mut query = ProveQuery::new(index);
    loop {
        if let Some(proof) = query.proof() {
            return proof.clone().map(|proof| proof.encode());
        }
        for path in query.needs() {
            query.supply(&path, log.files.get(&path).cloned());
        }
    }
}

#[test]
fn proofs_that_we_make_verify_and_others_do_not() {
    let log = log_of(300);
    for index in [0, 17, 255, 256, 299] {
        let proof = prove(&log, index).unwrap();
        let report = verify_proof(&proof, &log.entries[index as usize], &policy(), options());
        assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(&report));
        assert_eq!(report.members.entry.as_ref().unwrap().index, index);
        let line = [&log.entries[index as usize][..], b"\n"].concat();
        let same = verify_proof(&proof, &line, &policy(), options());
        assert_eq!(same.to_json(), report.to_json());
        let two = verify_proof(&proof, &[&line[..], b"\n"].concat(), &policy(), options());
        assert_eq!(two.class(), Class::False);
        let other = verify_proof(&proof, b"another entry", &policy(), options());
        assert_eq!(
            (other.class(), outcome(&other, "entries")),
            (Class::False, Outcome::Fail)
        );
    }
    let proof = prove(&log, 17).unwrap();
    let text = String::from_utf8(proof.clone())
        .unwrap()
        .replace("index 17", "index 18");
    assert_eq!(
        verify_proof(text.as_bytes(), &log.entries[17], &policy(), options()).class(),
        Class::False
    );
    assert_eq!(
        verify_proof(&proof[1..], &log.entries[17], &policy(), options()).class(),
        Class::MalformedInput
    );
    assert_eq!(
        prove(&log, 300),
        Err(ProveError::NoSuchEntry {
            index: 300,
            size: 300
        })
    );
}

/// Signs any head with the key of the log.
fn signed(head: TreeHead) -> Vec<u8> {
    let key = note_key(ORIGIN, SignatureType::Ed25519, LOG);
    Checkpoint::sign(&Origin::parse(ORIGIN).unwrap(), head, &key)
        .unwrap()
        .encode()
}

#[test]
fn a_log_is_held_to_its_older_checkpoints() {
    let log = log_of(700);
    for old in [0, 1, 255, 256, 257, 511, 699, 700] {
        let small = log.entries[..old]
            .iter()
            .fold(TestLog::raw(), |mut small, entry| {
                small.add(entry);
                small
            });
        let head = small.edge.head();
        let report = log.run(ConsistencyQuery::new(&signed(head), &policy(), options()));
        assert_eq!(
            report.result,
            Verdict::Verified,
            "{old}: {:?}",
            troubles(&report)
        );
        if old > 0 {
            let forked = TreeHead {
                size: head.size,
                root: leaf_hash(b"fork"),
            };
            let report = log.run(ConsistencyQuery::new(&signed(forked), &policy(), options()));
            assert_eq!(report.class(), Class::Inconsistent, "{old}");
        }
    }
    let ahead = signed(TreeHead {
        size: 701,
        root: leaf_hash(b""),
    });
    assert_eq!(
        log.run(ConsistencyQuery::new(&ahead, &policy(), options()))
            .class(),
        Class::Undecided
    );
    let forged = note_key(ORIGIN, SignatureType::Ed25519, MALLORY);
    let forged = Checkpoint::sign(&Origin::parse(ORIGIN).unwrap(), log.edge.head(), &forged)
        .unwrap()
        .encode();
    assert_eq!(
        log.run(ConsistencyQuery::new(&forged, &policy(), options()))
            .class(),
        Class::Undecided
    );
}

#[test]
fn consistency_is_proven_by_a_file_too() {
    let log = log_of(40);
    let small = log_of(13);
    let proof = |old, new: &TestLog| {
        let leaves: Vec<_> = new.entries.iter().map(|entry| leaf_hash(entry)).collect();
        let read = |subtree: glasslog_core::merkle::Subtree| {
            let start = subtree.start().unwrap() as usize;
            let end = subtree.end().unwrap() as usize;
            Ok::<_, glasslog_core::merkle::ProofError>(glasslog_core::merkle::tree_root(
                &leaves[start..end],
            ))
        };
        ConsistencyProof::prove(old, new.edge.size(), read)
            .unwrap()
            .encode_lines()
    };
    let verify = |old: &[u8], new: &[u8], proof: &str| {
        verify_consistency(old, new, proof.as_bytes(), &policy(), options())
    };
    let (old, new) = (&small.files["checkpoint"], &log.files["checkpoint"]);
    let good = proof(13, &log);
    assert_eq!(verify(old, new, &good).result, Verdict::Verified);
    assert_eq!(verify(old, old, "").result, Verdict::Verified);
    assert_eq!(verify(old, new, "").class(), Class::False);
    assert_eq!(verify(new, old, &good).class(), Class::Undecided);
    assert_eq!(
        verify(old, new, "not base64\n").class(),
        Class::MalformedInput
    );
    let fork = signed(TreeHead {
        size: 13,
        root: leaf_hash(b"fork"),
    });
    assert_eq!(verify(&fork, old, "").class(), Class::Inconsistent);
    assert_eq!(verify(&fork, new, &good).class(), Class::False);
}

fn audit(log: &TestLog) -> Report {
    let files = log.files.keys().cloned().collect();
    log.run(AuditQuery::new(&policy(), options(), Some(files)))
}

#[test]
fn an_audit_counts_everything_and_finds_nothing_wrong() {
    let mut log = TestLog::new();
    let mut archived = Vec::new();
    for step in 1..=5 {
        while log.edge.size() < step * 130 {
            log.read("m@1");
        }
        let checkpoint = log.publish(&[]);
        archived.push((log.edge.size(), checkpoint));
    }
    for (size, checkpoint) in archived {
        log.files.insert(format!("checkpoints/{size}"), checkpoint);
    }
    let report = audit(&log);
    assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(&report));
    assert_eq!(troubles(&report), [("freshness", Outcome::Unknown)]);
    let counts = report.members.counts.unwrap();
    assert_eq!(
        (
            counts.entries,
            counts.access_events,
            counts.key_events,
            counts.signed
        ),
        (650, 647, 2, 650)
    );
}

#[test]
fn an_audit_names_what_is_wrong() {
    let build = || {
        let mut log = log_of(300);
        while log.edge.size() < 520 {
            log.read("m@1");
        }
        log.publish(&[]);
        log
    };
    for (path, class, code) in [
        ("tile/0/000", Class::False, "tree"),
        ("tile/0/001", Class::False, "tree"),
        ("tile/0/001.p/44", Class::False, "superseded"),
        ("tile/1/000.p/1", Class::False, "superseded"),
        ("tile/1/000.p/2", Class::False, "tree"),
        ("tile/entries/001", Class::False, "entries"),
        ("tile/entries/001.p/44", Class::False, "superseded"),
    ] {
        let mut log = build();
        assert_eq!(audit(&log).result, Verdict::Verified);
        log.damage(path);
        let report = audit(&log);
        assert_eq!(
            (report.class(), outcome(&report, code)),
            (class, Outcome::Fail),
            "{path}: {:?}",
            troubles(&report)
        );
    }
    let mut log = build();
    log.files.insert("tile/0/002.p/99".into(), vec![0; 32 * 99]);
    log.files.insert("notes.txt".into(), vec![]);
    log.files.insert("portal/index.html".into(), vec![]);
    let report = audit(&log);
    assert_eq!(
        (report.result, outcome(&report, "strays")),
        (Verdict::Verified, Outcome::Unknown)
    );
    assert_eq!(
        detail(&report, "strays"),
        "the public tree contains 2 unexpected files"
    );
    let mut log = build();
    log.files.insert(
        "checkpoints/300".into(),
        signed(TreeHead {
            size: 300,
            root: leaf_hash(b"fork"),
        }),
    );
    assert_eq!(audit(&log).class(), Class::Inconsistent);
}

#[test]
fn an_audit_judges_every_signature() {
    let mut log = log_of(300);
    log.add(&access(
        Action::Read,
        "mallory@example.com",
        MALLORY,
        &[("m@1", "one")],
    ));
    log.publish(&[]);
    let report = audit(&log);
    assert_eq!(
        (report.class(), outcome(&report, "event-signatures")),
        (Class::Undecided, Outcome::Unknown)
    );
    assert_eq!(report.members.counts.unwrap().signed, 300);
}
