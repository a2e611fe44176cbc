//! Reads ahead while a log is opened: entry bundles are asked for one after the other, and each with its tile, so the next
//! of both are fetched side by side before they are asked for. Full ones never change, so what was fetched stays right.

use glasslog_core::tiles::{EntryBundle, FULL_WIDTH};
use std::collections::BTreeMap;

/// Bundles that are fetched together, each with its tile: at most 256 MiB if each is as large as can be.
const BUNDLES: u64 = 16;

/// What was fetched and not asked for yet.
#[derive(Debug)]
pub(super) struct Ahead {
    /// Full bundles that the log has.
    bundles: u64,
    fetched: BTreeMap<String, Vec<u8>>,
}

impl Ahead {
    /// Of a log of `size` published entries.
    pub(super) fn new(size: u64) -> Self {
        Self {
            bundles: size / u64::from(FULL_WIDTH),
            fetched: BTreeMap::new(),
        }
    }

    /// Takes a file that was fetched.
    pub(super) fn take(&mut self, path: &str) -> Option<Vec<u8>> {
        self.fetched.remove(path)
    }

    /// What to fetch with a file that was not: nothing, unless it is a full bundle.
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

    /// Keeps what was fetched; a file that is missing is asked for again when it is its turn.
    pub(super) fn keep(&mut self, paths: Vec<String>, found: Vec<Option<Vec<u8>>>) {
        // What was fetched for bundles that are behind is not asked for any more.
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
