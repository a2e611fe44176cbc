//! A run in pieces, so that each can be replaced by another: what comes out is sealed like an honest one.
use std::collections::BTreeMap;
use std::ops::Range;

use glasslog_core::index::build::build;
use glasslog_core::index::format::{IndexFile, MapFunction, RunHead, bucket_leaf, chunk_leaf};
use glasslog_core::merkle::{Hash, InclusionProof, ProofError, Subtree, tree_root};

use super::{index, number};

/// Bytes of a hash.
const HASH: usize = 32;

/// The pieces of a run.
#[derive(Clone, Debug)]
pub(super) struct ForgedRun {
    pub(super) range: Range<u64>,
    pub(super) bits: u8,
    /// Each a bucket's bytes, without a path.
    pub(super) buckets: Vec<Vec<u8>>,
    /// The reserved bucket, if the manifest is to name one.
    pub(super) reserved: Option<Vec<u8>>,
    /// Files of long lists, by path.
    pub(super) postings: BTreeMap<String, Vec<u8>>,
}

impl ForgedRun {
    /// The run that core builds of these pairs, whatever they are.
    pub(super) fn of(map: MapFunction, range: Range<u64>, pairs: Vec<(Hash, u32)>) -> Self {
        let run = build(map, range.clone(), pairs).expect("the pairs fit the range");
        let mut forged = Self {
            range,
            bits: run.head().bits,
            buckets: Vec::new(),
            reserved: None,
            postings: BTreeMap::new(),
        };
        let path = usize::from(forged.bits) * HASH;
        for (file, bytes) in run.files() {
            match file {
                IndexFile::Bucket { .. } => forged.buckets.push(bytes[path..].to_vec()),
                IndexFile::Reserved(_) => forged.reserved = Some(bytes),
                IndexFile::Postings(_) => {
                    forged.postings.insert(file.path(), bytes);
                }
            }
        }
        assert_eq!(
            forged.head(),
            *run.head(),
            "sealed again, an honest run is the same"
        );
        forged
    }

    fn leaves(&self) -> Vec<Hash> {
        self.buckets
            .iter()
            .map(|bucket| bucket_leaf(bucket))
            .collect()
    }

    /// Returns the manifest's entry for it.
    pub(super) fn head(&self) -> RunHead {
        RunHead {
            start: self.range.start,
            end: self.range.end,
            bits: self.bits,
            root: tree_root(&self.leaves()),
            reserved: self.reserved.as_deref().map(bucket_leaf),
        }
    }

    /// Every file of it, by path.
    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let head = self.head();
        let leaves = self.leaves();
        let mut files = self.postings.clone();
        for (at, bucket) in self.buckets.iter().enumerate() {
            let read = |subtree: Subtree| -> Result<Hash, ProofError> {
                let width = 1 << subtree.level;
                let start = index(subtree.index) * width;
                Ok(tree_root(&leaves[start..start + width]))
            };
            let proof = InclusionProof::prove(number(at), number(leaves.len()), read)
                .expect("a bucket of the run");
            let path = proof.hashes().iter().flat_map(|hash| *hash.as_bytes());
            let bytes = path.chain(bucket.iter().copied()).collect();
            let file = IndexFile::Bucket {
                root: head.root,
                number: number(at),
            };
            files.insert(file.path(), bytes);
        }
        if let (Some(hash), Some(bytes)) = (head.reserved, &self.reserved) {
            files.insert(IndexFile::Reserved(hash).path(), bytes.clone());
        }
        files
    }

    /// Returns the bucket of a key.
    pub(super) fn bucket_of(&self, key: &Hash) -> usize {
        index(self.head().bucket_of(key))
    }

    /// Returns the path of the file of a key's bucket.
    pub(super) fn path_of(&self, key: &Hash) -> String {
        let reserved = MapFunction::AccessV2.reserved();
        let (_, file) = self
            .head()
            .file_of(key, &reserved)
            .expect("the key has a bucket");
        file.path()
    }

    /// Takes a bucket apart, lets `change` loose on its records, and puts it together again.
    pub(super) fn change_bucket(&mut self, bucket: usize, change: impl FnOnce(&mut Vec<Record>)) {
        let mut records = records(&self.buckets[bucket]);
        change(&mut records);
        self.buckets[bucket] = encode(&records);
    }

    /// The same with the reserved bucket.
    pub(super) fn change_reserved(&mut self, change: impl FnOnce(&mut Vec<Record>)) {
        let mut records = records(self.reserved.as_deref().unwrap_or_default());
        change(&mut records);
        self.reserved = Some(encode(&records));
    }

    /// Replaces the long list of `key`, which is in the reserved bucket, by these chunks; `count` is what the record says.
    pub(super) fn change_list(&mut self, key: &Hash, count: u32, chunks: &[Vec<u8>]) {
        let leaves: Vec<Hash> = chunks.iter().map(|chunk| chunk_leaf(chunk)).collect();
        let root = tree_root(&leaves);
        for (leaf, chunk) in leaves.iter().zip(chunks) {
            let path = IndexFile::Postings(*leaf).path();
            self.postings.insert(path, chunk.clone());
        }
        if leaves.len() > 1 {
            let bytes = leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect();
            self.postings
                .insert(IndexFile::Postings(root).path(), bytes);
        }
        self.change_reserved(|records| {
            let record = records
                .iter_mut()
                .find(|record| record.key == *key.as_bytes());
            let record = record.expect("the key has a record");
            record.count = count;
            record.body = root.as_bytes().to_vec();
        });
    }
}

/// A record of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) key: [u8; HASH],
    pub(super) count: u32,
    /// Offsets, or the root of a long list.
    pub(super) body: Vec<u8>,
}

impl Record {
    pub(super) fn of(key: &Hash, offsets: &[u32]) -> Self {
        Self {
            key: *key.as_bytes(),
            count: u32::try_from(offsets.len()).expect("a short list"),
            body: offsets
                .iter()
                .flat_map(|offset| offset.to_be_bytes())
                .collect(),
        }
    }
}

/// The records of an honest bucket.
pub(super) fn records(mut bucket: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while !bucket.is_empty() {
        let (key, rest) = bucket.split_first_chunk::<HASH>().expect("a key");
        let (count, rest) = rest.split_first_chunk::<4>().expect("a count");
        let count = u32::from_be_bytes(*count);
        let body = match count {
            0..=1024 => index(u64::from(count)) * 4,
            _ => HASH,
        };
        let (body, rest) = rest.split_at(body);
        records.push(Record {
            key: *key,
            count,
            body: body.to_vec(),
        });
        bucket = rest;
    }
    records
}

pub(super) fn encode(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        bytes.extend(record.key);
        bytes.extend(record.count.to_be_bytes());
        bytes.extend(&record.body);
    }
    bytes
}
