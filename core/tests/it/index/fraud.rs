//! Accusations against a builder: those that hold, and those that do not.

use std::collections::BTreeMap;

use glasslog_core::event::{KeyKind, LookupKey};
use glasslog_core::index::build::{Run, build};
use glasslog_core::index::format::{
    BucketName, IndexFile, Manifest, MapFunction, RunHead, bucket_leaf, chunk_leaf, encode_chunks,
};
use glasslog_core::index::fraud::{
    Accusation, BucketEvidence, ChunkEvidence, EntryEvidence, Fraud, FraudError, Guilt,
    accuse_entry,
};
use glasslog_core::merkle::{Hash, sha256, tree_root};
use glasslog_core::note::{Checkpoint, KeyId, Origin, Signature, SignatureType};
use glasslog_core::report::{Class, Outcome, Report};
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::{Options, verify_fraud};

use super::world::{LOG, NOW, World, event, index_key, key, leaves, log_key, prove, signed, trust};

/// 120 events about 40 artifacts by two actors, and an entry that is no event.
fn honest() -> World {
    let mut entries: Vec<Vec<u8>> = (0..120)
        .map(|serial| {
            let actor = ["ann@example.com", "bob@example.com"][serial % 2];
            event(&format!("m{}@1", serial % 40), actor, serial)
        })
        .collect();
    entries.push(b"no event".to_vec());
    World::with(MapFunction::AccessV2, entries)
}

/// The true pairs of the first `size` entries.
fn pairs(world: &World, size: usize) -> Vec<(Hash, u32)> {
    let lists = world.scan(size).into_iter();
    lists
        .flat_map(|(key, list)| list.into_iter().map(move |at| (key, at as u32)))
        .collect()
}

/// Publishes a run of any pairs for the whole log.
fn publish(world: &mut World, pairs: Vec<(Hash, u32)>) -> Manifest {
    let run = build(world.map, 0..world.entries.len() as u64, pairs).unwrap();
    publish_run(world, &run)
}

fn publish_run(world: &mut World, run: &Run) -> Manifest {
    world.write(run);
    publish_heads(world, vec![run.head().clone()])
}

fn publish_heads(world: &mut World, runs: Vec<RunHead>) -> Manifest {
    let checkpoint = world.checkpoint();
    let manifest = Manifest::new(world.map, runs, &signed(&checkpoint)).unwrap();
    world.publish_manifest(&manifest.encode());
    manifest
}

fn entry_evidence(world: &World, position: usize) -> EntryEvidence {
    EntryEvidence {
        position: position as u64,
        entry: world.entries[position].clone(),
        inclusion: prove(&leaves(&world.entries), position),
    }
}

fn accuse(world: &World, manifest: &Manifest, key: &Hash, position: usize) -> Option<Accusation> {
    let read = |file: &IndexFile| world.files.get(&file.path()).cloned();
    accuse_entry(manifest, key, entry_evidence(world, position), read)
}

/// Writes an accusation of the newest manifest down, reads it and judges it.
fn judge(world: &World, accusation: Accusation) -> Result<Guilt, FraudError> {
    let manifest = world.manifests.last().unwrap().clone();
    let proof = world.index_proof(world.manifests.len() - 1, b"");
    let fraud = Fraud::new(manifest, &proof, accusation).unwrap();
    let bytes = fraud.encode();
    let read = Fraud::parse(&bytes).unwrap();
    assert_eq!(read, fraud);
    assert_eq!(read.encode(), bytes);
    read.verify(&trust(), NOW)
}

fn key_of(kind: KeyKind, id: &str) -> Hash {
    LookupKey::new(kind, id).hash()
}

