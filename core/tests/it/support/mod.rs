//! A whole log in memory, made as a writer makes it, for tests of the queries.

use std::collections::BTreeMap;

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{
    self, AccessEvent, Action, Actor, ActorType, Context, Envelope, Genesis, KeyEvent, KeyOp,
    Outcome, Reason, Spki, Subject,
};
use glasslog_core::fetch::Query;
use glasslog_core::merkle::{Hash, leaf_hash, sha256};
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{Checkpoint, KeyName, Origin, SignatureType, SignerKey};
use glasslog_core::report::{Outcome as Claim, Report};
use glasslog_core::tiles::Edge;
use glasslog_core::verify::{Asked, Options, verify_bundle};

pub(crate) const ORIGIN: &str = "models.example.com/access";
/// Time of the cosignatures on the last checkpoint.
pub(crate) const TIME: u64 = 1_795_467_600;

pub(crate) fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

pub(crate) fn note_key(name: &str, kind: SignatureType, seed: u8) -> SignerKey {
    SignerKey::new(KeyName::parse(name).unwrap(), kind, secret(seed))
}

/// Seeds of the keys in use.
pub(crate) const LOG: u8 = 1;
pub(crate) const ADMIN: u8 = 2;
pub(crate) const WITNESS_A: u8 = 3;
pub(crate) const WITNESS_B: u8 = 4;
pub(crate) const ALICE: u8 = 10;
pub(crate) const BOB: u8 = 11;
pub(crate) const MALLORY: u8 = 12;

pub(crate) struct TestLog {
    pub(crate) edge: Edge,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) entries: Vec<Vec<u8>>,
    published: u64,
}

impl TestLog {
    /// A log with a genesis in which Alice's and Bob's keys are enrolled.
    pub(crate) fn new() -> Self {
        let mut log = Self::raw();
        let genesis = Genesis {
            log: ORIGIN.into(),
            admins: vec![Spki::new(secret(ADMIN).public())],
            threshold: 1,
            succeeds: None,
        };
        let payload = event::encode(&genesis.to_statement()).unwrap();
        log.add(&sign(payload, ADMIN));
        log.enrol("alice@example.com", ALICE);
        log.enrol("bob@example.com", BOB);
        log
    }

    /// A log that holds anything.
    pub(crate) fn raw() -> Self {
        Self {
            edge: Edge::new(),
            files: BTreeMap::new(),
            entries: Vec::new(),
            published: 0,
        }
    }

    /// Appends any entry, and returns its index.
    pub(crate) fn add(&mut self, entry: &[u8]) -> u64 {
        let files = &mut self.files;
        self.edge
            .append(entry, |file| {
                files.insert(file.path, file.bytes);
            })
            .unwrap();
        self.entries.push(entry.to_vec());
        self.edge.size() - 1
    }

    pub(crate) fn enrol(&mut self, actor: &str, key: u8) -> u64 {
        self.add(&key_event(actor, key, KeyOp::Enrol, None, None))
    }

    pub(crate) fn revoke(
        &mut self,
        actor: &str,
        key: u8,
        enrolled_at: u64,
        compromised_since: Option<u64>,
    ) -> u64 {
        let enrolment = leaf_hash(&self.entries[enrolled_at as usize]);
        self.add(&key_event(
            actor,
            key,
            KeyOp::Revoke,
            Some(enrolment),
            compromised_since,
        ))
    }

    /// States that a key was compromised since an index; `latest` is its revocation or last amendment.
    pub(crate) fn amend(&mut self, actor: &str, key: u8, latest: u64, since: u64) -> u64 {
        let latest = leaf_hash(&self.entries[latest as usize]);
        self.add(&key_event(
            actor,
            key,
            KeyOp::Amend,
            Some(latest),
            Some(since),
        ))
    }

    /// Alice reads `name`, whose content is the name itself.
    pub(crate) fn read(&mut self, name: &str) -> u64 {
        let payload = access_payload(Action::Read, "alice@example.com", &[(name, name)]);
        let payload = String::from_utf8(payload).unwrap();
        // Its own event id, so that no two entries are equal.
        let id = format!("{:012x}", self.edge.size());
        self.add(&sign(
            payload.replace("2f6f0c1d9e55", &id).into_bytes(),
            ALICE,
        ))
    }

    /// Publishes what was added, cosigned by witnesses at [`TIME`].
    pub(crate) fn publish(&mut self, witnesses: &[u8]) -> Vec<u8> {
        self.publish_at(
            &witnesses
                .iter()
                .map(|witness| (*witness, TIME))
                .collect::<Vec<_>>(),
        )
    }

    pub(crate) fn publish_at(&mut self, witnesses: &[(u8, u64)]) -> Vec<u8> {
        for file in self.edge.partials(self.published) {
            self.files.insert(file.path, file.bytes);
        }
        self.published = self.edge.size();
        let key = note_key(ORIGIN, SignatureType::Ed25519, LOG);
        let mut checkpoint =
            Checkpoint::sign(&Origin::parse(ORIGIN).unwrap(), self.edge.head(), &key).unwrap();
        for (seed, time) in witnesses {
            let cosignature = cosign(&checkpoint, &witness(*seed), *time).unwrap();
            checkpoint = checkpoint.with_signature(cosignature).unwrap();
        }
        self.files.insert("checkpoint".into(), checkpoint.encode());
        checkpoint.encode()
    }

    /// Flips one bit in the middle of a file.
    pub(crate) fn damage(&mut self, path: &str) {
        let bytes = self
            .files
            .get_mut(path)
            .unwrap_or_else(|| panic!("no file {path}"));
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    }

