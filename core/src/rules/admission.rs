//! Admission: the decision of a log about an entry at its next index (docs/formats/events.md, "Admission").
//!
//! An ordered list of checks of the entry against the state of the log, cheapest and gravest first; the first that
//! fails names the refusal. Admission is pure: the log asks [`Admission::check`], gives the entry an index, and reports
//! it to [`Admission::apply`]. Bytes that were admitted before are not refused here; the log finds them by leaf hash.

use crate::crypto::ed25519_batch::{Batch, Seed};
use crate::event::event::{self, Event, ParsedEntry};
use crate::event::genesis::GenesisError;
use crate::event::log_key::log_key_id;
use crate::merkle::hash::Hash;
use crate::note::key::VerifierKey;
use crate::rules::key_effect::{KeyEffect, NoEffect};
use crate::rules::keyring::Keyring;
use crate::rules::memory::{InMemory, Memory};
use crate::rules::refusal::{KnownAs, Refusal};
use crate::rules::registration::{self, RegisterConflict, Registrations};
use crate::rules::signature_status::SignatureStatus;
use crate::text::limits::MAX_ENTRY;
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

/// An entry that a log may take at the index that it was checked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    entry: ParsedEntry,
    leaf_hash: Hash,
    payload_digest: Hash,
}

impl Admitted {
    /// Returns the entry.
    #[must_use]
    pub const fn entry(&self) -> &ParsedEntry {
        &self.entry
    }

    /// Returns the leaf hash; equal envelopes have one leaf hash and one index.
    #[must_use]
    pub const fn leaf_hash(&self) -> &Hash {
        &self.leaf_hash
    }

    /// Returns the payload digest, which is equal for all copies of one signed payload, by any signer.
    #[must_use]
    pub const fn payload_digest(&self) -> &Hash {
        &self.payload_digest
    }
}

/// The state of a log that decides about its next entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission<M = InMemory> {
    origin: String,
    size: u64,
    /// Absent before the genesis.
    keyring: Option<Keyring>,
    /// The key to which the last rotation changed; `None` in a log that still has its first key.
    log_key: Option<VerifierKey>,
    memory: M,
}

/// A check of an entry; the last argument has the verdicts on its signatures, if they are verified already.
type Check<M> = fn(&Admission<M>, &ParsedEntry, Option<&[bool]>) -> Result<(), Refusal>;

/// The checks of an entry that parses, in order; the registration of names comes after them.
const fn checks<M: Memory>() -> [Check<M>; 7] {
    [
        check_predicate_type,
        check_submittable,
        check_genesis,
        check_signatures,
        check_payload,
        check_key_effect,
        check_acknowledgement,
    ]
}

impl Admission {
    /// Starts an empty log.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self::with_memory(origin, InMemory::default())
    }

    /// Returns the bindings of names.
    #[must_use]
    pub const fn registrations(&self) -> &Registrations {
        &self.memory.registrations
    }
}

impl<M: Memory> Admission<M> {
    /// Starts an empty log that remembers its events in `memory`.
    #[must_use]
    pub fn with_memory(origin: &str, memory: M) -> Self {
        Self {
            origin: origin.to_owned(),
            size: 0,
            keyring: None,
            log_key: None,
            memory,
        }
    }

