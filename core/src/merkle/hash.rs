//! SHA-256 and the Merkle tree hashes over it ([RFC 6962 §2.1](https://www.rfc-editor.org/rfc/rfc6962#section-2.1)).

use crate::text::wire;
use alloc::string::String;
use core::fmt;
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

/// Bytes of a SHA-256 hash.
pub const HASH_SIZE: usize = 32;

/// The SHA-256 hash of an entry, a tree or a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; HASH_SIZE]);

impl Hash {
    /// Wraps the 32 bytes of a hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; HASH_SIZE]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; HASH_SIZE] {
        &self.0
    }

    /// Parses the standard base64 of exactly 32 bytes, the spelling of hashes on the wire.
    #[must_use]
    pub fn parse_base64(text: &str) -> Option<Self> {
        wire::base64_decode_array(text).map(Self)
    }

    /// Encodes the hash as base64, the spelling of hashes on the wire.
    #[must_use]
    pub fn to_base64(&self) -> String {
        wire::base64_encode(&self.0)
    }

    /// Encodes the hash as lower-case hex, the spelling of artifact digests.
    #[must_use]
    pub fn to_hex(&self) -> String {
        wire::hex_encode(&self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64())
    }
}

/// Hashes bytes as they are, without a Merkle tree prefix.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// Hashes an entry into a leaf: `SHA-256(0x00 ‖ entry)`.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([0])
            .chain_update(entry)
            .finalize()
            .into(),
    )
}

/// Hashes two children into their parent: `SHA-256(0x01 ‖ left ‖ right)`.
///
/// These 65 bytes always fill two blocks of SHA-256. Laying the blocks out here, without the buffer of a general
/// hasher, is about a third faster.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let [head @ .., last] = &right.0;
    let mut blocks = [[0; 64]; 2];
    let [
        [prefix, children @ ..],
        [carried, padding, .., length_high, length_low],
    ] = &mut blocks;
    *prefix = 1;
    let (left_half, right_half) = children.split_at_mut(HASH_SIZE);
    left_half.copy_from_slice(&left.0);
    right_half.copy_from_slice(head);
    (*carried, *padding) = (*last, 0x80);
    [*length_high, *length_low] = NODE_BITS.to_be_bytes();
    let mut state = INITIAL_STATE;
    compress256(&mut state, &blocks);
    let mut bytes = [0; HASH_SIZE];
    for (out, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *out = word.to_be_bytes();
    }
    Hash(bytes)
}

/// Length of a node's input in bits, for the padding of SHA-256: 65 bytes.
const NODE_BITS: u16 = 65 * 8;

/// The initial state of SHA-256 ([FIPS 180-4 §5.3.3](https://doi.org/10.6028/NIST.FIPS.180-4)).
const INITIAL_STATE: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Returns the root of the tree without leaves: the SHA-256 of the empty string.
#[must_use]
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// Hashes a file piece by piece, in constant memory.
#[derive(Clone, Debug, Default)]
pub struct FileHasher(Sha256);

impl FileHasher {
    /// Starts with no bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the SHA-256 of all bytes added.
    #[must_use]
    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    #[test]
    fn known_hashes() {
        assert_eq!(
            empty_root().to_hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            leaf_hash(b"").to_hex(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(node_hash(&empty_root(), &leaf_hash(b"")), {
            let mut bytes = Vec::from([1]);
            bytes.extend(empty_root().as_bytes());
            bytes.extend(leaf_hash(b"").as_bytes());
            sha256(&bytes)
        });
    }

    #[test]
    fn base64_is_the_text_form() {
        let hash = leaf_hash(b"");
        assert_eq!(
            format!("{hash}"),
            "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
        );
        assert_eq!(format!("{hash:?}"), format!("{hash}"));
        assert_eq!(Hash::parse_base64(&hash.to_base64()), Some(hash));
        assert_eq!(
            Hash::parse_base64("bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0"),
            None
        );
        assert_eq!(
            Hash::parse_base64("bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB1="),
            None
        );
        assert_eq!(Hash::parse_base64("bjQLnA=="), None);
    }

    #[test]
    fn file_hasher_does_not_depend_on_the_cuts() {
        let file: Vec<u8> = (0..1000u32).map(|i| i.to_be_bytes()[3]).collect();
        for cut in [0, 1, 63, 64, 65, 999, 1000] {
            let mut hasher = FileHasher::new();
            hasher.update(&file[..cut]);
            hasher.update(&file[cut..]);
            assert_eq!(hasher.finish(), sha256(&file));
        }
    }
}
