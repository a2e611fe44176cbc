//! Every bound on hostile input, with the reason for its number.

/// Largest log entry in bytes: entry bundles carry a `uint16` length (tlog-tiles, "Log entries").
pub const MAX_ENTRY: usize = 65_535;

/// Most hashes in an inclusion proof: a tree of up to 2^64 − 1 leaves is at most 64 levels high (RFC 9162 §2.1.3).
pub const MAX_INCLUSION_PROOF: usize = 64;

/// Most hashes in a consistency proof: one for the old tree's edge, and a path of at most 64 levels (RFC 9162 §2.1.4).
pub const MAX_CONSISTENCY_PROOF: usize = 65;

/// Highest level that a tile path may name (tlog-tiles, "Merkle Tree"); trees of up to 2^64 − 1 leaves stop at level 7.
pub const MAX_TILE_LEVEL: u8 = 63;

/// Bytes of the largest entry bundle, 256 entries of [`MAX_ENTRY`] bytes and their lengths: what a reader must allow, and no more.
pub const MAX_BUNDLE_BYTES: usize = 256 * (2 + MAX_ENTRY);

/// Bytes of a full tile (tlog-tiles, "Merkle Tree"): what a reader must allow for any tile, and no more.
pub const MAX_TILE_BYTES: usize = 8_192;
