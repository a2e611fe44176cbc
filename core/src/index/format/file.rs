//! Paths of an index's immutable files (`docs/formats/index.md`, "Files").

use crate::merkle::hash::{HASH_SIZE, Hash};
use crate::text::limits::{MAX_BUCKET, MAX_RUN};
use crate::text::wire::hex_decode;
use crate::tiles::path::{parse_place, push_place};
use crate::tiles::width::FULL_WIDTH;
use alloc::string::String;

use crate::index::format::postings::CHUNK;

/// Folder of all files of an index. The index log is a separate log in this folder, with the usual paths of a log.
pub const INDEX_FOLDER: &str = "index/";

/// Path of the index log's newest checkpoint.
pub const INDEX_CHECKPOINT_PATH: &str = "index/checkpoint";

/// Path of the proof of the newest manifest, with the manifest as extra data.
pub const LATEST_PATH: &str = "index/latest.tlog-proof";

/// Path of the proof of the newest manifest that auditors vouch for, with the manifest as extra data.
pub const AUDITED_PATH: &str = "index/audited.tlog-proof";

/// Folder of the runs' buckets, in a folder for each root.
const RUN_FOLDER: &str = "index/run/";

/// Folder of the reserved buckets, each under its leaf hash.
const RESERVED_FOLDER: &str = "index/reserved/";

/// Folder of the lists of offsets, each under its hash.
const POSTINGS_FOLDER: &str = "index/postings/";

/// Bytes of the largest file of an index, a bucket of [`MAX_BUCKET`] with its proof of 32 hashes.
const MAX_INDEX_FILE: usize = MAX_BUCKET + 32 * 32;

/// A file of the index whose hash is in the manifest or in another file of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexFile {
    /// A bucket of a run, with its path to the root.
    Bucket {
        /// The run's root.
        root: Hash,
        /// Number of the bucket.
        number: u64,
    },
    /// The reserved bucket with this leaf hash.
    Reserved(Hash),
    /// A chunk of offsets, named by its leaf hash; or the leaf hashes of a list's chunks, named by the list's root.
    Postings(Hash),
}

/// The folder of a run's buckets.
#[must_use]
pub fn run_folder(root: &Hash) -> String {
    [RUN_FOLDER, &root.to_hex()].concat()
}

impl IndexFile {
    /// Parses a path as [`path`](Self::path) writes it, and no other spelling.
    pub(crate) fn parse_path(path: &str) -> Option<Self> {
        if let Some(name) = path.strip_prefix(RUN_FOLDER) {
            let (root, number) = name.split_once('/')?;
            let (number, width) = parse_place(number).ok()?;
            let root = parse_hash(root)?;
            return (width == FULL_WIDTH).then_some(Self::Bucket { root, number });
        }
        if let Some(leaf) = path.strip_prefix(RESERVED_FOLDER) {
            return parse_hash(leaf).map(Self::Reserved);
        }
        let hash = path.strip_prefix(POSTINGS_FOLDER)?;
        parse_hash(hash).map(Self::Postings)
    }

    /// The path below the log's public tree.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Bucket { root, number } => {
                let mut path = run_folder(root);
                push_place(&mut path, *number, FULL_WIDTH);
                path
            }
            Self::Reserved(hash) => [RESERVED_FOLDER, &hash.to_hex()].concat(),
            Self::Postings(hash) => [POSTINGS_FOLDER, &hash.to_hex()].concat(),
        }
    }

    /// Largest size of such a file, in bytes.
    #[must_use]
    pub fn limit(&self) -> usize {
        match self {
            Self::Bucket { .. } => MAX_INDEX_FILE,
            Self::Reserved(_) => MAX_BUCKET,
            Self::Postings(_) => {
                usize::try_from(MAX_RUN / u64::from(CHUNK) * 32).unwrap_or(usize::MAX)
            }
        }
    }
}

fn parse_hash(hex: &str) -> Option<Hash> {
    let bytes: [u8; HASH_SIZE] = hex_decode(hex)?.try_into().ok()?;
    Some(Hash::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::hash::sha256;

    #[test]
    fn paths() {
        let hash = sha256(b"");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let bucket = |number| IndexFile::Bucket { root: hash, number }.path();
        assert_eq!(bucket(0), ["index/run/", hex, "/000"].concat());
        assert_eq!(
            bucket(1_234_067),
            ["index/run/", hex, "/x001/x234/067"].concat()
        );
        assert_eq!(
            IndexFile::Reserved(hash).path(),
            ["index/reserved/", hex].concat()
        );
        assert_eq!(
            IndexFile::Postings(hash).path(),
            ["index/postings/", hex].concat()
        );
    }

    #[test]
    fn limits_hold_the_largest_files() {
        let hash = sha256(b"");
        assert_eq!(IndexFile::Postings(hash).limit(), 2 << 20);
        assert_eq!(IndexFile::Reserved(hash).limit(), 16 << 20);
        assert_eq!(
            IndexFile::Bucket {
                root: hash,
                number: 0
            }
            .limit(),
            (16 << 20) + 1024
        );
    }
}
