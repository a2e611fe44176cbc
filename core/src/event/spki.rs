//! Keys of actors and admins: SubjectPublicKeyInfo and PKCS#8 in one DER spelling each
//! ([RFC 8410](https://www.rfc-editor.org/rfc/rfc8410)), as PEM ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)).
//!
//! A key is its DER bytes: identifier without parameters, minimal lengths, no unused bits. `sha256:` and the hex
//! SHA-256 of these bytes is its `keyid`. The actor's id is the explanatory text on the line before the block.

use crate::crypto::ed25519::{KeyError, PUBLIC_KEY_SIZE, PublicKey, SEED_SIZE, SecretKey};
use crate::event::fields::is_name;
use crate::merkle::hash;
use crate::text::{escape, wire};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use base64ct::{Base64, Encoding as _};
use zeroize::{Zeroize as _, Zeroizing};

/// SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes } up to the key.
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// SEQUENCE { version 0, SEQUENCE { OID 1.3.101.112 }, OCTET STRING { OCTET STRING of 32 bytes } } up to the seed.
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const SPKI_SIZE: usize = SPKI_PREFIX.len() + PUBLIC_KEY_SIZE;
const PKCS8_SIZE: usize = PKCS8_PREFIX.len() + SEED_SIZE;

const PUBLIC_LABEL: &str = "PUBLIC KEY";
const SECRET_LABEL: &str = "PRIVATE KEY";

/// Encoded algorithm identifiers that errors name, because "malformed" would mislead the owner of such a key.
const OTHER_ALGORITHMS: &[(&[u8], &str)] = &[
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", "ECDSA P-256"),
    (b"\x06\x05\x2b\x81\x04\x00\x22", "ECDSA P-384"),
    (b"\x06\x05\x2b\x81\x04\x00\x23", "ECDSA P-521"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "RSA"),
    (b"\x06\x03\x2b\x65\x71", "Ed448"),
    (b"\x06\x03\x2b\x65\x6e", "X25519"),
    (b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11", "ML-DSA-44"),
    (b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12", "ML-DSA-65"),
    (b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13", "ML-DSA-87"),
];

/// The reason why a key of an actor or admin is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpkiError {
    /// The algorithm is known, but not available in this version.
    #[error("{found} keys are not available in this version; Ed25519 keys are")]
    Algorithm {
        /// Name of the algorithm.
        found: &'static str,
    },
    /// The bytes are not the one DER encoding of an Ed25519 key.
    #[error("not the canonical DER of an Ed25519 key ({size} bytes, {expected} expected)")]
    NotCanonical {
        /// Bytes found.
        size: usize,
        /// Bytes of the canonical encoding.
        expected: usize,
    },
    /// The key itself is not admitted.
    #[error(transparent)]
    Key(KeyError),
    /// The text is not one PEM block of the right kind.
    #[error("not one PEM block `{expected}`")]
    Pem {
        /// Label that was expected.
        expected: &'static str,
    },
    /// The secret key is encrypted.
    #[error("encrypted keys are not available in this version")]
    Encrypted,
    /// The line before the block is not an actor's id.
    #[error("`{found}` before the PEM block is not an actor id")]
    ActorId {
        /// The beginning of the line.
        found: String,
    },
}

impl SpkiError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Algorithm { .. } => "key-algorithm",
            Self::NotCanonical { .. } => "key-not-canonical-der",
            Self::Key(_) => "key-not-admitted",
            Self::Pem { .. } => "key-not-pem",
            Self::Encrypted => "key-encrypted",
            Self::ActorId { .. } => "key-actor-id",
        }
    }
}

/// The public key of an actor or admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spki(PublicKey);

impl Spki {
    /// Wraps an admitted Ed25519 key.
    #[must_use]
    pub const fn new(key: PublicKey) -> Self {
        Self(key)
    }

