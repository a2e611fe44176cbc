//! Key functions: map an entry to the keys under which it is looked up (`docs/formats/index.md`, "Key function").

use crate::event::event;
use crate::event::lookup_key::{KeyKind, LookupKey, key_hashes};
use crate::merkle::hash::{Hash, leaf_hash};
use alloc::vec::Vec;

/// A key function that this version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapFunction {
    /// Names, digests, actors and keys of access events.
    AccessV1,
    /// The leaf hash of any entry.
    LeafV1,
}

/// SHA-256 of `docs/formats/mapfn/access-v1.txt`.
const ACCESS_V1: [u8; 32] = [
    0x75, 0x45, 0x73, 0x26, 0x85, 0xd7, 0x76, 0x67, 0x44, 0x69, 0xe5, 0xc5, 0x51, 0xab, 0x99, 0xf4,
    0xbe, 0xac, 0x39, 0x44, 0x05, 0xb7, 0x46, 0xef, 0x8d, 0xa4, 0x0d, 0x63, 0xa0, 0xca, 0xe9, 0xf5,
];

/// SHA-256 of `docs/formats/mapfn/leaf-v1.txt`.
const LEAF_V1: [u8; 32] = [
    0xb1, 0x65, 0x0f, 0xd9, 0xee, 0xbf, 0x58, 0x78, 0xd7, 0x92, 0x0e, 0x84, 0xeb, 0xdc, 0x82, 0xf1,
    0x7b, 0x70, 0x74, 0x1d, 0x27, 0xb0, 0x82, 0xe7, 0xc2, 0xa6, 0xac, 0x7b, 0x58, 0xe6, 0xc8, 0xcf,
];

impl MapFunction {
    const ALL: [Self; 2] = [Self::AccessV1, Self::LeafV1];

    /// The name in manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessV1 => "access/v1",
            Self::LeafV1 => "leaf/v1",
        }
    }

    /// SHA-256 of the text that specifies the function.
    #[must_use]
    pub const fn specification(self) -> Hash {
        Hash::from_bytes(match self {
            Self::AccessV1 => ACCESS_V1,
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
            Self::AccessV1 => key_hashes(event::parse(entry).ok().as_ref()),
            Self::LeafV1 => Vec::from([leaf_hash(entry)]),
        }
    }

    /// The keys whose records are in the reserved bucket, in no particular order.
    #[must_use]
    pub fn reserved(self) -> Vec<Hash> {
        match self {
            Self::AccessV1 => [KeyKind::Trust, KeyKind::Malformed, KeyKind::Detached]
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
        let access = include_bytes!("../../../../docs/formats/mapfn/access-v1.txt");
        let leaf = include_bytes!("../../../../docs/formats/mapfn/leaf-v1.txt");
        assert_eq!(MapFunction::AccessV1.specification(), sha256(access));
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
        let keys = MapFunction::AccessV1.keys(b"no event");
        assert_eq!(keys, [malformed]);
        assert!(MapFunction::AccessV1.reserved().contains(&malformed));
        let keys = MapFunction::LeafV1.keys(b"no event");
        assert_eq!(keys, [leaf_hash(b"no event")]);
    }
}
