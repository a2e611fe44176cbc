//! The proof of the newest manifest that auditors vouch for, `index/audited.tlog-proof` (`docs/formats/index.md`, "Audit
//! statements"). An auditor's statement is made only from a sound audit.

use crate::error::LogError;
use crate::index::public_index::PublicIndex;
use glasslog_client::audit::Audited;
use glasslog_core::fetch::Query;
use glasslog_core::index::format::{
    AUDITED_PATH, INDEX_CHECKPOINT_PATH, IndexFile, LATEST_PATH, Manifest,
};
use glasslog_core::index::read::IndexProof;
use glasslog_core::note::audit_statement::{self, AuditStatement, AuditStatementError};
use glasslog_core::note::{Checkpoint, SignerKey, TlogProof};
use glasslog_core::report::Class;
use glasslog_core::trust::{Policy, TrustPolicy};
use thiserror::Error;

/// The proof of a manifest, with the statements of auditors.
#[derive(Clone, Debug)]
pub struct AuditedProof {
    proof: TlogProof,
    policy: TrustPolicy,
    now: u64,
}

/// The result of publishing a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Published {
    /// Readers that require auditors begin with it.
    Done,
    /// A proof that is newer, or by more auditors as the policy asks, stays in its place.
    Stays,
}

/// A reason not to vouch for an index, or not to publish a proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CosignError {
    /// The audit found a fault, or there is no index.
    #[error(
        "the index was not completely audited, or the audit found a fault; an auditor vouches only for a sound index"
    )]
    NotSound,
    /// The key has another role in the trust policy.
    #[error(
        "the key has another role in the trust policy; an auditor's key must have no other role"
    )]
    OtherRole,
    /// The statement could not be made.
    #[error(transparent)]
    Statement(AuditStatementError),
    /// The file is not a proof of a manifest.
    #[error("the proof is malformed: {0}")]
    Malformed(String),
    /// The trust policy has no section `[audit]`.
    #[error("the trust policy names no auditors: add `[audit]`")]
    NoAuditors,
    /// The proof does not meet the policy, or the index has other files by now.
    #[error("{0}")]
    Unfit(String),
    /// The log's files could not be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl CosignError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSound => "audit-not-sound",
            Self::OtherRole => "auditor-key-in-other-role",
            Self::Statement(error) => error.code(),
            Self::Malformed(_) => "audited-proof-malformed",
            Self::NoAuditors => "policy-without-auditors",
            Self::Unfit(_) => "audited-proof-unfit",
            Self::Log(error) => error.code(),
        }
    }
}

impl AuditedProof {
    /// Vouches for the index of a sound audit, at `now` in seconds since the epoch.
    ///
    /// # Errors
    /// [`CosignError::NotSound`] if the audit is not sound, [`CosignError::OtherRole`] for a key that has another role
    /// in the policy, [`CosignError::Statement`] for a key that is not an auditor's.
    pub fn new(audited: &Audited, key: &SignerKey, now: u64) -> Result<Self, CosignError> {
        let report = audited.query.report().ok_or(CosignError::NotSound)?;
        let index = audited.query.index().ok_or(CosignError::NotSound)?;
        let policy = audited.query.policy().ok_or(CosignError::NotSound)?;
        let is_sound = report.class() == Class::Verified && index.is_sound();
        let newest = index.newest().filter(|_| is_sound);
        let (Some(newest), Some(proof)) = (newest, &audited.newest) else {
            return Err(CosignError::NotSound);
        };
        let public = key.verifier().public();
        let has_role = |policy: &Policy| policy.keys().iter().any(|key| key.public() == public);
        let is_log = |policy: &Policy| policy.logs().iter().any(|log| log.key.public() == public);
        if has_role(policy.log())
            || policy.index().is_some_and(has_role)
            || policy.audit().is_some_and(is_log)
        {
            return Err(CosignError::OtherRole);
        }
        let statement = AuditStatement {
            time: now,
            log: newest.checkpoint().origin().clone(),
            head: newest.head(),
        };
        let line = audit_statement::sign(proof.checkpoint(), key, &statement);
        let line = line.map_err(CosignError::Statement)?;
        let signed = proof.checkpoint().with_signature(line).map_err(unfit)?;
        Ok(Self {
            proof: under(proof, signed)?,
            policy: policy.clone(),
            now,
        })
    }

    /// Reads the proof that an auditor made elsewhere, for the operator of the index to publish.
    ///
    /// # Errors
    /// [`CosignError::Malformed`], [`CosignError::NoAuditors`], and [`CosignError::Unfit`] if it does not meet `[index]` and
    /// `[audit]` of the policy.
    pub fn read(bytes: &[u8], policy: &TrustPolicy, now: u64) -> Result<Self, CosignError> {
        if policy.audit().is_none() {
            return Err(CosignError::NoAuditors);
        }
        let claimed =
            IndexProof::parse(bytes).map_err(|error| CosignError::Malformed(error.to_string()))?;
        let map = claimed.manifest().and_then(|manifest| manifest.map().ok());
        let map = map.ok_or_else(|| {
            CosignError::Malformed("it holds no manifest that this version knows".into())
        })?;
        let proof = claimed.proof().clone();
        let vouched = claimed.vouch(policy, map, now).1.map_err(unfit)?;
        if !vouched.is_audited() {
            let problem = "too few auditors of the trust policy vouch for this manifest".into();
            return Err(CosignError::Unfit(problem));
        }
        let signed = policy.signed_index(proof.checkpoint());
        let signed = signed.ok_or(CosignError::NotSound)?;
        Ok(Self {
            proof: under(&proof, signed.checkpoint().clone())?,
            policy: policy.clone(),
            now,
        })
    }

