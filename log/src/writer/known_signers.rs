//! The keys whose signatures on its checkpoints a log's operator can verify.

use crate::config::Config;
use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::error::LogError;
use crate::writer::signer::Signer;
use glasslog_core::note::{Checkpoint, SignedCheckpoint};
use std::path::Path;

/// The key of a log, and those of its witnesses: of the trust policy beside it, and of the section `[witnesses]`.
#[derive(Debug)]
pub struct KnownSigners(Signer);

impl KnownSigners {
    /// Reads the key and the policy of the log whose directory is `path`; a log in a bucket has both there, too.
    ///
    /// # Errors
    /// `path` is not a log directory, or its key cannot be read.
    pub fn of(path: &Path) -> Result<Self, LogError> {
        let (disk, layout) = (Disk::new(), Layout::new(path));
        let config = Config::read(&disk, &layout)?;
        Signer::read(&disk, &layout, &config).map(Self)
    }

    /// Keeps the signatures of a checkpoint that verify by these keys; others are not known to be true. `None` if the log
    /// did not sign it.
    #[must_use]
    pub fn keep(&self, checkpoint: &Checkpoint) -> Option<SignedCheckpoint> {
        self.0.own(checkpoint)?;
        self.0.signed(checkpoint)
    }
}
