//! Plan, fetch, finish: how a verification asks its caller for files, and what it makes of them.
//!
//! A [`Query`] names the files it needs next, relative to the log's public tree; the caller fetches them from
//! wherever the log is and hands them over, in any order; the query alone gives the verdict.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::index::format::file::LATEST_PATH;
use crate::report::report::{Check, Report};
use crate::text::limits::{
    MAX_BUNDLE_BYTES, MAX_IN_FLIGHT, MAX_NOTE, MAX_TILE_BYTES, MAX_TLOG_PROOF,
};
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::tile::Tile;

/// Path of the log's newest checkpoint.
pub const CHECKPOINT_PATH: &str = "checkpoint";

/// Where a log keeps older checkpoints, each under its size.
pub(crate) const ARCHIVE_PREFIX: &str = "checkpoints/";

/// A verification that is fed with files until it reports.
pub trait Query {
    /// The files wanted next, a bounded batch of paths relative to the public tree; empty when nothing more is needed.
    fn needs(&self) -> Vec<String>;
    /// Hands over one file, or says that it is missing. A path that was not asked for is ignored.
    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>);
    /// The verdict, once nothing more is needed.
    fn report(&self) -> Option<&Report>;
    /// How far it is.
    fn progress(&self) -> Progress<'_>;
}

/// How far a [`Query`] is: the checks so far, and what was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress<'a> {
    /// Entries read.
    pub done: u64,
    /// Entries to read; 0 while that is not known.
    pub total: u64,
    /// Positions that the index gives for the keys asked about, before their entries are read; `None` without an index.
    pub positions: Option<u64>,
    /// Files that were supplied.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// The checks, as far as they are decided.
    pub checks: &'a [Check],
}

/// One file of a log that a query can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resource {
    Checkpoint,
    Tile(Tile),
    Bundle(EntryBundle),
    /// An older checkpoint that the log keeps, by its size.
    Archived(u64),
    /// The proof of the newest manifest of the index.
    LatestManifest,
}

impl Resource {
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Checkpoint => CHECKPOINT_PATH.to_string(),
            Self::Tile(tile) => tile.path(),
            Self::Bundle(bundle) => bundle.path(),
            Self::Archived(size) => format!("{ARCHIVE_PREFIX}{size}"),
            Self::LatestManifest => LATEST_PATH.to_string(),
        }
    }

    /// The full tile or bundle that may stand in for a partial one (tlog-tiles, "Partial Tiles").
    fn full(&self) -> Option<Self> {
        match self {
            Self::Tile(tile) if !tile.is_full() => Some(Self::Tile(tile.full())),
            Self::Bundle(bundle) if !bundle.is_full() => Some(Self::Bundle(bundle.full())),
            _ => None,
        }
    }

    /// The part of a full file that the partial one would have held. What is no such prefix is left as it is: the
    /// verification will refuse it.
    fn prefix(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let length = match self {
            Self::Checkpoint | Self::Archived(_) | Self::LatestManifest => return bytes,
            Self::Tile(tile) => usize::from(tile.width()) * 32,
            Self::Bundle(bundle) => bundle_prefix(&bytes, bundle.width()),
        };
        bytes.truncate(length);
        bytes
    }

    fn limit(&self) -> usize {
        match self {
            Self::Checkpoint | Self::Archived(_) => MAX_NOTE,
            Self::LatestManifest => MAX_TLOG_PROOF,
            Self::Tile(_) => MAX_TILE_BYTES,
            Self::Bundle(_) => MAX_BUNDLE_BYTES,
        }
    }
}

/// Length in bytes of the first `entries` entries of a bundle.
fn bundle_prefix(bytes: &[u8], entries: u16) -> usize {
    let mut at = 0usize;
    for _ in 0..entries {
        let Some(&[high, low]) = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()) else {
            break;
        };
        at = at.saturating_add(2 + usize::from(u16::from_be_bytes([high, low])));
    }
    at
}

/// A batch of files under way: who asked for what, what has come, what is missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wave {
    /// By path: the resource wanted, which a full file may stand in for.
    wanted: BTreeMap<String, Resource>,
    /// Not asked for yet, last first.
    queued: Vec<Resource>,
    got: BTreeMap<Resource, Vec<u8>>,
    missing: Option<String>,
}

impl Wave {
    /// A wave for these resources.
    pub(crate) fn of(resources: impl IntoIterator<Item = Resource>) -> Self {
        let mut wave = Self {
            queued: resources.into_iter().collect(),
            ..Self::default()
        };
        wave.queued.reverse();
        wave.fill();
        wave
    }

    fn fill(&mut self) {
        while self.wanted.len() < MAX_IN_FLIGHT {
            let Some(resource) = self.queued.pop() else {
                break;
            };
            self.wanted.insert(resource.path(), resource);
        }
    }

    pub(crate) fn needs(&self) -> Vec<String> {
        if self.missing.is_some() {
            Vec::new()
        } else {
            self.wanted.keys().cloned().collect()
        }
    }

    /// Takes one file in. `true` when the wave is over, because all has come or something is missing.
    pub(crate) fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) -> bool {
        let Some(resource) = self.wanted.remove(path) else {
            return self.is_over();
        };
        match bytes {
            // A file over its limit cannot be what was asked for; it is handed on cut, and fails there.
            Some(mut bytes) => {
                bytes.truncate(resource.limit() + 1);
                let stands_in = path != resource.path();
                let bytes = if stands_in {
                    resource.prefix(bytes)
                } else {
                    bytes
                };
                self.got.insert(resource, bytes);
                self.fill();
            }
            None => match resource.full() {
                Some(full) if path != full.path() => {
                    self.wanted.insert(full.path(), resource);
                }
                _ => self.missing = Some(resource.path()),
            },
        }
        self.is_over()
    }

    fn is_over(&self) -> bool {
        self.missing.is_some() || self.wanted.is_empty()
    }

    /// The file that could not be had.
    pub(crate) fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    /// What has come.
    pub(crate) fn take(&mut self) -> BTreeMap<Resource, Vec<u8>> {
        core::mem::take(&mut self.got)
    }
}

/// The tiles among the files of a wave.
pub(crate) fn tiles(files: BTreeMap<Resource, Vec<u8>>) -> BTreeMap<Tile, Vec<u8>> {
    let tile = |(resource, bytes)| match resource {
        Resource::Tile(tile) => Some((tile, bytes)),
        _ => None,
    };
    // Not collected, which would sort first: 5 kB of code in the browser's copy.
    let mut tiles = BTreeMap::new();
    tiles.extend(files.into_iter().filter_map(tile));
    tiles
}
