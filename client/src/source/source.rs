//! Where a log is read from: a directory or an `http(s)://` address, the same relative paths either way
//! (c2sp.org/tlog-tiles, "Parameters").
use std::path::{Path, PathBuf};

use glasslog_core::index::format::{LATEST_PATH, MAX_INDEX_FILE};
use glasslog_core::text::limits::{MAX_BUNDLE_BYTES, MAX_NOTE, MAX_TILE_BYTES, MAX_TLOG_PROOF};

use crate::failure::Failure;

mod bucket;
mod cache;
mod directory;
mod remote;

pub(crate) use bucket::Bucket;
pub(crate) use directory::Directory;
pub(crate) use remote::{Remote, client, innermost, parse_address, runtime};

/// A log that can be read. It is not trusted: what it yields are bytes.
#[derive(Debug)]
pub(crate) enum Source {
    Directory(Directory),
    Remote(Box<Remote>),
    /// The bucket that a log directory names as its store.
    Bucket(Bucket),
}

impl Source {
    /// Opens what `--log` names. With `offline`, an address is refused before any socket exists.
    ///
    /// # Errors
    /// An address that is not one, `--offline` with an address, a directory that is not there.
    pub(crate) fn open(log: &str, offline: bool) -> Result<Self, Failure> {
        if !is_address(log) {
            if let Some(bucket) = Bucket::of(Path::new(log))? {
                return match offline {
                    true => Err(Failure::usage(format!(
                        "`--offline` opens no socket, and `{log}` lives in a bucket"
                    ))),
                    false => Ok(Self::Bucket(bucket)),
                };
            }
            return Directory::open(Path::new(log)).map(Self::Directory);
        }
        if offline {
            return Err(
                Failure::usage(format!("`--offline` opens no socket, and `{log}` is an address"))
                    .hint("make a bundle with `glasslog bundle` while online, and check it with `glasslog verify bundle`"),
            );
        }
        Ok(Self::Remote(Box::new(Remote::open(log)?)))
    }
}

/// Whether a `LOG` argument is an address rather than a path.
pub(crate) fn is_address(log: &str) -> bool {
    log.starts_with("http://") || log.starts_with("https://")
}

/// The trust policy that `glasslog init` put beside a log directory, to be named in a hint.
pub(crate) fn policy_beside(log: &str) -> Option<PathBuf> {
    let path = Path::new(log).join("trust.policy");
    (!is_address(log) && path.is_file()).then_some(path)
}

/// Whether a path is that of a file which a manifest of the index commits to, and which so never changes.
fn is_index_file(path: &str) -> bool {
    let kinds = ["index/run/", "index/reserved/", "index/postings/"];
    kinds.iter().any(|kind| path.starts_with(kind))
}

/// Most bytes that are read of the file at `path`. One more is read, so that a longer file is seen to be too long by
/// the verification, which alone judges it.
fn limit(path: &str) -> usize {
    // The index is a log of its own below this folder.
    let path = match path.strip_prefix("index/") {
        Some(tile) if tile.starts_with("tile/") => tile,
        _ => path,
    };
    if path.starts_with("tile/entries/") {
        MAX_BUNDLE_BYTES
    } else if path.starts_with("tile/") {
        MAX_TILE_BYTES
    } else if path == LATEST_PATH {
        MAX_TLOG_PROOF
    } else if is_index_file(path) {
        MAX_INDEX_FILE
    } else {
        MAX_NOTE
    }
}
