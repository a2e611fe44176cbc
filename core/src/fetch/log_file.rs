//! The kinds of files in a log's public tree: path, size limit, caching and type of each
//! ([C2SP tlog-tiles](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md), "APIs"; `docs/formats/log-directory.md`).
//!
//! This is the only such table. Readers, writers, servers and JavaScript ask it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::index::format::file::{
    AUDITED_PATH, INDEX_CHECKPOINT_PATH, INDEX_FOLDER, IndexFile, LATEST_PATH,
};
use crate::note::key_name::KeyId;
use crate::text::limits::{
    MAX_BUNDLE_BYTES, MAX_CHECKPOINT_LIST, MAX_CHECKPOINT_PAGE, MAX_NOTE, MAX_TILE_BYTES,
    MAX_TLOG_PROOF,
};
use crate::text::wire::{hex_decode, parse_decimal};
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::tile::Tile;

/// Path of the log's newest checkpoint.
pub const CHECKPOINT_PATH: &str = "checkpoint";

/// Folder of the older checkpoints that a log keeps, each under its size.
const ARCHIVE_FOLDER: &str = "checkpoints/";

/// Name of the list of the older checkpoints; a page of it has a number behind it.
const CHECKPOINT_LIST: &str = "list";
/// Folder of the last checkpoints that former keys of the log signed, each under the id of its key.
const LOG_KEY_FOLDER: &str = "log-key/";

/// One file of a log's public tree.
///
/// The order is that of the log: bundles and tiles sort by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogFile {
    /// The newest checkpoint.
    Checkpoint,
    /// A Merkle tree tile.
    Tile(Tile),
    /// An entry bundle.
    Bundle(EntryBundle),
    /// An older checkpoint, by its size.
    Archived(u64),
    /// The list of the older checkpoints.
    CheckpointList,
    /// A full page of that list, by its number.
    CheckpointPage(u64),
    /// The last checkpoint that a former key of the log signed, by the id of the key.
    LogKey(KeyId),
    /// The proof of the index's newest manifest.
    LatestManifest,
    /// The proof of the newest manifest that auditors vouch for.
    AuditedManifest,
    /// The newest checkpoint of the index log.
    IndexCheckpoint,
    /// A Merkle tree tile of the index log.
    IndexTile(Tile),
    /// An entry bundle of the index log.
    IndexBundle(EntryBundle),
    /// A bucket, or a list of offsets, of the index.
    Index(IndexFile),
}

