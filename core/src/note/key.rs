//! Keys that sign notes, and their text forms ([C2SP signed-note](https://github.com/C2SP/C2SP/blob/5ba5ee8/signed-note.md#verifier-keys), 2026-07-22).
//!
//! A verifier key is `<name>+<hex id>+<base64 of type ‖ public key>`. A signer key is `PRIVATE+KEY+` and the same with
//! the seed in place of the public key (as `golang.org/x/mod/sumdb/note` writes it). The type is one byte, or 0xff and an
//! identifier ([`SignatureType::prefix`]). Each key has one spelling here:
//! lower-case hex, canonical base64, and the id that follows from the recommended rule.

use crate::crypto::ed25519::{PublicKey, SEED_SIZE, SecretKey, SignatureError};
use crate::crypto::ml_dsa::{MlDsaError, MlDsaPublicKey, MlDsaSecretKey};
use crate::note::key_name::{
    Algorithm, KeyId, KeyName, NoteKeyError, SignatureType, describe_type,
};
use crate::text::wire;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use base64ct::{Base64, Encoding as _};
use core::fmt;
use zeroize::Zeroizing;

/// The words before a signer key.
const PRIVATE_KEY: &str = "PRIVATE+KEY+";

/// Most bytes of a type: 0xff and the identifier of audit statements by ML-DSA-44.
const MAX_TYPE: usize = 31;

/// Most bytes of a type and a seed.
const MAX_MATERIAL: usize = MAX_TYPE + SEED_SIZE;

/// Most characters of the base64 of a type and a seed.
const MAX_BASE64: usize = MAX_MATERIAL.div_ceil(3) * 4;

/// A public key with the name and type under which it signs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    signature_type: SignatureType,
    public: NotePublicKey,
}

/// A public key of one of the algorithms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotePublicKey {
    /// Ed25519.
    Ed25519(PublicKey),
    /// ML-DSA-44.
    MlDsa44(MlDsaPublicKey),
}

impl NotePublicKey {
    fn parse(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, NoteKeyError> {
        match algorithm {
            Algorithm::Ed25519 => PublicKey::from_bytes(sized(bytes)?)
                .map(Self::Ed25519)
                .map_err(NoteKeyError::Key),
            Algorithm::MlDsa44 => MlDsaPublicKey::from_bytes(sized(bytes)?)
                .map(Self::MlDsa44)
                .map_err(NoteKeyError::MlDsa),
        }
    }

    /// Returns the bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) => key.as_bytes(),
            Self::MlDsa44(key) => key.as_bytes(),
        }
    }

    /// Checks a signature by this key.
    ///
    /// # Errors
    /// [`NoteSignatureError`].
    pub(crate) fn verify(
        &self,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), NoteSignatureError> {
        match self {
            Self::Ed25519(key) => Ok(key.verify(message, signature)?),
            Self::MlDsa44(key) => Ok(key.verify(message, signature)?),
        }
    }
}

/// The reason why a signature is false, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteSignatureError {
    /// By Ed25519.
    #[error(transparent)]
    Ed25519(#[from] SignatureError),
    /// By ML-DSA-44.
    #[error(transparent)]
    MlDsa44(#[from] MlDsaError),
}

impl NoteSignatureError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ed25519(error) => error.code(),
            Self::MlDsa44(error) => error.code(),
        }
    }
}

impl VerifierKey {
    fn new(name: KeyName, signature_type: SignatureType, public: NotePublicKey) -> Self {
        let id = KeyId::compute(&name, signature_type, public.as_bytes());
        Self {
            name,
            id,
            signature_type,
            public,
        }
    }

