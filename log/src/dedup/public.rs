//! Reading of the public tiles and entries with which the table is compared, below a size at which all of them exist.

use crate::error::LogError;
use crate::storage::Storage;
use glasslog_core::merkle::Hash;
use glasslog_core::tiles::{
    EntryBundle, FULL_WIDTH, TILE_FOLDER, Tile, hashes_at, parse_entries, partial_width,
};
use std::path::PathBuf;

/// Returns the hashes in the partial tile of each level at `size`, lowest level first, in a log that has the files of
/// size `at`.
pub(crate) fn levels(
    storage: &dyn Storage,
    size: u64,
    at: u64,
) -> Result<Vec<Vec<Hash>>, LogError> {
    levels_in(
        &|path| storage.read(path),
        &|path| storage.locate(path),
        size,
        at,
    )
}

/// As [`levels`], for a log whose files are read, and located for messages, by their paths in its tree.
pub(crate) fn levels_in(
    read: &Read<'_>,
    locate: &Locate<'_>,
    size: u64,
    at: u64,
) -> Result<Vec<Vec<Hash>>, LogError> {
    (0..)
        .take_while(|level| hashes_at(*level, size) > 0)
        .map(|level| match partial_width(level, size) as usize {
            0 => Ok(Vec::new()),
            width => {
                let mut hashes = hashes(read, locate, level, hashes_at(level, size) - 1, at)?;
                hashes.truncate(width);
                Ok(hashes)
            }
        })
        .collect()
}

/// Reads a file; `None` if it is missing.
type Read<'a> = dyn Fn(&str) -> Result<Option<Vec<u8>>, LogError> + 'a;
/// Returns the location of a file.
type Locate<'a> = dyn Fn(&str) -> PathBuf + 'a;

/// Reads the tile with hash number `hash` of a level, as wide as a log of size `at` has it, or wider.
fn hashes(
    read: &Read<'_>,
    locate: &Locate<'_>,
    level: u8,
    hash: u64,
    at: u64,
) -> Result<Vec<Hash>, LogError> {
    let missing = |tile: &Tile| LogError::missing(locate(&tile.path()));
    let Some(tile) = Tile::containing(level, hash, at) else {
        let path = locate(TILE_FOLDER);
        return Err(LogError::missing(path));
    };
    let (tile, bytes) = match read(&tile.path())? {
        Some(bytes) => (tile, bytes),
        // A removed partial tile is the beginning of the full one.
        None => {
            let bytes = read(&tile.full().path())?;
            (tile.full(), bytes.ok_or_else(|| missing(&tile))?)
        }
    };
    tile.parse_hashes(&bytes)
        .map_err(|error| LogError::malformed(locate(&tile.path()), error))
}

/// Reads the leaf hash at an index in a full tile.
pub(crate) fn leaf(storage: &dyn Storage, index: u64) -> Result<Hash, LogError> {
    let (number, place) = (index / u64::from(FULL_WIDTH), index % u64::from(FULL_WIDTH));
    let end = (number + 1) * u64::from(FULL_WIDTH);
    let hashes = hashes(
        &|path| storage.read(path),
        &|path| storage.locate(path),
        0,
        index,
        end,
    )?;
    let missing = || LogError::missing(storage.locate(TILE_FOLDER));
    hashes.get(place as usize).copied().ok_or_else(missing)
}

/// Reads the entry at an index in a full bundle.
pub(crate) fn entry(storage: &dyn Storage, index: u64) -> Result<Vec<u8>, LogError> {
    let bundle = EntryBundle::new(index / u64::from(FULL_WIDTH), FULL_WIDTH);
    let path = bundle.map(|bundle| bundle.path()).unwrap_or_default();
    let missing = || LogError::missing(storage.locate(&path));
    let bytes = storage.read(&path)?.ok_or_else(missing)?;
    let entries = parse_entries(&bytes, FULL_WIDTH)
        .map_err(|error| LogError::malformed(storage.locate(&path), error))?;
    let place = (index % u64::from(FULL_WIDTH)) as usize;
    entries
        .get(place)
        .map(|entry| entry.to_vec())
        .ok_or_else(missing)
}