    /// Returns the memory of the log.
    pub const fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }

    /// Continues at `size`; the memory must cover all entries before it, and their key events must be replayed.
    pub const fn resume(&mut self, size: u64) {
        self.size = size;
    }

    /// Returns the number of entries of the log, which is the index of the next one.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the keys; none before the genesis.
    #[must_use]
    pub const fn keyring(&self) -> Option<&Keyring> {
        self.keyring.as_ref()
    }

    /// Returns the key to which the log's last rotation changed; `None` in a log that still has its first key.
    #[must_use]
    pub const fn log_key(&self) -> Option<&VerifierKey> {
        self.log_key.as_ref()
    }

    /// Checks that the log may take the entry at its next index as a rotation of its key, which is `current`. The writer
    /// then has to sign larger trees by the new key alone.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that fails.
    pub fn check_rotation(&self, entry: &[u8], current: &VerifierKey) -> Result<Admitted, Refusal> {
        let entry = parse(entry)?;
        let keyring = self.keyring.as_ref();
        let keyring = keyring.ok_or(Refusal::Genesis(GenesisError::NotGenesis))?;
        let event = keyring.check_rotation(self.size, &entry, current);
        let event = event.map_err(Refusal::Rotation)?;
        let old = log_key_id(&event.old);
        let signatures = entry.envelope.signatures().iter();
        let mut keyids = signatures.map(|signature| &signature.keyid);
        if let Some(keyid) = keyids.find(|keyid| **keyid != old && !keyring.is_admin(keyid)) {
            return Err(Refusal::UnknownKey {
                known_as: known_as(Some(keyring), keyid),
                keyid: keyid.clone(),
            });
        }
        check_payload(self, &entry, None)?;
        Ok(Admitted::new(entry))
    }

    /// Checks that the log may take the entry at its next index.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that fails.
    pub fn check(&self, entry: &[u8]) -> Result<Admitted, Refusal> {
        let admitted = self.check_parsed(parse(entry)?, None)?;
        check_registration(self, &admitted.entry)?;
        Ok(admitted)
    }

    /// Checks many entries, each as [`check`](Self::check) does, but verifies the signatures of access events together.
    /// Each registration may depend on the one before it, so [`check_again`](Self::check_again) judges the names. `seed`
    /// draws 32 secret random bytes; without them signatures are verified one by one.
    pub fn check_many<'a>(
        &self,
        entries: impl IntoIterator<Item = &'a [u8]>,
        seed: impl FnOnce() -> Option<Seed>,
    ) -> Vec<Result<Admitted, Refusal>> {
        let parsed: Vec<_> = entries.into_iter().map(parse).collect();
        let verdicts = self.verify(&parsed, seed);
        parsed
            .into_iter()
            .zip(verdicts)
            .map(|(entry, verdicts)| self.check_parsed(entry?, verdicts.as_deref()))
            .collect()
    }

    fn check_parsed(
        &self,
        entry: ParsedEntry,
        verdicts: Option<&[bool]>,
    ) -> Result<Admitted, Refusal> {
        for check in checks() {
            check(self, &entry, verdicts)?;
        }
        Ok(Admitted::new(entry))
    }

    /// Verifies the signatures of all access events together, and returns for each event the verdict of each signature.
    /// `None` is an event that is left to be verified by itself.
    fn verify(
        &self,
        parsed: &[Result<ParsedEntry, Refusal>],
        seed: impl FnOnce() -> Option<Seed>,
    ) -> Vec<Option<Vec<bool>>> {
        let mut batch = Batch::new();
        // For each signature, `true` if there is a key to verify it by.
        let claims: Vec<Option<Vec<bool>>> = parsed
            .iter()
            .map(|entry| {
                let entry = entry.as_ref().ok()?;
                let keyring = self.keyring.as_ref().filter(|_| entry.access().is_some())?;
                let pae = entry.envelope.pae();
                let claims = keyring.claims(self.size, entry);
                let claims = claims.zip(entry.envelope.signatures());
                let claims = claims.map(|(claim, signature)| {
                    if let Some(key) = &claim.key {
                        batch.push(key, &pae, &signature.sig);
                    }
                    claim.key.is_some()
                });
                Some(claims.collect())
            })
            .collect();
        let Some(seed) = seed() else {
            return claims.into_iter().map(|_| None).collect();
        };
        let mut answers = batch.verify(seed).into_iter();
        let mut answer = |claims: Vec<bool>| {
            let verdicts = claims
                .into_iter()
                .map(|has_key| has_key && answers.next().unwrap_or(false));
            verdicts.collect()
        };
        claims
            .into_iter()
            .map(|claims| claims.map(&mut answer))
            .collect()
    }

    /// Checks an entry again, without its signatures, that [`check`](Self::check) accepted before other entries were
    /// applied. None of those may be a key event.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that fails.
    pub fn check_again(&self, admitted: &Admitted) -> Result<(), Refusal> {
        if let Some(first) = self.memory.payload(&admitted.payload_digest) {
            return Err(Refusal::Replayed { first });
        }
        check_registration(self, &admitted.entry)
    }

    /// Applies an admitted entry at its index.
    pub fn apply(&mut self, index: u64, admitted: &Admitted) {
        self.take(index, &admitted.entry, admitted.payload_digest);
    }

    /// Applies an entry of the log without checks, to rebuild this state; entries must come in log order from 0.
    ///
    /// Only signatures of admins are verified again: the log admitted no false one, and millions would take minutes.
    pub fn replay(&mut self, index: u64, entry: &[u8]) {
        match event::parse(entry) {
            Ok(entry) => {
                let digest = entry.envelope.payload_digest();
                self.take(index, &entry, digest);
            }
            Err(_) => self.size = index.saturating_add(1),
        }
    }

    fn take(&mut self, index: u64, entry: &ParsedEntry, payload_digest: Hash) {
        self.size = index.saturating_add(1);
        if matches!(
            entry.event,
            Event::Genesis(_) | Event::Key(_) | Event::LogKey(_)
        ) {
            self.memory.note_key_event(index);
        }
        let Some(keyring) = &mut self.keyring else {
            self.keyring = Keyring::from_genesis(&self.origin, entry).ok();
            return;
        };
        // An event without an authorised signature does not consume its payload digest: the payload may still come with
        // a good signature.
        let counts = match (keyring.apply(index, entry), &entry.event) {
            (KeyEffect::None(reason), Event::Key(_)) => !reason.is_about_signatures(),
            (_, Event::Access(_)) => keyring.claims_to_be_valid(index, entry),
            (_, Event::Acknowledgement(_)) => keyring.judge(index, entry).is_valid(),
            (_, Event::LogKey(event)) => {
                let current = self.log_key.as_ref().unwrap_or(&event.old);
                let holds = keyring.check_rotation(index, entry, current).is_ok();
                if holds {
                    self.log_key = Some(event.new.clone());
                }
                holds
            }
            (_, _) => true,
        };
        if counts {
            self.memory.note_payload(payload_digest, index);
            let memory = &self.memory;
            let registered =
                registration::effect(index, entry, keyring, |name| memory.binding(name));
            for (name, binding) in registered.bound {
                self.memory.bind(&name, binding);
            }
        }
    }
}

