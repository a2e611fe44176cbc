//! Other people's Merkle trees as oracles: rs_merkle, ct-merkle and tlog_tiles; and claims that two of them accept, but
//! ours must not.

use glasslog_core::merkle::{
    ConsistencyProof, Hash, InclusionProof, ProofError, Subtree, TreeHead, leaf_hash, node_hash,
    tree_root,
};
use glasslog_core::tiles::{ConsistencyPlan, InclusionPlan, Tile, TileError, tiles_between};
use std::cell::RefCell;
use std::collections::BTreeMap;

fn entry(index: usize) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&entry(index))).collect()
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap()
}

fn read(leaves: &[Hash]) -> impl Fn(Subtree) -> Result<Hash, ProofError> {
    |subtree| {
        let [start, end] =
            [subtree.start(), subtree.end()].map(|at| usize::try_from(at.unwrap()).unwrap());
        Ok(tree_root(&leaves[start..end]))
    }
}

fn head(leaves: &[Hash]) -> TreeHead {
    TreeHead {
        size: wide(leaves.len()),
        root: tree_root(leaves),
    }
}

mod rs_merkle_oracle {
    use super::*;
    use rs_merkle::{Hasher, MerkleProof, MerkleTree};

    /// SHA-256 with the domain separation of RFC 6962.
    #[derive(Clone)]
    struct Rfc6962;

    impl Hasher for Rfc6962 {
        type Hash = [u8; 32];

        fn hash(entry: &[u8]) -> [u8; 32] {
            *leaf_hash(entry).as_bytes()
        }

        fn concat_and_hash(left: &[u8; 32], right: Option<&[u8; 32]>) -> [u8; 32] {
            right.map_or(*left, |right| {
                *node_hash(&Hash::from_bytes(*left), &Hash::from_bytes(*right)).as_bytes()
            })
        }
    }

    fn bytes(hashes: &[Hash]) -> Vec<[u8; 32]> {
        hashes.iter().map(|hash| *hash.as_bytes()).collect()
    }

    fn ours(proof: &MerkleProof<Rfc6962>) -> InclusionProof {
        InclusionProof::from_hashes(
            proof
                .proof_hashes()
                .iter()
                .copied()
                .map(Hash::from_bytes)
                .collect(),
        )
        .unwrap()
    }

    #[test]
    fn roots_and_single_proofs_agree() {
        let all = leaves(300);
        for size in 1..=all.len() {
            let leaves = &all[..size];
            let tree = MerkleTree::<Rfc6962>::from_leaves(&bytes(leaves));
            let head = head(leaves);
            assert_eq!(tree.root(), Some(*head.root.as_bytes()), "size {size}");
            for index in
                (0..size).filter(|index| size <= 70 || index % 37 == size % 37 || index + 2 > size)
            {
                let theirs = tree.proof(&[index]);
                let proof = InclusionProof::prove(wide(index), head.size, read(leaves)).unwrap();
                assert_eq!(ours(&theirs), proof, "{index} of {size}");
                assert_eq!(proof.verify(&leaves[index], wide(index), &head), Ok(()));
                assert!(theirs.verify(
                    *head.root.as_bytes(),
                    &[index],
                    &[*leaves[index].as_bytes()],
                    size
                ));
            }
        }
    }

    #[test]
    fn surplus_hashes_are_refused_here_though_not_there() {
        let leaves = leaves(5);
        let (head, index) = (head(&leaves), 1);
        let good = InclusionProof::prove(1, 5, read(&leaves)).unwrap();
        let hashes = [good.hashes(), &[leaf_hash(b"junk"), leaf_hash(b"more")]].concat();
        let theirs = MerkleProof::<Rfc6962>::new(bytes(&hashes));
        assert!(
            theirs.verify(
                *head.root.as_bytes(),
                &[index],
                &[*leaves[index].as_bytes()],
                5
            ),
            "rs_merkle accepts it"
        );
        assert_eq!(
            InclusionProof::from_hashes(hashes)
                .unwrap()
                .verify(&leaves[index], 1, &head),
            Err(ProofError::LengthMismatch {
                claimed: 5,
                expected: 3
            })
        );
    }

