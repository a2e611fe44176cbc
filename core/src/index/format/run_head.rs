//! Heads of runs, as manifests state them, and the buckets that a run has.

use crate::index::format::file::IndexFile;
use crate::merkle::hash::Hash;

/// Description of a run in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHead {
    /// First entry.
    pub start: u64,
    /// The entry after the last.
    pub end: u64,
    /// There are 2^bits buckets.
    pub bits: u8,
    /// Root of the tree over the buckets.
    pub root: Hash,
    /// Leaf of the reserved bucket, if it has a record.
    pub reserved: Option<Hash>,
}

impl RunHead {
    /// Number of entries, at most [`MAX_RUN`](crate::text::limits::MAX_RUN).
    #[must_use]
    pub fn length(&self) -> u32 {
        u32::try_from(self.end.saturating_sub(self.start)).unwrap_or(u32::MAX)
    }

    /// Number of buckets.
    #[must_use]
    pub fn buckets(&self) -> u64 {
        1u64.checked_shl(u32::from(self.bits)).unwrap_or(0)
    }

    /// Number of the bucket of a key: the key's first bits.
    #[must_use]
    pub fn bucket_of(&self, key: &Hash) -> u64 {
        bucket_of(key, self.bits)
    }

    /// The one bucket that can hold a key, and its file; `None` if that is the reserved bucket and the run has none.
    #[must_use]
    pub fn file_of(&self, key: &Hash, reserved: &[Hash]) -> Option<(BucketName, IndexFile)> {
        if reserved.contains(key) {
            let hash = self.reserved?;
            return Some((BucketName::Reserved, IndexFile::Reserved(hash)));
        }
        let number = self.bucket_of(key);
        let root = self.root;
        Some((
            BucketName::Number(number),
            IndexFile::Bucket { root, number },
        ))
    }
}

/// The first `bits` bits of a key, as a number.
pub(crate) fn bucket_of(key: &Hash, bits: u8) -> u64 {
    let first = key.as_bytes().first_chunk::<8>();
    let shift = u64::BITS.saturating_sub(u32::from(bits));
    first
        .and_then(|first| u64::from_be_bytes(*first).checked_shr(shift))
        .unwrap_or(0)
}

/// Name of a bucket of a run: a number in the tree, or the reserved bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BucketName {
    /// Bucket with this number, counted from 0, in the tree.
    Number(u64),
    /// The bucket that holds the reserved keys.
    Reserved,
}
