//! Acknowledged entries before they are public: an append-only file of checksummed frames, each synced.
//!
//! ```text
//! journal = "glasslog-journal/v1\n" ‖ salt[16] ‖ u64 first ‖ SHA-256 of the above[32] ‖ frame*
//! frame   = "GLJF" ‖ u32 count ‖ u64 first ‖ u32 length ‖ body[length] ‖ SHA-256(salt ‖ the frame so far)[32]
//! body    = (u16 length ‖ entry)*                                                        integers big-endian
//! ```
//! A frame is synced before the next is written, so a crash damages the last frame only, and what was not whole was
//! never acknowledged. Damage before a whole frame is damage to the disk: it is refused, never skipped.
//! The salt keeps an entry that contains a frame from being taken for one.

use crate::disk::{Disk, DiskError};
use crate::error::LogError;
use crate::layout::{Layout, PRIVATE_FILE};
use crate::leaf::Leaf;
use crate::storage::Staged;
use glasslog_core::hash::FileHasher;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 20] = b"glasslog-journal/v1\n";
const FRAME_MAGIC: &[u8; 4] = b"GLJF";
const SALT: usize = 16;
const DIGEST: usize = 32;
const HEADER: usize = MAGIC.len() + SALT + 8 + DIGEST;
const FRAME_HEADER: usize = 4 + 4 + 8 + 4;

/// Largest body of a frame: large enough that a sync is a small part of its cost, small enough to read at once.
const MAX_BODY: usize = 8 << 20;

/// Length from which a journal whose entries are all public is replaced by an empty one: rarely enough that the
/// replacement costs nothing, and quick to read at open.
pub(crate) const ROTATE_AT: u64 = 4 << 20;

/// The open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    disk: Disk,
    layout: Layout,
    path: PathBuf,
    file: File,
    salt: [u8; SALT],
    end: u64,
    length: u64,
}

impl Journal {
    /// Puts an empty journal in place, whose first entry will have index `first`.
    pub(crate) fn create(disk: &Disk, layout: &Layout, first: u64) -> Result<Self, LogError> {
        let path = layout.journal();
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|error| {
            DiskError::new(
                "draw randomness for",
                &path,
                &std::io::Error::other(error.to_string()),
            )
        })?;
        disk.replace(
            &layout.temporary(),
            &path,
            &header(salt, first),
            PRIVATE_FILE,
        )?;
        let file = open(&path)?;
        let length = HEADER as u64;
        Ok(Self {
            disk: disk.clone(),
            layout: layout.clone(),
            path,
            file,
            salt,
            end: first,
            length,
        })
    }

    /// Opens the journal, cuts off a frame that a crash left unfinished, and returns what it holds.
    pub(crate) fn open(disk: &Disk, layout: &Layout) -> Result<(Self, Staged), LogError> {
        let path = layout.journal();
        if !path.exists() {
            return Err(LogError::Missing { path });
        }
        let mut file = open(&path)?;
        let mut bytes = Vec::new();
        file.rewind()
            .and_then(|()| file.read_to_end(&mut bytes))
            .map_err(|error| DiskError::new("read", &path, &error))?;
        let (salt, first) = parse_header(&bytes).ok_or(LogError::JournalDamaged { offset: 0 })?;
        let mut staged = Staged {
            first,
            leaves: Vec::new(),
        };
        let mut offset = HEADER;
        while offset < bytes.len() {
            let expected = first + staged.leaves.len() as u64;
            let Some(length) = read_frame(&salt, expected, &bytes[offset..], &mut staged.leaves)
            else {
                if (offset..bytes.len()).any(|later| is_frame(&salt, &bytes[later..])) {
                    return Err(LogError::JournalDamaged {
                        offset: offset as u64,
                    });
                }
                disk.truncate(&file, &path, offset as u64)?;
                break;
            };
            offset += length;
        }
        let (end, length) = (first + staged.leaves.len() as u64, offset as u64);
        let journal = Self {
            disk: disk.clone(),
            layout: layout.clone(),
            path,
            file,
            salt,
            end,
            length,
        };
        Ok((journal, staged))
    }

    /// One past the last index held.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Whether the file is long enough to be replaced once its entries are public.
    pub(crate) fn is_long(&self) -> bool {
        self.length >= ROTATE_AT
    }

    /// Makes entries durable, in order; they get the next indices.
    pub(crate) fn append(&mut self, entries: &[Leaf]) -> Result<(), LogError> {
        let mut rest = entries;
        while !rest.is_empty() {
            let mut size = 0;
            let fits = rest.iter().take_while(|entry| {
                size += 2 + entry.entry().len();
                size <= MAX_BODY
            });
            let (now, later) = rest.split_at(fits.count().max(1));
            let frame = frame(&self.salt, self.end, now);
            self.disk.append(&mut self.file, &self.path, &frame)?;
            self.end += now.len() as u64;
            self.length += frame.len() as u64;
            rest = later;
        }
        Ok(())
    }

    /// Replaces a journal whose entries are all public by an empty one.
    pub(crate) fn rotate(&mut self) -> Result<(), LogError> {
        *self = Self::create(&self.disk, &self.layout, self.end)?;
        Ok(())
    }
}

