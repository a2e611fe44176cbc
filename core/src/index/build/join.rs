//! Joins stored runs in memory that does not grow with the runs: key by key, in spans of buckets (`docs/formats/index.md`, "Run").
//!
//! Files of a run are sorted by key, so neighbours are joined in three passes that read each file once: one counts (the
//! number of buckets follows from the bytes of all records), one hashes (each file begins with its path to the root)
//! and one writes. The steps of one pass are independent of each other. The result is the same as that of
//! [`build`](crate::index::build::run::build) over the whole range.

use crate::merkle::compact::tree_root;
use crate::merkle::hash::Hash;
use crate::text::limits::{MAX_BUCKET, MAX_INLINE, MAX_RUN};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::iter::Peekable;
use core::ops::Range;

use crate::index::build::run::{RunError, bits_for};
use crate::index::build::run_tree::RunTree;
use crate::index::build::stored::{StoredError, read_bucket, read_list};
use crate::index::format::bucket::{Postings, bucket_leaf};
use crate::index::format::file::IndexFile;
use crate::index::format::map::MapFunction;
use crate::index::format::postings::ListWriter;
use crate::index::format::run_head::{BucketName, RunHead, bucket_of};

/// A span has at least 2^8 buckets, 768 KiB on average.
const SPAN_BUCKETS_BITS: u8 = 8;

/// A run has at most 2^16 spans; the tree over their roots takes 5 MiB.
const MOST_SPANS_BITS: u8 = 16;

/// All keys that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Number of bits.
    bits: u8,
    /// Value of the bits, as a number.
    number: u64,
}

impl Span {
    fn contains(&self, key: &Hash) -> bool {
        bucket_of(key, self.bits) == self.number
    }

    /// The buckets of a run of 2^bits buckets that hold keys of the span; they may hold other keys too.
    fn buckets(&self, bits: u8) -> Range<u64> {
        match bits.checked_sub(self.bits) {
            Some(more) => {
                let first = self.number << more;
                first..first.saturating_add(1 << more)
            }
            None => {
                let only = self.number >> (self.bits - bits);
                only..only.saturating_add(1)
            }
        }
    }
}

/// Number of bits of the spans of a run of 2^bits buckets.
fn spans_bits(bits: u8) -> u8 {
    bits.saturating_sub(SPAN_BUCKETS_BITS).min(MOST_SPANS_BITS)
}

fn spans_of(bits: u8) -> impl Iterator<Item = Span> {
    let bits = spans_bits(bits);
    (0..1u64 << bits).map(move |number| Span { bits, number })
}

/// Neighbouring runs to be joined into one.
#[derive(Clone, Debug)]
pub struct Join {
    parts: Vec<RunHead>,
    reserved: Vec<Hash>,
    range: Range<u64>,
}

impl Join {
    /// Starts to join runs of one key function, given in order.
    ///
    /// # Errors
    /// [`RunError::NotNeighbours`] unless each run starts at the end of the one before; [`RunError::Range`] if the
    /// range is empty or too wide.
    pub fn new(map: MapFunction, parts: Vec<RunHead>) -> Result<Self, RunError> {
        let start = parts.first().map_or(0, |run| run.start);
        let end = parts.last().map_or(0, |run| run.end);
        let length = end.saturating_sub(start);
        if !(1..=MAX_RUN).contains(&length) {
            return Err(RunError::Range { start, end });
        }
        for pair in parts.windows(2) {
            let [left, right] = pair else { continue };
            if left.end != right.start {
                return Err(RunError::NotNeighbours {
                    end: left.end,
                    start: right.start,
                });
            }
        }
        Ok(Self {
            reserved: map.reserved(),
            parts,
            range: start..end,
        })
    }