#[test]
fn an_honest_builder_is_accused_of_nothing() {
    let mut world = honest();
    let size = world.entries.len();
    let manifest = world.publish(&[0..50, 50..size as u64]);
    let keys: Vec<Hash> = world.scan(size).into_keys().chain([sha256(b"")]).collect();
    for key in &keys {
        for position in (0..size).step_by(5) {
            assert_eq!(accuse(&world, &manifest, key, position), None);
        }
    }
    // No accusation by hand holds either: all evidence is from the index itself, and true.
    let reserved = world.map.reserved();
    for key in &keys {
        for position in [0, 7, 49, 50, size - 1] {
            for (number, run) in manifest.runs().iter().enumerate() {
                let (name, file) = match run.file_of(key, &reserved) {
                    Some((name, file)) => (name, world.files[&file.path()].clone()),
                    None => (BucketName::Reserved, Vec::new()),
                };
                let bucket = BucketEvidence {
                    run: number,
                    name,
                    file,
                    key: Some(*key),
                    chunks: vec![],
                };
                let entry = entry_evidence(&world, position);
                let inside = (run.start..run.end).contains(&entry.position);
                let expected = if inside {
                    FraudError::Unfounded
                } else {
                    FraudError::OutsideRun {
                        position: entry.position,
                    }
                };
                for accusation in [
                    Accusation::Omission(bucket.clone(), entry.clone()),
                    Accusation::Insertion(bucket.clone(), entry),
                ] {
                    assert_eq!(judge(&world, accusation), Err(expected.clone()));
                }
                let error = judge(&world, Accusation::MalformedBucket(bucket));
                assert_eq!(error, Err(FraudError::Unfounded));
            }
        }
    }
    let error = judge(&world, Accusation::BadManifest);
    assert_eq!(error, Err(FraudError::Unfounded));
}

#[test]
fn every_omission_and_insertion_of_a_small_log() {
    let entries = (0..4).map(|serial| match serial {
        3 => b"no event".to_vec(),
        _ => event(&format!("m{}@1", serial % 2), "ann@example.com", serial),
    });
    let mut world = World::with(MapFunction::AccessV2, entries);
    let truth = pairs(&world, 4);
    let keys: Vec<Hash> = world.scan(4).into_keys().collect();
    for key in keys {
        for position in 0..4u32 {
            let mut forged = truth.clone();
            let kind = match truth.iter().position(|pair| *pair == (key, position)) {
                Some(at) => {
                    forged.remove(at);
                    "omission"
                }
                None => {
                    forged.push((key, position));
                    "insertion"
                }
            };
            let manifest = publish(&mut world, forged);
            // Nothing else is wrong with it.
            for (other, lists) in world.scan(4) {
                for at in 0..4 {
                    let accusation = accuse(&world, &manifest, &other, at);
                    let expected = other == key && at as u32 == position;
                    assert_eq!(accusation.is_some(), expected, "{lists:?}");
                }
            }
            let accusation = accuse(&world, &manifest, &key, position as usize).unwrap();
            let guilt = judge(&world, accusation).unwrap();
            assert_eq!(guilt.kind, kind);
            assert_eq!(guilt.manifest, world.manifests.len() as u64 - 1);
            assert!(guilt.is_audited);
            let words = match kind {
                "omission" => {
                    format!("entry {position} has key {key}, and the index leaves it out")
                }
                _ => format!("entry {position} does not have key {key}, and the index lists it"),
            };
            assert_eq!(guilt.detail, words);
        }
    }
}

#[test]
fn an_unknown_key_that_is_listed_is_an_insertion() {
    let mut world = honest();
    let mut forged = pairs(&world, world.entries.len());
    let invented = sha256(b"no identifier has this hash");
    forged.push((invented, 3));
    let manifest = publish(&mut world, forged);
    let accusation = accuse(&world, &manifest, &invented, 3).unwrap();
    assert_eq!(judge(&world, accusation).unwrap().kind, "insertion");
}

