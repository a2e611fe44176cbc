//! The key of a log: signs heads, and recognises its own signatures.

use crate::config::Config;
use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::error::LogError;
use crate::storage::error::StorageError;
use glasslog_core::merkle::TreeHead;
use glasslog_core::note::{Checkpoint, CheckpointError, Origin, SignedCheckpoint, SignerKey};
use glasslog_core::trust::TrustPolicy;
use std::path::{Path, PathBuf};

/// The key that signs one log's checkpoints, and the policies that name its witnesses and its former keys: the one beside the log, and that of
/// the section `[witnesses]`.
#[derive(Debug)]
pub(crate) struct Signer {
    origin: Origin,
    key: SignerKey,
    policies: Option<(Disk, Vec<PathBuf>)>,
}

impl Signer {
    /// Pairs an origin with its key, whose name must be the origin.
    pub(crate) fn new(origin: &str, key: SignerKey) -> Result<Self, CheckpointError> {
        let origin = Origin::parse(origin)?;
        // A trial signature reports here anything that prevents this key from signing for this origin.
        Checkpoint::sign(&origin, TreeHead::empty(), &key)?;
        Ok(Self {
            origin,
            key,
            policies: None,
        })
    }

    /// Reads the key of the log at `layout`.
    pub(crate) fn read(disk: &Disk, layout: &Layout, config: &Config) -> Result<Self, LogError> {
        let path = layout.key("log");
        let setting = |problem: String| LogError::setting(path.clone(), problem);
        let key = crate::writer::keys::read_signer(disk, &path)?;
        let signer = Self::new(&config.origin, key).map_err(|error| setting(error.to_string()))?;
        let named = config.witnesses.as_ref();
        let named = named.map(|witnesses| layout.root().join(&witnesses.policy));
        let paths = [layout.trust_policy()].into_iter().chain(named);
        Ok(Self {
            policies: Some((disk.clone(), paths.collect())),
            ..signer
        })
    }

    pub(crate) fn key(&self) -> &SignerKey {
        &self.key
    }

    pub(crate) fn origin(&self) -> &str {
        self.origin.as_str()
    }

    pub(crate) fn sign(&self, head: TreeHead) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::sign(&self.origin, head, &self.key)
    }

    /// Keeps the signature of a checkpoint by this key alone. `None` without one.
    pub(crate) fn own(&self, checkpoint: &Checkpoint) -> Option<SignedCheckpoint> {
        SignedCheckpoint::new(checkpoint, &[self.key.verifier()])
    }

    /// Keeps the signatures of a checkpoint that verify by this key, or by the keys of the policies: others are not known to be
    /// true. `None` if there are none.
    pub(crate) fn signed(&self, checkpoint: &Checkpoint) -> Option<SignedCheckpoint> {
        // A policy that cannot be read names no key.
        let read = |disk: &Disk, path: &PathBuf| {
            let bytes = disk.read(path).ok().flatten()?;
            TrustPolicy::parse(&bytes).ok()
        };
        let policies: Vec<TrustPolicy> = match &self.policies {
            None => Vec::new(),
            Some((disk, paths)) => paths.iter().filter_map(|path| read(disk, path)).collect(),
        };
        let known = policies.iter().flat_map(|policy| policy.log().keys());
        let keys: Vec<_> = known.chain([self.key.verifier()]).collect();
        SignedCheckpoint::new(checkpoint, &keys)
    }

    /// Reads a checkpoint that this key signed.
    pub(crate) fn read_signed(&self, disk: &Disk, path: &Path) -> Result<TreeHead, LogError> {
        let bytes = disk.read(path)?.ok_or_else(|| LogError::missing(path))?;
        self.verify_bytes(&bytes, path)
    }

    /// Returns the head of an encoded checkpoint that this key signed.
    pub(crate) fn verify_bytes(&self, bytes: &[u8], path: &Path) -> Result<TreeHead, LogError> {
        let checkpoint =
            Checkpoint::parse(bytes).map_err(|error| LogError::malformed(path, error))?;
        self.verify(&checkpoint, path)
    }

    /// Returns the head of a checkpoint that this key signed.
    pub(crate) fn verify(
        &self,
        checkpoint: &Checkpoint,
        path: &Path,
    ) -> Result<TreeHead, LogError> {
        let head = checkpoint.head();
        // Ed25519 signatures are deterministic: signing again gives exactly the same signature.
        let is_own = self.sign(head).is_ok_and(|own| {
            let lines = checkpoint.note().signatures();
            own.note().text() == checkpoint.note().text()
                && own
                    .note()
                    .signatures()
                    .iter()
                    .all(|line| lines.contains(line))
        });
        match is_own {
            true => Ok(head),
            false => Err(Self::unsigned(path)),
        }
    }

    /// Refuses a checkpoint without a signature by this key.
    pub(crate) fn unsigned(path: &Path) -> LogError {
        let path = path.to_owned();
        StorageError::Unsigned { path }.into()
    }
}
