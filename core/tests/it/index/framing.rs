//! Attempts to convict an honest builder or auditor: none of them is evidence (`docs/formats/index.md`, "Why an honest
//! builder or auditor is never convicted").

use glasslog_core::index::format::{Manifest, MapFunction};
use glasslog_core::index::fraud::{Accusation, Fraud, FraudError};
use glasslog_core::index::read::IndexProof;
use glasslog_core::note::audit_statement::{self, AuditStatement};
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{Checkpoint, KeyId, Origin, Signature, SignatureType, SignedCheckpoint};
use glasslog_core::report::{Class, Report};
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::{Options, verify_fraud};

use super::world::{LOG, NOW, World, auditor, event, index_key, key, log_key};

const OPTIONS: Options = Options {
    now: NOW,
    require: None,
    max_checkpoint_age: None,
    full_scan: false,
    accept_index: false,
    state: false,
};

fn honest() -> World {
    World::with(
        MapFunction::AccessV2,
        (0..40).map(|serial| event("m@1", "ci@example.com", serial)),
    )
}

/// A policy that knows this key of the log, and the index and its auditor.
fn policy(log: &str) -> String {
    format!(
        "[log]\nlog {log}\nquorum none\n[index]\nlog {}\nquorum none\n[audit]\nwitness a {}\nquorum a\n",
        index_key().verifier(),
        auditor().verifier()
    )
}

fn judge(world: &World, policy: &str, accusation: Accusation) -> Report {
    let last = world.manifests.len() - 1;
    let proof = world.index_proof(last, b"");
    let fraud = Fraud::new(world.manifests[last].clone(), &proof, accusation).unwrap();
    verify_fraud(&fraud.encode(), policy.as_bytes(), OPTIONS)
}

/// A host adds a line of the log's name and the id of a key that one reader knows and the builder does not.
#[test]
fn a_line_that_the_builder_could_not_check_convicts_nobody() {
    let mut world = honest();
    let checkpoint = world.checkpoint();
    // The reader knows a later key of the log, say; the line is not by it.
    let later = key(LOG, SignatureType::Ed25519, 55);
    let name = later.verifier().name().clone();
    let junk = Signature::new(name, later.verifier().id(), vec![7; 64]).unwrap();
    let shown = checkpoint.with_signature(junk.clone()).unwrap();
    // The builder drops the line, so that the reader has nothing to refuse.
    let signed = SignedCheckpoint::new(&shown, &[log_key().verifier()]).unwrap();
    let run = world.run(0..40);
    world.write(&run);
    let manifest = Manifest::new(world.map, vec![run.head().clone()], &signed).unwrap();
    assert_eq!(manifest.checkpoint(), &checkpoint);
    world.publish_manifest(&manifest.encode());
    let known = policy(&log_key().verifier().to_string());
    let both = known.replacen(
        "quorum none",
        &format!("log {}\nquorum none", later.verifier()),
        1,
    );
    for policy in [&known, &both] {
        let proof = IndexProof::parse(&world.files["index/latest.tlog-proof"]).unwrap();
        let trust = TrustPolicy::parse(policy.as_bytes()).unwrap();
        assert!(proof.vouch(&trust, world.map, NOW).1.is_ok());
        assert_eq!(
            judge(&world, policy, Accusation::BadManifest).class(),
            Class::False
        );
    }
    // A builder that knew the key as the reader does not would have put it in; it convicts nobody either way.
    let text = String::from_utf8(manifest.encode()).unwrap() + &junk.encode_line();
    world.publish_manifest(text.as_bytes());
    let report = judge(&world, &both, Accusation::BadManifest);
    assert_eq!(report.class(), Class::False);
    // The reader that finds the line false refuses the manifest all the same.
    let proof = IndexProof::parse(&world.files["index/latest.tlog-proof"]).unwrap();
    let trust = TrustPolicy::parse(both.as_bytes()).unwrap();
    assert!(proof.vouch(&trust, world.map, NOW).1.is_err());
}

/// A key of the log whose name and id are those of the key that the builder knew convicts nobody.
#[test]
fn a_colliding_key_convicts_nobody() {
    let mut world = honest();
    let ranges = [0..20, 20..40];
    world.publish(&ranges);
    // The policy of the accuser knows another key of the log; of the builder's line it can say nothing.
    let other = policy(&key(LOG, SignatureType::Ed25519, 56).verifier().to_string());
    let report = judge(&world, &other, Accusation::BadManifest);
    assert_eq!(report.class(), Class::False);
    assert!(report.to_json().contains("index-fraud-unfounded"));
}

