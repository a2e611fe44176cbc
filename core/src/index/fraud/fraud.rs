//! Fraud proofs: evidence that an index builder signed a false statement (`docs/formats/index.md`, "Fraud proofs").
//!
//! A [`Fraud`] is a claim. [`Fraud::verify`] needs the accuser's file and a trust policy, and no file of the log. All
//! evidence against a builder is covered by its own signature, or by the root that its own manifest embeds.

use crate::merkle::compact::tree_root;
use crate::merkle::hash::Hash;
use crate::merkle::proof::InclusionProof;
use crate::merkle::proof_error::ProofError;
use crate::merkle::tree::Subtree;
use crate::note::tlog_proof::{TlogProof, TlogProofError};
use alloc::vec::Vec;

use crate::index::format::bucket::{Bucket, Postings, open_file};
use crate::index::format::file::IndexFile;
use crate::index::format::manifest::Manifest;
use crate::index::format::postings::{chunk_count, chunk_leaf, parse_chunk, parse_leaves};
use crate::index::format::run_head::BucketName;

/// An accusation against the builder of an index, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fraud {
    pub(crate) manifest: Vec<u8>,
    pub(crate) index_proof: TlogProof,
    pub(crate) accusation: Accusation,
}

/// The fraud that a builder is accused of, with the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accusation {
    /// The manifest breaks a rule.
    BadManifest,
    /// A bucket, or a long list in it, breaks a rule.
    MalformedBucket(BucketEvidence),
    /// An entry has a key, but the key's list lacks the entry's position.
    Omission(BucketEvidence, EntryEvidence),
    /// A key's list has the position of an entry that does not have the key.
    Insertion(BucketEvidence, EntryEvidence),
}

impl Accusation {
    /// The kind, as written in the file.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::BadManifest => "bad-manifest",
            Self::MalformedBucket(_) => "malformed-bucket",
            Self::Omission(..) => "omission",
            Self::Insertion(..) => "insertion",
        }
    }
}

/// A bucket of a run and, for a long list, the relevant chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketEvidence {
    /// Number of the run in the manifest, from 0.
    pub run: usize,
    /// Name of the bucket in the run.
    pub name: BucketName,
    /// The file as published; empty for a reserved bucket that the manifest says has no record.
    pub file: Vec<u8>,
    /// The key whose list is meant; `None` if the bucket itself is malformed.
    pub key: Option<Hash>,
    /// One chunk of a long list, or two neighbouring chunks.
    pub chunks: Vec<ChunkEvidence>,
}

/// A chunk of a long list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkEvidence {
    /// Number of the chunk in the list, from 0.
    pub index: u32,
    /// The file as published.
    pub bytes: Vec<u8>,
    /// Path from the chunk's leaf to the list's root.
    pub proof: InclusionProof,
}

/// An entry of the log whose checkpoint the manifest embeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryEvidence {
    /// Its index in the log.
    pub position: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// Path from the entry's leaf to the root of the embedded checkpoint.
    pub inclusion: InclusionProof,
}

impl Fraud {
    /// Makes a fraud proof. `index_proof` proves that the manifest is in the index log; its extra data is left out.
    ///
    /// # Errors
    /// [`TlogProofError`]; a parsed proof never causes one.
    pub fn new(
        manifest: Vec<u8>,
        index_proof: &TlogProof,
        accusation: Accusation,
    ) -> Result<Self, TlogProofError> {
        let index_proof = TlogProof::new(
            Vec::new(),
            index_proof.index(),
            index_proof.proof().clone(),
            index_proof.checkpoint().clone(),
        )?;
        Ok(Self {
            manifest,
            index_proof,
            accusation,
        })
    }

    /// The accusation against the builder.
    #[must_use]
    pub const fn accusation(&self) -> &Accusation {
        &self.accusation
    }

    /// The proof that the index log has the accused manifest.
    #[must_use]
    pub const fn index_proof(&self) -> &TlogProof {
        &self.index_proof
    }

    /// The accused manifest's bytes.
    #[must_use]
    pub fn manifest(&self) -> &[u8] {
        &self.manifest
    }
}

/// Looks for fraud about one key and one entry in the files of an index: an omission, an insertion, or a malformed
/// bucket or list that the search reads. `None` if there is no fraud, or if a file is missing or does not belong to
/// the index.
#[must_use]
pub fn accuse_entry(
    manifest: &Manifest,
    key: &Hash,
    entry: EntryEvidence,
    read: impl FnMut(&IndexFile) -> Option<Vec<u8>>,
) -> Option<Accusation> {
    let position = entry.position;
    let run = manifest
        .runs()
        .iter()
        .position(|run| (run.start..run.end).contains(&position))?;
    let map = manifest.map().ok()?;
    let mut search = Search::open(manifest, run, key, read)?;
    let offset = position.checked_sub(search.start)?;
    let listed = match search.find(key) {
        Ok(None) => false,
        Ok(Some(Postings::Inline(offsets))) => {
            offsets.iter().any(|listed| u64::from(*listed) == offset)
        }
        Ok(Some(Postings::Long { count, root })) => {
            match search.list(count, root, u32::try_from(offset).ok()?)? {
                Ok(listed) => listed,
                Err(Malformed) => return Some(search.malformed(Some(*key))),
            }
        }
        Err(Malformed) => return Some(search.malformed(None)),
    };
    let bucket = search.evidence(Some(*key));
    match (map.keys(&entry.entry).contains(key), listed) {
        (true, false) => Some(Accusation::Omission(bucket, entry)),
        (false, true) => Some(Accusation::Insertion(bucket, entry)),
        _ => None,
    }
}

