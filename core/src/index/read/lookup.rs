//! Lookup of the positions that hold a key: one wave of requests for buckets, and one or two for long lists (`docs/formats/index.md`, "A reader").
//!
//! A [`Lookup`] names the files that it needs, checks each on arrival, and answers when it has all of them. A missing
//! file never means that there are no positions: without it there is no answer.

use crate::merkle::hash::Hash;
use crate::text::limits::MAX_LOOKUP_POSITIONS;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::index::format::bucket::{Bucket, BucketError, Postings, open_file};
use crate::index::format::file::IndexFile;
use crate::index::format::postings::{PostingsError, chunk_leaf, parse_chunk, parse_leaves};
use crate::index::format::run_head::{BucketName, RunHead};
use crate::index::read::vouched::BoundIndex;

/// A lookup of some keys in progress.
#[derive(Clone, Debug)]
pub struct Lookup {
    runs: Vec<RunHead>,
    reserved: Vec<Hash>,
    keys: BTreeSet<Hash>,
    covered: u64,
    wanted: BTreeMap<IndexFile, Vec<Demand>>,
    /// Offsets found, by key, run and place in the list: in the order of positions.
    found: BTreeMap<(Hash, usize, u32), Vec<u32>>,
    positions: u64,
}

/// Part of a file that the lookup needs.
#[derive(Clone, Debug)]
enum Demand {
    /// The record of a key.
    Record {
        run: usize,
        name: BucketName,
        key: Hash,
    },
    /// The leaves of a list of several chunks.
    Leaves {
        run: usize,
        key: Hash,
        count: u32,
        root: Hash,
    },
    /// One chunk.
    Chunk {
        run: usize,
        key: Hash,
        count: u32,
        index: u32,
        leaf: Hash,
    },
}

/// Positions of keys in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    covered: u64,
    positions: BTreeMap<Hash, Vec<u64>>,
}

impl Answer {
    /// The answer covers the entries before this one, and no others.
    #[must_use]
    pub const fn covered(&self) -> u64 {
        self.covered
    }

    /// The positions of a key, in order; `None` for a key that was not looked up.
    #[must_use]
    pub fn positions(&self, key: &Hash) -> Option<&[u64]> {
        self.positions.get(key).map(Vec::as_slice)
    }
}

impl Lookup {
    /// Starts a lookup of keys, given by their hashes.
    #[must_use]
    pub fn new(index: &BoundIndex, keys: BTreeSet<Hash>) -> Self {
        let mut lookup = Self {
            runs: index.manifest().runs().to_vec(),
            reserved: index.map().reserved(),
            keys,
            covered: index.covered(),
            wanted: BTreeMap::new(),
            found: BTreeMap::new(),
            positions: 0,
        };
        let covered = lookup.covered;
        let runs = lookup.runs.iter().enumerate();
        for (run, head) in runs.take_while(|(_, head)| head.start < covered) {
            for key in &lookup.keys {
                if let Some((name, file)) = head.file_of(key, &lookup.reserved) {
                    let key = *key;
                    let demand = Demand::Record { run, name, key };
                    lookup.wanted.entry(file).or_default().push(demand);
                }
            }
        }
        lookup
    }

    /// Up to `limit` files that the lookup needs next, in any order; empty when the lookup is done.
    #[must_use]
    pub fn next_files(&self, limit: usize) -> Vec<IndexFile> {
        self.wanted.keys().take(limit).copied().collect()
    }

