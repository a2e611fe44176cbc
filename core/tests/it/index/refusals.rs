//! Inputs that the index refuses, each with its own code and message.

use glasslog_core::index::format::{
    Bucket, BucketName, LATEST_PATH, Manifest, MapFunction, RunHead, open_file, parse_chunk,
    parse_leaves,
};
use glasslog_core::index::read::IndexProof;
use glasslog_core::merkle::{Hash, sha256};
use glasslog_core::note::{Checkpoint, Origin, SignedCheckpoint, TlogProof};
use glasslog_core::trust::TrustPolicy;

use super::world::{LOG, NOW, World, event, index_key, log_key, signed, trust};

fn record(first: u8, count: u32, offsets: &[u32]) -> Vec<u8> {
    let mut key = [0; 32];
    key[0] = first;
    record_of(key, count, offsets)
}

fn record_of(key: [u8; 32], count: u32, offsets: &[u32]) -> Vec<u8> {
    let mut bytes = [&key[..], &count.to_be_bytes()].concat();
    for offset in offsets {
        bytes.extend(offset.to_be_bytes());
    }
    bytes
}

/// The run whose buckets are malformed below.
pub(crate) fn bucket_run() -> RunHead {
    RunHead {
        start: 100,
        end: 2_100,
        bits: 2,
        root: sha256(b""),
        reserved: None,
    }
}

/// Buckets of [`bucket_run`] under `access/v2`, each with its error, empty for none.
pub(crate) fn bucket_cases() -> Vec<(BucketName, Vec<u8>, &'static str)> {
    let run = bucket_run();
    let reserved = MapFunction::AccessV2.reserved();
    let trust = *reserved[0].as_bytes();
    let of_trust = run.bucket_of(&reserved[0]);
    let good = record(0x40, 2, &[0, 1_999]);
    let q = BucketName::Number;
    let list = |count| [&record(0x40, count, &[])[..], sha256(b"").as_bytes()].concat();
    vec![
        (q(1), vec![], ""),
        (q(1), good.clone(), ""),
        (q(1), list(1_025), ""),
        (q(1), list(2_000), ""),
        (q(1), record(0x40, 1024, &(0..1024).collect::<Vec<_>>()), ""),
        (BucketName::Reserved, record_of(trust, 1, &[3]), ""),
        (
            q(1),
            vec![0x40],
            "index-bucket-truncated: the bucket ends within record 0",
        ),
        (
            q(1),
            [&good[..], &[0x41]].concat(),
            "index-bucket-truncated: the bucket ends within record 1",
        ),
        (
            q(1),
            good[..good.len() - 1].to_vec(),
            "index-bucket-truncated: the bucket ends within record 0",
        ),
        (
            q(1),
            record(0x40, 1_025, &[]),
            "index-bucket-truncated: the bucket ends within record 0",
        ),
        (
            q(1),
            record(0x40, u32::MAX, &[1; 8]),
            "index-postings-too-many: in record 0, 4294967295 offsets are more than the run's 2000 entries",
        ),
        (
            q(1),
            list(2_001),
            "index-postings-too-many: in record 0, 2001 offsets are more than the run's 2000 entries",
        ),
        (
            q(1),
            record(0x40, 0, &[]),
            "index-postings-no-offset: in record 0, there is no offset",
        ),
        (
            q(1),
            record(0x40, 2, &[1, 1]),
            "index-postings-order: in record 0, the offsets of a list do not increase",
        ),
        (
            q(1),
            record(0x40, 2, &[2, 1]),
            "index-postings-order: in record 0, the offsets of a list do not increase",
        ),
        (
            q(1),
            record(0x40, 1, &[2_000]),
            "index-postings-out-of-range: in record 0, offset 2000 is not in a run of 2000 entries",
        ),
        (
            q(1),
            record(0x80, 1, &[0]),
            "index-bucket-wrong-bucket: the key of record 0 belongs in bucket 2",
        ),
        (
            q(1),
            record(0x3f, 1, &[0]),
            "index-bucket-wrong-bucket: the key of record 0 belongs in bucket 0",
        ),
        (
            q(4),
            good.clone(),
            "index-bucket-wrong-bucket: the key of record 0 belongs in bucket 1",
        ),
        (
            q(1),
            [&good[..], &good].concat(),
            "index-bucket-key-order: the key of record 1 is not larger than the one before",
        ),
        (
            q(1),
            [record(0x41, 1, &[0]), record(0x40, 1, &[0])].concat(),
            "index-bucket-key-order: the key of record 1 is not larger than the one before",
        ),
        (
            q(of_trust),
            record_of(trust, 1, &[3]),
            "index-bucket-reserved-key: the key of record 0 belongs in the reserved bucket",
        ),
        (
            BucketName::Reserved,
            good.clone(),
            "index-bucket-not-reserved: the key of record 0 is not a reserved one",
        ),
        (
            BucketName::Reserved,
            vec![],
            "index-bucket-empty-reserved: the reserved bucket has no record",
        ),
        (
            q(1),
            vec![0; (16 << 20) + 1],
            "index-bucket-too-large: the bucket has 16777217 bytes, more than 16777216",
        ),
    ]
}

