//! Notes: text signed by one or more keys ([C2SP signed-note](https://github.com/C2SP/C2SP/blob/5ba5ee8/signed-note.md), 2026-07-22).
//!
//! ```text
//! This is an example message.
//!
//! — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
//! ```
//!
//! A parsed note is a claim that proves nothing; encoding it gives the same bytes again. All signature lines are kept
//! in order, also repeated ones and those by unknown keys: a program that forwards a note must not change it.

use crate::note::key::VerifierKey;
use crate::note::key_name::SignatureType;
use crate::note::signature_line::{Signature, SignatureLineError};
use crate::text::limits::{MAX_NOTE, MAX_NOTE_SIGNATURES};
use crate::text::wire;
use alloc::string::String;
use alloc::vec::Vec;

/// A text and signatures, none of them verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// Makes a note of a text and signatures.
    ///
    /// # Errors
    /// The [`NoteError`] that parsing the note would give.
    pub fn new(text: String, signatures: Vec<Signature>) -> Result<Self, NoteError> {
        let note = Self { text, signatures };
        let size = note.encoded_size();
        if size > MAX_NOTE {
            return Err(NoteError::TooLarge { size });
        }
        check_characters(&note.text)?;
        if !note.text.ends_with('\n') {
            return Err(NoteError::TextWithoutNewline);
        }
        match note.signatures.len() {
            0 => Err(NoteError::Unsigned),
            count if count > MAX_NOTE_SIGNATURES => Err(NoteError::TooManySignatures { count }),
            _ => Ok(note),
        }
    }

    /// Parses a note.
    ///
    /// # Errors
    /// The [`NoteError`] that names the rule that the bytes break.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLarge { size: bytes.len() });
        }
        let note = core::str::from_utf8(bytes).map_err(|error| NoteError::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        check_characters(note)?;
        // The last empty line separates text and signatures: the text may have empty lines, the signatures have none.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Unsigned)?;
        let before = text.matches('\n').count().saturating_add(2);
        let mut signatures = Vec::new();
        for (at, line) in lines.split_inclusive('\n').enumerate() {
            if at >= MAX_NOTE_SIGNATURES {
                let count = at.saturating_add(1);
                return Err(NoteError::TooManySignatures { count });
            }
            let number = before.saturating_add(at).saturating_add(1);
            let signature = Signature::parse_line(line).map_err(|error| NoteError::Line {
                line: number,
                error,
            })?;
            signatures.push(signature);
        }
        if signatures.is_empty() {
            return Err(NoteError::Unsigned);
        }
        let mut text = String::from(text);
        text.push('\n');
        Ok(Self { text, signatures })
    }

    /// Encodes the note: the bytes that it was parsed from.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = String::with_capacity(self.encoded_size());
        bytes.push_str(&self.text);
        bytes.push('\n');
        for signature in &self.signatures {
            signature.write_line(&mut bytes);
        }
        bytes.into_bytes()
    }

    /// Returns the signed text, with its last line feed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the signature lines in order.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Returns the signature lines that claim to be by this key; a note may have several.
    pub fn signatures_by<'a>(
        &'a self,
        key: &'a VerifierKey,
    ) -> impl Iterator<Item = &'a Signature> {
        self.signatures
            .iter()
            .filter(|signature| signature.is_claimed_by(key))
    }

    /// Judges the lines that claim to be by this key, of type [`SignatureType::Ed25519`], over this text.
    ///
    /// All such lines must verify; a single false one gives [`KeyVerdict::BadSignature`]. No line verifies by a key of
    /// another type; see [`crate::note::cosignature`].
    #[must_use]
    pub fn verify(&self, key: &VerifierKey) -> KeyVerdict {
        let mut verdict = KeyVerdict::Absent;
        for signature in self.signatures_by(key) {
            let is_good = key.signature_type() == SignatureType::Ed25519
                && key
                    .public()
                    .verify(self.text.as_bytes(), signature.bytes())
                    .is_ok();
            if !is_good {
                return KeyVerdict::BadSignature;
            }
            verdict = KeyVerdict::Signed;
        }
        verdict
    }

    fn encoded_size(&self) -> usize {
        let lines = self.signatures.iter().map(Signature::line_size);
        lines.fold(self.text.len().saturating_add(1), usize::saturating_add)
    }
}