#[test]
fn long_lists_that_lie() {
    let size = 9_000u32;
    let entries = (0..size).map(|number| number.to_be_bytes().to_vec());
    let mut world = World::with(MapFunction::AccessV2, entries);
    let malformed = key_of(KeyKind::Malformed, "");
    let name = key_of(KeyKind::Name, "m");
    let all = || (0..size).map(|at| (malformed, at));
    // First, last, within a chunk, and on either side of where a chunk ends.
    for missing in [0, 1, 4_095, 4_096, 4_097, 8_191, 8_192, size - 1] {
        let manifest = publish(&mut world, all().filter(|pair| pair.1 != missing).collect());
        let accusation = accuse(&world, &manifest, &malformed, missing as usize).unwrap();
        assert_eq!(
            judge(&world, accusation).unwrap().kind,
            "omission",
            "{missing}"
        );
        let other = (missing as usize + 17) % size as usize;
        assert_eq!(accuse(&world, &manifest, &malformed, other), None);
    }
    for (count, chunks) in [(1_025, 1), (4_096, 1), (4_097, 2), (9_000, 3)] {
        let invented = (0..count).map(|at| (name, at));
        let manifest = publish(&mut world, all().chain(invented).collect());
        for position in [0, count / 2, count - 1] {
            let accusation = accuse(&world, &manifest, &name, position as usize).unwrap();
            let Accusation::Insertion(bucket, _) = &accusation else {
                panic!("{accusation:?}")
            };
            assert_eq!(bucket.chunks.len(), 1, "of {chunks}");
            assert_eq!(judge(&world, accusation).unwrap().kind, "insertion");
        }
        if count < size {
            assert_eq!(accuse(&world, &manifest, &name, count as usize), None);
        }
    }
}

#[test]
fn chunks_that_do_not_settle_it_prove_nothing() {
    let size = 9_000u32;
    let entries = (0..size).map(|number| number.to_be_bytes().to_vec());
    let mut world = World::with(MapFunction::AccessV2, entries);
    let malformed = key_of(KeyKind::Malformed, "");
    let pairs = (0..size)
        .filter(|at| *at != 4_096)
        .map(|at| (malformed, at));
    let manifest = publish(&mut world, pairs.collect());
    let good = accuse(&world, &manifest, &malformed, 4_096).unwrap();
    let Accusation::Omission(bucket, entry) = good else {
        panic!("{good:?}")
    };
    assert_eq!(bucket.chunks.len(), 2);
    let with = |chunks: Vec<ChunkEvidence>| {
        let bucket = BucketEvidence {
            chunks,
            ..bucket.clone()
        };
        judge(&world, Accusation::Omission(bucket, entry.clone())).map(|_| ())
    };
    let [left, right] = [0, 1].map(|at| bucket.chunks[at].clone());
    assert_eq!(with(vec![left.clone(), right.clone()]), Ok(()));
    for chunks in [
        vec![],
        vec![left.clone()],
        vec![right.clone()],
        vec![right.clone(), left.clone()],
        vec![left.clone(), left.clone()],
    ] {
        assert_eq!(with(chunks), Err(FraudError::Chunks));
    }
    // A chunk of no list, and a chunk at another position.
    let mut invented = left.clone();
    invented.bytes[7] ^= 1;
    let elsewhere = ChunkEvidence {
        index: 1,
        ..left.clone()
    };
    for chunk in [invented, elsewhere] {
        let error = with(vec![chunk, right.clone()]).unwrap_err();
        assert_eq!(error.code(), "index-fraud-other-chunk");
    }
}

/// A run of any buckets, with a file for each.
fn forge(length: u64, buckets: &[Vec<u8>], reserved: Option<Hash>) -> (RunHead, Vec<Vec<u8>>) {
    let leaves: Vec<Hash> = buckets.iter().map(|bucket| bucket_leaf(bucket)).collect();
    let head = RunHead {
        start: 0,
        end: length,
        bits: buckets.len().ilog2() as u8,
        root: tree_root(&leaves),
        reserved,
    };
    let files = (0..buckets.len()).map(|at| {
        let path = prove(&leaves, at);
        let path = path.hashes().iter().flat_map(|hash| *hash.as_bytes());
        path.chain(buckets[at].iter().copied()).collect()
    });
    (head, files.collect())
}