#[test]
fn buckets() {
    let (run, reserved) = (bucket_run(), MapFunction::AccessV2.reserved());
    for (name, bytes, expected) in bucket_cases() {
        match Bucket::parse(&bytes, &run, name, &reserved) {
            Ok(bucket) => {
                assert_eq!(expected, "");
                assert_eq!(bucket.encode(), bytes);
            }
            Err(error) => {
                assert_eq!(format!("{}: {error}", error.code()), expected);
                assert!(!error.is_of_the_host());
            }
        }
    }
}

#[test]
fn chunks_and_leaves() {
    let chunk = |first: u32, offsets: &[u32]| -> Vec<u8> {
        let words = std::iter::once(&first).chain(offsets);
        words.flat_map(|word| word.to_be_bytes()).collect()
    };
    let full: Vec<u32> = (0..4096).collect();
    let table = [
        (chunk(0, &full), 0, "ok"),
        (chunk(4096, &[4096, 5000]), 1, "ok"),
        (
            chunk(8192, &[5000]),
            2,
            "index-postings-no-chunk: a list of 4098 offsets has no chunk 2",
        ),
        (
            chunk(4096, &[4096, 5000]),
            u32::MAX,
            "index-postings-no-chunk: a list of 4098 offsets has no chunk 4294967295",
        ),
        (
            chunk(4096, &[4096]),
            1,
            "index-postings-length: the chunk has 8 bytes, not a number and 2 offsets",
        ),
        (
            chunk(4096, &[1, 2, 3]),
            1,
            "index-postings-length: the chunk has 16 bytes, not a number and 2 offsets",
        ),
        (
            vec![0; 13],
            1,
            "index-postings-length: the chunk has 13 bytes, not a number and 2 offsets",
        ),
        (
            vec![],
            1,
            "index-postings-length: the chunk has 0 bytes, not a number and 2 offsets",
        ),
        (
            chunk(0, &[4096, 5000]),
            1,
            "index-postings-first: the chunk says that 0 offsets come before it, not 4096",
        ),
        (
            chunk(4096, &[5000, 5000]),
            1,
            "index-postings-order: the offsets of a list do not increase",
        ),
        (
            chunk(4096, &[5000, 6000]),
            1,
            "index-postings-out-of-range: offset 6000 is not in a run of 6000 entries",
        ),
    ];
    for (bytes, index, expected) in table {
        let found = match parse_chunk(&bytes, index, 4098, 6_000) {
            Ok(_) => "ok".to_string(),
            Err(error) => format!("{}: {error}", error.code()),
        };
        assert_eq!(found, expected);
    }
    let root = sha256(b"");
    let code = |bytes: &[u8]| parse_leaves(bytes, 4098, &root).unwrap_err().code();
    assert_eq!(code(&[0; 64]), "index-postings-root");
    for length in [0, 32, 63, 65, 96] {
        assert_eq!(code(&vec![0; length]), "index-postings-leaves-length");
    }
}

fn manifest_text() -> String {
    let mut world = World::with(MapFunction::LeafV1, (0..9).map(|number| vec![number]));
    String::from_utf8(world.publish(&[0..4, 4..9]).encode()).unwrap()
}

