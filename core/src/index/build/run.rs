//! Runs: the index of one range of a log, a pure function of its entries (`docs/formats/index.md`, "Run").

use crate::merkle::hash::Hash;
use crate::text::limits::{MAX_BUCKET, MAX_INLINE, MAX_RUN, MAX_RUN_BITS};
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::index::build::lists::Lists;
use crate::index::build::run_tree::RunTree;
use crate::index::format::bucket::{Postings, bucket_leaf};
use crate::index::format::file::IndexFile;
use crate::index::format::map::MapFunction;
use crate::index::format::postings::ListWriter;
use crate::index::format::run_head::{RunHead, bucket_of};

/// Upper bound on the average bytes of records in a bucket: `docs/decisions/index-bucket-load.md`.
pub const BUCKET_LOAD: u64 = 3_072;

/// A run in memory, with all its files.
pub struct Run {
    head: RunHead,
    map: MapFunction,
    lists: Lists,
    buckets: Vec<Vec<u8>>,
    tree: RunTree,
    reserved: Vec<u8>,
    postings: BTreeMap<Hash, Vec<u8>>,
}

/// Builds the run of a range from its pairs of key and offset, in any order.
///
/// # Errors
/// [`RunError`]. A range of at most [`MAX_RUN`] entries with the keys of a key function gives none, unless the keys
/// were chosen to fall into one bucket; in that case, divide the range.
pub fn build(
    map: MapFunction,
    range: Range<u64>,
    pairs: Vec<(Hash, u32)>,
) -> Result<Run, RunError> {
    assemble(map, range, Lists::from_pairs(pairs))
}

/// Builds the run of a range from its entries, in log order.
///
/// # Errors
/// As [`build`]; also [`RunError::OutOfRange`] unless there are as many entries as the range has.
pub fn build_from_entries<'a>(
    map: MapFunction,
    start: u64,
    entries: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Run, RunError> {
    let mut pairs = Vec::new();
    let mut length = 0u32;
    for entry in entries {
        pairs.extend(map.keys(entry).into_iter().map(|key| (key, length)));
        length = length.saturating_add(1);
    }
    let end = start.saturating_add(u64::from(length));
    build(map, start..end, pairs)
}

/// Divides lists into buckets and hashes them.
pub(crate) fn assemble(map: MapFunction, range: Range<u64>, lists: Lists) -> Result<Run, RunError> {
    let length = range.end.checked_sub(range.start);
    let length = length
        .filter(|length| (1..=MAX_RUN).contains(length))
        .ok_or(RunError::Range {
            start: range.start,
            end: range.end,
        })?;
    if let Some(offset) = lists
        .max_offset()
        .filter(|offset| u64::from(*offset) >= length)
    {
        return Err(RunError::OutOfRange { offset, length });
    }
    let reserved_keys = map.reserved();
    let bits = bucket_bits(
        lists
            .iter()
            .filter(|(key, _)| !reserved_keys.contains(key))
            .map(|(_, offsets)| Postings::record_length(offsets.len())),
    );
    let count = 1usize.checked_shl(u32::from(bits)).unwrap_or(0);
    let mut buckets = vec![Vec::new(); count];
    let mut reserved = Vec::new();
    let mut postings = BTreeMap::new();
    for (key, offsets) in lists.iter() {
        let count = u32::try_from(offsets.len()).unwrap_or(u32::MAX);
        let record = if count <= MAX_INLINE {
            Postings::Inline(offsets.to_vec())
        } else {
            let mut file = |hash, bytes| {
                postings.insert(hash, bytes);
            };
            let mut list = ListWriter::new(&mut file);
            offsets.iter().for_each(|offset| list.push(*offset));
            let root = list.finish();
            Postings::Long { count, root }
        };
        if reserved_keys.contains(key) {
            record.append_to(key, &mut reserved);
        } else if let Some(bucket) = usize::try_from(bucket_of(key, bits))
            .ok()
            .and_then(|number| buckets.get_mut(number))
        {
            record.append_to(key, bucket);
        }
    }
    if let Some((number, bucket)) = (0u64..)
        .zip(&buckets)
        .find(|(_, bucket)| bucket.len() > MAX_BUCKET)
    {
        return Err(RunError::BucketTooLarge {
            bucket: number,
            size: bucket.len(),
        });
    }
    let leaves: Vec<Hash> = buckets.iter().map(|bucket| bucket_leaf(bucket)).collect();
    let tree = RunTree::new(&leaves);
    Ok(Run {
        head: RunHead {
            start: range.start,
            end: range.end,
            bits,
            root: tree.root(),
            reserved: (!reserved.is_empty()).then(|| bucket_leaf(&reserved)),
        },
        map,
        lists,
        buckets,
        tree,
        reserved,
        postings,
    })
}