fn open(path: &Path) -> Result<File, LogError> {
    let file = OpenOptions::new().read(true).append(true).open(path);
    Ok(file.map_err(|error| DiskError::new("open", path, &error))?)
}

fn digest(parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut hasher = FileHasher::new();
    for part in parts {
        hasher.update(part);
    }
    *hasher.finish().as_bytes()
}

fn header(salt: [u8; SALT], first: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(salt);
    bytes.extend(first.to_be_bytes());
    bytes.extend(digest(&[&bytes]));
    bytes
}

fn parse_header(bytes: &[u8]) -> Option<([u8; SALT], u64)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (salt, rest) = rest.split_first_chunk::<SALT>()?;
    let (first, _) = rest.split_first_chunk::<8>()?;
    let (salt, first) = (*salt, u64::from_be_bytes(*first));
    bytes
        .starts_with(&header(salt, first))
        .then_some((salt, first))
}

fn frame(salt: &[u8; SALT], first: u64, entries: &[Leaf]) -> Vec<u8> {
    let length: usize = entries.iter().map(|leaf| 2 + leaf.entry().len()).sum();
    let mut bytes = Vec::with_capacity(FRAME_HEADER + length + DIGEST);
    bytes.extend(FRAME_MAGIC);
    bytes.extend((entries.len() as u32).to_be_bytes());
    bytes.extend(first.to_be_bytes());
    bytes.extend((length as u32).to_be_bytes());
    for entry in entries.iter().map(Leaf::entry) {
        bytes.extend((entry.len() as u16).to_be_bytes());
        bytes.extend(entry);
    }
    bytes.extend(digest(&[salt, &bytes]));
    bytes
}

/// A whole frame at the start of `bytes`: its first index, entry count and body.
fn parse_frame<'a>(salt: &[u8; SALT], bytes: &'a [u8]) -> Option<(u64, u32, &'a [u8])> {
    let rest = bytes.strip_prefix(FRAME_MAGIC)?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    let body = rest.get(..length)?;
    let claimed = rest.get(length..length + DIGEST)?;
    let computed = digest(&[salt, bytes.get(..FRAME_HEADER + length)?]);
    (claimed == computed).then_some((u64::from_be_bytes(*first), u32::from_be_bytes(*count), body))
}

fn is_frame(salt: &[u8; SALT], bytes: &[u8]) -> bool {
    parse_frame(salt, bytes).is_some()
}