/// The verdict of a known key about a note. Lines by unknown keys are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyVerdict {
    /// No line claims to be by this key.
    Absent,
    /// All lines that claim to be by this key verify, and there is at least one.
    Signed,
    /// A line claims to be by this key but does not verify: the note must be refused.
    BadSignature,
}

/// Refuses ASCII control characters other than the line feed.
fn check_characters(note: &str) -> Result<(), NoteError> {
    let is_control = |byte: &u8| *byte < b' ' && *byte != b'\n';
    match note.bytes().enumerate().find(|(_, byte)| is_control(byte)) {
        Some((at, byte)) => Err(NoteError::ControlCharacter { byte, at }),
        None => Ok(()),
    }
}

/// The reason why bytes are not a note.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// The note is larger than [`MAX_NOTE`].
    #[error("the note has {size} bytes, more than {MAX_NOTE}")]
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the note is not UTF-8 at byte {at}")]
    NotUtf8 {
        /// Position of the first wrong byte.
        at: usize,
    },
    /// The note has an ASCII control character other than the line feed.
    #[error("the note has the control character 0x{} at byte {at}", wire::hex_encode(&[*.byte]))]
    ControlCharacter {
        /// The character.
        byte: u8,
        /// Its position.
        at: usize,
    },
    /// There is no empty line with a signature line after it.
    #[error("the note has no empty line with signatures after it")]
    Unsigned,
    /// The text does not end with a line feed; the text of a parsed note always does.
    #[error("the text of the note does not end with a line feed")]
    TextWithoutNewline,
    /// There are more signature lines than [`MAX_NOTE_SIGNATURES`].
    #[error("the note has {count} signatures or more, the limit is {MAX_NOTE_SIGNATURES}")]
    TooManySignatures {
        /// Lines given; for a parsed note, the first one too many.
        count: usize,
    },
    /// A line after the last empty line is not a signature line.
    #[error("line {line} of the note: {error}")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// The broken rule.
        error: SignatureLineError,
    },
}

