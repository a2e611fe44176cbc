//! Inclusion and consistency proofs over every tree of 0–64 leaves: every true proof verifies, and every changed one
//! fails with its class.

use glasslog_core::merkle::{
    CompactRange, ConsistencyProof, Hash, InclusionProof, ProofError, Subtree, TreeHead,
    consistency_subtrees, empty_root, inclusion_subtrees, leaf_hash, node_hash, sha256, tree_root,
};
use std::collections::BTreeMap;

const LARGEST: u64 = 64;

/// A tree of [`LARGEST`] leaves with the hashes of all its complete subtrees.
struct World {
    leaves: Vec<Hash>,
    heads: Vec<TreeHead>,
    nodes: BTreeMap<Subtree, Hash>,
}

impl World {
    fn new() -> Self {
        let leaves: Vec<Hash> = (0..LARGEST)
            .map(|index| leaf_hash(&index.to_be_bytes()))
            .collect();
        let mut nodes = BTreeMap::new();
        let mut range = CompactRange::new();
        for leaf in &leaves {
            range.push_with(*leaf, |subtree, hash| {
                nodes.insert(subtree, hash);
            });
        }
        let heads = (0..=leaves.len())
            .map(|size| TreeHead {
                size: u64::try_from(size).unwrap(),
                root: tree_root(&leaves[..size]),
            })
            .collect();
        Self {
            leaves,
            heads,
            nodes,
        }
    }

    fn head(&self, size: u64) -> TreeHead {
        self.heads[usize::try_from(size).unwrap()]
    }

    fn first(&self, size: u64) -> &[Hash] {
        &self.leaves[..usize::try_from(size).unwrap()]
    }

    fn read(&self, subtree: Subtree) -> Result<Hash, ProofError> {
        Ok(self.nodes[&subtree])
    }

    fn inclusion(&self, index: u64, size: u64) -> InclusionProof {
        InclusionProof::prove(index, size, |subtree| self.read(subtree)).unwrap()
    }

    fn consistency(&self, old: u64, new: u64) -> ConsistencyProof {
        ConsistencyProof::prove(old, new, |subtree| self.read(subtree)).unwrap()
    }
}

/// PATH(m, D\[n\]) of RFC 6962 §2.1.1, word for word.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut hashes, sibling) = if m < left.len() {
        (path(m, left), tree_root(right))
    } else {
        (path(m - left.len(), right), tree_root(left))
    };
    hashes.push(sibling);
    hashes
}

/// SUBPROOF(m, D\[n\], b) of RFC 6962 §2.1.2, word for word.
fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole {
            Vec::new()
        } else {
            vec![tree_root(leaves)]
        };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut hashes, sibling) = if m <= left.len() {
        (subproof(m, left, whole), tree_root(right))
    } else {
        (subproof(m - left.len(), right, false), tree_root(left))
    };
    hashes.push(sibling);
    hashes
}

fn flipped(hash: &Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}

/// All damages to a list of hashes: those that keep its length, and those that change it.
fn mutations(hashes: &[Hash]) -> (Vec<Vec<Hash>>, Vec<Vec<Hash>>) {
    let (mut same_length, mut other_length) = (Vec::new(), Vec::new());
    let junk = sha256(b"junk");
    for at in 0..hashes.len() {
        for bit in [0, 7, 128, 255] {
            let mut flip = hashes.to_vec();
            flip[at] = flipped(&flip[at], bit);
            same_length.push(flip);
        }
        for other in at + 1..hashes.len() {
            let mut swap = hashes.to_vec();
            swap.swap(at, other);
            same_length.push(swap);
        }
        let mut drop = hashes.to_vec();
        drop.remove(at);
        other_length.push(drop);
        let mut duplicate = hashes.to_vec();
        duplicate.insert(at, hashes[at]);
        other_length.push(duplicate);
    }
    for extra in [junk, empty_root()] {
        other_length.push([hashes, &[extra]].concat());
        other_length.push([&[extra], hashes].concat());
    }
    (same_length, other_length)
}

#[test]
fn inclusion_proofs_are_those_of_the_rfc_and_verify() {
    let world = World::new();
    for size in 1..=LARGEST {
        let head = world.head(size);
        for index in 0..size {
            let proof = world.inclusion(index, size);
            let at = usize::try_from(index).unwrap();
            assert_eq!(
                proof.hashes(),
                path(at, world.first(size)),
                "{index} of {size}"
            );
            assert_eq!(
                proof.verify(&world.leaves[at], index, &head),
                Ok(()),
                "{index} of {size}"
            );
        }
    }
}