/// Manifests, each with its error.
pub(crate) fn manifest_cases() -> Vec<(String, &'static str)> {
    let good = manifest_text();
    let swap = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let first = good.lines().nth(2).unwrap();
    let long = format!("run 0 4 0 {} -\n", sha256(b"")).repeat(65);
    vec![
        (
            String::new(),
            "index-manifest-no-checkpoint: the manifest has no empty line with a checkpoint after it",
        ),
        (
            good.replace("\n\n", "\n"),
            "index-manifest-no-checkpoint: the manifest has no empty line with a checkpoint after it",
        ),
        (
            swap("index/v1", "index/v2"),
            "index-manifest-unknown-version: the manifest is of another version than `tlog-index/v1`",
        ),
        (
            swap("index/v1", "index/v02"),
            "index-manifest-header: the first line of the manifest is not `tlog-index/v1`",
        ),
        (
            good.clone() + &good.lines().last().unwrap().replacen(LOG, "w.example", 1) + "\n",
            "index-manifest-not-by-log: a signature in the manifest is not by the log: its name is not the log's origin",
        ),
        (
            swap("tlog", " tlog"),
            "index-manifest-header: the first line of the manifest is not `tlog-index/v1`",
        ),
        (
            swap("v1\n", "v1\r\n"),
            "index-manifest-header: the first line of the manifest is not `tlog-index/v1`",
        ),
        (
            swap("mapfn", "map"),
            "index-manifest-mapfn: line 2 of the manifest is not `mapfn`, a name and a base64 hash",
        ),
        (
            swap("leaf/v1 ", "leaf/v1  "),
            "index-manifest-mapfn: line 2 of the manifest is not `mapfn`, a name and a base64 hash",
        ),
        (
            swap("leaf/v1 ", " "),
            "index-manifest-mapfn: line 2 of the manifest is not `mapfn`, a name and a base64 hash",
        ),
        (
            swap("leaf/v1", &"x".repeat(65)),
            "index-manifest-mapfn: line 2 of the manifest is not `mapfn`, a name and a base64 hash",
        ),
        (
            swap("run 0 4 ", "run 0  4 "),
            "index-manifest-run: run 0 of the manifest is not `run`, start, end, bits, root and reserved hash",
        ),
        (
            swap("run 0 4 ", "run 00 4 "),
            "index-manifest-run: run 0 of the manifest is not `run`, start, end, bits, root and reserved hash",
        ),
        (
            swap("run 4 9 0", "run 4 9 256"),
            "index-manifest-run: run 1 of the manifest is not `run`, start, end, bits, root and reserved hash",
        ),
        (
            swap("run 4 9 0", "run 4 9 33"),
            "index-manifest-run-bits: run 1 of the manifest has 2^33 buckets, more than 2^32",
        ),
        (
            swap(" -\n", " - \n"),
            "index-manifest-run: run 0 of the manifest is not `run`, start, end, bits, root and reserved hash",
        ),
        (
            swap(" -\n", " x\n"),
            "index-manifest-run: run 0 of the manifest is not `run`, start, end, bits, root and reserved hash",
        ),
        (
            swap(" -\n", "\n"),
            "index-manifest-run: run 0 of the manifest is not `run`, start, end, bits, root and reserved hash",
        ),
        (
            swap(first, &long),
            "index-manifest-too-many-runs: the manifest has more than 64 runs",
        ),
        (
            swap("run 0 4", "run 1 4"),
            "index-manifest-gap: run 0 of the manifest starts at 1, not at 0",
        ),
        (
            swap("run 4 9", "run 3 9"),
            "index-manifest-gap: run 1 of the manifest starts at 3, not at 4",
        ),
        (
            swap("run 4 9", "run 5 9"),
            "index-manifest-gap: run 1 of the manifest starts at 5, not at 4",
        ),
        (
            swap("run 0 4", "run 0 0"),
            "index-manifest-run-length: run 0 of the manifest is empty or longer than 268435456",
        ),
        (
            swap("run 4 9", "run 4 3"),
            "index-manifest-run-length: run 1 of the manifest is empty or longer than 268435456",
        ),
        (
            swap("run 4 9", "run 4 268435461"),
            "index-manifest-run-length: run 1 of the manifest is empty or longer than 268435456",
        ),
        (
            swap("run 4 9", "run 4 8"),
            "index-manifest-coverage: the runs of the manifest end at 8, the log at 9",
        ),
        (
            swap("run 4 9", "run 4 10"),
            "index-manifest-coverage: the runs of the manifest end at 10, the log at 9",
        ),
        (
            swap("access\n9\n", "access\n09\n"),
            "checkpoint-size: in the manifest, the size of the checkpoint is not a decimal below 2^64 without leading zeros",
        ),
        (
            "x".repeat(65_536),
            "index-manifest-too-large: the manifest has 65536 bytes, more than 65535",
        ),
    ]
}

