//! Events as an access log has them: a few artifacts have most, many have few. The bytes are those of real events but
//! for the signature, which is one and the same: the index does not judge it.

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{Envelope, KeyKind, LookupKey};
use glasslog_core::merkle::sha256;
use glasslog_core::text::wire::base64_encode;
use glasslog_tests::fixture::genesis;

/// Events for each artifact, in the mean.
const EVENTS_EACH: u64 = 50;
const ACTORS: u64 = 300;
const SIGNERS: u64 = 60;
/// Whose key the genesis names; the log's own name.
const ADMIN: u8 = 5;
pub(crate) const ORIGIN: &str = "bench.example/events";

/// Numbers that only look random, the same in each run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Rank `r` (from 0) of `count` has a share that falls with its power: Zipf's law, by its integral.
#[derive(Clone, Copy)]
pub(crate) struct Skew {
    count: u64,
    power: f64,
}

impl Skew {
    fn integral(&self, to: f64) -> f64 {
        let rest = 1.0 - self.power;
        (to.powf(rest) - 1.0) / rest
    }

    pub(crate) fn draw(&self, dice: &mut Dice) -> u64 {
        let rest = 1.0 - self.power;
        let at = dice.roll() * self.integral(self.count as f64 + 1.0);
        let rank = (at * rest + 1.0).powf(1.0 / rest) - 1.0;
        (rank as u64).min(self.count - 1)
    }

    pub(crate) fn share(&self, rank: u64) -> f64 {
        let part = self.integral(rank as f64 + 2.0) - self.integral(rank as f64 + 1.0);
        part / self.integral(self.count as f64 + 1.0)
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

/// Actors and artifacts in a log of so many events.
pub(crate) struct Population {
    pub(crate) artifacts: Skew,
    pub(crate) actors: Skew,
    pub(crate) signers: Skew,
}

impl Population {
    pub(crate) fn of(events: u64) -> Self {
        let skew = |count, power| Skew { count, power };
        Self {
            artifacts: skew((events / EVENTS_EACH).max(10), 1.1),
            actors: skew(ACTORS, 0.99),
            signers: skew(SIGNERS, 0.99),
        }
    }
}

/// A name with its version: five versions a name.
pub(crate) fn artifact(rank: u64) -> String {
    let (name, version) = (rank / 5, rank % 5);
    format!("models/team-{}/net-{name}@{version}.0", name % 97)
}

fn digest(rank: u64) -> String {
    sha256(&rank.to_be_bytes()).to_hex()
}

/// The keys of an artifact that its events carry.
pub(crate) fn artifact_keys(rank: u64) -> [LookupKey; 2] {
    [
        LookupKey::new(KeyKind::Version, artifact(rank)),
        LookupKey::new(KeyKind::Digest, format!("sha256:{}", digest(rank))),
    ]
}

/// The key of all five versions of a name.
pub(crate) fn name_key(rank: u64) -> LookupKey {
    let name = artifact(rank);
    let base = name.rsplit_once('@').map_or("", |(base, _)| base);
    LookupKey::new(KeyKind::Name, base)
}

pub(crate) fn actor(rank: u64) -> String {
    format!("pipeline-{rank}@ci.example.org")
}

pub(crate) fn signer(rank: u64) -> String {
    format!(
        "sha256:{}",
        sha256(&(rank | 1 << 60).to_be_bytes()).to_hex()
    )
}

/// Makes the entries of a log.
pub(crate) struct Events {
    population: Population,
    dice: Dice,
    template: [String; 3],
    number: u64,
}

impl Events {
    pub(crate) fn of(events: u64) -> Self {
        let secret = SecretKey::from_seed(&[7; 32]);
        let envelope = Envelope::sign(b"{}".to_vec(), &[&secret]).expect("an envelope");
        let keyid = envelope.signatures()[0].keyid.clone();
        let text = String::from_utf8(envelope.encode()).expect("text");
        let (before, rest) = text.split_once(&base64_encode(b"{}")).expect("the payload");
        let (between, after) = rest.split_once(&keyid).expect("the key id");
        let made = Self {
            population: Population::of(events),
            dice: Dice(events),
            template: [before.into(), between.into(), after.into()],
            number: 0,
        };
        // The index would call an entry malformed that the log refuses, and the table would describe something else.
        let entry = made.event(0, 0, 0, 0);
        glasslog_core::event::parse(&entry).expect("an event");
        made
    }

    /// The entry of one event.
    fn event(&self, number: u64, artifact: u64, actor: u64, signer: u64) -> Vec<u8> {
        let (name, digest) = (self::artifact(artifact), digest(artifact));
        let (actor, signer) = (self::actor(actor), self::signer(signer));
        let payload = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"{name}","digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://glasslog.dev/artifact-access/v1","predicate":{{"log":"{ORIGIN}","eventId":"01930000-0000-7000-8000-{number:012x}","action":"read","outcome":"success","occurredAt":"2026-11-23T12:00:00Z","actor":{{"id":"{actor}","type":"workload"}},"context":{{"environment":"prod","pipeline":{{"name":"nightly"}}}},"reason":{{"code":"evaluation"}}}}}}"#
        );
        let [before, between, after] = &self.template;
        let payload = base64_encode(payload.as_bytes());
        format!("{before}{payload}{between}{signer}{after}").into_bytes()
    }
}

impl Iterator for Events {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.number == 0 {
            self.number = 1;
            return Some(genesis(ORIGIN, ADMIN));
        }
        let artifact = self.population.artifacts.draw(&mut self.dice);
        let actor = self.population.actors.draw(&mut self.dice);
        let signer = self.population.signers.draw(&mut self.dice);
        let number = self.number;
        self.number += 1;
        Some(self.event(number, artifact, actor, signer))
    }
}
