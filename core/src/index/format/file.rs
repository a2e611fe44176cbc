//! Paths of an index's immutable files (`docs/formats/index.md`, "Files").

use crate::merkle::hash::Hash;
use crate::text::limits::{MAX_BUCKET, MAX_RUN};
use crate::tiles::path::push_place;
use crate::tiles::width::FULL_WIDTH;
use alloc::string::String;

use crate::index::format::postings::CHUNK;

/// Where a log publishes the proof of its newest manifest, with the manifest as extra data.
pub const LATEST_PATH: &str = "index/latest.tlog-proof";

/// Bytes of the largest such file, a bucket of [`MAX_BUCKET`] with its path: what a reader must allow, and no more.
pub const MAX_INDEX_FILE: usize = MAX_BUCKET + 32 * 32;

/// A file that a hash of the manifest, or of another such file, vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexFile {
    /// A bucket of a run, with its path to the root.
    Bucket {
        /// The run's root.
        root: Hash,
        /// Number of the bucket.
        number: u64,
    },
    /// The reserved bucket with this leaf.
    Reserved(Hash),
    /// A chunk of offsets under its leaf, or the leaves of a list's chunks under the list's root.
    Postings(Hash),
}

impl IndexFile {
    /// The path below the log's public tree.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Bucket { root, number } => {
                let mut path = String::from("index/run/");
                path.push_str(&root.to_hex());
                push_place(&mut path, *number, FULL_WIDTH);
                path
            }
            Self::Reserved(hash) => ["index/reserved/", &hash.to_hex()].concat(),
            Self::Postings(hash) => ["index/postings/", &hash.to_hex()].concat(),
        }
    }

    /// The most bytes that such a file can have, which a reader must allow, and no more.
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
