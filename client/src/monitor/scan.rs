//! Reads the entries of a log in order, each bundle compared with the signed root.

use glasslog_core::fetch::LogFile;
use glasslog_core::merkle::TreeHead;
use glasslog_core::text::limits::MAX_IN_FLIGHT;
use glasslog_core::tiles::{EntryBundle, FULL_WIDTH, ScanTiles, TileError};

use super::kind::Kind;
use super::{Condition, Stop};
use crate::source::{Source, read_file};

/// Shows the entries from `first` on, with their indices.
pub(super) fn entries(
    source: &dyn Source,
    head: TreeHead,
    first: u64,
    mut visit: impl FnMut(u64, &[u8]) -> Result<(), Stop>,
) -> Result<(), Stop> {
    if first >= head.size {
        return Ok(());
    }
    let start = first / u64::from(FULL_WIDTH);
    let is_false = |error: TileError| Condition::new(Kind::False, error);
    let mut scan = ScanTiles::starting(head, start).map_err(is_false)?;
    loop {
        let tiles = scan.next_tiles(MAX_IN_FLIGHT);
        if tiles.is_empty() {
            break;
        }
        let files: Vec<LogFile> = tiles.iter().copied().map(LogFile::Tile).collect();
        for (tile, bytes) in tiles.iter().zip(read_all(source, &files)?) {
            scan.supply(tile, &bytes).map_err(is_false)?;
        }
    }
    let bundles: Vec<u64> = (start..head.size.div_ceil(u64::from(FULL_WIDTH))).collect();
    for numbers in bundles.chunks(MAX_IN_FLIGHT) {
        let bundles: Vec<EntryBundle> = numbers
            .iter()
            .filter_map(|number| EntryBundle::containing(number * u64::from(FULL_WIDTH), head.size))
            .collect();
        let files: Vec<LogFile> = bundles.iter().copied().map(LogFile::Bundle).collect();
        for (bundle, bytes) in bundles.into_iter().zip(read_all(source, &files)?) {
            let entries = scan.verify_bundle(bundle, &bytes).map_err(|error| {
                Condition::new(Kind::False, format!("`{}`: {error}", bundle.path()))
            })?;
            let start = bundle.start().unwrap_or_default();
            for (index, entry) in (start..).zip(entries.entries()) {
                if index >= first {
                    visit(index, entry)?;
                }
            }
        }
    }
    Ok(())
}

/// Reads files that the log must have, several at a time; the full one stands in for a partial one.
fn read_all(source: &dyn Source, files: &[LogFile]) -> Result<Vec<Vec<u8>>, Condition> {
    let paths: Vec<String> = files.iter().map(LogFile::path).collect();
    let mut found = Vec::with_capacity(files.len());
    for (file, bytes) in files.iter().zip(source.read_many(&paths)?) {
        let bytes = match bytes {
            None if file.is_partial() => read_file(source, file)?,
            bytes => bytes,
        };
        let missing = || Condition::new(Kind::Unreachable, format!("`{}` is missing", file.path()));
        found.push(bytes.ok_or_else(missing)?);
    }
    Ok(found)
}
