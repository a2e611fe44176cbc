//! Ed25519 by one strict rule ([RFC 8032 §5.1](https://www.rfc-editor.org/rfc/rfc8032#section-5.1)), so a verdict depends on the bytes alone.
//!
//! A key is admitted only if it decodes, encodes back to the same bytes, has no torsion component and is not the
//! identity. A signature holds only if `[S]B = R + [k]A` without the cofactor, with canonical `S` and `R` and an `R`
//! that is not of small order. Verifiers that multiply by the cofactor, or verify in batches, accept more than this.

use crate::text::wire;
use alloc::boxed::Box;
use core::cmp::Ordering;
use core::{fmt, hash};
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::traits::IsIdentity as _;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// Bytes of a public key.
pub(crate) const PUBLIC_KEY_SIZE: usize = 32;

/// Bytes of the seed that a secret key is made from.
pub(crate) const SEED_SIZE: usize = 32;

/// Bytes of a signature.
pub(crate) const SIGNATURE_SIZE: usize = 64;

/// A public key that passed every check of admission.
#[derive(Clone, Copy)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Parses a key, and checks that it is admitted.
    ///
    /// # Errors
    /// The [`KeyError`] that names the broken rule.
    pub fn from_bytes(bytes: &[u8; PUBLIC_KEY_SIZE]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        let point = key.to_edwards();
        if point.compress().as_bytes() != bytes {
            return Err(KeyError::NotCanonical);
        }
        if point.is_identity() {
            return Err(KeyError::Identity);
        }
        if !point.is_torsion_free() {
            return Err(KeyError::Torsion);
        }
        Ok(Self(key))
    }

    /// Returns the 32 bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_SIZE] {
        self.0.as_bytes()
    }

    /// Returns the point that the bytes encode.
    pub(crate) fn point(&self) -> EdwardsPoint {
        self.0.to_edwards()
    }

    /// Checks a signature by this key.
    ///
    /// # Errors
    /// [`SignatureError`] unless the strict rule holds.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let bytes: &[u8; SIGNATURE_SIZE] =
            signature
                .try_into()
                .map_err(|_| SignatureError::WrongLength {
                    length: signature.len(),
                })?;
        self.0
            .verify_strict(message, &Signature::from_bytes(bytes))
            .map_err(|_| SignatureError::Invalid)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for PublicKey {}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl hash::Hash for PublicKey {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", wire::base64_encode(self.as_bytes()))
    }
}

/// A secret key; its bytes are wiped when it is dropped, and never printed.
///
/// It is on the heap, so moving it leaves no copies behind. It does not implement `Clone`: share it by reference.
pub struct SecretKey(Box<SigningKey>);

impl SecretKey {
    /// Derives the key from its seed, which must be 32 secret random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; SEED_SIZE]) -> Self {
        Self(Box::new(SigningKey::from_bytes(seed)))
    }

    /// Returns the public half. It needs no check: a multiple of the base point other than zero is always admitted.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs a message; the same message always gives the same signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_SIZE] {
        self.0.sign(message).to_bytes()
    }

    /// Returns the seed, to be stored; a caller that copies it must wipe the copy.
    #[must_use]
    pub fn seed(&self) -> &[u8; SEED_SIZE] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(redacted, {:?})", self.public())
    }
}

/// The reason why a public key is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No point of the curve has these bytes.
    #[error("the Ed25519 key is not a point of the curve")]
    NotAPoint,
    /// The bytes are a second encoding of a point.
    #[error("the Ed25519 key is not in its canonical encoding")]
    NotCanonical,
    /// The identity: anyone can make a signature by it for any message.
    #[error("the Ed25519 key is the identity, under which anyone can sign anything")]
    Identity,
    /// The point has a component of small order, so verifiers may disagree about its signatures.
    #[error(
        "the Ed25519 key has a component of small order, so verifiers may disagree about its signatures"
    )]
    Torsion,
}

impl KeyError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAPoint => "key-not-a-point",
            Self::NotCanonical => "key-not-canonical",
            Self::Identity => "key-identity",
            Self::Torsion => "key-torsion",
        }
    }
}

/// The reason why a signature is false.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// A signature has 64 bytes.
    #[error("an Ed25519 signature has {SIGNATURE_SIZE} bytes, not {length}")]
    WrongLength {
        /// Bytes given.
        length: usize,
    },
    /// The strict rule does not hold.
    #[error("the Ed25519 signature does not verify")]
    Invalid,
}

