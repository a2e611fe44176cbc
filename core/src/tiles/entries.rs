//! Bytes of entry bundles: for each entry its length as a big-endian `uint16`, then the entry ([C2SP tlog-tiles, "Log
//! entries"](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-tiles.md#log-entries), 2026-07-22).

use crate::merkle::compact::tree_root;
use crate::merkle::hash::{Hash, leaf_hash};
use crate::text::limits::MAX_ENTRY;
use crate::tiles::entry_bundle::EntryBundle;
use crate::tiles::width::FULL_WIDTH;
use alloc::vec::Vec;

/// Cuts the bytes of a bundle into its `width` entries.
///
/// # Errors
/// [`EntriesError`] unless the bytes are exactly `width` entries.
pub fn parse_entries(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, EntriesError> {
    let mut entries = Vec::with_capacity(usize::from(width.min(FULL_WIDTH)));
    let mut rest = bytes;
    for at in 0..width {
        if rest.is_empty() {
            return Err(EntriesError::TooFew {
                claimed: at,
                expected: width,
            });
        }
        let (length, after) = rest
            .split_first_chunk::<2>()
            .ok_or(EntriesError::Truncated { entry: at })?;
        let (entry, after) = after
            .split_at_checked(usize::from(u16::from_be_bytes(*length)))
            .ok_or(EntriesError::Truncated { entry: at })?;
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(EntriesError::TrailingBytes {
            width,
            bytes: rest.len(),
        });
    }
    Ok(entries)
}

/// Joins up to 256 entries into the bytes of a bundle.
///
/// # Errors
/// [`EntriesError::TooLong`] or [`EntriesError::TooMany`].
pub fn encode_entries<E: AsRef<[u8]>>(
    entries: impl IntoIterator<Item = E>,
) -> Result<Vec<u8>, EntriesError> {
    let mut bytes = Vec::new();
    for (at, entry) in (0u16..).zip(entries) {
        if at >= FULL_WIDTH {
            return Err(EntriesError::TooMany { limit: FULL_WIDTH });
        }
        append_entry(&mut bytes, at, entry.as_ref())?;
    }
    Ok(bytes)
}

/// Appends entry number `at` to the bytes of a bundle.
///
/// # Errors
/// [`EntriesError::TooLong`].
pub(crate) fn append_entry(
    bundle: &mut Vec<u8>,
    at: u16,
    entry: &[u8],
) -> Result<(), EntriesError> {
    let too_long = EntriesError::TooLong {
        entry: at,
        claimed: entry.len(),
        limit: MAX_ENTRY,
    };
    let length = u16::try_from(entry.len()).map_err(|_| too_long)?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle; their hashes are those that a verified tree has at the same indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEntries<'a> {
    bundle: EntryBundle,
    entries: Vec<&'a [u8]>,
    leaves: Vec<Hash>,
}

impl<'a> VerifiedEntries<'a> {
    /// Parses the bytes of a bundle and compares the root of its leaf hashes with the one in a verified tree.
    pub(crate) fn verify(
        bundle: EntryBundle,
        bytes: &'a [u8],
        root: &Hash,
    ) -> Result<Self, EntriesError> {
        let entries = parse_entries(bytes, bundle.width())?;
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let computed = tree_root(&leaves);
        if computed != *root {
            return Err(EntriesError::Mismatch {
                bundle,
                claimed: *root,
                computed,
            });
        }
        Ok(Self {
            bundle,
            entries,
            leaves,
        })
    }

    /// Returns the entries and their leaf hashes.
    pub(crate) fn into_parts(self) -> (Vec<&'a [u8]>, Vec<Hash>) {
        (self.entries, self.leaves)
    }

    /// Returns the coordinates of the bundle.
    #[must_use]
    pub const fn bundle(&self) -> EntryBundle {
        self.bundle
    }

    /// Returns log index, leaf hash and bytes of each entry, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Hash, &'a [u8])> {
        let start = self.bundle.start().unwrap_or(u64::MAX);
        (start..)
            .zip(&self.leaves)
            .zip(&self.entries)
            .map(|((index, leaf), entry)| (index, *leaf, *entry))
    }

    /// Returns the entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[&'a [u8]] {
        &self.entries
    }

    /// Returns the leaf hashes, in order.
    #[must_use]
    pub fn leaves(&self) -> &[Hash] {
        &self.leaves
    }
}