fn record(key: &Hash, offsets: &[u32]) -> Vec<u8> {
    let count = (offsets.len() as u32).to_be_bytes();
    let offsets = offsets.iter().flat_map(|offset| offset.to_be_bytes());
    key.as_bytes()
        .iter()
        .copied()
        .chain(count)
        .chain(offsets)
        .collect()
}

#[test]
fn malformed_buckets() {
    let mut world = World::with(MapFunction::LeafV1, (0..5).map(|number| vec![number]));
    let low = Hash::from_bytes([1; 32]);
    let high = Hash::from_bytes([200; 32]);
    for (bucket, words) in [
        (vec![1, 2, 3], "the bucket ends within record 0"),
        (
            record(&high, &[1]),
            "the key of record 0 belongs in bucket 1",
        ),
        (record(&low, &[]), "in record 0, there is no offset"),
        (
            record(&low, &[5]),
            "in record 0, offset 5 is not in a run of 5 entries",
        ),
        (
            record(&low, &[2, 1]),
            "in record 0, the offsets of a list do not increase",
        ),
        (
            [record(&low, &[1]), record(&low, &[2])].concat(),
            "the key of record 1 is not larger than the one before",
        ),
    ] {
        let (head, files) = forge(5, &[bucket, record(&high, &[2])], None);
        publish_heads(&mut world, vec![head]);
        let accuse = |number: usize| {
            Accusation::MalformedBucket(BucketEvidence {
                run: 0,
                name: BucketName::Number(number as u64),
                file: files[number].clone(),
                key: None,
                chunks: vec![],
            })
        };
        let guilt = judge(&world, accuse(0)).unwrap();
        assert_eq!(
            (guilt.kind, guilt.detail.as_str()),
            ("malformed-bucket", words)
        );
        // Its neighbour is right, and does not pass for it.
        assert_eq!(judge(&world, accuse(1)), Err(FraudError::Unfounded));
        let Accusation::MalformedBucket(mut swapped) = accuse(1) else {
            continue;
        };
        swapped.name = BucketName::Number(0);
        let error = judge(&world, Accusation::MalformedBucket(swapped)).unwrap_err();
        assert_eq!(error.code(), "index-fraud-other-file");
    }
    // A reserved bucket for a key function that reserves nothing.
    let reserved = record(&low, &[1]);
    let (head, _) = forge(5, &[vec![]], Some(bucket_leaf(&reserved)));
    publish_heads(&mut world, vec![head]);
    let bucket = BucketEvidence {
        run: 0,
        name: BucketName::Reserved,
        file: reserved,
        key: None,
        chunks: vec![],
    };
    let guilt = judge(&world, Accusation::MalformedBucket(bucket.clone())).unwrap();
    assert_eq!(guilt.detail, "the key of record 0 is not a reserved one");
    let elsewhere = BucketEvidence { run: 1, ..bucket };
    let error = judge(&world, Accusation::MalformedBucket(elsewhere));
    assert_eq!(error, Err(FraudError::NoRun { run: 1 }));
}

