//! Sizes of memory as arguments.

use glasslog_core::text::wire;

/// Units, each with its bytes as a power of two.
const UNITS: [(&str, u32); 3] = [("KiB", 10), ("MiB", 20), ("GiB", 30)];

/// Reads a size such as `512MiB`, or a number of bytes.
pub(crate) fn parse_size(text: &str) -> Result<usize, String> {
    let unit = UNITS
        .iter()
        .find_map(|(unit, power)| Some((text.strip_suffix(unit)?, *power)));
    let (number, power) = unit.unwrap_or((text, 0));
    wire::parse_decimal(number)
        .and_then(|number| number.checked_mul(1 << power))
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| "expected a size such as `512MiB` or `2GiB`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_units() {
        for (text, size) in [
            ("0", Some(0)),
            ("1000", Some(1_000)),
            ("2KiB", Some(2_048)),
            ("512MiB", Some(512 << 20)),
            ("2GiB", Some(2 << 30)),
            ("", None),
            ("MiB", None),
            ("1MB", None),
            ("-1MiB", None),
            ("99999999999999GiB", None),
        ] {
            assert_eq!(parse_size(text).ok(), size, "{text}");
        }
    }
}
