//! Text encodings shared by all formats: base64 ([RFC 4648 §4](https://www.rfc-editor.org/rfc/rfc4648#section-4)),
//! lower-case hex, and decimals without leading zeros.
//!
//! Each decoder accepts exactly what its encoder writes, so two spellings never have one meaning.

use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Encodes standard base64 with padding. Not for secrets: the time depends on the bytes.
#[must_use]
pub fn base64_encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Appends the encoding of [`base64_encode`] to `text`.
pub(crate) fn base64_encode_into(bytes: &[u8], text: &mut String) {
    STANDARD.encode_string(bytes, text);
}

/// Decodes standard, padded base64; stray bits, missing padding and white space are refused. Not for secrets.
#[must_use]
pub fn base64_decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Decodes base64 of exactly `N` bytes, without allocating.
#[must_use]
pub(crate) fn base64_decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let decoded = STANDARD.decode_slice(text, &mut bytes).ok()?;
    (decoded == N).then_some(bytes)
}

/// Encodes lower-case hex.
#[must_use]
pub fn hex_encode(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(HEX.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// Returns the number of bytes that lower-case hex decodes to; `None` for other text.
#[must_use]
pub(crate) fn hex_decoded_len(text: &str) -> Option<usize> {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_hex = text.len().is_multiple_of(2) && text.bytes().all(is_digit);
    is_hex.then_some(text.len() / 2)
}

/// Decodes lower-case hex; upper case and odd lengths are refused.
#[must_use]
pub fn hex_decode(text: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|&[high, low]| Some((nibble(high)? << 4) | nibble(low)?))
        .collect()
}

/// Parses an ASCII decimal that fits `u64`: digits only, no sign, no leading zero (except `0` itself).
#[must_use]
pub fn parse_decimal(text: &str) -> Option<u64> {
    let digits = text.as_bytes();
    match digits {
        [] | [b'0', _, ..] => None,
        _ => digits.iter().try_fold(0u64, |value, digit| {
            let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            value.checked_mul(10)?.checked_add(u64::from(digit))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn base64_is_canonical() {
        for bytes in [&b""[..], b"f", b"fo", b"foo", b"foob", &[0xff, 0xfe, 0xfb]] {
            let text = base64_encode(bytes);
            assert_eq!(base64_decode(&text).as_deref(), Some(bytes));
        }
        assert_eq!(base64_encode(&[0xff, 0xfe, 0xfb]), "//77");
        for text in [
            "Zg", "Zg=", "Zh==", "Zg==\n", " Zg==", "Zm9v=", "_-77", "Z===", "=", "Zg==Zg==",
        ] {
            assert_eq!(base64_decode(text), None, "{text:?}");
        }
    }

    #[test]
    fn base64_arrays_have_one_length() {
        assert_eq!(base64_decode_array::<3>("Zm9v"), Some(*b"foo"));
        for text in ["", "Zm8=", "Zm9vYg==", "Zm9v\n"] {
            assert_eq!(base64_decode_array::<3>(text), None, "{text:?}");
        }
    }

    #[test]
    fn hex_is_lower_case() {
        assert_eq!(hex_encode(&[0, 0x1f, 0xa9, 0xff]), "001fa9ff");
        assert_eq!(hex_decode("001fa9ff"), Some([0, 0x1f, 0xa9, 0xff].to_vec()));
        assert_eq!(hex_decode(""), Some([].to_vec()));
        assert_eq!(hex_decoded_len("001fa9ff"), Some(4));
        assert_eq!(hex_decoded_len(""), Some(0));
        for text in ["0", "0F", "0g", "0:", "é", " 00", "0x00"] {
            assert_eq!(hex_decode(text), None, "{text:?}");
            assert_eq!(hex_decoded_len(text), None, "{text:?}");
        }
    }

    #[test]
    fn decimals_have_one_spelling() {
        for value in [0, 1, 9, 10, 256, u64::MAX] {
            assert_eq!(parse_decimal(&value.to_string()), Some(value));
        }
        for text in [
            "",
            "00",
            "01",
            "+1",
            "-1",
            "1 ",
            " 1",
            "1_0",
            "1e3",
            "0x1",
            "18446744073709551616",
            "99999999999999999999",
            "١",
        ] {
            assert_eq!(parse_decimal(text), None, "{text:?}");
        }
    }
}
