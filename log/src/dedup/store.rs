//! The store of the table: sorted facts on disk, in [fjall](https://docs.rs/fjall), a log-structured merge tree.
//!
//! ```text
//! fact      = u8 kind ‖ key[32] ‖ value                                                         integers big-endian
//! watermark = 0 ‖ 0[32]          → u8 format ‖ u64 size ‖ root[32] ‖ u64 facts ‖ SHA-256(origin)[32]
//! key event = 1 ‖ u64 index ‖ 0[24] → leaf hash[32]
//! entry     = 2 ‖ leaf hash      → u64 index
//! name      = 3 ‖ SHA-256(name)  → u64 index of the registration that binds it; a bare name with a space after it
//! payload   = 4 ‖ payload digest → u64 index of the first event
//! ```
//! The facts of a batch and the watermark that covers them are added together or not at all. They need not survive a
//! power loss: lost facts are read from the log again.

use super::filter::Layer;
use fjall::config::CompressionPolicy;
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions};
use glasslog_core::merkle::{Hash, TreeHead};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;

/// Version of the stored format.
const FORMAT: u8 = 2;

/// Bytes of the block cache: look-ups are of random hashes, so a larger one helps little.
const CACHE: u64 = 16 << 20;

/// Bytes of the memtable, which is not used for facts and stays small.
const MEMTABLE: u64 = 1 << 20;

/// Smallest bound that fjall accepts, in bytes.
const JOURNALS: u64 = 64 << 20;

/// The subject of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Kind {
    /// The watermark.
    Watermark = 0,
    /// A key event.
    Key = 1,
    /// An entry.
    Leaf = 2,
    /// A bound name.
    Name = 3,
    /// The payload of an event.
    Payload = 4,
}

/// A key in the store.
pub(crate) type Key = [u8; 33];

fn key(kind: Kind, hash: &[u8; 32]) -> Key {
    let mut key = [kind as u8; 33];
    key[1..].copy_from_slice(hash);
    key
}

/// The part of the log that the store covers: all facts of these entries are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watermark {
    /// Size and root.
    pub(crate) head: TreeHead,
    /// Number of facts.
    pub(crate) facts: u64,
    /// SHA-256 of the origin.
    pub(crate) origin: Hash,
}

impl Watermark {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend(self.head.size.to_be_bytes());
        bytes.extend(self.head.root.as_bytes());
        bytes.extend(self.facts.to_be_bytes());
        bytes.extend(self.origin.as_bytes());
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[FORMAT], rest) = bytes.split_first_chunk()? else {
            return None;
        };
        let (size, rest) = rest.split_first_chunk()?;
        let (root, rest) = rest.split_first_chunk()?;
        let (facts, rest) = rest.split_first_chunk()?;
        let origin = <[u8; 32]>::try_from(rest).ok()?;
        Some(Self {
            head: TreeHead {
                size: u64::from_be_bytes(*size),
                root: Hash::from_bytes(*root),
            },
            facts: u64::from_be_bytes(*facts),
            origin: Hash::from_bytes(origin),
        })
    }
}

/// A reason why the store is unusable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Problem {
    /// Another process uses it.
    #[error("another process uses it")]
    Locked,
    /// It is damaged, or the disk fails.
    #[error("{0}")]
    Broken(String),
}

impl From<fjall::Error> for Problem {
    fn from(error: fjall::Error) -> Self {
        match error {
            fjall::Error::Locked => Self::Locked,
            error => Self::Broken(error.to_string()),
        }
    }
}

/// Runs an operation of fjall. Damaged files may violate its assertions, which must not end the writer.
fn guarded<T>(work: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    let panicked = |_| Err(Problem::Broken("its files are damaged".into()));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(panicked)
}

/// An open store.
pub(crate) struct Store {
    facts: Keyspace,
    // The last field, so that it is closed after its parts.
    _database: Database,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in a directory, or creates it.
    pub(crate) fn open(directory: &Path) -> Result<Self, Problem> {
        guarded(|| {
            let database = Database::builder(directory)
                .worker_threads(1)
                .cache_size(CACHE)
                .max_journaling_size(JOURNALS)
                .open()?;
            let options = || {
                // Hashes do not shrink.
                let none = CompressionPolicy::all(CompressionType::None);
                KeyspaceCreateOptions::default()
                    .max_memtable_size(MEMTABLE)
                    .data_block_compression_policy(none.clone())
                    .index_block_compression_policy(none)
            };
            let facts = database.keyspace("known", options)?;
            Ok(Self {
                facts,
                _database: database,
            })
        })
    }

