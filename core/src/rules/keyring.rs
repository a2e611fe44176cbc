//! The keys of a log at each position, and the actors for whom they sign (docs/formats/valid-signature.md).
//!
//! A key is valid for the entry at index *i* if it was enrolled before *i* and not revoked before *i*. Neither the time
//! in the event nor the current holder of the key matters. A later key event may withdraw such an event: its verdict is
//! then *compromised*, and says from which index on.

use crate::crypto::ed25519::PublicKey;
use crate::event::event::{Event, ParsedEntry};
use crate::event::genesis::{Genesis, GenesisError};
use crate::event::key_event::{KeyEvent, KeyOp};
use crate::event::spki::Spki;
use crate::merkle::hash::{Hash, sha256};
use crate::rules::key_effect::{KeyEffect, NoEffect};
use crate::rules::signature_status::{SignatureClaim, SignatureStatus, weightiest};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// The keys of one log at some position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyring {
    genesis: Genesis,
    /// Leaf hash of entry 0.
    genesis_leaf: Hash,
    admins: BTreeMap<String, Spki>,
    keys: BTreeMap<String, EnrolledKey>,
    /// Payloads of key events that enough admins signed, with their first index: a copy has no effect.
    seen: BTreeMap<Hash, u64>,
}

/// An enrolled key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledKey {
    /// The key.
    pub spki: Spki,
    /// The actor for whom it signs.
    pub actor: String,
    /// Index of its enrolment.
    pub enrolled_at: u64,
    /// Leaf hash of its enrolment, which a revocation must name.
    pub enrolment: Hash,
    /// Its revocation, which is final.
    pub revoked: Option<Revocation>,
}

/// The revocation of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Index of the revocation; the key is invalid from the next entry on.
    pub at: u64,
    /// The reason, for people.
    pub reason: Option<String>,
    /// Leaf hash of the revocation or of its last amendment, which the next amendment must name.
    pub latest: Hash,
    /// Statements that the key was compromised, in log order; each names an earlier index than the one before.
    pub compromises: Vec<Compromise>,
}

/// The statement of a key event that a key was compromised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compromise {
    /// First index from which another actor may have used the key.
    pub since: u64,
    /// Index of the key event: what the key signed from `since` on counts for nothing after it.
    pub stated_at: u64,
}

impl Revocation {
    /// Returns the first index from which another actor may have used the key, if any is stated.
    #[must_use]
    pub fn compromised_since(&self) -> Option<u64> {
        self.compromises.last().map(|compromise| compromise.since)
    }

    /// Returns the statement that withdraws what the key signed at `index`.
    fn compromise_of(&self, index: u64) -> Option<Compromise> {
        let mut compromises = self.compromises.iter();
        compromises
            .find(|compromise| compromise.since <= index)
            .copied()
    }
}

impl Genesis {
    /// Verifies that entry 0 of the log with this origin is its genesis, signed by every admin that it names.
    ///
    /// Signatures by other keys are ignored. The caller must prove that the entry is at index 0.
    ///
    /// # Errors
    /// [`GenesisError`]
    pub fn verify(origin: &str, entry: &ParsedEntry) -> Result<Self, GenesisError> {
        let Event::Genesis(genesis) = &entry.event else {
            return Err(GenesisError::NotGenesis);
        };
        if genesis.log != origin {
            return Err(GenesisError::OtherLog {
                claimed: genesis.log.clone(),
                expected: origin.into(),
            });
        }
        let pae = entry.envelope.pae();
        for admin in &genesis.admins {
            let keyid = admin.key_id();
            let signatures = entry.envelope.signatures();
            let Some(signature) = signatures.iter().find(|signature| signature.keyid == keyid)
            else {
                return Err(GenesisError::Unsigned { keyid });
            };
            if admin.public_key().verify(&pae, &signature.sig).is_err() {
                return Err(GenesisError::BadSignature { keyid });
            }
        }
        Ok(genesis.clone())
    }
}

