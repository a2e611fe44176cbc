//! Verification of fraud proofs (`docs/formats/index.md`, "Fraud proofs").
//!
//! Evidence that the builder's signature does not cover is an error of the accuser. Evidence that it covers, and that
//! breaks no rule, is [`FraudError::Unfounded`]. Only the remaining case is [`Guilt`].

use crate::merkle::hash::{Hash, leaf_hash};
use crate::merkle::proof_error::ProofError;
use crate::merkle::tree::TreeHead;
use crate::text::limits::MAX_ENTRY;
use crate::trust::policy::LogVerdict;
use crate::trust::trust_policy::TrustPolicy;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::index::format::bucket::{Bucket, BucketError, Postings, open_file};
use crate::index::format::manifest::{Manifest, ManifestError};
use crate::index::format::map::MapFunction;
use crate::index::format::postings::{chunk_count, chunk_leaf, parse_chunk};
use crate::index::format::run_head::{BucketName, RunHead};
use crate::index::fraud::fraud::{Accusation, BucketEvidence, EntryEvidence, Fraud};

/// Result of a fraud proof that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guilt {
    /// Position of the false manifest in the index log.
    pub manifest: u64,
    /// The kind of fraud, as in the file.
    pub kind: &'static str,
    /// Description of the false statement, for people.
    pub detail: String,
    /// True if auditors of the policy vouched for the manifest too, as many as the policy requires.
    pub is_audited: bool,
}

impl Fraud {
    /// Decides whether the accusation holds against the index that the policy names, at `now`.
    ///
    /// # Errors
    /// A [`FraudError`] for the missing or wrong evidence.
    pub fn verify(&self, trust: &TrustPolicy, now: u64) -> Result<Guilt, FraudError> {
        let policy = trust.index().ok_or(FraudError::NoIndexPolicy)?;
        let checkpoint = self.index_proof.checkpoint();
        if !matches!(policy.judge_signature(checkpoint), LogVerdict::Signed(_)) {
            return Err(FraudError::IndexUnsigned);
        }
        let index = self.index_proof.index();
        self.index_proof
            .proof()
            .verify(&leaf_hash(&self.manifest), index, &checkpoint.head())
            .map_err(FraudError::NotIncluded)?;
        let detail = match &self.accusation {
            Accusation::BadManifest => self.judge_manifest()?,
            Accusation::MalformedBucket(bucket) => self.scene(bucket)?.judge_bucket()?,
            Accusation::Omission(bucket, entry) => self.scene(bucket)?.judge_entry(entry, true)?,
            Accusation::Insertion(bucket, entry) => {
                self.scene(bucket)?.judge_entry(entry, false)?
            }
        };
        let is_audited = trust
            .audit()
            .is_some_and(|audit| audit.judge(checkpoint, now).accepts());
        Ok(Guilt {
            manifest: index,
            kind: self.accusation.kind(),
            detail,
            is_audited,
        })
    }

    /// Judges the manifest by its bytes alone, as its builder could: keys of the log that a reader knows and the builder
    /// did not are no evidence.
    fn judge_manifest(&self) -> Result<String, FraudError> {
        match Manifest::parse(&self.manifest) {
            Err(error) if error.is_unknown() => Err(FraudError::Manifest(error)),
            Err(error) => Ok(error.to_string()),
            Ok(_) => Err(FraudError::Unfounded),
        }
    }

    fn scene<'a>(&'a self, evidence: &'a BucketEvidence) -> Result<Scene<'a>, FraudError> {
        let manifest = Manifest::parse(&self.manifest).map_err(FraudError::Manifest)?;
        let map = manifest.map().map_err(FraudError::Manifest)?;
        let run = manifest.runs().get(evidence.run);
        let run = run.ok_or(FraudError::NoRun { run: evidence.run })?.clone();
        let is_absent = evidence.name == BucketName::Reserved
            && run.reserved.is_none()
            && evidence.file.is_empty();
        let bytes = if is_absent {
            None
        } else {
            let bytes = open_file(&evidence.file, &run, evidence.name);
            Some(bytes.map_err(FraudError::NotTheBucket)?)
        };
        Ok(Scene {
            evidence,
            head: manifest.head(),
            map,
            run,
            bytes,
        })
    }
}

