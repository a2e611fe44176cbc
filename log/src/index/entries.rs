//! Reading of a log's entries for its index: each is checked against the tree that the manifest will name.
//!
//! Tiles are checked from the root down, and the leaf hashes of an entry bundle against them
//! ([c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles)), so the source of the files need not be trusted.

use crate::directory::public::PublicTree;
use crate::error::LogError;
use crate::index::error::IndexError;
use glasslog_client::source::Source;
use glasslog_core::merkle::{Hash, Subtree, TreeHead, complete_subtrees, leaf_hash};
use glasslog_core::tiles::{
    ConsistencyPlan, EntryBundle, TILE_FOLDER, Tile, TilePlan, parse_entries,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

/// Bundles that are requested together: enough to use a network, at most 256 MiB with the largest bundles.
const BUNDLES_AT_ONCE: usize = 16;

/// A source of the public files of a log.
pub trait LogFiles: Sync {
    /// Reads files by their paths in the public tree; the results are in order, `None` for a missing file.
    ///
    /// # Errors
    /// A file cannot be read.
    fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError>;

    /// Returns the location of a file, for messages.
    fn locate(&self, path: &str) -> PathBuf {
        path.into()
    }
}

impl<S: Source> LogFiles for S {
    fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError> {
        self.read_many(paths).map_err(|error| {
            let (code, problem) = (error.code(), error.to_string());
            IndexError::Unread { code, problem }.into()
        })
    }
}

impl LogFiles for PublicTree {
    fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError> {
        paths.iter().map(|path| Self::read(self, path)).collect()
    }

    fn locate(&self, path: &str) -> PathBuf {
        Self::locate(self, path)
    }
}

/// A log at one tree head.
#[derive(Clone, Copy)]
pub(super) struct LogAt<'a> {
    files: &'a dyn LogFiles,
    head: TreeHead,
}

impl<'a> LogAt<'a> {
    pub(super) fn new(files: &'a dyn LogFiles, head: TreeHead) -> Self {
        Self { files, head }
    }

    pub(super) fn size(&self) -> u64 {
        self.head.size
    }

    /// Checks that an older head belongs to this log.
    pub(super) fn check_extends(&self, old: &TreeHead) -> Result<(), LogError> {
        let plan = ConsistencyPlan::new(old.size, self.head).map_err(|error| false_file(&error))?;
        let (computed, _) = plan
            .finish(&self.tiles(plan.tiles())?)
            .map_err(|error| false_file(&error))?;
        match computed == *old {
            true => Ok(()),
            false => Err(IndexError::AnotherHistory {
                size: old.size,
                indexed: old.root,
                computed: computed.root,
            }
            .into()),
        }
    }

    /// Calls `take` with each entry of a range and its index, in order.
    pub(super) fn each(
        &self,
        range: Range<u64>,
        mut take: impl FnMut(u64, &[u8]) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let mut at = range.start;
        while at < range.end {
            let mut bundles = Vec::new();
            while bundles.len() < BUNDLES_AT_ONCE
                && at < range.end
                && let Some(bundle) = EntryBundle::containing(at, self.head.size)
            {
                at = bundle.start().unwrap_or(at) + u64::from(bundle.width());
                bundles.push(bundle);
            }
            if bundles.is_empty() {
                return Err(LogError::not_buildable(format!(
                    "the log has no entry {at}"
                )));
            }
            self.wave(&bundles, &range, &mut take)?;
        }
        Ok(())
    }

