//! The bytes of a journal: its header and its frames.

use crate::error::LogError;
use crate::leaf::Leaf;
use crate::storage::error::JournalError;
use glasslog_core::merkle::FileHasher;

const MAGIC: &[u8; 20] = b"glasslog-journal/v2\n";
const FRAME_MAGIC: &[u8; 4] = b"GLJF";
pub(super) const SALT: usize = 16;
const DIGEST: usize = 32;
pub(super) const HEADER: usize = MAGIC.len() + SALT + 8 + DIGEST;
const FRAME_HEADER: usize = 4 + 4 + 8 + 4;

/// Largest body of a frame in bytes: large enough that a sync is a small part of its cost, small enough to be read at
/// once.
pub(super) const MAX_BODY: usize = 8 << 20;

fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; DIGEST] {
    let mut hasher = FileHasher::new();
    for part in parts {
        hasher.update(part);
    }
    *hasher.finish().as_bytes()
}

pub(super) fn header(salt: [u8; SALT], first: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(salt);
    bytes.extend(first.to_be_bytes());
    bytes.extend(digest([&bytes[..]]));
    bytes
}

pub(super) fn parse_header(bytes: &[u8]) -> Option<([u8; SALT], u64)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (salt, rest) = rest.split_first_chunk::<SALT>()?;
    let (first, _) = rest.split_first_chunk::<8>()?;
    let (salt, first) = (*salt, u64::from_be_bytes(*first));
    bytes
        .starts_with(&header(salt, first))
        .then_some((salt, first))
}

/// Appends a frame to `bytes`.
pub(super) fn write(bytes: &mut Vec<u8>, salt: &[u8; SALT], first: u64, leaves: &[Leaf]) {
    let length: usize = leaves.iter().map(|leaf| 2 + leaf.entry().len()).sum();
    let start = bytes.len();
    bytes.reserve(FRAME_HEADER + length + DIGEST);
    bytes.extend(FRAME_MAGIC);
    bytes.extend((leaves.len() as u32).to_be_bytes());
    bytes.extend(first.to_be_bytes());
    bytes.extend((length as u32).to_be_bytes());
    let header: [u8; FRAME_HEADER] = bytes[start..].try_into().unwrap_or_default();
    for entry in leaves.iter().map(Leaf::entry) {
        bytes.extend((entry.len() as u16).to_be_bytes());
        bytes.extend(entry);
    }
    bytes.extend(frame_digest(salt, &header, leaves));
}

fn frame_digest(salt: &[u8; SALT], header: &[u8], leaves: &[Leaf]) -> [u8; DIGEST] {
    let hashes = leaves.iter().map(|leaf| &leaf.hash().as_bytes()[..]);
    digest([&salt[..], header].into_iter().chain(hashes))
}

/// Parses a complete frame at the start of `bytes`: its first index, its entries and its length.
fn parse(salt: &[u8; SALT], bytes: &[u8]) -> Option<(u64, Vec<Leaf>, usize)> {
    let rest = bytes.strip_prefix(FRAME_MAGIC)?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    let mut body = rest.get(..length)?;
    let claimed = rest.get(length..length + DIGEST)?;
    let mut leaves = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (size, rest) = body.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        leaves.push(Leaf::new(entry.to_vec()));
        body = rest;
    }
    let computed = frame_digest(salt, bytes.get(..FRAME_HEADER)?, &leaves);
    let is_whole = body.is_empty() && claimed == computed;
    is_whole.then_some((
        u64::from_be_bytes(*first),
        leaves,
        FRAME_HEADER + length + DIGEST,
    ))
}

/// Reads the frames of a journal whose first index is `first`, and returns the length of the complete ones in bytes.
pub(super) fn read_all(
    salt: &[u8; SALT],
    first: u64,
    bytes: &[u8],
    leaves: &mut Vec<Leaf>,
) -> Result<usize, LogError> {
    let mut offset = HEADER;
    while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
        let expected = first + leaves.len() as u64;
        match parse(salt, rest) {
            Some((found, mut more, length)) if found == expected => {
                leaves.append(&mut more);
                offset += length;
            }
            _ => {
                let is_damage = (0..rest.len()).any(|at| parse(salt, &rest[at..]).is_some());
                if is_damage {
                    let offset = offset as u64;
                    return Err(JournalError::Damaged { offset }.into());
                }
                break;
            }
        }
    }
    Ok(offset)
}
