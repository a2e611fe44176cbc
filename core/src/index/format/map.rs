//! Key functions: map an entry to the keys under which it is looked up (`docs/formats/index.md`, "Key function").

use crate::event::access_keys::key_hashes;
use crate::event::lookup_key::{KeyKind, LookupKey};
use crate::merkle::hash::{Hash, leaf_hash};
use alloc::vec::Vec;

/// A key function that this version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapFunction {
    /// Names, digests, actors and keys of access events.
    AccessV2,
    /// The leaf hash of any entry.
    LeafV1,
}

/// SHA-256 of `docs/formats/mapfn/access-v2.txt`.
const ACCESS_V2: [u8; 32] = [
    0x5f, 0x15, 0x78, 0x5e, 0x8a, 0xc0, 0xf0, 0x11, 0xa0, 0x10, 0x78, 0xf9, 0x0b, 0x1d, 0x33, 0x39,
    0x5f, 0xeb, 0x08, 0x2f, 0x92, 0x69, 0xe2, 0xcd, 0x0e, 0xa4, 0xce, 0x0f, 0x35, 0xfa, 0xd1, 0xb8,
];

/// SHA-256 of `docs/formats/mapfn/leaf-v1.txt`.
const LEAF_V1: [u8; 32] = [
    0xb1, 0x65, 0x0f, 0xd9, 0xee, 0xbf, 0x58, 0x78, 0xd7, 0x92, 0x0e, 0x84, 0xeb, 0xdc, 0x82, 0xf1,
    0x7b, 0x70, 0x74, 0x1d, 0x27, 0xb0, 0x82, 0xe7, 0xc2, 0xa6, 0xac, 0x7b, 0x58, 0xe6, 0xc8, 0xcf,
];

impl MapFunction {
    const ALL: [Self; 2] = [Self::AccessV2, Self::LeafV1];

    /// The name in manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessV2 => "access/v2",
            Self::LeafV1 => "leaf/v1",
        }
    }

    /// SHA-256 of the text that specifies the function.
    #[must_use]
    pub const fn specification(self) -> Hash {
        Hash::from_bytes(match self {
            Self::AccessV2 => ACCESS_V2,
            Self::LeafV1 => LEAF_V1,
        })
    }

    /// The function with this name and this specification, if this version knows it.
    #[must_use]
    pub fn find(name: &str, specification: &Hash) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|map| map.name() == name && map.specification() == *specification)
    }

    /// The keys of an entry: at least one, without duplicates, in ascending order.
    #[must_use]
    pub fn keys(self, entry: &[u8]) -> Vec<Hash> {
        match self {
            Self::AccessV2 => key_hashes(entry),
            Self::LeafV1 => Vec::from([leaf_hash(entry)]),
        }
    }

    /// The keys whose records are in the reserved bucket, in no particular order.
    #[must_use]
    pub fn reserved(self) -> Vec<Hash> {
        match self {
            Self::AccessV2 => KeyKind::RESERVED
                .into_iter()
                .map(|kind| LookupKey::new(kind, "").hash())
                .collect(),
            Self::LeafV1 => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::hash::sha256;

    #[test]
    fn the_specifications_are_those_that_are_named() {
        let access = include_bytes!("../../../../docs/formats/mapfn/access-v2.txt");
        let leaf = include_bytes!("../../../../docs/formats/mapfn/leaf-v1.txt");
        assert_eq!(MapFunction::AccessV2.specification(), sha256(access));
        assert_eq!(MapFunction::LeafV1.specification(), sha256(leaf));
        for map in MapFunction::ALL {
            assert_eq!(
                MapFunction::find(map.name(), &map.specification()),
                Some(map)
            );
            assert_eq!(MapFunction::find(map.name(), &sha256(b"")), None);
        }
    }

    #[test]
    fn every_entry_has_a_key() {
        let malformed = LookupKey::new(KeyKind::Malformed, "").hash();
        let keys = MapFunction::AccessV2.keys(b"no event");
        assert_eq!(keys, [malformed]);
        assert!(MapFunction::AccessV2.reserved().contains(&malformed));
        let keys = MapFunction::LeafV1.keys(b"no event");
        assert_eq!(keys, [leaf_hash(b"no event")]);
    }
}
