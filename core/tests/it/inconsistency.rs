//! Evidence of an inconsistency: read and judged, and what shows nothing. The vectors are for any implementation;
//! `GLASSLOG_WRITE_VECTORS=1 cargo test -p glasslog-core --test it inconsistency` writes them anew.

use std::path::Path;

use crate::by_index::world::{INDEX_ORIGIN, index_key, indexed};
use crate::support::*;
use glasslog_core::merkle::{ConsistencyProof, TreeHead, sha256};
use glasslog_core::note::{Checkpoint, Origin, SignatureType, SignerKey};
use glasslog_core::report::{Class, Outcome, Report, Verdict};
use glasslog_core::tiles::Edge;
use glasslog_core::verify::{Inconsistency, verify_inconsistency};

/// The edge of a tree with entries of these names.
fn tree(names: &[&str]) -> Edge {
    let mut edge = Edge::new();
    for name in names {
        edge.append(name.as_bytes(), |_| ()).unwrap();
    }
    edge
}

fn signed(origin: &str, key: &SignerKey, head: TreeHead, witnesses: &[u8]) -> Checkpoint {
    let mut checkpoint = Checkpoint::sign(&Origin::parse(origin).unwrap(), head, key).unwrap();
    for seed in witnesses {
        let line = glasslog_core::note::cosignature::cosign(&checkpoint, &witness(*seed), TIME);
        checkpoint = checkpoint.with_signature(line.unwrap()).unwrap();
    }
    checkpoint
}

/// A tree of four entries beside one of three that differs in the last.
fn fork(origin: &str, key: &SignerKey, witnesses: [&[u8]; 2]) -> Inconsistency {
    let (old, prefix) = (tree(&["a", "b", "x"]).head(), tree(&["a", "b", "c"]).head());
    let new = tree(&["a", "b", "c", "d"]);
    // The leaves c and d, and the node above a and b.
    let leaf = |name: &str| tree(&[name]).head().root;
    let hashes = vec![leaf("c"), leaf("d"), tree(&["a", "b"]).head().root];
    Inconsistency {
        old: signed(origin, key, old, witnesses[0]),
        new: signed(origin, key, new.head(), witnesses[1]),
        root: prefix.root,
        proof: ConsistencyProof::from_hashes(hashes).unwrap(),
    }
}

fn log_key() -> SignerKey {
    note_key(ORIGIN, SignatureType::Ed25519, LOG)
}

fn judged(evidence: &[u8], policy: &[u8]) -> Report {
    verify_inconsistency(evidence, policy, options())
}

fn vector(name: &str, bytes: &[u8]) {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/vectors/inconsistency");
    let path = folder.join(name);
    if std::env::var_os("GLASSLOG_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
    assert!(std::fs::read(&path).unwrap() == bytes, "{name} differs");
}

#[test]
fn a_log_that_signed_two_trees_is_convicted() {
    let both = [&[WITNESS_A, WITNESS_B][..], &[WITNESS_B][..]];
    let evidence = fork(ORIGIN, &log_key(), both);
    let bytes = evidence.encode();
    assert_eq!(Inconsistency::parse(&bytes).unwrap(), evidence);
    vector("fork.inconsistency", &bytes);
    vector("trust.policy", &witnessed());
    let report = judged(&bytes, &witnessed());
    assert_eq!(
        (report.result, report.class()),
        (Verdict::Verified, Class::Verified)
    );
    assert_eq!(
        report.claims.included,
        Outcome::Unknown,
        "it is about no event"
    );
    let found = report.members.inconsistency.as_ref().unwrap();
    assert_eq!((found.role, found.old.size, found.new.size), ("log", 3, 4));
    assert_eq!(
        found.witnesses,
        ["b"],
        "who cosigned one head did not contradict itself"
    );
    let words =
        "signed two heads that cannot both be true: their roots for the first 3 entries differ";
    assert_eq!(report.headline, format!("the log `{ORIGIN}` {words}"));
    // Equal sizes need no proof.
    let twin = Inconsistency {
        new: signed(ORIGIN, &log_key(), tree(&["a", "b", "c"]).head(), &[]),
        proof: ConsistencyProof::from_hashes(Vec::new()).unwrap(),
        ..fork(ORIGIN, &log_key(), [&[], &[]])
    };
    assert_eq!(judged(&twin.encode(), &policy()).result, Verdict::Verified);
}

#[test]
fn the_log_of_an_index_is_convicted_too() {
    let evidence = fork(INDEX_ORIGIN, &index_key(), [&[], &[]]).encode();
    let report = judged(&evidence, &indexed());
    assert_eq!(report.result, Verdict::Verified, "{:?}", troubles(&report));
    assert_eq!(report.members.inconsistency.unwrap().role, "index");
    assert_eq!(judged(&evidence, &policy()).class(), Class::Undecided);
}

#[test]
fn what_shows_nothing_is_false_and_strangers_are_not_judged() {
    let good = || fork(ORIGIN, &log_key(), [&[], &[]]);
    let stranger = note_key(ORIGIN, SignatureType::Ed25519, MALLORY);
    let consistent = Inconsistency {
        old: signed(ORIGIN, &log_key(), tree(&["a", "b", "c"]).head(), &[]),
        ..good()
    };
    let other_root = Inconsistency {
        root: sha256(b"7"),
        ..good()
    };
    let swapped = Inconsistency {
        old: good().new,
        new: good().old,
        ..good()
    };
    let long = Inconsistency {
        proof: ConsistencyProof::from_hashes([good().proof.hashes(), &[sha256(b"7")]].concat())
            .unwrap(),
        ..good()
    };
    let one_by_a_stranger = Inconsistency {
        old: signed(ORIGIN, &stranger, good().old.head(), &[]),
        ..good()
    };
    let two_logs = Inconsistency {
        old: signed(INDEX_ORIGIN, &index_key(), good().old.head(), &[]),
        ..good()
    };
    for (name, evidence, class) in [
        ("consistent", consistent, Class::False),
        ("other root", other_root, Class::False),
        ("swapped", swapped, Class::False),
        ("long", long, Class::False),
        (
            "one head by a stranger",
            one_by_a_stranger,
            Class::Undecided,
        ),
        ("two logs", two_logs, Class::Undecided),
    ] {
        let report = judged(&evidence.encode(), &indexed());
        assert_eq!(report.class(), class, "{name}: {:?}", troubles(&report));
    }
    let empty = judged(&good().encode(), b"quorum none\n");
    assert_eq!(empty.class(), Class::Undecided);
}

#[test]
fn every_changed_byte_and_every_cut_is_noticed() {
    let bytes = fork(ORIGIN, &log_key(), [&[], &[]]).encode();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let report = judged(&changed, &policy());
        assert_ne!(report.result, Verdict::Verified, "byte {at}");
        if let Ok(parsed) = Inconsistency::parse(&changed) {
            assert_eq!(parsed.encode(), changed, "byte {at}");
        }
        assert!(Inconsistency::parse(&bytes[..at]).is_err(), "cut at {at}");
    }
    let mut longer = bytes;
    longer.push(b'\n');
    assert_eq!(judged(&longer, &policy()).class(), Class::MalformedInput);
}
