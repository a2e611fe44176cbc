//! The generation of a witness's state, kept a second time outside of the database, so that an older copy of the database is
//! noticed (`docs/formats/witness.md`, "State").
//!
//! ```text
//! glasslog-witness-generation/v1
//! 5f0c…  32 hex digits: the identifier of the state
//! 00000000000000000042
//! ```

use super::state_error::StateError;
use crate::directory::disk::directory_of;
use crate::directory::layout::PRIVATE_FILE;
use glasslog_core::text::wire;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// First line of the file.
const MAGIC: &str = "glasslog-witness-generation/v1";

/// Digits of the generation: those of the largest `u64`. One length lets the file be written in place.
const DIGITS: usize = 20;

/// A place outside of the database.
pub trait Mark: Send {
    /// Names the place to people.
    fn place(&self) -> String;
    /// Reads all bytes; `None` if nothing was written yet.
    ///
    /// # Errors
    /// The place cannot be read.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>>;
    /// Writes bytes of the same number as before, without making them durable.
    ///
    /// # Errors
    /// The place cannot be written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the bytes durable.
    ///
    /// # Errors
    /// The place cannot be synced.
    fn sync(&mut self) -> io::Result<()>;
}

/// Returns the default place: the path of the database with `.generation` after it.
pub fn mark_beside(state: &Path) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(".generation");
    path.into()
}

/// A file.
#[derive(Debug)]
pub struct FileMark {
    path: PathBuf,
    file: Option<File>,
}

impl FileMark {
    /// Names the file, which is made by the first write.
    pub fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }
}

impl Mark for FileMark {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .mode(PRIVATE_FILE)
                    .open(&self.path)?;
                File::open(directory_of(&self.path))?.sync_all()?;
                none.insert(file)
            }
        };
        file.write_all_at(bytes, 0)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }
}

/// The identifier of a state and its generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation {
    pub(super) id: [u8; 16],
    pub(super) number: u64,
}

impl Generation {
    pub(super) fn encode(self) -> Vec<u8> {
        let id = wire::hex_encode(&self.id);
        format!("{MAGIC}\n{id}\n{:0DIGITS$}\n", self.number).into_bytes()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (MAGIC, id, digits, None) = (lines.next()?, lines.next()?, lines.next()?, lines.next())
        else {
            return None;
        };
        let number = digits.trim_start_matches('0');
        let number = wire::parse_decimal(if number.is_empty() { "0" } else { number })?;
        let id = wire::hex_decode(id)?.try_into().ok()?;
        (digits.len() == DIGITS).then_some(Self { id, number })
    }
}

/// Checks that the state is not older than the one that was last written beside this mark. A state without a generation is
/// new, and needs no mark.
///
/// # Errors
/// [`StateError::NoMark`], [`StateError::OtherState`], [`StateError::Restored`] or [`StateError::Mark`].
pub(super) fn check(mark: &mut dyn Mark, own: Generation) -> Result<(), StateError> {
    let place = mark.place();
    let failed = |problem: String| StateError::Mark {
        place: place.clone(),
        problem,
    };
    let bytes = mark.read().map_err(|error| failed(error.to_string()))?;
    let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else {
        return match own.number {
            0 => Ok(()),
            _ => Err(StateError::NoMark { place }),
        };
    };
    let last = Generation::parse(&bytes)
        .ok_or_else(|| failed("not the generation of a witness's state".into()))?;
    if last.id != own.id {
        return Err(StateError::OtherState { place });
    }
    match last.number > own.number {
        true => Err(StateError::Restored {
            found: own.number,
            last: last.number,
        }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_have_one_spelling() {
        let id = [0xab; 16];
        for number in [0, 1, 42, u64::MAX] {
            let generation = Generation { id, number };
            let bytes = generation.encode();
            assert_eq!(bytes.len(), 85);
            assert_eq!(Generation::parse(&bytes), Some(generation));
            for other in [
                &bytes[..84],
                &[&bytes[..], b"\n"].concat(),
                &[&bytes[..63], b"x", &bytes[64..]].concat(),
            ] {
                assert_eq!(Generation::parse(other), None);
            }
        }
    }
}
