//! The storage interface of a bucket: public files, staged entries and the signed head.

use super::bucket::Bucket;
use super::error::StoreError;
use super::hold::locked;
use super::protocol::{Create, Presence, Read, Remove, Update};
use super::retry::PATIENCE;
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::storage::error::{JournalError, StorageError};
use crate::storage::{self, Staged, Storage, Version};
use crate::writer::error::HistoryError;
use glasslog_core::merkle::sha256;
use glasslog_core::note::Checkpoint;
use glasslog_core::object_store::{Batch, Lock, decode_batch, encode_batch};
use glasslog_core::tiles::PublicFile;
use std::path::PathBuf;

fn version(lock: &Lock) -> Option<Version> {
    let head = lock.head.as_ref()?;
    Some(Version(sha256(&head.encode()).to_hex()))
}

impl Storage for Bucket {
    fn locate(&self, path: &str) -> PathBuf {
        self.shared.client.locate(&self.public(path)).into()
    }

    fn locate_private(&self, name: &str) -> PathBuf {
        self.shared.client.locate(&format!("private/{name}")).into()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        if let Some(bytes) = self.read_ahead(path)? {
            return Ok(Some(bytes));
        }
        let object = self.shared.client.read(&self.public(path))?;
        Ok(object.map(|object| object.bytes))
    }

