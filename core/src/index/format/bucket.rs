//! Buckets of a run: records of keys and offsets, parsed strictly (`docs/formats/index.md`, "Run").
//!
//! [`Bucket::parse`] accepts exactly the bytes that [`Bucket::encode`] writes: keys in order, each in its bucket;
//! offsets in order, within the run; no byte after the last record.

use crate::merkle::hash::{FileHasher, HASH_SIZE, Hash};
use crate::merkle::proof::InclusionProof;
use crate::merkle::proof_error::ProofError;
use crate::merkle::tree::TreeHead;
use crate::text::limits::{MAX_BUCKET, MAX_INLINE};
use alloc::vec::Vec;

use crate::index::format::postings::{PostingsError, check_offsets};
use crate::index::format::run_head::{BucketName, RunHead};

/// Prefix of each leaf's input, after the 0x00 of RFC 6962.
const DOMAIN: &[u8] = b"tlog-index-bucket/v1\n";

/// The offsets of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Postings {
    /// At most [`MAX_INLINE`] offsets, in the record itself.
    Inline(Vec<u32>),
    /// More than [`MAX_INLINE`] offsets, in a tree of chunks (`postings.rs`).
    Long {
        /// Number of offsets.
        count: u32,
        /// Root of the chunks.
        root: Hash,
    },
}

impl Postings {
    /// Number of offsets.
    #[must_use]
    pub fn count(&self) -> u32 {
        match self {
            Self::Inline(offsets) => u32::try_from(offsets.len()).unwrap_or(u32::MAX),
            Self::Long { count, .. } => *count,
        }
    }

    /// Bytes of a record with `count` offsets.
    pub(crate) fn record_length(count: usize) -> usize {
        let inline = usize::try_from(MAX_INLINE).unwrap_or(usize::MAX);
        let body = if count <= inline {
            count.saturating_mul(4)
        } else {
            HASH_SIZE
        };
        body.saturating_add(HASH_SIZE + 4)
    }

    /// Appends the record of `key` to `bytes`.
    pub(crate) fn append_to(&self, key: &Hash, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(&self.count().to_be_bytes());
        match self {
            Self::Inline(offsets) => {
                for offset in offsets {
                    bytes.extend_from_slice(&offset.to_be_bytes());
                }
            }
            Self::Long { root, .. } => bytes.extend_from_slice(root.as_bytes()),
        }
    }
}

/// A bucket whose bytes follow the rules; [`open_file`] checks that they belong to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    records: Vec<(Hash, Postings)>,
}

impl Bucket {
    /// Parses the bucket `name` of `run`; `reserved` are the keys that the key function reserves.
    ///
    /// # Errors
    /// A [`BucketError`] for the rule that the bytes break.
    pub fn parse(
        bytes: &[u8],
        run: &RunHead,
        name: BucketName,
        reserved: &[Hash],
    ) -> Result<Self, BucketError> {
        if bytes.len() > MAX_BUCKET {
            return Err(BucketError::TooLarge { size: bytes.len() });
        }
        let mut records: Vec<(Hash, Postings)> = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let record = records.len();
            let (key, postings, after) =
                parse_record(rest).ok_or(BucketError::Truncated { record })?;
            rest = after;
            match name {
                BucketName::Number(_) if reserved.contains(&key) => {
                    return Err(BucketError::ReservedKey { record });
                }
                BucketName::Number(number) if run.bucket_of(&key) != number => {
                    return Err(BucketError::WrongBucket {
                        record,
                        bucket: run.bucket_of(&key),
                    });
                }
                BucketName::Reserved if !reserved.contains(&key) => {
                    return Err(BucketError::NotReserved { record });
                }
                _ => {}
            }
            if records.last().is_some_and(|(last, _)| *last >= key) {
                return Err(BucketError::KeyOrder { record });
            }
            check_postings(&postings, run.length())
                .map_err(|error| BucketError::Offsets { record, error })?;
            records.push((key, postings));
        }
        if name == BucketName::Reserved && records.is_empty() {
            return Err(BucketError::EmptyReserved);
        }
        Ok(Self { records })
    }

    /// Encodes the bucket.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (key, postings) in &self.records {
            postings.append_to(key, &mut bytes);
        }
        bytes
    }

    /// The keys in order, each with its offsets.
    #[must_use]
    pub fn records(&self) -> &[(Hash, Postings)] {
        &self.records
    }

    /// Takes the records out of the bucket.
    pub(crate) fn into_records(self) -> Vec<(Hash, Postings)> {
        self.records
    }

    /// The offsets of a key; `None` if no entry of the run has the key.
    #[must_use]
    pub fn find(&self, key: &Hash) -> Option<&Postings> {
        let at = self
            .records
            .binary_search_by(|(record, _)| record.cmp(key))
            .ok()?;
        self.records.get(at).map(|(_, postings)| postings)
    }
}

/// The first record and the bytes after it; `None` if the bytes end within the record.
fn parse_record(bytes: &[u8]) -> Option<(Hash, Postings, &[u8])> {
    let (key, rest) = bytes.split_first_chunk::<HASH_SIZE>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let count = u32::from_be_bytes(*count);
    let (postings, rest) = if count <= MAX_INLINE {
        let length = usize::try_from(count).ok()?.checked_mul(4)?;
        let (offsets, rest) = rest.split_at_checked(length)?;
        let (offsets, _) = offsets.as_chunks::<4>();
        let offsets = offsets.iter().copied().map(u32::from_be_bytes).collect();
        (Postings::Inline(offsets), rest)
    } else {
        let (root, rest) = rest.split_first_chunk::<HASH_SIZE>()?;
        let root = Hash::from_bytes(*root);
        (Postings::Long { count, root }, rest)
    };
    Some((Hash::from_bytes(*key), postings, rest))
}