/// Statements of an auditor count for the head that they name, and cosignatures never.
#[test]
fn an_auditor_is_bound_by_its_statement_alone() {
    let mut world = honest();
    let ranges = [0..20, 20..40];
    let manifest = world.publish(&ranges);
    let trust = TrustPolicy::parse(policy(&log_key().verifier().to_string()).as_bytes()).unwrap();
    let proof = world.index_proof(0, &manifest.encode());
    let bare = SignedCheckpoint::new(proof.checkpoint(), &[index_key().verifier()]).unwrap();
    let bare = bare.checkpoint().clone();
    let state = |log: &str, head| {
        let statement = AuditStatement {
            time: NOW,
            log: Origin::parse(log).unwrap(),
            head,
        };
        audit_statement::sign(&bare, &auditor(), &statement).unwrap()
    };
    // The same person's key as a witness's, and its cosignature under the auditor's id: the attack on 0.1.
    let witness = key("auditor.example.org", SignatureType::CosignatureV1, 3);
    let cosignature = cosign(&bare, &witness, NOW).unwrap();
    let id: KeyId = auditor().verifier().id();
    let renamed =
        Signature::new(cosignature.name().clone(), id, cosignature.bytes().to_vec()).unwrap();
    let head = manifest.head();
    for (line, expected) in [
        (state(LOG, head), Ok(true)),
        (state(LOG, world.head(39)), Ok(false)),
        (state("other.example.com", head), Ok(false)),
        (cosignature, Ok(false)),
        (renamed, Err("index-audit-not-accepted")),
    ] {
        let signed = bare.with_signature(line).unwrap();
        let shown = proof.under(signed).unwrap().encode();
        let proof = IndexProof::parse(&shown).unwrap();
        let vouched = proof.vouch(&trust, world.map, NOW).1;
        let found = vouched.map(|vouched| vouched.is_audited());
        assert_eq!(found.map_err(|error| error.code()), expected);
    }
    // A proof of an older manifest than the newest, under a checkpoint that the auditor vouched for.
    world.add(&event("m@1", "ci@example.com", 99));
    let ranges = [0..40, 40..41];
    world.publish(&ranges);
    let older = world.index_proof(0, &manifest.encode()).encode();
    let older = IndexProof::parse(&older).unwrap();
    let vouched = older.vouch(&trust, world.map, NOW).1.unwrap();
    assert!(!vouched.is_audited());
}

/// The manifest after the last one that an auditor vouched for does not convict the auditor.
#[test]
fn an_auditor_does_not_answer_for_later_manifests() {
    let mut world = honest();
    let ranges = [0..20, 20..40];
    world.publish(&ranges);
    let audited: Checkpoint = world.index_proof(0, b"").checkpoint().clone();
    world.publish_manifest(b"hello");
    let proof = world.index_proof(1, b"");
    // The accuser has no statement about the tree with the false manifest, only the older one.
    let bare = SignedCheckpoint::new(proof.checkpoint(), &[index_key().verifier()]).unwrap();
    let lines = audited.note().signatures();
    let statement = lines
        .iter()
        .find(|line| line.id() == auditor().verifier().id());
    let mixed = bare
        .checkpoint()
        .with_signature(statement.unwrap().clone())
        .unwrap();
    let known = policy(&log_key().verifier().to_string());
    let trust = TrustPolicy::parse(known.as_bytes()).unwrap();
    for checkpoint in [bare.checkpoint().clone(), mixed] {
        let proof = proof.under(checkpoint).unwrap();
        let fraud = Fraud::new(b"hello".to_vec(), &proof, Accusation::BadManifest).unwrap();
        let guilt = fraud.verify(&trust, NOW).unwrap();
        assert!(!guilt.is_audited);
    }
    // Of the tree that the auditor vouched for, the false manifest is no part.
    let fraud = Fraud::new(
        b"hello".to_vec(),
        &world.index_proof(0, b""),
        Accusation::BadManifest,
    );
    let error = fraud.unwrap().verify(&trust, NOW).unwrap_err();
    assert!(matches!(error, FraudError::NotIncluded(_)));
}