impl Admitted {
    fn new(entry: ParsedEntry) -> Self {
        Self {
            leaf_hash: entry.leaf_hash(),
            payload_digest: entry.envelope.payload_digest(),
            entry,
        }
    }
}

fn parse(entry: &[u8]) -> Result<ParsedEntry, Refusal> {
    if entry.len() > MAX_ENTRY {
        return Err(Refusal::TooLarge {
            size: entry.len(),
            limit: MAX_ENTRY,
        });
    }
    Ok(event::parse(entry)?)
}

fn check_predicate_type<M: Memory>(
    _: &Admission<M>,
    entry: &ParsedEntry,
    _: Option<&[bool]>,
) -> Result<(), Refusal> {
    match &entry.event {
        Event::Other(other) => Err(Refusal::PredicateType {
            found: other.predicate_type.clone(),
        }),
        _ => Ok(()),
    }
}

fn check_submittable<M: Memory>(
    _: &Admission<M>,
    entry: &ParsedEntry,
    _: Option<&[bool]>,
) -> Result<(), Refusal> {
    match &entry.event {
        Event::LogKey(_) => Err(Refusal::RotationSubmitted),
        _ => Ok(()),
    }
}

/// Checks that the first entry is the genesis of this log, and no other entry is a genesis.
fn check_genesis<M: Memory>(
    admission: &Admission<M>,
    entry: &ParsedEntry,
    _: Option<&[bool]>,
) -> Result<(), Refusal> {
    match (&admission.keyring, &entry.event) {
        (None, _) => Keyring::from_genesis(&admission.origin, entry)
            .map(|_| ())
            .map_err(Refusal::Genesis),
        (Some(_), Event::Genesis(_)) => Err(Refusal::SecondGenesis),
        (Some(_), _) => Ok(()),
    }
}