    /// Encodes the proof, as in `index/audited.tlog-proof`.
    pub fn encode(&self) -> Vec<u8> {
        self.proof.encode()
    }

    /// Puts the proof in its place. While the index has not grown since, its statements are also added to the index
    /// checkpoint and to the proof of the newest manifest, and those of other auditors there are taken over.
    ///
    /// # Errors
    /// A file cannot be read or replaced; or the index has removed files of the manifest since it was audited.
    pub fn publish(&self, index: &PublicIndex) -> Result<Published, CosignError> {
        let proof = self.add_to_newest(index)?;
        let proof = match proof {
            Some(proof) => proof,
            None => {
                self.check_files(index)?;
                self.proof.clone()
            }
        };
        let mut published = Published::Stays;
        index.update(AUDITED_PATH, &mut |found| {
            let chosen = self.choose(&proof, found.as_deref())?;
            published = match chosen {
                Some(_) => Published::Done,
                None => Published::Stays,
            };
            Ok(chosen.map(|proof| proof.encode()))
        })?;
        Ok(published)
    }

    /// Adds the statements to the index checkpoint and to the proof of its newest manifest. Returns this proof with the
    /// statements that are there, or `None` if the index has grown.
    fn add_to_newest(&self, index: &PublicIndex) -> Result<Option<TlogProof>, LogError> {
        let is_same = |shown: &Checkpoint| is_of_one_text(shown, self.proof.checkpoint());
        let mut merged = None;
        // Readers begin with the proof.
        index.update(LATEST_PATH, &mut |found| {
            merged = None;
            let latest = found.and_then(|bytes| TlogProof::parse(&bytes).ok());
            let Some(latest) = latest.filter(|latest| is_same(latest.checkpoint())) else {
                return Ok(None);
            };
            merged = Some(self.with_known(&self.proof, latest.checkpoint())?);
            let added = add(latest.checkpoint(), &self.proof)?;
            Ok(Some(under(&latest, added)?.encode()))
        })?;
        index.update(INDEX_CHECKPOINT_PATH, &mut |found| {
            let shown = found.and_then(|bytes| Checkpoint::parse(&bytes).ok());
            let shown = shown.filter(|shown| is_same(shown));
            let added = shown.map(|shown| add(&shown, &self.proof)).transpose()?;
            Ok(added.map(|shown| shown.encode()))
        })?;
        Ok(merged)
    }

    /// Returns the proof with the verified signatures of another checkpoint of the same text as well.
    fn with_known(&self, proof: &TlogProof, other: &Checkpoint) -> Result<TlogProof, LogError> {
        match self.policy.signed_index(other) {
            Some(known) => under(proof, add(known.checkpoint(), proof)?),
            None => Ok(proof.clone()),
        }
    }

    /// Returns the proof for `index/audited.tlog-proof` in place of the one found; `None` if that is to stay.
    fn choose(
        &self,
        proof: &TlogProof,
        found: Option<&[u8]>,
    ) -> Result<Option<TlogProof>, LogError> {
        let found = found.and_then(|bytes| TlogProof::parse(bytes).ok());
        // A proof that the index did not sign is none.
        let is_signed = |found: &TlogProof| {
            let policy = self.policy.index();
            policy.is_some_and(|index| index.judge(found.checkpoint(), self.now).accepts())
        };
        let Some(found) = found.filter(is_signed) else {
            return Ok(Some(proof.clone()));
        };
        let (there, here) = (found.checkpoint(), proof.checkpoint());
        if is_of_one_text(there, here) {
            return self.with_known(proof, there).map(Some);
        }
        let meets = |checkpoint: &Checkpoint| {
            let policy = self.policy.audit();
            policy.is_none_or(|audit| audit.judge(checkpoint, self.now).accepts())
        };
        let is_better = here.head().size > there.head().size && (meets(here) || !meets(there));
        Ok(is_better.then(|| proof.clone()))
    }

    /// Checks that the runs of a manifest that is not the newest any more still have files.
    fn check_files(&self, index: &PublicIndex) -> Result<(), CosignError> {
        let manifest = Manifest::parse(self.proof.extra()).map_err(unfit)?;
        for run in manifest.runs() {
            let (root, number) = (run.root, 0);
            let path = IndexFile::Bucket { root, number }.path();
            if index.read(&path)?.is_none() {
                return Err(CosignError::Unfit(format!(
                    "`{path}` was removed since the audit began, and readers would miss it: audit again"
                )));
            }
        }
        Ok(())
    }
}

fn is_of_one_text(one: &Checkpoint, other: &Checkpoint) -> bool {
    one.note().text() == other.note().text()
}

/// Returns the proof with another checkpoint of the same text.
fn under(proof: &TlogProof, checkpoint: Checkpoint) -> Result<TlogProof, LogError> {
    let proof = proof.under(checkpoint);
    proof.map_err(|error| LogError::malformed(AUDITED_PATH, error))
}

/// Adds the signatures of a proof to a checkpoint of the same text.
fn add(checkpoint: &Checkpoint, proof: &TlogProof) -> Result<Checkpoint, LogError> {
    let mut lines = proof.checkpoint().note().signatures().iter();
    let added = lines.try_fold(checkpoint.clone(), |sum, line| {
        sum.with_signature(line.clone())
    });
    added.map_err(|error| LogError::malformed(AUDITED_PATH, error))
}

fn unfit(error: impl ToString) -> CosignError {
    CosignError::Unfit(error.to_string())
}