/// Reads the frame at the start of `bytes`, which must begin with index `expected`; returns its length.
fn read_frame(
    salt: &[u8; SALT],
    expected: u64,
    bytes: &[u8],
    entries: &mut Vec<Leaf>,
) -> Option<usize> {
    let (first, count, mut body) = parse_frame(salt, bytes)?;
    if first != expected {
        return None;
    }
    let length = FRAME_HEADER + body.len() + DIGEST;
    for _ in 0..count {
        let (size, rest) = body.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        entries.push(Leaf::new(entry.to_vec()));
        body = rest;
    }
    body.is_empty().then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn layout(directory: &tempfile::TempDir) -> Layout {
        let layout = Layout::new(directory.path());
        fs::create_dir_all(layout.temporary()).unwrap();
        layout
    }

    fn entries(names: &[&str]) -> Vec<Leaf> {
        let leaf = |name: &&str| Leaf::new(name.as_bytes().to_vec());
        names.iter().map(leaf).collect()
    }

    #[test]
    fn what_was_appended_is_read_back() {
        let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
        let layout = layout(&directory);
        let mut journal = Journal::create(&disk, &layout, 7).unwrap();
        journal.append(&entries(&["a", "b"])).unwrap();
        journal.append(&[]).unwrap();
        journal.append(&entries(&["", "d"])).unwrap();
        assert_eq!(journal.end(), 11);
        let (journal, staged) = Journal::open(&disk, &layout).unwrap();
        assert_eq!(
            staged,
            Staged {
                first: 7,
                leaves: entries(&["a", "b", "", "d"])
            }
        );
        assert_eq!(journal.end(), 11);
    }

    #[test]
    fn large_appends_are_split_into_frames_that_fit() {
        let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
        let layout = layout(&directory);
        let mut journal = Journal::create(&disk, &layout, 0).unwrap();
        let many = vec![Leaf::new(vec![7; 65_535]); 300];
        journal.append(&many).unwrap();
        let (mut journal, staged) = Journal::open(&disk, &layout).unwrap();
        assert_eq!(staged.leaves, many);
        assert!(journal.is_long());
        journal.rotate().unwrap();
        let (journal, staged) = Journal::open(&disk, &layout).unwrap();
        assert_eq!(
            (staged.first, staged.leaves.len(), journal.is_long()),
            (300, 0, false)
        );
    }

    /// Cuts the file after every byte: whole frames stay, the rest goes, and appending goes on.
    #[test]
    fn every_torn_tail_is_cut_off() {
        let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
        let layout = layout(&directory);
        let mut journal = Journal::create(&disk, &layout, 0).unwrap();
        let mut ends = vec![fs::metadata(layout.journal()).unwrap().len()];
        for name in ["a", "bb", "ccc"] {
            journal.append(&entries(&[name])).unwrap();
            ends.push(fs::metadata(layout.journal()).unwrap().len());
        }
        let whole = fs::read(layout.journal()).unwrap();
        for cut in ends[0]..whole.len() as u64 {
            fs::write(layout.journal(), &whole[..cut as usize]).unwrap();
            let kept = ends.iter().filter(|end| **end <= cut).count() - 1;
            let (mut journal, staged) = Journal::open(&disk, &layout).unwrap();
            assert_eq!(staged.leaves.len(), kept, "cut at {cut}");
            journal.append(&entries(&["next"])).unwrap();
            let (_, staged) = Journal::open(&disk, &layout).unwrap();
            assert_eq!(staged.leaves.last().unwrap().entry(), b"next");
        }
    }

    /// Flips every byte: in the last frame it reads as a torn tail, before a whole frame as damage.
    #[test]
    fn every_damage_before_a_whole_frame_is_refused() {
        let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
        let layout = layout(&directory);
        let mut journal = Journal::create(&disk, &layout, 0).unwrap();
        journal.append(&entries(&["a", "b"])).unwrap();
        let last = fs::metadata(layout.journal()).unwrap().len() as usize;
        journal.append(&entries(&["c"])).unwrap();
        let whole = fs::read(layout.journal()).unwrap();
        for position in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[position] ^= 1;
            fs::write(layout.journal(), &bytes).unwrap();
            match Journal::open(&disk, &layout) {
                Ok((_, staged)) => {
                    assert!(position >= last, "damage at {position} went unseen");
                    assert_eq!(staged.leaves, entries(&["a", "b"]));
                }
                Err(error) => {
                    let offset = if position < HEADER { 0 } else { HEADER as u64 };
                    assert_eq!(error, LogError::JournalDamaged { offset });
                    assert!(position < last);
                }
            }
        }
    }

    #[test]
    fn an_entry_that_holds_a_frame_is_not_one() {
        let (directory, disk) = (tempfile::tempdir().unwrap(), Disk::new());
        let layout = layout(&directory);
        let mut journal = Journal::create(&disk, &layout, 0).unwrap();
        journal
            .append(&[Leaf::new(frame(&[0; SALT], 0, &entries(&["forged"])))])
            .unwrap();
        let whole = fs::read(layout.journal()).unwrap();
        fs::write(layout.journal(), &whole[..whole.len() - 1]).unwrap();
        let (_, staged) = Journal::open(&disk, &layout).unwrap();
        assert_eq!(staged.leaves, entries(&[]));
    }

    #[test]
    fn a_missing_journal_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let layout = layout(&directory);
        let error = Journal::open(&Disk::new(), &layout).unwrap_err();
        assert_eq!(
            error,
            LogError::Missing {
                path: layout.journal()
            }
        );
    }
}
