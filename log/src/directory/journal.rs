//! Acknowledged entries before they are public, and until what was made public of them is durable: append-only files of
//! checksummed frames, each synced.
//!
//! ```text
//! journal = "glasslog-journal/v2\n" ‖ salt[16] ‖ u64 first ‖ SHA-256 of the above[32] ‖ frame*
//! frame   = "GLJF" ‖ u32 count ‖ u64 first ‖ u32 length ‖ body[length] ‖ digest[32]           integers big-endian
//! body    = (u16 length ‖ entry)*
//! digest  = SHA-256(salt ‖ the first 20 bytes of the frame ‖ the leaf hash of each entry)
//! ```
//! `state/journal` takes the frames. Once it is long it is sealed: it gets the name `journal-FIRST` as well, and an empty
//! one takes its place. A sealed one is removed when all its entries are public and durable there.
//!
//! A frame is synced before the next is written, so a crash damages the last frame only, and what was not whole was
//! never acknowledged. Damage before a whole frame is damage to the disk: it is refused, never skipped.
//! The salt keeps an entry that contains a frame from being taken for one. The digest covers the leaf hashes, which are
//! known already, instead of the entries, so that no byte is hashed twice.

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

/// Length from which a journal is sealed, or replaced by an empty one, when entries are let go: rarely enough that it
/// costs nothing, and quick to read at open.
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
    /// The frame that is being written, kept for its memory.
    frame: Vec<u8>,
}

impl Journal {
    /// Puts an empty journal into a new log.
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

    /// Opens the journal, cuts off a frame that a crash left unfinished, and returns what it holds.
    ///
    /// Sealed ones whose entries all stand before `durable` are not needed any more.
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

    /// One past the last index held.
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

    /// Whether the file is long enough for another one.
    fn is_long(&self) -> bool {
        self.length >= ROTATE_AT
    }

    /// Lets go of the entries before `end`, as far as whole files hold nothing else, and begins a new file if the
    /// present one is long.
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

/// What the present journal holds, without changing anything: another process may be writing to it.
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

/// Puts an empty journal in the place of the present one.
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