    /// Takes the bytes of a needed file. A file that fails a check is still needed.
    ///
    /// # Errors
    /// A [`LookupError`] for the fault of the file.
    pub fn supply(&mut self, file: &IndexFile, bytes: &[u8]) -> Result<(), LookupError> {
        let demands = self.wanted.get(file).cloned();
        let demands = demands.ok_or_else(|| LookupError::Unplanned { path: file.path() })?;
        let mut readings = Vec::new();
        // Several keys may need the same bucket of one run: parse it once.
        let mut bucket = None;
        for demand in &demands {
            let reading = self
                .read(demand, bytes, &mut bucket)
                .map_err(|fault| fault.at(file))?;
            readings.push((demand, reading));
        }
        let new: u64 = readings
            .iter()
            .map(|(_, reading)| reading.new_positions())
            .sum();
        let positions = self.positions.saturating_add(new);
        if positions > MAX_LOOKUP_POSITIONS {
            return Err(LookupError::TooManyPositions { count: positions });
        }
        self.positions = positions;
        self.wanted.remove(file);
        for (demand, reading) in readings {
            self.take(demand, reading);
        }
        Ok(())
    }

    /// True if the lookup has every file.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The positions before [`BoundIndex::covered`] that hold each key.
    ///
    /// # Errors
    /// [`LookupError::Missing`] unless the lookup has every file; [`LookupError::ListOrder`].
    pub fn finish(self) -> Result<Answer, LookupError> {
        if let Some(file) = self.wanted.keys().next() {
            return Err(LookupError::Missing { path: file.path() });
        }
        let mut positions: BTreeMap<Hash, Vec<u64>> =
            self.keys.iter().map(|key| (*key, Vec::new())).collect();
        for ((key, run, _), offsets) in &self.found {
            let start = self.runs.get(*run).map_or(0, |run| run.start);
            let list = positions.entry(*key).or_default();
            let new = offsets
                .iter()
                .map(|offset| start.saturating_add(u64::from(*offset)));
            list.extend(new.filter(|position| *position < self.covered));
        }
        // Each chunk is in order, and so are the runs; the order between two chunks is not yet checked.
        for (key, list) in &positions {
            if !list.is_sorted_by(|left, right| left < right) {
                return Err(LookupError::ListOrder { key: *key });
            }
        }
        Ok(Answer {
            covered: self.covered,
            positions,
        })
    }

    fn read(
        &self,
        demand: &Demand,
        bytes: &[u8],
        bucket: &mut Option<(usize, Bucket)>,
    ) -> Result<Reading, Fault> {
        match demand {
            Demand::Record { run, name, key } => {
                let parsed = match bucket.take().filter(|(of, _)| of == run) {
                    Some((_, parsed)) => parsed,
                    None => self.open(*run, *name, bytes)?,
                };
                let postings = parsed.find(key).cloned();
                *bucket = Some((*run, parsed));
                Ok(Reading::Record(postings))
            }
            Demand::Leaves { count, root, .. } => {
                Ok(Reading::Leaves(parse_leaves(bytes, *count, root)?))
            }
            Demand::Chunk {
                run,
                count,
                index,
                leaf,
                ..
            } => {
                let computed = chunk_leaf(bytes);
                if computed != *leaf {
                    return Err(Fault::List(PostingsError::Root {
                        claimed: *leaf,
                        computed,
                    }));
                }
                let length = self.runs.get(*run).map_or(0, RunHead::length);
                Ok(Reading::Chunk(parse_chunk(bytes, *index, *count, length)?))
            }
        }
    }

    fn open(&self, run: usize, name: BucketName, bytes: &[u8]) -> Result<Bucket, Fault> {
        let head = self.runs.get(run).ok_or(Fault::Unplanned)?;
        let bytes = open_file(bytes, head, name)?;
        Ok(Bucket::parse(bytes, head, name, &self.reserved)?)
    }