/// The reason why bytes are not an entry bundle, or differ from the tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntriesError {
    /// The bytes end inside an entry or its length.
    #[error("the bundle ends inside its entry {entry}")]
    Truncated {
        /// Counted from 0 within the bundle.
        entry: u16,
    },
    /// The bytes end before the last entry.
    #[error("the bundle has {claimed} entries, not {expected}")]
    TooFew {
        /// Entries found.
        claimed: u16,
        /// Entries in a bundle of this width.
        expected: u16,
    },
    /// There are bytes after the last entry.
    #[error("the bundle has {bytes} bytes after its {width} entries")]
    TrailingBytes {
        /// Entries in a bundle of this width.
        width: u16,
        /// Number of bytes after the last entry.
        bytes: usize,
    },
    /// An entry does not fit its `uint16` length.
    #[error("entry {entry} has {claimed} bytes, more than {limit}")]
    TooLong {
        /// Counted from 0 within the bundle.
        entry: u16,
        /// Bytes of the entry.
        claimed: usize,
        /// Bytes that fit.
        limit: usize,
    },
    /// There are more entries than a full bundle holds.
    #[error("a bundle holds no more than {limit} entries")]
    TooMany {
        /// Entries in a full bundle.
        limit: u16,
    },
    /// The root of the entries differs from the one in the tree.
    #[error("`{}` has root {computed}, the tree says {claimed}", .bundle.path())]
    Mismatch {
        /// The false bundle.
        bundle: EntryBundle,
        /// The root that the verified tree holds.
        claimed: Hash,
        /// The root of the entries' hashes.
        computed: Hash,
    },
    /// The verified tree has no such bundle.
    #[error("`{}` is not in a log of size {size}", .bundle.path())]
    OutsideTree {
        /// The bundle given.
        bundle: EntryBundle,
        /// Entries in the tree.
        size: u64,
    },
}

impl EntriesError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "entries-truncated",
            Self::TooFew { .. } => "entries-too-few",
            Self::TrailingBytes { .. } => "entries-trailing-bytes",
            Self::TooLong { .. } => "entries-too-long",
            Self::TooMany { .. } => "entries-too-many",
            Self::Mismatch { .. } => "entries-mismatch",
            Self::OutsideTree { .. } => "entries-outside-tree",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::limits::MAX_BUNDLE_BYTES;
    use alloc::vec;

    #[test]
    fn bundles_round_trip() {
        let long = vec![7; MAX_ENTRY];
        let entries: [&[u8]; 4] = [b"a", b"", &long, b"bc"];
        let bytes = encode_entries(entries).unwrap();
        assert_eq!(bytes.len(), 8 + 3 + MAX_ENTRY);
        assert_eq!(&bytes[..7], &[0, 1, b'a', 0, 0, 0xff, 0xff]);
        assert_eq!(parse_entries(&bytes, 4).unwrap(), entries);
        assert_eq!(parse_entries(&[], 0), Ok(vec![]));
    }

    #[test]
    fn a_bundle_has_exactly_its_entries() {
        let bytes = encode_entries([b"ab", b"cd", b"ef"]).unwrap();
        for cut in 0..bytes.len() {
            let entry = u16::try_from(cut / 4).unwrap();
            let error = if cut % 4 == 0 {
                EntriesError::TooFew {
                    claimed: entry,
                    expected: 3,
                }
            } else {
                EntriesError::Truncated { entry }
            };
            assert_eq!(parse_entries(&bytes[..cut], 3), Err(error), "cut at {cut}");
        }
        assert_eq!(
            parse_entries(&bytes, 2),
            Err(EntriesError::TrailingBytes { width: 2, bytes: 4 })
        );
        assert_eq!(
            parse_entries(&bytes, 4),
            Err(EntriesError::TooFew {
                claimed: 3,
                expected: 4
            })
        );
        assert_eq!(
            parse_entries(&bytes, u16::MAX),
            Err(EntriesError::TooFew {
                claimed: 3,
                expected: u16::MAX
            })
        );
        assert_eq!(
            parse_entries(&[&bytes[..], &[0]].concat(), 3),
            Err(EntriesError::TrailingBytes { width: 3, bytes: 1 })
        );
    }

    #[test]
    fn what_does_not_fit_is_not_encoded() {
        let claimed = MAX_ENTRY + 1;
        assert_eq!(
            encode_entries([&[0][..], &vec![0; claimed]]),
            Err(EntriesError::TooLong {
                entry: 1,
                claimed,
                limit: MAX_ENTRY
            })
        );
        assert_eq!(
            encode_entries(vec![b""; 256]).map(|bytes| bytes.len()),
            Ok(512)
        );
        assert_eq!(
            encode_entries(vec![b""; 257]),
            Err(EntriesError::TooMany { limit: 256 })
        );
        assert_eq!(
            encode_entries(vec![vec![0; MAX_ENTRY]; 256]).map(|bytes| bytes.len()),
            Ok(MAX_BUNDLE_BYTES)
        );
    }

    #[test]
    fn entries_are_verified_against_their_root() {
        let bundle = EntryBundle::new(2, 3).unwrap();
        let entries = [b"ab", b"cd", b"ef"];
        let leaves = entries.map(|entry| leaf_hash(entry));
        let root = tree_root(&leaves);
        let bytes = encode_entries(entries).unwrap();
        let verified = VerifiedEntries::verify(bundle, &bytes, &root).unwrap();
        assert!(verified.iter().eq([
            (512, leaves[0], &b"ab"[..]),
            (513, leaves[1], b"cd"),
            (514, leaves[2], b"ef")
        ]));
        let swapped = encode_entries([b"cd", b"ab", b"ef"]).unwrap();
        let computed = tree_root(&[leaves[1], leaves[0], leaves[2]]);
        assert_eq!(
            VerifiedEntries::verify(bundle, &swapped, &root),
            Err(EntriesError::Mismatch {
                bundle,
                claimed: root,
                computed
            })
        );
    }
}
