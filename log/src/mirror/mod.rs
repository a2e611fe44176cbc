//! A mirror: copies any log of the tlog-tiles format, and stores nothing that its signed root does not commit to
//! ([tlog-mirror](https://github.com/C2SP/C2SP/blob/0838f7b/tlog-mirror.md), "A mirror is a cosigner that stores a copy of a
//! log"; `docs/decisions/mirror.md`).
//!
//! A pass accepts the log's checkpoint by the reader's trust policy, checks that it continues the newest one that the mirror
//! has seen, remembers it, copies tiles and bundles, and only then replaces the checkpoint of the copy. So the copy is a whole
//! tree for its own checkpoint at any moment, whenever the mirror is stopped.

mod copy;
mod cosignatures;
mod error;
mod index;
mod merge;
mod transfer;
mod tree;

pub use copy::Copy;
pub use error::MirrorError;
pub use merge::{Merged, Replica, merge};

use cosignatures::keep_newer;

use glasslog_client::drive::Observer;
use glasslog_client::source::Source;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::index::format::INDEX_CHECKPOINT_PATH;
use glasslog_core::merkle::{ConsistencyProof, Hash, TreeHead};
use glasslog_core::note::{Checkpoint, Role, SignerKey, cosignature};
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::Inconsistency;
use transfer::Transfer;
use tree::{INDEX, LOG, Tree};

/// A mirror of one log.
pub struct Mirror<'a> {
    /// The log.
    pub source: &'a dyn Source,
    /// Further places of its entry bundles, which are looked at if the log lacks one or has a false one.
    pub more: &'a [&'a dyn Source],
    /// The copy.
    pub copy: &'a Copy,
    /// The policy that decides which checkpoints are copied, and which signatures are kept.
    pub policy: &'a TrustPolicy,
    /// The key that cosigns the copy's checkpoint.
    pub key: Option<&'a SignerKey>,
    /// Number of bundles that are read and compared at a time.
    pub threads: usize,
    /// Time of the pass, in seconds since the epoch.
    pub now: u64,
    /// Receives the progress.
    pub observer: &'a dyn Observer,
}

/// The result of a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// Origin of the log.
    pub origin: String,
    /// The head of the copy.
    pub head: TreeHead,
    /// The time that the witnesses of the policy confirm for the head.
    pub time: Option<u64>,
    /// The size of the copy before the pass.
    pub before: u64,
    /// The head of the copied index log; `None` if the policy names no index, or the log has none.
    pub index: Option<TreeHead>,
    /// The reason why the index was not copied; the log was.
    pub index_failure: Option<MirrorError>,
}

