//! DSSE envelopes and their pre-authentication encoding
//! ([DSSE v1.0.2 protocol](https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md)), in one canonical JSON.
//!
//! ```json
//! {"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"sha256:…","sig":"…"}]}
//! ```
//! The log hashes the bytes of the envelope, so there is one encoding: these members in this order, standard padded
//! base64, no white space, and no byte after the end.

use crate::crypto::ed25519::SecretKey;
use crate::event::fields::{MemberError, Members, is_name};
use crate::event::spki::Spki;
use crate::merkle::hash::{self, Hash};
use crate::text::json::{self, JsonError};
use crate::text::json_value::Value;
use crate::text::limits::{MAX_SIGNATURE_BYTES, MAX_SIGNATURES};
use crate::text::wire;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

mod canonical;

/// Type of every payload here: an in-toto Statement.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// One signature of an envelope: the claim that a key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// `sha256:` and the hex SHA-256 of the key's canonical SPKI.
    pub keyid: String,
    /// The signature over the pre-authentication encoding.
    pub sig: Vec<u8>,
}

/// A payload and signatures over it, none of them verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<EnvelopeSignature>,
}

/// The reason why bytes are not a canonical envelope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The bytes are not strict JSON.
    #[error(transparent)]
    Json(JsonError),
    /// A member is missing or malformed.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The bytes differ from the canonical encoding of their contents.
    #[error("the envelope is not in its canonical encoding from byte {at} on{difference}")]
    NotCanonical {
        /// Position of the first byte that differs.
        at: usize,
        /// The byte at that position in words, with the remedy, if it is white space; otherwise empty.
        difference: &'static str,
    },
    /// Two signatures name one key.
    #[error("two signatures name key `{keyid}`")]
    DuplicateSigner {
        /// The key.
        keyid: String,
    },
    /// The envelope is larger than a log entry may be.
    #[error("the envelope has {size} bytes, more than {limit}")]
    TooLarge {
        /// Bytes of the envelope.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
}

impl EnvelopeError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(error) => error.code(),
            Self::Member(error) => error.code(),
            Self::NotCanonical { .. } => "envelope-not-canonical",
            Self::DuplicateSigner { .. } => "envelope-duplicate-signer",
            Self::TooLarge { .. } => "envelope-too-large",
        }
    }
}

impl From<JsonError> for EnvelopeError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::TooLarge { size, limit } => Self::TooLarge { size, limit },
            other => Self::Json(other),
        }
    }
}

/// Names white space that is not part of an envelope, which `rest` begins with.
fn difference(rest: &[u8]) -> &'static str {
    match rest {
        b"\n" => ", where a final line feed stands: send the bytes before it",
        [first, ..] if first.is_ascii_whitespace() => match rest.trim_ascii().is_empty() {
            true => ", where white space stands to the end: send the bytes before it",
            false => ", where white space stands",
        },
        _ => "",
    }
}

/// Encodes the bytes that a DSSE signature covers: `DSSEv1`, then type and payload with their lengths, separated by
/// spaces.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

impl Envelope {
    /// Wraps a Statement without signatures, for a signer other than a [`SecretKey`].
    #[must_use]
    pub fn unsigned(payload: Vec<u8>) -> Self {
        Self {
            payload_type: PAYLOAD_TYPE.to_string(),
            payload,
            signatures: Vec::new(),
        }
    }

    /// Wraps a Statement and signs it with each key.
    ///
    /// # Errors
    /// As [`Envelope::with_signature`].
    pub fn sign(payload: Vec<u8>, signers: &[&SecretKey]) -> Result<Self, EnvelopeError> {
        let unsigned = Self::unsigned(payload);
        let pae = unsigned.pae();
        signers.iter().try_fold(unsigned, |envelope, signer| {
            envelope.with_signature(EnvelopeSignature {
                keyid: Spki::new(signer.public()).key_id(),
                sig: signer.sign(&pae).to_vec(),
            })
        })
    }

