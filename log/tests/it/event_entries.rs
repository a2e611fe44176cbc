//! Signed entries for tests.

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{
    self, AccessEvent, Action, Actor, ActorType, Context, Envelope, KeyEvent, KeyOp, Outcome,
    Reason, Spki, Subject, parse_secret_pem,
};
use glasslog_core::merkle::{Hash, sha256};
use std::path::Path;

/// Returns the key in `keys/admin` of a log.
pub(crate) fn admin_key(log: &Path) -> SecretKey {
    let pem = std::fs::read_to_string(log.join("keys/admin")).unwrap();
    parse_secret_pem(&pem).unwrap().0
}

/// Returns a key from a seed, the same each time.
pub(crate) fn actor_key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

/// Returns an enrolment of `key` for `actor`; with the leaf hash of an enrolment, the revocation of it.
pub(crate) fn key_event(
    origin: &str,
    admin: &SecretKey,
    actor: &str,
    key: &SecretKey,
    ends: Option<Hash>,
) -> Vec<u8> {
    let event = KeyEvent {
        log: origin.into(),
        op: if ends.is_some() {
            KeyOp::Revoke
        } else {
            KeyOp::Enrol
        },
        actor: actor.into(),
        spki: Spki::new(key.public()),
        reason: ends.map(|_| "lost".into()),
        acts_on: ends,
        compromised_since: None,
    };
    let payload = event::encode(&event.to_statement()).unwrap();
    Envelope::sign(payload, &[admin]).unwrap().encode()
}

/// Returns an access event by `actor`; `number` makes it unique.
pub(crate) fn access(
    origin: &str,
    actor: &str,
    key: &SecretKey,
    action: Action,
    number: u64,
) -> Vec<u8> {
    let event = AccessEvent {
        log: origin.into(),
        event_id: format!("00000000-0000-7000-8000-{number:012x}"),
        action,
        outcome: Outcome::Success,
        occurred_at: "2026-11-23T21:00:00Z".into(),
        actor: Actor {
            id: actor.into(),
            kind: ActorType::Workload,
            roles: Vec::new(),
            on_behalf_of: None,
        },
        context: Context::default(),
        reason: Some(Reason {
            code: "test".into(),
            text: Some("a test".into()),
            ticket: None,
        }),
        transfer: None,
        policy: None,
        references: Vec::new(),
        exception: None,
        acts_on: None,
        // Each number is a version of one name.
        new_name: action == Action::Register && number == 0,
        files: Vec::new(),
        file_list: None,
    };
    let subject = Subject::new(&format!("model@{number}"), &sha256(&number.to_be_bytes()));
    let payload = event.to_payload(&[subject]).unwrap();
    Envelope::sign(payload, &[key]).unwrap().encode()
}
