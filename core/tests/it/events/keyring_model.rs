//! The keyring against a model that knows no envelopes: for each position it asks the whole history before it, anew.

use super::fixture::*;
use glasslog_core::event::{self, Action, KeyEvent, KeyOp};
use glasslog_core::merkle::leaf_hash;
use glasslog_core::rules::{KeyEffect, Keyring};
use proptest::prelude::*;

const ADMINS: [u8; 3] = [10, 11, 12];
const ACTORS: [&str; 2] = ["a@example.org", "b@example.org"];

/// The signed content. Two equal contents are copies of one payload.
#[derive(Clone, Debug, PartialEq)]
enum Content {
    Key {
        op: KeyOp,
        key: u8,
        actor: usize,
        acts_on: Option<usize>,
        since: Option<u64>,
        home: bool,
        number: u8,
    },
    Access {
        actor: usize,
        home: bool,
        number: u8,
    },
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    content: Content,
    signers: Vec<u8>,
    false_ones: Vec<u8>,
}

/// Positions count from 1: the genesis is at 0.
struct Model<'a> {
    threshold: usize,
    log: &'a [Entry],
    /// Results for the entries so far, so each is computed once.
    effective: Vec<bool>,
}

impl<'a> Model<'a> {
    fn new(threshold: usize, log: &'a [Entry]) -> Self {
        let mut model = Self {
            threshold,
            log,
            effective: vec![false],
        };
        for index in 1..=log.len() {
            model.effective.push(model.is_effective(index));
        }
        model
    }

    fn effective(&self, index: usize) -> bool {
        self.effective[index]
    }

    fn at(&self, index: usize) -> &Entry {
        &self.log[index - 1]
    }

    fn signed_by_admins(&self, index: usize) -> bool {
        let entry = self.at(index);
        let admins = || entry.signers.iter().filter(|seed| ADMINS.contains(seed));
        admins().count() >= self.threshold && !admins().any(|seed| entry.false_ones.contains(seed))
    }

    /// Tells whether the key event at `index` has an effect: by the definition, from the entries before it alone.
    fn is_effective(&self, index: usize) -> bool {
        let content = &self.at(index).content;
        let Content::Key {
            op,
            key,
            actor,
            acts_on,
            since,
            home,
            ..
        } = content
        else {
            return false;
        };
        let fresh = (1..index).all(|j| self.at(j).content != *content || !self.signed_by_admins(j));
        if !home || !fresh || !self.signed_by_admins(index) {
            return false;
        }
        let Some(at) = self.enrolment(*key, index) else {
            return *op == KeyOp::Enrol && !ADMINS.contains(key);
        };
        let Content::Key { actor: bound, .. } = self.at(at).content else {
            return false;
        };
        let names = |event: usize| {
            bound == *actor
                && acts_on.is_some_and(|named| named >= 1 && self.at(named) == self.at(event))
        };
        let revoked = self.revocation(*key, index);
        match (op, revoked) {
            (KeyOp::Enrol, _) | (KeyOp::Revoke, Some(_)) | (KeyOp::Amend, None) => false,
            (KeyOp::Revoke, None) => names(at),
            (KeyOp::Amend, Some(revoked)) => {
                let latest = self.statements(*key, index).max().unwrap_or(revoked);
                let lowest = self.compromised_since(*key, index);
                let since = since.unwrap_or(u64::MAX);
                names(latest) && since < index as u64 && lowest.is_none_or(|lowest| since < lowest)
            }
        }
    }

    /// The revocation and amendments of a key that took effect.
    fn statements(&self, wanted: u8, before: usize) -> impl Iterator<Item = usize> {
        (1..before).filter(move |j| {
            matches!(self.at(*j).content, Content::Key { op, key, .. } if op != KeyOp::Enrol && key == wanted)
                && self.effective(*j)
        })
    }

    /// The lowest index that a statement names.
    fn compromised_since(&self, wanted: u8, before: usize) -> Option<u64> {
        self.statements(wanted, before)
            .filter_map(|j| match self.at(j).content {
                Content::Key { since, .. } => since.filter(|since| *since < j as u64),
                Content::Access { .. } => None,
            })
            .min()
    }

    fn effective_of(&self, wanted: u8, wanted_op: KeyOp, before: usize) -> Option<usize> {
        (1..before).find(|j| {
            matches!(self.at(*j).content, Content::Key { op, key, .. } if op == wanted_op && key == wanted)
                && self.effective(*j)
        })
    }

    fn enrolment(&self, key: u8, before: usize) -> Option<usize> {
        self.effective_of(key, KeyOp::Enrol, before)
    }

    fn revocation(&self, key: u8, before: usize) -> Option<usize> {
        self.effective_of(key, KeyOp::Revoke, before)
    }

