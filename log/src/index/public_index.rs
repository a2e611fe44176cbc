//! The public files of an index, read and changed by a process that does not build it.

use crate::config::Config;
use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::directory::lock::CheckpointLock;
use crate::directory::public::PublicTree;
use crate::error::LogError;
use crate::object_store::Client;
use crate::object_store::protocol::{PUBLIC, Update};
use crate::storage::Change;
use std::path::Path;

/// The public files of an index, for a process that does not build it.
#[derive(Debug)]
pub enum PublicIndex {
    /// In the directory of the log.
    Directory(Layout, PublicTree),
    /// In a bucket; no lease is needed.
    Bucket(Client),
}

impl PublicIndex {
    /// Returns the files of the index of the log at `path`.
    ///
    /// # Errors
    /// `path` is not a log directory, or the settings of its bucket are wrong.
    pub fn of(path: &Path) -> Result<Self, LogError> {
        let (disk, layout) = (Disk::new(), Layout::new(path));
        Ok(match Config::read(&disk, &layout)?.store {
            Some(store) => Self::Bucket(Client::open(&store, &layout.config())?),
            None => Self::Directory(layout.clone(), PublicTree::new(&disk, &layout)),
        })
    }

    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        match self {
            Self::Directory(_, tree) => tree.read(path),
            Self::Bucket(client) => Ok(client.read_public(path)?),
        }
    }

    /// Changes a file without losing the changes of other processes.
    pub(super) fn update(&self, path: &str, change: &mut Change<'_>) -> Result<(), LogError> {
        match self {
            Self::Directory(layout, tree) => {
                let _lock = CheckpointLock::wait(&layout.index_checkpoint_lock())?;
                match change(tree.read(path)?)? {
                    Some(bytes) => tree.replace(path, &bytes),
                    None => Ok(()),
                }
            }
            Self::Bucket(client) => {
                client.drive(&mut Update::new(format!("{PUBLIC}{path}"), change))??;
                Ok(())
            }
        }
    }
}
