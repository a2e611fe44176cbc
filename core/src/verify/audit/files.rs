//! Other files in a log's public tree than those of its newest checkpoint: older partial tiles and checkpoints,
//! which must agree with the tree, and strays, which are named.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::index::format::file::INDEX_FOLDER;
use crate::merkle::hash::{Hash, leaf_hash};
use crate::merkle::tree::{Subtree, TreeHead};
use crate::note::checkpoint::Checkpoint;
use crate::report::check::Class;
use crate::tiles::entries::parse_entries;
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::plan::{ConsistencyPlan, TilePlan};
use crate::tiles::tile::{Tile, encode_hashes};
use crate::tiles::width::{FULL_WIDTH, TILE_HEIGHT};
use crate::trust::policy::LogVerdict;
use crate::trust::trust_policy::TrustPolicy;

/// Folders of the public tree that hold no part of the log itself.
const OTHER_FOLDERS: &[&str] = &[INDEX_FOLDER, "portal/"];

/// The files of a public tree.
#[derive(Clone, Debug)]
pub(crate) struct Listing(Vec<String>);

/// A file that an older checkpoint needed.
#[derive(Clone, Debug)]
pub(crate) enum Older {
    Tile(Tile),
    Bundle(EntryBundle),
    Checkpoint(u64),
}

enum Kind {
    Current,
    Older(Older),
    Stray,
}

impl Listing {
    pub(crate) fn new(mut paths: Vec<String>) -> Self {
        paths.sort_unstable();
        Self(paths)
    }

    /// Files of older checkpoints of a log that now has `size` entries, last first.
    pub(crate) fn older(&self, size: u64) -> Vec<Older> {
        let older = |path: &String| match kind(path, size) {
            Kind::Older(older) => Some(older),
            _ => None,
        };
        self.0.iter().rev().filter_map(older).collect()
    }

    /// Files that do not belong to a log of `size` entries.
    pub(crate) fn strays(&self, size: u64) -> Vec<String> {
        self.0
            .iter()
            .filter(|path| matches!(kind(path, size), Kind::Stray))
            .cloned()
            .collect()
    }
}

fn kind(path: &str, size: u64) -> Kind {
    match LogFile::parse(path) {
        // The list of the archive is a hint: what it leads to is verified, and nothing else is read by it. A reader who follows
        // a rotation judges the last checkpoint of a key.
        Some(
            LogFile::Checkpoint
            | LogFile::CheckpointList
            | LogFile::CheckpointPage(_)
            | LogFile::LogKey(_),
        ) => Kind::Current,
        Some(LogFile::Archived(archived)) if archived <= size => {
            Kind::Older(Older::Checkpoint(archived))
        }
        Some(LogFile::Bundle(bundle)) => {
            let current = bundle
                .start()
                .and_then(|start| EntryBundle::containing(start, size));
            match current {
                Some(current) if current == bundle => Kind::Current,
                Some(current) if bundle.width() < current.width() => {
                    Kind::Older(Older::Bundle(bundle))
                }
                _ => Kind::Stray,
            }
        }
        Some(LogFile::Tile(tile)) => match current_tile(tile.level(), tile.index(), size) {
            Some(current) if current == tile => Kind::Current,
            Some(current) if tile.width() < current.width() => Kind::Older(Older::Tile(tile)),
            _ => Kind::Stray,
        },
        _ if OTHER_FOLDERS.iter().any(|folder| path.starts_with(folder)) => Kind::Current,
        _ => Kind::Stray,
    }
}

impl Older {
    pub(crate) fn path(&self) -> String {
        self.file().path()
    }

    pub(crate) fn file(&self) -> LogFile {
        match self {
            Self::Tile(tile) => LogFile::Tile(*tile),
            Self::Bundle(bundle) => LogFile::Bundle(*bundle),
            Self::Checkpoint(size) => LogFile::Archived(*size),
        }
    }

    /// The file, and the tiles that it is compared with.
    pub(crate) fn needs(&self, head: TreeHead) -> Vec<LogFile> {
        let tiles = match self {
            Self::Tile(tile) => {
                TilePlan::new(head, &subtrees(*tile)).map(|plan| plan.tiles().to_vec())
            }
            Self::Bundle(bundle) => {
                TilePlan::new(head, &subtrees(bundle.tile())).map(|plan| plan.tiles().to_vec())
            }
            Self::Checkpoint(size) => {
                ConsistencyPlan::new(*size, head).map(|plan| plan.tiles().to_vec())
            }
        };
        tiles
            .unwrap_or_default()
            .into_iter()
            .map(LogFile::Tile)
            .chain([self.file()])
            .collect()
    }