#[test]
fn manifests() {
    let good = manifest_text();
    let parsed = Manifest::parse(good.as_bytes()).unwrap();
    assert_eq!(parsed.encode(), good.as_bytes());
    for (text, expected) in manifest_cases() {
        let error = Manifest::parse(text.as_bytes()).unwrap_err();
        assert_eq!(format!("{}: {error}", error.code()), expected, "{text}");
    }
    let other = good.replace(
        &MapFunction::LeafV1.specification().to_base64(),
        &sha256(b"").to_base64(),
    );
    let other = Manifest::parse(other.as_bytes()).unwrap();
    let error = other.map().unwrap_err();
    assert_eq!(error.code(), "index-manifest-unknown-mapfn");
}

#[test]
fn every_changed_byte_of_a_manifest_is_refused_or_seen() {
    let good = manifest_text().into_bytes();
    for at in 0..good.len() {
        for flip in [1, 0x10, 0x80] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            if let Ok(manifest) = Manifest::parse(&bytes) {
                assert_eq!(manifest.encode(), bytes);
            }
        }
    }
}

/// A log of 200 events, indexed in three runs of several buckets.
fn world() -> World {
    let entries = (0..200).map(|serial| event(&format!("m{serial}@1"), "a@example.com", serial));
    let mut world = World::with(MapFunction::AccessV2, entries);
    world.publish(&[0..100, 100..150, 150..200]);
    world
}

fn some_key(world: &World) -> Hash {
    *world.map.keys(&world.entries[5]).first().unwrap()
}

#[test]
fn a_host_cannot_pass_other_files_for_buckets() {
    let good = world();
    let index = good.bind(200).unwrap();
    let keys: Vec<Hash> = good.scan(200).into_keys().collect();
    let paths: Vec<String> = good
        .files
        .keys()
        .filter(|path| path.starts_with("index/run/"))
        .cloned()
        .collect();
    assert!(paths.len() > 4);
    let code = |world: &World| world.lookup(&index, keys.clone()).unwrap_err().code();
    for path in &paths {
        // Missing is a failure, never "no positions".
        let mut world = self::world();
        world.files.remove(path);
        assert_eq!(code(&world), "index-missing");
        // Another bucket in its place, of this run or of the other.
        for other in paths.iter().filter(|other| *other != path) {
            let bytes = good.files[other].clone();
            world.files.insert(path.clone(), bytes);
            let code = code(&world);
            assert!(
                ["index-bucket-path", "index-bucket-short-file"].contains(&code),
                "{code}"
            );
        }
        for bytes in [
            Vec::new(),
            b"<html>index of /</html>".to_vec(),
            vec![0; 5_000],
        ] {
            world.files.insert(path.clone(), bytes);
            let code = code(&world);
            assert!(code.starts_with("index-bucket-"), "{code}");
        }
        let bytes = &good.files[path];
        for at in (0..bytes.len()).step_by(97) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            world.files.insert(path.clone(), damaged);
            assert_eq!(code(&world), "index-bucket-path");
        }
        let cut = bytes[..bytes.len() - 1].to_vec();
        world.files.insert(path.clone(), cut);
        assert_eq!(code(&world), "index-bucket-path");
    }
}

#[test]
fn a_path_of_another_length_is_refused() {
    let world = world();
    let index = world.bind(200).unwrap();
    let run = &index.manifest().runs()[0];
    let key = some_key(&world);
    let (name, file) = run.file_of(&key, &[]).unwrap();
    let bytes = &world.files[&file.path()];
    assert!(open_file(bytes, run, name).is_ok());
    for bits in [0, run.bits - 1, run.bits + 1, 32] {
        let other = RunHead {
            bits,
            ..run.clone()
        };
        let error = open_file(bytes, &other, name).unwrap_err();
        assert!(error.is_of_the_host());
    }
}

#[test]
fn damaged_long_lists() {
    let entries = (0..9_000u32).map(|number| number.to_be_bytes().to_vec());
    let mut good = World::with(MapFunction::AccessV2, entries);
    good.publish(core::slice::from_ref(&(0..9_000)));
    let index = good.bind(9_000).unwrap();
    let key = *good.map.keys(b"").first().unwrap();
    let listed = |path: &&String| path.contains("postings") || path.contains("reserved");
    let paths: Vec<String> = good.files.keys().filter(listed).cloned().collect();
    assert_eq!(paths.len(), 1 + 1 + 3);
    for path in &paths {
        let bytes = good.files.remove(path).unwrap();
        assert_eq!(
            good.lookup(&index, [key]).unwrap_err().code(),
            "index-missing"
        );
        let mut damaged = bytes.clone();
        damaged[9] ^= 1;
        good.files.insert(path.clone(), damaged);
        let code = good.lookup(&index, [key]).unwrap_err().code();
        assert!(
            ["index-bucket-leaf", "index-postings-root"].contains(&code),
            "{code}"
        );
        good.files.insert(path.clone(), bytes);
    }
    assert!(good.lookup(&index, [key]).is_ok());
}

