//! The part of a path that tiles and entry bundles share, `<N>[.p/<W>]` ([C2SP tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md#merkle-tree), 2026-07-22).

use crate::text::wire;
use crate::tiles::tile::{FULL_WIDTH, TileError};
use alloc::string::String;

/// Writes `/<N>[.p/<W>]`.
pub(crate) fn push_place(path: &mut String, index: u64, width: u16) {
    // Groups of three digits, the highest first; 7 of them hold any u64.
    let groups = index.checked_ilog(1000).unwrap_or(0);
    for group in (0..=groups).rev() {
        path.push_str(if group > 0 { "/x" } else { "/" });
        push_decimal(path, index / 1000u64.saturating_pow(group) % 1000, 3);
    }
    if width < FULL_WIDTH {
        path.push_str(".p/");
        push_decimal(path, u64::from(width), 1);
    }
}

/// Writes at least `digits` digits, without the formatting machinery: paths are made by the thousand, in a browser too.
pub(crate) fn push_decimal(text: &mut String, value: u64, digits: u32) {
    let length = value
        .checked_ilog10()
        .map_or(1, |log| log.saturating_add(1))
        .max(digits);
    for place in (0..length).rev() {
        let digit = u8::try_from(value / 10u64.saturating_pow(place) % 10).unwrap_or(0);
        text.push(char::from(b'0'.saturating_add(digit)));
    }
}

/// Parses `<N>[.p/<W>]` into index and width.
pub(crate) fn parse_place(place: &str) -> Result<(u64, u16), TileError> {
    let (number, width) = match place.split_once(".p/") {
        None => (place, FULL_WIDTH),
        Some((number, width)) => {
            let width = wire::parse_decimal(width).and_then(|width| u16::try_from(width).ok());
            (
                number,
                width
                    .filter(|width| (1..FULL_WIDTH).contains(width))
                    .ok_or(TileError::PathWidth)?,
            )
        }
    };
    parse_index(number)
        .map(|index| (index, width))
        .ok_or(TileError::PathIndex)
}

fn parse_index(number: &str) -> Option<u64> {
    // Only zero may begin with a group of zeros, and then it is the only group.
    if number.starts_with("x000") {
        return None;
    }
    let (higher, last) = number
        .rsplit_once('/')
        .map_or((None, number), |(higher, last)| (Some(higher), last));
    let groups = higher
        .into_iter()
        .flat_map(|higher| higher.split('/'))
        .map(|group| group.strip_prefix('x'))
        .chain([Some(last)]);
    groups.into_iter().try_fold(0u64, |index, group| {
        let &[a, b, c] = group?.as_bytes() else {
            return None;
        };
        let value = [a, b, c].iter().try_fold(0u64, |value, digit| {
            let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            Some(value.saturating_mul(10).saturating_add(u64::from(digit)))
        })?;
        index.checked_mul(1000)?.checked_add(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiles::tile::{EntryBundle, Tile};

    #[test]
    fn paths_have_one_spelling() {
        let table = [
            ("tile/0/000", 0, 0, 256),
            ("tile/0/000.p/1", 0, 0, 1),
            ("tile/0/x001/067.p/12", 0, 1067, 12),
            ("tile/1/x001/x234/067", 1, 1_234_067, 256),
            ("tile/63/999.p/255", 63, 999, 255),
            ("tile/10/x001/000", 10, 1000, 256),
            ("tile/0/x018/x446/x744/x073/x709/x551/615", 0, u64::MAX, 256),
        ];
        for (path, level, index, width) in table {
            let tile = Tile::new(level, index, width).unwrap();
            assert_eq!(tile.path(), path);
            assert_eq!(Tile::parse_path(path), Ok(tile));
            let bundle = EntryBundle::new(index, width).unwrap();
            let place = path.splitn(3, '/').last().unwrap();
            assert_eq!(bundle.path(), ["tile/entries/", place].concat());
            assert_eq!(EntryBundle::parse_path(&bundle.path()), Ok(bundle));
            assert_eq!(bundle.tile(), Tile::new(0, index, width).unwrap());
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        use TileError::{PathIndex, PathLevel, PathPrefix, PathWidth};
        let table = [
            ("", PathPrefix),
            ("tile", PathPrefix),
            ("tile/0", PathPrefix),
            ("/tile/0/000", PathPrefix),
            ("tile//000", PathLevel),
            ("tile/00/000", PathLevel),
            ("tile/01/000", PathLevel),
            ("tile/+1/000", PathLevel),
            ("tile/-1/000", PathLevel),
            ("tile/64/000", PathLevel),
            ("tile/256/000", PathLevel),
            ("tile/8x/000", PathLevel),
            ("tile/entries/000", PathLevel),
            ("tile/data/000", PathLevel),
            ("tile/0/", PathIndex),
            ("tile/0/0", PathIndex),
            ("tile/0/00", PathIndex),
            ("tile/0/0000", PathIndex),
            ("tile/0/x000", PathIndex),
            ("tile/0/x001", PathIndex),
            ("tile/0/x000/001", PathIndex),
            ("tile/0/x000/x001/001", PathIndex),
            ("tile/0/001/001", PathIndex),
            ("tile/0/x001/x001", PathIndex),
            ("tile/0/x001//001", PathIndex),
            ("tile/0/x1/001", PathIndex),
            ("tile/0/xx01/001", PathIndex),
            ("tile/0/x001/001/", PathIndex),
            ("tile/0/+01", PathIndex),
            ("tile/0/ 01", PathIndex),
            ("tile/0/0é", PathIndex),
            ("tile/0/../000", PathIndex),
            ("tile/0/x018/x446/x744/x073/x709/x551/616", PathIndex),
            ("tile/0/x001/x000/x000/x000/x000/x000/x000/000", PathIndex),
            ("tile/0/000.p", PathIndex),
            ("tile/0/.p/1", PathIndex),
            ("tile/0/000.p/", PathWidth),
            ("tile/0/000.p/0", PathWidth),
            ("tile/0/000.p/01", PathWidth),
            ("tile/0/000.p/256", PathWidth),
            ("tile/0/000.p/65537", PathWidth),
            ("tile/0/000.p/-1", PathWidth),
            ("tile/0/000.p/1/", PathWidth),
            ("tile/0/000.p/1.p/1", PathWidth),
        ];
        for (path, error) in table {
            assert_eq!(Tile::parse_path(path), Err(error), "{path:?}");
        }
        for (path, error) in [
            ("tile/0/000", PathPrefix),
            ("tile/entries", PathPrefix),
            ("tile/entries/0", PathIndex),
            ("tile/entries/000.p/256", PathWidth),
        ] {
            assert_eq!(EntryBundle::parse_path(path), Err(error), "{path:?}");
        }
    }
}