    /// Parses `<name>+<id>+<key>`; a line feed at the end is not part of it.
    ///
    /// # Errors
    /// The [`NoteKeyError`] that names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, NoteKeyError> {
        let (name, id, material) = split(text).ok_or(NoteKeyError::NotVerifierKey)?;
        let material = wire::base64_decode(material).ok_or(NoteKeyError::BadBase64)?;
        let (signature_type, public) = SignatureType::split(&material)?;
        let public = NotePublicKey::parse(signature_type.algorithm(), public)?;
        Self::new(KeyName::parse(name)?, signature_type, public).with_claimed_id(id)
    }

    /// Returns the name on its signature lines.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Returns the id on its signature lines.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Returns `<name>+<id>`, the part of the key that people compare.
    #[must_use]
    pub fn name_and_id(&self) -> String {
        format!("{}+{}", self.name, self.id)
    }

    /// Returns the type of its signatures.
    #[must_use]
    pub fn signature_type(&self) -> SignatureType {
        self.signature_type
    }

    /// Returns the key itself.
    #[must_use]
    pub fn public(&self) -> &NotePublicKey {
        &self.public
    }

    fn with_claimed_id(self, text: &str) -> Result<Self, NoteKeyError> {
        claimed_id(text, self.id)?;
        Ok(self)
    }
}

/// A public key of a type that this version cannot verify with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnsupportedKey {
    name: KeyName,
    id: KeyId,
    material: Vec<u8>,
}

impl UnsupportedKey {
    /// Parses `<name>+<id>+<key>`, with the id by the recommended rule; `None` for a key of a supported type.
    ///
    /// # Errors
    /// The [`NoteKeyError`] that names the part that is wrong.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, NoteKeyError> {
        let (name, id, material) = split(text).ok_or(NoteKeyError::NotVerifierKey)?;
        let material = wire::base64_decode(material).ok_or(NoteKeyError::BadBase64)?;
        if !matches!(
            SignatureType::split(&material),
            Err(NoteKeyError::UnsupportedType { .. })
        ) {
            return Ok(None);
        }
        let name = KeyName::parse(name)?;
        let computed = KeyId::of_material(&name, &material);
        Ok(Some(Self {
            id: claimed_id(id, computed)?,
            name,
            material,
        }))
    }

    /// Returns the name on its signature lines.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Returns the id on its signature lines.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Describes the type: its byte, and its name if the specification gives one.
    #[must_use]
    pub fn type_name(&self) -> String {
        self.material
            .first()
            .map_or_else(String::new, |byte| describe_type(*byte))
    }

    /// Returns the bytes after those of the type, of which the first is taken to be all.
    pub(crate) fn public(&self) -> &[u8] {
        self.material.get(1..).unwrap_or_default()
    }
}

impl fmt::Display for UnsupportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = wire::base64_encode(&self.material);
        write!(f, "{}+{}+{key}", self.name, self.id)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = [self.signature_type.prefix(), self.public.as_bytes()].concat();
        let key = wire::base64_encode(&material);
        write!(f, "{}+{}+{key}", self.name, self.id)
    }
}

/// A secret key with the name and type under which it signs.
#[derive(Debug)]
pub struct SignerKey {
    verifier: VerifierKey,
    secret: Secret,
}

/// A secret key of one of the algorithms.
#[derive(Debug)]
enum Secret {
    Ed25519(SecretKey),
    MlDsa44(MlDsaSecretKey),
}

impl Secret {
    fn from_seed(algorithm: Algorithm, seed: &[u8; SEED_SIZE]) -> Self {
        match algorithm {
            Algorithm::Ed25519 => Self::Ed25519(SecretKey::from_seed(seed)),
            Algorithm::MlDsa44 => Self::MlDsa44(MlDsaSecretKey::from_seed(seed)),
        }
    }

    fn public(&self) -> NotePublicKey {
        match self {
            Self::Ed25519(key) => NotePublicKey::Ed25519(key.public()),
            Self::MlDsa44(key) => NotePublicKey::MlDsa44(key.public()),
        }
    }

    fn seed(&self) -> &[u8; SEED_SIZE] {
        match self {
            Self::Ed25519(key) => key.seed(),
            Self::MlDsa44(key) => key.seed(),
        }
    }
}

impl SignerKey {
    /// Gives a secret key its name and type. The key of a type by ML-DSA-44 is made from the seed of the secret.
    #[must_use]
    pub fn new(name: KeyName, signature_type: SignatureType, secret: SecretKey) -> Self {
        Self::from_seed(name, signature_type, secret.seed())
    }