    /// The spans to [count](Self::count), in any order.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        let widest = self.parts.iter().map(|run| run.bits).max();
        spans_of(widest.unwrap_or(0))
    }

    /// First pass: returns the bytes of the records of a span. `read` returns a file of a part, or `None` if it is
    /// missing.
    ///
    /// # Errors
    /// [`StoredError`].
    pub fn count(
        &self,
        span: Span,
        read: impl Fn(&IndexFile) -> Option<Vec<u8>>,
    ) -> Result<u64, StoredError> {
        let mut sources = self.sources(span, &read)?;
        let mut bytes = 0u64;
        while let Some((_, held)) = next_key(&mut sources) {
            let count = held.iter().map(|(_, postings)| postings.count()).sum();
            bytes = bytes.saturating_add(record_length(count));
        }
        Ok(bytes)
    }

    /// Ends the first pass; `bytes` is the sum over all spans.
    #[must_use]
    pub fn counted(self, bytes: u64) -> Joining {
        Joining {
            bits: bits_for(bytes),
            join: self,
        }
    }

    /// The records of all parts with keys of a span.
    fn sources(
        &self,
        span: Span,
        read: &impl Fn(&IndexFile) -> Option<Vec<u8>>,
    ) -> Result<Vec<Source<'_>>, StoredError> {
        let mut sources = Vec::new();
        for run in &self.parts {
            let mut records = Vec::new();
            for number in span.buckets(run.bits) {
                let root = run.root;
                let file = IndexFile::Bucket { root, number };
                let name = BucketName::Number(number);
                let bucket = read_bucket(run, name, &file, &self.reserved, read)?;
                let mut found = bucket.into_records();
                if run.bits < span.bits {
                    found.retain(|(key, _)| span.contains(key));
                }
                records.append(&mut found);
            }
            sources.push(self.source(run, records));
        }
        Ok(sources)
    }

    fn source<'a>(&self, run: &'a RunHead, records: Vec<(Hash, Postings)>) -> Source<'a> {
        let shift = run.start.saturating_sub(self.range.start);
        Source {
            run,
            // At most 2^28.
            shift: u32::try_from(shift).unwrap_or(u32::MAX),
            records: records.into_iter().peekable(),
        }
    }
}

/// A join whose number of buckets is known.
#[derive(Clone, Debug)]
pub struct Joining {
    join: Join,
    bits: u8,
}

impl Joining {
    /// The spans of the joined run, to [hash](Self::hash) in any order.
    pub fn spans(&self) -> impl Iterator<Item = Span> + use<> {
        spans_of(self.bits)
    }

    /// Second pass: returns the root over the buckets of a span. The hash of each file of a long list is passed to
    /// `list`.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn hash(
        &self,
        span: Span,
        read: impl Fn(&IndexFile) -> Option<Vec<u8>>,
        mut list: impl FnMut(Hash),
    ) -> Result<Hash, JoinError> {
        let buckets = self.buckets(span, &read, &mut |hash, _| list(hash))?;
        Ok(tree_root(&leaves(&buckets)))
    }

    /// Ends the second pass; `roots` are those of all spans in order, and `list` is as in [`hash`](Self::hash).
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn hashed(
        self,
        roots: &[Hash],
        read: impl Fn(&IndexFile) -> Option<Vec<u8>>,
        mut list: impl FnMut(Hash),
    ) -> Result<Joined, JoinError> {
        let tree = RunTree::new(roots);
        let reserved = self.reserved(&read, &mut |hash, _| list(hash))?;
        let head = RunHead {
            start: self.join.range.start,
            end: self.join.range.end,
            bits: self.bits,
            root: tree.root(),
            reserved: (!reserved.is_empty()).then(|| bucket_leaf(&reserved)),
        };
        Ok(Joined {
            joining: self,
            head,
            tree,
        })
    }

    fn buckets(
        &self,
        span: Span,
        read: &impl Fn(&IndexFile) -> Option<Vec<u8>>,
        list: &mut dyn FnMut(Hash, Vec<u8>),
    ) -> Result<Vec<Vec<u8>>, JoinError> {
        let numbers = span.buckets(self.bits);
        let mut buckets: Vec<Vec<u8>> = numbers.clone().map(|_| Vec::new()).collect();
        let mut sources = self.join.sources(span, read)?;
        while let Some((key, held)) = next_key(&mut sources) {
            let record = join_postings(held, read, list)?;
            let number = bucket_of(&key, self.bits);
            let at = usize::try_from(number.saturating_sub(numbers.start)).ok();
            if let Some(bucket) = at.and_then(|at| buckets.get_mut(at)) {
                record.append_to(&key, bucket);
                check_size(number, bucket)?;
            }
        }
        Ok(buckets)
    }

    fn reserved(
        &self,
        read: &impl Fn(&IndexFile) -> Option<Vec<u8>>,
        list: &mut dyn FnMut(Hash, Vec<u8>),
    ) -> Result<Vec<u8>, JoinError> {
        let mut sources = Vec::new();
        for run in &self.join.parts {
            let Some(hash) = run.reserved else { continue };
            let (name, file) = (BucketName::Reserved, IndexFile::Reserved(hash));
            let bucket = read_bucket(run, name, &file, &self.join.reserved, read)?;
            sources.push(self.join.source(run, bucket.into_records()));
        }
        let mut bucket = Vec::new();
        while let Some((key, held)) = next_key(&mut sources) {
            join_postings(held, read, list)?.append_to(&key, &mut bucket);
        }
        Ok(bucket)
    }
}

/// A joined run whose head is known, and whose files are not yet written.
pub struct Joined {
    joining: Joining,
    head: RunHead,
    /// Tree over the roots of the spans.
    tree: RunTree,
}