/// The smallest b such that records of these lengths have at most [`BUCKET_LOAD`] · 2^b bytes.
pub(crate) fn bucket_bits(records: impl Iterator<Item = usize>) -> u8 {
    let total = records
        .map(|length| u64::try_from(length).unwrap_or(u64::MAX))
        .fold(0, u64::saturating_add);
    bits_for(total)
}

/// As [`bucket_bits`], from the sum of the lengths.
pub(crate) fn bits_for(total: u64) -> u8 {
    (0..MAX_RUN_BITS)
        .find(|bits| total <= BUCKET_LOAD << bits)
        .unwrap_or(MAX_RUN_BITS)
}

impl Run {
    /// Description of the run for the manifest.
    #[must_use]
    pub const fn head(&self) -> &RunHead {
        &self.head
    }

    /// The key function.
    #[must_use]
    pub const fn map(&self) -> MapFunction {
        self.map
    }

    /// The keys and their offsets.
    #[must_use]
    pub const fn lists(&self) -> &Lists {
        &self.lists
    }

    /// Every file to publish: buckets, the reserved bucket, and long lists.
    pub fn files(&self) -> impl Iterator<Item = (IndexFile, Vec<u8>)> {
        let root = self.head.root;
        let buckets = self
            .buckets
            .iter()
            .enumerate()
            .filter_map(move |(at, bucket)| {
                let number = u64::try_from(at).ok()?;
                let bytes = [self.tree.path(at).as_slice(), bucket].concat();
                Some((IndexFile::Bucket { root, number }, bytes))
            });
        let reserved = self
            .head
            .reserved
            .map(|hash| (IndexFile::Reserved(hash), self.reserved.clone()));
        let postings = self
            .postings
            .iter()
            .map(|(hash, bytes)| (IndexFile::Postings(*hash), bytes.clone()));
        buckets.chain(reserved).chain(postings)
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("head", &self.head)
            .field("map", &self.map)
            .finish_non_exhaustive()
    }
}

/// Reason for which a range has no run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The range is empty, or has more than [`MAX_RUN`] entries.
    #[error("a run of entries {start} to {end} is empty or longer than {MAX_RUN}")]
    Range {
        /// First entry.
        start: u64,
        /// The entry after the last.
        end: u64,
    },
    /// An offset is not in the range.
    #[error("offset {offset} is not in a run of {length} entries")]
    OutOfRange {
        /// The offset.
        offset: u32,
        /// Entries in the range.
        length: u64,
    },
    /// A bucket has more than [`MAX_BUCKET`] bytes; the range must be divided.
    #[error("bucket {bucket} has {size} bytes, more than {MAX_BUCKET}; cut the range")]
    BucketTooLarge {
        /// Number of the bucket.
        bucket: u64,
        /// Its bytes.
        size: usize,
    },
    /// Runs to be joined are not neighbours, or use different key functions.
    #[error("a run that ends at {end} and one that starts at {start} cannot be joined")]
    NotNeighbours {
        /// End of the first run.
        end: u64,
        /// First entry of the second run.
        start: u64,
    },
}

impl RunError {
    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Range { .. } => "index-run-range",
            Self::OutOfRange { .. } => "index-run-out-of-range",
            Self::BucketTooLarge { .. } => "index-run-bucket-too-large",
            Self::NotNeighbours { .. } => "index-run-not-neighbours",
        }
    }
}
