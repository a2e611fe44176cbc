//! Recognises a file that was written, not synced, and damaged by a power loss: it is shorter, or has blocks of zeros.

/// Smallest unit that a disk writes: a sector, in bytes.
const SECTOR: usize = 512;

/// Returns true if a power loss can have turned a new file with the content `whole` into `found`.
///
/// Any other content was written by another program and is never overwritten.
pub(crate) fn is_torn(found: &[u8], whole: &[u8]) -> bool {
    found.len() <= whole.len()
        && found
            .chunks(SECTOR)
            .zip(whole.chunks(SECTOR))
            .all(|(found, whole)| whole.starts_with(found) || found.iter().all(|byte| *byte == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_sectors_and_ends_are_torn_and_other_bytes_are_not() {
        let whole: Vec<u8> = (0..1_300u32).map(|n| (n % 251) as u8 + 1).collect();
        for length in 0..=whole.len() {
            assert!(is_torn(&whole[..length], &whole));
        }
        for sector in 0..3 {
            let mut found = whole.clone();
            found[sector * SECTOR..]
                .iter_mut()
                .take(SECTOR)
                .for_each(|byte| *byte = 0);
            assert!(is_torn(&found, &whole));
        }
        for position in 0..whole.len() {
            let mut found = whole.clone();
            found[position] ^= 0x80;
            assert!(!is_torn(&found, &whole));
        }
        assert!(!is_torn(&[&whole[..], b"more"].concat(), &whole));
    }
}