    /// Returns the key that verifies.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.0
    }

    /// Parses the canonical DER.
    ///
    /// # Errors
    /// [`SpkiError`], which names the algorithm of another key.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, SpkiError> {
        let key = strip(der, &SPKI_PREFIX, SPKI_SIZE)?;
        PublicKey::from_bytes(&key)
            .map(Self)
            .map_err(SpkiError::Key)
    }

    /// Encodes the canonical DER, 44 bytes.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        [&SPKI_PREFIX[..], self.0.as_bytes()].concat()
    }

    /// Returns `sha256:` and the hex SHA-256 of the DER.
    #[must_use]
    pub fn key_id(&self) -> String {
        format!("sha256:{}", self.digest().to_hex())
    }

    /// Returns the SHA-256 of the DER, the digest under which a key event names the key as its subject.
    #[must_use]
    pub fn digest(&self) -> hash::Hash {
        hash::sha256(&self.der())
    }

    /// Encodes a PEM block without explanatory text, the one spelling inside signed events.
    #[must_use]
    pub fn pem_block(&self) -> String {
        block(PUBLIC_LABEL, &wire::base64_encode(&self.der()))
    }

    /// Encodes a PEM file: the actor's id, then the block.
    #[must_use]
    pub fn to_pem(&self, actor: &str) -> String {
        format!("{actor}\n{}", self.pem_block())
    }

    /// Parses a PEM block exactly as [`Spki::pem_block`] writes it.
    ///
    /// # Errors
    /// [`SpkiError`], also for any text before or after the block.
    pub fn parse_pem_block(text: &str) -> Result<Self, SpkiError> {
        let (key, _) = Self::parse_pem(text)?;
        if key.pem_block() == text {
            Ok(key)
        } else {
            Err(SpkiError::Pem {
                expected: PUBLIC_LABEL,
            })
        }
    }

    /// Parses a PEM file: at most one line with an actor's id, and one block.
    ///
    /// # Errors
    /// [`SpkiError`]
    pub fn parse_pem(text: &str) -> Result<(Self, Option<String>), SpkiError> {
        let (body, actor) = read_block(text, PUBLIC_LABEL)?;
        let der = wire::base64_decode(&body).ok_or(SpkiError::Pem {
            expected: PUBLIC_LABEL,
        })?;
        Ok((Self::from_der(&der)?, actor))
    }
}

/// Encodes a secret key as a PKCS#8 PEM file: the actor's id, then the block.
#[must_use]
pub fn secret_to_pem(key: &SecretKey, actor: &str) -> Zeroizing<String> {
    let der = Zeroizing::new([&PKCS8_PREFIX[..], key.seed()].concat());
    let body = Zeroizing::new(Base64::encode_string(&der));
    let block = Zeroizing::new(block(SECRET_LABEL, &body));
    Zeroizing::new(format!("{actor}\n{}", block.as_str()))
}

/// Parses a PKCS#8 PEM file: at most one line with an actor's id, and one block.
///
/// # Errors
/// [`SpkiError`]
pub fn parse_secret_pem(text: &str) -> Result<(SecretKey, Option<String>), SpkiError> {
    let (body, actor) = read_block(text, SECRET_LABEL)?;
    let body = Zeroizing::new(body);
    let der = Base64::decode_vec(&body)
        .map(Zeroizing::new)
        .map_err(|_| SpkiError::Pem {
            expected: SECRET_LABEL,
        })?;
    let mut seed = strip(&der, &PKCS8_PREFIX, PKCS8_SIZE)?;
    let key = SecretKey::from_seed(&seed);
    seed.zeroize();
    Ok((key, actor))
}

/// Returns the 32 bytes after a fixed prefix, or an error that names the algorithm of another prefix.
fn strip(der: &[u8], prefix: &[u8], expected: usize) -> Result<[u8; 32], SpkiError> {
    if let Some(key) = der.strip_prefix(prefix)
        && let Ok(key) = key.try_into()
    {
        return Ok(key);
    }
    // Identifiers are near the start; later bytes of the key must not be taken for one.
    let start = der.get(..32).unwrap_or(der);
    let other = OTHER_ALGORITHMS
        .iter()
        .find(|(oid, _)| start.windows(oid.len()).any(|window| window == *oid));
    Err(match other {
        Some((_, found)) => SpkiError::Algorithm { found },
        None => SpkiError::NotCanonical {
            size: der.len(),
            expected,
        },
    })
}