    #[test]
    fn an_index_outside_the_tree_is_refused_here_though_not_there() {
        let leaves = leaves(5);
        let head = head(&leaves);
        let proof = InclusionProof::prove(0, 5, read(&leaves)).unwrap();
        let theirs = MerkleProof::<Rfc6962>::new(bytes(proof.hashes()));
        assert!(
            theirs.verify(*head.root.as_bytes(), &[8], &[*leaves[0].as_bytes()], 5),
            "rs_merkle accepts it"
        );
        assert_eq!(
            proof.verify(&leaves[0], 8, &head),
            Err(ProofError::IndexOutOfRange { index: 8, size: 5 })
        );
    }

    /// A size that the index does not fit. (A size that gives the leaf the same siblings on the same sides is another
    /// matter: no verifier can refuse it, the signature on the checkpoint does.)
    #[test]
    fn another_tree_size_is_refused_here_though_not_there() {
        let leaves = leaves(8);
        let head = head(&leaves);
        let proof = InclusionProof::prove(7, 8, read(&leaves)).unwrap();
        let theirs = MerkleProof::<Rfc6962>::new(bytes(proof.hashes()));
        for size in 4..8 {
            let claim = TreeHead {
                size: wide(size),
                root: head.root,
            };
            assert!(
                theirs.verify(*head.root.as_bytes(), &[7], &[*leaves[7].as_bytes()], size),
                "rs_merkle accepts it"
            );
            assert_eq!(
                proof.verify(&leaves[7], 7, &claim),
                Err(ProofError::IndexOutOfRange {
                    index: 7,
                    size: wide(size)
                })
            );
        }
    }

    /// n = 2 and indices \[0, 0, 0\]: rs_merkle accepts any third leaf.
    #[test]
    fn a_leaf_that_is_not_in_the_tree_is_refused_here_though_not_there() {
        let leaves = leaves(2);
        let (head, foreign, junk) = (
            head(&leaves),
            leaf_hash(b"never logged"),
            leaf_hash(b"junk"),
        );
        let theirs = MerkleProof::<Rfc6962>::new(bytes(&[junk; 3]));
        let claimed = bytes(&[leaves[0], leaves[1], foreign]);
        assert!(
            theirs.verify(*head.root.as_bytes(), &[0, 0, 0], &claimed, 2),
            "rs_merkle accepts it"
        );
        // Our proofs have one leaf; no proof of any length proves this one at any index.
        for length in 0..=3 {
            for filler in [junk, foreign, leaves[0], leaves[1]] {
                let proof = InclusionProof::from_hashes(vec![filler; length]).unwrap();
                for index in 0..4 {
                    assert!(proof.verify(&foreign, index, &head).is_err());
                }
            }
        }
    }
}

mod ct_merkle_oracle {
    use super::*;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use ct_merkle::{
        ConsistencyProof as TheirConsistency, InclusionProof as TheirInclusion, RootHash,
    };
    use sha2::Sha256;

    fn root(head: &TreeHead) -> RootHash<Sha256> {
        RootHash::new((*head.root.as_bytes()).into(), head.size)
    }

    fn joined(hashes: &[Hash]) -> Vec<u8> {
        hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
    }

    fn split(bytes: &[u8]) -> Vec<Hash> {
        bytes
            .as_chunks()
            .0
            .iter()
            .copied()
            .map(Hash::from_bytes)
            .collect()
    }

    #[test]
    fn proofs_agree_and_so_do_verdicts() {
        let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        let all = leaves(40);
        for size in 1..=all.len() {
            tree.push(entry(size - 1));
            let leaves = &all[..size];
            let new = head(leaves);
            assert!(tree.root() == root(&new));
            for index in 0..size {
                let proof = InclusionProof::prove(wide(index), new.size, read(leaves)).unwrap();
                assert_eq!(
                    split(tree.prove_inclusion(index).as_bytes()),
                    proof.hashes()
                );
                // The proof as it is, and shown at every other index and size.
                let theirs = TheirInclusion::<Sha256>::from_bytes(joined(proof.hashes()));
                for other_size in 1..=all.len() {
                    let claim = TreeHead {
                        size: wide(other_size),
                        root: new.root,
                    };
                    for other in index.saturating_sub(2)..index + 3 {
                        let ours = proof.verify(&leaves[index], wide(other), &claim).is_ok();
                        let theirs = root(&claim)
                            .verify_inclusion(&entry(index), wide(other), &theirs)
                            .is_ok();
                        assert_eq!(
                            ours, theirs,
                            "{index} of {size} shown as {other} of {other_size}"
                        );
                    }
                }
            }
            for old_size in 1..=size {
                let old = head(&leaves[..old_size]);
                let proof = ConsistencyProof::prove(old.size, new.size, read(leaves)).unwrap();
                assert_eq!(
                    split(tree.prove_consistency(size - old_size).as_bytes()),
                    proof.hashes()
                );
                let theirs =
                    TheirConsistency::<Sha256>::try_from_bytes(joined(proof.hashes())).unwrap();
                for other in 1..=all.len() {
                    for other_old in [
                        head(&all[..other]),
                        TreeHead {
                            size: wide(other),
                            root: old.root,
                        },
                    ] {
                        let ours = proof.verify(&other_old, &new).is_ok();
                        let theirs = root(&new)
                            .verify_consistency(&root(&other_old), &theirs)
                            .is_ok();
                        assert_eq!(ours, theirs, "{old_size} to {size} shown from {other}");
                    }
                }
            }
        }
    }
}