    fn status(&self, index: usize) -> &'static str {
        let end = self.log.len() + 1;
        let entry = self.at(index);
        let (home, claimed) = match &entry.content {
            Content::Key { home, .. } => {
                return match () {
                    () if entry.false_ones.iter().any(|seed| ADMINS.contains(seed)) => "invalid",
                    () if !home => "other-log",
                    () if self.signed_by_admins(index) => "valid",
                    () if entry.signers.is_empty() => "none",
                    () => "unknown-key",
                };
            }
            Content::Access { home, actor, .. } => (*home, *actor),
        };
        let known = |key: &&u8| self.enrolment(**key, index).is_some();
        if entry.false_ones.iter().any(|key| known(&key)) {
            return "invalid";
        }
        if !home {
            return "other-log";
        }
        let one = |key: &u8| {
            let Some(at) = self.enrolment(*key, index) else {
                return "unknown-key";
            };
            if self.revocation(*key, index).is_some() {
                return "revoked-key";
            }
            let Content::Key { actor, .. } = self.at(at).content else {
                return "unknown-key";
            };
            if actor != claimed {
                return "actor-mismatch";
            }
            match self.compromised_since(*key, end) {
                Some(since) if since <= index as u64 => "compromised",
                _ => "valid",
            }
        };
        let found: Vec<&str> = entry.signers.iter().map(one).collect();
        [
            "valid",
            "compromised",
            "actor-mismatch",
            "revoked-key",
            "unknown-key",
        ]
        .into_iter()
        .find(|status| found.contains(status))
        .unwrap_or("none")
    }
}

/// The real bytes of the history.
fn encode(log: &[Entry]) -> Vec<Vec<u8>> {
    let mut encoded: Vec<Vec<u8>> = Vec::new();
    for entry in log {
        let origin = |home: bool| if home { ORIGIN } else { "other.example/log" };
        let payload = match &entry.content {
            Content::Key {
                op,
                key,
                actor,
                acts_on,
                since,
                home,
                number,
            } => {
                let ends = *op != KeyOp::Enrol;
                let acts_on = acts_on.and_then(|named| encoded.get(named.checked_sub(1)?));
                let event = KeyEvent {
                    log: origin(*home).into(),
                    op: *op,
                    actor: ACTORS[*actor].into(),
                    spki: spki(*key),
                    reason: Some(format!("because {number}")),
                    acts_on: ends.then(|| leaf_hash(acts_on.map_or(&[], Vec::as_slice))),
                    compromised_since: since.filter(|_| ends),
                };
                event::encode(&event.to_statement())
            }
            Content::Access {
                actor,
                home,
                number,
            } => {
                let mut event = access(Action::Read, ACTORS[*actor], u32::from(*number));
                event.log = origin(*home).into();
                event.to_payload(&[subject("resnet50@2.1")])
            }
        };
        encoded.push(falsify(
            &sign_bytes(&payload.unwrap(), &entry.signers),
            &entry.false_ones,
        ));
    }
    encoded
}

#[derive(Clone, Debug)]
enum Step {
    New(Entry),
    /// An enrolment by the admins.
    Enrol(u8, usize),
    /// A copy of the content of an earlier entry, signed anew.
    Copy(prop::sample::Index, Vec<u8>),
    /// A revocation of an earlier enrolment, mostly right.
    Revoke(prop::sample::Index, Vec<u8>, Option<u64>, u8),
    /// An amendment of the last revocation or amendment, mostly right.
    Amend(Vec<u8>, u64, u8),
    /// An access signed by the key of an earlier enrolment, as its actor.
    Use(prop::sample::Index, u8),
}

fn signers() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => Just(ADMINS.to_vec()),
        2 => prop::sample::subsequence(vec![10, 11, 12], 0..=3),
        4 => prop::sample::subsequence(vec![1, 2, 3, 10], 0..=2),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let key = prop::sample::select(vec![1u8, 2, 3, 10]);
    let home = prop::bool::weighted(0.9);
    let key_event = (
        prop_oneof![7 => Just(KeyOp::Enrol), 2 => Just(KeyOp::Revoke), 1 => Just(KeyOp::Amend)],
        key,
        0..2usize,
        prop::option::of(0..6usize),
        prop::option::of(0..12u64),
        home,
        0..3u8,
    )
        .prop_map(
            |(op, key, actor, acts_on, since, home, number)| Content::Key {
                op,
                key,
                actor,
                acts_on: acts_on.filter(|_| op != KeyOp::Enrol),
                since: match op {
                    KeyOp::Enrol => None,
                    KeyOp::Revoke => since,
                    KeyOp::Amend => since.or(Some(1)),
                },
                home,
                number,
            },
        );
    let access = (0..2usize, home, any::<u8>()).prop_map(|(actor, home, number)| Content::Access {
        actor,
        home,
        number,
    });
    let false_ones = prop_oneof![5 => Just(0usize), 1 => Just(1)];
    let new = (prop_oneof![key_event, access], signers(), false_ones).prop_map(
        |(content, signers, count)| {
            let false_ones = signers.iter().copied().take(count).collect();
            Step::New(Entry {
                content,
                signers,
                false_ones,
            })
        },
    );
    prop_oneof![
        5 => new,
        4 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, number)| Step::Use(at, number)),
        1 => (any::<prop::sample::Index>(), signers()).prop_map(|(at, signers)| Step::Copy(at, signers)),
        3 => (any::<prop::sample::Index>(), signers(), prop::option::of(0..12u64), 0..3u8)
            .prop_map(|(at, signers, since, number)| Step::Revoke(at, signers, since, number)),
        3 => (1..=3u8, 0..2usize).prop_map(|(key, actor)| Step::Enrol(key, actor)),
        4 => (signers(), 0..12u64, 0..3u8).prop_map(|(signers, since, number)| Step::Amend(signers, since, number)),
    ]
}

