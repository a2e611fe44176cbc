//! The file of a fraud proof: header lines, then parts with their lengths (`docs/formats/index.md`, "Fraud proofs").

use crate::merkle::hash::Hash;
use crate::merkle::proof::InclusionProof;
use crate::note::tlog_proof::TlogProof;
use crate::text::limits::MAX_FRAUD_PROOF;
use crate::text::parts::{PartReader, push_part};
use crate::text::wire;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::index::format::run_head::BucketName;
use crate::index::fraud::fraud::{Accusation, BucketEvidence, ChunkEvidence, EntryEvidence, Fraud};

const HEADER: &str = "glasslog-index-fraud/v1";

/// Most chunks in one proof: two neighbours suffice to prove any fault of a list.
const MAX_CHUNKS: usize = 2;

impl Fraud {
    /// Parses a fraud proof.
    ///
    /// # Errors
    /// [`FraudTextError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, FraudTextError> {
        if bytes.len() > MAX_FRAUD_PROOF {
            return Err(FraudTextError::TooLarge { size: bytes.len() });
        }
        let mut reader = Reader(PartReader::new(bytes));
        if reader.0.line() != Some(HEADER) {
            return Err(FraudTextError::Header);
        }
        let kind = reader.header("kind")?;
        let fraud = match kind {
            "bad-manifest" => {
                let (manifest, index_proof) = reader.index()?;
                Self {
                    manifest,
                    index_proof,
                    accusation: Accusation::BadManifest,
                }
            }
            "malformed-bucket" | "omission" | "insertion" => reader.bucket_fraud(kind)?,
            _ => return Err(FraudTextError::Kind),
        };
        let rest = reader.0.rest();
        if !rest.is_empty() {
            return Err(FraudTextError::Trailing { bytes: rest.len() });
        }
        Ok(fraud)
    }

    /// Encodes the fraud proof: the bytes that it was parsed from.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let kind = self.accusation.kind();
        let mut bytes = format!("{HEADER}\nkind {kind}\n").into_bytes();
        let (bucket, entry) = match &self.accusation {
            Accusation::BadManifest => (None, None),
            Accusation::MalformedBucket(bucket) => (Some(bucket), None),
            Accusation::Omission(bucket, entry) | Accusation::Insertion(bucket, entry) => {
                (Some(bucket), Some(entry))
            }
        };
        if let Some(bucket) = bucket {
            let name = match bucket.name {
                BucketName::Number(number) => number.to_string(),
                BucketName::Reserved => String::from("reserved"),
            };
            let mut text = format!("run {}\nbucket {name}\n", bucket.run);
            if let Some(key) = bucket.key {
                text.push_str(&format!("key {key}\n"));
            }
            if let Some(entry) = entry {
                text.push_str(&format!("position {}\n", entry.position));
            }
            bytes.extend(text.into_bytes());
        }
        push_part(&mut bytes, "manifest", &self.manifest);
        push_part(&mut bytes, "index-proof", &self.index_proof.encode());
        if let Some(bucket) = bucket {
            push_part(&mut bytes, "file", &bucket.file);
            for chunk in &bucket.chunks {
                push_part(&mut bytes, "chunk", &chunk.bytes);
                let proof = format!("index {}\n{}", chunk.index, chunk.proof.encode_lines());
                push_part(&mut bytes, "chunk-proof", proof.as_bytes());
            }
        }
        if let Some(entry) = entry {
            push_part(&mut bytes, "entry", &entry.entry);
            let inclusion = entry.inclusion.encode_lines();
            push_part(&mut bytes, "inclusion", inclusion.as_bytes());
        }
        bytes
    }
}

/// Reads the lines and parts of a fraud proof.
struct Reader<'a>(PartReader<'a>);

