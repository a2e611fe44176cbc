//! Checkpoints with verified signature lines only: what a program hands on.
//!
//! A line that the program could not verify may be false by a key that another reader knows, and would be refused there as
//! the program's fault. So builders, archives, bundles, proofs and evidence keep only the lines that they verified
//! (`docs/formats/note-and-policy.md`, "Lines that are handed on").

use crate::note::checkpoint::Checkpoint;
use crate::note::key::VerifierKey;
use crate::note::key_name::SignatureType;
use crate::note::note::KeyVerdict;
use crate::note::signature_line::Signature;
use crate::note::{audit_statement, cosignature};
use alloc::vec::Vec;

/// A checkpoint whose signature lines all verify by known keys; it has at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint(Checkpoint);

impl SignedCheckpoint {
    /// Keeps the lines of a checkpoint that verify by these keys, each once; `None` if there are none.
    #[must_use]
    pub fn new(checkpoint: &Checkpoint, keys: &[&VerifierKey]) -> Option<Self> {
        let mut lines: Vec<Signature> = Vec::new();
        for line in checkpoint.note().signatures() {
            let is_good = |key: &&VerifierKey| verifies(checkpoint, key, line);
            if !lines.contains(line) && keys.iter().any(is_good) {
                lines.push(line.clone());
            }
        }
        checkpoint.with_signatures(lines).ok().map(Self)
    }

    /// Keeps the lines of the log itself: those by keys whose name is the origin. `None` if there are none.
    #[must_use]
    pub fn by_log(&self) -> Option<Self> {
        let origin = self.0.origin().as_str();
        let lines = self.0.note().signatures().iter();
        let own = lines.filter(|line| line.name().as_str() == origin);
        self.0
            .with_signatures(own.cloned().collect())
            .ok()
            .map(Self)
    }

    /// Returns the checkpoint.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.0
    }
}

/// Judges the lines of a checkpoint that claim to be by this key, of whatever type: a single false one gives
/// [`KeyVerdict::BadSignature`].
pub(crate) fn judge_lines(checkpoint: &Checkpoint, key: &VerifierKey) -> KeyVerdict {
    let mut verdict = KeyVerdict::Absent;
    for line in checkpoint.note().signatures_by(key) {
        if !verifies(checkpoint, key, line) {
            return KeyVerdict::BadSignature;
        }
        verdict = KeyVerdict::Signed;
    }
    verdict
}

/// Tells whether a line is by this key, and good over the checkpoint.
fn verifies(checkpoint: &Checkpoint, key: &VerifierKey, line: &Signature) -> bool {
    match key.signature_type() {
        SignatureType::Ed25519 => {
            let text = checkpoint.note().text().as_bytes();
            line.is_claimed_by(key) && key.public().verify(text, line.bytes()).is_ok()
        }
        SignatureType::CosignatureV1 | SignatureType::SubtreeV1 => {
            cosignature::verify(checkpoint, key, line).is_ok()
        }
        SignatureType::IndexAuditV1 | SignatureType::IndexAuditMlDsaV1 => {
            audit_statement::verify(checkpoint, key, line).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::merkle::hash::leaf_hash;
    use crate::merkle::tree::TreeHead;
    use crate::note::audit_statement::AuditStatement;
    use crate::note::checkpoint::Origin;
    use crate::note::key::SignerKey;
    use crate::note::key_name::{KeyId, KeyName};
    use alloc::vec;

    fn key(name: &str, signature_type: SignatureType, seed: u8) -> SignerKey {
        SignerKey::new(
            KeyName::parse(name).unwrap(),
            signature_type,
            SecretKey::from_seed(&[seed; 32]),
        )
    }

    #[test]
    fn only_verified_lines_are_handed_on() {
        let log = key("log.example", SignatureType::Ed25519, 1);
        let witness = key("w.example", SignatureType::CosignatureV1, 2);
        let auditor = key("a.example", SignatureType::IndexAuditV1, 3);
        let stranger = key("s.example", SignatureType::CosignatureV1, 4);
        let head = TreeHead {
            size: 1,
            root: leaf_hash(b"entry"),
        };
        let origin = Origin::parse("log.example").unwrap();
        let bare = Checkpoint::sign(&origin, head, &log).unwrap();
        let own = bare.note().signatures()[0].clone();
        let statement = AuditStatement {
            time: 5,
            log: origin,
            head,
        };
        let cosignature = |key: &SignerKey, time| cosignature::cosign(&bare, key, time).unwrap();
        let (first, second) = (cosignature(&witness, 5), cosignature(&witness, 6));
        let audited = audit_statement::sign(&bare, &auditor, &statement).unwrap();
        // Under the log's name by a key that nobody here knows, and false ones of known keys.
        let junk = |name: &KeyName, id| Signature::new(name.clone(), id, vec![7; 72]).unwrap();
        let lines = vec![
            junk(own.name(), KeyId::from_bytes([9; 4])),
            own.clone(),
            own.clone(),
            junk(own.name(), own.id()),
            cosignature(&stranger, 5),
            first.clone(),
            second.clone(),
            junk(first.name(), first.id()),
            audited.clone(),
        ];
        let shown = bare.with_signatures(lines).unwrap();
        let keys = [log.verifier(), witness.verifier(), auditor.verifier()];
        let signed = SignedCheckpoint::new(&shown, &keys).unwrap();
        let kept = signed.checkpoint().note().signatures();
        assert_eq!(kept, [own, first, second, audited]);
        assert_eq!(signed.by_log().unwrap().checkpoint(), &bare);
        let other = SignedCheckpoint::new(&shown, &[witness.verifier()]).unwrap();
        assert_eq!(other.checkpoint().note().signatures().len(), 2);
        assert_eq!(other.by_log(), None);
        assert_eq!(SignedCheckpoint::new(&shown, &[]), None);
    }
}