    /// Adds a signature after the others.
    ///
    /// # Errors
    /// [`EnvelopeError`] if the envelope would not parse again: a second signature by one key, too many signatures, or
    /// too many bytes.
    pub fn with_signature(mut self, signature: EnvelopeSignature) -> Result<Self, EnvelopeError> {
        self.signatures.push(signature);
        Self::parse(&self.encode())
    }

    /// Parses an envelope, and checks that its bytes are canonical.
    ///
    /// Accepts payloads of any type, and does not verify signatures.
    ///
    /// # Errors
    /// [`EnvelopeError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        canonical::read(bytes).map_or_else(|| Self::parse_json(bytes), Ok)
    }

    /// Parses any JSON, encodes it again and compares: slower, but names the rule that the bytes break.
    fn parse_json(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let value = json::parse(bytes)?;
        let members = Members::of(&value, "envelope")?;
        let base64 = members.string("payload")?;
        let payload = wire::base64_decode(base64)
            .ok_or_else(|| members.refuse("payload", "standard padded base64"))?;
        let payload_type = members.text_if("payloadType", is_media_type, "a media type")?;
        let mut signatures: Vec<EnvelopeSignature> = Vec::new();
        for item in members.list("signatures", MAX_SIGNATURES)? {
            let signature = parse_signature(item)?;
            if signatures
                .iter()
                .any(|other| other.keyid == signature.keyid)
            {
                return Err(EnvelopeError::DuplicateSigner {
                    keyid: signature.keyid,
                });
            }
            signatures.push(signature);
        }
        let envelope = Self {
            payload_type,
            payload,
            signatures,
        };
        let canonical = envelope.encode();
        if canonical == bytes {
            return Ok(envelope);
        }
        let same = canonical.iter().zip(bytes).take_while(|(a, b)| a == b);
        let at = same.count();
        let difference = difference(bytes.get(at..).unwrap_or_default());
        Err(EnvelopeError::NotCanonical { at, difference })
    }

    /// Encodes the envelope, in at most [`MAX_ENTRY`](crate::text::limits::MAX_ENTRY) bytes if it was parsed or signed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut text = String::with_capacity(2 * self.payload.len() + 512);
        text.push_str(r#"{"payload":""#);
        wire::base64_encode_into(&self.payload, &mut text);
        text.push_str(r#"","payloadType":""#);
        text.push_str(&self.payload_type);
        text.push_str(r#"","signatures":["#);
        for (at, signature) in self.signatures.iter().enumerate() {
            text.push_str(if at == 0 {
                r#"{"keyid":""#
            } else {
                r#",{"keyid":""#
            });
            text.push_str(&signature.keyid);
            text.push_str(r#"","sig":""#);
            wire::base64_encode_into(&signature.sig, &mut text);
            text.push_str(r#""}"#);
        }
        text.push_str("]}");
        text.into_bytes()
    }

    /// Returns the media type of the payload.
    #[must_use]
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// Returns the signed bytes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Returns the signatures in their order, one for each key.
    #[must_use]
    pub fn signatures(&self) -> &[EnvelopeSignature] {
        &self.signatures
    }

    /// Returns the bytes that each signature covers.
    #[must_use]
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }

    /// Returns the digest of the pre-authentication encoding, which is equal for all envelopes of one signed payload.
    #[must_use]
    pub fn payload_digest(&self) -> Hash {
        hash::sha256(&self.pae())
    }
}

/// Tells whether a text is `sha256:` and 64 digits of lower-case hex.
#[must_use]
pub(crate) fn is_keyid(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .and_then(wire::hex_decoded_len)
        .is_some_and(|length| length == hash::HASH_SIZE)
}

fn is_media_type(text: &str) -> bool {
    is_name(text) && !text.contains(['"', '\\'])
}

/// Decodes a signature of at most [`MAX_SIGNATURE_BYTES`] bytes.
fn decode_signature(base64: &str) -> Option<Vec<u8>> {
    wire::base64_decode(base64).filter(|sig| sig.len() <= MAX_SIGNATURE_BYTES)
}

fn parse_signature(value: &Value<'_>) -> Result<EnvelopeSignature, MemberError> {
    let members = Members::of(value, "signatures[]")?;
    let keyid = members.text_if("keyid", is_keyid, "`sha256:` and 64 hex digits")?;
    let sig = decode_signature(members.string("sig")?)
        .ok_or_else(|| members.refuse("sig", "a signature in standard padded base64"))?;
    Ok(EnvelopeSignature { keyid, sig })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::limits::MAX_ENTRY;
    use alloc::vec;
    use proptest::prelude::*;

    fn keyid(digit: char) -> String {
        format!("sha256:{}", digit.to_string().repeat(64))
    }

    fn good() -> String {
        format!(
            r#"{{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{{"keyid":"{}","sig":"AAE="}},{{"keyid":"{}","sig":""}}]}}"#,
            keyid('a'),
            keyid('0')
        )
    }

    /// The example of the DSSE protocol text.
    #[test]
    fn pre_authentication_encoding() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    }

    #[test]
    fn canonical_envelopes_round_trip() {
        let none = r#"{"payload":"","payloadType":"text/plain","signatures":[]}"#;
        for text in [good().as_str(), none] {
            let envelope = canonical::read(text.as_bytes()).unwrap();
            assert_eq!(envelope.encode(), text.as_bytes());
            assert_eq!(Envelope::parse_json(text.as_bytes()), Ok(envelope));
        }
        let envelope = Envelope::parse(good().as_bytes()).unwrap();
        assert_eq!(envelope.payload(), b"{}");
        assert_eq!(envelope.payload_type(), PAYLOAD_TYPE);
        assert_eq!(envelope.signatures()[0].sig, [0, 1]);
        assert_eq!(envelope.signatures()[1].keyid, keyid('0'));
    }

    #[test]
    fn other_encodings_are_refused() {
        let good = good();
        for (text, code) in [
            (format!("{good}\n"), "envelope-not-canonical"),
            (format!("{good}\r\n"), "envelope-not-canonical"),
            (format!(" {good}"), "envelope-not-canonical"),
            (format!("{good}x"), "json-syntax"),
            (
                good.replace(",\"payloadType\"", ", \"payloadType\""),
                "envelope-not-canonical",
            ),
            (
                good.replace("payloadType", "payload\\u0054ype"),
                "envelope-not-canonical",
            ),
            (
                good.replace("vnd.in-toto", "vnd.in\\u002dtoto"),
                "envelope-not-canonical",
            ),
            (
                good.replace("application/", "application\\/"),
                "envelope-not-canonical",
            ),
            (good.replacen('{', "{\"x\":1,", 1), "envelope-not-canonical"),
            (
                good.replace("\"sig\":\"\"", "\"sig\":\"\",\"x\":1"),
                "envelope-not-canonical",
            ),
            (
                good.replace("\"sig\":\"\"", "\"sig\":\"\",\"sig\":\"\""),
                "json-duplicate-member",
            ),
            (
                good.replacen('{', "{\"payload\":\"\",", 1),
                "json-duplicate-member",
            ),
            (good.replace("e30=", "e30"), "member-malformed"),
            (good.replace("e30=", "e31="), "member-malformed"),
            (good.replace("e30=", "e3-_"), "member-malformed"),
            (good.replace("e30=", "e30=\\n"), "member-malformed"),
            (good.replace("AAE=", "AAF="), "member-malformed"),
            (
                good.replace("AAE=", &wire::base64_encode(&[0; MAX_SIGNATURE_BYTES + 1])),
                "member-malformed",
            ),
            (
                good.replace("application/", "application "),
                "member-malformed",
            ),
            (
                good.replace("application/", "appli\\\"cation/"),
                "member-malformed",
            ),
            (
                good.replace("application/", "appli\\\\cation/"),
                "member-malformed",
            ),
            (good.replace("sha256:0", "sha256:A"), "member-malformed"),
            (good.replace("sha256:0", "sha256:"), "member-malformed"),
            (good.replace("sha256:0", "sha512:0"), "member-malformed"),
            (
                good.replace(&keyid('0'), &keyid('a')),
                "envelope-duplicate-signer",
            ),
            (
                good.replace("\"sig\":\"\"", "\"sig\":1"),
                "member-malformed",
            ),
            (good.replace(",\"sig\":\"\"", ""), "member-missing"),
            ("[]".into(), "member-malformed"),
            ("{}".into(), "member-missing"),
        ] {
            assert_eq!(canonical::read(text.as_bytes()), None, "{text}");
            let error = Envelope::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{text}: {error}");
        }
    }

    #[test]
    fn signatures_are_bounded() {
        let longest = wire::base64_encode(&[0; MAX_SIGNATURE_BYTES]);
        assert!(Envelope::parse(good().replace("AAE=", &longest).as_bytes()).is_ok());
        let many = |count: u32| {
            let list: Vec<String> = (0..count)
                .map(|i| format!(r#"{{"keyid":"sha256:{i:064x}","sig":""}}"#))
                .collect();
            format!(
                r#"{{"payload":"","payloadType":"a","signatures":[{}]}}"#,
                list.join(",")
            )
        };
        assert!(canonical::read(many(16).as_bytes()).is_some());
        assert_eq!(canonical::read(many(17).as_bytes()), None);
        assert_eq!(
            Envelope::parse(many(17).as_bytes()).map_err(|error| error.code()),
            Err("member-malformed")
        );
    }

    #[test]
    fn the_largest_entry() {
        let room = (MAX_ENTRY - Envelope::unsigned(Vec::new()).encode().len()) / 4 * 3;
        let envelope = Envelope::unsigned([b' '].repeat(room));
        assert_eq!(Envelope::parse(&envelope.encode()), Ok(envelope));
        let envelope = Envelope::unsigned([b' '].repeat(room + 3));
        assert_eq!(
            Envelope::parse(&envelope.encode()).map_err(|error| error.code()),
            Err("envelope-too-large")
        );
    }

    #[test]
    fn signing() {
        let (a, b) = (
            SecretKey::from_seed(&[1; 32]),
            SecretKey::from_seed(&[2; 32]),
        );
        let envelope = Envelope::sign(b"{}".to_vec(), &[&b, &a]).unwrap();
        for (signature, key) in envelope.signatures().iter().zip([&b, &a]) {
            assert_eq!(signature.keyid, Spki::new(key.public()).key_id());
            assert_eq!(key.public().verify(&envelope.pae(), &signature.sig), Ok(()));
        }
        assert_eq!(
            Envelope::sign(b"{}".to_vec(), &[&a, &a]).map_err(|error| error.code()),
            Err("envelope-duplicate-signer")
        );
    }

    proptest! {
        #[test]
        fn both_readers_agree(edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..4, prop::sample::select(vec!["", " ", ",", "\"", "\\u0061", "=", "}", "é"])), 0..3)) {
            let mut bytes = good().into_bytes();
            for (at, removed, inserted) in edits {
                let at = at.index(bytes.len());
                let end = bytes.len().min(at + removed);
                bytes.splice(at..end, inserted.bytes());
            }
            prop_assert_eq!(canonical::read(&bytes), Envelope::parse_json(&bytes).ok());
        }

        #[test]
        fn what_parses_is_what_was_encoded(payload in prop::collection::vec(any::<u8>(), 0..300), seeds in prop::collection::btree_set(any::<[u8; 32]>(), 0..3)) {
            let keys: Vec<SecretKey> = seeds.iter().map(SecretKey::from_seed).collect();
            let envelope = Envelope::sign(payload, &keys.iter().collect::<Vec<_>>()).unwrap();
            prop_assert_eq!(Envelope::parse(&envelope.encode()), Ok(envelope));
        }

        #[test]
        fn one_changed_byte_never_gives_the_same_envelope(at in 0usize..300, byte in any::<u8>()) {
            let mut bytes = good().into_bytes();
            let at = at % bytes.len();
            if bytes[at] != byte {
                bytes[at] = byte;
                prop_assert_eq!(canonical::read(&bytes), Envelope::parse_json(&bytes).ok());
                if let Ok(envelope) = Envelope::parse(&bytes) {
                    prop_assert_eq!(envelope.encode(), bytes);
                }
            }
        }
    }
}
