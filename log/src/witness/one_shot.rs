//! A one-shot witness: checks that a log's checkpoint extends the last one that it cosigned, remembers it, then cosigns
//! ([tlog-witness](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-witness.md), "add-checkpoint", on a directory, a bucket or
//! an address).

use super::target::Target;
use super::witness_error::WitnessError;
use crate::directory::disk::{Disk, directory_of};
use crate::directory::layout::{Layout, PRIVATE_FILE};
use crate::directory::lock::CheckpointLock;
use crate::error::LogError;
use glasslog_core::merkle::{ConsistencyProof, Hash, TreeHead, empty_root};
use glasslog_core::note::{Checkpoint, cosignature};
use glasslog_core::tiles::ConsistencyPlan;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::Inconsistency;
use glasslog_core::witness::{
    AddCheckpoint, KnownLogs, Memory, Refusal, VerifiedRequest, WitnessKey,
};
use std::path::{Path, PathBuf};
use std::slice;

/// Attempts for a checkpoint that is replaced while it is being checked.
const ATTEMPTS: usize = 10;

/// A witness: a key, a memory, and a policy that names the log.
#[derive(Debug)]
pub struct Witness<'a> {
    /// The cosigning key.
    pub key: &'a WitnessKey,
    /// File with the last checkpoint that it cosigned.
    pub state: &'a Path,
    /// Policy that names the log and its key, and the conditions under which it counts.
    pub policy: &'a TrustPolicy,
}

/// The result of cosigning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The cosigned head.
    pub head: TreeHead,
    /// The earlier head that it extends; `None` the first time.
    pub seen: Option<TreeHead>,
    /// The checkpoint with the log's lines and the cosignature.
    pub checkpoint: Checkpoint,
}