/// A bucket that belongs to the run, with the context to judge it.
struct Scene<'a> {
    evidence: &'a BucketEvidence,
    head: TreeHead,
    map: MapFunction,
    run: RunHead,
    /// `None` if the manifest says that there is no reserved bucket.
    bytes: Option<&'a [u8]>,
}

impl Scene<'_> {
    fn parse(&self) -> Option<Result<Bucket, BucketError>> {
        let reserved = self.map.reserved();
        self.bytes
            .map(|bytes| Bucket::parse(bytes, &self.run, self.evidence.name, &reserved))
    }

    fn judge_bucket(&self) -> Result<String, FraudError> {
        let bucket = match self.parse().ok_or(FraudError::Unfounded)? {
            // A bucket that cannot be parsed has no list to show.
            Err(_) if self.evidence.key.is_some() || !self.evidence.chunks.is_empty() => {
                return Err(FraudError::Chunks);
            }
            Err(error) => return Ok(error.to_string()),
            Ok(bucket) => bucket,
        };
        let key = self.evidence.key.ok_or(FraudError::Unfounded)?;
        let Some(Postings::Long { count, root }) = bucket.find(&key) else {
            return Err(FraudError::Unfounded);
        };
        let mut last = None;
        for (index, chunk) in self.chunks(*count, root)? {
            match parse_chunk(chunk, index, *count, self.run.length()) {
                Err(error) => return Ok(format!("in the list of key {key}, {error}")),
                Ok(offsets) => {
                    if last >= offsets.first().copied() && last.is_some() {
                        return Ok(format!(
                            "the list of key {key} goes back from one chunk to the next"
                        ));
                    }
                    last = offsets.last().copied();
                }
            }
        }
        Err(FraudError::Unfounded)
    }

    fn judge_entry(&self, entry: &EntryEvidence, is_omission: bool) -> Result<String, FraudError> {
        let key = self.evidence.key.ok_or(FraudError::OtherBucket)?;
        let position = entry.position;
        if !(self.run.start..self.run.end).contains(&position) || entry.entry.len() > MAX_ENTRY {
            return Err(FraudError::OutsideRun { position });
        }
        entry
            .inclusion
            .verify(&leaf_hash(&entry.entry), position, &self.head)
            .map_err(FraudError::NotTheEntry)?;
        let belongs = match self.run.file_of(&key, &self.map.reserved()) {
            Some((name, _)) => name == self.evidence.name,
            None => self.bytes.is_none(),
        };
        if !belongs {
            return Err(FraudError::OtherBucket);
        }
        let bucket = self
            .parse()
            .transpose()
            .map_err(|_| FraudError::MalformedBucket)?;
        let offset = position.saturating_sub(self.run.start);
        let offset = u32::try_from(offset).map_err(|_| FraudError::OutsideRun { position })?;
        let list = bucket.as_ref().and_then(|bucket| bucket.find(&key));
        let is_long = matches!(list, Some(Postings::Long { .. }));
        if !is_long && !self.evidence.chunks.is_empty() {
            return Err(FraudError::Chunks);
        }
        let is_listed = match list {
            None => false,
            Some(Postings::Inline(offsets)) => offsets.contains(&offset),
            Some(Postings::Long { count, root }) => self.is_in_list(*count, root, offset)?,
        };
        let has_key = self.map.keys(&entry.entry).contains(&key);
        match (has_key, is_listed) {
            (true, false) if is_omission => Ok(format!(
                "entry {position} has key {key}, and the index leaves it out"
            )),
            (false, true) if !is_omission => Ok(format!(
                "entry {position} does not have key {key}, and the index lists it"
            )),
            _ => Err(FraudError::Unfounded),
        }
    }

    /// The chunks of the evidence; checks each against the list's root, and that the second directly follows the first.
    fn chunks(&self, count: u32, root: &Hash) -> Result<Vec<(u32, &[u8])>, FraudError> {
        let head = TreeHead {
            size: u64::from(chunk_count(count)),
            root: *root,
        };
        let mut chunks: Vec<(u32, &[u8])> = Vec::new();
        for chunk in &self.evidence.chunks {
            chunk
                .proof
                .verify(&chunk_leaf(&chunk.bytes), u64::from(chunk.index), &head)
                .map_err(FraudError::NotTheChunk)?;
            let follows = chunks
                .last()
                .is_none_or(|(index, _)| index.checked_add(1) == Some(chunk.index));
            if !follows {
                return Err(FraudError::Chunks);
            }
            chunks.push((chunk.index, &chunk.bytes));
        }
        Ok(chunks)
    }

    fn is_in_list(&self, count: u32, root: &Hash, offset: u32) -> Result<bool, FraudError> {
        let parse = |(index, bytes): (u32, &[u8])| {
            let offsets = parse_chunk(bytes, index, count, self.run.length());
            let offsets = offsets.map_err(|_| FraudError::MalformedBucket)?;
            let edges = offsets.first().copied().zip(offsets.last().copied());
            edges
                .map(|(first, last)| (index, first, last, offsets))
                .ok_or(FraudError::Chunks)
        };
        let chunks = self.chunks(count, root)?;
        let chunks = chunks.into_iter().map(parse);
        let chunks = chunks.collect::<Result<Vec<_>, FraudError>>()?;
        match chunks.as_slice() {
            [(_, first, last, offsets)] if (*first..=*last).contains(&offset) => {
                Ok(offsets.binary_search(&offset).is_ok())
            }
            [(0, first, ..)] if offset < *first => Ok(false),
            [(index, _, last, _)]
                if offset > *last && index.checked_add(1) == Some(chunk_count(count)) =>
            {
                Ok(false)
            }
            [(_, _, last, _), (_, first, ..)] if *last < offset && offset < *first => Ok(false),
            _ => Err(FraudError::Chunks),
        }
    }
}