fn block(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// Splits a PEM file into the block's base64, joined, and the actor's id before the block.
fn read_block(text: &str, label: &'static str) -> Result<(String, Option<String>), SpkiError> {
    let not_pem = SpkiError::Pem { expected: label };
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
        return Err(SpkiError::Encrypted);
    }
    let (before, rest) = text.split_once(&begin).ok_or_else(|| not_pem.clone())?;
    let (body, after) = rest.split_once(&end).ok_or_else(|| not_pem.clone())?;
    let starts_a_line = before.is_empty() || before.ends_with('\n');
    if !starts_a_line || !after.trim().is_empty() || !body.starts_with(['\n', '\r']) {
        return Err(not_pem);
    }
    let actor = match before.trim() {
        "" => None,
        id if is_name(id) => Some(id.to_string()),
        other => {
            return Err(SpkiError::ActorId {
                found: escape::excerpt(other),
            });
        }
    };
    // Reserved at once: a growing string would leave copies of a secret in memory.
    let mut joined = String::with_capacity(body.len());
    for line in body.lines() {
        joined.push_str(line);
    }
    Ok((joined, actor))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: [u8; 32] = [7; 32];

    fn key() -> Spki {
        Spki::new(SecretKey::from_seed(&SEED).public())
    }

    /// The example of RFC 8410 §10.1 and §10.3.
    #[test]
    fn rfc_8410_example() {
        let (secret, actor) = parse_secret_pem(
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n",
        )
        .unwrap();
        assert_eq!(actor, None);
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        assert_eq!(
            Spki::parse_pem(public).unwrap().0.public_key(),
            &secret.public()
        );
        assert_eq!(Spki::new(secret.public()).pem_block(), public);
    }

    #[test]
    fn files_round_trip() {
        let pem = key().to_pem("ci@example.org");
        assert!(pem.starts_with("ci@example.org\n-----BEGIN PUBLIC KEY-----\n"));
        assert_eq!(
            Spki::parse_pem(&pem),
            Ok((key(), Some("ci@example.org".into())))
        );
        assert_eq!(
            Spki::parse_pem(&pem.replace('\n', "\r\n")).unwrap().0,
            key()
        );
        assert_eq!(Spki::parse_pem_block(&key().pem_block()), Ok(key()));
        assert_eq!(Spki::from_der(&key().der()), Ok(key()));
        assert_eq!(key().der().len(), 44);
        assert!(key().key_id().starts_with("sha256:"));

        let secret = SecretKey::from_seed(&SEED);
        let pem = secret_to_pem(&secret, "ci@example.org");
        let (parsed, actor) = parse_secret_pem(&pem).unwrap();
        assert_eq!(parsed.seed(), &SEED);
        assert_eq!(actor.as_deref(), Some("ci@example.org"));
    }

    #[test]
    fn one_block_inside_events() {
        let block = key().pem_block();
        for text in [
            key().to_pem("ci"),
            block.replace('\n', "\r\n"),
            format!("{block}\n"),
            block.trim_end().to_string(),
            format!("\n{block}"),
            block.replacen("MCow", "MC\now", 1),
        ] {
            assert_eq!(
                Spki::parse_pem_block(&text).map_err(|error| error.code()),
                Err("key-not-pem"),
                "{text}"
            );
        }
    }

    #[test]
    fn bad_files() {
        let block = key().pem_block();
        for (text, code) in [
            ("".to_string(), "key-not-pem"),
            (block.replace("PUBLIC", "PRIVATE"), "key-not-pem"),
            (format!("{block}x"), "key-not-pem"),
            (format!("{block}{block}"), "key-not-pem"),
            (format!("a b\n{block}"), "key-actor-id"),
            (format!("a\nb\n{block}"), "key-actor-id"),
            (format!("é\n{block}"), "key-actor-id"),
            (format!("a{block}"), "key-not-pem"),
            (block.replace("MCow", "!Cow"), "key-not-pem"),
            (block.replace("MCow", "MCsw"), "key-not-canonical-der"),
        ] {
            assert_eq!(
                Spki::parse_pem(&text).map_err(|error| error.code()),
                Err(code),
                "{text}"
            );
        }
        assert_eq!(
            parse_secret_pem(
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
            )
            .map(|_| ()),
            Err(SpkiError::Encrypted)
        );
    }

    #[test]
    fn der_has_one_spelling() {
        let der = key().der();
        let with_null = [
            &[
                0x30, 0x2c, 0x30, 0x07, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x05, 0x00, 0x03, 0x21, 0x00,
            ],
            &der[12..],
        ]
        .concat();
        let long_length = [&[0x30, 0x81], &der[1..]].concat();
        let unused_bits = [&der[..11], &[1], &der[12..]].concat();
        for bytes in [
            &with_null[..],
            &long_length,
            &unused_bits,
            &der[..43],
            &[&der[..], &[0]].concat(),
            &[],
        ] {
            assert_eq!(
                Spki::from_der(bytes).map_err(|error| error.code()),
                Err("key-not-canonical-der")
            );
        }
    }

    #[test]
    fn other_algorithms_are_refused_by_name() {
        // Made with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout`.
        let p256 = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEzpYPXLLzDw0UtBN8ZkVnE9jFrDu\n09bwaabbm+L0gMVvmIkXEGmL4iU4z7vXYXSRWhYriJgQbCYqfaOT6wNs9g==\n-----END PUBLIC KEY-----\n";
        assert_eq!(
            Spki::parse_pem(p256).unwrap_err().to_string(),
            "ECDSA P-256 keys are not available in this version; Ed25519 keys are"
        );
        let mut ed448 = key().der();
        ed448[8] = 0x71;
        assert_eq!(
            Spki::from_der(&ed448),
            Err(SpkiError::Algorithm { found: "Ed448" })
        );
    }

    #[test]
    fn weak_keys_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let der = [&SPKI_PREFIX[..], &identity].concat();
        assert_eq!(
            Spki::from_der(&der),
            Err(SpkiError::Key(KeyError::Identity))
        );
    }
}
