//! Opens the index of a log, the operator's own or another one's, for writing.

use super::Indexer;
use super::error::IndexError;
use super::files::Files;
use super::inventory::Inventory;
use super::run_builder::RunBuilder;
use crate::config::{Config, Schedule};
use crate::cosigning::{Cosigning, Role, state};
use crate::directory::disk::Disk;
use crate::directory::error::LockError;
use crate::directory::layout::{Layout, PRIVATE_DIRECTORY, PUBLIC_DIRECTORY};
use crate::directory::lock::WriterLock;
use crate::directory::storage::clear_temporary;
use crate::error::LogError;
use crate::object_store::Bucket;
use crate::writer::keys::read_signer;
use crate::writer::log::Log;
use crate::writer::signer::Signer;
use glasslog_core::index::format::MapFunction;
use glasslog_core::note::SignerKey;
use glasslog_core::tiles::Edge;
use std::path::Path;

impl Indexer {
    /// Opens the index of the log at `path` for writing; a log without an index gets its first with
    /// [`Indexer::publish`].
    ///
    /// # Errors
    /// Another process writes to it, or its files are inconsistent.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LogError> {
        Self::open_with(Disk::new(), path)
    }

    /// As [`open`](Self::open), for a log in a bucket that this process writes: the files are in the bucket; the keys,
    /// the configuration and the builder's state are in the directory `path`.
    ///
    /// # Errors
    /// As [`open`](Self::open); or another process has taken over.
    pub fn open_in(bucket: Bucket, path: impl AsRef<Path>) -> Result<Self, LogError> {
        let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()).for_index());
        disk.make_directory(&layout.state(), PRIVATE_DIRECTORY)?;
        Self::open_at(Files::Bucket(bucket), disk, layout)
    }

    /// Opens the index of a log that this process writes, at `path`, in a directory or a bucket.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of_log(log: &Log, path: impl AsRef<Path>) -> Result<Self, LogError> {
        match log.bucket() {
            Some(bucket) => Self::open_in(bucket, path),
            None => Self::open(path),
        }
    }

    /// As [`open`](Self::open), on a disk that a test controls.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(disk: Disk, path: impl AsRef<Path>) -> Result<Self, LogError> {
        let layout = Layout::new(path.as_ref()).for_index();
        let files = Files::directory(&disk, &layout);
        Self::open_at(files, disk, layout)
    }

    fn open_at(files: Files, disk: Disk, layout: Layout) -> Result<Self, LogError> {
        let config = Config::read(&disk, &layout)?;
        let key = read_signer(&disk, &layout.key("index"))?;
        let map = match config.raw {
            true => MapFunction::LeafV1,
            false => MapFunction::AccessV2,
        };
        let kept = disk.read(&layout.private(state::OF_INDEX))?;
        let own = key.verifier();
        let cosigning = Cosigning::open(&config, Role::Index, own, (&disk, &layout), kept)?;
        Self::resume((files, disk, layout), key, map, config.index, cosigning)
    }

    /// Opens an index in the directory `path`, which is created if it is missing, of a log that is elsewhere: `key`
    /// signs it, and the name of the key is the origin of the index; `map` computes the keys of entries.
    ///
    /// # Errors
    /// Another process writes to it, or its files are inconsistent.
    pub fn of(
        path: impl AsRef<Path>,
        key: SignerKey,
        map: MapFunction,
        schedule: Schedule,
    ) -> Result<Self, LogError> {
        let layout = Layout::new(path.as_ref()).for_index();
        let disk = Disk::new();
        for (directory, mode) in [
            (layout.root().to_owned(), PUBLIC_DIRECTORY),
            (layout.state(), PRIVATE_DIRECTORY),
            (layout.public(), PUBLIC_DIRECTORY),
        ] {
            disk.make_directory(&directory, mode)?;
        }
        let files = Files::directory(&disk, &layout);
        Self::resume((files, disk, layout), key, map, schedule, None)
    }

    fn resume(
        (files, disk, layout): (Files, Disk, Layout),
        key: SignerKey,
        map: MapFunction,
        schedule: Schedule,
        cosigning: Option<Cosigning>,
    ) -> Result<Self, LogError> {
        let lock = WriterLock::take(&layout.index_lock()).map_err(|error| match error {
            LogError::Lock(LockError::Log { holder }) => {
                LogError::Lock(LockError::Index { holder })
            }
            error => error,
        })?;
        disk.make_directory(&layout.temporary(), PRIVATE_DIRECTORY)?;
        clear_temporary(&disk, &layout)?;
        let name = key.verifier().name().to_string();
        let index = Signer::new(&name, key)
            .map_err(|error| LogError::setting(layout.key("index"), error))?;
        let mut inventory = Inventory::open(&disk, &layout)?;
        if files.bucket().is_some() {
            // Other processes may have built meanwhile: their runs are read from the bucket.
            inventory.keep_useless();
        }
        let mut indexer = Self {
            _lock: lock,
            builder: RunBuilder::new(&files, map, inventory),
            files,
            disk,
            layout,
            index,
            schedule,
            edge: Edge::new(),
            newest: None,
            collecting: None,
            swept: None,
            cosigning,
            remakes: false,
            is_stopped: false,
        };
        indexer.finish_interrupted()?;
        let manifest = indexer.newest.as_ref().map(|(manifest, _)| manifest);
        match manifest.filter(|manifest| manifest.map() != Ok(map)) {
            Some(manifest) => Err(IndexError::OtherKeyFunction {
                found: manifest.map_name().to_owned(),
                expected: map.name(),
            }
            .into()),
            None => Ok(indexer),
        }
    }
}
