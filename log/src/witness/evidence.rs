//! Files that show the forks of logs, in a folder beside the state of a witness (`docs/formats/inconsistency.md`).

use crate::directory::disk::{Created, Disk, Durability};
use crate::directory::error::DiskError;
use crate::directory::layout::{PRIVATE_DIRECTORY, PRIVATE_FILE};
use glasslog_core::note::Checkpoint;
use glasslog_core::verify::Inconsistency;
use glasslog_core::witness::{Fork, origin_hash};
use std::path::{Path, PathBuf};

/// Files that are kept of one log: the first convicts, and a log could sign forks without end.
const MAX_OF_LOG: usize = 8;

/// The folder of the evidence.
#[derive(Clone, Debug)]
pub struct Evidence {
    disk: Disk,
    folder: PathBuf,
}

impl Evidence {
    /// Names the folder: the path of the state with `.evidence` after it. The first fork makes it.
    pub fn beside(state: &Path) -> Self {
        let mut folder = state.as_os_str().to_owned();
        folder.push(".evidence");
        Self {
            disk: Disk::new(),
            folder: folder.into(),
        }
    }

    /// Keeps a fork; returns the path of its file, or `None` if enough of this log are kept.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(
        &self,
        old: &Checkpoint,
        new: &Checkpoint,
        fork: Fork,
    ) -> Result<Option<PathBuf>, DiskError> {
        let of_log = origin_hash(new.origin());
        let (first, second) = (old.head().size, new.head().size);
        let path = self
            .folder
            .join(format!("{of_log}-{first}-{second}.inconsistency"));
        if path.exists() || self.kept(&of_log) >= MAX_OF_LOG {
            return Ok(None);
        }
        self.disk.make_directory(&self.folder, PRIVATE_DIRECTORY)?;
        let proof = Inconsistency {
            old: old.clone(),
            new: new.clone(),
            root: fork.root,
            proof: fork.proof,
        };
        let created = self.disk.create(
            &self.folder,
            &path,
            &proof.encode(),
            PRIVATE_FILE,
            Durability::Now,
        )?;
        self.disk.sync_directory(&self.folder)?;
        Ok((created == Created::New).then_some(path))
    }

    /// Returns the number of files.
    pub fn count(&self) -> usize {
        self.kept("")
    }

    fn kept(&self, beginning: &str) -> usize {
        let files = std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten();
        files
            .filter(|file| {
                let name = file.file_name();
                let name = name.to_string_lossy();
                name.starts_with(beginning) && name.ends_with(".inconsistency")
            })
            .count()
    }
}