    /// Records the content of a file, and adds the files that it refers to.
    fn take(&mut self, demand: &Demand, reading: Reading) {
        match (demand, reading) {
            (Demand::Record { run, key, .. }, Reading::Record(Some(postings))) => match postings {
                Postings::Inline(offsets) => {
                    self.found.insert((*key, *run, 0), offsets);
                }
                Postings::Long { count, root } => {
                    let (run, key) = (*run, *key);
                    let demand = if crate::index::format::postings::chunk_count(count) == 1 {
                        Demand::Chunk {
                            run,
                            key,
                            count,
                            index: 0,
                            leaf: root,
                        }
                    } else {
                        Demand::Leaves {
                            run,
                            key,
                            count,
                            root,
                        }
                    };
                    self.want(IndexFile::Postings(root), demand);
                }
            },
            (
                Demand::Leaves {
                    run, key, count, ..
                },
                Reading::Leaves(leaves),
            ) => {
                for (index, leaf) in (0u32..).zip(leaves) {
                    let demand = Demand::Chunk {
                        run: *run,
                        key: *key,
                        count: *count,
                        index,
                        leaf,
                    };
                    self.want(IndexFile::Postings(leaf), demand);
                }
            }
            (
                Demand::Chunk {
                    run, key, index, ..
                },
                Reading::Chunk(offsets),
            ) => {
                self.found.insert((*key, *run, *index), offsets);
            }
            _ => {}
        }
    }

    fn want(&mut self, file: IndexFile, demand: Demand) {
        self.wanted.entry(file).or_default().push(demand);
    }
}

/// Fault of a file, without the path.
enum Fault {
    Unplanned,
    Bucket(BucketError),
    List(PostingsError),
}

impl Fault {
    fn at(self, file: &IndexFile) -> LookupError {
        let path = file.path();
        match self {
            Self::Unplanned => LookupError::Unplanned { path },
            Self::Bucket(error) => LookupError::Bucket { path, error },
            Self::List(error) => LookupError::List { path, error },
        }
    }
}

impl From<BucketError> for Fault {
    fn from(error: BucketError) -> Self {
        Self::Bucket(error)
    }
}

impl From<PostingsError> for Fault {
    fn from(error: PostingsError) -> Self {
        Self::List(error)
    }
}

/// Parsed content of a file.
enum Reading {
    Record(Option<Postings>),
    Leaves(Vec<Hash>),
    Chunk(Vec<u32>),
}

impl Reading {
    /// Number of positions that the file adds. A record counts its positions already before its long list is requested.
    fn new_positions(&self) -> u64 {
        match self {
            Self::Record(Some(postings)) => u64::from(postings.count()),
            _ => 0,
        }
    }
}

/// Reason for which a lookup has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// A needed file is missing.
    #[error("`{path}` is missing")]
    Missing {
        /// Its path.
        path: String,
    },
    /// The caller supplied a file that the lookup does not need.
    #[error("`{path}` was not asked for")]
    Unplanned {
        /// Its path.
        path: String,
    },
    /// A file is not the bucket of its run.
    #[error("`{path}`: {error}")]
    Bucket {
        /// Its path.
        path: String,
        /// The rule that it breaks.
        error: BucketError,
    },
    /// A file is not part of its list.
    #[error("`{path}`: {error}")]
    List {
        /// Its path.
        path: String,
        /// The rule that it breaks.
        error: PostingsError,
    },
    /// The offsets of a list do not increase from one chunk to the next.
    #[error("the list of key {key} goes back from one chunk to the next")]
    ListOrder {
        /// The key of the list.
        key: Hash,
    },
    /// The keys have more than [`MAX_LOOKUP_POSITIONS`] positions; a scan of the log suits better.
    #[error(
        "the keys have {count} positions or more, at most {MAX_LOOKUP_POSITIONS} are looked up; scan the log"
    )]
    TooManyPositions {
        /// Number of positions known so far.
        count: u64,
    },
}

impl LookupError {
    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "index-missing",
            Self::Unplanned { .. } => "index-unplanned",
            Self::Bucket { error, .. } => error.code(),
            Self::List { error, .. } => error.code(),
            Self::ListOrder { .. } => "index-list-order",
            Self::TooManyPositions { .. } => "index-too-many-positions",
        }
    }
}

impl LookupError {
    /// The path of the file that the error concerns.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Missing { path }
            | Self::Unplanned { path }
            | Self::Bucket { path, .. }
            | Self::List { path, .. } => Some(path),
            Self::ListOrder { .. } | Self::TooManyPositions { .. } => None,
        }
    }
}
