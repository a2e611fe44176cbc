//! A batch of files that a query waits for.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::text::limits::MAX_IN_FLIGHT;
use crate::tiles::tile::Tile;

/// A batch of files: those wanted, those supplied, and those missing. It is over when each file was supplied or is missing,
/// so that the outcome does not depend on the order in which files arrive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wave {
    /// Files asked for, by the path asked for: a full file may replace a partial one.
    wanted: BTreeMap<String, LogFile>,
    /// Files not asked for yet, last first.
    queued: Vec<LogFile>,
    got: BTreeMap<LogFile, Vec<u8>>,
    missing: BTreeMap<LogFile, String>,
}

impl Wave {
    /// A wave for these files.
    pub(crate) fn of(files: impl IntoIterator<Item = LogFile>) -> Self {
        let mut wave = Self {
            queued: files.into_iter().collect(),
            ..Self::default()
        };
        wave.queued.reverse();
        wave.fill();
        wave
    }

    fn fill(&mut self) {
        while self.wanted.len() < MAX_IN_FLIGHT {
            let Some(file) = self.queued.pop() else {
                break;
            };
            self.wanted.insert(file.path(), file);
        }
    }

    pub(crate) fn needs(&self) -> Vec<String> {
        self.wanted.keys().cloned().collect()
    }

    /// Takes one file in. Returns `true` when the wave is over.
    pub(crate) fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) -> bool {
        let Some(file) = self.wanted.remove(path) else {
            return self.is_over();
        };
        match bytes {
            // A file over its limit cannot be valid: it is cut one byte past the limit and fails the verification.
            Some(mut bytes) => {
                bytes.truncate(file.limit() + 1);
                let is_replaced = path != file.path();
                let bytes = if is_replaced {
                    file.prefix(bytes)
                } else {
                    bytes
                };
                self.got.insert(file, bytes);
            }
            None => match file.full() {
                Some(full) if path != full.path() => {
                    self.wanted.insert(full.path(), file);
                }
                _ => {
                    self.missing.insert(file, file.path());
                }
            },
        }
        self.fill();
        self.is_over()
    }

    fn is_over(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The path of the first missing file.
    pub(crate) fn missing(&self) -> Option<&str> {
        self.missing.values().next().map(String::as_str)
    }

    /// Returns true if this file is missing.
    pub(crate) fn lacks(&self, file: &LogFile) -> bool {
        self.missing.contains_key(file)
    }

    /// Returns true if a tile is missing.
    pub(crate) fn lacks_tile(&self) -> bool {
        let mut files = self.missing.keys();
        files.any(|file| matches!(file, LogFile::Tile(_)))
    }

    /// The files supplied so far.
    pub(crate) fn take(&mut self) -> BTreeMap<LogFile, Vec<u8>> {
        core::mem::take(&mut self.got)
    }
}

/// The tiles among the files of a wave.
pub(crate) fn tiles(files: BTreeMap<LogFile, Vec<u8>>) -> BTreeMap<Tile, Vec<u8>> {
    let tile = |(file, bytes)| match file {
        LogFile::Tile(tile) => Some((tile, bytes)),
        _ => None,
    };
    // Inserted one by one: `collect` would sort first, which costs 5 kB of code in the wasm build.
    let mut tiles = BTreeMap::new();
    tiles.extend(files.into_iter().filter_map(tile));
    tiles
}
