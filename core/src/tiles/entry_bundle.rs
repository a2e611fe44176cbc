//! Coordinates and paths of entry bundles ([C2SP tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md#log-entries), 2026-07-22).

use crate::tiles::path::{PathError, parse_place, push_place};
use crate::tiles::tile::Tile;
use crate::tiles::width::{FULL_WIDTH, places_between, slot};
use alloc::string::String;

/// A bundle: `width` consecutive entries, from entry `256 × index` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryBundle {
    index: u64,
    width: u16,
}

impl EntryBundle {
    /// Returns the bundle at these coordinates; `None` unless `width` is 1 to 256.
    #[must_use]
    pub const fn new(index: u64, width: u16) -> Option<Self> {
        if width == 0 || width > FULL_WIDTH {
            return None;
        }
        Some(Self { index, width })
    }

    /// Returns the bundle that holds the entry at `entry` in the log of `size`, with its width in that log.
    ///
    /// `None` if the log has no such entry.
    #[must_use]
    pub fn containing(entry: u64, size: u64) -> Option<Self> {
        let (index, width) = slot(entry, size)?;
        Self::new(index, width)
    }

    /// Returns the position among the bundles.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Returns the number of entries, 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Tells whether it has all its 256 entries.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == FULL_WIDTH
    }

    /// Returns the full bundle at the same index; a log that has grown may serve it instead of a partial one.
    #[must_use]
    pub const fn full(&self) -> Self {
        Self {
            index: self.index,
            width: FULL_WIDTH,
        }
    }

    /// Returns the level-0 tile that holds the hashes of these entries.
    #[must_use]
    pub const fn tile(&self) -> Tile {
        Tile::level_0(self.index, self.width)
    }

    /// Returns the log index of the first entry, or `None` past `u64`.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        self.index.checked_mul(u64::from(FULL_WIDTH))
    }

    /// Returns the path below the log's prefix, `tile/entries/<N>[.p/<W>]`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::from("tile/entries");
        push_place(&mut path, self.index, self.width);
        path
    }

    /// Parses a path as [`path`](Self::path) writes it, and no other spelling.
    ///
    /// # Errors
    /// [`PathError`]
    pub fn parse_path(path: &str) -> Result<Self, PathError> {
        let place = path
            .strip_prefix("tile/entries/")
            .ok_or(PathError::Prefix)?;
        let (index, width) = parse_place(place)?;
        Ok(Self { index, width })
    }
}