#[test]
fn inclusion_proofs_hold_for_one_leaf_index_and_size_only() {
    let world = World::new();
    for size in 1..=LARGEST {
        let head = world.head(size);
        for index in 0..size {
            let proof = world.inclusion(index, size);
            let leaf = world.leaves[usize::try_from(index).unwrap()];
            for other in (0..size + 9).filter(|other| *other != index) {
                let class = proof.verify(&leaf, other, &head).unwrap_err().code();
                if other >= size {
                    assert_eq!(class, "proof-index-out-of-range");
                } else {
                    let expected = world.inclusion(other, size).hashes().len();
                    let fits = proof.hashes().len() == expected;
                    assert_eq!(
                        class,
                        if fits {
                            "proof-root-mismatch"
                        } else {
                            "proof-length-mismatch"
                        }
                    );
                }
            }
            for (at, other) in world.leaves.iter().enumerate() {
                if at != usize::try_from(index).unwrap() {
                    assert!(
                        matches!(proof.verify(other, index, &head), Err(ProofError::RootMismatch { claimed, .. }) if claimed == head.root)
                    );
                }
            }
            for other in (0..=LARGEST).filter(|other| *other != size) {
                // The true root of another size never fits, because its leaves differ.
                assert!(
                    proof.verify(&leaf, index, &world.head(other)).is_err(),
                    "{index} of {size} shown in {other}"
                );
                // This root under another size: out of range, of another length, or of the same shape up to the root.
                let relabelled = TreeHead {
                    size: other,
                    root: head.root,
                };
                match proof.verify(&leaf, index, &relabelled) {
                    Ok(()) => assert_eq!(
                        sides(index, size),
                        sides(index, other),
                        "{index} of {size} shown in {other}"
                    ),
                    Err(ProofError::IndexOutOfRange { .. }) => assert!(index >= other),
                    Err(ProofError::LengthMismatch { claimed, expected }) => {
                        assert_eq!(
                            (claimed, expected),
                            (sides(index, size).len(), sides(index, other).len())
                        );
                        assert_ne!(claimed, expected);
                    }
                    Err(ProofError::RootMismatch { .. }) => {
                        assert_ne!(sides(index, size), sides(index, other))
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }
}

/// The side of each sibling, which is all that one proof reveals about the size of the tree.
///
/// RFC 6962 binds the size to the root only through this shape; the signature on the checkpoint binds it fully.
fn sides(index: u64, size: u64) -> Vec<bool> {
    let (mut start, mut end, mut sides) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + (end - start).next_power_of_two() / 2;
        sides.push(index >= middle);
        if index < middle {
            end = middle
        } else {
            start = middle
        }
    }
    sides.reverse();
    sides
}

#[test]
fn spoilt_inclusion_proofs_fail_with_their_class() {
    let world = World::new();
    for size in 1..=LARGEST {
        let head = world.head(size);
        for index in 0..size {
            let proof = world.inclusion(index, size);
            let leaf = world.leaves[usize::try_from(index).unwrap()];
            let (same_length, other_length) = mutations(proof.hashes());
            for hashes in same_length {
                let spoilt = InclusionProof::from_hashes(hashes).unwrap();
                assert!(
                    matches!(spoilt.verify(&leaf, index, &head), Err(ProofError::RootMismatch { claimed, computed }) if claimed == head.root && computed != claimed)
                );
            }
            for hashes in other_length {
                let (claimed, expected) = (hashes.len(), proof.hashes().len());
                let spoilt = InclusionProof::from_hashes(hashes).unwrap();
                assert_eq!(
                    spoilt.verify(&leaf, index, &head),
                    Err(ProofError::LengthMismatch { claimed, expected })
                );
            }
            let other_root = TreeHead {
                size,
                root: flipped(&head.root, 77),
            };
            assert_eq!(
                proof.verify(&leaf, index, &other_root),
                Err(ProofError::RootMismatch {
                    claimed: other_root.root,
                    computed: head.root
                })
            );
        }
    }
}

#[test]
fn consistency_proofs_are_those_of_the_rfc_and_verify() {
    let world = World::new();
    for new in 0..=LARGEST {
        for old in 0..=new {
            let proof = world.consistency(old, new);
            let expected = if old == 0 {
                Vec::new()
            } else {
                subproof(usize::try_from(old).unwrap(), world.first(new), true)
            };
            assert_eq!(proof.hashes(), expected, "{old} to {new}");
            assert_eq!(
                proof.verify(&world.head(old), &world.head(new)),
                Ok(()),
                "{old} to {new}"
            );
        }
    }
}

#[test]
fn spoilt_consistency_proofs_fail_with_their_class() {
    let world = World::new();
    for new in 0..=LARGEST {
        let new_head = world.head(new);
        for old in 0..=new {
            let old_head = world.head(old);
            let proof = world.consistency(old, new);
            let (same_length, other_length) = mutations(proof.hashes());
            for hashes in same_length {
                let spoilt = ConsistencyProof::from_hashes(hashes).unwrap();
                let error = spoilt.verify(&old_head, &new_head).unwrap_err();
                assert!(
                    matches!(
                        error,
                        ProofError::RootMismatch { .. } | ProofError::OldRootMismatch { .. }
                    ),
                    "{old} to {new}: {error}"
                );
            }
            for hashes in other_length {
                let (claimed, expected) = (hashes.len(), proof.hashes().len());
                let spoilt = ConsistencyProof::from_hashes(hashes).unwrap();
                assert_eq!(
                    spoilt.verify(&old_head, &new_head),
                    Err(ProofError::LengthMismatch { claimed, expected })
                );
            }
            if old < new {
                assert_eq!(
                    proof.verify(&new_head, &old_head),
                    Err(ProofError::SizeMismatch { old: new, new: old })
                );
                let swapped = (
                    TreeHead {
                        size: old,
                        root: new_head.root,
                    },
                    TreeHead {
                        size: new,
                        root: old_head.root,
                    },
                );
                assert!(
                    proof.verify(&swapped.0, &swapped.1).is_err(),
                    "{old} to {new}"
                );
            }
            let forked_old = TreeHead {
                size: old,
                root: flipped(&old_head.root, 3),
            };
            let forked_new = TreeHead {
                size: new,
                root: flipped(&new_head.root, 3),
            };
            if old == new && old > 0 {
                assert_eq!(
                    proof.verify(&forked_old, &new_head),
                    Err(ProofError::RootMismatch {
                        claimed: new_head.root,
                        computed: forked_old.root
                    })
                );
            } else if old.is_power_of_two() {
                // The old root itself is the start of the climb.
                assert!(
                    matches!(proof.verify(&forked_old, &new_head), Err(ProofError::RootMismatch { claimed, .. }) if claimed == new_head.root)
                );
            } else {
                assert_eq!(
                    proof.verify(&forked_old, &new_head),
                    Err(ProofError::OldRootMismatch {
                        claimed: forked_old.root,
                        computed: old_head.root
                    })
                );
            }
            if old > 0 || new == 0 {
                assert_eq!(
                    proof.verify(&old_head, &forked_new),
                    Err(ProofError::RootMismatch {
                        claimed: forked_new.root,
                        computed: if old == new {
                            old_head.root
                        } else {
                            new_head.root
                        }
                    })
                );
            }
        }
    }
}

#[test]
fn consistency_proofs_hold_for_one_pair_of_trees_only() {
    let world = World::new();
    for new in 1..=LARGEST {
        for old in 1..=new {
            let proof = world.consistency(old, new);
            for other in (0..=LARGEST).filter(|other| *other != old) {
                let fits =
                    other <= new && (other == 0 || other == new) && proof.hashes().is_empty();
                assert_eq!(
                    proof.verify(&world.head(other), &world.head(new)).is_ok(),
                    fits,
                    "{old} to {new} shown from {other}"
                );
                // This root under another size.
                let relabelled = TreeHead {
                    size: other,
                    root: world.head(old).root,
                };
                assert!(
                    proof.verify(&relabelled, &world.head(new)).is_err(),
                    "{old} to {new} shown from {other}"
                );
            }
        }
    }
}

#[test]
fn the_empty_tree_has_one_root() {
    let world = World::new();
    let empty = TreeHead::empty();
    let proof = world.consistency(0, 0);
    let false_empty = TreeHead {
        size: 0,
        root: node_hash(&empty.root, &empty.root),
    };
    let mismatch = Err(ProofError::OldRootMismatch {
        claimed: false_empty.root,
        computed: empty_root(),
    });
    assert_eq!(proof.verify(&false_empty, &false_empty), mismatch);
    assert_eq!(proof.verify(&false_empty, &world.head(5)), mismatch);
    assert_eq!(
        proof.verify(&empty, &false_empty),
        Err(ProofError::RootMismatch {
            claimed: false_empty.root,
            computed: empty_root()
        })
    );
    let inclusion = InclusionProof::from_hashes(Vec::new()).unwrap();
    assert_eq!(
        inclusion.verify(&empty_root(), 0, &empty),
        Err(ProofError::IndexOutOfRange { index: 0, size: 0 })
    );
}

#[test]
fn the_largest_sizes_do_not_wrap() {
    let edges = [
        0,
        1,
        2,
        3,
        255,
        256,
        257,
        (1 << 32) - 1,
        1 << 32,
        (1 << 63) - 1,
        1 << 63,
        (1 << 63) + 1,
        u64::MAX - 2,
        u64::MAX - 1,
        u64::MAX,
    ];
    let leaf = leaf_hash(b"");
    let mut longest = (0, 0);
    for size in edges {
        for index in edges {
            let read = |subtree: Subtree| {
                assert!(subtree.is_within(size));
                Ok::<_, ProofError>(sha256(format!("{subtree:?}").as_bytes()))
            };
            let built = InclusionProof::prove(index, size, read);
            assert_eq!(built.is_ok(), index < size);
            assert_eq!(inclusion_subtrees(index, size).is_ok(), index < size);
            if let Ok(proof) = built {
                longest.0 = longest.0.max(proof.hashes().len());
                // The proof proves the root that it leads to; any other number of hashes is refused.
                let Err(ProofError::RootMismatch { computed, .. }) =
                    proof.verify(&leaf, index, &TreeHead { size, root: leaf })
                else {
                    assert_eq!(size, 1);
                    continue;
                };
                assert_eq!(
                    proof.verify(
                        &leaf,
                        index,
                        &TreeHead {
                            size,
                            root: computed
                        }
                    ),
                    Ok(())
                );
            }
            let (old, new) = (index, size);
            let built = ConsistencyProof::prove(old, new, read);
            assert_eq!(built.is_ok(), old <= new);
            assert_eq!(consistency_subtrees(old, new).is_ok(), old <= new);
            if let Ok(proof) = built {
                longest.1 = longest.1.max(proof.hashes().len());
                let error = proof
                    .verify(
                        &TreeHead {
                            size: old,
                            root: leaf,
                        },
                        &TreeHead {
                            size: new,
                            root: empty_root(),
                        },
                    )
                    .unwrap_err();
                assert!(
                    matches!(
                        error,
                        ProofError::RootMismatch { .. } | ProofError::OldRootMismatch { .. }
                    ),
                    "{old} to {new}: {error}"
                );
            }
        }
        for length in 0..=64 {
            let junk = InclusionProof::from_hashes(vec![leaf; length]).unwrap();
            let junk_consistency = ConsistencyProof::from_hashes(vec![leaf; length]).unwrap();
            for index in edges {
                assert!(
                    junk.verify(
                        &leaf,
                        index,
                        &TreeHead {
                            size,
                            root: empty_root()
                        }
                    )
                    .is_err()
                );
                let heads = (
                    TreeHead {
                        size: index,
                        root: leaf,
                    },
                    TreeHead {
                        size,
                        root: empty_root(),
                    },
                );
                assert!(junk_consistency.verify(&heads.0, &heads.1).is_err());
            }
        }
    }
    assert_eq!(
        longest,
        (64, 65),
        "the limits are the longest proofs that exist"
    );
}

#[test]
fn proofs_longer_than_any_tree_needs_are_refused_early() {
    let leaf = leaf_hash(b"");
    assert_eq!(
        InclusionProof::from_hashes(vec![leaf; 65]),
        Err(ProofError::TooLong {
            claimed: 65,
            limit: 64
        })
    );
    assert_eq!(
        ConsistencyProof::from_hashes(vec![leaf; 66]),
        Err(ProofError::TooLong {
            claimed: 66,
            limit: 65
        })
    );
    let line = format!("{leaf}\n");
    assert_eq!(
        InclusionProof::parse_lines(&line.repeat(65)),
        Err(ProofError::TooLong {
            claimed: 65,
            limit: 64
        })
    );
    assert_eq!(
        ConsistencyProof::parse_lines(&line.repeat(1000)),
        Err(ProofError::TooLong {
            claimed: 66,
            limit: 65
        })
    );
}

#[test]
fn lines_are_canonical() {
    let world = World::new();
    let proof = world.consistency(5, 64);
    let text = proof.encode_lines();
    assert_eq!(ConsistencyProof::parse_lines(&text), Ok(proof.clone()));
    assert_eq!(ConsistencyProof::parse_lines("").unwrap().hashes(), []);
    let unended = text.strip_suffix('\n').unwrap();
    assert_eq!(
        ConsistencyProof::parse_lines(unended),
        Err(ProofError::BadLine {
            line: proof.hashes().len()
        })
    );
    for (bad, line) in [("\n", 1), (" \n", 1), ("é\n", 1)] {
        assert_eq!(
            ConsistencyProof::parse_lines(bad),
            Err(ProofError::BadLine { line })
        );
        assert_eq!(
            InclusionProof::parse_lines(&format!("{text}{bad}")),
            Err(ProofError::BadLine {
                line: proof.hashes().len() + 1
            })
        );
    }
    assert_eq!(
        ConsistencyProof::parse_lines(&text.replacen('\n', "\r\n", 1)),
        Err(ProofError::BadLine { line: 1 })
    );
}