    fn from_seed(name: KeyName, signature_type: SignatureType, seed: &[u8; SEED_SIZE]) -> Self {
        let secret = Secret::from_seed(signature_type.algorithm(), seed);
        let verifier = VerifierKey::new(name, signature_type, secret.public());
        Self { verifier, secret }
    }

    /// Parses `PRIVATE+KEY+<name>+<id>+<key>`; a line feed at the end is not part of it.
    ///
    /// # Errors
    /// The [`NoteKeyError`] that names the part that is wrong; it never repeats the text.
    pub fn parse(text: &str) -> Result<Self, NoteKeyError> {
        let (name, id, material) = text
            .strip_prefix(PRIVATE_KEY)
            .and_then(split)
            .ok_or(NoteKeyError::NotSignerKey)?;
        // The buffer is wiped in every case, and is long enough for any key.
        let mut buffer = Zeroizing::new(vec![0; material.len()]);
        let material =
            Base64::decode(material, &mut buffer).map_err(|_| NoteKeyError::BadBase64)?;
        let (signature_type, seed) = SignatureType::split(material)?;
        let seed = sized(seed)?;
        let key = Self::from_seed(KeyName::parse(name)?, signature_type, seed);
        claimed_id(id, key.verifier.id)?;
        Ok(key)
    }

    /// Encodes the key as one line without its line feed.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<String> {
        let mut material = Zeroizing::new([0; MAX_MATERIAL]);
        let parts: [&[u8]; 2] = [self.verifier.signature_type.prefix(), self.secret.seed()];
        let mut length = 0usize;
        for (to, from) in material.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
            length = length.saturating_add(1);
        }
        let material = material.get(..length).unwrap_or_default();
        let mut buffer = Zeroizing::new([0; MAX_BASE64]);
        // The buffer holds any key, so encoding never fails.
        let base64 = Base64::encode(material, buffer.as_mut_slice()).unwrap_or_default();
        let (name, id) = (
            self.verifier.name.as_str(),
            wire::hex_encode(self.verifier.id.as_bytes()),
        );
        let parts = [PRIVATE_KEY, name, "+", &id, "+", base64];
        // Reserved at once: a growing string would leave copies of the key in memory.
        let length = parts.iter().map(|part| part.len()).sum();
        let mut text = Zeroizing::new(String::with_capacity(length));
        for part in parts {
            text.push_str(part);
        }
        text
    }

    /// Returns the public half.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a message, whose beginning must tell what it means.
    ///
    /// # Errors
    /// [`MlDsaError::NoSignature`].
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, MlDsaError> {
        match &self.secret {
            Secret::Ed25519(key) => Ok(key.sign(message).into()),
            Secret::MlDsa44(key) => key.sign(message),
        }
    }
}

/// Cuts `<name>+<id>+<key>`; only the key may contain `+`.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('+')?;
    let (id, key) = rest.split_once('+')?;
    Some((name, id, key))
}

