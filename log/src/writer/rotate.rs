//! Rotation of a log's key (`docs/formats/log-directory.md`, "Rotation of the log's key").
//!
//! The statement becomes the last entry of a tree that both keys sign; larger trees are signed by the new key alone. Until
//! the key file is replaced, the last step, the log opens for nothing else, so that the old key signs no larger tree. Each
//! step can be done again.

use crate::config::Config;
use crate::dedup::Bounds;
use crate::directory::disk::Disk;
use crate::directory::layout::{Layout, PRIVATE_FILE, PUBLIC_FILE};
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::writer::error::WriterError;
use crate::writer::keys::{check_private, write_signer};
use crate::writer::log::Log;
use crate::writer::refusal::Outcome;
use glasslog_core::event::{Envelope, EnvelopeError, sign_with_log_key};
use glasslog_core::fetch::{CHECKPOINT_PATH, LogFile};
use glasslog_core::merkle::TreeHead;
use glasslog_core::note::{Checkpoint, SignedCheckpoint, SignerKey, VerifierKey};
use glasslog_core::trust::TrustPolicy;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

impl Log {
    /// Opens the log at `path` to rotate its key, also if a rotation was begun.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_to_rotate(path: impl AsRef<Path>) -> Result<Self, LogError> {
        Self::open_in_any_state(Disk::new(), path.as_ref(), Bounds::default())
    }

    /// Refuses to write a log whose last rotation names another key than the one that signs.
    pub(crate) fn check_log_key(&self) -> Result<(), LogError> {
        match self.next_log_key() {
            None => Ok(()),
            Some(key) => Err(WriterError::RotationBegun {
                key: key.name_and_id(),
            }
            .into()),
        }
    }

    /// Returns the key that signs the log's checkpoints.
    pub fn log_key(&self) -> &VerifierKey {
        self.publisher.signer.key().verifier()
    }

    /// Returns the key to which the log's last rotation changed, if another one still signs.
    pub fn next_log_key(&self) -> Option<&VerifierKey> {
        let stated = self.admitter.log_key();
        stated.filter(|stated| *stated != self.log_key())
    }

    /// Returns true if the log has changed from this key to another one: no tree after that is signed by it.
    ///
    /// # Errors
    /// The file of that change cannot be read.
    pub fn has_ended(&self, key: &VerifierKey) -> Result<bool, LogError> {
        let path = LogFile::LogKey(key.id()).path();
        Ok(self.storage().read(&path)?.is_some())
    }

    /// Checks that the policies beside the log at `path` can take a new key from `size` on. Nothing is written.
    ///
    /// # Errors
    /// A policy is malformed, or limits its keys so that the new lines do not fit.
    pub fn check_policies(
        &self,
        path: &Path,
        new: &VerifierKey,
        size: u64,
    ) -> Result<(), LogError> {
        let (disk, layout) = (Disk::new(), Layout::new(path));
        for path in policies(&disk, &layout)? {
            rotated_policy(&disk, &path, self.log_key(), new, size)?;
        }
        Ok(())
    }

    /// Adds the signature of the log's key to a rotation.
    ///
    /// # Errors
    /// The envelope is too large.
    pub fn sign_rotation(&self, envelope: Envelope) -> Result<Envelope, EnvelopeError> {
        sign_with_log_key(envelope, self.publisher.signer.key())
    }

    /// Appends the rotation of the log's key, durably. From then on the log takes no other entry until
    /// [`switch_key`](Self::switch_key).
    ///
    /// # Errors
    /// As [`append`](Self::append). A refused rotation is a result.
    pub fn append_rotation(&mut self, entry: Vec<u8>) -> Result<Outcome, LogError> {
        let leaf = Leaf::new(entry);
        let current = self.log_key().clone();
        let receipt = match self.admitter.admit_rotation(&leaf, &current) {
            Ok(receipt) => receipt,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let kept = self
            .publisher
            .storage
            .stage(self.size, core::slice::from_ref(&leaf));
        self.stop_on_error(kept)?;
        self.size += 1;
        self.staged.push(leaf);
        Ok(Ok(receipt))
    }

    /// Publishes the tree that ends with the rotation, signed by both keys, and replaces the key file of the log at `path`;
    /// the old key moves to `keys/log.ID`. The policies beside the log are given the new key before.
    ///
    /// # Errors
    /// Too few witnesses cosign, or the disk fails; all of it can be done again with the same key.
    pub fn switch_key(
        mut self,
        path: &Path,
        new: &SignerKey,
        now: u64,
    ) -> Result<TreeHead, LogError> {
        let head = self.publish(now)?;
        self.publish_both(new, now)?;
        let old = self.log_key().clone();
        let (disk, layout) = (Disk::new(), Layout::new(path));
        for path in policies(&disk, &layout)? {
            if let Some(rotated) = rotated_policy(&disk, &path, &old, new.verifier(), head.size)? {
                disk.replace(&layout.temporary(), &path, &rotated, PUBLIC_FILE)?;
            }
        }
        let kept = layout.key(&format!("log.{}", old.id()));
        if !kept.exists() {
            write_signer(&disk, &kept, self.publisher.signer.key())?;
        }
        check_private(&kept)?;
        self.close()?;
        let text = Zeroizing::new(format!("{}\n", new.encode().as_str()));
        let public = format!("{}\n", new.verifier());
        let place = layout.key("log.pub");
        // The secret goes last: once it is in place the rotation is over.
        if place.exists() {
            disk.replace(&layout.keys(), &place, public.as_bytes(), PUBLIC_FILE)?;
        }
        disk.replace(
            &layout.keys(),
            &layout.key("log"),
            text.as_bytes(),
            PRIVATE_FILE,
        )?;
        Ok(head)
    }

    /// Adds the signature of the new key to the signed head and to the public checkpoint, and keeps that checkpoint as the
    /// last one of the old key.
    fn publish_both(&mut self, new: &SignerKey, now: u64) -> Result<(), LogError> {
        let both = self.publisher.add_signature(new);
        let both = self.stop_on_error(both)?;
        let published = self.publisher.publish_checkpoint(&both, now);
        self.stop_on_error(published)?;
        let storage = self.storage();
        let kept = self.keep_last(&*storage, &both, new.verifier());
        self.stop_on_error(kept)
    }

    fn keep_last(
        &self,
        storage: &dyn crate::storage::Storage,
        both: &Checkpoint,
        new: &VerifierKey,
    ) -> Result<(), LogError> {
        let place = storage.locate(CHECKPOINT_PATH);
        let public = storage.read(CHECKPOINT_PATH)?;
        let public = public.ok_or_else(|| LogError::missing(&place))?;
        let public = Checkpoint::parse(&public)
            .map_err(|error| LogError::malformed(place.clone(), error))?;
        let differs = || LogError::differs(place.clone());
        if public.note().text() != both.note().text() {
            return Err(differs());
        }
        let witnesses = self.publisher.signer.signed(&public).ok_or_else(differs)?;
        let own = SignedCheckpoint::new(both, &[new]).ok_or_else(differs)?;
        let mut last = witnesses.checkpoint().clone();
        for line in own.checkpoint().note().signatures() {
            if !last.note().signatures().contains(line) {
                last = last
                    .with_signature(line.clone())
                    .map_err(|error| LogError::malformed(place.clone(), error))?;
            }
        }
        let path = LogFile::LogKey(self.log_key().id()).path();
        match storage.keep(&path, &last.encode())? {
            None => Ok(()),
            Some(kept) => {
                let is_same = Checkpoint::parse(&kept)
                    .is_ok_and(|kept| kept.note().text() == last.note().text());
                match is_same {
                    true => Ok(()),
                    false => Err(LogError::differs(storage.locate(&path))),
                }
            }
        }
    }
}

