//! Answers of a witness ([C2SP tlog-witness](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-witness.md#add-checkpoint),
//! "add-checkpoint"): cosignatures, or the size that the witness cosigned last.

use crate::note::cosignature::{self, CosignatureError};
use crate::note::{Checkpoint, Signature, SignatureLineError, VerifierKey};
use crate::text::limits::{MAX_NOTE_SIGNATURES, MAX_SIZE_ANSWER, MAX_WITNESS_ANSWER};
use crate::text::wire;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The lines of an answer 200, as a witness sent them: claims, until [`Cosignatures::by`] verifies them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignatures(Vec<Signature>);

impl Cosignatures {
    /// Makes an answer of signature lines.
    ///
    /// # Errors
    /// [`AnswerError::Empty`], [`AnswerError::TooMany`] or [`AnswerError::TooLarge`].
    pub fn new(lines: Vec<Signature>) -> Result<Self, AnswerError> {
        let sizes = lines.iter().map(Signature::line_size);
        let size = sizes.fold(0, usize::saturating_add);
        match lines.len() {
            0 => Err(AnswerError::Empty),
            count if count > MAX_NOTE_SIGNATURES => Err(AnswerError::TooMany { count }),
            _ if size > MAX_WITNESS_ANSWER => Err(AnswerError::TooLarge { size }),
            _ => Ok(Self(lines)),
        }
    }

    /// Parses the body of an answer.
    ///
    /// # Errors
    /// The [`AnswerError`] that names the rule that the bytes break.
    pub fn parse(bytes: &[u8]) -> Result<Self, AnswerError> {
        if bytes.len() > MAX_WITNESS_ANSWER {
            return Err(AnswerError::TooLarge { size: bytes.len() });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| AnswerError::NotUtf8)?;
        let mut lines = Vec::new();
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let number = at.saturating_add(1);
            if number > MAX_NOTE_SIGNATURES {
                return Err(AnswerError::TooMany { count: number });
            }
            let line = Signature::parse_line(line).map_err(|error| AnswerError::Line {
                line: number,
                error,
            })?;
            lines.push(line);
        }
        Self::new(lines)
    }

    /// Encodes the body of the answer: the bytes that it was parsed from.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        for line in &self.0 {
            line.write_line(&mut text);
        }
        text
    }

    /// Returns the lines in order.
    #[must_use]
    pub fn lines(&self) -> &[Signature] {
        &self.0
    }

    /// Verifies the lines by one key of the witness over the checkpoint that was sent, and returns the latest with its
    /// time, in seconds since the epoch. Lines by other keys say nothing.
    ///
    /// # Errors
    /// [`AnswerError::Absent`]; [`AnswerError::Cosignature`] or [`AnswerError::NoTime`] if any line by this key is bad.
    pub fn by(
        &self,
        checkpoint: &Checkpoint,
        key: &VerifierKey,
    ) -> Result<(Signature, u64), AnswerError> {
        let mut latest: Option<(&Signature, u64)> = None;
        for line in self.0.iter().filter(|line| line.is_claimed_by(key)) {
            let time =
                cosignature::verify(checkpoint, key, line).map_err(AnswerError::Cosignature)?;
            if time == 0 {
                return Err(AnswerError::NoTime);
            }
            if latest.is_none_or(|(_, before)| before < time) {
                latest = Some((line, time));
            }
        }
        let (line, time) = latest.ok_or(AnswerError::Absent)?;
        Ok((line.clone(), time))
    }
}

/// Encodes the body of an answer 409: the size that the witness cosigned last.
#[must_use]
pub fn encode_size(size: u64) -> String {
    format!("{size}\n")
}

/// Parses the body of an answer 409.
///
/// # Errors
/// [`AnswerError::Size`].
pub fn parse_size(bytes: &[u8]) -> Result<u64, AnswerError> {
    let size = bytes
        .strip_suffix(b"\n")
        .filter(|_| bytes.len() <= MAX_SIZE_ANSWER)
        .and_then(|digits| core::str::from_utf8(digits).ok())
        .and_then(wire::parse_decimal);
    size.ok_or(AnswerError::Size)
}

/// The reason why an answer is refused, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The answer is larger than [`MAX_WITNESS_ANSWER`].
    #[error("the witness's answer has {size} bytes, more than {MAX_WITNESS_ANSWER}")]
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// The answer is not UTF-8.
    #[error("the witness's answer is not UTF-8")]
    NotUtf8,
    /// The answer has no line.
    #[error("the witness's answer has no signature line")]
    Empty,
    /// The answer has more lines than [`MAX_NOTE_SIGNATURES`].
    #[error("the witness's answer has {count} lines or more, the limit is {MAX_NOTE_SIGNATURES}")]
    TooMany {
        /// Lines given; for text, the first one too many.
        count: usize,
    },
    /// A line is not a signature line.
    #[error("line {line} of the witness's answer: {error}")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// The broken rule.
        error: SignatureLineError,
    },
    /// No line is by the key of the witness.
    #[error("the witness's answer has no line by its key")]
    Absent,
    /// A line by the key of the witness is false.
    #[error("the witness's answer has a false line by its key: {0}")]
    Cosignature(CosignatureError),
    /// A line by the key of the witness states no time.
    #[error("the witness's cosignature states no time")]
    NoTime,
    /// The answer is not a decimal size and a line feed.
    #[error("the witness's answer is not a decimal size below 2^64 and a line feed")]
    Size,
}

