//! Widths of tiles and entry bundles: rows of hashes or entries, cut into pieces of 256 ([C2SP
//! tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md#merkle-tree), 2026-07-22).

/// Hashes in a full tile, and entries in a full bundle (tlog-tiles, "Merkle Tree").
pub const FULL_WIDTH: u16 = 256;

/// Tree levels between one tile level and the next: 2^8 = 256.
pub(crate) const TILE_HEIGHT: u8 = 8;

/// Tile levels that a tree of up to 2^64 − 1 leaves can have: 0 to 7.
pub(crate) const TILE_LEVELS: u8 = 8;

/// Returns the number of hashes at this tile level in the tree of `size`: one for each `256^level` leaves.
#[must_use]
pub fn hashes_at(level: u8, size: u64) -> u64 {
    let shift = u32::from(level).saturating_mul(u32::from(TILE_HEIGHT));
    size.checked_shr(shift).unwrap_or(0)
}

/// Returns number and width of the piece that holds item `item` of `count`, cut into pieces of 256.
pub(crate) fn slot(item: u64, count: u64) -> Option<(u64, u16)> {
    let index = (item < count).then_some(item / u64::from(FULL_WIDTH))?;
    let rest = count.saturating_sub(index.saturating_mul(u64::from(FULL_WIDTH)));
    Some((
        index,
        u16::try_from(rest).unwrap_or(FULL_WIDTH).min(FULL_WIDTH),
    ))
}

/// Returns the pieces of 256 that change when `old` items become `new`, the last one partial unless it is full.
pub(crate) fn places_between(old: u64, new: u64) -> impl Iterator<Item = (u64, u16)> {
    let end = if old < new {
        new.div_ceil(u64::from(FULL_WIDTH))
    } else {
        0
    };
    (old / u64::from(FULL_WIDTH)..end)
        .filter_map(move |index| slot(index.checked_mul(u64::from(FULL_WIDTH))?, new))
}

/// Returns the position of hash number `hash` of a level within its tile.
pub(crate) fn position_in_tile(hash: u64) -> usize {
    usize::try_from(hash % u64::from(FULL_WIDTH)).unwrap_or(usize::MAX)
}