/// Returns the policies beside the log: the one for readers, and the one that names its witnesses.
fn policies(disk: &Disk, layout: &Layout) -> Result<Vec<PathBuf>, LogError> {
    let config = Config::read(disk, layout)?;
    let named = config.witnesses.as_ref();
    let named = named.map(|witnesses| layout.root().join(&witnesses.policy));
    let mut policies = vec![layout.trust_policy()];
    policies.extend(named.filter(|path| *path != layout.trust_policy()));
    Ok(policies)
}

/// Returns a policy with the new key added, if it has the old one and not the new one; others stay.
fn rotated_policy(
    disk: &Disk,
    path: &Path,
    old: &VerifierKey,
    new: &VerifierKey,
    size: u64,
) -> Result<Option<Vec<u8>>, LogError> {
    let Some(text) = disk.read(path)? else {
        return Ok(None);
    };
    let setting = |problem: String| LogError::setting(path.to_owned(), problem);
    let policy = TrustPolicy::parse(&text).map_err(|error| setting(error.to_string()))?;
    let has = |key: &VerifierKey| policy.log().logs().iter().any(|log| log.key == *key);
    if !has(old) || has(new) {
        return Ok(None);
    }
    let rotated = TrustPolicy::rotated(&text, old, new, size);
    Ok(Some(rotated.map_err(|error| setting(error.to_string()))?))
}
