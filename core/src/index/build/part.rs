//! The run of a part of a wider run's range, from the files of the wider run (`docs/formats/index.md`, "Run"). It recomputes
//! a run whose files were deleted by garbage collection, and holds only the run's leaves in memory.

use crate::merkle::compact::tree_root;
use crate::merkle::hash::Hash;
use crate::text::limits::MAX_INLINE;
use alloc::vec::Vec;
use core::ops::Range;

use crate::index::build::run::bucket_bits;
use crate::index::build::stored::StoredError;
use crate::index::format::bucket::{Postings, bucket_leaf};
use crate::index::format::file::IndexFile;
use crate::index::format::map::MapFunction;
use crate::index::format::postings::{chunk_leaf, encode_chunks};
use crate::index::format::run_head::RunHead;
use crate::index::read::walk::walk_run;

/// Returns the head of the run of `range`, a part of the range of `wider`. Reads the files of `wider` twice.
///
/// # Errors
/// [`StoredError`], also if `range` is not within the range of `wider`.
pub fn part_of_run(
    map: MapFunction,
    wider: &RunHead,
    range: Range<u64>,
    mut read: impl FnMut(&IndexFile) -> Option<Vec<u8>>,
) -> Result<RunHead, StoredError> {
    let outside = || StoredError::Other {
        problem: "it is not within the wider run".into(),
    };
    let first = range.start.checked_sub(wider.start).ok_or_else(outside)?;
    let length = range.end.checked_sub(range.start).ok_or_else(outside)?;
    if range.end > wider.end {
        return Err(outside());
    }
    let first = u32::try_from(first).map_err(|_| outside())?;
    let length = u32::try_from(length).map_err(|_| outside())?;
    let part = |offsets: &[u32]| -> Vec<u32> {
        let shifted = offsets
            .iter()
            .filter_map(|offset| offset.checked_sub(first));
        shifted.filter(|offset| *offset < length).collect()
    };
    let reserved_keys = map.reserved();
    let mut records = 0usize;
    walk_run(map, wider, &mut read, |key, offsets| {
        let offsets = part(offsets);
        if !offsets.is_empty() && !reserved_keys.contains(key) {
            records = records.saturating_add(Postings::record_length(offsets.len()));
        }
    })?;
    let mut head = RunHead {
        start: range.start,
        end: range.end,
        bits: bucket_bits([records].into_iter()),
        root: Hash::from_bytes([0; 32]),
        reserved: None,
    };
    let mut leaves: Vec<Hash> = Vec::new();
    let (mut bucket, mut reserved) = (Vec::new(), Vec::new());
    walk_run(map, wider, &mut read, |key, offsets| {
        let offsets = part(offsets);
        if offsets.is_empty() {
            return;
        }
        let record = match u32::try_from(offsets.len()).unwrap_or(u32::MAX) {
            count if count <= MAX_INLINE => Postings::Inline(offsets),
            count => Postings::Long {
                count,
                root: list_root(&offsets),
            },
        };
        if reserved_keys.contains(key) {
            return record.append_to(key, &mut reserved);
        }
        while count(&leaves) < head.bucket_of(key) {
            leaves.push(bucket_leaf(&bucket));
            bucket.clear();
        }
        record.append_to(key, &mut bucket);
    })?;
    while count(&leaves) < head.buckets() {
        leaves.push(bucket_leaf(&bucket));
        bucket.clear();
    }
    head.root = tree_root(&leaves);
    head.reserved = (!reserved.is_empty()).then(|| bucket_leaf(&reserved));
    Ok(head)
}

fn list_root(offsets: &[u32]) -> Hash {
    let leaves: Vec<Hash> = encode_chunks(offsets)
        .map(|chunk| chunk_leaf(&chunk))
        .collect();
    tree_root(&leaves)
}

fn count(leaves: &[Hash]) -> u64 {
    u64::try_from(leaves.len()).unwrap_or(u64::MAX)
}
