//! An auditor's cosignature on the index checkpoint
//! ([cosignature/v1](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-cosignature.md)): it states that every leaf of the
//! index log is a correct manifest. It is made only from a sound audit.

use crate::directory::disk::Disk;
use crate::directory::layout::{Layout, PUBLIC_FILE};
use crate::directory::lock::CheckpointLock;
use crate::error::LogError;
use glasslog_client::audit::Audited;
use glasslog_core::crypto::PublicKey;
use glasslog_core::fetch::Query;
use glasslog_core::index::format::{INDEX_CHECKPOINT_PATH, LATEST_PATH};
use glasslog_core::note::cosignature::{self, CosignatureError};
use glasslog_core::note::{Checkpoint, Signature, SignerKey, TlogProof};
use glasslog_core::report::Class;
use glasslog_core::trust::Policy;
use thiserror::Error;

/// A cosignature of an audited checkpoint.
#[derive(Clone, Debug)]
pub struct Cosigned {
    audited: Checkpoint,
    signature: Signature,
}

/// A reason not to cosign.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CosignError {
    /// The audit found a fault, or there is no index.
    #[error(
        "the index was not completely audited, or the audit found a fault; an auditor cosigns only a sound index"
    )]
    NotSound,
    /// The key has another role in the trust policy, or is of another kind.
    #[error(
        "the key has another role in the trust policy; an auditor's key must have no other role"
    )]
    OtherRole,
    /// The cosignature could not be made.
    #[error(transparent)]
    Cosignature(CosignatureError),
    /// The file with the cosignature would be invalid.
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
            Self::Cosignature(error) => error.code(),
            Self::Unfit(_) => "audit-cosignature-unfit",
            Self::Log(error) => error.code(),
        }
    }
}

impl Cosigned {
    /// Cosigns the index checkpoint of a sound audit, at `now` in seconds since the epoch.
    ///
    /// # Errors
    /// [`CosignError::NotSound`] if the audit is not sound, [`CosignError::OtherRole`] for a key that has another role
    /// in the policy.
    pub fn new(audited: &Audited, key: &SignerKey, now: u64) -> Result<Self, CosignError> {
        let report = audited.query.report().ok_or(CosignError::NotSound)?;
        let index = audited.query.index().ok_or(CosignError::NotSound)?;
        let policy = audited.query.policy().ok_or(CosignError::NotSound)?;
        let is_sound = report.class() == Class::Verified && index.is_sound();
        let checkpoint = index
            .checkpoint()
            .filter(|_| is_sound && index.manifests() > 0);
        let checkpoint = checkpoint.ok_or(CosignError::NotSound)?;
        let public = *key.verifier().public();
        let has_role = |policy: &Policy| roles(policy).any(|key| key == public);
        let is_log = |policy: &Policy| policy.logs().iter().any(|log| *log.key.public() == public);
        if has_role(policy.log())
            || policy.index().is_some_and(has_role)
            || policy.audit().is_some_and(is_log)
        {
            return Err(CosignError::OtherRole);
        }
        let signature =
            cosignature::cosign(checkpoint, key, now).map_err(CosignError::Cosignature)?;
        Ok(Self {
            audited: checkpoint.clone(),
            signature,
        })
    }

    /// Returns the audited checkpoint with the cosignature.
    ///
    /// # Errors
    /// [`CosignError::Unfit`] if it has no room for another signature.
    pub fn checkpoint(&self) -> Result<Checkpoint, CosignError> {
        self.add_to(&self.audited)
    }

    fn add_to(&self, shown: &Checkpoint) -> Result<Checkpoint, CosignError> {
        let cosigned = shown.with_signature(self.signature.clone());
        cosigned.map_err(|error| CosignError::Unfit(error.to_string()))
    }

    /// Adds the cosignature to the index checkpoint of a log directory and to the proof of its newest manifest, beside
    /// the existing ones; returns false if they are not the audited ones any more.
    ///
    /// # Errors
    /// A file cannot be read or replaced.
    pub fn publish(&self, disk: &Disk, layout: &Layout) -> Result<bool, CosignError> {
        let _lock =
            CheckpointLock::wait(&layout.index_checkpoint_lock()).map_err(LogError::from)?;
        let path = layout.public_file(INDEX_CHECKPOINT_PATH);
        let malformed = |problem: String| LogError::malformed(path.clone(), problem);
        let shown = disk.read(&path).map_err(LogError::from)?;
        let shown = shown.ok_or_else(|| LogError::missing(path.clone()))?;
        let shown = Checkpoint::parse(&shown).map_err(|error| malformed(error.to_string()))?;
        if shown.note().text() != self.audited.note().text() {
            return Ok(false);
        }
        let latest_path = layout.public_file(LATEST_PATH);
        let latest = disk.read(&latest_path).map_err(LogError::from)?;
        let latest = latest.and_then(|bytes| TlogProof::parse(&bytes).ok());
        let temporary = layout.temporary();
        // Readers begin with the proof.
        if let Some(latest) = latest
            && latest.checkpoint().note().text() == self.audited.note().text()
        {
            let proof = TlogProof::new(
                latest.extra().to_vec(),
                latest.index(),
                latest.proof().clone(),
                self.add_to(latest.checkpoint())?,
            );
            let proof = proof.map_err(|error| CosignError::Unfit(error.to_string()))?;
            disk.replace(&temporary, &latest_path, &proof.encode(), PUBLIC_FILE)
                .map_err(LogError::from)?;
        }
        let cosigned = self.add_to(&shown)?.encode();
        disk.replace(&temporary, &path, &cosigned, PUBLIC_FILE)
            .map_err(LogError::from)?;
        Ok(true)
    }
}

/// Returns the keys of the logs and witnesses of one section.
fn roles(policy: &Policy) -> impl Iterator<Item = PublicKey> {
    let logs = policy.logs().iter().map(|log| *log.key.public());
    let witnesses = policy.witnesses().iter();
    logs.chain(witnesses.map(|witness| *witness.key.public()))
}