impl AnswerError {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "witness-answer-too-large",
            Self::NotUtf8 => "witness-answer-not-utf8",
            Self::Empty => "witness-answer-empty",
            Self::TooMany { .. } => "witness-answer-too-many-lines",
            Self::Line { error, .. } => error.code(),
            Self::Absent => "witness-answer-without-key",
            Self::Cosignature(error) => error.code(),
            Self::NoTime => "witness-answer-without-time",
            Self::Size => "witness-answer-size",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::merkle::{TreeHead, leaf_hash};
    use crate::note::{KeyName, Origin, SignatureType, SignerKey};
    use alloc::string::ToString;
    use alloc::vec;

    /// The example of the specification; its signatures are over a checkpoint that it does not show.
    const EXAMPLE: &str = "— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==
";

    fn key(name: &str, signature_type: SignatureType, seed: u8) -> SignerKey {
        let name = KeyName::parse(name).unwrap();
        SignerKey::new(name, signature_type, SecretKey::from_seed(&[seed; 32]))
    }

    fn checkpoint(size: u64) -> Checkpoint {
        let log = key("log.example", SignatureType::Ed25519, 1);
        let root = leaf_hash(b"entry");
        let origin = Origin::parse("log.example").unwrap();
        Checkpoint::sign(&origin, TreeHead { size, root }, &log).unwrap()
    }

    #[test]
    fn the_example_of_the_specification_parses() {
        let answer = Cosignatures::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(answer.lines().len(), 3);
        assert_eq!(answer.encode(), EXAMPLE);
    }

    #[test]
    fn every_line_of_the_witness_must_verify() {
        let witness = key("w.example", SignatureType::CosignatureV1, 2);
        let stranger = key("s.example", SignatureType::CosignatureV1, 3);
        let line = |key: &SignerKey, size, time| {
            cosignature::cosign(&checkpoint(size), key, time).unwrap()
        };
        let good = line(&witness, 7, 100);
        let false_line = line(&witness, 8, 200);
        let foreign = line(&stranger, 8, 300);
        let same_name = line(&key("w.example", SignatureType::CosignatureV1, 4), 7, 400);
        let by = |lines: Vec<Signature>| {
            let answer = Cosignatures::new(lines).unwrap();
            assert_eq!(
                Cosignatures::parse(answer.encode().as_bytes()),
                Ok(answer.clone())
            );
            let verified = answer.by(&checkpoint(7), witness.verifier());
            verified.map(|(line, time)| (line.bytes()[7], time))
        };
        assert_eq!(by(vec![good.clone()]), Ok((100, 100)));
        assert_eq!(
            by(vec![foreign.clone(), good.clone(), same_name.clone()]),
            Ok((100, 100))
        );
        let later = line(&witness, 7, 101);
        assert_eq!(by(vec![later.clone(), good.clone()]), Ok((101, 101)));
        assert_eq!(by(vec![good.clone(), later]), Ok((101, 101)));
        assert_eq!(by(vec![foreign, same_name]), Err(AnswerError::Absent));
        for lines in [
            vec![false_line.clone()],
            vec![good.clone(), false_line.clone()],
            vec![false_line, good.clone()],
        ] {
            assert!(matches!(by(lines), Err(AnswerError::Cosignature(_))));
        }
        assert_eq!(
            by(vec![good, line(&witness, 7, 0)]),
            Err(AnswerError::NoTime)
        );
    }

    #[test]
    fn malformed_answers() {
        let line = EXAMPLE.split_inclusive('\n').next().unwrap();
        for (text, message) in [
            (String::new(), "the witness's answer has no signature line"),
            (
                "\n".into(),
                "line 1 of the witness's answer: a signature line is an em dash, a space, a key name, a space and base64",
            ),
            (
                format!("{line}\n"),
                "line 2 of the witness's answer: a signature line is an em dash, a space, a key name, a space and base64",
            ),
            (
                line.trim_end().into(),
                "line 1 of the witness's answer: the signature line does not end with a line feed",
            ),
            (
                "<html>\n".into(),
                "line 1 of the witness's answer: a signature line is an em dash, a space, a key name, a space and base64",
            ),
            (
                line.repeat(101),
                "the witness's answer has 101 lines or more, the limit is 100",
            ),
        ] {
            let error = Cosignatures::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), message, "{text:?}");
        }
        assert_eq!(Cosignatures::parse(b"\xff"), Err(AnswerError::NotUtf8));
        let large = vec![b'a'; MAX_WITNESS_ANSWER + 1];
        let error = Cosignatures::parse(&large).unwrap_err();
        assert_eq!(error.code(), "witness-answer-too-large");
        assert!(Cosignatures::parse(line.repeat(100).as_bytes()).is_ok());
    }

    #[test]
    fn sizes_have_one_spelling() {
        for size in [0, 1, 20_852_014, u64::MAX] {
            assert_eq!(parse_size(encode_size(size).as_bytes()), Ok(size));
        }
        for bytes in [
            &b""[..],
            b"\n",
            b"1",
            b"01\n",
            b"+1\n",
            b"1\n\n",
            b"1 \n",
            b" 1\n",
            b"1\r\n",
            b"18446744073709551616\n",
            b"000000000000000000001\n",
            b"\xff\n",
        ] {
            assert_eq!(parse_size(bytes), Err(AnswerError::Size), "{bytes:?}");
        }
    }
}