/// Returns the entry bundles that a log writes when it grows from `old_size` to `new_size`: new and wider ones.
pub fn bundles_between(old_size: u64, new_size: u64) -> impl Iterator<Item = EntryBundle> {
    places_between(old_size, new_size).filter_map(|(index, width)| EntryBundle::new(index, width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiles::tile::tiles_between;
    use alloc::collections::BTreeMap;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    #[test]
    fn coordinates_are_bounded() {
        assert!(Tile::new(63, u64::MAX, 256).is_some() && Tile::new(64, 0, 1).is_none());
        for width in [0, 257, u16::MAX] {
            assert!(Tile::new(0, 0, width).is_none() && EntryBundle::new(0, width).is_none());
        }
        assert_eq!(EntryBundle::new(u64::MAX, 1).unwrap().start(), None);
        assert_eq!(
            EntryBundle::containing(u64::MAX - 1, u64::MAX),
            EntryBundle::new(u64::MAX >> 8, 255)
        );
        assert_eq!(EntryBundle::containing(u64::MAX, u64::MAX), None);
        assert_eq!(Tile::containing(7, 254, u64::MAX), Tile::new(7, 0, 255));
        assert_eq!(Tile::containing(8, 0, u64::MAX), None);
        assert_eq!(Tile::containing(255, 0, u64::MAX), None);
    }

    /// The example of the specification: 273 full and one partial level-0 tile, and so on.
    #[test]
    fn seventy_thousand_entries() {
        let tiles: Vec<Tile> = tiles_between(0, 70_000).collect();
        let count = |level, full| {
            tiles
                .iter()
                .filter(|tile| tile.level() == level && tile.is_full() == full)
                .count()
        };
        assert_eq!(
            [
                count(0, true),
                count(0, false),
                count(1, true),
                count(1, false),
                count(2, true),
                count(2, false)
            ],
            [273, 1, 1, 1, 0, 1]
        );
        let partial: Vec<String> = tiles
            .iter()
            .filter(|tile| !tile.is_full())
            .map(Tile::path)
            .collect();
        assert_eq!(
            partial,
            ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
        );
        assert_eq!(tiles.len(), 277);
        let bundles: Vec<EntryBundle> = bundles_between(0, 70_000).collect();
        assert_eq!(
            (bundles.len(), bundles[273].path()),
            (274, "tile/entries/273.p/112".to_string())
        );
        let of_256: Vec<String> = tiles_between(0, 256).map(|tile| tile.path()).collect();
        assert_eq!(of_256, ["tile/0/000", "tile/1/000.p/1"]);
    }

    /// Growth in any steps writes each tile at the width that it has in each size.
    #[test]
    fn every_step_writes_what_the_new_size_calls_for() {
        let sizes = [
            0, 1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 70_000, 131_072,
        ];
        for old in sizes {
            let before: BTreeMap<(u8, u64), u16> = tiles_between(0, old)
                .map(|tile| ((tile.level(), tile.index()), tile.width()))
                .collect();
            for new in sizes {
                let mut after = before.clone();
                for tile in tiles_between(old, new) {
                    let earlier = after.insert((tile.level(), tile.index()), tile.width());
                    assert!(
                        earlier.is_none_or(|width| width < tile.width()),
                        "{} written in vain",
                        tile.path()
                    );
                }
                if new >= old {
                    assert_eq!(
                        after,
                        tiles_between(0, new)
                            .map(|tile| ((tile.level(), tile.index()), tile.width()))
                            .collect()
                    );
                } else {
                    assert_eq!(after, before);
                }
                let bundles: Vec<Tile> = bundles_between(old, new)
                    .map(|bundle| bundle.tile())
                    .collect();
                assert_eq!(
                    bundles,
                    tiles_between(old, new)
                        .filter(|tile| tile.level() == 0)
                        .collect::<Vec<Tile>>()
                );
            }
        }
    }

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
        use PathError::{Index, Level, Prefix, Width};
        let table = [
            ("", Prefix),
            ("tile", Prefix),
            ("tile/0", Prefix),
            ("/tile/0/000", Prefix),
            ("tile//000", Level),
            ("tile/00/000", Level),
            ("tile/01/000", Level),
            ("tile/+1/000", Level),
            ("tile/-1/000", Level),
            ("tile/64/000", Level),
            ("tile/256/000", Level),
            ("tile/8x/000", Level),
            ("tile/entries/000", Level),
            ("tile/data/000", Level),
            ("tile/0/", Index),
            ("tile/0/0", Index),
            ("tile/0/00", Index),
            ("tile/0/0000", Index),
            ("tile/0/x000", Index),
            ("tile/0/x001", Index),
            ("tile/0/x000/001", Index),
            ("tile/0/x000/x001/001", Index),
            ("tile/0/001/001", Index),
            ("tile/0/x001/x001", Index),
            ("tile/0/x001//001", Index),
            ("tile/0/x1/001", Index),
            ("tile/0/xx01/001", Index),
            ("tile/0/x001/001/", Index),
            ("tile/0/+01", Index),
            ("tile/0/ 01", Index),
            ("tile/0/0é", Index),
            ("tile/0/../000", Index),
            ("tile/0/x018/x446/x744/x073/x709/x551/616", Index),
            ("tile/0/x001/x000/x000/x000/x000/x000/x000/000", Index),
            ("tile/0/000.p", Index),
            ("tile/0/.p/1", Index),
            ("tile/0/000.p/", Width),
            ("tile/0/000.p/0", Width),
            ("tile/0/000.p/01", Width),
            ("tile/0/000.p/256", Width),
            ("tile/0/000.p/65537", Width),
            ("tile/0/000.p/-1", Width),
            ("tile/0/000.p/1/", Width),
            ("tile/0/000.p/1.p/1", Width),
        ];
        for (path, error) in table {
            assert_eq!(Tile::parse_path(path), Err(error), "{path:?}");
        }
        for (path, error) in [
            ("tile/0/000", Prefix),
            ("tile/entries", Prefix),
            ("tile/entries/0", Index),
            ("tile/entries/000.p/256", Width),
        ] {
            assert_eq!(EntryBundle::parse_path(path), Err(error), "{path:?}");
        }
    }
}
