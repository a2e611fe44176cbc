//! A one-shot witness: checks that a log's checkpoint extends the last one that it cosigned, remembers it, then cosigns
//! ([tlog-witness](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-witness.md), "add-checkpoint", on a directory).

mod target;

pub use target::Target;

use crate::directory::disk::{Disk, directory_of};
use crate::directory::layout::{Layout, PRIVATE_FILE};
use crate::directory::lock::CheckpointLock;
use crate::error::LogError;
use glasslog_core::merkle::{ConsistencyProof, Hash, TreeHead, empty_root};
use glasslog_core::note::cosignature::{self, CosignatureError};
use glasslog_core::note::{Checkpoint, SignatureType, SignerKey};
use glasslog_core::text::time;
use glasslog_core::tiles::{ConsistencyPlan, Tile, TileError};
use glasslog_core::trust::{LogVerdict, Policy};
use glasslog_core::verify::Inconsistency;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Attempts for a checkpoint that is replaced while it is being checked.
const ATTEMPTS: usize = 10;

/// A witness: a key, a memory, and a policy that names the log.
#[derive(Debug)]
pub struct Witness<'a> {
    /// The cosigning key.
    pub key: &'a SignerKey,
    /// File with the last checkpoint that it cosigned.
    pub state: &'a Path,
    /// Policy that names the log and its key.
    pub policy: &'a Policy,
}

/// The result of cosigning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The cosigned head.
    pub head: TreeHead,
    /// The earlier head that it extends; `None` the first time.
    pub seen: Option<TreeHead>,
}

/// A reason not to cosign.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The log's files could not be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The key is not a cosignature key.
    #[error("the key is not a witness's: its type is {found}, not 0x04")]
    NotACosigner {
        /// Its type.
        found: SignatureType,
    },
    /// The policy does not name this log, or none of its keys signed.
    #[error("the policy knows no key that signed for `{origin}`")]
    UnknownLog {
        /// Origin of the checkpoint.
        origin: String,
    },
    /// The signature of a known key is wrong.
    #[error("the log's signature for `{origin}` is wrong")]
    BadSignature {
        /// Origin of the checkpoint.
        origin: String,
    },
    /// The witness remembers another log.
    #[error("this witness remembers `{remembered}`, the log is `{shown}`")]
    OtherLog {
        /// Origin of the checkpoint remembered.
        remembered: String,
        /// Origin of the checkpoint shown.
        shown: String,
    },
    /// The log shows an older head than the one remembered.
    #[error("the log shows size {shown}, but this witness has cosigned size {remembered}")]
    Older {
        /// Size remembered.
        remembered: u64,
        /// Size shown.
        shown: u64,
    },
    /// A tile is missing, or does not match the signed head.
    #[error(transparent)]
    Tile(TileError),
    /// The log signed two heads that cannot both be true.
    #[error("the log signed two heads that cannot both be true, of sizes {} and {}", .0.old.head().size, .0.new.head().size)]
    Inconsistent(Box<Inconsistency>),
    /// The cosignature could not be made.
    #[error(transparent)]
    Cosignature(CosignatureError),
    /// The clock is behind the cosignature that the checkpoint has from this witness, which would be replaced by a worse one.
    #[error("the clock reads {}, but this witness cosigned this checkpoint at {}: set the clock", time::format(*.now), time::format(*.cosigned))]
    ClockBehind {
        /// Time by the clock, in seconds since the epoch.
        now: u64,
        /// Time of the cosignature.
        cosigned: u64,
    },
    /// The checkpoint was replaced during each attempt.
    #[error("the checkpoint was replaced during each check")]
    Moving,
}

