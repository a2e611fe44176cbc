//! A staged batch: entries whose order the lock decides, as one object (`docs/formats/object-store.md`, "Batches").
//!
//! ```text
//! batch = "glasslog-batch/v1\n" ‖ u64 first ‖ u32 count ‖ (u16 length ‖ entry)*        integers big-endian
//! ```

use alloc::vec::Vec;

const MAGIC: &[u8] = b"glasslog-batch/v1\n";

/// Bytes before the first entry: magic, `first` and `count`.
const AROUND: u64 = 18 + 8 + 4;

/// Encodes the entries from index `first` on; `None` for an entry over 65,535 bytes, or for 2^32 entries or more.
pub fn encode_batch<E: AsRef<[u8]>>(first: u64, entries: &[E]) -> Option<Vec<u8>> {
    let length: usize = entries.iter().map(|entry| 2 + entry.as_ref().len()).sum();
    let mut bytes = Vec::with_capacity(length.saturating_add(MAGIC.len() + 12));
    bytes.extend(MAGIC);
    bytes.extend(first.to_be_bytes());
    bytes.extend(u32::try_from(entries.len()).ok()?.to_be_bytes());
    for entry in entries {
        let entry = entry.as_ref();
        bytes.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        bytes.extend(entry);
    }
    Some(bytes)
}

/// Computes the bytes of the entries alone, in a batch of `count` entries whose object has `length` bytes.
pub fn payload(length: u64, count: u64) -> u64 {
    let around = count.saturating_mul(2).saturating_add(AROUND);
    length.saturating_sub(around)
}

/// Decodes a batch into the index of its first entry, and its entries.
pub fn decode_batch(bytes: &[u8]) -> Option<(u64, Vec<Vec<u8>>)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    let mut entries = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry.to_vec());
        rest = after;
    }
    rest.is_empty()
        .then_some((u64::from_be_bytes(*first), entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn batches_round_trip_and_nothing_else_is_one() {
        let entries = vec![b"first".to_vec(), Vec::new(), vec![7; 65_535]];
        let bytes = encode_batch(9, &entries).unwrap();
        assert_eq!(bytes.len(), 30 + 3 * 2 + 5 + 65_535);
        assert_eq!(payload(30 + 3 * 2 + 5 + 65_535, 3), 5 + 65_535);
        assert_eq!(decode_batch(&bytes), Some((9, entries)));
        let none: [&[u8]; 0] = [];
        let empty = encode_batch(u64::MAX, &none).unwrap();
        assert_eq!(decode_batch(&empty), Some((u64::MAX, vec![])));
        assert_eq!(encode_batch(0, &[vec![0; 65_536]]), None);

        for length in 0..bytes.len() {
            assert_eq!(decode_batch(&bytes[..length]), None, "{length} bytes");
        }
        assert_eq!(decode_batch(&[&bytes[..], b"x"].concat()), None);
        let count = MAGIC.len() + 11;
        for wrong in [2, 4] {
            let mut bytes = bytes.clone();
            bytes[count] = wrong;
            assert_eq!(decode_batch(&bytes), None, "{wrong} entries instead of 3");
        }
    }

    #[test]
    fn a_count_is_not_believed() {
        // Four billion empty vectors take a hundred gigabytes, so they must not be reserved by the count.
        let bytes = [MAGIC, &[0; 8], &[0xff; 4], &[0; 6]].concat();
        assert_eq!(decode_batch(&bytes), None);
    }
}