/// Bytes that belong to the run break a rule.
struct Malformed;

/// Search for one position in the list of a key.
struct Search<'a, R> {
    manifest: &'a Manifest,
    run: usize,
    start: u64,
    name: BucketName,
    file: Vec<u8>,
    read: R,
    chunks: Vec<ChunkEvidence>,
}

impl<'a, R: FnMut(&IndexFile) -> Option<Vec<u8>>> Search<'a, R> {
    fn open(manifest: &'a Manifest, run: usize, key: &Hash, mut read: R) -> Option<Self> {
        let head = manifest.runs().get(run)?;
        let reserved = manifest.map().ok()?.reserved();
        let (name, file) = match head.file_of(key, &reserved) {
            Some((name, file)) => (name, read(&file)?),
            None => (BucketName::Reserved, Vec::new()),
        };
        Some(Self {
            manifest,
            run,
            start: head.start,
            name,
            file,
            read,
            chunks: Vec::new(),
        })
        .filter(|search| search.is_absent() || open_file(&search.file, head, name).is_ok())
    }

    /// True if the search needs the reserved bucket, and the manifest says that the run has none.
    fn is_absent(&self) -> bool {
        self.name == BucketName::Reserved
            && self
                .manifest
                .runs()
                .get(self.run)
                .is_some_and(|run| run.reserved.is_none())
    }

    fn find(&self, key: &Hash) -> Result<Option<Postings>, Malformed> {
        if self.is_absent() {
            return Ok(None);
        }
        let head = self.manifest.runs().get(self.run).ok_or(Malformed)?;
        let map = self.manifest.map().map_err(|_| Malformed)?;
        let bytes = open_file(&self.file, head, self.name).map_err(|_| Malformed)?;
        let bucket =
            Bucket::parse(bytes, head, self.name, &map.reserved()).map_err(|_| Malformed)?;
        Ok(bucket.find(key).cloned())
    }

    /// Checks if a long list has an offset; keeps the chunks that prove the answer.
    fn list(&mut self, count: u32, root: Hash, offset: u32) -> Option<Result<bool, Malformed>> {
        let leaves = if chunk_count(count) == 1 {
            Vec::from([root])
        } else {
            parse_leaves(&(self.read)(&IndexFile::Postings(root))?, count, &root).ok()?
        };
        let mut before: Option<(ChunkEvidence, u32)> = None;
        for (index, leaf) in (0u32..).zip(&leaves) {
            let chunk = self.chunk(&leaves, index, leaf)?;
            let length = self.manifest.runs().get(self.run)?.length();
            let Ok(offsets) = parse_chunk(&chunk.bytes, index, count, length) else {
                self.chunks = Vec::from([chunk]);
                return Some(Err(Malformed));
            };
            let (first, last) = (*offsets.first()?, *offsets.last()?);
            if let Some((left, end)) = before.take() {
                if end >= first {
                    self.chunks = Vec::from([left, chunk]);
                    return Some(Err(Malformed));
                }
                if offset < first {
                    self.chunks = Vec::from([left, chunk]);
                    return Some(Ok(false));
                }
            }
            if offset <= last {
                let listed = offsets.binary_search(&offset).is_ok();
                self.chunks = Vec::from([chunk]);
                return Some(Ok(listed));
            }
            before = Some((chunk, last));
        }
        self.chunks = before.into_iter().map(|(chunk, _)| chunk).collect();
        Some(Ok(false))
    }

    fn chunk(&mut self, leaves: &[Hash], index: u32, leaf: &Hash) -> Option<ChunkEvidence> {
        let bytes = (self.read)(&IndexFile::Postings(*leaf))?;
        let size = u64::try_from(leaves.len()).ok()?;
        let read = |subtree: Subtree| {
            let part = || {
                let start = usize::try_from(subtree.start()?).ok()?;
                leaves.get(start..usize::try_from(subtree.end()?).ok()?)
            };
            part()
                .map(tree_root)
                .ok_or(ProofError::IndexOutOfRange { index: 0, size })
        };
        let proof = InclusionProof::prove(u64::from(index), size, read).ok()?;
        (chunk_leaf(&bytes) == *leaf).then_some(ChunkEvidence {
            index,
            bytes,
            proof,
        })
    }

    fn evidence(&self, key: Option<Hash>) -> BucketEvidence {
        BucketEvidence {
            run: self.run,
            name: self.name,
            file: self.file.clone(),
            key,
            chunks: self.chunks.clone(),
        }
    }

    fn malformed(&self, key: Option<Hash>) -> Accusation {
        Accusation::MalformedBucket(self.evidence(key))
    }
}