impl Keyring {
    /// Starts from entry 0, which must be the genesis of the log with this origin.
    ///
    /// # Errors
    /// [`GenesisError`]
    pub fn from_genesis(origin: &str, entry: &ParsedEntry) -> Result<Self, GenesisError> {
        let genesis = Genesis::verify(origin, entry)?;
        let mut admins = BTreeMap::new();
        admins.extend(genesis.admins.iter().map(|key| (key.key_id(), *key)));
        Ok(Self {
            admins,
            genesis,
            genesis_leaf: entry.leaf_hash(),
            keys: BTreeMap::new(),
            seen: BTreeMap::new(),
        })
    }

    /// Returns the origin of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.genesis.log
    }

    /// Returns the admins and their threshold.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Returns the leaf hash of entry 0.
    #[must_use]
    pub const fn genesis_leaf(&self) -> Hash {
        self.genesis_leaf
    }

    /// Returns every key that was ever enrolled, by keyid.
    #[must_use]
    pub const fn keys(&self) -> &BTreeMap<String, EnrolledKey> {
        &self.keys
    }

    /// Tells whether a key is stated to have been compromised.
    pub(crate) fn has_compromised_keys(&self) -> bool {
        let mut revoked = self.keys.values().filter_map(|key| key.revoked.as_ref());
        revoked.any(|revoked| revoked.compromised_since().is_some())
    }

    /// Tells whether this key is stated to have been compromised.
    pub(crate) fn is_compromised(&self, keyid: &str) -> bool {
        let revoked = self.keys.get(keyid).and_then(|key| key.revoked.as_ref());
        revoked.is_some_and(|revoked| revoked.compromised_since().is_some())
    }

    /// Computes the digest of all keys, to which the genesis of a successor commits: the SHA-256 of a line `KEYID ACTOR
    /// ENROLLED-AT REVOKED-AT` for each, in the order of the keyids, with `-` for a key that is not revoked.
    #[must_use]
    pub fn digest(&self) -> Hash {
        let mut text = String::new();
        for (keyid, key) in &self.keys {
            let revoked = key
                .revoked
                .as_ref()
                .map_or_else(|| "-".into(), |revocation| revocation.at.to_string());
            text.push_str(keyid);
            for word in [&key.actor, &key.enrolled_at.to_string(), &revoked] {
                text.push(' ');
                text.push_str(word);
            }
            text.push('\n');
        }
        sha256(text.as_bytes())
    }

    /// Returns the effect that the entry would have at `index`, as the next one.
    #[must_use]
    pub fn effect(&self, index: u64, entry: &ParsedEntry) -> KeyEffect {
        match key_event(entry).and_then(|event| {
            self.check_signed(event, entry)?;
            self.check_effect(index, event, &entry.envelope.payload_digest())
        }) {
            Ok(effect) => effect,
            Err(reason) => KeyEffect::None(reason),
        }
    }

    /// Applies the entry at `index`. Entries must come in log order; only key events have an effect.
    pub fn apply(&mut self, index: u64, entry: &ParsedEntry) -> KeyEffect {
        match key_event(entry).and_then(|event| self.apply_event(index, event, entry)) {
            Ok(effect) => effect,
            Err(reason) => KeyEffect::None(reason),
        }
    }

    fn apply_event(
        &mut self,
        index: u64,
        event: &KeyEvent,
        entry: &ParsedEntry,
    ) -> Result<KeyEffect, NoEffect> {
        self.check_signed(event, entry)?;
        let digest = entry.envelope.payload_digest();
        let effect = self.check_effect(index, event, &digest);
        // An event of the admins counts at its first position only, even if it has no effect there.
        self.seen.entry(digest).or_insert(index);
        let effect = effect?;
        let keyid = event.spki.key_id();
        if effect == KeyEffect::Enrolled {
            let key = EnrolledKey {
                spki: event.spki,
                actor: event.actor.clone(),
                enrolled_at: index,
                enrolment: entry.leaf_hash(),
                revoked: None,
            };
            self.keys.insert(keyid, key);
        } else if let Some(key) = self.keys.get_mut(&keyid) {
            let revocation = key.revoked.get_or_insert_with(|| Revocation {
                at: index,
                reason: event.reason.clone(),
                latest: entry.leaf_hash(),
                compromises: Vec::new(),
            });
            revocation.latest = entry.leaf_hash();
            // An index beyond the log's end names no event; the revocation takes effect without it.
            let since = event.compromised_since.filter(|since| *since < index);
            revocation.compromises.extend(since.map(|since| Compromise {
                since,
                stated_at: index,
            }));
        }
        Ok(effect)
    }

    /// Checks that enough admins signed the event, for this log.
    fn check_signed(&self, event: &KeyEvent, entry: &ParsedEntry) -> Result<(), NoEffect> {
        if event.log != self.genesis.log {
            return Err(NoEffect::OtherLog {
                claimed: event.log.clone(),
            });
        }
        let signed = self
            .count_admins(entry)
            .map_err(|keyid| NoEffect::BadSignature { keyid })?;
        let threshold = self.genesis.threshold;
        if signed < threshold {
            return Err(NoEffect::NotByAdmins { signed, threshold });
        }
        Ok(())
    }

    /// Returns the effect of a signed event on the key that it names.
    fn check_effect(
        &self,
        index: u64,
        event: &KeyEvent,
        digest: &Hash,
    ) -> Result<KeyEffect, NoEffect> {
        if let Some(&first) = self.seen.get(digest) {
            return Err(NoEffect::Replayed { first });
        }
        let keyid = event.spki.key_id();
        let enrolled = self.keys.get(&keyid);
        match (event.op, enrolled) {
            (KeyOp::Enrol, _) if self.admins.contains_key(&keyid) => Err(NoEffect::AdminKey),
            (KeyOp::Enrol, None) => Ok(KeyEffect::Enrolled),
            (KeyOp::Enrol, Some(key)) => Err(match &key.revoked {
                Some(revoked) => NoEffect::AlreadyRevoked { at: revoked.at },
                None => NoEffect::AlreadyEnrolled {
                    at: key.enrolled_at,
                },
            }),
            (_, None) => Err(NoEffect::NotEnrolled),
            (KeyOp::Revoke, Some(key)) => check_revocation(key, event),
            (KeyOp::Amend, Some(key)) => check_amendment(index, key, event),
        }
    }

    /// Tells whether enough admins signed an event of an actor beside the actor.
    pub(crate) fn is_countersigned(&self, entry: &ParsedEntry) -> bool {
        let mut signatures = entry.envelope.signatures().iter();
        signatures.any(|signature| self.admins.contains_key(&signature.keyid))
            && (self.count_admins(entry)).is_ok_and(|signed| signed >= self.genesis.threshold)
    }

    /// Tells whether the key is an admin's.
    pub(crate) fn is_admin(&self, keyid: &str) -> bool {
        self.admins.contains_key(keyid)
    }

    /// Counts the admins who signed; a false signature of an admin is an error that names the key.
    pub(crate) fn count_admins(&self, entry: &ParsedEntry) -> Result<usize, String> {
        let pae = entry.envelope.pae();
        let mut signed = 0;
        for signature in entry.envelope.signatures() {
            if let Some(admin) = self.admins.get(&signature.keyid) {
                if admin.public_key().verify(&pae, &signature.sig).is_err() {
                    return Err(signature.keyid.clone());
                }
                signed += 1;
            }
        }
        Ok(signed)
    }

    /// Judges the signatures of the entry at `index` by the keys valid there.
    ///
    /// The keyring may be of a later position, and then knows the keys that were stated to be compromised since. Keys that
    /// were enrolled later are unknown here, as they were then.
    #[must_use]
    pub fn judge(&self, index: u64, entry: &ParsedEntry) -> SignatureStatus {
        let by_admins = match &entry.event {
            Event::Genesis(genesis) => Some((index == 0, genesis.admins.len())),
            Event::Key(_) | Event::Acknowledgement(_) => Some((true, self.genesis.threshold)),
            Event::LogKey(event) => {
                let status = self.judge_rotation(event, entry);
                return status.or_other_log(self.other_log(entry));
            }
            Event::Access(_) | Event::Other(_) => None,
        };
        let status = match by_admins {
            Some((counts, needed)) => self.judge_admins(entry, counts, needed),
            None => self.judge_actors(index, entry),
        };
        status.or_other_log(self.other_log(entry))
    }

    /// Returns the log that the entry is signed for, if it is not this one; empty if the entry names none.
    pub(crate) fn other_log(&self, entry: &ParsedEntry) -> Option<String> {
        let log = entry.event.log();
        (log != Some(self.origin())).then(|| log.unwrap_or_default().to_string())
    }

    pub(crate) fn judge_admins(
        &self,
        entry: &ParsedEntry,
        counts: bool,
        needed: usize,
    ) -> SignatureStatus {
        let first = entry.envelope.signatures().iter();
        let admin = first
            .map(|signature| &signature.keyid)
            .find(|keyid| self.admins.contains_key(*keyid));
        let keyid = admin
            .map_or_else(|| entry.keyid(), String::as_str)
            .to_string();
        match self.count_admins(entry) {
            Err(keyid) => SignatureStatus::Bad { keyid },
            Ok(signed) if counts && signed >= needed => {
                SignatureStatus::Valid { keyid, actor: None }
            }
            Ok(_) if keyid.is_empty() => SignatureStatus::Unsigned,
            Ok(_) => SignatureStatus::UnknownKey { keyid },
        }
    }

    fn judge_actors(&self, index: u64, entry: &ParsedEntry) -> SignatureStatus {
        let pae = entry.envelope.pae();
        let signatures = entry.envelope.signatures().iter();
        let statuses = self
            .claims(index, entry)
            .zip(signatures)
            .map(|(claim, signature)| {
                let holds = |key: &PublicKey| key.verify(&pae, &signature.sig).is_ok();
                let is_bad = claim.key.is_some_and(|key| !holds(&key));
                claim.resolve(is_bad)
            });
        weightiest(statuses)
    }

    /// As [`judge`](Self::judge), for an event that actors sign and whose signatures are verified already: `verdicts`
    /// has `true` for each signature that is good by the key of its [claim](Self::claims). A missing verdict counts as
    /// false.
    pub(crate) fn judge_verified(
        &self,
        index: u64,
        entry: &ParsedEntry,
        verdicts: &[bool],
    ) -> SignatureStatus {
        let claims = self.claims(index, entry).enumerate();
        let statuses = claims.map(|(position, claim)| {
            let is_good = verdicts.get(position) == Some(&true);
            let is_bad = claim.key.is_some() && !is_good;
            claim.resolve(is_bad)
        });
        weightiest(statuses).or_other_log(self.other_log(entry))
    }

    /// Returns the claim of each signature of an event that actors sign.
    pub(crate) fn claims(
        &self,
        index: u64,
        entry: &ParsedEntry,
    ) -> impl Iterator<Item = SignatureClaim> {
        let claimed = entry.access().map(|access| access.actor.id.as_str());
        let signatures = entry.envelope.signatures().iter();
        signatures.map(move |signature| SignatureClaim {
            status: self.key_validity_at(index, &signature.keyid, claimed),
            key: self
                .keys
                .get(&signature.keyid)
                .filter(|key| key.enrolled_at < index)
                .map(|key| *key.spki.public_key()),
        })
    }

    /// Tells whether the access event is valid if its signatures are good; does not verify them.
    pub(crate) fn claims_to_be_valid(&self, index: u64, entry: &ParsedEntry) -> bool {
        let claimed = entry.access().map(|access| access.actor.id.as_str());
        entry.event.log() == Some(self.origin())
            && entry.envelope.signatures().iter().any(|signature| {
                let claim = self.key_validity_at(index, &signature.keyid, claimed);
                claim.is_valid()
            })
    }

    /// Returns whether a key is an admin's, who alone signs key events. The caller has verified the signature.
    pub(crate) fn admin_validity(&self, keyid: &str) -> SignatureStatus {
        let keyid = keyid.to_string();
        if self.admins.contains_key(&keyid) {
            SignatureStatus::Valid { keyid, actor: None }
        } else {
            SignatureStatus::UnknownKey { keyid }
        }
    }

    /// Returns whether a key is valid at `index`: enrolled before it, not revoked before it, and of the actor that the event
    /// names. The caller has verified the signature.
    pub(crate) fn key_validity_at(
        &self,
        index: u64,
        keyid: &str,
        claimed: Option<&str>,
    ) -> SignatureStatus {
        let keyid = keyid.to_string();
        let enrolled = self.keys.get(&keyid).filter(|key| key.enrolled_at < index);
        let Some(key) = enrolled else {
            return SignatureStatus::UnknownKey { keyid };
        };
        let revoked = key.revoked.as_ref();
        if let Some(revoked) = revoked.filter(|revoked| revoked.at < index) {
            let at = revoked.at;
            return SignatureStatus::Revoked { keyid, at };
        }
        if let Some(claimed) = claimed.filter(|claimed| *claimed != key.actor) {
            return SignatureStatus::ActorMismatch {
                keyid,
                enrolled: key.actor.clone(),
                claimed: claimed.to_string(),
            };
        }
        let compromise = revoked.and_then(|revoked| revoked.compromise_of(index));
        match compromise {
            Some(compromise) => SignatureStatus::Compromised {
                keyid,
                actor: key.actor.clone(),
                since: compromise.since,
                withdrawn_at: compromise.stated_at,
            },
            None => SignatureStatus::Valid {
                keyid,
                actor: Some(key.actor.clone()),
            },
        }
    }
}