impl NoteError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "note-too-large",
            Self::NotUtf8 { .. } => "note-not-utf8",
            Self::ControlCharacter { .. } => "note-control-character",
            Self::Unsigned => "note-unsigned",
            Self::TextWithoutNewline => "note-text-without-newline",
            Self::TooManySignatures { .. } => "note-too-many-signatures",
            Self::Line { error, .. } => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::note::key::SignerKey;
    use crate::note::key_name::{KeyId, KeyName};
    use alloc::string::ToString;
    use alloc::{format, vec};

    /// The example of the specification, "Verifier keys".
    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    fn signer(name: &str, seed: u8) -> SignerKey {
        SignerKey::new(
            KeyName::parse(name).unwrap(),
            SignatureType::Ed25519,
            SecretKey::from_seed(&[seed; 32]),
        )
    }

    fn line(name: &str, id: u8, length: usize) -> Signature {
        let name = KeyName::parse(name).unwrap();
        Signature::new(name, KeyId::from_bytes([id; 4]), vec![1; length]).unwrap()
    }

    #[test]
    fn the_example_of_the_specification_verifies() {
        let note = Note::parse(NOTE.as_bytes()).unwrap();
        assert_eq!(note.text(), "This is an example message.\n");
        assert_eq!(note.encode(), NOTE.as_bytes());
        let key = VerifierKey::parse(VKEY).unwrap();
        assert_eq!(note.verify(&key), KeyVerdict::Signed);
        let other = Note::parse(NOTE.replace("an ex", "my ex").as_bytes()).unwrap();
        assert_eq!(other.verify(&key), KeyVerdict::BadSignature);
    }

    #[test]
    fn the_poem_of_the_specification_parses() {
        let text = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n";
        let bytes = format!(
            "{text}\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
        );
        let note = Note::parse(bytes.as_bytes()).unwrap();
        assert_eq!(note.text(), text);
        assert_eq!(note.encode(), bytes.as_bytes());
    }

    #[test]
    fn the_note_of_x_mod_is_signed_byte_for_byte() {
        let key = SignerKey::parse(
            "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
        )
        .unwrap();
        let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let signature = Signature::sign(text, &key).unwrap();
        assert_eq!(
            signature.encode_line(),
            "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
        );
        let note = Note::new(text.into(), vec![signature]).unwrap();
        assert_eq!(note.verify(key.verifier()), KeyVerdict::Signed);
    }

    #[test]
    fn unknown_is_not_false() {
        let (known, other) = (signer("a.example", 1), signer("b.example", 2));
        let text = "text\n";
        let good = Signature::sign(text, &known).unwrap();
        let foreign = Signature::sign(text, &other).unwrap();
        let same_name = line("a.example", 9, 64);
        let same_id =
            Signature::new(other.verifier().name().clone(), good.id(), vec![1; 64]).unwrap();
        let forged = Signature::new(good.name().clone(), good.id(), vec![1; 64]).unwrap();
        let short = Signature::new(good.name().clone(), good.id(), vec![1]).unwrap();
        for (lines, expected) in [
            (vec![good.clone()], KeyVerdict::Signed),
            (
                vec![foreign.clone(), same_name.clone(), same_id.clone()],
                KeyVerdict::Absent,
            ),
            (
                vec![foreign, same_name, same_id, good.clone()],
                KeyVerdict::Signed,
            ),
            (vec![forged.clone()], KeyVerdict::BadSignature),
            (vec![short], KeyVerdict::BadSignature),
            // A repeated line counts again; each must verify.
            (vec![good.clone(), good.clone()], KeyVerdict::Signed),
            (vec![good.clone(), forged.clone()], KeyVerdict::BadSignature),
            (vec![forged, good], KeyVerdict::BadSignature),
        ] {
            let note = Note::new(text.into(), lines).unwrap();
            assert_eq!(Note::parse(&note.encode()).as_ref(), Ok(&note));
            assert_eq!(note.verify(known.verifier()), expected);
        }
    }

    #[test]
    fn cosigners_do_not_sign_texts() {
        let secret = SecretKey::from_seed(&[1; 32]);
        let bytes = secret.sign(b"text\n");
        let name = KeyName::parse("w.example").unwrap();
        let key = SignerKey::new(name.clone(), SignatureType::CosignatureV1, secret);
        assert_eq!(
            Signature::sign("text\n", &key),
            Err(SignatureLineError::WrongType)
        );
        // This holds even if the same secret signed the text.
        let line = Signature::new(name, key.verifier().id(), bytes.into()).unwrap();
        let note = Note::new("text\n".into(), vec![line]).unwrap();
        assert_eq!(note.verify(key.verifier()), KeyVerdict::BadSignature);
    }

    #[test]
    fn malformed_notes() {
        let shape = "line 3 of the note: a signature line is an em dash, a space, a key name, a space and base64";
        let unsigned = "the note has no empty line with signatures after it";
        let table: [(&[u8], &str); 26] = [
            (b"", unsigned),
            (b"\n", unsigned),
            (b"text\n", unsigned),
            (b"text\n\n", unsigned),
            (b"text\n\n\n", unsigned),
            ("text\n— n AQEBAQE=\n".as_bytes(), unsigned),
            ("\n— n AQEBAQE=\n".as_bytes(), unsigned),
            ("text\n\n— n AQEBAQE=\n\n".as_bytes(), unsigned),
            (
                "text\n\n— n AQEBAQE=".as_bytes(),
                "line 3 of the note: the signature line does not end with a line feed",
            ),
            (b"text\n\nn AQEBAQE=\n", shape),
            (b"text\n\n- n AQEBAQE=\n", shape),
            ("text\n\n—n AQEBAQE=\n".as_bytes(), shape),
            ("text\n\n— AQEBAQE=\n".as_bytes(), shape),
            ("text\n\n—\u{a0}n AQEBAQE=\n".as_bytes(), shape),
            (
                "text\n\n—  AQEBAQE=\n".as_bytes(),
                "line 3 of the note: the key name is empty",
            ),
            (
                "text\n\n— n+m AQEBAQE=\n".as_bytes(),
                "line 3 of the note: a key name cannot have the character `+`",
            ),
            (
                "text\n\n— n  AQEBAQE=\n".as_bytes(),
                "line 3 of the note: the signature is not canonical base64",
            ),
            (
                "text\n\n— n AQEBAQE= \n".as_bytes(),
                "line 3 of the note: the signature is not canonical base64",
            ),
            (
                "text\n\n— n AQEBAQF=\n".as_bytes(),
                "line 3 of the note: the signature is not canonical base64",
            ),
            (
                "text\n\n— n AQEBAQE\n".as_bytes(),
                "line 3 of the note: the signature is not canonical base64",
            ),
            (
                "text\n\n— n \n".as_bytes(),
                "line 3 of the note: the signature has 0 bytes, fewer than a key id",
            ),
            (
                "text\n\n— n AQEB\n".as_bytes(),
                "line 3 of the note: the signature has 3 bytes, fewer than a key id",
            ),
            (
                "text\n\n— n AQEBAQ==\n".as_bytes(),
                "line 3 of the note: there is no signature after the key id",
            ),
            (
                "a\nb\n\n— n AQEBAQE=\n— n AQE\n".as_bytes(),
                "line 5 of the note: the signature is not canonical base64",
            ),
            (
                "te\rxt\n\n— n AQEBAQE=\n".as_bytes(),
                "the note has the control character 0x0d at byte 2",
            ),
            (b"te\xffxt\n\n", "the note is not UTF-8 at byte 2"),
        ];
        for (bytes, message) in table {
            let error = Note::parse(bytes).unwrap_err();
            let shown = String::from_utf8_lossy(bytes);
            assert_eq!(error.to_string(), message, "{shown:?}");
        }
    }

    #[test]
    fn the_text_may_have_empty_lines_and_nothing_else() {
        for text in [
            "\n",
            "\n\n",
            "a\n\n",
            "\n\na\n",
            "a\n\n— n AQEBAQE=\n\nb\n",
            "\u{7f}\u{9b}\n",
        ] {
            let note = Note::new(text.into(), vec![line("n", 1, 1)]).unwrap();
            let read = Note::parse(&note.encode()).unwrap();
            assert_eq!(read.text(), text);
            assert_eq!(read, note);
        }
        for (text, error) in [
            ("", NoteError::TextWithoutNewline),
            ("a", NoteError::TextWithoutNewline),
            ("a\tb\n", NoteError::ControlCharacter { byte: 9, at: 1 }),
        ] {
            assert_eq!(Note::new(text.into(), vec![line("n", 1, 1)]), Err(error));
        }
        assert_eq!(Note::new("a\n".into(), vec![]), Err(NoteError::Unsigned));
    }

    #[test]
    fn bounds() {
        let many = |count| vec![line("n", 1, 4_627); count];
        for count in [16, MAX_NOTE_SIGNATURES] {
            let note = Note::new("a\n".into(), many(count)).unwrap();
            assert_eq!(Note::parse(&note.encode()), Ok(note));
        }
        let count = MAX_NOTE_SIGNATURES + 1;
        assert_eq!(
            Note::new("a\n".into(), many(count)),
            Err(NoteError::TooManySignatures { count })
        );
        let mut bytes = Note::new("a\n".into(), many(MAX_NOTE_SIGNATURES))
            .unwrap()
            .encode();
        bytes.extend("— n AQEBAQE=\n".as_bytes());
        assert_eq!(
            Note::parse(&bytes),
            Err(NoteError::TooManySignatures { count })
        );

        let signature = line("n", 1, 64);
        let room = MAX_NOTE - 1 - signature.encode_line().len();
        let text = |size: usize| "a".repeat(size - 1) + "\n";
        let largest = Note::new(text(room), vec![signature.clone()]).unwrap();
        assert_eq!(largest.encode().len(), MAX_NOTE);
        assert_eq!(Note::parse(&largest.encode()), Ok(largest.clone()));
        let size = MAX_NOTE + 1;
        assert_eq!(
            Note::new(text(room + 1), vec![signature]),
            Err(NoteError::TooLarge { size })
        );
        let larger = [b"a", largest.encode().as_slice()].concat();
        assert_eq!(Note::parse(&larger), Err(NoteError::TooLarge { size }));
    }

    #[test]
    fn every_changed_byte_changes_note_or_verdict() {
        let key = VerifierKey::parse(VKEY).unwrap();
        for at in 0..NOTE.len() {
            for flip in [1, 0x20, 0x80] {
                let mut bytes = NOTE.as_bytes().to_vec();
                bytes[at] ^= flip;
                if let Ok(note) = Note::parse(&bytes) {
                    assert_eq!(note.encode(), bytes);
                    assert_ne!(note.verify(&key), KeyVerdict::Signed, "byte {at} ^ {flip}");
                }
            }
        }
    }
}