    fn read_many(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError> {
        let reads = paths.iter().map(|path| Read(self.public(path))).collect();
        let found = self.shared.client.drive_all::<Read>(reads)?;
        let bytes = found
            .into_iter()
            .map(|(_, object)| object.map(|object| object.bytes));
        Ok(bytes.collect())
    }

    fn create(&self, files: &[PublicFile]) -> Result<(), LogError> {
        let create = |file: &PublicFile| Create::new(self.public(&file.path), file.bytes.clone());
        let creations = files.iter().map(create).collect();
        for (create, presence) in self.shared.client.drive_all(creations)? {
            if presence == Presence::Differs {
                return Err(LogError::differs(self.shared.client.locate(create.key())));
            }
        }
        Ok(())
    }

    fn keep(&self, path: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        let mut create = Create::new(self.public(path), bytes.to_vec());
        match self.shared.client.drive(&mut create)? {
            Presence::There => Ok(None),
            Presence::Differs => self.read(path),
        }
    }

    fn update(&self, path: &str, change: &mut storage::Change<'_>) -> Result<(), LogError> {
        let mut update = Update::new(self.public(path), change);
        self.shared.client.drive(&mut update)?
    }

    fn update_inside(&self, path: &str, change: &mut storage::Change<'_>) -> Result<(), LogError> {
        self.update(path, change)
    }

    fn remove(&self, path: &str) -> Result<(), LogError> {
        Ok(self.shared.client.drive(&mut Remove(self.public(path)))?)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, LogError> {
        let folder = format!("{}/", self.public(directory));
        let keys = self.shared.client.list(&folder)?;
        let name = |key: &String| key.strip_prefix(&folder).map(str::to_owned);
        // Servers may list their own leftovers: hidden names never belong to a log.
        let is_own = |name: &String| !name.contains('/') && !name.starts_with('.');
        Ok(keys.iter().filter_map(name).filter(is_own).collect())
    }

    fn read_private(&self, name: &str) -> Result<Option<Vec<u8>>, LogError> {
        let object = self.shared.client.read(&format!("private/{name}"))?;
        Ok(object.map(|object| object.bytes))
    }

    fn replace_private(&self, name: &str, bytes: &[u8]) -> Result<(), LogError> {
        let always = |_| Ok::<_, LogError>(Some(bytes.to_vec()));
        let mut update = Update::new(format!("private/{name}"), always);
        self.shared.client.drive(&mut update)?
    }

    fn stage(&self, first: u64, leaves: &[Leaf]) -> Result<(), LogError> {
        if leaves.is_empty() {
            return Ok(());
        }
        let entries: Vec<&[u8]> = leaves.iter().map(Leaf::entry).collect();
        let bytes = encode_batch(first, &entries).ok_or_else(|| {
            LogError::History(HistoryError::NotAdmissible {
                index: first,
                problem: "an entry is too long for a batch".to_owned(),
            })
        })?;
        // Locked until the batch is decided: its name is that of the next change.
        let mut hold = locked(&self.shared.hold);
        if let Some(pending) = hold.pending.take() {
            self.shared.finish(PATIENCE, &mut hold, pending)?;
        }
        let lease = hold.current()?;
        let end = lease.lock().end();
        if end != first {
            let head = lease.lock().size();
            return Err(JournalError::Gap { first, end, head }.into());
        }
        let batch = lease.next_batch(leaves.len() as u64, sha256(&bytes));
        let batch = batch.ok_or(StoreError::Backlog)?;
        let mut create = Create::new(batch.key(), bytes);
        if self.shared.client.drive(&mut create)? == Presence::Differs {
            return Err(LogError::differs(self.shared.client.locate(create.key())));
        }
        Ok(self
            .shared
            .change(&mut hold, |lease| Ok(lease.stage(batch)))?)
    }

    fn staged(&self) -> Result<Staged, LogError> {
        let lock = self.lock()?;
        let mut staged = Staged {
            first: lock.staged.first().map_or(lock.size(), |batch| batch.first),
            leaves: Vec::new(),
        };
        let reads = lock.staged.iter().map(|batch| Read(batch.key())).collect();
        let found = self.shared.client.drive_all::<Read>(reads)?;
        for (batch, (_, object)) in lock.staged.iter().zip(found) {
            let path = || PathBuf::from(self.shared.client.locate(&batch.key()));
            let object = object.ok_or_else(|| LogError::missing(path()))?;
            let is_whole = sha256(&object.bytes) == batch.digest;
            let decoded = decode_batch(&object.bytes).filter(|_| is_whole);
            match decoded {
                Some((first, entries))
                    if (first, entries.len() as u64) == (batch.first, batch.count) =>
                {
                    staged.leaves.extend(entries.into_iter().map(Leaf::new));
                }
                _ => {
                    return Err(LogError::malformed(
                        path(),
                        "it is not the batch in the lock",
                    ));
                }
            }
        }
        Ok(staged)
    }

    fn unstage(&self, end: u64) -> Result<(), LogError> {
        let mut done = locked(&self.shared.done);
        let (gone, kept) = done.drain(..).partition(|batch| batch.end() <= end);
        *done = kept;
        let gone: Vec<Batch> = gone;
        let removals = gone.iter().map(|batch| Remove(batch.key())).collect();
        self.shared.client.drive_all::<Remove>(removals)?;
        Ok(())
    }

    fn durable_size(&self) -> Result<u64, LogError> {
        // Acknowledged objects are durable.
        Ok(u64::MAX)
    }

    fn load_head(&self) -> Result<Option<(Vec<u8>, Version)>, LogError> {
        let lock = self.lock()?;
        let head = lock.head.as_ref().map(Checkpoint::encode);
        Ok(head.zip(version(&lock)))
    }

    fn swap_head(&self, expected: Option<&Version>, head: &[u8]) -> Result<Version, LogError> {
        let path = || self.locate_private("lock");
        let checkpoint =
            Checkpoint::parse(head).map_err(|error| LogError::malformed(path(), error))?;
        let size = checkpoint.head().size;
        let mut hold = locked(&self.shared.hold);
        let lock = hold.current()?.lock();
        if version(lock).as_ref() != expected {
            return Err(StorageError::HeadMoved { path: path() }.into());
        }
        let under = lock.staged.iter().filter(|batch| batch.end() <= size);
        let mut under: Vec<Batch> = under.cloned().collect();
        self.shared
            .change(&mut hold, |lease| Ok(lease.advance(checkpoint)))?;
        locked(&self.shared.done).append(&mut under);
        Ok(Version(sha256(head).to_hex()))
    }

    fn explain(&self, error: LogError) -> LogError {
        match error {
            LogError::Store(_) => error,
            // The store tells if this process is still the writer; if the store does not answer, that is the cause.
            _ => self.check_writer().err().map_or(error, LogError::from),
        }
    }

    fn announce(&self, url: &str) -> Result<(), LogError> {
        let mut hold = locked(&self.shared.hold);
        Ok(self
            .shared
            .change(&mut hold, |lease| Ok(lease.renew(Some(url))))?)
    }
}