    fn read(&self, key: &Key) -> Result<Option<Vec<u8>>, Problem> {
        guarded(|| Ok(self.facts.get(key)?.map(|value| value.to_vec())))
    }

    /// Reads the watermark; `None` in a new store.
    pub(crate) fn watermark(&self) -> Result<Option<Watermark>, Problem> {
        let Some(bytes) = self.read(&key(Kind::Watermark, &[0; 32]))? else {
            return Ok(None);
        };
        let wrong = || Problem::Broken("its watermark is of another version".into());
        Watermark::parse(&bytes).map(Some).ok_or_else(wrong)
    }

    /// Reads the index of a fact.
    pub(crate) fn get(&self, kind: Kind, hash: &Hash) -> Result<Option<u64>, Problem> {
        let Some(value) = self.read(&key(kind, hash.as_bytes()))? else {
            return Ok(None);
        };
        let wrong = |_| Problem::Broken("one of its facts is malformed".into());
        let value = <[u8; 8]>::try_from(&value[..]).map_err(wrong)?;
        Ok(Some(u64::from_be_bytes(value)))
    }

    /// Reads the indices and leaf hashes of all key events, in order.
    pub(crate) fn keys(&self) -> Result<Vec<(u64, Hash)>, Problem> {
        guarded(|| {
            let wrong = || Problem::Broken("a fact about keys is malformed".into());
            let facts = self.facts.prefix([Kind::Key as u8]);
            facts
                .map(|fact| {
                    let (key, value) = fact.into_inner()?;
                    let index = key.get(1..9).and_then(|index| index.try_into().ok());
                    let leaf = <[u8; 32]>::try_from(&value[..]).ok();
                    let (index, leaf) = index.zip(leaf).ok_or_else(wrong)?;
                    Ok((u64::from_be_bytes(index), Hash::from_bytes(leaf)))
                })
                .collect()
        })
    }

    /// Adds facts, and the watermark that covers them.
    pub(crate) fn add(&self, mut facts: Facts, watermark: &Watermark) -> Result<(), Problem> {
        facts.0.sort_unstable();
        // The first of two equal facts counts, if an operator forced a duplicate in; a name is bound again after it was freed.
        facts.0.dedup_by(|later, first| {
            let is_same = later.0 == first.0;
            if is_same && first.0.first() == Some(&(Kind::Name as u8)) {
                first.1 = later.1;
            }
            is_same
        });
        guarded(|| {
            let mut ingestion = self.facts.start_ingestion()?;
            ingestion.write(key(Kind::Watermark, &[0; 32]), watermark.encode())?;
            for (key, value) in facts.0 {
                match value {
                    Value::Index(index) => ingestion.write(key, index.to_be_bytes())?,
                    Value::Leaf(leaf) => ingestion.write(key, *leaf.as_bytes())?,
                }
            }
            Ok(ingestion.finish()?)
        })
    }

    /// Adds the hashes of all facts to a filter until `stop` is set; returns true if it added all.
    pub(crate) fn fill(&self, layer: &Layer, stop: &AtomicBool) -> Result<bool, Problem> {
        guarded(|| {
            for kind in [Kind::Leaf, Kind::Name, Kind::Payload] {
                for fact in self.facts.prefix([kind as u8]) {
                    if stop.load(Ordering::Relaxed) {
                        return Ok(false);
                    }
                    let key = fact.key()?;
                    let hash = key.get(1..).and_then(|hash| hash.try_into().ok());
                    let wrong = || Problem::Broken("one of its keys is malformed".into());
                    layer.add(&Hash::from_bytes(hash.ok_or_else(wrong)?));
                }
            }
            Ok(true)
        })
    }
}

/// The value of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Index(u64),
    Leaf(Hash),
}

/// Facts to add.
#[derive(Debug, Default)]
pub(crate) struct Facts(Vec<(Key, Value)>);

impl Facts {
    /// Adds the index for a hash.
    pub(crate) fn index(&mut self, kind: Kind, hash: &Hash, index: u64) {
        self.0
            .push((key(kind, hash.as_bytes()), Value::Index(index)));
    }

    /// Adds a key event.
    pub(crate) fn key_event(&mut self, index: u64, leaf: Hash) {
        let mut place = [0; 32];
        place[..8].copy_from_slice(&index.to_be_bytes());
        self.0.push((key(Kind::Key, &place), Value::Leaf(leaf)));
    }

    /// Returns the number of facts.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }
}
