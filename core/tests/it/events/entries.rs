//! Entries as bytes: example files of the format page, other types, and mutations that must be noticed.

use super::fixture::{CI, enrol, genesis, read, sign_bytes};
use glasslog_core::event::{self, Envelope};
use glasslog_core::merkle::leaf_hash;
use glasslog_core::text::json::Value;
use proptest::prelude::*;

const MINIMAL: &[u8] =
    include_bytes!("../../../../docs/formats/examples/access-event.minimal.json");
pub(super) const WHOLE: &[u8] =
    include_bytes!("../../../../docs/formats/examples/access-event.json");

#[test]
fn the_examples_of_the_format_page_parse() {
    let entry = event::parse(&sign_bytes(MINIMAL, &[CI])).unwrap();
    let access = entry.access().unwrap();
    assert_eq!(access.actor.id, "ci@example.org");
    assert_eq!(access.occurred_at_seconds(), 1_795_359_845);
    assert_eq!(access.reason, None);

    let entry = event::parse(&sign_bytes(WHOLE, &[CI])).unwrap();
    let access = entry.access().unwrap();
    assert_eq!(access.action.weight().as_str(), "custody");
    assert_eq!(access.context.environment.as_deref(), Some("prod"));
    assert_eq!(access.context.region.as_deref(), Some("eu-west-1"));
    let pipeline = access.context.pipeline.as_ref().unwrap();
    let name = pipeline.member("name").and_then(Value::as_str);
    assert_eq!(name, Some("deploy-fraud"));
    assert!(pipeline.member("sourceDigest").is_some());
    let policy = access.policy.as_ref().unwrap();
    let decision = policy.member("decision").and_then(Value::as_str);
    assert_eq!(decision, Some("allow"));
    assert_eq!(access.references.len(), 2);
    assert_eq!(access.actor.roles, ["model-deployer"]);
    let transfer = access.transfer.as_ref().unwrap();
    assert_eq!(transfer.from.custodian, "team:ml-staging");
    assert_eq!(transfer.to.custodian, "team:ml-prod");
    assert_eq!(access.exception, None);
    assert_eq!(entry.subjects.len(), 2);
}

#[test]
fn a_plain_read_is_small() {
    let entry = read("ci@example.org", 1, &[CI]);
    let payload = event::parse(&entry).unwrap().envelope.payload().len();
    assert!(payload <= 450, "{payload} bytes");
}

#[test]
fn leaf_hashes_and_digests() {
    let one = read("ci@example.org", 1, &[CI]);
    let both = read("ci@example.org", 1, &[CI, 9]);
    let parsed = event::parse(&one).unwrap();
    assert_eq!(parsed.leaf_hash(), leaf_hash(&one));
    let other = event::parse(&both).unwrap();
    assert_ne!(parsed.leaf_hash(), other.leaf_hash());
    assert_eq!(
        parsed.envelope.payload_digest(),
        other.envelope.payload_digest()
    );
}

#[test]
fn payloads_of_other_types() {
    let text = String::from_utf8(read("ci@example.org", 1, &[CI])).unwrap();
    let other = text.replace("application/vnd.in-toto+json", "application/json");
    let error = event::parse(other.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "envelope-payload-type");
    assert_eq!(
        error.to_string(),
        "the payload type is `application/json`, not `application/vnd.in-toto+json`"
    );
}

fn any_entry() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(genesis()),
        Just(enrol("ci@example.org", CI)),
        Just(read("ci@example.org", 1, &[CI])),
    ]
}

proptest! {
    #[test]
    fn a_mutated_entry_is_malformed_or_canonical_and_different(entry in any_entry(), at in any::<prop::sample::Index>(), byte in any::<u8>(), kind in 0..3) {
        let mut mutated = entry.clone();
        let at = at.index(entry.len());
        match kind {
            0 => mutated[at] = byte,
            1 => mutated.insert(at, byte),
            _ => { mutated.remove(at); }
        }
        if let Ok(parsed) = event::parse(&mutated) {
            prop_assert_eq!(parsed.envelope.encode(), mutated.clone());
            if mutated != entry {
                prop_assert_ne!(parsed.leaf_hash(), leaf_hash(&entry));
            }
        }
    }

    #[test]
    fn any_payload_is_refused_without_a_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let entry = Envelope::unsigned(payload).encode();
        let parsed = event::parse(&entry);
        prop_assert!(parsed.is_err());
    }
}