#[test]
fn malformed_lists() {
    let length = 9_000;
    let entries = (0..length).map(|number: u32| number.to_be_bytes().to_vec());
    let mut world = World::with(MapFunction::LeafV1, entries);
    let key = Hash::from_bytes([1; 32]);
    let mut publish = |offsets: &[u32], count: u32| {
        let chunks: Vec<Vec<u8>> = encode_chunks(offsets).collect();
        let leaves: Vec<Hash> = chunks.iter().map(|chunk| chunk_leaf(chunk)).collect();
        let root = tree_root(&leaves);
        let record = [&key.as_bytes()[..], &count.to_be_bytes(), root.as_bytes()].concat();
        let (head, files) = forge(u64::from(length), &[record], None);
        publish_heads(&mut world, vec![head]);
        let evidence = |numbers: &[usize]| {
            let chunks = numbers.iter().map(|at| ChunkEvidence {
                index: *at as u32,
                bytes: chunks[*at].clone(),
                proof: prove(&leaves, *at),
            });
            Accusation::MalformedBucket(BucketEvidence {
                run: 0,
                name: BucketName::Number(0),
                file: files[0].clone(),
                key: Some(key),
                chunks: chunks.collect(),
            })
        };
        let judge = |numbers: &[usize]| judge(&world, evidence(numbers)).map(|guilt| guilt.detail);
        [judge(&[0]), judge(&[1]), judge(&[0, 1])]
    };
    let unfounded = Err(FraudError::Unfounded);
    let right: Vec<u32> = (0..5_000).collect();
    assert_eq!(
        publish(&right, 5_000),
        [unfounded.clone(), unfounded.clone(), unfounded.clone()]
    );
    // The second chunk begins where the first ended.
    let mut back = right.clone();
    back[4_096] = 4_095;
    let words = format!("the list of key {key} goes back from one chunk to the next");
    assert_eq!(
        publish(&back, 5_000),
        [unfounded.clone(), unfounded.clone(), Ok(words)]
    );
    let mut wide = right.clone();
    wide[4_999] = 9_000;
    let words = format!("in the list of key {key}, offset 9000 is not in a run of 9000 entries");
    assert_eq!(
        publish(&wide, 5_000),
        [unfounded.clone(), Ok(words.clone()), Ok(words)]
    );
    // The record counts more than there are.
    let words =
        format!("in the list of key {key}, the chunk has 3620 bytes, not a number and 905 offsets");
    assert_eq!(
        publish(&right, 5_001),
        [unfounded, Ok(words.clone()), Ok(words)]
    );
}

#[test]
fn bad_manifests() {
    let mut world = honest();
    let size = world.entries.len() as u64;
    let good = String::from_utf8(world.publish(&[0..50, 50..size]).encode()).unwrap();
    let junk = {
        let id = KeyId::from_bytes([7; 4]);
        let name = log_key().verifier().name().clone();
        Signature::new(name, id, vec![1; 64]).unwrap().encode_line()
    };
    let foreign = junk.replacen(LOG, "w.example.com", 1);
    for (text, words) in [
        (
            "hello".into(),
            "the manifest has no empty line with a checkpoint after it",
        ),
        (
            good.replacen("run 0 50 ", "run 0 49 ", 1),
            "run 1 of the manifest starts at 50, not at 49",
        ),
        (
            good.replacen("run 50 121 ", "run 50 120 ", 1),
            "the runs of the manifest end at 120, the log at 121",
        ),
        (
            good.clone() + &foreign,
            "a signature in the manifest is not by the log: its name is not the log's origin",
        ),
    ] {
        world.publish_manifest(text.as_bytes());
        let guilt = judge(&world, Accusation::BadManifest).unwrap();
        assert_eq!((guilt.kind, guilt.detail.as_str()), ("bad-manifest", words));
    }
    // No fault: a log that this policy does not know, a line under the log's name by a key that the builder cannot have known,
    // and a right manifest.
    let origin = "other.example.com";
    let head = world.head(size as usize);
    let other = key(origin, SignatureType::Ed25519, 9);
    let other = Checkpoint::sign(&Origin::parse(origin).unwrap(), head, &other).unwrap();
    let runs = Manifest::parse(good.as_bytes()).unwrap().runs().to_vec();
    let other = Manifest::new(world.map, runs, &signed(&other))
        .unwrap()
        .encode();
    let unknown = good.clone() + &junk;
    for bytes in [other, unknown.into_bytes(), good.clone().into_bytes()] {
        world.publish_manifest(&bytes);
        let error = judge(&world, Accusation::BadManifest);
        assert_eq!(error, Err(FraudError::Unfounded));
    }
    // Nor a key function or a version of the future: a verifier that does not know it decides nothing.
    for (from, to, code) in [
        ("access/v1", "access/v9", "index-fraud-unfounded"),
        (
            "tlog-index/v1",
            "tlog-index/v9",
            "index-manifest-unknown-version",
        ),
    ] {
        world.publish_manifest(good.replacen(from, to, 1).as_bytes());
        let error = judge(&world, Accusation::BadManifest).unwrap_err();
        assert_eq!(error.code(), code);
    }
}