fn history(steps: Vec<Step>) -> Vec<Entry> {
    let mut log: Vec<Entry> = Vec::new();
    for step in steps {
        let entry = match step {
            Step::New(mut entry) => {
                if let Content::Key { acts_on, .. } = &mut entry.content {
                    *acts_on = acts_on.filter(|named| *named <= log.len());
                    if let Content::Key { op, acts_on, .. } = &mut entry.content
                        && *op != KeyOp::Enrol
                    {
                        acts_on.get_or_insert(0);
                    }
                }
                entry
            }
            Step::Enrol(key, actor) => Entry {
                content: Content::Key {
                    op: KeyOp::Enrol,
                    key,
                    actor,
                    acts_on: None,
                    since: None,
                    home: true,
                    number: 0,
                },
                signers: ADMINS.to_vec(),
                false_ones: Vec::new(),
            },
            Step::Copy(at, signers) if !log.is_empty() => {
                let content = at.get(&log).content.clone();
                Entry {
                    content,
                    signers,
                    false_ones: Vec::new(),
                }
            }
            Step::Revoke(at, signers, since, number) if !log.is_empty() => {
                let named = at.index(log.len()) + 1;
                let Content::Key { key, actor, .. } = log[named - 1].content else {
                    continue;
                };
                let content = Content::Key {
                    op: KeyOp::Revoke,
                    key,
                    actor,
                    acts_on: Some(named),
                    since,
                    home: true,
                    number,
                };
                Entry {
                    content,
                    signers,
                    false_ones: Vec::new(),
                }
            }
            Step::Amend(signers, since, number) => {
                let last = log.iter().rposition(
                    |entry| matches!(entry.content, Content::Key { op, .. } if op != KeyOp::Enrol),
                );
                let Some(Content::Key { key, actor, .. }) = last.map(|at| &log[at].content) else {
                    continue;
                };
                let content = Content::Key {
                    op: KeyOp::Amend,
                    key: *key,
                    actor: *actor,
                    acts_on: last.map(|at| at + 1),
                    since: Some(since),
                    home: true,
                    number,
                };
                Entry {
                    content,
                    signers,
                    false_ones: Vec::new(),
                }
            }
            Step::Use(at, number) if !log.is_empty() => {
                let Content::Key { key, actor, .. } = at.get(&log).content else {
                    continue;
                };
                Entry {
                    content: Content::Access {
                        actor,
                        home: true,
                        number,
                    },
                    signers: vec![key],
                    false_ones: Vec::new(),
                }
            }
            _ => continue,
        };
        log.push(entry);
    }
    log
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_keyring_is_the_model(threshold in 1..=3usize, steps in prop::collection::vec(step(), 1..16)) {
        let log = history(steps);
        let model = Model::new(threshold, &log);
        let genesis = sign(&genesis_event(&ADMINS, threshold).to_statement(), &ADMINS);
        let mut ring = Keyring::from_genesis(ORIGIN, &event::parse(&genesis).unwrap()).unwrap();
        let entries: Vec<_> = encode(&log).iter().map(|entry| event::parse(entry).unwrap()).collect();
        for (at, entry) in entries.iter().enumerate() {
            let index = at as u64 + 1;
            let foretold = ring.effect(index, entry);
            let effect = ring.apply(index, entry);
            prop_assert_eq!(&foretold, &effect);
            let changed = !matches!(effect, KeyEffect::None(_));
            prop_assert_eq!(changed, model.effective(at + 1), "effect at {}: {:?}", index, effect);
        }
        for (at, entry) in entries.iter().enumerate() {
            let status = ring.judge(at as u64 + 1, entry);
            prop_assert_eq!(status.as_str(), model.status(at + 1), "status at {}: {:?}", at + 1, status);
        }
    }
}

/// The model must see every kind of outcome, or it would prove little.
#[test]
fn random_histories_reach_every_outcome() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..1_500 {
        let steps = prop::collection::vec(step(), 1..16)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let log = history(steps);
        let model = Model::new(2, &log);
        for index in 1..=log.len() {
            seen.insert(model.status(index));
            if let Content::Key { op, .. } = log[index - 1].content {
                seen.insert(match (op, model.effective(index)) {
                    (KeyOp::Enrol, true) => "enrolled",
                    (KeyOp::Revoke, true) => "revoked",
                    (KeyOp::Amend, true) => "amended",
                    (_, false) => "no effect",
                });
            }
        }
    }
    let all = [
        "actor-mismatch",
        "amended",
        "compromised",
        "enrolled",
        "invalid",
        "no effect",
        "none",
        "other-log",
        "revoked",
        "revoked-key",
        "unknown-key",
        "valid",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
}