fn check_revocation(key: &EnrolledKey, event: &KeyEvent) -> Result<KeyEffect, NoEffect> {
    match &key.revoked {
        Some(revoked) => Err(NoEffect::AlreadyRevoked { at: revoked.at }),
        None if key.actor != event.actor => Err(NoEffect::OtherActor {
            enrolled: key.actor.clone(),
        }),
        None if event.acts_on != Some(key.enrolment) => Err(NoEffect::OtherEnrolment {
            current: key.enrolment,
        }),
        None => Ok(KeyEffect::Revoked),
    }
}

/// Checks an amendment at `index`: it lowers the index from which a revoked key counts as compromised.
fn check_amendment(index: u64, key: &EnrolledKey, event: &KeyEvent) -> Result<KeyEffect, NoEffect> {
    let Some(revoked) = &key.revoked else {
        return Err(NoEffect::NotRevoked);
    };
    if key.actor != event.actor {
        return Err(NoEffect::OtherActor {
            enrolled: key.actor.clone(),
        });
    }
    if event.acts_on != Some(revoked.latest) {
        return Err(NoEffect::OtherRevocation {
            current: revoked.latest,
        });
    }
    let since = event.compromised_since.unwrap_or(u64::MAX);
    match revoked.compromised_since() {
        _ if since >= index => Err(NoEffect::SinceBeyondEnd { since, size: index }),
        Some(current) if since >= current => Err(NoEffect::NotLowered { current }),
        _ => Ok(KeyEffect::Amended),
    }
}

fn key_event(entry: &ParsedEntry) -> Result<&KeyEvent, NoEffect> {
    match &entry.event {
        Event::Key(event) => Ok(event),
        _ => Err(NoEffect::NotAKeyEvent),
    }
}
