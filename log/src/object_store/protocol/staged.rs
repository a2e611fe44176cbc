//! A staged batch: entries whose order the lock decides, as one object (`docs/formats/object-store.md`, "Batches").
//!
//! ```text
//! batch = "glasslog-batch/v1\n" ‖ u64 first ‖ u32 count ‖ (u16 length ‖ entry)*        integers big-endian
//! ```

const MAGIC: &[u8] = b"glasslog-batch/v1\n";

/// Encodes the entries from index `first` on.
pub fn encode_batch(first: u64, entries: &[Vec<u8>]) -> Vec<u8> {
    let length: usize = entries.iter().map(|entry| 2 + entry.len()).sum();
    let mut bytes = Vec::with_capacity(MAGIC.len() + 12 + length);
    bytes.extend(MAGIC);
    bytes.extend(first.to_be_bytes());
    bytes.extend((entries.len() as u32).to_be_bytes());
    for entry in entries {
        bytes.extend((entry.len() as u16).to_be_bytes());
        bytes.extend(entry);
    }
    bytes
}

/// Bytes of the entries in a batch of `count` that is an object of `length` bytes.
pub fn payload(length: u64, count: u64) -> u64 {
    let around = MAGIC.len() as u64 + 12;
    length.saturating_sub(count.saturating_mul(2).saturating_add(around))
}

/// Decodes a batch: the index of its first entry, and its entries.
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