    fn wave(
        &self,
        bundles: &[EntryBundle],
        range: &Range<u64>,
        take: &mut impl FnMut(u64, &[u8]) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let wanted: Vec<Vec<Subtree>> = bundles.iter().map(subtrees).collect();
        let plan =
            TilePlan::new(self.head, &wanted.concat()).map_err(|error| false_file(&error))?;
        let tiles = plan
            .finish(&self.tiles(plan.tiles())?)
            .map_err(|error| false_file(&error))?;
        let paths: Vec<(String, String)> = bundles
            .iter()
            .map(|bundle| (bundle.path(), bundle.full().path()))
            .collect();
        for ((bundle, subtrees), (width, bytes)) in
            bundles.iter().zip(&wanted).zip(self.with_fallback(&paths)?)
        {
            let wrong = |problem: String| {
                LogError::Index(IndexError::NotInTree {
                    path: self.files.locate(&bundle.path()),
                    problem,
                })
            };
            // A removed partial bundle is the beginning of the full one.
            let held = match width {
                Held::AsAsked => bundle.width(),
                Held::Full => bundle.full().width(),
            };
            let entries = parse_entries(&bytes, held).map_err(|error| wrong(error.to_string()))?;
            let entries = entries.get(..usize::from(bundle.width()));
            let entries = entries.unwrap_or_default();
            let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
            check_leaves(subtrees, &leaves, |subtree| tiles.hash(subtree))
                .ok_or_else(|| wrong("its entries are not those of the checkpoint".into()))?;
            let first = bundle.start().unwrap_or_default();
            for (index, entry) in (first..).zip(entries) {
                if range.contains(&index) {
                    take(index, entry)?;
                }
            }
        }
        Ok(())
    }

    fn tiles(&self, tiles: &[Tile]) -> Result<BTreeMap<Tile, Vec<u8>>, LogError> {
        let paths: Vec<(String, String)> = tiles
            .iter()
            .map(|tile| (tile.path(), tile.full().path()))
            .collect();
        let found = tiles.iter().zip(self.with_fallback(&paths)?);
        Ok(found
            .map(|(tile, (held, bytes))| match held {
                Held::AsAsked => (*tile, bytes),
                Held::Full => (
                    *tile,
                    tile.prefix_of_full(&bytes).unwrap_or(&bytes).to_vec(),
                ),
            })
            .collect())
    }

    /// Reads files, or their full counterparts if partial ones were removed.
    fn with_fallback(&self, paths: &[(String, String)]) -> Result<Vec<(Held, Vec<u8>)>, LogError> {
        let asked: Vec<String> = paths.iter().map(|(asked, _)| asked.clone()).collect();
        let mut found = Vec::new();
        for ((asked, full), bytes) in paths.iter().zip(self.files.read(&asked)?) {
            found.push(match bytes {
                Some(bytes) => (Held::AsAsked, bytes),
                None => {
                    let path = self.files.locate(asked);
                    let bytes = match asked == full {
                        true => None,
                        false => self.files.read(std::slice::from_ref(full))?.pop().flatten(),
                    };
                    (Held::Full, bytes.ok_or(LogError::missing(path))?)
                }
            });
        }
        Ok(found)
    }
}

/// The file that was found.
#[derive(Clone, Copy)]
enum Held {
    AsAsked,
    Full,
}

/// Returns the subtrees that consist of a bundle's leaves.
fn subtrees(bundle: &EntryBundle) -> Vec<Subtree> {
    let start = bundle.start().unwrap_or(u64::MAX);
    complete_subtrees(start..start.saturating_add(u64::from(bundle.width()))).collect()
}

/// Compares leaf hashes with those of the tree.
fn check_leaves(
    subtrees: &[Subtree],
    leaves: &[Hash],
    hash: impl Fn(Subtree) -> Option<Hash>,
) -> Option<()> {
    let mut rest = leaves;
    for subtree in subtrees {
        let width = usize::try_from(subtree.width()?).ok()?;
        let (own, after) = rest.split_at_checked(width)?;
        let computed = glasslog_core::merkle::tree_root(own);
        (hash(*subtree)? == computed).then_some(())?;
        rest = after;
    }
    rest.is_empty().then_some(())
}

fn false_file(error: &glasslog_core::tiles::TileError) -> LogError {
    use glasslog_core::tiles::TileError;
    match error {
        TileError::Missing { tile } => LogError::missing(tile.path()),
        error => LogError::Index(IndexError::NotInTree {
            path: TILE_FOLDER.into(),
            problem: error.to_string(),
        }),
    }
}