    /// Feeds a query until it wants no more files.
    pub(crate) fn run<Q: Query>(&self, mut query: Q) -> Report {
        for _ in 0..100_000 {
            let needs = query.needs();
            if needs.is_empty() {
                return query
                    .report()
                    .expect("a query that needs nothing has a verdict")
                    .clone();
            }
            for path in needs {
                query.supply(&path, self.files.get(&path).cloned());
            }
        }
        panic!("the query never ends");
    }
}

pub(crate) fn witness(seed: u8) -> SignerKey {
    note_key(
        &format!("witness{seed}.example.com"),
        SignatureType::CosignatureV1,
        seed,
    )
}

/// A policy that requires no witness.
pub(crate) fn policy() -> Vec<u8> {
    format!(
        "log {}\nquorum none\n",
        note_key(ORIGIN, SignatureType::Ed25519, LOG).verifier()
    )
    .into_bytes()
}

/// A policy that requires both witnesses.
pub(crate) fn witnessed() -> Vec<u8> {
    format!(
        "log {}\nwitness a {}\nwitness b {}\ngroup both all a b\nquorum both\n",
        note_key(ORIGIN, SignatureType::Ed25519, LOG).verifier(),
        witness(WITNESS_A).verifier(),
        witness(WITNESS_B).verifier(),
    )
    .into_bytes()
}

pub(crate) fn options() -> Options {
    Options {
        now: TIME + 60,
        require: None,
        max_checkpoint_age: None,
        full_scan: false,
        accept_index: false,
        state: false,
    }
}

pub(crate) fn sign(payload: Vec<u8>, key: u8) -> Vec<u8> {
    Envelope::sign(payload, &[&secret(key)]).unwrap().encode()
}

pub(crate) fn key_event(
    actor: &str,
    key: u8,
    op: KeyOp,
    acts_on: Option<Hash>,
    compromised_since: Option<u64>,
) -> Vec<u8> {
    let reason = (op != KeyOp::Enrol).then(|| "laptop lost".to_string());
    let event = KeyEvent {
        log: ORIGIN.into(),
        op,
        actor: actor.into(),
        spki: Spki::new(secret(key).public()),
        reason,
        acts_on,
        compromised_since,
    };
    sign(event::encode(&event.to_statement()).unwrap(), ADMIN)
}

pub(crate) fn access_payload(action: Action, actor: &str, subjects: &[(&str, &str)]) -> Vec<u8> {
    let event = access_event(action, actor);
    let subjects: Vec<Subject> = subjects
        .iter()
        .map(|(name, content)| Subject::new(name, &sha256(content.as_bytes())))
        .collect();
    event.to_payload(&subjects).unwrap()
}

/// An access with a reason, and without the members that only some actions have.
pub(crate) fn access_event(action: Action, actor: &str) -> AccessEvent {
    AccessEvent {
        log: ORIGIN.into(),
        event_id: "019a8c3e-7d1b-7f0e-9b7a-2f6f0c1d9e55".into(),
        action,
        outcome: Outcome::Success,
        occurred_at: "2026-11-22T15:04:05Z".into(),
        actor: Actor {
            id: actor.into(),
            kind: ActorType::Workload,
            roles: vec![],
            on_behalf_of: None,
        },
        context: Context {
            environment: None,
            region: None,
            pipeline: None,
        },
        reason: Some(Reason {
            code: "test".into(),
            text: Some("a reason".into()),
            ticket: None,
        }),
        transfer: None,
        policy: None,
        references: Vec::new(),
        exception: None,
        acts_on: None,
        new_name: false,
        files: Vec::new(),
        file_list: None,
    }
}

/// The payload of a registration with or without `newName`.
pub(crate) fn state_new_name(payload: &str, new: bool) -> String {
    let without = payload.replace(",\"newName\":true", "");
    if new {
        let end = without.strip_suffix("}}").unwrap();
        format!("{end},\"newName\":true}}}}")
    } else {
        without
    }
}

/// An access to subjects of the form (name, content).
pub(crate) fn access(action: Action, actor: &str, key: u8, subjects: &[(&str, &str)]) -> Vec<u8> {
    sign(access_payload(action, actor, subjects), key)
}

/// Code and outcome of each check that did not pass.
pub(crate) fn troubles(report: &Report) -> Vec<(&'static str, Claim)> {
    let bad = report
        .checks
        .iter()
        .filter(|check| check.outcome != Claim::Pass);
    bad.map(|check| (check.code.as_str(), check.outcome))
        .collect()
}

/// Verifies a bundle by the question that it names.
pub(crate) fn replay(bundle: &[u8], policy: &[u8], options: Options) -> Report {
    verify_bundle(bundle, policy, options, Asked::default()).unwrap()
}

/// The report of a bundle without the check of its question: that of the history.
pub(crate) fn without_question(report: &Report) -> String {
    let mut report = report.clone();
    let count = report.checks.len();
    report
        .checks
        .retain(|check| check.code.as_str() != "question");
    assert_eq!(report.checks.len() + 1, count);
    report.to_json()
}

pub(crate) fn indices(report: &Report) -> Vec<u64> {
    report
        .members
        .events
        .as_ref()
        .unwrap()
        .iter()
        .map(|event| event.index)
        .collect()
}

pub(crate) fn outcome(report: &Report, code: &str) -> Claim {
    report
        .checks
        .iter()
        .find(|check| check.code.as_str() == code)
        .unwrap_or_else(|| panic!("no check {code}"))
        .outcome
}

pub(crate) fn detail<'a>(report: &'a Report, code: &str) -> &'a str {
    &report
        .checks
        .iter()
        .find(|check| check.code.as_str() == code)
        .unwrap()
        .detail
}