#[test]
fn who_vouches() {
    let world = world();
    let latest = &world.files[LATEST_PATH];
    let policy = |sections: &str| {
        let text = format!(
            "[log]\nlog {}\nquorum none\n{sections}",
            log_key().verifier()
        );
        TrustPolicy::parse(text.as_bytes()).unwrap()
    };
    let index = format!("[index]\nlog {}\nquorum none\n", index_key().verifier());
    let vouch = |bytes: &[u8], trust: &TrustPolicy, map| {
        IndexProof::parse(bytes).and_then(|proof| proof.vouch(trust, map, NOW).1)
    };
    let code =
        |bytes: &[u8], trust: &TrustPolicy, map| vouch(bytes, trust, map).unwrap_err().code();
    let access = MapFunction::AccessV2;
    assert_eq!(code(latest, &policy(""), access), "index-no-policy");
    assert!(vouch(latest, &policy(&index), access).is_ok());
    assert!(world.bind(200).unwrap().is_audited());

    // A key that signs something else.
    let other = index.replace(
        &index_key().verifier().to_string(),
        &super::world::key(
            super::world::INDEX,
            glasslog_core::note::SignatureType::Ed25519,
            77,
        )
        .verifier()
        .to_string(),
    );
    assert_eq!(code(latest, &policy(&other), access), "index-not-accepted");
    let proof = TlogProof::parse(latest).unwrap();
    let bare = SignedCheckpoint::new(proof.checkpoint(), &[index_key().verifier()]).unwrap();
    let unaudited = proof.under(bare.checkpoint().clone()).unwrap().encode();
    let is_audited = |bytes: &[u8]| vouch(bytes, &trust(), access).unwrap().is_audited();
    assert!(is_audited(latest) && !is_audited(&unaudited));
    assert!(vouch(&unaudited, &policy(&index), access).is_ok());
    assert_eq!(
        code(latest, &trust(), MapFunction::LeafV1),
        "index-other-mapfn"
    );

    // Another manifest beside the proof, one of another log, and none.
    let swap = |extra: &[u8]| {
        let proof = TlogProof::new(
            extra.to_vec(),
            proof.index(),
            proof.proof().clone(),
            proof.checkpoint().clone(),
        );
        proof.unwrap().encode()
    };
    let text = String::from_utf8(proof.extra().to_vec()).unwrap();
    let forged = text
        .replacen("run 0 100 ", "run 0 99 ", 1)
        .replacen("run 100 ", "run 99 ", 1);
    assert_eq!(
        code(&swap(forged.as_bytes()), &trust(), access),
        "index-manifest-not-included"
    );
    assert_eq!(
        code(&swap(b"x"), &trust(), access),
        "index-manifest-not-included"
    );
    assert_eq!(code(b"x", &trust(), access), "tlog-proof-no-checkpoint");

    // No manifest, although the index log has it: only then is the index known to be at fault.
    let mut world = super::refusals::world();
    world.publish_manifest(b"x");
    let latest = &world.files[LATEST_PATH];
    assert_eq!(
        code(latest, &trust(), access),
        "index-manifest-no-checkpoint"
    );
}

#[test]
fn an_index_of_another_log_is_refused() {
    // Signed by the right index key, with a checkpoint of another log, of a fork, or of no known key.
    let mut world = world();
    let head = world.head(200);
    let runs = [world.run(0..200).head().clone()];
    let sign = |origin: &str, head, seed| {
        let key = super::world::key(origin, glasslog_core::note::SignatureType::Ed25519, seed);
        Checkpoint::sign(&Origin::parse(origin).unwrap(), head, &key).unwrap()
    };
    let fork = glasslog_core::merkle::TreeHead {
        size: 200,
        root: sha256(b"fork"),
    };
    for (checkpoint, code) in [
        (
            sign("other.example.com", head, 1),
            "index-checkpoint-unsigned",
        ),
        (sign(LOG, head, 78), "index-checkpoint-unsigned"),
        (sign(LOG, fork, 1), "index-inconsistent"),
        (sign(LOG, head, 1), ""),
    ] {
        let manifest = Manifest::new(world.map, runs.to_vec(), &signed(&checkpoint)).unwrap();
        world.publish_manifest(&manifest.encode());
        let found = world.bind(200).map_or_else(|error| error.code(), |_| "");
        assert_eq!(found, code);
    }
}
