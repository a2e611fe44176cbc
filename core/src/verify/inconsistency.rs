//! Two signed heads of one log that cannot both be true, as a file that shows it (`docs/formats/inconsistency.md`).

use alloc::format;
use alloc::vec::Vec;

use crate::merkle::hash::Hash;
use crate::merkle::proof::ConsistencyProof;
use crate::note::checkpoint::Checkpoint;
use crate::trust::trust_policy::TrustPolicy;
use crate::verify::audit::Fork;

/// First line of an evidence file.
pub(crate) const MAGIC: &str = "glasslog-inconsistency/v1\n";

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

    /// Encodes the evidence.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.as_bytes().to_vec();
        let prefix = format!("{}\n{}", self.root, self.proof.encode_lines());
        for (name, content) in [
            ("old", self.old.encode()),
            ("new", self.new.encode()),
            ("prefix", prefix.into_bytes()),
        ] {
            bytes.extend(format!("{name} {}\n", content.len()).as_bytes());
            bytes.extend(content);
        }
        bytes
    }
}
