//! The log that a witness cosigns: in a directory, in a bucket, where adding a cosignature needs no lease, or at an address,
//! where it cannot be added.

use super::witness_error::WitnessError;
use crate::directory::checkpoint::CheckpointFile;
use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::directory::public::PublicTree;
use crate::error::LogError;
use crate::object_store::Client;
use crate::object_store::protocol::{PUBLIC, Update};
use glasslog_client::source::Source;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::note::{Checkpoint, Signature};
use std::fmt;
use std::path::PathBuf;

/// The public files of a log to be cosigned.
pub enum Target {
    /// A log in a directory.
    Directory(CheckpointFile, PublicTree),
    /// A log in a bucket.
    Bucket(Client),
    /// A log at an address, and the address.
    Address(Box<dyn Source>, String),
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target")
            .field(&self.checkpoint_path())
            .finish()
    }
}

impl Target {
    /// Returns the log in a directory.
    pub fn directory(disk: &Disk, layout: &Layout) -> Self {
        let tree = PublicTree::new(disk, layout);
        Self::Directory(CheckpointFile::new(disk, layout), tree)
    }

    /// Reads a public file.
    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, WitnessError> {
        Ok(match self {
            Self::Directory(_, tree) => tree.read(path)?,
            Self::Bucket(client) => client.read_public(path).map_err(LogError::from)?,
            Self::Address(source, _) => source.read(path)?,
        })
    }

    /// Reads the public checkpoint.
    pub(super) fn checkpoint(&self) -> Result<Checkpoint, WitnessError> {
        let bytes = self.read(CHECKPOINT_PATH)?;
        let bytes = bytes.ok_or_else(|| LogError::missing(self.checkpoint_path()))?;
        Ok(self.parse(&bytes)?)
    }

    /// Adds a cosignature to the public checkpoint if its text is still the cosigned one; returns whether it was added. The
    /// checkpoint at an address is another party's: there, nothing is added, and the caller hands the cosignature over.
    pub(super) fn add(
        &self,
        cosigned: &Checkpoint,
        cosignature: Signature,
    ) -> Result<bool, LogError> {
        let client = match self {
            Self::Directory(file, tree) => return file.add(tree, cosigned, cosignature),
            Self::Bucket(client) => client,
            Self::Address(..) => return Ok(true),
        };
        let mut is_added = false;
        let add = |found: Option<Vec<u8>>| -> Result<Option<Vec<u8>>, LogError> {
            is_added = false;
            let Some(bytes) = found else {
                return Ok(None);
            };
            let shown = self.parse(&bytes)?;
            if shown.note().text() != cosigned.note().text() {
                return Ok(None);
            }
            is_added = true;
            let with = shown.with_signature(cosignature.clone());
            let with = with.map_err(|error| self.malformed(error.to_string()))?;
            Ok(Some(with.encode()))
        };
        client.drive(&mut Update::new(format!("{PUBLIC}{CHECKPOINT_PATH}"), add))??;
        Ok(is_added)
    }

    fn parse(&self, bytes: &[u8]) -> Result<Checkpoint, LogError> {
        Checkpoint::parse(bytes).map_err(|error| self.malformed(error.to_string()))
    }

    fn malformed(&self, problem: String) -> LogError {
        let path = self.checkpoint_path();
        LogError::malformed(path, problem)
    }

    fn checkpoint_path(&self) -> PathBuf {
        match self {
            Self::Directory(_, tree) => tree.locate(CHECKPOINT_PATH),
            Self::Bucket(client) => client.locate(&format!("{PUBLIC}{CHECKPOINT_PATH}")).into(),
            Self::Address(_, address) => format!("{address}{CHECKPOINT_PATH}").into(),
        }
    }
}