    /// Compares the file with the tree under `head`.
    pub(crate) fn check(
        &self,
        head: TreeHead,
        bytes: &[u8],
        tiles: &BTreeMap<Tile, Vec<u8>>,
        policy: &TrustPolicy,
    ) -> Result<(), (Class, String)> {
        match self {
            Self::Tile(tile) => {
                let hashes = self.hashes(*tile, head, tiles)?;
                if bytes == encode_hashes(&hashes) {
                    Ok(())
                } else {
                    Err(self.differs())
                }
            }
            Self::Bundle(bundle) => {
                let hashes = self.hashes(bundle.tile(), head, tiles)?;
                let entries = parse_entries(bytes, bundle.width()).map_err(|_| self.differs())?;
                let computed: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
                if computed == hashes {
                    Ok(())
                } else {
                    Err(self.differs())
                }
            }
            Self::Checkpoint(size) => self.check_checkpoint(*size, bytes, head, tiles, policy),
        }
    }

    /// The hashes that the tree has at the place of `tile`.
    fn hashes(
        &self,
        tile: Tile,
        head: TreeHead,
        tiles: &BTreeMap<Tile, Vec<u8>>,
    ) -> Result<Vec<Hash>, (Class, String)> {
        let wanted = subtrees(tile);
        let verified = TilePlan::new(head, &wanted).and_then(|plan| plan.finish(tiles));
        let verified = verified.map_err(|error| (Class::False, error.to_string()))?;
        let hashes: Option<Vec<Hash>> = wanted
            .into_iter()
            .map(|subtree| verified.hash(subtree))
            .collect();
        hashes.ok_or_else(|| self.differs())
    }

    fn differs(&self) -> (Class, String) {
        (
            Class::False,
            format!("`{}` differs from the tree", self.path()),
        )
    }

    fn check_checkpoint(
        &self,
        size: u64,
        bytes: &[u8],
        head: TreeHead,
        tiles: &BTreeMap<Tile, Vec<u8>>,
        policy: &TrustPolicy,
    ) -> Result<(), (Class, String)> {
        let path = self.path();
        let old = Checkpoint::parse(bytes)
            .map_err(|error| (Class::MalformedLog, format!("`{path}`: {error}")))?;
        if old.head().size != size {
            return Err((
                Class::MalformedLog,
                format!("`{path}` is a checkpoint of size {}", old.head().size),
            ));
        }
        match policy.log().judge_signature(&old) {
            LogVerdict::Signed(_) => {}
            LogVerdict::BadSignature => {
                return Err((
                    Class::False,
                    format!("the log's signature on `{path}` is wrong"),
                ));
            }
            _ => {
                return Err((
                    Class::Undecided,
                    format!("no log in the trust policy signed `{path}`"),
                ));
            }
        }
        let unproven = |error: String| (Class::False, format!("the tree at `{path}`: {error}"));
        let plan = ConsistencyPlan::new(size, head).map_err(|error| unproven(error.to_string()))?;
        let (computed, _) = plan
            .finish(tiles)
            .map_err(|error| unproven(error.to_string()))?;
        if computed.root == old.head().root {
            return Ok(());
        }
        let detail =
            format!("`{path}` and the newest checkpoint are both signed and cannot both be true");
        Err((Class::Inconsistent, detail))
    }
}

/// The tile at these coordinates, as wide as the tree of `size` makes it.
fn current_tile(level: u8, index: u64, size: u64) -> Option<Tile> {
    Tile::containing(level, index.checked_mul(256)?, size)
}

/// The subtrees whose hashes a tile holds.
fn subtrees(tile: Tile) -> Vec<Subtree> {
    let first = tile.index().saturating_mul(u64::from(FULL_WIDTH));
    let level = tile.level().saturating_mul(TILE_HEIGHT);
    (0..u64::from(tile.width()))
        .map(|at| Subtree {
            level,
            index: first.saturating_add(at),
        })
        .collect()
}
