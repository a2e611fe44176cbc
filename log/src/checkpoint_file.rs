//! `public/checkpoint` and `checkpoints/`: the newest head, the cosignatures it gathers, and those that it replaced.
//!
//! Publishing and cosigning both change the file, in different processes. Each takes the checkpoint lock, reads what is
//! there, and changes that: a cosignature for the current size is never lost, and a smaller tree never comes back.

use crate::disk::Disk;
use crate::error::LogError;
use crate::layout::{Layout, PRIVATE_FILE};
use crate::lock::CheckpointLock;
use crate::public::PublicTree;
use glasslog_core::checkpoint::Checkpoint;
use glasslog_core::edge::PublicFile;
use glasslog_core::note::Signature;
use glasslog_core::wire::parse_decimal;

/// Least time between two archived checkpoints, in seconds: half of the promised hour, so that a log which grows at
/// least that often has no gap of more than one.
pub const ARCHIVE_INTERVAL: u64 = 1_800;

/// The public checkpoint of one log.
#[derive(Clone, Debug)]
pub struct CheckpointFile {
    disk: Disk,
    layout: Layout,
}

/// When checkpoints were last archived, in seconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Archived {
    any: Option<u64>,
    cosigned: Option<u64>,
}

impl CheckpointFile {
    /// Returns the checkpoint file of the log at `layout`.
    pub fn new(disk: &Disk, layout: &Layout) -> Self {
        Self {
            disk: disk.clone(),
            layout: layout.clone(),
        }
    }

    /// Reads the public checkpoint, unverified; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read or does not parse.
    pub fn read(&self) -> Result<Option<Checkpoint>, LogError> {
        let path = self.layout.checkpoint();
        let bytes = self.disk.read(&path)?;
        let parse = |bytes: Vec<u8>| {
            Checkpoint::parse(&bytes).map_err(|error| LogError::Malformed {
                path: path.clone(),
                problem: error.to_string(),
            })
        };
        bytes.map(parse).transpose()
    }

    /// Makes `checkpoint` public, unless it is already, and archives the one before if it is time.
    ///
    /// # Errors
    /// [`LogError::RolledBack`] and [`LogError::Diverged`] when the public checkpoint cannot come before this one.
    pub fn show(
        &self,
        tree: &mut PublicTree,
        checkpoint: &Checkpoint,
        now: u64,
    ) -> Result<(), LogError> {
        let _lock = CheckpointLock::wait(&self.layout.checkpoint_lock())?;
        let new = checkpoint.head();
        if let Some(shown) = self.read()? {
            let old = shown.head();
            if old.size > new.size {
                return Err(LogError::RolledBack {
                    state: new.size,
                    public: old.size,
                });
            }
            if old.size == new.size {
                return match old.root == new.root {
                    true => Ok(()),
                    false => Err(LogError::Diverged {
                        size: new.size,
                        state: new.root,
                        public: old.root,
                    }),
                };
            }
            self.archive(tree, &shown, now)?;
        }
        tree.replace_checkpoint(&checkpoint.encode())
    }

    /// Adds a cosignature to the public checkpoint if that still says what was cosigned; an older one by the same key
    /// makes way. Returns whether it was added.
    ///
    /// # Errors
    /// When the file cannot be read or replaced.
    pub fn add(
        &self,
        tree: &PublicTree,
        cosigned: &Checkpoint,
        cosignature: Signature,
    ) -> Result<bool, LogError> {
        let _lock = CheckpointLock::wait(&self.layout.checkpoint_lock())?;
        match self.read()? {
            Some(shown) if shown.note().text() == cosigned.note().text() => {
                let cosigned =
                    shown
                        .with_signature(cosignature)
                        .map_err(|error| LogError::Malformed {
                            path: self.layout.checkpoint(),
                            problem: error.to_string(),
                        })?;
                tree.replace_checkpoint(&cosigned.encode())?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Keeps a checkpoint that is about to be replaced, if none was kept for a while or none with a cosignature.
    fn archive(&self, tree: &mut PublicTree, shown: &Checkpoint, now: u64) -> Result<(), LogError> {
        let cosigned =
            shown.note().signatures().len() > shown.log_signatures_only().note().signatures().len();
        let last = self.archived()?;
        // A clock that went back says nothing about how long ago it was.
        let is_due = |then: Option<u64>| {
            then.is_none_or(|then| {
                now.checked_sub(then)
                    .is_none_or(|age| age >= ARCHIVE_INTERVAL)
            })
        };
        let is_wanted = is_due(last.any) || (cosigned && is_due(last.cosigned));
        if !is_wanted {
            return Ok(());
        }
        let path = format!("checkpoints/{}", shown.head().size);
        // After a crash the file may be there with fewer cosignatures: it stays.
        let kept = tree
            .read(&path)?
            .and_then(|bytes| Checkpoint::parse(&bytes).ok());
        if kept.is_none_or(|kept| kept.note().text() != shown.note().text()) {
            tree.create(&[PublicFile {
                path,
                bytes: shown.encode(),
            }])?;
        }
        let archived = Archived {
            any: Some(now),
            cosigned: if cosigned { Some(now) } else { last.cosigned },
        };
        let text = archived.encode();
        let (temporary, path) = (self.layout.temporary(), self.layout.archived());
        Ok(self
            .disk
            .replace(&temporary, &path, text.as_bytes(), PRIVATE_FILE)?)
    }

    fn archived(&self) -> Result<Archived, LogError> {
        let bytes = self.disk.read(&self.layout.archived())?.unwrap_or_default();
        Ok(Archived::parse(&String::from_utf8_lossy(&bytes)))
    }
}

impl Archived {
    /// Reads what it can: a line that is not understood only means that the next checkpoint is archived.
    fn parse(text: &str) -> Self {
        let time = |name: &str| {
            text.lines()
                .find_map(|line| parse_decimal(line.strip_prefix(name)?.strip_prefix(' ')?))
        };
        Self {
            any: time("any"),
            cosigned: time("cosigned"),
        }
    }

    fn encode(&self) -> String {
        let line = |name: &str, time: Option<u64>| {
            time.map(|time| format!("{name} {time}\n"))
                .unwrap_or_default()
        };
        line("any", self.any) + &line("cosigned", self.cosigned)
    }
}