/// A log whose index leaves one position out, and the proof of it.
pub(crate) fn true_fraud() -> (World, Fraud) {
    let mut world = honest();
    let name = key_of(KeyKind::Name, "m7");
    let truth = pairs(&world, world.entries.len());
    let forged = truth.into_iter().filter(|pair| *pair != (name, 47));
    let manifest = publish(&mut world, forged.collect());
    let accusation = accuse(&world, &manifest, &name, 47).unwrap();
    let proof = world.index_proof(0, b"");
    let fraud = Fraud::new(manifest.encode(), &proof, accusation).unwrap();
    (world, fraud)
}

#[test]
fn a_changed_byte_accuses_nobody() {
    let (_, fraud) = true_fraud();
    let bytes = fraud.encode();
    assert!(fraud.verify(&trust(), NOW).unwrap().is_audited);
    let auditor = b"auditor.example.org";
    let line = bytes
        .windows(auditor.len())
        .position(|part| part == auditor)
        .unwrap();
    let end = line
        + bytes[line..]
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        // The accusation of the builder does not depend on the signature of the auditor.
        if let Ok(Ok(guilt)) = Fraud::parse(&changed).map(|fraud| fraud.verify(&trust(), NOW)) {
            assert!(!guilt.is_audited && (line..end).contains(&at), "{at}");
        }
    }
    for cut in 0..bytes.len() {
        assert!(Fraud::parse(&bytes[..cut]).is_err(), "{cut}");
    }
    let error = Fraud::parse(&[&bytes[..], b"x"].concat()).unwrap_err();
    assert_eq!(error.to_string(), "1 bytes follow the fraud proof");
}

#[test]
fn chunks_of_no_list_are_refused() {
    let (world, fraud) = true_fraud();
    let Accusation::Omission(mut bucket, entry) = fraud.accusation().clone() else {
        return;
    };
    assert!(bucket.chunks.is_empty());
    bucket.chunks.push(ChunkEvidence {
        index: 0,
        bytes: vec![],
        proof: prove(&leaves(&world.entries), 0),
    });
    let error = judge(&world, Accusation::Omission(bucket, entry));
    assert_eq!(error, Err(FraudError::Chunks));
}

#[test]
fn a_fork_of_the_log_is_no_lever() {
    // An operator signs another log of the same size, in which entry 47 is about something else.
    let mut world = honest();
    let size = world.entries.len();
    let manifest = world.publish(core::slice::from_ref(&(0..size as u64)));
    let mut fork = honest();
    fork.entries[47] = event("secret@1", "eve@example.com", 47);
    let name = key_of(KeyKind::Name, "secret");
    let entry = entry_evidence(&fork, 47);
    let read = |file: &IndexFile| world.files.get(&file.path()).cloned();
    let accusation = accuse_entry(&manifest, &name, entry, read).unwrap();
    let error = judge(&world, accusation).unwrap_err();
    assert_eq!(error.code(), "index-fraud-other-entry");
}

#[test]
fn whom_the_policy_does_not_name_is_not_accused() {
    let (_, fraud) = true_fraud();
    let policy = |text: String| TrustPolicy::parse(text.as_bytes()).unwrap();
    let log = format!("[log]\nlog {}\nquorum none\n", log_key().verifier());
    let error = fraud.verify(&policy(log.clone()), NOW);
    assert_eq!(error, Err(FraudError::NoIndexPolicy));
    let other = key(super::world::INDEX, SignatureType::Ed25519, 99);
    let text = format!("{log}[index]\nlog {}\nquorum none\n", other.verifier());
    assert_eq!(
        fraud.verify(&policy(text), NOW),
        Err(FraudError::IndexUnsigned)
    );
    // No quorum of witnesses is required: the signature of the builder is enough.
    let text = format!(
        "{log}[index]\nlog {}\nwitness w {}\nquorum w\n",
        index_key().verifier(),
        key("w.example.com", SignatureType::CosignatureV1, 98).verifier()
    );
    let guilt = fraud.verify(&policy(text), NOW).unwrap();
    assert!(!guilt.is_audited);
}