impl WitnessError {
    /// Returns the stable name of this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Log(error) => error.code(),
            Self::NotACosigner { .. } => "not-a-cosigner-key",
            Self::UnknownLog { .. } => "witness-unknown-log",
            Self::BadSignature { .. } => "witness-bad-signature",
            Self::OtherLog { .. } => "witness-other-log",
            Self::Older { .. } => "witness-older-head",
            Self::Tile(error) => error.code(),
            Self::Inconsistent(_) => "inconsistent-heads",
            Self::Cosignature(error) => error.code(),
            Self::ClockBehind { .. } => "witness-clock-behind",
            Self::Moving => "witness-checkpoint-moving",
        }
    }
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

    /// As [`cosign`](Self::cosign), for a log in a directory or a bucket; `disk` is that of the witness's memory.
    ///
    /// # Errors
    /// As [`cosign`](Self::cosign).
    pub fn cosign_at(
        &self,
        target: &Target,
        disk: &Disk,
        now: u64,
    ) -> Result<Cosigned, WitnessError> {
        let found = self.key.verifier().signature_type();
        if found != SignatureType::CosignatureV1 {
            return Err(WitnessError::NotACosigner { found });
        }
        // Two runs with one memory exclude each other; otherwise the slower one could overwrite the memory of the
        // faster one.
        let _turn = CheckpointLock::wait(&beside(self.state, ".lock")).map_err(LogError::from)?;
        for _ in 0..ATTEMPTS {
            let shown = target.checkpoint()?;
            self.verify_log(&shown)?;
            self.check_clock(&shown, now)?;
            let seen = self.remembered(disk)?;
            self.check_extends(target, seen.as_ref(), &shown)?;
            let own = self
                .policy
                .signed(&shown)
                .and_then(|signed| signed.by_log());
            let own = own.ok_or_else(|| WitnessError::UnknownLog {
                origin: shown.origin().as_str().to_owned(),
            })?;
            self.remember(disk, &own.checkpoint().encode())?;
            let cosignature =
                cosignature::cosign(&shown, self.key, now).map_err(WitnessError::Cosignature)?;
            if target.add(&shown, cosignature)? {
                return Ok(Cosigned {
                    head: shown.head(),
                    seen: seen.map(|seen| seen.head()),
                });
            }
        }
        Err(WitnessError::Moving)
    }

    fn verify_log(&self, checkpoint: &Checkpoint) -> Result<(), WitnessError> {
        let origin = checkpoint.origin().as_str().to_owned();
        match self.policy.judge_signature(checkpoint) {
            LogVerdict::Signed(_) => Ok(()),
            LogVerdict::BadSignature => Err(WitnessError::BadSignature { origin }),
            _ => Err(WitnessError::UnknownLog { origin }),
        }
    }

    /// Checks that the clock has not gone back since this witness cosigned the same checkpoint.
    fn check_clock(&self, shown: &Checkpoint, now: u64) -> Result<(), WitnessError> {
        let key = self.key.verifier();
        let own = shown.note().signatures_by(key);
        let times = own.filter_map(|line| cosignature::verify(shown, key, line).ok());
        match times.max() {
            Some(cosigned) if cosigned > now => Err(WitnessError::ClockBehind { now, cosigned }),
            _ => Ok(()),
        }
    }

    fn remembered(&self, disk: &Disk) -> Result<Option<Checkpoint>, WitnessError> {
        let bytes = disk.read(self.state).map_err(LogError::from)?;
        let parse = |bytes: Vec<u8>| {
            Checkpoint::parse(&bytes).map_err(|error| LogError::malformed(self.state, error))
        };
        Ok(bytes.map(parse).transpose()?)
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

    /// Checks that `shown` extends `seen`, by the tiles of `shown`.
    fn check_extends(
        &self,
        target: &Target,
        seen: Option<&Checkpoint>,
        shown: &Checkpoint,
    ) -> Result<(), WitnessError> {
        let Some(seen) = seen else {
            return Ok(());
        };
        let (remembered, new) = (seen.origin().as_str(), shown.origin().as_str());
        if remembered != new {
            return Err(WitnessError::OtherLog {
                remembered: remembered.into(),
                shown: new.into(),
            });
        }
        let (old, new) = (seen.head(), shown.head());
        if old.size > new.size {
            return Err(WitnessError::Older {
                remembered: old.size,
                shown: new.size,
            });
        }
        let (root, proof) = self.prefix(target, old.size, new)?;
        if root == old.root {
            return Ok(());
        }
        // A memory by a key that the policy does not name any more is kept as it is.
        let signed = |checkpoint: &Checkpoint| {
            let signed = self.policy.signed(checkpoint);
            signed.map_or_else(|| checkpoint.clone(), |signed| signed.checkpoint().clone())
        };
        Err(WitnessError::Inconsistent(Box::new(Inconsistency {
            old: signed(seen),
            new: signed(shown),
            root,
            proof,
        })))
    }

    /// Returns the root that the tree of `head` has at an older size, and the proof of it.
    fn prefix(
        &self,
        target: &Target,
        old_size: u64,
        head: TreeHead,
    ) -> Result<(Hash, ConsistencyProof), WitnessError> {
        // Every tree extends the empty tree and itself, without a proof.
        let trivial = match old_size {
            0 => Some(empty_root()),
            size if size == head.size => Some(head.root),
            _ => None,
        };
        if let Some(root) = trivial {
            let proof = ConsistencyProof::from_hashes(Vec::new());
            return Ok((
                root,
                proof.map_err(|error| WitnessError::Tile(error.into()))?,
            ));
        }
        let plan = ConsistencyPlan::new(old_size, head).map_err(WitnessError::Tile)?;
        let files = read_tiles(target, plan.tiles())?;
        let (prefix, proof) = plan.finish(&files).map_err(WitnessError::Tile)?;
        Ok((prefix.root, proof))
    }
}

/// Reads tiles, a removed partial one from the full one. Missing tiles are omitted; the plan reports them.
fn read_tiles(target: &Target, tiles: &[Tile]) -> Result<BTreeMap<Tile, Vec<u8>>, LogError> {
    let mut files = BTreeMap::new();
    for tile in tiles {
        let bytes = match target.read(&tile.path())? {
            Some(bytes) => Some(bytes),
            None => target
                .read(&tile.full().path())?
                .and_then(|full| tile.prefix_of_full(&full).map(<[u8]>::to_vec)),
        };
        if let Some(bytes) = bytes {
            files.insert(*tile, bytes);
        }
    }
    Ok(files)
}

/// Returns the path of a file beside `path`, with `suffix` after its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
