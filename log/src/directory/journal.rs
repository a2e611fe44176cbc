//! Acknowledged entries until their public files are durable: append-only files of checksummed frames, each synced.
//!
//! ```text
//! journal = "glasslog-journal/v2\n" ‖ salt[16] ‖ u64 first ‖ SHA-256 of the above[32] ‖ frame*
//! frame   = "GLJF" ‖ u32 count ‖ u64 first ‖ u32 length ‖ body[length] ‖ digest[32]           integers big-endian
//! body    = (u16 length ‖ entry)*
//! digest  = SHA-256(salt ‖ the first 20 bytes of the frame ‖ the leaf hash of each entry)
//! ```
//! Frames are appended to `state/journal`. Once it is long it is sealed: it also gets the name `journal-FIRST`, and an
//! empty journal replaces it. A sealed journal is removed when the public files of all its entries are durable.
//!
//! A frame is synced before the next is written. A crash therefore damages only the last frame, which was not
//! acknowledged. Damage before a complete frame is damage to the disk: it is refused, never skipped. The salt prevents
//! an entry that contains a frame from being read as one. The digest covers the leaf hashes, which are already known,
//! instead of the entries, so that no byte is hashed twice.

mod frame;
mod segments;

use crate::directory::disk::Disk;
use crate::directory::error::DiskError;
use crate::directory::layout::{Layout, PRIVATE_FILE};
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::storage::Staged;
use crate::storage::error::JournalError;
use frame::{HEADER, MAX_BODY, SALT};
use segments::Segment;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

/// Length in bytes from which a journal is sealed, or replaced by an empty one, when entries are discarded: large
/// enough that sealing is rare, and small enough to be read quickly at opening.
pub(crate) const ROTATE_AT: u64 = 4 << 20;

/// The open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    disk: Disk,
    layout: Layout,
    path: PathBuf,
    file: File,
    salt: [u8; SALT],
    first: u64,
    end: u64,
    length: u64,
    /// Sealed ones, oldest first.
    sealed: Vec<Segment>,
    /// Buffer of the frame that is being written, reused for its memory.
    frame: Vec<u8>,
}

impl Journal {
    /// Creates the empty journal of a new log.
    pub(crate) fn create(disk: &Disk, layout: &Layout, first: u64) -> Result<Self, LogError> {
        let path = layout.journal();
        let (file, salt) = put_empty(disk, layout, first)?;
        Ok(Self {
            disk: disk.clone(),
            layout: layout.clone(),
            path,
            file,
            salt,
            first,
            end: first,
            length: HEADER as u64,
            sealed: Vec::new(),
            frame: Vec::new(),
        })
    }

    /// Opens the journal, truncates a frame that a crash left incomplete, and returns the staged entries.
    ///
    /// Sealed journals that end at or before `durable` are not needed any more.
    pub(crate) fn open(
        disk: &Disk,
        layout: &Layout,
        durable: u64,
    ) -> Result<(Self, Staged), LogError> {
        let path = layout.journal();
        let Some(bytes) = disk.read(&path)? else {
            return Err(LogError::missing(path));
        };
        let (salt, first) =
            frame::parse_header(&bytes).ok_or(JournalError::Damaged { offset: 0 })?;
        let mut active = Vec::new();
        let length = frame::read_all(&salt, first, &bytes, &mut active)?;
        let file = open(&path)?;
        if length < bytes.len() {
            disk.truncate(&file, &path, length as u64)?;
        }
        let (sealed, mut staged) = segments::open(disk, layout, first, durable)?;
        staged.leaves.append(&mut active);
        let journal = Self {
            disk: disk.clone(),
            layout: layout.clone(),
            path,
            file,
            salt,
            first,
            end: staged.end(),
            length: length as u64,
            sealed,
            frame: Vec::new(),
        };
        Ok((journal, staged))
    }

    /// Returns one past the last index in the journal.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Makes entries durable, in order; they get the next indices.
    pub(crate) fn append(&mut self, leaves: &[Leaf]) -> Result<(), LogError> {
        let mut rest = leaves;
        while !rest.is_empty() {
            let mut size = 0;
            let fits = rest.iter().take_while(|leaf| {
                size += 2 + leaf.entry().len();
                size <= MAX_BODY
            });
            let (now, later) = rest.split_at(fits.count().max(1));
            self.frame.clear();
            frame::write(&mut self.frame, &self.salt, self.end, now);
            self.disk.append(&mut self.file, &self.path, &self.frame)?;
            self.end += now.len() as u64;
            self.length += self.frame.len() as u64;
            rest = later;
        }
        Ok(())
    }

    /// Returns true if the file is long enough to be sealed.
    fn is_long(&self) -> bool {
        self.length >= ROTATE_AT
    }

    /// Removes sealed journals that end at or before `end`, and begins a new file if the present one is long.
    pub(crate) fn forget(&mut self, end: u64) -> Result<(), LogError> {
        if self.is_long() {
            if end < self.end {
                let path = self.layout.sealed_journal(self.first);
                self.disk.link(&self.path, &path)?;
                self.sealed.push(Segment {
                    path,
                    end: self.end,
                });
            }
            (self.file, self.salt) = put_empty(&self.disk, &self.layout, self.end)?;
            (self.first, self.length) = (self.end, HEADER as u64);
        }
        let done = self.sealed.iter().take_while(|segment| segment.end <= end);
        let done = done.count();
        for segment in self.sealed.drain(..done) {
            self.disk.remove(&segment.path)?;
        }
        Ok(())
    }
}

/// Reads the present journal without changing it: another process may be writing to it.
pub(crate) fn peek(disk: &Disk, layout: &Layout) -> Result<Staged, LogError> {
    let path = layout.journal();
    let Some(bytes) = disk.read(&path)? else {
        return Err(LogError::missing(path));
    };
    let (salt, first) = frame::parse_header(&bytes).ok_or(JournalError::Damaged { offset: 0 })?;
    let mut leaves = Vec::new();
    frame::read_all(&salt, first, &bytes, &mut leaves)?;
    Ok(Staged { first, leaves })
}

/// Replaces the present journal by an empty one.
fn put_empty(disk: &Disk, layout: &Layout, first: u64) -> Result<(File, [u8; SALT]), LogError> {
    let path = layout.journal();
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|error| {
        let error = std::io::Error::other(error.to_string());
        DiskError::new("draw randomness for", &path, &error)
    })?;
    let header = frame::header(salt, first);
    disk.replace(&layout.temporary(), &path, &header, PRIVATE_FILE)?;
    Ok((open(&path)?, salt))
}

fn open(path: &Path) -> Result<File, LogError> {
    let file = OpenOptions::new().read(true).append(true).open(path);
    Ok(file.map_err(|error| DiskError::new("open", path, &error))?)
}

#[cfg(test)]
mod tests;