impl Mirror<'_> {
    /// Brings the copy to the log's newest checkpoint.
    ///
    /// # Errors
    /// [`MirrorError`]: the checkpoint of the copy is then as before.
    pub fn pass(&self) -> Result<Mirrored, MirrorError> {
        if let Some(key) = self.key
            && !Role::Witness.allows(key.verifier().signature_type())
        {
            return Err(MirrorError::NotACosigner);
        }
        // The index checkpoint is read before the log's, so that the index cannot be ahead of the copied log.
        let index = match self.policy.index() {
            Some(_) => self.source.read(INDEX_CHECKPOINT_PATH)?,
            None => None,
        };
        let shown = self.source.read(CHECKPOINT_PATH)?;
        let shown = shown.ok_or_else(|| MirrorError::Missing {
            path: CHECKPOINT_PATH.into(),
        })?;
        let checkpoint = self.accept(&LOG, &shown)?;
        let (_, verified) = self.policy.verify_log(&checkpoint, self.now);
        let is_first = self.copy.checkpoint(&LOG)?.is_none();
        let before = self.transfer(&LOG, &checkpoint)?;
        // Readers of a copy that has no checkpoint yet find none until its index is there too; later ones never find an index
        // that is ahead of the log.
        if !is_first {
            self.publish(&LOG, &checkpoint, before)?;
        }
        let head = checkpoint.head();
        let (index, index_failure) = match index.map(|shown| self.copy_index(&shown, head)) {
            None => (None, self.withheld()?),
            Some(Ok(head)) => (Some(head), None),
            Some(Err(error)) => (None, Some(error)),
        };
        if is_first {
            self.publish(&LOG, &checkpoint, before)?;
        }
        Ok(Mirrored {
            origin: checkpoint.origin().as_str().to_owned(),
            head,
            time: verified.and_then(|verified| verified.time()),
            before,
            index,
            index_failure,
        })
    }

    /// Returns the failure of a log without an index whose index the mirror has seen: readers of the copy would take an old
    /// index for the newest.
    fn withheld(&self) -> Result<Option<MirrorError>, MirrorError> {
        let is_known = self.policy.index().is_some() && self.copy.seen(&INDEX)?.is_some();
        Ok(is_known.then(|| MirrorError::Missing {
            path: INDEX_CHECKPOINT_PATH.into(),
        }))
    }

    /// Judges a checkpoint by the policy, and keeps the lines that verify.
    fn judge(&self, tree: &Tree, shown: &Checkpoint) -> Result<Checkpoint, MirrorError> {
        let path = tree.checkpoint.path();
        let not_accepted = || MirrorError::NotAccepted { path: path.clone() };
        let verdict = match (tree.checkpoint == LOG.checkpoint, self.policy.index()) {
            (true, _) => self.policy.verify_log(shown, self.now).0,
            (false, Some(index)) => index.judge(shown, self.now),
            (false, None) => return Err(not_accepted()),
        };
        if verdict.is_false() {
            return Err(MirrorError::BadSignature { path });
        }
        let signed = self.signed(tree, shown).filter(|_| verdict.accepts());
        signed.ok_or_else(not_accepted)
    }

    /// Judges a checkpoint, and compares it with what the mirror has seen.
    fn accept(&self, tree: &Tree, bytes: &[u8]) -> Result<Checkpoint, MirrorError> {
        let shown = Checkpoint::parse(bytes).map_err(|error| MirrorError::Malformed {
            path: tree.checkpoint.path(),
            problem: error.to_string(),
        })?;
        let signed = self.judge(tree, &shown)?;
        self.compare(tree, &signed)?;
        let policy = match tree.checkpoint == LOG.checkpoint {
            true => Some(self.policy.log()),
            false => self.policy.index(),
        };
        let kept = match (self.copy.checkpoint(tree)?, policy) {
            (Some(copied), Some(policy)) => keep_newer(&signed, &copied, policy, self.now),
            _ => signed,
        };
        self.copy.remember(tree, &kept)?;
        Ok(kept)
    }

    /// Keeps the lines of a checkpoint that verify by keys of the policy.
    fn signed(&self, tree: &Tree, checkpoint: &Checkpoint) -> Option<Checkpoint> {
        let signed = match tree.checkpoint == LOG.checkpoint {
            true => self.policy.log().signed(checkpoint),
            false => self.policy.signed_index(checkpoint),
        };
        signed.map(|signed| signed.checkpoint().clone())
    }

    /// Checks that a checkpoint continues the newest one that the mirror has seen.
    fn compare(&self, tree: &Tree, shown: &Checkpoint) -> Result<(), MirrorError> {
        let Some(seen) = self.copy.seen(tree)? else {
            return Ok(());
        };
        let (copied, origin) = (seen.origin().as_str(), shown.origin().as_str());
        if copied != origin {
            return Err(MirrorError::OtherLog {
                copied: copied.into(),
                shown: origin.into(),
            });
        }
        let (old, new) = (seen.head(), shown.head());
        if new.size >= old.size {
            let (root, proof) = tree.prefix(self.source, old.size, new)?;
            return match root == old.root {
                true => Ok(()),
                false => Err(self.accuse(tree, &seen, shown, (root, proof))),
            };
        }
        // The copy shows whether an older head is of the same log, as far as the copy reaches.
        if let Some(copied) = self.copy.checkpoint(tree)?
            && copied.head().size >= new.size
        {
            let (root, proof) = tree.prefix(self.copy.source(), new.size, copied.head())?;
            if root != new.root {
                return Err(self.accuse(tree, shown, &copied, (root, proof)));
            }
        }
        Err(MirrorError::Older {
            path: tree.checkpoint.path(),
            seen: old.size,
            shown: new.size,
        })
    }

    fn accuse(
        &self,
        tree: &Tree,
        old: &Checkpoint,
        new: &Checkpoint,
        (root, proof): (Hash, ConsistencyProof),
    ) -> MirrorError {
        // A memory by a key that the policy does not name any more is kept as it is.
        let signed = |it: &Checkpoint| self.signed(tree, it).unwrap_or_else(|| it.clone());
        MirrorError::Inconsistent(Box::new(Inconsistency {
            old: signed(old),
            new: signed(new),
            root,
            proof,
        }))
    }

    /// Copies the files of a tree up to a checkpoint; returns the size of the copy before.
    fn transfer(&self, tree: &Tree, checkpoint: &Checkpoint) -> Result<u64, MirrorError> {
        let copied = self.copy.checkpoint(tree)?;
        let from = copied.map_or(0, |copied| copied.head().size);
        let observer = match tree.checkpoint == LOG.checkpoint {
            true => self.observer,
            false => &(),
        };
        self.transfer_of(tree, checkpoint.head())
            .run(from, observer)?;
        Ok(from)
    }

    fn transfer_of<'b>(&'b self, tree: &'b Tree, head: TreeHead) -> Transfer<'b> {
        Transfer {
            source: self.source,
            more: self.more,
            copy: self.copy,
            tree,
            head,
            threads: self.threads,
        }
    }

    /// Replaces the checkpoint of the copy, with the mirror's own cosignature on that of the log, and removes partial files of
    /// the size `before` that are superseded.
    fn publish(
        &self,
        tree: &Tree,
        checkpoint: &Checkpoint,
        before: u64,
    ) -> Result<(), MirrorError> {
        let path = tree.checkpoint.path();
        let failed = |problem: String| MirrorError::Malformed {
            path: path.clone(),
            problem,
        };
        let cosigned = match self.key.filter(|_| tree.checkpoint == LOG.checkpoint) {
            Some(key) => {
                let line = cosignature::cosign(checkpoint, key, self.now);
                let line = line.map_err(|error| failed(error.to_string()))?;
                let with = checkpoint.with_signature(line);
                with.map_err(|error| failed(error.to_string()))?
            }
            None => checkpoint.clone(),
        };
        self.copy.replace(&path, &cosigned.encode())?;
        self.transfer_of(tree, checkpoint.head())
            .remove_superseded(before)
    }
}