mod tlog_tiles_oracle {
    use super::*;
    use tlog_tiles::{
        Error, Hash as TheirHash, HashReader, Tile as TheirTile, TileHashReader, TileReader,
    };

    fn theirs(hash: Hash) -> TheirHash {
        TheirHash(*hash.as_bytes())
    }

    fn ours(hashes: &[TheirHash]) -> Vec<Hash> {
        hashes.iter().map(|hash| Hash::from_bytes(hash.0)).collect()
    }

    /// The same tile with the height left out of its path, as tlog-tiles has it.
    fn our_path(tile: &TheirTile) -> String {
        tile.path().replacen("tile/8/", "tile/", 1)
    }

    /// A log in memory, in their storage order, that notes which tiles it was asked for.
    struct Log {
        stored: Vec<TheirHash>,
        asked: RefCell<Vec<String>>,
        spoil: Option<String>,
    }

    impl HashReader for Log {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<TheirHash>, Error> {
            Ok(indexes
                .iter()
                .map(|index| self.stored[usize::try_from(*index).unwrap()])
                .collect())
        }
    }

    impl TileReader for Log {
        fn height(&self) -> u8 {
            8
        }

        fn read_tiles(&self, tiles: &[TheirTile]) -> Result<Vec<Vec<u8>>, Error> {
            self.asked.borrow_mut().extend(tiles.iter().map(our_path));
            tiles.iter().map(|tile| self.bytes(tile)).collect()
        }

        fn save_tiles(&self, _: &[TheirTile], _: &[Vec<u8>]) {}
    }

    impl Log {
        fn new(size: u64) -> Self {
            let mut log = Self {
                stored: Vec::new(),
                asked: RefCell::default(),
                spoil: None,
            };
            for index in 0..size {
                let hashes =
                    tlog_tiles::stored_hashes(index, &entry(usize::try_from(index).unwrap()), &log)
                        .unwrap();
                log.stored.extend(hashes);
            }
            log
        }

        fn bytes(&self, tile: &TheirTile) -> Result<Vec<u8>, Error> {
            let mut bytes = tile.read_data(self)?;
            if self.spoil == Some(our_path(tile)) {
                bytes[0] ^= 1;
            }
            Ok(bytes)
        }

        fn fetch(&self, tiles: &[Tile]) -> BTreeMap<Tile, Vec<u8>> {
            let bytes = |tile: &Tile| {
                self.bytes(&TheirTile::new(
                    8,
                    tile.level(),
                    tile.index(),
                    tile.width().into(),
                    false,
                ))
                .unwrap()
            };
            tiles.iter().map(|tile| (*tile, bytes(tile))).collect()
        }

        fn head(&self, size: u64) -> TreeHead {
            TreeHead {
                size,
                root: Hash::from_bytes(tlog_tiles::tree_hash(size, self).unwrap().0),
            }
        }

        fn asked(&self) -> Vec<String> {
            sorted(self.asked.take())
        }
    }

    fn sorted(mut paths: Vec<String>) -> Vec<String> {
        paths.sort();
        paths
    }

    fn paths(tiles: &[Tile]) -> Vec<String> {
        sorted(tiles.iter().map(Tile::path).collect())
    }

    const SIZES: [u64; 14] = [
        1, 2, 3, 100, 255, 256, 257, 511, 512, 513, 700, 65_535, 65_536, 66_000,
    ];