/// Checks that every signature is good and by a key that may sign here. A signature by an unknown key would put the
/// entry into the index under that key.
fn check_signatures<M: Memory>(
    admission: &Admission<M>,
    entry: &ParsedEntry,
    verdicts: Option<&[bool]>,
) -> Result<(), Refusal> {
    let Some(keyring) = &admission.keyring else {
        return check_genesis_signers(entry);
    };
    let status = match verdicts {
        Some(verdicts) => keyring.judge_verified(admission.size, entry, verdicts),
        None => keyring.judge(admission.size, entry),
    };
    refuse_status(&status, admission, entry)?;
    if let Err(keyid) = keyring.count_admins(entry) {
        return Err(Refusal::BadSignature { keyid });
    }
    for signature in entry.envelope.signatures() {
        let status = match entry.event {
            Event::Key(_) | Event::Acknowledgement(_) => keyring.admin_validity(&signature.keyid),
            // Admins may sign beside an actor.
            Event::Access(_) if keyring.is_admin(&signature.keyid) => continue,
            _ => keyring.key_validity_at(admission.size, &signature.keyid, None),
        };
        refuse_status(&status, admission, entry)?;
    }
    Ok(())
}

/// Checks that only admins signed the genesis.
fn check_genesis_signers(entry: &ParsedEntry) -> Result<(), Refusal> {
    let Event::Genesis(genesis) = &entry.event else {
        return Ok(());
    };
    let stranger = entry.envelope.signatures().iter().find(|signature| {
        let is_signer = |admin: &crate::event::spki::Spki| admin.key_id() == signature.keyid;
        !genesis.admins.iter().any(is_signer)
    });
    match stranger {
        None => Ok(()),
        Some(signature) => Err(Refusal::UnknownKey {
            keyid: signature.keyid.clone(),
            known_as: KnownAs::Nobody,
        }),
    }
}

fn refuse_status<M: Memory>(
    status: &SignatureStatus,
    admission: &Admission<M>,
    entry: &ParsedEntry,
) -> Result<(), Refusal> {
    Err(match status.clone() {
        SignatureStatus::Valid { .. } | SignatureStatus::Compromised { .. } => return Ok(()),
        SignatureStatus::Unsigned => Refusal::Unsigned,
        SignatureStatus::Bad { keyid } => Refusal::BadSignature { keyid },
        SignatureStatus::OtherLog { claimed } => Refusal::OtherLog {
            claimed,
            expected: admission.origin.clone(),
        },
        SignatureStatus::UnknownKey { keyid } => match too_few_admins(admission, entry) {
            Some(refusal) => refusal,
            None => Refusal::UnknownKey {
                known_as: known_as(admission.keyring.as_ref(), &keyid),
                keyid,
            },
        },
        SignatureStatus::Revoked { keyid, at } => Refusal::RevokedKey { keyid, at },
        SignatureStatus::ActorMismatch {
            keyid,
            enrolled,
            claimed,
        } => Refusal::ActorMismatch {
            keyid,
            enrolled,
            claimed,
        },
    })
}

