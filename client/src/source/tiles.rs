//! Reads tiles and entry bundles, of which the full one may have replaced a partial one
//! ([c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles), "Partial Tiles").

use glasslog_core::tiles::{EntryBundle, Tile, parse_entries};

use super::source::{Answer, Source};

/// Reads a tile below `prefix`; the beginning of the full tile stands in for a partial one.
///
/// # Errors
/// As [`Source::read`].
pub fn read_tile(source: &dyn Source, prefix: &str, tile: &Tile) -> Answer {
    let found = source.read(&[prefix, &tile.path()].concat())?;
    if found.is_some() || tile.is_full() {
        return Ok(found);
    }
    let full = source.read(&[prefix, &tile.full().path()].concat())?;
    Ok(full.and_then(|full| tile.prefix_of_full(&full).map(<[u8]>::to_vec)))
}

/// Reads an entry bundle below `prefix`; the beginning of the full bundle stands in for a partial one.
///
/// # Errors
/// As [`Source::read`].
pub fn read_bundle(source: &dyn Source, prefix: &str, bundle: &EntryBundle) -> Answer {
    let found = source.read(&[prefix, &bundle.path()].concat())?;
    if found.is_some() || bundle.is_full() {
        return Ok(found);
    }
    let full = source.read(&[prefix, &bundle.full().path()].concat())?;
    Ok(full.map(|full| prefix_of_bundle(&full, bundle.width())))
}

fn prefix_of_bundle(full: &[u8], width: u16) -> Vec<u8> {
    let length = parse_entries(full, 256).map(|entries| {
        let wanted = entries.iter().take(usize::from(width));
        wanted.map(|entry| 2 + entry.len()).sum::<usize>()
    });
    full[..length.unwrap_or(full.len())].to_vec()
}