impl SignatureError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongLength { .. } => "signature-wrong-length",
            Self::Invalid => "signature-invalid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;
    use curve25519_dalek::constants::EIGHT_TORSION;
    use curve25519_dalek::scalar::Scalar;

    /// RFC 8032 §7.1, tests 1 to 3: seed, public key, message, signature.
    const RFC_8032: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        wire::hex_decode(hex).unwrap().try_into().unwrap()
    }

    fn admit(point: EdwardsPoint) -> Result<PublicKey, KeyError> {
        PublicKey::from_bytes(point.compress().as_bytes())
    }

    #[test]
    fn rfc_8032_examples() {
        for [seed, public, message, signature] in RFC_8032 {
            let secret = SecretKey::from_seed(&bytes(seed));
            let message = wire::hex_decode(message).unwrap();
            assert_eq!(secret.seed(), &bytes(seed));
            assert_eq!(secret.public().as_bytes(), &bytes(public));
            assert_eq!(PublicKey::from_bytes(&bytes(public)), Ok(secret.public()));
            assert_eq!(secret.sign(&message), bytes(signature));
            assert_eq!(
                secret.public().verify(&message, &bytes::<64>(signature)),
                Ok(())
            );
            assert_eq!(
                secret.public().verify(b"else", &bytes::<64>(signature)),
                Err(SignatureError::Invalid)
            );
        }
    }

    #[test]
    fn every_bit_of_a_signature_counts() {
        let secret = SecretKey::from_seed(&[7; 32]);
        let good = secret.sign(b"message");
        for bit in 0..good.len() * 8 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                secret.public().verify(b"message", &bad),
                Err(SignatureError::Invalid),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn signatures_have_one_length() {
        let secret = SecretKey::from_seed(&[7; 32]);
        let mut signature = Vec::from(secret.sign(b"message"));
        signature.push(0);
        for length in [0, 1, 32, 63, 65] {
            assert_eq!(
                secret.public().verify(b"message", &signature[..length]),
                Err(SignatureError::WrongLength { length })
            );
        }
    }

    #[test]
    fn s_is_below_the_group_order() {
        let secret = SecretKey::from_seed(&[7; 32]);
        let mut signature = secret.sign(b"message");
        // The group order ℓ, little-endian: S + ℓ satisfies the equation just as well.
        let order: [u8; 32] =
            bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut carry = 0u16;
        for (byte, add) in signature[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        assert_eq!(
            secret.public().verify(b"message", &signature),
            Err(SignatureError::Invalid)
        );
    }

    #[test]
    fn small_order_points_are_no_keys() {
        for (order, point) in EIGHT_TORSION.iter().enumerate() {
            let expected = if order == 0 {
                KeyError::Identity
            } else {
                KeyError::Torsion
            };
            assert_eq!(admit(*point), Err(expected));
        }
    }

    #[test]
    fn torsioned_keys_are_refused() {
        let honest = SecretKey::from_seed(&[7; 32]).public().0.to_edwards();
        assert!(admit(honest).is_ok());
        for torsion in &EIGHT_TORSION[1..] {
            assert_eq!(admit(honest + torsion), Err(KeyError::Torsion));
        }
    }

    #[test]
    fn second_spellings_are_refused() {
        // (y ≥ p) and (x = −0) spellings of points of order 1, 2 and 4, as listed by C2SP/CCTV.
        for hex in [
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ] {
            assert_eq!(
                PublicKey::from_bytes(&bytes(hex)),
                Err(KeyError::NotCanonical)
            );
        }
        // y = 2 has no x.
        let mut off = [0; 32];
        off[0] = 2;
        assert_eq!(PublicKey::from_bytes(&off), Err(KeyError::NotAPoint));
    }

    #[test]
    fn a_torsioned_r_is_refused_under_an_honest_key() {
        // A cofactored or batched verifier accepts this: R = rB + T, with S made for this R.
        let secret = SecretKey::from_seed(&[7; 32]);
        let scalar = secret.0.to_scalar();
        for torsion in &EIGHT_TORSION {
            let nonce = Scalar::from(123_456_789u64);
            let r = EdwardsPoint::mul_base(&nonce) + torsion;
            let k = challenge(r.compress().as_bytes(), secret.public().as_bytes());
            let s = nonce + k * scalar;
            let signature = [*r.compress().as_bytes(), s.to_bytes()].concat();
            let expected = if torsion.is_identity() {
                Ok(())
            } else {
                Err(SignatureError::Invalid)
            };
            assert_eq!(secret.public().verify(b"message", &signature), expected);
        }
    }

    fn challenge(r: &[u8; 32], a: &[u8; 32]) -> Scalar {
        use sha2::{Digest as _, Sha512};
        let digest = Sha512::new()
            .chain_update(r)
            .chain_update(a)
            .chain_update(b"message");
        Scalar::from_bytes_mod_order_wide(&digest.finalize().into())
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret = SecretKey::from_seed(&[7; 32]);
        let public = wire::base64_encode(secret.public().as_bytes());
        let shown = format!("{secret:?}");
        assert_eq!(shown, format!("SecretKey(redacted, PublicKey({public}))"));
        assert!(!shown.contains(&wire::base64_encode(secret.seed())));
    }
}