    #[test]
    fn the_same_tiles_are_written_at_each_step() {
        for old in SIZES.into_iter().chain([0]) {
            for new in SIZES.into_iter().filter(|new| *new >= old) {
                let theirs: Vec<String> = TheirTile::new_tiles(8, old, new)
                    .iter()
                    .map(our_path)
                    .collect();
                assert_eq!(
                    sorted(theirs),
                    sorted(tiles_between(old, new).map(|tile| tile.path()).collect()),
                    "{old} to {new}"
                );
            }
        }
    }

    #[test]
    fn plans_ask_for_the_same_tiles_and_give_the_same_proofs() {
        let log = Log::new(66_000);
        for size in SIZES {
            let head = log.head(size);
            let reader = TileHashReader::new(size, theirs(head.root), &log);
            for index in [
                0,
                1,
                99,
                254,
                255,
                256,
                300,
                511,
                512,
                40_000,
                65_535,
                size - 1,
            ]
            .into_iter()
            .filter(|index| *index < size)
            {
                let plan = InclusionPlan::new(head, index).unwrap();
                let (leaf, proof) = plan.finish_with_leaf(&log.fetch(plan.tiles())).unwrap();
                let their_proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
                assert_eq!(ours(&their_proof), proof.hashes(), "{index} of {size}");
                assert!(
                    tlog_tiles::check_record(
                        &their_proof,
                        size,
                        theirs(head.root),
                        index,
                        theirs(leaf)
                    )
                    .is_ok()
                );
                // Their reader takes no tiles at all for an empty proof.
                let asked = log.asked();
                assert!(
                    asked.is_empty() && size == 1 || asked == paths(plan.tiles()),
                    "{index} of {size}: {asked:?}"
                );
            }
            for old in SIZES.into_iter().filter(|old| *old <= size) {
                let plan = ConsistencyPlan::new(old, head).unwrap();
                let (old_head, proof) = plan.finish(&log.fetch(plan.tiles())).unwrap();
                assert_eq!(old_head, log.head(old));
                let their_proof = tlog_tiles::prove_tree(size, old, &reader).unwrap();
                assert_eq!(ours(&their_proof), proof.hashes(), "{old} to {size}");
                assert!(
                    tlog_tiles::check_tree(
                        &their_proof,
                        size,
                        theirs(head.root),
                        old,
                        theirs(old_head.root)
                    )
                    .is_ok()
                );
                // Ours reads the old root too, which their proof may not need.
                let tiles = paths(plan.tiles());
                assert!(
                    log.asked().iter().all(|path| tiles.contains(path)),
                    "{old} to {size}"
                );
            }
        }
    }

    /// Their loop over full tiles begins at the number of frontier hashes, not of edge tiles: in between, none is
    /// checked (CVE-2026-56865 of Go's x/mod, of which it is a port; fixed there in 0.40.0).
    #[test]
    fn a_false_full_tile_is_refused_here_though_not_there() {
        let mut log = Log::new(65_535);
        let (size, index) = (65_535, 40_000);
        let head = log.head(size);
        let plan = InclusionPlan::new(head, index).unwrap();
        let honest = log.fetch(plan.tiles());
        log.spoil = Some(String::from("tile/0/156"));
        let tile = Tile::new(0, 156, 256).unwrap();
        let mut files = honest;
        files.insert(tile, log.fetch(&[tile])[&tile].clone());
        assert!(
            matches!(plan.finish(&files), Err(TileError::Mismatch { tile: named, .. }) if named == tile)
        );
        let reader = TileHashReader::new(size, theirs(head.root), &log);
        let first = tlog_tiles::stored_hash_index(0, 156 * 256);
        let believed = reader.read_hashes(&[first]).expect("tlog_tiles accepts it")[0];
        assert!(believed != log.stored[usize::try_from(first).unwrap()]);
    }

    #[test]
    fn paths_agree_but_for_the_height() {
        for (level, index, width) in [
            (0, 0, 256),
            (1, 1_234_067, 255),
            (7, u64::MAX, 1),
            (5, 999, 3),
            (5, 1000, 256),
        ] {
            let tile = Tile::new(level, index, width).unwrap();
            assert_eq!(
                our_path(&TheirTile::new(8, level, index, width.into(), false)),
                tile.path()
            );
        }
    }
}
