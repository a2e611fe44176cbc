//! Reads a whole run from its files, and checks it against its head.

use crate::merkle::hash::Hash;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::index::build::run::{Run, build};
use crate::index::format::bucket::{Bucket, Postings, open_file};
use crate::index::format::file::IndexFile;
use crate::index::format::map::MapFunction;
use crate::index::format::postings::{chunk_count, chunk_leaf, parse_chunk, parse_leaves};
use crate::index::format::run_head::{BucketName, RunHead};

/// Reads the run with this head; `read` returns each file, or `None` if it is missing.
///
/// Checks every rule: all files of the returned run are right, and its number of buckets is the one that the rules
/// give.
///
/// # Errors
/// [`StoredError`].
pub fn read_run(
    map: MapFunction,
    head: &RunHead,
    mut read: impl FnMut(&IndexFile) -> Option<Vec<u8>>,
) -> Result<Run, StoredError> {
    let mut pairs = Vec::new();
    let reserved_keys = map.reserved();
    for (name, file) in bucket_files(head) {
        let bucket = read_bucket(head, name, &file, &reserved_keys, &mut read)?;
        for (key, postings) in bucket.records() {
            match postings {
                Postings::Inline(offsets) => {
                    pairs.extend(offsets.iter().map(|offset| (*key, *offset)));
                }
                Postings::Long { count, root } => {
                    read_list(*count, root, head.length(), &mut read, |offset| {
                        pairs.push((*key, offset));
                    })?;
                }
            }
        }
    }
    let run = build(map, head.start..head.end, pairs).map_err(|error| StoredError::Other {
        problem: error.to_string(),
    })?;
    if run.head() != head {
        return Err(StoredError::Other {
            problem: "its number of buckets is not the one that the rules give".into(),
        });
    }
    Ok(run)
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

/// Reads one bucket of a run.
pub(crate) fn read_bucket(
    head: &RunHead,
    name: BucketName,
    file: &IndexFile,
    reserved: &[Hash],
    read: impl FnMut(&IndexFile) -> Option<Vec<u8>>,
) -> Result<Bucket, StoredError> {
    let bytes = need(read, file)?;
    open_file(&bytes, head, name)
        .and_then(|bytes| Bucket::parse(bytes, head, name, reserved))
        .map_err(|error| wrong(file, error.to_string()))
}

/// Reads a long list, one chunk at a time. Returns the number of files read.
pub(crate) fn read_list(
    count: u32,
    root: &Hash,
    length: u32,
    mut read: impl FnMut(&IndexFile) -> Option<Vec<u8>>,
    mut take: impl FnMut(u32),
) -> Result<u64, StoredError> {
    let mut files = 0;
    let leaves = if chunk_count(count) == 1 {
        Vec::from([*root])
    } else {
        files += 1;
        let file = IndexFile::Postings(*root);
        parse_leaves(&need(&mut read, &file)?, count, root)
            .map_err(|error| wrong(&file, error.to_string()))?
    };
    let mut last = None;
    for (index, leaf) in (0u32..).zip(leaves) {
        let file = IndexFile::Postings(leaf);
        let bytes = need(&mut read, &file)?;
        files += 1;
        if chunk_leaf(&bytes) != leaf {
            return Err(wrong(&file, "its hash does not match its name".into()));
        }
        let offsets = parse_chunk(&bytes, index, count, length)
            .map_err(|error| wrong(&file, error.to_string()))?;
        if last.is_some() && last >= offsets.first().copied() {
            return Err(wrong(&file, "it goes back from the chunk before".into()));
        }
        last = offsets.last().copied();
        offsets.into_iter().for_each(&mut take);
    }
    Ok(files)
}

fn need(
    mut read: impl FnMut(&IndexFile) -> Option<Vec<u8>>,
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

/// Reason for which a run cannot be read from its files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredError {
    /// A file of the run is missing.
    #[error("`{path}` is missing")]
    Missing {
        /// Its path.
        path: String,
    },
    /// A file does not belong to the run, or breaks a rule.
    #[error("`{path}`: {problem}")]
    Wrong {
        /// Its path.
        path: String,
        /// The rule that it breaks.
        problem: String,
    },
    /// Each file is right, but together they are not the run of the head.
    #[error("the run is not the one it should be: {problem}")]
    Other {
        /// The difference.
        problem: String,
    },
}

impl StoredError {
    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "index-run-file-missing",
            Self::Wrong { .. } => "index-run-file-wrong",
            Self::Other { .. } => "index-run-other",
        }
    }
}
