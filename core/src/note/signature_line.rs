//! Signature lines of notes ([C2SP signed-note](https://github.com/C2SP/C2SP/blob/5ba5ee8/signed-note.md#signatures), 2026-07-22).

use crate::note::key::{SignerKey, VerifierKey};
use crate::note::key_name::{KeyId, KeyName, NoteKeyError, SignatureType};
use crate::text::wire;
use alloc::string::String;
use alloc::vec::Vec;

/// The beginning of a signature line: an em dash and a space.
const SIGNATURE_MARK: &str = "— ";

/// One signature line: name and id of the claimed key, and the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    name: KeyName,
    id: KeyId,
    bytes: Vec<u8>,
}

impl Signature {
    /// Makes a line of its parts.
    ///
    /// # Errors
    /// [`SignatureLineError::Empty`].
    pub fn new(name: KeyName, id: KeyId, bytes: Vec<u8>) -> Result<Self, SignatureLineError> {
        if bytes.is_empty() {
            return Err(SignatureLineError::Empty);
        }
        Ok(Self { name, id, bytes })
    }

    /// Signs a text with a key of type [`SignatureType::Ed25519`].
    ///
    /// # Errors
    /// [`SignatureLineError::WrongType`] for keys of other types, which do not sign plain texts.
    pub fn sign(text: &str, key: &SignerKey) -> Result<Self, SignatureLineError> {
        let verifier = key.verifier();
        if verifier.signature_type() != SignatureType::Ed25519 {
            return Err(SignatureLineError::WrongType);
        }
        let bytes = key.sign(text.as_bytes());
        let bytes = bytes.map_err(|_| SignatureLineError::WrongType)?;
        Self::new(verifier.name().clone(), verifier.id(), bytes)
    }

    /// Parses a line with its line feed.
    ///
    /// # Errors
    /// The [`SignatureLineError`] that names the rule that the line breaks.
    pub(crate) fn parse_line(line: &str) -> Result<Self, SignatureLineError> {
        let line = line
            .strip_suffix('\n')
            .ok_or(SignatureLineError::NoNewline)?;
        let (name, base64) = line
            .strip_prefix(SIGNATURE_MARK)
            .and_then(|rest| rest.split_once(' '))
            .ok_or(SignatureLineError::Shape)?;
        let name = KeyName::parse(name).map_err(SignatureLineError::Name)?;
        let bytes = wire::base64_decode(base64).ok_or(SignatureLineError::BadBase64)?;
        let (id, bytes) = bytes.split_first_chunk().ok_or(SignatureLineError::NoId {
            length: bytes.len(),
        })?;
        Self::new(name, KeyId::from_bytes(*id), bytes.into())
    }

    /// Encodes the line with its line feed.
    #[must_use]
    pub fn encode_line(&self) -> String {
        let mut line = String::with_capacity(self.line_size());
        self.write_line(&mut line);
        line
    }

    /// Returns the name of the claimed key.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Returns the id of the claimed key.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Returns the signature, without the id before it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Tells whether name and id are those of the key.
    #[must_use]
    pub(crate) fn is_claimed_by(&self, key: &VerifierKey) -> bool {
        self.id == key.id() && self.name == *key.name()
    }

    pub(crate) fn write_line(&self, out: &mut String) {
        let bytes = [self.id.as_bytes().as_slice(), &self.bytes].concat();
        for part in [
            SIGNATURE_MARK,
            self.name.as_str(),
            " ",
            &wire::base64_encode(&bytes),
            "\n",
        ] {
            out.push_str(part);
        }
    }

    pub(crate) fn line_size(&self) -> usize {
        let base64 = self
            .bytes
            .len()
            .saturating_add(4)
            .div_ceil(3)
            .saturating_mul(4);
        [SIGNATURE_MARK.len(), self.name.as_str().len(), 1, base64, 1]
            .into_iter()
            .fold(0, usize::saturating_add)
    }
}

/// The reason why a line is not a signature line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureLineError {
    /// The line does not end with a line feed.
    #[error("the signature line does not end with a line feed")]
    NoNewline,
    /// The line is not em dash, space, name, space, base64.
    #[error("a signature line is an em dash, a space, a key name, a space and base64")]
    Shape,
    /// The name is not valid for a key.
    #[error(transparent)]
    Name(NoteKeyError),
    /// The signature is not canonical base64.
    #[error("the signature is not canonical base64")]
    BadBase64,
    /// The signature is shorter than a key id.
    #[error("the signature has {length} bytes, fewer than a key id")]
    NoId {
        /// Bytes given.
        length: usize,
    },
    /// There is no byte after the key id.
    #[error("there is no signature after the key id")]
    Empty,
    /// The key makes cosignatures or audit statements, and does not sign plain texts.
    #[error("this key makes cosignatures or audit statements, and does not sign plain texts")]
    WrongType,
}

impl SignatureLineError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoNewline => "signature-line-without-newline",
            Self::Shape => "signature-line-shape",
            Self::Name(error) => error.code(),
            Self::BadBase64 => "signature-line-base64",
            Self::NoId { .. } => "signature-line-without-id",
            Self::Empty => "signature-line-empty",
            Self::WrongType => "signature-line-wrong-type",
        }
    }
}