impl<'a> Reader<'a> {
    fn header(&mut self, name: &'static str) -> Result<&'a str, FraudTextError> {
        self.0.header(name).ok_or(FraudTextError::Line { name })
    }

    fn number(&mut self, name: &'static str) -> Result<u64, FraudTextError> {
        self.0.number(name).ok_or(FraudTextError::Line { name })
    }

    fn part(&mut self, name: &'static str) -> Result<&'a [u8], FraudTextError> {
        let length = self.number(name)?;
        self.0.take(length).ok_or(FraudTextError::Part { name })
    }

    /// The accused manifest, and its proof.
    fn index(&mut self) -> Result<(Vec<u8>, TlogProof), FraudTextError> {
        let manifest = self.part("manifest")?.to_vec();
        let name = "index-proof";
        let index_proof = TlogProof::parse(self.part(name)?)
            .ok()
            .filter(|proof| proof.extra().is_empty())
            .ok_or(FraudTextError::Part { name })?;
        Ok((manifest, index_proof))
    }

    fn bucket_fraud(&mut self, kind: &str) -> Result<Fraud, FraudTextError> {
        let run = usize::try_from(self.number("run")?)
            .map_err(|_| FraudTextError::Line { name: "run" })?;
        let name = match self.header("bucket")? {
            "reserved" => BucketName::Reserved,
            number => BucketName::Number(
                wire::parse_decimal(number).ok_or(FraudTextError::Line { name: "bucket" })?,
            ),
        };
        let about_entry = kind != "malformed-bucket";
        let key = if about_entry || self.0.is_next("key") {
            let key = Hash::parse_base64(self.header("key")?);
            Some(key.ok_or(FraudTextError::Line { name: "key" })?)
        } else {
            None
        };
        let position = if about_entry {
            self.number("position")?
        } else {
            0
        };
        let (manifest, index_proof) = self.index()?;
        let mut bucket = BucketEvidence {
            run,
            name,
            file: self.part("file")?.to_vec(),
            key,
            chunks: Vec::new(),
        };
        while self.0.is_next("chunk") && bucket.chunks.len() < MAX_CHUNKS {
            bucket.chunks.push(self.chunk()?);
        }
        let accusation = if about_entry {
            let entry = EntryEvidence {
                position,
                entry: self.part("entry")?.to_vec(),
                inclusion: self.proof_lines("inclusion")?,
            };
            if kind == "omission" {
                Accusation::Omission(bucket, entry)
            } else {
                Accusation::Insertion(bucket, entry)
            }
        } else {
            Accusation::MalformedBucket(bucket)
        };
        Ok(Fraud {
            manifest,
            index_proof,
            accusation,
        })
    }

    fn chunk(&mut self) -> Result<ChunkEvidence, FraudTextError> {
        let bytes = self.part("chunk")?.to_vec();
        let name = "chunk-proof";
        let mut proof = Reader(PartReader::new(self.part(name)?));
        let index = u32::try_from(proof.number("index")?)
            .map_err(|_| FraudTextError::Line { name: "index" })?;
        Ok(ChunkEvidence {
            index,
            bytes,
            proof: parse_lines(proof.0.rest(), name)?,
        })
    }

    fn proof_lines(&mut self, name: &'static str) -> Result<InclusionProof, FraudTextError> {
        parse_lines(self.part(name)?, name)
    }
}

fn parse_lines(bytes: &[u8], name: &'static str) -> Result<InclusionProof, FraudTextError> {
    core::str::from_utf8(bytes)
        .ok()
        .and_then(|text| InclusionProof::parse_lines(text).ok())
        .ok_or(FraudTextError::Part { name })
}

/// Reason for which bytes are not a fraud proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FraudTextError {
    /// The fraud proof has more bytes than [`MAX_FRAUD_PROOF`].
    #[error("the fraud proof has {size} bytes, more than {MAX_FRAUD_PROOF}")]
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// The first line of the fraud proof is wrong.
    #[error("the first line of the fraud proof is not `{HEADER}`")]
    Header,
    /// This version does not know the kind of the fraud proof.
    #[error(
        "the kind of the fraud proof is not bad-manifest, malformed-bucket, omission or insertion"
    )]
    Kind,
    /// A line is missing or malformed.
    #[error("the fraud proof lacks a well-formed line `{name}` at its place")]
    Line {
        /// Its first word.
        name: &'static str,
    },
    /// A part is cut off or malformed.
    #[error("the part `{name}` of the fraud proof is cut off or malformed")]
    Part {
        /// Its name.
        name: &'static str,
    },
    /// Bytes follow the last part.
    #[error("{bytes} bytes follow the fraud proof")]
    Trailing {
        /// Number of bytes.
        bytes: usize,
    },
}

impl FraudTextError {
    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "index-fraud-too-large",
            Self::Header => "index-fraud-header",
            Self::Kind => "index-fraud-kind",
            Self::Line { .. } => "index-fraud-line",
            Self::Part { .. } => "index-fraud-part",
            Self::Trailing { .. } => "index-fraud-trailing",
        }
    }
}
