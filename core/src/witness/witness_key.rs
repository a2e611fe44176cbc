//! Keys that a witness cosigns with: of a cosigner's type, and of no other.

use crate::note::cosignature::{self, CosignatureError};
use crate::note::{Checkpoint, Role, Signature, SignatureType, SignerKey, VerifierKey};

/// A secret key of a witness. No key of a log, an index or an auditor can be one.
#[derive(Debug)]
pub struct WitnessKey(SignerKey);

impl WitnessKey {
    /// Takes a key into the role of a witness.
    ///
    /// # Errors
    /// [`NotAWitnessKey`].
    pub fn new(key: SignerKey) -> Result<Self, NotAWitnessKey> {
        let found = key.verifier().signature_type();
        match Role::Witness.allows(found) {
            true => Ok(Self(key)),
            false => Err(NotAWitnessKey { found }),
        }
    }

    /// Returns the public half.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        self.0.verifier()
    }

    pub(super) fn cosign(
        &self,
        checkpoint: &Checkpoint,
        time: u64,
    ) -> Result<Signature, CosignatureError> {
        cosignature::cosign(checkpoint, &self.0, time)
    }
}

/// The key is of another role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key is not a witness's: its type is {found}, not 0x04 or 0x06")]
pub struct NotAWitnessKey {
    /// Its type.
    pub found: SignatureType,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::note::KeyName;
    use alloc::string::ToString;

    #[test]
    fn keys_of_other_roles_never_cosign() {
        let key = |signature_type| {
            let name = KeyName::parse("w.example").unwrap();
            WitnessKey::new(SignerKey::new(
                name,
                signature_type,
                SecretKey::from_seed(&[1; 32]),
            ))
        };
        for own in Role::Witness.types() {
            assert!(key(own).is_ok());
        }
        for (other, message) in [
            (
                SignatureType::Ed25519,
                "the key is not a witness's: its type is 0x01, not 0x04 or 0x06",
            ),
            (
                SignatureType::IndexAuditV1,
                "the key is not a witness's: its type is 0xff (tlog-index-audit/v1), not 0x04 or 0x06",
            ),
        ] {
            assert_eq!(key(other).unwrap_err().to_string(), message);
        }
    }
}