impl Witness<'_> {
    /// Cosigns the public checkpoint of the log at `layout`, also while another process writes to the log.
    ///
    /// `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// The checkpoint does not verify, or does not extend the remembered one; nothing is then cosigned.
    pub fn cosign(&self, disk: &Disk, layout: &Layout, now: u64) -> Result<Cosigned, WitnessError> {
        self.cosign_at(&Target::directory(disk, layout), disk, now)
    }

    /// As [`cosign`](Self::cosign), for a log in a directory, a bucket or at an address, where the cosignature cannot be
    /// added; `disk` is that of the witness's memory.
    ///
    /// # Errors
    /// As [`cosign`](Self::cosign).
    pub fn cosign_at(
        &self,
        target: &Target,
        disk: &Disk,
        now: u64,
    ) -> Result<Cosigned, WitnessError> {
        let logs = KnownLogs::of_policy(self.policy)?;
        logs.refuse_own(&[self.key.verifier()])?;
        // Two runs with one memory exclude each other; otherwise the slower one could overwrite the memory of the
        // faster one.
        let _turn = CheckpointLock::wait(&beside(self.state, ".lock")).map_err(LogError::from)?;
        for _ in 0..ATTEMPTS {
            let shown = target.checkpoint()?;
            let seen = self.remembered(disk)?;
            let cosigned = self.decide(target, &logs, &shown, seen.as_ref(), now)?;
            self.remember(disk, &cosigned.encode())?;
            let own = cosigned.note().signatures_by(self.key.verifier());
            let added = own.last().map(|line| target.add(&shown, line.clone()));
            if added.transpose()? == Some(true) {
                return Ok(Cosigned {
                    head: shown.head(),
                    seen: seen.map(|seen| seen.head()),
                    checkpoint: cosigned,
                });
            }
        }
        Err(WitnessError::Moving)
    }

    /// Returns the checkpoint with the log's lines and the cosignature, if it extends the remembered one.
    fn decide(
        &self,
        target: &Target,
        logs: &KnownLogs,
        shown: &Checkpoint,
        seen: Option<&Memory>,
        now: u64,
    ) -> Result<Checkpoint, WitnessError> {
        let log = logs.get(shown.origin());
        let log = log.ok_or_else(|| WitnessError::refused(Refusal::Unsigned, shown))?;
        let refused = |refusal| WitnessError::refused(refusal, shown);
        // The log's signature comes before its tiles: a stranger's checkpoint decides nothing about what is read.
        let unproven = AddCheckpoint::new(0, ConsistencyProof::default(), shown.clone());
        let own = [self.key.verifier()];
        let unproven = VerifiedRequest::new(unproven.map_err(WitnessError::Request)?, log, &own);
        unproven
            .and_then(|unproven| unproven.check_time(now))
            .map_err(refused)?;
        let old = seen.map_or(TreeHead::empty(), Memory::head);
        if let Some(seen) = seen {
            check_same(&seen.checkpoint, shown)?;
        }
        let (root, proof) = prefix(target, old.size, shown.head())?;
        if let Some(seen) = seen.filter(|_| root != old.root) {
            return Err(WitnessError::Inconsistent(Box::new(Inconsistency {
                old: self.signed(&seen.checkpoint),
                new: self.signed(shown),
                root,
                proof,
            })));
        }
        let request = AddCheckpoint::new(old.size, proof, shown.clone());
        let request = VerifiedRequest::new(request.map_err(WitnessError::Request)?, log, &own)
            .map_err(refused)?;
        let agreed = request.decide(seen, now).map_err(refused)?;
        let (_, memory) = agreed.cosign(slice::from_ref(self.key)).map_err(refused)?;
        Ok(memory.checkpoint)
    }

    /// Keeps the lines that verify by the policy. A memory by a key that the policy does not name any more is kept as it is.
    fn signed(&self, checkpoint: &Checkpoint) -> Checkpoint {
        let signed = self.policy.log().signed(checkpoint);
        signed.map_or_else(|| checkpoint.clone(), |signed| signed.checkpoint().clone())
    }

    fn remembered(&self, disk: &Disk) -> Result<Option<Memory>, WitnessError> {
        let bytes = disk.read(self.state).map_err(LogError::from)?;
        let parse = |bytes: Vec<u8>| {
            Checkpoint::parse(&bytes).map_err(|error| LogError::malformed(self.state, error))
        };
        let Some(checkpoint) = bytes.map(parse).transpose()? else {
            return Ok(None);
        };
        let key = self.key.verifier();
        let own = checkpoint.note().signatures_by(key);
        let times = own.filter_map(|line| cosignature::verify(&checkpoint, key, line).ok());
        Ok(Some(Memory {
            time: times.max().unwrap_or(0),
            checkpoint,
        }))
    }

    fn remember(&self, disk: &Disk, memory: &[u8]) -> Result<(), WitnessError> {
        let unchanged = disk.read(self.state).map_err(LogError::from)?.as_deref() == Some(memory);
        if !unchanged {
            let directory = directory_of(self.state);
            disk.replace(directory, self.state, memory, PRIVATE_FILE)
                .map_err(LogError::from)?;
        }
        Ok(())
    }
}

/// Checks that `shown` is of the remembered log, and not older.
fn check_same(seen: &Checkpoint, shown: &Checkpoint) -> Result<(), WitnessError> {
    if seen.origin() != shown.origin() {
        return Err(WitnessError::OtherLog {
            remembered: seen.origin().as_str().into(),
            shown: shown.origin().as_str().into(),
        });
    }
    let (old, new) = (seen.head(), shown.head());
    if old.size > new.size {
        return Err(WitnessError::Older {
            remembered: old.size,
            shown: new.size,
        });
    }
    Ok(())
}

/// Returns the root that the tree of `head` has at an older size, and the proof of it, by the log's tiles.
fn prefix(
    target: &Target,
    old: u64,
    head: TreeHead,
) -> Result<(Hash, ConsistencyProof), WitnessError> {
    // Every tree extends the empty tree and itself, without a proof.
    let trivial = match old {
        0 => Some(empty_root()),
        size if size == head.size => Some(head.root),
        _ => None,
    };
    if let Some(root) = trivial {
        return Ok((root, ConsistencyProof::default()));
    }
    let plan = ConsistencyPlan::new(old, head).map_err(WitnessError::Tile)?;
    let files = plan.read(|tile| target.read(&tile.path()))?;
    let (prefix, proof) = plan.finish(&files).map_err(WitnessError::Tile)?;
    Ok((prefix.root, proof))
}

/// Returns the path of a file beside `path`, with `suffix` after its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
