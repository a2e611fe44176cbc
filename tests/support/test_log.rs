//! A log in memory, which signs heads and proves growth: enough to be witnessed.

use glasslog_core::crypto::SecretKey;
use glasslog_core::merkle::{
    ConsistencyProof, Hash, ProofError, Subtree, TreeHead, leaf_hash, tree_root,
};
use glasslog_core::note::{Checkpoint, KeyName, Origin, SignatureType, SignerKey, VerifierKey};
use glasslog_core::witness::AddCheckpoint;

/// A log of counted entries, which may fork.
#[derive(Debug)]
pub struct TestLog {
    key: SignerKey,
    origin: Origin,
}

impl TestLog {
    /// Returns the log with this origin, whose key has a seed of this byte.
    pub fn new(origin: &str, seed: u8) -> Self {
        let name = KeyName::parse(origin).expect("a key name");
        let secret = SecretKey::from_seed(&[seed; 32]);
        Self {
            key: SignerKey::new(name, SignatureType::Ed25519, secret),
            origin: Origin::parse(origin).expect("an origin"),
        }
    }

    fn leaves(size: u64, fork: u8) -> Vec<Hash> {
        (0..size)
            .map(|index| leaf_hash(&[index as u8, (index >> 8) as u8, fork]))
            .collect()
    }

    /// Returns the signed head of a size; a fork has other entries from the first on.
    pub fn checkpoint(&self, size: u64, fork: u8) -> Checkpoint {
        let root = tree_root(&Self::leaves(size, fork));
        Checkpoint::sign(&self.origin, TreeHead { size, root }, &self.key).expect("a head")
    }

    /// Returns the body of a request to cosign a size, with the proof from an older one.
    pub fn request(&self, old: u64, size: u64, fork: u8) -> Vec<u8> {
        let leaves = Self::leaves(size, fork);
        let read = |span: Subtree| {
            let (first, end) = (span.start().expect("a start"), span.end().expect("an end"));
            Ok::<_, ProofError>(tree_root(&leaves[first as usize..end as usize]))
        };
        let proof = match old {
            0 => ConsistencyProof::default(),
            old => ConsistencyProof::prove(old, size, read).expect("a proof"),
        };
        let request = AddCheckpoint::new(old, proof, self.checkpoint(size, fork));
        request.expect("a request").encode()
    }

    /// Returns the public half of its key.
    pub fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    /// Returns its origin.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}
