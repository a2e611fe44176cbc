//! Two signed heads of one log that cannot both be true, as a file that shows it (`docs/formats/inconsistency.md`).

use alloc::format;
use alloc::vec::Vec;

use crate::merkle::hash::Hash;
use crate::merkle::proof::ConsistencyProof;
use crate::note::checkpoint::Checkpoint;
use crate::text::limits::MAX_INCONSISTENCY;
use crate::text::parts::{PartReader, push_part};
use crate::trust::trust_policy::TrustPolicy;
use crate::verify::audit::Fork;

/// First line of an evidence file.
const HEADER: &str = "glasslog-inconsistency/v1";

/// Rules that evidence can break.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InconsistencyError {
    /// The evidence has more bytes than [`MAX_INCONSISTENCY`].
    #[error("the evidence has {size} bytes, more than {MAX_INCONSISTENCY}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// The first line is wrong.
    #[error("the first line of the evidence is not `{HEADER}`")]
    Header,
    /// A part is missing, cut off or malformed.
    #[error("the part `{name}` of the evidence is missing, cut off or malformed")]
    Part {
        /// Its name.
        name: &'static str,
    },
    /// Bytes follow the last part.
    #[error("{bytes} bytes follow the evidence")]
    Trailing {
        /// Number of bytes.
        bytes: usize,
    },
}

impl InconsistencyError {
    /// The stable name of the broken rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "inconsistency-too-large",
            Self::Header => "inconsistency-header",
            Self::Part { .. } => "inconsistency-part",
            Self::Trailing { .. } => "inconsistency-trailing",
        }
    }
}

/// Evidence of a split view: both heads, and what the newer one has where the older one should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inconsistency {
    /// The smaller of the two, or the one seen first.
    pub old: Checkpoint,
    /// The other one.
    pub new: Checkpoint,
    /// The root that the newer tree has at the older size; not the older head's root.
    pub root: Hash,
    /// Shows that the tree with this root is a prefix of the newer one. Empty for heads of one size.
    pub proof: ConsistencyProof,
}

impl Inconsistency {
    /// Makes evidence of a fork of the log or of its index, with the signatures that verify by the policy's keys: a false
    /// line by a key that another reader knows would make the evidence worthless. `None` if a head has no such signature.
    #[must_use]
    pub fn of(fork: &Fork, policy: &TrustPolicy) -> Option<Self> {
        let signed = |checkpoint: &Checkpoint| {
            let signed = policy.log().signed(checkpoint);
            let signed = signed.or_else(|| policy.signed_index(checkpoint))?;
            Some(signed.checkpoint().clone())
        };
        Some(Self {
            old: signed(&fork.old)?,
            new: signed(&fork.new)?,
            root: fork.root,
            proof: fork.proof.clone(),
        })
    }

    /// Parses evidence, of which nothing is verified.
    ///
    /// # Errors
    /// [`InconsistencyError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, InconsistencyError> {
        if bytes.len() > MAX_INCONSISTENCY {
            return Err(InconsistencyError::TooLarge { size: bytes.len() });
        }
        let mut reader = PartReader::new(bytes);
        if reader.line() != Some(HEADER) {
            return Err(InconsistencyError::Header);
        }
        let mut part = |name: &'static str| {
            let part = reader.number(name).and_then(|length| reader.take(length));
            part.ok_or(InconsistencyError::Part { name })
        };
        let [old, new, prefix] = [part("old")?, part("new")?, part("prefix")?];
        let bytes = reader.rest().len();
        if bytes > 0 {
            return Err(InconsistencyError::Trailing { bytes });
        }
        let checkpoint =
            |bytes, name| Checkpoint::parse(bytes).map_err(|_| InconsistencyError::Part { name });
        let prefix = parse_prefix(prefix);
        let (root, proof) = prefix.ok_or(InconsistencyError::Part { name: "prefix" })?;
        Ok(Self {
            old: checkpoint(old, "old")?,
            new: checkpoint(new, "new")?,
            root,
            proof,
        })
    }

    /// Encodes the evidence: the bytes that it was parsed from.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = format!("{HEADER}\n").into_bytes();
        let prefix = format!("{}\n{}", self.root, self.proof.encode_lines());
        push_part(&mut bytes, "old", &self.old.encode());
        push_part(&mut bytes, "new", &self.new.encode());
        push_part(&mut bytes, "prefix", prefix.as_bytes());
        bytes
    }
}

/// A root on the first line, and the lines of a proof.
fn parse_prefix(bytes: &[u8]) -> Option<(Hash, ConsistencyProof)> {
    let (root, proof) = core::str::from_utf8(bytes).ok()?.split_once('\n')?;
    let proof = ConsistencyProof::parse_lines(proof).ok()?;
    Some((Hash::parse_base64(root)?, proof))
}
