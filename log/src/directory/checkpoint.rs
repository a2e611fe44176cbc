//! `public/checkpoint` of a log directory, for cosigners: reading it, and adding cosignatures.
//!
//! Publishing and cosigning both change the file, in different processes. Each takes the checkpoint lock, reads the
//! current content and changes it: no cosignature for the current size is lost, and the tree never becomes smaller.

use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::directory::lock::CheckpointLock;
use crate::directory::public::PublicTree;
use crate::error::LogError;
use glasslog_core::note::{Checkpoint, Signature};

/// The public checkpoint of one log.
#[derive(Clone, Debug)]
pub struct CheckpointFile {
    disk: Disk,
    layout: Layout,
}

impl CheckpointFile {
    /// Returns the checkpoint file of the log at `layout`.
    pub fn new(disk: &Disk, layout: &Layout) -> Self {
        Self {
            disk: disk.clone(),
            layout: layout.clone(),
        }
    }

    /// Reads the public checkpoint without verifying it; `None` if it is missing.
    ///
    /// # Errors
    /// The file cannot be read or does not parse.
    pub fn read(&self) -> Result<Option<Checkpoint>, LogError> {
        let path = self.layout.checkpoint();
        let bytes = self.disk.read(&path)?;
        let parse = |bytes: Vec<u8>| {
            Checkpoint::parse(&bytes).map_err(|error| LogError::malformed(path.clone(), error))
        };
        bytes.map(parse).transpose()
    }

    /// Adds a cosignature to the public checkpoint if its text is still the cosigned one, and replaces an older
    /// cosignature by the same key. Returns whether it was added.
    ///
    /// # Errors
    /// The file cannot be read or replaced.
    pub fn add(
        &self,
        tree: &PublicTree,
        cosigned: &Checkpoint,
        cosignature: Signature,
    ) -> Result<bool, LogError> {
        let _lock = CheckpointLock::wait(&self.layout.checkpoint_lock())?;
        match self.read()? {
            Some(shown) if shown.note().text() == cosigned.note().text() => {
                let cosigned = shown
                    .with_signature(cosignature)
                    .map_err(|error| LogError::malformed(self.layout.checkpoint(), error))?;
                tree.replace_checkpoint(&cosigned.encode())?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
