//! Long lists of offsets, as a Merkle tree of chunks (`docs/formats/index.md`, "Postings").

use crate::merkle::compact::tree_root;
use crate::merkle::hash::{FileHasher, HASH_SIZE, Hash};
use alloc::vec::Vec;

/// Offsets in a full chunk; 16 KiB.
pub const CHUNK: u32 = 4_096;

/// Prefix of each leaf's input, after the 0x00 of RFC 6962.
const DOMAIN: &[u8] = b"tlog-index-postings/v1\n";

/// Number of chunks of a list of `count` offsets.
#[must_use]
pub(crate) const fn chunk_count(count: u32) -> u32 {
    count.div_ceil(CHUNK)
}

/// Number of offsets in chunk number `index` of a list of `count` offsets; `None` past the last chunk.
#[must_use]
pub(crate) fn chunk_length(index: u32, count: u32) -> Option<u32> {
    let first = index.checked_mul(CHUNK)?;
    let rest = count.checked_sub(first).filter(|rest| *rest > 0)?;
    Some(rest.min(CHUNK))
}

/// The hash of a chunk in the tree of its list.
#[must_use]
pub fn chunk_leaf(chunk: &[u8]) -> Hash {
    let mut hasher = FileHasher::new();
    hasher.update(&[0]);
    hasher.update(DOMAIN);
    hasher.update(chunk);
    hasher.finish()
}

/// The chunks of a list.
pub fn encode_chunks(offsets: &[u32]) -> impl Iterator<Item = Vec<u8>> {
    let width = usize::try_from(CHUNK).unwrap_or(usize::MAX);
    (0u32..)
        .zip(offsets.chunks(width))
        .map(|(index, chunk)| encode_chunk(index, chunk))
}

fn encode_chunk(index: u32, offsets: &[u32]) -> Vec<u8> {
    let first = index.saturating_mul(CHUNK);
    core::iter::once(&first)
        .chain(offsets)
        .flat_map(|number| number.to_be_bytes())
        .collect()
}

/// Makes the files of a long list from a stream of offsets, with one chunk in memory at a time.
pub(crate) struct ListWriter<'a> {
    chunk: Vec<u32>,
    leaves: Vec<Hash>,
    file: &'a mut dyn FnMut(Hash, Vec<u8>),
}

impl<'a> ListWriter<'a> {
    /// Starts a list; each finished file is passed to `file`, with its hash.
    pub(crate) fn new(file: &'a mut dyn FnMut(Hash, Vec<u8>)) -> Self {
        Self {
            chunk: Vec::new(),
            leaves: Vec::new(),
            file,
        }
    }

    /// Takes the next offset.
    pub(crate) fn push(&mut self, offset: u32) {
        self.chunk.push(offset);
        if u32::try_from(self.chunk.len()) == Ok(CHUNK) {
            self.end_chunk();
        }
    }

    /// Passes on the last chunk and, if there are several chunks, the file of their leaves; returns the list's root.
    pub(crate) fn finish(mut self) -> Hash {
        if !self.chunk.is_empty() {
            self.end_chunk();
        }
        let root = tree_root(&self.leaves);
        if self.leaves.len() > 1 {
            (self.file)(root, encode_leaves(&self.leaves));
        }
        root
    }

    fn end_chunk(&mut self) {
        let chunks = u32::try_from(self.leaves.len()).unwrap_or(u32::MAX);
        let bytes = encode_chunk(chunks, &self.chunk);
        let leaf = chunk_leaf(&bytes);
        self.leaves.push(leaf);
        self.chunk.clear();
        (self.file)(leaf, bytes);
    }
}

/// Parses chunk number `index` of a list of `count` offsets below `length`.
///
/// # Errors
/// A [`PostingsError`] for the rule that the bytes break.
pub fn parse_chunk(
    bytes: &[u8],
    index: u32,
    count: u32,
    length: u32,
) -> Result<Vec<u32>, PostingsError> {
    let expected = chunk_length(index, count).ok_or(PostingsError::NoChunk { index, count })?;
    let (words, rest) = bytes.as_chunks::<4>();
    let [first, offsets @ ..] = words else {
        return Err(PostingsError::Length {
            claimed: bytes.len(),
            expected,
        });
    };
    if !rest.is_empty() || u32::try_from(offsets.len()) != Ok(expected) {
        return Err(PostingsError::Length {
            claimed: bytes.len(),
            expected,
        });
    }
    let first = u32::from_be_bytes(*first);
    if first != index.saturating_mul(CHUNK) {
        return Err(PostingsError::First {
            claimed: first,
            expected: index.saturating_mul(CHUNK),
        });
    }
    let offsets: Vec<u32> = offsets.iter().copied().map(u32::from_be_bytes).collect();
    check_offsets(&offsets, length)?;
    Ok(offsets)
}

