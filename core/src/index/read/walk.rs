//! Reads the files of a run, key by key, and checks every rule; holds only one bucket and one list in memory.

use crate::merkle::hash::Hash;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::index::build::run::bucket_bits;
use crate::index::build::stored::StoredError;
use crate::index::format::bucket::{Bucket, Postings, open_file};
use crate::index::format::file::IndexFile;
use crate::index::format::map::MapFunction;
use crate::index::format::postings::{chunk_count, chunk_leaf, parse_chunk, parse_leaves};
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
        let bytes = need(&mut read, &file)?;
        files = files.saturating_add(1);
        let bucket = open_file(&bytes, head, name)
            .and_then(|bytes| Bucket::parse(bytes, head, name, &reserved_keys))
            .map_err(|error| wrong(&file, error.to_string()))?;
        for (key, postings) in bucket.records() {
            let count = usize::try_from(postings.count()).unwrap_or(usize::MAX);
            if name != BucketName::Reserved {
                records = records.saturating_add(Postings::record_length(count));
            }
            match postings {
                Postings::Inline(offsets) => visit(key, offsets),
                Postings::Long { count, root } => {
                    let (offsets, more) = read_list(*count, root, head.length(), &mut read)?;
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

/// The files of a run's buckets, in order, and that of the reserved one.
pub fn bucket_files(head: &RunHead) -> impl Iterator<Item = (BucketName, IndexFile)> + use<> {
    let root = head.root;
    let numbered = (0..head.buckets()).map(move |number| {
        let file = IndexFile::Bucket { root, number };
        (BucketName::Number(number), file)
    });
    let reserved = head.reserved.map(IndexFile::Reserved);
    numbered.chain(reserved.map(|file| (BucketName::Reserved, file)))
}

fn read_list(
    count: u32,
    root: &Hash,
    length: u32,
    read: &mut impl FnMut(&IndexFile) -> Option<Vec<u8>>,
) -> Result<(Vec<u32>, u64), StoredError> {
    let mut files = 0;
    let leaves = if chunk_count(count) == 1 {
        Vec::from([*root])
    } else {
        files += 1;
        let file = IndexFile::Postings(*root);
        parse_leaves(&need(read, &file)?, count, root)
            .map_err(|error| wrong(&file, error.to_string()))?
    };
    let mut list: Vec<u32> = Vec::new();
    for (index, leaf) in (0u32..).zip(leaves) {
        let file = IndexFile::Postings(leaf);
        let bytes = need(read, &file)?;
        files += 1;
        if chunk_leaf(&bytes) != leaf {
            return Err(wrong(&file, "its hash does not match its name".into()));
        }
        let offsets = parse_chunk(&bytes, index, count, length)
            .map_err(|error| wrong(&file, error.to_string()))?;
        if list.last() >= offsets.first() && !list.is_empty() {
            return Err(wrong(&file, "it goes back from the chunk before".into()));
        }
        list.extend(offsets);
    }
    Ok((list, files))
}

fn need(
    read: &mut impl FnMut(&IndexFile) -> Option<Vec<u8>>,
    file: &IndexFile,
) -> Result<Vec<u8>, StoredError> {
    read(file).ok_or_else(|| StoredError::Missing { path: file.path() })
}

fn wrong(file: &IndexFile, problem: String) -> StoredError {
    StoredError::Wrong {
        path: file.path(),
        problem,
    }
}