#[test]
fn files_that_are_no_fraud_proofs() {
    let (_, fraud) = true_fraud();
    let text = fraud.encode();
    let swap = |from: &str, to: &str| {
        let at = text
            .windows(from.len())
            .position(|part| part == from.as_bytes())
            .unwrap();
        [&text[..at], to.as_bytes(), &text[at + from.len()..]].concat()
    };
    let table = BTreeMap::from([
        ("index-fraud-header", swap("fraud/v1", "fraud/v2")),
        ("index-fraud-kind", swap("kind omission", "kind other")),
        ("index-fraud-line", swap("run 0\n", "run 00\n")),
        ("index-fraud-part", swap("\nmanifest ", "\nmanifest 9")),
        ("index-fraud-too-large", vec![0; (32 << 20) + 1]),
    ]);
    for (code, bytes) in table {
        assert_eq!(Fraud::parse(&bytes).unwrap_err().code(), code);
    }
    for (from, to) in [
        ("bucket ", "bucket x"),
        ("key ", "key x"),
        ("position 47", "position 047"),
        ("position 47\n", ""),
    ] {
        assert_eq!(
            Fraud::parse(&swap(from, to)).unwrap_err().code(),
            "index-fraud-line"
        );
    }
}

fn report(fraud: &[u8], policy: &[u8]) -> Report {
    let options = Options {
        now: NOW,
        require: None,
        max_checkpoint_age: None,
        full_scan: false,
        accept_index: false,
        state: false,
    };
    verify_fraud(fraud, policy, options)
}

#[test]
fn a_proof_with_another_byte_accuses_of_nothing_else() {
    let fraud = include_bytes!("../../../../docs/formats/vectors/index/omission.fraud");
    let policy = include_bytes!("../../../../docs/formats/vectors/index/trust.policy");
    let good = report(fraud, policy);
    assert_eq!(good.class(), Class::Verified);
    assert_eq!(good.claims.included, Outcome::Unknown);
    let mut accused = good.members.fraud.clone().unwrap();
    assert!(!accused.auditors.is_empty());
    accused.auditors.clear();
    let mut still_held = 0;
    for at in 0..fraud.len() {
        let mut other = fraud.to_vec();
        other[at] ^= 1;
        let report = report(&other, policy);
        if report.class() == Class::Verified {
            // The signature of an auditor may be removed; the accusation of the builder is the same.
            assert_eq!(report.members.fraud, Some(accused.clone()), "byte {at}");
            still_held += 1;
        }
        assert_ne!(report.class(), Class::Unfinished);
    }
    assert!(still_held < 200, "{still_held}");
    for length in 0..fraud.len() {
        let class = report(&fraud[..length], policy).class();
        assert_eq!(class, Class::MalformedInput, "{length} bytes");
    }
}

#[test]
fn whoever_the_policy_does_not_name_is_not_accused() {
    let fraud = include_bytes!("../../../../docs/formats/vectors/index/omission.fraud");
    let policy = include_str!("../../../../docs/formats/vectors/index/trust.policy");
    // A policy without [index], such as a plain policy of a log, accuses no builder.
    let (log, _) = policy.split_once("[index]").unwrap();
    assert_eq!(report(fraud, log.as_bytes()).class(), Class::Undecided);
    assert_eq!(report(fraud, b"no policy").class(), Class::MalformedInput);
    assert_eq!(
        report(b"", policy.as_bytes()).class(),
        Class::MalformedInput
    );
}
