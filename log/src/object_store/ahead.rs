//! Read-ahead while a log is opened: entry bundles are read in order, each with its tile, so the next of both are
//! fetched concurrently before they are requested. Full files never change, so fetched ones stay valid.

use glasslog_core::tiles::{EntryBundle, FULL_WIDTH};
use std::collections::BTreeMap;

/// Bundles that are fetched together, each with its tile: at most 256 MiB with the largest bundles.
const BUNDLES: u64 = 16;

/// Files that were fetched and not yet requested.
#[derive(Debug)]
pub(super) struct Ahead {
    /// Number of full bundles in the log.
    bundles: u64,
    fetched: BTreeMap<String, Vec<u8>>,
}

impl Ahead {
    /// Returns the state for a log of `size` published entries.
    pub(super) fn new(size: u64) -> Self {
        Self {
            bundles: size / u64::from(FULL_WIDTH),
            fetched: BTreeMap::new(),
        }
    }

    /// Takes a fetched file.
    pub(super) fn take(&mut self, path: &str) -> Option<Vec<u8>> {
        self.fetched.remove(path)
    }

    /// Returns the files to fetch together with `path`: none, unless it is a full bundle.
    pub(super) fn plan(&self, path: &str) -> Vec<String> {
        let bundle = EntryBundle::parse_path(path).ok();
        let Some(bundle) = bundle.filter(|bundle| bundle.width() == FULL_WIDTH) else {
            return Vec::new();
        };
        let first = bundle.tile().index();
        let indices = first..self.bundles.min(first.saturating_add(BUNDLES));
        let bundles = indices.filter_map(|index| EntryBundle::new(index, FULL_WIDTH));
        bundles
            .flat_map(|bundle| [bundle.path(), bundle.tile().path()])
            .collect()
    }

    /// Keeps fetched files; a missing file is requested again in its turn.
    pub(super) fn keep(&mut self, paths: Vec<String>, found: Vec<Option<Vec<u8>>>) {
        // Files of bundles that were passed are not requested any more.
        self.fetched.clear();
        let found = paths.into_iter().zip(found);
        let found = found.filter_map(|(path, bytes)| Some((path, bytes?)));
        self.fetched.extend(found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_bundles_come_with_those_after_them() {
        let mut ahead = Ahead::new(256 * 20 + 7);
        assert!(ahead.plan("checkpoint").is_empty());
        assert!(ahead.plan("tile/0/003").is_empty());
        assert!(ahead.plan("tile/entries/020.p/7").is_empty());
        let plan = ahead.plan("tile/entries/000");
        assert_eq!(plan.len(), 32);
        assert_eq!(plan[0], "tile/entries/000");
        assert_eq!(plan[31], "tile/0/015");
        let last = ahead.plan("tile/entries/018");
        assert_eq!(
            last,
            [
                "tile/entries/018",
                "tile/0/018",
                "tile/entries/019",
                "tile/0/019"
            ]
        );
        ahead.keep(
            last,
            vec![Some(vec![1]), None, Some(vec![2]), Some(vec![3])],
        );
        assert_eq!(ahead.take("tile/entries/018"), Some(vec![1]));
        assert_eq!(ahead.take("tile/entries/018"), None);
        assert_eq!(ahead.take("tile/0/018"), None);
        assert_eq!(ahead.take("tile/0/019"), Some(vec![3]));
    }
}
