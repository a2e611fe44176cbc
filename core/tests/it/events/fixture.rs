//! Makes signed entries of a log, from seeds: the same bytes each time.

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{
    self, AccessEvent, Acknowledgement, Action, Actor, ActorType, Context, Envelope,
    EnvelopeSignature, Genesis, KeyEvent, KeyOp, LogKeyEvent, Outcome, Party, Reason, Spki,
    Statement, Subject, Transfer, sign_with_log_key,
};
use glasslog_core::merkle::{Hash, leaf_hash, sha256};
use glasslog_core::note::{KeyName, SignatureType, SignerKey};

pub(crate) const ORIGIN: &str = "models.example.org/access";
pub(crate) const ADMIN: u8 = 0xad;
pub(crate) const CI: u8 = 1;
pub(crate) const OPS: u8 = 2;

pub(crate) fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

pub(crate) fn spki(seed: u8) -> Spki {
    Spki::new(secret(seed).public())
}

pub(crate) fn keyid(seed: u8) -> String {
    spki(seed).key_id()
}

/// Signs a payload as it is, whether or not it parses.
pub(crate) fn sign_bytes(payload: &[u8], seeds: &[u8]) -> Vec<u8> {
    let keys: Vec<SecretKey> = seeds.iter().map(|seed| secret(*seed)).collect();
    let keys: Vec<&SecretKey> = keys.iter().collect();
    Envelope::sign(payload.to_vec(), &keys).unwrap().encode()
}

/// Signs a Statement that parses.
pub(crate) fn sign(statement: &Statement, seeds: &[u8]) -> Vec<u8> {
    sign_bytes(&event::encode(statement).unwrap(), seeds)
}

/// Replaces the signatures of these keys by false ones.
pub(crate) fn falsify(entry: &[u8], seeds: &[u8]) -> Vec<u8> {
    let envelope = Envelope::parse(entry).unwrap();
    let mut out = Envelope::unsigned(envelope.payload().to_vec());
    for signature in envelope.signatures() {
        let mut signature: EnvelopeSignature = signature.clone();
        if seeds.iter().any(|seed| keyid(*seed) == signature.keyid) {
            signature.sig[40] ^= 1;
        }
        out = out.with_signature(signature).unwrap();
    }
    out.encode()
}

pub(crate) fn genesis_event(admins: &[u8], threshold: usize) -> Genesis {
    Genesis {
        log: ORIGIN.into(),
        admins: admins.iter().map(|seed| spki(*seed)).collect(),
        threshold,
        succeeds: None,
    }
}

pub(crate) fn genesis() -> Vec<u8> {
    sign(&genesis_event(&[ADMIN], 1).to_statement(), &[ADMIN])
}

pub(crate) fn enrolment(actor: &str, seed: u8) -> KeyEvent {
    KeyEvent {
        log: ORIGIN.into(),
        op: KeyOp::Enrol,
        actor: actor.into(),
        spki: spki(seed),
        reason: None,
        acts_on: None,
        compromised_since: None,
    }
}

pub(crate) fn enrol(actor: &str, seed: u8) -> Vec<u8> {
    sign(&enrolment(actor, seed).to_statement(), &[ADMIN])
}

pub(crate) fn revocation(actor: &str, seed: u8, enrolment_entry: &[u8]) -> KeyEvent {
    KeyEvent {
        op: KeyOp::Revoke,
        reason: Some("laptop stolen".into()),
        acts_on: Some(leaf_hash(enrolment_entry)),
        ..enrolment(actor, seed)
    }
}

pub(crate) fn revoke(actor: &str, seed: u8, enrolment_entry: &[u8]) -> Vec<u8> {
    let event = revocation(actor, seed, enrolment_entry);
    sign(&event.to_statement(), &[ADMIN])
}

/// Amends the revocation in `latest`, which may be an amendment itself.
pub(crate) fn amend(actor: &str, seed: u8, latest: &[u8], since: u64) -> Vec<u8> {
    let event = KeyEvent {
        op: KeyOp::Amend,
        reason: Some("seen in a dump".into()),
        acts_on: Some(leaf_hash(latest)),
        compromised_since: Some(since),
        ..enrolment(actor, seed)
    };
    sign(&event.to_statement(), &[ADMIN])
}