impl LogFile {
    /// Parses a path below the public tree as [`path`](Self::path) writes it, and no other spelling.
    ///
    /// `None` for a path of no such file, such as one of the portal's.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let tile = |path| Tile::parse_path(path).ok();
        let bundle = |path| EntryBundle::parse_path(path).ok();
        match path {
            CHECKPOINT_PATH => return Some(Self::Checkpoint),
            INDEX_CHECKPOINT_PATH => return Some(Self::IndexCheckpoint),
            LATEST_PATH => return Some(Self::LatestManifest),
            AUDITED_PATH => return Some(Self::AuditedManifest),
            _ => {}
        }
        if let Some(name) = path.strip_prefix(ARCHIVE_FOLDER) {
            return match name.strip_prefix(CHECKPOINT_LIST) {
                None => parse_decimal(name).map(Self::Archived),
                Some("") => Some(Self::CheckpointList),
                Some(page) => parse_decimal(page.strip_prefix('-')?).map(Self::CheckpointPage),
            };
        }
        if let Some(id) = path.strip_prefix(LOG_KEY_FOLDER) {
            let id = hex_decode(id).and_then(|id| id.try_into().ok());
            return id.map(KeyId::from_bytes).map(Self::LogKey);
        }
        if let Some(inner) = path.strip_prefix(INDEX_FOLDER) {
            return (bundle(inner).map(Self::IndexBundle))
                .or_else(|| tile(inner).map(Self::IndexTile))
                .or_else(|| IndexFile::parse_path(path).map(Self::Index));
        }
        (bundle(path).map(Self::Bundle)).or_else(|| tile(path).map(Self::Tile))
    }

    /// The path below the public tree.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Checkpoint => CHECKPOINT_PATH.to_string(),
            Self::Tile(tile) => tile.path(),
            Self::Bundle(bundle) => bundle.path(),
            Self::Archived(size) => [ARCHIVE_FOLDER, &size.to_string()].concat(),
            Self::CheckpointList => [ARCHIVE_FOLDER, CHECKPOINT_LIST].concat(),
            Self::CheckpointPage(number) => {
                [ARCHIVE_FOLDER, CHECKPOINT_LIST, "-", &number.to_string()].concat()
            }
            Self::LogKey(id) => [LOG_KEY_FOLDER, &id.to_string()].concat(),
            Self::LatestManifest => LATEST_PATH.to_string(),
            Self::AuditedManifest => AUDITED_PATH.to_string(),
            Self::IndexCheckpoint => INDEX_CHECKPOINT_PATH.to_string(),
            Self::IndexTile(tile) => [INDEX_FOLDER, &tile.path()].concat(),
            Self::IndexBundle(bundle) => [INDEX_FOLDER, &bundle.path()].concat(),
            Self::Index(file) => file.path(),
        }
    }

    /// Most bytes that such a file can have. A reader takes one byte more at most: enough to see that a file is too large.
    #[must_use]
    pub fn limit(&self) -> usize {
        match self {
            Self::CheckpointList => MAX_CHECKPOINT_LIST,
            Self::CheckpointPage(_) => MAX_CHECKPOINT_PAGE,
            Self::Checkpoint | Self::Archived(_) | Self::LogKey(_) | Self::IndexCheckpoint => {
                MAX_NOTE
            }
            Self::LatestManifest | Self::AuditedManifest => MAX_TLOG_PROOF,
            Self::Tile(_) | Self::IndexTile(_) => MAX_TILE_BYTES,
            Self::Bundle(_) | Self::IndexBundle(_) => MAX_BUNDLE_BYTES,
            Self::Index(file) => file.limit(),
        }
    }

    /// Returns `true` if the file's name determines its content, so that any copy of it is current.
    #[must_use]
    pub const fn is_immutable(&self) -> bool {
        !matches!(
            self,
            Self::Checkpoint
                | Self::CheckpointList
                | Self::IndexCheckpoint
                | Self::LatestManifest
                | Self::AuditedManifest
        )
    }

    /// Returns `true` for a partial tile or entry bundle, which the log may delete once the full one is published.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        match self {
            Self::Tile(tile) | Self::IndexTile(tile) => !tile.is_full(),
            Self::Bundle(bundle) | Self::IndexBundle(bundle) => !bundle.is_full(),
            _ => false,
        }
    }

    /// Returns `true` for a file that a good log need not have: a partial tile or bundle, which the full one replaces, and
    /// the proofs of manifests of a log without an index, the archive of checkpoints, and the last checkpoint of a key that did
    /// not end.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        self.is_partial()
            || matches!(
                self,
                Self::LatestManifest
                    | Self::AuditedManifest
                    | Self::Archived(_)
                    | Self::CheckpointList
                    | Self::CheckpointPage(_)
                    | Self::LogKey(_)
            )
    }

    /// The media type with which a server labels the file.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Checkpoint
            | Self::Archived(_)
            | Self::CheckpointList
            | Self::CheckpointPage(_)
            | Self::LogKey(_)
            | Self::LatestManifest
            | Self::AuditedManifest
            | Self::IndexCheckpoint => "text/plain; charset=utf-8",
            Self::Tile(_)
            | Self::Bundle(_)
            | Self::IndexTile(_)
            | Self::IndexBundle(_)
            | Self::Index(_) => "application/octet-stream",
        }
    }

    /// The full tile or bundle that may replace a partial one (tlog-tiles, "Partial Tiles").
    #[must_use]
    pub fn full(&self) -> Option<Self> {
        if !self.is_partial() {
            return None;
        }
        Some(match self {
            Self::Tile(tile) => Self::Tile(tile.full()),
            Self::Bundle(bundle) => Self::Bundle(bundle.full()),
            Self::IndexTile(tile) => Self::IndexTile(tile.full()),
            Self::IndexBundle(bundle) => Self::IndexBundle(bundle.full()),
            _ => return None,
        })
    }

    /// The start of a full file's bytes that the partial file would have had. Bytes too short for that are returned
    /// unchanged: the verification refuses them.
    #[must_use]
    pub fn prefix(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let length = match self {
            Self::Tile(tile) | Self::IndexTile(tile) => usize::from(tile.width()) * 32,
            Self::Bundle(bundle) | Self::IndexBundle(bundle) => {
                bundle_prefix(&bytes, bundle.width())
            }
            _ => return bytes,
        };
        bytes.truncate(length);
        bytes
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::hash::sha256;
    use std::format;

    const TEXT: &str = "text/plain; charset=utf-8";
    const BYTES: &str = "application/octet-stream";

    #[test]
    fn each_kind_has_one_row() {
        let hash = sha256(b"");
        let hex = hash.to_hex();
        let tile = |level, index, width| Tile::new(level, index, width).unwrap();
        let bundle = |index, width| EntryBundle::new(index, width).unwrap();
        let bucket = |number| LogFile::Index(IndexFile::Bucket { root: hash, number });
        let table = [
            ("checkpoint", LogFile::Checkpoint, 1_000_000, false, TEXT),
            (
                "tile/0/000",
                LogFile::Tile(tile(0, 0, 256)),
                8_192,
                true,
                BYTES,
            ),
            (
                "tile/0/x001/067.p/3",
                LogFile::Tile(tile(0, 1_067, 3)),
                8_192,
                true,
                BYTES,
            ),
            (
                "tile/entries/000",
                LogFile::Bundle(bundle(0, 256)),
                256 * 65_537,
                true,
                BYTES,
            ),
            (
                "tile/entries/000.p/1",
                LogFile::Bundle(bundle(0, 1)),
                256 * 65_537,
                true,
                BYTES,
            ),
            ("checkpoints/7", LogFile::Archived(7), 1_000_000, true, TEXT),
            (
                "checkpoints/list",
                LogFile::CheckpointList,
                1_048_576,
                false,
                TEXT,
            ),
            (
                "checkpoints/list-7",
                LogFile::CheckpointPage(7),
                8_192,
                true,
                TEXT,
            ),
            (
                "log-key/05bba325",
                LogFile::LogKey(KeyId::from_bytes([5, 0xbb, 0xa3, 0x25])),
                1_000_000,
                true,
                TEXT,
            ),
            (
                "index/latest.tlog-proof",
                LogFile::LatestManifest,
                2_000_000,
                false,
                TEXT,
            ),
            (
                "index/audited.tlog-proof",
                LogFile::AuditedManifest,
                2_000_000,
                false,
                TEXT,
            ),
            (
                "index/checkpoint",
                LogFile::IndexCheckpoint,
                1_000_000,
                false,
                TEXT,
            ),
            (
                "index/tile/1/000.p/2",
                LogFile::IndexTile(tile(1, 0, 2)),
                8_192,
                true,
                BYTES,
            ),
            (
                "index/tile/entries/000.p/1",
                LogFile::IndexBundle(bundle(0, 1)),
                256 * 65_537,
                true,
                BYTES,
            ),
            (
                &format!("index/run/{hex}/x001/067"),
                bucket(1_067),
                (16 << 20) + 1_024,
                true,
                BYTES,
            ),
            (
                &format!("index/reserved/{hex}"),
                LogFile::Index(IndexFile::Reserved(hash)),
                16 << 20,
                true,
                BYTES,
            ),
            (
                &format!("index/postings/{hex}"),
                LogFile::Index(IndexFile::Postings(hash)),
                2 << 20,
                true,
                BYTES,
            ),
        ];
        for (path, file, limit, is_immutable, content_type) in table {
            assert_eq!(LogFile::parse(path), Some(file), "{path}");
            assert_eq!(file.path(), path);
            assert_eq!(file.limit(), limit, "{path}");
            assert_eq!(file.is_immutable(), is_immutable, "{path}");
            assert_eq!(file.content_type(), content_type, "{path}");
            assert_eq!(file.is_partial(), path.contains(".p/"), "{path}");
            let is_optional = file.is_partial()
                || path.ends_with(".tlog-proof")
                || path.starts_with(ARCHIVE_FOLDER)
                || path.starts_with(LOG_KEY_FOLDER);
            assert_eq!(file.is_optional(), is_optional, "{path}");
        }
    }

    #[test]
    fn other_paths_are_no_log_files() {
        let hex = sha256(b"").to_hex();
        for path in [
            "",
            "/checkpoint",
            "checkpoint/",
            "checkpoints/",
            "checkpoints/07",
            "checkpoints/7.p/1",
            "checkpoints/list-",
            "checkpoints/list-07",
            "checkpoints/list7",
            "log-key/",
            "log-key/05bba3",
            "log-key/05BBA325",
            "log-key/05bba325/1",
            "tile",
            "tile/",
            "tile/0/000.p/256",
            "tile/entries/0",
            "index",
            "index/",
            "index/checkpoints/7",
            "index/index/checkpoint",
            "index/run/00ff/000",
            &format!("index/run/{hex}"),
            &format!("index/run/{hex}/000.p/1"),
            &format!("index/run/{}/000", hex.to_uppercase()),
            &format!("index/reserved/{hex}/000"),
            &format!("index/postings/{hex}0"),
            "other.tlog-proof",
            "portal/index.html",
        ] {
            assert_eq!(LogFile::parse(path), None, "{path}");
        }
    }
}