fn check_postings(postings: &Postings, length: u32) -> Result<(), PostingsError> {
    match postings {
        Postings::Inline(offsets) if offsets.is_empty() => Err(PostingsError::NoOffset),
        Postings::Inline(offsets) => check_offsets(offsets, length),
        Postings::Long { count, .. } if *count > length => Err(PostingsError::TooMany {
            count: *count,
            length,
        }),
        Postings::Long { .. } => Ok(()),
    }
}

/// The hash of a bucket, in the tree of its run or, for the reserved bucket, in the manifest.
#[must_use]
pub fn bucket_leaf(bucket: &[u8]) -> Hash {
    let mut hasher = FileHasher::new();
    hasher.update(&[0]);
    hasher.update(DOMAIN);
    hasher.update(bucket);
    hasher.finish()
}

/// Checks a bucket's file, as a host served it, against the run, and returns the bytes of the bucket.
///
/// # Errors
/// [`BucketError::ShortFile`], [`BucketError::Path`], [`BucketError::Leaf`] or [`BucketError::NoReserved`].
pub fn open_file<'a>(
    file: &'a [u8],
    run: &RunHead,
    name: BucketName,
) -> Result<&'a [u8], BucketError> {
    match name {
        BucketName::Number(number) => {
            let length = usize::from(run.bits).saturating_mul(HASH_SIZE);
            let (path, bucket) = file
                .split_at_checked(length)
                .ok_or(BucketError::ShortFile { size: file.len() })?;
            let (hashes, _) = path.as_chunks::<HASH_SIZE>();
            let hashes = hashes.iter().copied().map(Hash::from_bytes).collect();
            let head = TreeHead {
                size: run.buckets(),
                root: run.root,
            };
            InclusionProof::from_hashes(hashes)
                .and_then(|path| path.verify(&bucket_leaf(bucket), number, &head))
                .map_err(BucketError::Path)?;
            Ok(bucket)
        }
        BucketName::Reserved => {
            let claimed = run.reserved.ok_or(BucketError::NoReserved)?;
            let computed = bucket_leaf(file);
            if computed != claimed {
                return Err(BucketError::Leaf { claimed, computed });
            }
            Ok(file)
        }
    }
}

/// Reason for which bytes are not the bucket of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BucketError {
    /// The file is too short for the path to the root.
    #[error("the file has {size} bytes, too few for the path to the root")]
    ShortFile {
        /// Bytes given.
        size: usize,
    },
    /// The path does not lead to the run's root.
    #[error("the bucket is not in the run: {0}")]
    Path(ProofError),
    /// The reserved bucket has another hash than the manifest says.
    #[error("the reserved bucket hashes to {computed}, the manifest says {claimed}")]
    Leaf {
        /// The hash in the manifest.
        claimed: Hash,
        /// Hash of the bytes.
        computed: Hash,
    },
    /// The run has no reserved bucket.
    #[error("the run has no reserved bucket")]
    NoReserved,
    /// The bucket has more bytes than [`MAX_BUCKET`].
    #[error("the bucket has {size} bytes, more than {MAX_BUCKET}")]
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// The bytes end within a record.
    #[error("the bucket ends within record {record}")]
    Truncated {
        /// Number of the record, from 0.
        record: usize,
    },
    /// A key is not larger than the key before it.
    #[error("the key of record {record} is not larger than the one before")]
    KeyOrder {
        /// Number of the record, from 0.
        record: usize,
    },
    /// A key belongs in another bucket.
    #[error("the key of record {record} belongs in bucket {bucket}")]
    WrongBucket {
        /// Number of the record, from 0.
        record: usize,
        /// Number of the bucket that the key belongs in.
        bucket: u64,
    },
    /// A bucket of the tree has a reserved key.
    #[error("the key of record {record} belongs in the reserved bucket")]
    ReservedKey {
        /// Number of the record, from 0.
        record: usize,
    },
    /// The reserved bucket has a key that is not reserved.
    #[error("the key of record {record} is not a reserved one")]
    NotReserved {
        /// Number of the record, from 0.
        record: usize,
    },
    /// The reserved bucket has no record; a run without reserved keys has no reserved bucket.
    #[error("the reserved bucket has no record")]
    EmptyReserved,
    /// The offsets of a record break a rule.
    #[error("in record {record}, {error}")]
    Offsets {
        /// Number of the record, from 0.
        record: usize,
        /// The broken rule.
        error: PostingsError,
    },
}

impl BucketError {
    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ShortFile { .. } => "index-bucket-short-file",
            Self::Path(_) => "index-bucket-path",
            Self::Leaf { .. } => "index-bucket-leaf",
            Self::NoReserved => "index-bucket-no-reserved",
            Self::TooLarge { .. } => "index-bucket-too-large",
            Self::Truncated { .. } => "index-bucket-truncated",
            Self::KeyOrder { .. } => "index-bucket-key-order",
            Self::WrongBucket { .. } => "index-bucket-wrong-bucket",
            Self::ReservedKey { .. } => "index-bucket-reserved-key",
            Self::NotReserved { .. } => "index-bucket-not-reserved",
            Self::EmptyReserved => "index-bucket-empty-reserved",
            Self::Offsets { error, .. } => error.code(),
        }
    }

    /// True if the bytes do not belong to the run, a fault of the host that served them. Any other error is a fault of
    /// the builder.
    #[must_use]
    pub const fn is_of_the_host(&self) -> bool {
        matches!(
            self,
            Self::ShortFile { .. } | Self::Path(_) | Self::Leaf { .. } | Self::NoReserved
        )
    }
}
