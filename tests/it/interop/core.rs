//! The core alone, without the command line: the files that it makes of some entries are Tessera's, byte for byte, and
//! its proofs over Tessera's tiles hold.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use glasslog_core::crypto::SecretKey;
use glasslog_core::merkle::{CompactRange, Hash, TreeHead, leaf_hash};
use glasslog_core::note::cosignature::cosign;
use glasslog_core::note::{Checkpoint, KeyName, Origin, Signature, SignatureType, SignerKey};
use glasslog_core::tiles::{
    ConsistencyPlan, InclusionPlan, Tile, bundles_between, encode_entries, encode_hashes,
    tiles_between,
};
use glasslog_tests::tessera::{self, TesseraLog, entry};
use glasslog_tests::tools::Tools;
use glasslog_tests::words;

/// Partial tiles that stay partial, a full one without a rest, and superseded ones.
const SIZES: [usize; 4] = [3, 256, 300, 800];

/// All tree hashes of the entries: by tile level, then by index.
fn stored(size: usize) -> (Vec<Vec<Hash>>, TreeHead) {
    let mut range = CompactRange::new();
    let mut levels = vec![Vec::new(); 8];
    for index in 0..size {
        let leaf = leaf_hash(&entry(index));
        levels[0].push(leaf);
        range.push_with(leaf, |subtree, hash| {
            if subtree.level > 0 && subtree.level % 8 == 0 {
                levels[usize::from(subtree.level / 8)].push(hash);
            }
        });
    }
    (levels, range.head())
}

/// The bytes of a tile of the entries.
fn tile_bytes(levels: &[Vec<Hash>], tile: Tile) -> Vec<u8> {
    let start = usize::try_from(tile.index()).unwrap() * 256;
    encode_hashes(&levels[usize::from(tile.level())][start..start + usize::from(tile.width())])
}

fn read_tiles(log: &Path, tiles: &[Tile]) -> BTreeMap<Tile, Vec<u8>> {
    tiles
        .iter()
        .map(|tile| (*tile, fs::read(log.join(tile.path())).unwrap()))
        .collect()
}

/// Every file below a folder, relative to it.
fn files(root: &Path, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(files(root, &path));
        } else {
            found.push(
                path.strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    found
}

#[test]
fn core_makes_the_files_that_tessera_makes() {
    let Some(tools) = Tools::for_test("core's tiles against Tessera's") else {
        return;
    };
    let log = TesseraLog::write(tools, &SIZES);
    let mut expected = BTreeMap::new();
    let mut old = 0;
    for size in SIZES {
        let (levels, _) = stored(size);
        for tile in tiles_between(old as u64, size as u64) {
            expected.insert(tile.path(), tile_bytes(&levels, tile));
        }
        for bundle in bundles_between(old as u64, size as u64) {
            let start = usize::try_from(bundle.start().unwrap()).unwrap();
            let entries = (start..start + usize::from(bundle.width())).map(entry);
            expected.insert(bundle.path(), encode_entries(entries).unwrap());
        }
        old = size;
    }
    let present: BTreeMap<_, _> = files(&log.path(), &log.path().join("tile"))
        .into_iter()
        .map(|path| (path.clone(), fs::read(log.path().join(path)).unwrap()))
        .collect();
    assert_eq!(
        present.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    assert!(present == expected, "a file differs");
}

#[test]
fn core_proves_over_the_tiles_of_tessera() {
    let Some(tools) = Tools::for_test("core's proofs over Tessera's tiles") else {
        return;
    };
    let log = TesseraLog::write(tools, &SIZES);
    let size = SIZES[SIZES.len() - 1];
    let (_, head) = stored(size);
    for index in (0..size).step_by(37).chain([size - 1]) {
        let plan = InclusionPlan::new(head, index as u64).unwrap();
        let proof = plan.finish(&read_tiles(&log.path(), plan.tiles())).unwrap();
        proof
            .verify(&leaf_hash(&entry(index)), index as u64, &head)
            .unwrap();
        // The same hashes as torchwood's, in the same order.
        let made = tools.run(
            "twproof",
            words!["make", log.path(), log.policy(), index.to_string()],
        );
        let hashes: String = proof
            .hashes()
            .iter()
            .map(|hash| format!("{hash}\n"))
            .collect();
        let start =
            format!("c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\nexample.com/tessera\n");
        assert!(made.expect(0).text().starts_with(&start), "{index}");
    }
    for old in [1, 3, 255, 256, 257, 300, 799, 800] {
        let plan = ConsistencyPlan::new(old as u64, head).unwrap();
        let (old_head, proof) = plan.finish(&read_tiles(&log.path(), plan.tiles())).unwrap();
        assert_eq!(old_head, stored(old).1);
        proof.verify(&old_head, &head).unwrap();
    }
}

#[test]
fn core_signs_the_checkpoint_that_tessera_signs() {
    let Some(tools) = Tools::for_test("core's checkpoint against Tessera's") else {
        return;
    };
    let log = TesseraLog::write(tools, &SIZES);
    let key = SignerKey::parse(tessera::SECRET).unwrap();
    assert_eq!(key.verifier().to_string(), tessera::VKEY);
    for size in SIZES {
        let origin = Origin::parse(tessera::ORIGIN).unwrap();
        let ours = Checkpoint::sign(&origin, stored(size).1, &key).unwrap();
        // Ed25519 leaves no choice: the same text and key give the same bytes.
        assert_eq!(
            ours.encode(),
            fs::read(log.checkpoint(size)).unwrap(),
            "{size}"
        );
    }
}

#[test]
fn core_cosigns_what_torchwood_counts() {
    let Some(tools) = Tools::for_test("core's cosignature in torchwood") else {
        return;
    };
    let log = TesseraLog::write(tools, &[5]);
    let checkpoint = Checkpoint::parse(&fs::read(log.path().join("checkpoint")).unwrap()).unwrap();
    let name = KeyName::parse("example.com/witness").unwrap();
    let key = SignerKey::new(
        name,
        SignatureType::CosignatureV1,
        SecretKey::from_seed(&[9; 32]),
    );
    let policy = log.beside().join("witnessed");
    fs::write(
        &policy,
        format!(
            "log {}\nwitness w {}\nquorum w\n",
            tessera::VKEY,
            key.verifier()
        ),
    )
    .unwrap();
    let cosigned = log.beside().join("cosigned");
    let judge = |checkpoint: &Checkpoint| {
        fs::write(&cosigned, checkpoint.encode()).unwrap();
        tools.run("twproof", words!["cosigned", policy, cosigned])
    };
    judge(&checkpoint).expect(1);
    let signature = cosign(&checkpoint, &key, 1_795_467_600).unwrap();
    judge(&checkpoint.with_signature(signature.clone()).unwrap()).expect(0);
    let mut bytes = signature.bytes().to_vec();
    bytes[7] ^= 1;
    let later = Signature::new(signature.name().clone(), signature.id(), bytes).unwrap();
    judge(&checkpoint.with_signature(later).unwrap()).expect(1);
}
