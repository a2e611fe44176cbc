//! Reads the files of a run, key by key, and checks every rule; holds only one bucket and one list in memory.

use crate::merkle::hash::Hash;
use alloc::vec::Vec;

use crate::index::build::run::bucket_bits;
use crate::index::build::stored::{StoredError, bucket_files, read_bucket, read_list};
use crate::index::format::bucket::Postings;
use crate::index::format::file::IndexFile;
use crate::index::format::map::MapFunction;
use crate::index::format::run_head::{BucketName, RunHead};

/// Visits each key of a run with its offsets: first the keys of the numbered buckets in order, then the reserved keys.
/// Returns the number of files read.
///
/// # Errors
/// [`StoredError`], also if the number of buckets is not the one that the rules give.
pub fn walk_run(
    map: MapFunction,
    head: &RunHead,
    mut read: impl FnMut(&IndexFile) -> Option<Vec<u8>>,
    mut visit: impl FnMut(&Hash, &[u32]),
) -> Result<u64, StoredError> {
    let reserved_keys = map.reserved();
    let (mut files, mut records) = (0u64, 0usize);
    for (name, file) in bucket_files(head) {
        let bucket = read_bucket(head, name, &file, &reserved_keys, &mut read)?;
        files = files.saturating_add(1);
        for (key, postings) in bucket.records() {
            let count = usize::try_from(postings.count()).unwrap_or(usize::MAX);
            if name != BucketName::Reserved {
                records = records.saturating_add(Postings::record_length(count));
            }
            match postings {
                Postings::Inline(offsets) => visit(key, offsets),
                Postings::Long { count, root } => {
                    let mut offsets = Vec::new();
                    let take = |offset| offsets.push(offset);
                    let more = read_list(*count, root, head.length(), &mut read, take)?;
                    files = files.saturating_add(more);
                    visit(key, &offsets);
                }
            }
        }
    }
    if bucket_bits([records].into_iter()) != head.bits {
        return Err(StoredError::Other {
            problem: "its number of buckets is not the one that the rules give".into(),
        });
    }
    Ok(files)
}