/// Returns the id in a key's text if it is the one computed.
fn claimed_id(text: &str, computed: KeyId) -> Result<KeyId, NoteKeyError> {
    let bytes = wire::hex_decode(text).and_then(|bytes| bytes.try_into().ok());
    let claimed = KeyId::from_bytes(bytes.ok_or(NoteKeyError::BadId)?);
    match claimed == computed {
        true => Ok(computed),
        false => Err(NoteKeyError::IdMismatch { claimed, computed }),
    }
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], NoteKeyError> {
    bytes.try_into().map_err(|_| NoteKeyError::WrongLength {
        claimed: bytes.len(),
        expected: N,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    /// A pair of keys from the documentation of `golang.org/x/mod/sumdb/note`.
    const SKEY: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    #[test]
    fn keys_of_x_mod_are_read_and_written() {
        let signer = SignerKey::parse(SKEY).unwrap();
        assert_eq!(signer.encode().as_str(), SKEY);
        assert_eq!(signer.verifier().to_string(), VKEY);
        let verifier = VerifierKey::parse(VKEY).unwrap();
        assert_eq!(&verifier, signer.verifier());
        assert_eq!(verifier.name().as_str(), "PeterNeumann");
        assert_eq!(verifier.id().to_string(), "c74f20a3");
        assert_eq!(verifier.signature_type(), SignatureType::Ed25519);
    }

    #[test]
    fn one_secret_has_another_id_for_each_name_and_type() {
        let key = |text: &str, signature_type| {
            SignerKey::new(name(text), signature_type, SecretKey::from_seed(&[7; 32]))
        };
        let plain = key("a.example", SignatureType::Ed25519);
        let other = key("b.example", SignatureType::Ed25519);
        assert_ne!(plain.verifier().id(), other.verifier().id());
        let typed = SignatureType::ALL.map(|kind| key("a.example", kind));
        for (at, key) in typed.iter().enumerate() {
            let is_same = |other: &SignerKey| other.verifier().id() == key.verifier().id();
            assert_eq!(typed.iter().position(is_same), Some(at));
        }
        for key in typed {
            let text = key.verifier().to_string();
            assert_eq!(VerifierKey::parse(&text).as_ref(), Ok(key.verifier()));
            let read = SignerKey::parse(&key.encode()).unwrap();
            assert_eq!(read.verifier(), key.verifier());
            assert_eq!(read.secret.seed(), key.secret.seed());
        }
    }

    #[test]
    fn malformed_verifier_keys() {
        let typed = |bytes: &[u8]| format!("n+00000000+{}", wire::base64_encode(bytes));
        let key = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        for (text, message) in [
            ("", "a verifier key has three parts, NAME+ID+KEY"),
            ("name", "a verifier key has three parts, NAME+ID+KEY"),
            (
                "name+c74f20a3",
                "a verifier key has three parts, NAME+ID+KEY",
            ),
            (
                "+c74f20a3+AQ==",
                "the key has 0 bytes, but its type needs 32",
            ),
            (&format!("+c74f20a3+{key}"), "the key name is empty"),
            (
                &format!("Peter Neumann+c74f20a3+{key}"),
                "a key name cannot have the character ` `",
            ),
            (
                &format!("Peter\u{2028}Neumann+c74f20a3+{key}"),
                r"a key name cannot have the character `\u{2028}`",
            ),
            (
                &format!("PeterNeumann+C74F20A3+{key}"),
                "the key id is not 8 lower-case hex digits",
            ),
            (
                &format!("PeterNeumann+c74f20a+{key}"),
                "the key id is not 8 lower-case hex digits",
            ),
            (
                &format!("PeterNeumann++{key}"),
                "the key id is not 8 lower-case hex digits",
            ),
            (
                &format!("PeterNeumann+c74f20a4+{key}"),
                "the key id is c74f20a4, but this key has c74f20a3",
            ),
            (
                &format!("PeterNeuman+c74f20a3+{key}"),
                "the key id is c74f20a3, but this key has 94245f47",
            ),
            (
                &format!("{VKEY}\n"),
                "the last part of the key is not canonical base64",
            ),
            (
                &format!("{VKEY}="),
                "the last part of the key is not canonical base64",
            ),
            (
                "PeterNeumann+c74f20a3+",
                "the last part of the key is empty",
            ),
            (
                &typed(&[1; 32]),
                "the key has 31 bytes, but its type needs 32",
            ),
            (
                &typed(&[1; 34]),
                "the key has 33 bytes, but its type needs 32",
            ),
            (
                &typed(&[2; 33]),
                "unsupported signature type 0x02 (ECDSA); 0x01 (Ed25519), 0x04 (Ed25519 cosignatures), 0x06 (ML-DSA-44 cosignatures) and 0xff (tlog-index-audit/v1, tlog-index-audit-ml-dsa-44/v1) are supported",
            ),
            (
                &typed(&[5; 33]),
                "unsupported signature type 0x05 (RFC 6962 tree heads); 0x01 (Ed25519), 0x04 (Ed25519 cosignatures), 0x06 (ML-DSA-44 cosignatures) and 0xff (tlog-index-audit/v1, tlog-index-audit-ml-dsa-44/v1) are supported",
            ),
            (
                &typed(&[6; 33]),
                "the key has 32 bytes, but its type needs 1312",
            ),
            (
                &typed(&[&[6][..], &[7; 32], &[0; 1_280]].concat()),
                "the ML-DSA-44 key is zero after its seed, so anyone can sign anything under it",
            ),
            (
                &typed(&[7; 33]),
                "unsupported signature type 0x07; 0x01 (Ed25519), 0x04 (Ed25519 cosignatures), 0x06 (ML-DSA-44 cosignatures) and 0xff (tlog-index-audit/v1, tlog-index-audit-ml-dsa-44/v1) are supported",
            ),
            (
                &typed(&[0xff; 33]),
                "unsupported signature type 0xff with an identifier unknown here; 0x01 (Ed25519), 0x04 (Ed25519 cosignatures), 0x06 (ML-DSA-44 cosignatures) and 0xff (tlog-index-audit/v1, tlog-index-audit-ml-dsa-44/v1) are supported",
            ),
            (
                &typed(&[&[1, 1][..], &[0; 31]].concat()),
                "the Ed25519 key is the identity, under which anyone can sign anything",
            ),
            (
                &typed(&[&[1][..], &[0; 32]].concat()),
                "the Ed25519 key has a component of small order, so verifiers may disagree about its signatures",
            ),
            (
                &typed(&[&[1, 2][..], &[0; 31]].concat()),
                "the Ed25519 key is not a point of the curve",
            ),
        ] {
            let error = VerifierKey::parse(text).unwrap_err();
            assert_eq!(error.to_string(), message, "{text:?}");
        }
    }

    #[test]
    fn malformed_signer_keys() {
        let rest = SKEY.strip_prefix("PRIVATE+KEY+").unwrap();
        for (text, message) in [
            (rest, "a signer key has five parts, PRIVATE+KEY+NAME+ID+KEY"),
            (VKEY, "a signer key has five parts, PRIVATE+KEY+NAME+ID+KEY"),
            (
                &format!("private+key+{rest}"),
                "a signer key has five parts, PRIVATE+KEY+NAME+ID+KEY",
            ),
            (
                "PRIVATE+KEY+name",
                "a signer key has five parts, PRIVATE+KEY+NAME+ID+KEY",
            ),
            (
                &format!("{SKEY}\n"),
                "the last part of the key is not canonical base64",
            ),
            (
                &SKEY.replace("a3+", "a4+"),
                "the key id is c74f20a4, but this key has c74f20a3",
            ),
            (
                &SKEY.replace("Peter", "Pe ter"),
                "a key name cannot have the character ` `",
            ),
            (
                "PRIVATE+KEY+n+00000000+",
                "the last part of the key is empty",
            ),
            (
                "PRIVATE+KEY+n+00000000+AQ==",
                "the key has 0 bytes, but its type needs 32",
            ),
            (
                "PRIVATE+KEY+n+00000000+Bg==",
                "the key has 0 bytes, but its type needs 32",
            ),
            (
                "PRIVATE+KEY+n+00000000+Bw==",
                "unsupported signature type 0x07; 0x01 (Ed25519), 0x04 (Ed25519 cosignatures), 0x06 (ML-DSA-44 cosignatures) and 0xff (tlog-index-audit/v1, tlog-index-audit-ml-dsa-44/v1) are supported",
            ),
        ] {
            let error = SignerKey::parse(text).unwrap_err();
            assert_eq!(error.to_string(), message, "{text:?}");
        }
    }

    #[test]
    fn secrets_stay_out_of_debug_and_errors() {
        let signer = SignerKey::parse(SKEY).unwrap();
        let seed = wire::base64_encode(signer.secret.seed());
        assert!(!format!("{signer:?}").contains(&seed));
        // The id is missing: the key is in its place.
        let text = format!("PRIVATE+KEY+name+{seed}+AQ==");
        let error = SignerKey::parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&seed));
    }
}
