//! ML-DSA-44 ([FIPS 204](https://doi.org/10.6028/NIST.FIPS.204), "pure", empty context, deterministic): the algorithm of
//! post-quantum notes.
//!
//! Every string of 1,312 bytes is the one encoding of a public key. A signature has one encoding: hints that are repeated, out of
//! order, or padded with anything but zeros are refused (Algorithm 21). A key whose `t1` is zero is not admitted.

use crate::text::wire;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use ml_dsa::{
    EncodedVerifyingKey, MlDsa44, Seed, Signature, SigningKey, Verifier as _, VerifyingKey,
};

use crate::crypto::ed25519::SEED_SIZE;

/// Bytes of a public key.
pub(crate) const PUBLIC_KEY_SIZE: usize = 1_312;

/// Bytes of a signature.
pub(crate) const SIGNATURE_SIZE: usize = 2_420;

/// Bytes of the seed of the matrix, which a public key begins with; the others are `t1`.
const MATRIX_SEED_SIZE: usize = 32;

/// A public key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MlDsaPublicKey(Box<[u8; PUBLIC_KEY_SIZE]>);

impl MlDsaPublicKey {
    /// Parses a key.
    ///
    /// # Errors
    /// [`MlDsaError::ZeroKey`].
    pub fn from_bytes(bytes: &[u8; PUBLIC_KEY_SIZE]) -> Result<Self, MlDsaError> {
        match bytes.iter().skip(MATRIX_SEED_SIZE).all(|byte| *byte == 0) {
            true => Err(MlDsaError::ZeroKey),
            false => Ok(Self(Box::new(*bytes))),
        }
    }

    /// Returns the 1,312 bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_SIZE] {
        &self.0
    }

    /// Checks a signature by this key.
    ///
    /// # Errors
    /// [`MlDsaError::WrongLength`] or [`MlDsaError::Invalid`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), MlDsaError> {
        if signature.len() != SIGNATURE_SIZE {
            return Err(MlDsaError::WrongLength {
                length: signature.len(),
            });
        }
        let signature = Signature::<MlDsa44>::try_from(signature);
        let signature = signature.map_err(|_| MlDsaError::Invalid)?;
        let key = EncodedVerifyingKey::<MlDsa44>::from(*self.0);
        let key = VerifyingKey::<MlDsa44>::decode(&key);
        let verified = key.verify(message, &signature);
        verified.map_err(|_| MlDsaError::Invalid)
    }
}

impl fmt::Debug for MlDsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = wire::base64_encode(self.0.get(..24).unwrap_or_default());
        write!(f, "MlDsaPublicKey({start}…)")
    }
}

/// A secret key; its bytes are wiped when it is dropped, and never printed.
pub struct MlDsaSecretKey(Box<SigningKey<MlDsa44>>);

impl MlDsaSecretKey {
    /// Derives the key from its seed, which must be 32 secret random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; SEED_SIZE]) -> Self {
        Self(Box::new(SigningKey::from_seed(&Seed::from(*seed))))
    }

    /// Returns the public half. A key from a random seed never has a `t1` of zero.
    #[must_use]
    pub fn public(&self) -> MlDsaPublicKey {
        let key = ml_dsa::Keypair::verifying_key(&*self.0);
        MlDsaPublicKey(Box::new(key.encode().into()))
    }

    /// Signs a message; the same message always gives the same signature.
    ///
    /// # Errors
    /// [`MlDsaError::NoSignature`], which no message is known to give.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, MlDsaError> {
        let key = self.0.expanded_key();
        let signature = key.sign_deterministic(message, &[]);
        let signature = signature.map_err(|_| MlDsaError::NoSignature)?;
        Ok(signature.encode().to_vec())
    }

    /// Returns the seed, to be stored; a caller that copies it must wipe the copy.
    #[must_use]
    pub fn seed(&self) -> &[u8; SEED_SIZE] {
        self.0.as_seed().as_ref()
    }
}

impl fmt::Debug for MlDsaSecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MlDsaSecretKey(redacted, {:?})", self.public())
    }
}

/// The reason why a key or a signature is refused, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MlDsaError {
    /// `t1` is zero: anyone can make a signature by the key for any message.
    #[error("the ML-DSA-44 key is zero after its seed, so anyone can sign anything under it")]
    ZeroKey,
    /// A signature has 2,420 bytes.
    #[error("an ML-DSA-44 signature has {SIGNATURE_SIZE} bytes, not {length}")]
    WrongLength {
        /// Bytes given.
        length: usize,
    },
    /// The signature is malformed, or not by this key over this message.
    #[error("the ML-DSA-44 signature does not verify")]
    Invalid,
    /// The search for a signature ended without one.
    #[error("no ML-DSA-44 signature was found for this message")]
    NoSignature,
}

impl MlDsaError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ZeroKey => "ml-dsa-zero-key",
            Self::WrongLength { .. } => "ml-dsa-wrong-length",
            Self::Invalid => "ml-dsa-invalid",
            Self::NoSignature => "ml-dsa-no-signature",
        }
    }
}