/// Checks that offsets increase strictly and are less than `length`.
pub(crate) fn check_offsets(offsets: &[u32], length: u32) -> Result<(), PostingsError> {
    if !offsets.is_sorted_by(|left, right| left < right) {
        return Err(PostingsError::Order);
    }
    match offsets.last() {
        Some(offset) if *offset >= length => Err(PostingsError::OutOfRange {
            offset: *offset,
            length,
        }),
        _ => Ok(()),
    }
}

fn encode_leaves(leaves: &[Hash]) -> Vec<u8> {
    leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect()
}

/// Parses the leaf hashes of the chunks of a list of `count` offsets, and checks that they hash to `root`.
///
/// # Errors
/// [`PostingsError::LeavesLength`] or [`PostingsError::Root`].
pub fn parse_leaves(bytes: &[u8], count: u32, root: &Hash) -> Result<Vec<Hash>, PostingsError> {
    let expected = chunk_count(count);
    let (leaves, rest) = bytes.as_chunks::<HASH_SIZE>();
    if !rest.is_empty() || u32::try_from(leaves.len()) != Ok(expected) {
        return Err(PostingsError::LeavesLength {
            claimed: bytes.len(),
            expected,
        });
    }
    let leaves: Vec<Hash> = leaves.iter().copied().map(Hash::from_bytes).collect();
    let computed = tree_root(&leaves);
    if computed != *root {
        return Err(PostingsError::Root {
            claimed: *root,
            computed,
        });
    }
    Ok(leaves)
}

/// Reason for which bytes are not part of a list of offsets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostingsError {
    /// A record has no offset; a key without an offset has no record.
    #[error("there is no offset")]
    NoOffset,
    /// A list has more offsets than the run has entries.
    #[error("{count} offsets are more than the run's {length} entries")]
    TooMany {
        /// Offsets in the list.
        count: u32,
        /// Entries of the run.
        length: u32,
    },
    /// The list has no such chunk.
    #[error("a list of {count} offsets has no chunk {index}")]
    NoChunk {
        /// Number of the chunk.
        index: u32,
        /// Offsets in the list.
        count: u32,
    },
    /// The chunk has another length than its place in the list requires.
    #[error("the chunk has {claimed} bytes, not a number and {expected} offsets")]
    Length {
        /// Bytes given.
        claimed: usize,
        /// Offsets that it must have.
        expected: u32,
    },
    /// The chunk states another place in the list.
    #[error("the chunk says that {claimed} offsets come before it, not {expected}")]
    First {
        /// Number of offsets before the chunk, as the chunk states.
        claimed: u32,
        /// Number of offsets before the chunk, from its index.
        expected: u32,
    },
    /// The offsets of a list do not increase.
    #[error("the offsets of a list do not increase")]
    Order,
    /// An offset is not less than the number of entries of the run.
    #[error("offset {offset} is not in a run of {length} entries")]
    OutOfRange {
        /// The offset.
        offset: u32,
        /// Entries of the run.
        length: u32,
    },
    /// The file of a list has more or fewer leaf hashes than the list has chunks.
    #[error("the list's file has {claimed} bytes, not {expected} hashes")]
    LeavesLength {
        /// Bytes given.
        claimed: usize,
        /// Chunks in the list.
        expected: u32,
    },
    /// The file belongs to another list.
    #[error("the list's file hashes to {computed}, not {claimed}")]
    Root {
        /// The list's root, or the chunk's leaf.
        claimed: Hash,
        /// Hash of the bytes.
        computed: Hash,
    },
}

impl PostingsError {
    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoOffset => "index-postings-no-offset",
            Self::TooMany { .. } => "index-postings-too-many",
            Self::NoChunk { .. } => "index-postings-no-chunk",
            Self::Length { .. } => "index-postings-length",
            Self::First { .. } => "index-postings-first",
            Self::Order => "index-postings-order",
            Self::OutOfRange { .. } => "index-postings-out-of-range",
            Self::LeavesLength { .. } => "index-postings-leaves-length",
            Self::Root { .. } => "index-postings-root",
        }
    }
}