/// The admin's acknowledgement that `entry` is at `index`.
pub(crate) fn acknowledge(index: u64, entry: &[u8], seeds: &[u8]) -> Vec<u8> {
    let event = Acknowledgement {
        log: ORIGIN.into(),
        entries: vec![(index, leaf_hash(entry))],
        reason: "imported by mistake".into(),
    };
    sign(&event.to_statement(), seeds)
}

/// A key of the log itself.
pub(crate) fn log_key(seed: u8) -> SignerKey {
    let name = KeyName::parse(ORIGIN).unwrap();
    SignerKey::new(name, SignatureType::Ed25519, secret(seed))
}

/// The rotation of the log's key from seed 11 to seed 12 at this size.
pub(crate) fn rotation(size: u64) -> LogKeyEvent {
    LogKeyEvent {
        log: ORIGIN.into(),
        genesis: leaf_hash(&genesis()),
        size,
        old: log_key(11).verifier().clone(),
        new: log_key(12).verifier().clone(),
        reason: "a new machine".into(),
    }
}

/// A rotation that these admins or actors sign, and these keys of the log.
pub(crate) fn rotate(size: u64, seeds: &[u8], logs: &[u8]) -> Vec<u8> {
    let entry = sign(&rotation(size).to_statement(), seeds);
    let envelope = Envelope::parse(&entry).unwrap();
    let sign = |envelope, seed: &u8| sign_with_log_key(envelope, &log_key(*seed)).unwrap();
    logs.iter().fold(envelope, sign).encode()
}

pub(crate) fn subject(name: &str) -> Subject {
    Subject::new(name, &sha256(name.as_bytes()))
}

/// An event with everything that its action asks for, and an id from `number`.
pub(crate) fn access(action: Action, actor: &str, number: u32) -> AccessEvent {
    let party = |custodian: &str| Party {
        custodian: custodian.into(),
        location: None,
    };
    AccessEvent {
        log: ORIGIN.into(),
        event_id: format!("019a8c3e-7d1b-7f0e-9b7a-{number:012x}"),
        action,
        outcome: Outcome::Success,
        occurred_at: "2026-11-22T15:04:05Z".into(),
        actor: Actor {
            id: actor.into(),
            kind: ActorType::Workload,
            roles: Vec::new(),
            on_behalf_of: None,
        },
        context: Context::default(),
        reason: action.needs_reason().then(|| Reason {
            code: "release".into(),
            text: Some("Promote to prod".into()),
            ticket: None,
        }),
        transfer: action.needs_transfer().then(|| Transfer {
            from: party("team:ml-staging"),
            to: party("team:ml-prod"),
        }),
        policy: None,
        references: Vec::new(),
        exception: None,
        acts_on: action
            .answers()
            .is_some()
            .then(|| Hash::from_bytes([7; 32])),
        new_name: false,
        files: Vec::new(),
        file_list: None,
    }
}

pub(crate) fn read(actor: &str, number: u32, seeds: &[u8]) -> Vec<u8> {
    let event = access(Action::Read, actor, number);
    sign(&event.to_statement(&[subject("resnet50@2.1")]), seeds)
}

/// A registration that is the first of its name.
pub(crate) fn register(name: &str, contents: &[&str], number: u32, seeds: &[u8]) -> Vec<u8> {
    registration(name, contents, number, seeds, true)
}

/// A registration of a name that was registered before, or of one without a version.
pub(crate) fn register_again(name: &str, contents: &[&str], number: u32, seeds: &[u8]) -> Vec<u8> {
    registration(name, contents, number, seeds, false)
}

fn registration(
    name: &str,
    contents: &[&str],
    number: u32,
    seeds: &[u8],
    new_name: bool,
) -> Vec<u8> {
    let subjects: Vec<Subject> = contents
        .iter()
        .map(|text| Subject::new(name, &sha256(text.as_bytes())))
        .collect();
    let event = AccessEvent {
        new_name,
        ..access(Action::Register, "ci@example.org", number)
    };
    sign(&event.to_statement(&subjects), seeds)
}