/// Reason for which a fraud proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FraudError {
    /// The trust policy has no section `[index]`, so there is no index to accuse.
    #[error("the trust policy has no [index] section")]
    NoIndexPolicy,
    /// The index checkpoint is not signed by the index's key.
    #[error("the index checkpoint is not signed by a known key of the index")]
    IndexUnsigned,
    /// The manifest is not in the index log.
    #[error("the manifest is not in the index log: {0}")]
    NotIncluded(ProofError),
    /// The manifest is malformed, which is another accusation; or this version does not know it or its key function.
    #[error(transparent)]
    Manifest(ManifestError),
    /// The manifest has no such run.
    #[error("the manifest has no run {run}")]
    NoRun {
        /// Number of the run, from 0.
        run: usize,
    },
    /// The bucket does not belong to the run.
    #[error("the file is not the index's: {0}")]
    NotTheBucket(BucketError),
    /// The key belongs in another bucket.
    #[error("the key does not belong in this bucket")]
    OtherBucket,
    /// The bucket or the list is malformed, which is another accusation.
    #[error("the bucket is malformed: accuse the builder of that")]
    MalformedBucket,
    /// A chunk does not belong to the list.
    #[error("the chunk is not of the list: {0}")]
    NotTheChunk(ProofError),
    /// The chunks do not show if the list has the position.
    #[error("the chunks do not show if the list has the position")]
    Chunks,
    /// The position is not in the run, or the entry is longer than an entry of a log can be.
    #[error("position {position} is not in the run")]
    OutsideRun {
        /// The position.
        position: u64,
    },
    /// The entry is not at this position in the tree that the manifest embeds.
    #[error("the entry is not in the tree that the manifest embeds: {0}")]
    NotTheEntry(ProofError),
    /// The evidence comes from the builder, and breaks no rule.
    #[error("the evidence comes from the index, and breaks no rule")]
    Unfounded,
}

impl FraudError {
    /// The stable name of the missing or wrong evidence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoIndexPolicy => "index-fraud-no-policy",
            Self::IndexUnsigned => "index-fraud-unsigned",
            Self::NotIncluded(_) => "index-fraud-manifest-not-included",
            Self::Manifest(error) => error.code(),
            Self::NoRun { .. } => "index-fraud-no-run",
            Self::NotTheBucket(_) => "index-fraud-other-file",
            Self::OtherBucket => "index-fraud-other-bucket",
            Self::MalformedBucket => "index-fraud-malformed-bucket",
            Self::NotTheChunk(_) => "index-fraud-other-chunk",
            Self::Chunks => "index-fraud-chunks",
            Self::OutsideRun { .. } => "index-fraud-outside-run",
            Self::NotTheEntry(_) => "index-fraud-other-entry",
            Self::Unfounded => "index-fraud-unfounded",
        }
    }
}