impl Joined {
    /// Description of the run for the manifest.
    #[must_use]
    pub const fn head(&self) -> &RunHead {
        &self.head
    }

    /// The spans to [write](Self::write), in any order.
    pub fn spans(&self) -> impl Iterator<Item = Span> + use<> {
        self.joining.spans()
    }

    /// Third pass: makes the files of a span, long lists first.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn write(
        &self,
        span: Span,
        read: impl Fn(&IndexFile) -> Option<Vec<u8>>,
        mut file: impl FnMut(IndexFile, Vec<u8>),
    ) -> Result<(), JoinError> {
        let buckets = self.joining.buckets(span, &read, &mut |hash, bytes| {
            file(IndexFile::Postings(hash), bytes);
        })?;
        let tree = RunTree::new(&leaves(&buckets));
        let above = self
            .tree
            .path(usize::try_from(span.number).unwrap_or(usize::MAX));
        let first = span.buckets(self.head.bits).start;
        for (at, bucket) in buckets.iter().enumerate() {
            let number = first.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
            let root = self.head.root;
            let bytes = [tree.path(at).as_slice(), &above, bucket].concat();
            file(IndexFile::Bucket { root, number }, bytes);
        }
        Ok(())
    }

    /// Makes the files of the reserved bucket.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn write_reserved(
        &self,
        read: impl Fn(&IndexFile) -> Option<Vec<u8>>,
        mut file: impl FnMut(IndexFile, Vec<u8>),
    ) -> Result<(), JoinError> {
        let bucket = self.joining.reserved(&read, &mut |hash, bytes| {
            file(IndexFile::Postings(hash), bytes);
        })?;
        if let Some(hash) = self.head.reserved {
            file(IndexFile::Reserved(hash), bucket);
        }
        Ok(())
    }
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joined")
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

/// Records of one part, in order.
struct Source<'a> {
    run: &'a RunHead,
    shift: u32,
    records: Peekable<vec::IntoIter<(Hash, Postings)>>,
}

/// Postings of one key: for each, the part that holds it, and the number to add to the part's offsets.
type Held<'a> = Vec<((&'a RunHead, u32), Postings)>;

/// Takes the smallest remaining key, with its postings in log order.
fn next_key<'a>(sources: &mut [Source<'a>]) -> Option<(Hash, Held<'a>)> {
    let key = sources
        .iter_mut()
        .filter_map(|source| source.records.peek().map(|(key, _)| *key))
        .min()?;
    let held = sources.iter_mut().filter_map(|source| {
        let (_, postings) = source.records.next_if(|(next, _)| *next == key)?;
        Some(((source.run, source.shift), postings))
    });
    Some((key, held.collect()))
}

fn join_postings(
    held: Held<'_>,
    read: &impl Fn(&IndexFile) -> Option<Vec<u8>>,
    list: &mut dyn FnMut(Hash, Vec<u8>),
) -> Result<Postings, JoinError> {
    // At most one for each entry of the range.
    let count: u32 = held.iter().map(|(_, postings)| postings.count()).sum();
    let mut inline = Vec::new();
    let mut long = (count > MAX_INLINE).then(|| ListWriter::new(list));
    for ((run, shift), postings) in held {
        let mut take = |offset: u32| {
            let offset = offset.saturating_add(shift);
            match &mut long {
                Some(long) => long.push(offset),
                None => inline.push(offset),
            }
        };
        match postings {
            Postings::Inline(offsets) => offsets.into_iter().for_each(take),
            Postings::Long { count, root } => {
                read_list(count, &root, run.length(), read, &mut take)?;
            }
        }
    }
    Ok(match long {
        Some(long) => Postings::Long {
            count,
            root: long.finish(),
        },
        None => Postings::Inline(inline),
    })
}

fn record_length(count: u32) -> u64 {
    let length = Postings::record_length(usize::try_from(count).unwrap_or(usize::MAX));
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn leaves(buckets: &[Vec<u8>]) -> Vec<Hash> {
    buckets.iter().map(|bucket| bucket_leaf(bucket)).collect()
}

fn check_size(bucket: u64, bytes: &[u8]) -> Result<(), RunError> {
    match bytes.len() > MAX_BUCKET {
        true => Err(RunError::BucketTooLarge {
            bucket,
            size: bytes.len(),
        }),
        false => Ok(()),
    }
}

/// Reason for which runs cannot be joined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// A file of a part is missing or wrong.
    #[error(transparent)]
    Stored(#[from] StoredError),
    /// The parts cannot make one run.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl JoinError {
    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Stored(error) => error.code(),
            Self::Run(error) => error.code(),
        }
    }
}