/// Returns the role of a key that may not sign the event in question.
fn known_as(keyring: Option<&Keyring>, keyid: &str) -> KnownAs {
    let enrolled = keyring.and_then(|keyring| keyring.keys().get(keyid));
    match enrolled {
        Some(key) => KnownAs::Actor(key.actor.clone()),
        None if keyring.is_some_and(|keyring| keyring.is_admin(keyid)) => KnownAs::Admin,
        None => KnownAs::Nobody,
    }
}

/// Returns a refusal if some admins signed an event of theirs, but not enough.
fn too_few_admins<M: Memory>(admission: &Admission<M>, entry: &ParsedEntry) -> Option<Refusal> {
    let keyring = admission.keyring.as_ref()?;
    let is_theirs = matches!(entry.event, Event::Key(_) | Event::Acknowledgement(_));
    let signed = keyring.count_admins(entry).ok().filter(|_| is_theirs)?;
    let threshold = keyring.genesis().threshold;
    (1..threshold)
        .contains(&signed)
        .then_some(Refusal::NotByAdmins { signed, threshold })
}

fn check_payload<M: Memory>(
    admission: &Admission<M>,
    entry: &ParsedEntry,
    _: Option<&[bool]>,
) -> Result<(), Refusal> {
    let digest = entry.envelope.payload_digest();
    match admission.memory.payload(&digest) {
        Some(first) => Err(Refusal::Replayed { first }),
        None => Ok(()),
    }
}

fn check_key_effect<M: Memory>(
    admission: &Admission<M>,
    entry: &ParsedEntry,
    _: Option<&[bool]>,
) -> Result<(), Refusal> {
    let size = admission.size;
    let effect = admission
        .keyring
        .as_ref()
        .map(|keyring| keyring.effect(size, entry));
    match effect {
        Some(KeyEffect::None(reason)) if reason != NoEffect::NotAKeyEvent => {
            Err(Refusal::NoEffect(reason))
        }
        _ => check_compromised_since(size, entry),
    }
}

/// Checks that a revocation names an entry of the log as the first that is not to be trusted.
fn check_compromised_since(size: u64, entry: &ParsedEntry) -> Result<(), Refusal> {
    let since = match &entry.event {
        Event::Key(event) => event.compromised_since,
        _ => None,
    };
    match since.filter(|since| *since >= size) {
        Some(since) => Err(Refusal::NoEffect(NoEffect::SinceBeyondEnd { since, size })),
        None => Ok(()),
    }
}

/// Checks that an acknowledgement names entries of the log. Their leaf hashes are not compared: one that differs has no effect.
fn check_acknowledgement<M: Memory>(
    admission: &Admission<M>,
    entry: &ParsedEntry,
    _: Option<&[bool]>,
) -> Result<(), Refusal> {
    let Event::Acknowledgement(event) = &entry.event else {
        return Ok(());
    };
    let size = admission.size;
    let mut indices = event.entries.iter().map(|(index, _)| *index);
    match indices.find(|index| *index >= size) {
        Some(index) => Err(Refusal::AcknowledgesNoEntry { index, size }),
        None => Ok(()),
    }
}

fn check_registration<M: Memory>(
    admission: &Admission<M>,
    entry: &ParsedEntry,
) -> Result<(), Refusal> {
    let Some(keyring) = &admission.keyring else {
        return Ok(());
    };
    let bound = |name: &str| admission.memory.binding(name);
    let registered = registration::effect(admission.size, entry, keyring, bound);
    match &registered.conflict {
        Some(RegisterConflict::Bound { name, first }) => Err(Refusal::RegisterConflict {
            name: name.clone(),
            first: *first,
        }),
        Some(RegisterConflict::Freed {
            name,
            withdrawn,
            owner,
        }) => Err(Refusal::RegisterNotOwner {
            name: name.clone(),
            withdrawn: *withdrawn,
            owner: owner.clone(),
        }),
        None if registered.states_new_name(entry) => Ok(()),
        None if registered.is_new_name => Err(Refusal::NewNameMissing),
        None => Err(Refusal::NewNameFalse),
    }
}
