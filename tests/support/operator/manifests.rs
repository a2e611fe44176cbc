//! Manifests about another log, of another function, or that are not manifests at all; properly in the index log.
use std::sync::Arc;

use glasslog_core::index::format::{Manifest, MapFunction};
use glasslog_core::merkle::sha256;
use glasslog_core::note::{Checkpoint, Origin, SignatureType, SignerKey};

use super::case::{Case, seen};
use super::forged_run::ForgedRun;
use super::index;
use super::stage::{EARLIER, Operator, RUNS, SIZE, signed};
use crate::fixture::{COSIGNED, Log, ORIGIN, log_key, signer};

pub(super) fn cases() -> Vec<Case> {
    let manifest = "index-manifest";
    vec![
        Case::new(
            "other-log",
            "indexes another log, with a checkpoint of that",
            || {
                about(
                    "models.example.net/other",
                    &signer("models.example.net/other", SignatureType::Ed25519, 9),
                )
            },
        )
        .shows(9)
        .audited(5),
        Case::new(
            "other-log-key",
            "embeds a checkpoint of this log that an unknown key signed",
            || about(ORIGIN, &signer(ORIGIN, SignatureType::Ed25519, 99)),
        )
        .shows(9)
        .audited(5),
        Case::new(
            "log-signature-wrong",
            "embeds a checkpoint with a wrong signature under the log's key",
            || {
                edited(|text| {
                    let root = text
                        .lines()
                        .rfind(|line| line.len() == 44 && line.ends_with('='));
                    let root = root.expect("the checkpoint's root").to_owned();
                    *text = text.replace(&root, &sha256(b"another root").to_string());
                })
            },
        )
        .caught(seen(3, manifest, "index-checkpoint-unsigned"))
        .audited(3),
        Case::new(
            "fork",
            "indexes a fork of the log, of the same size, that the log's key signed too",
            || fork(SIZE),
        )
        .caught(seen(7, "index-consistency", ""))
        .audited(7),
        Case::new(
            "smaller-fork",
            "indexes a smaller fork of the log that the log's key signed too",
            || fork(SIZE - 40),
        )
        .caught(seen(7, "index-consistency", ""))
        .audited(7),
        Case::new(
            "unknown-function",
            "names a key function that nobody knows",
            || {
                edited(|text| {
                    let known = MapFunction::AccessV2.specification().to_string();
                    *text = text.replace(&known, &sha256(b"another text").to_string());
                })
            },
        )
        .shows(9)
        .audited(5),
        Case::new("other-function", "indexes by another key function", || {
            let mut operator = Operator::prepared();
            let entries: Vec<Vec<u8>> = operator.log.entries.clone();
            let runs = RUNS.map(|range| {
                let here = &entries[index(range.start)..index(range.end)];
                let keys = here.iter().map(|entry| MapFunction::LeafV1.keys(entry));
                let pairs = (0..).zip(keys);
                let pairs = pairs.flat_map(|(at, keys)| keys.into_iter().map(move |key| (key, at)));
                ForgedRun::of(MapFunction::LeafV1, range.clone(), pairs.collect())
            });
            operator.add_files(&runs);
            let heads = runs.iter().map(ForgedRun::head).collect();
            let checkpoint = signed(&operator.checkpoint, &log_key());
            let manifest = Manifest::new(MapFunction::LeafV1, heads, &checkpoint);
            operator.publish_manifest(manifest.expect("the runs cover it").encode());
            operator
        })
        .shows(9)
        .audited(5),
        Case::new(
            "no-manifest",
            "appends an entry that is no manifest",
            || {
                let mut operator = Operator::prepared();
                operator.publish_manifest(b"hello\n".to_vec());
                operator
            },
        )
        .caught(seen(3, manifest, "index-manifest-no-checkpoint"))
        .fraud("bad-manifest"),
        Case::new(
            "number-padded",
            "writes a number with a leading zero",
            || edited(|text| *text = text.replace("run 0 128 ", "run 0 0128 ")),
        )
        .caught(seen(3, manifest, "index-manifest-run"))
        .fraud("bad-manifest"),
        Case::new(
            "another-manifest-shown",
            "shows a manifest that is not the one in the index log",
            || {
                let mut operator = Operator::prepared();
                let runs = operator.runs();
                operator.publish(&runs);
                let forged = operator.runs_without(|_, at| at == 130);
                operator.add_files(&forged);
                let shown = operator.manifest(&forged).encode();
                let proof = operator.index_proof(1, shown);
                for path in ["index/latest.tlog-proof", "index/audited.tlog-proof"] {
                    operator.files.insert(path.into(), proof.encode());
                }
                operator
            },
        )
        .caught(seen(3, manifest, "index-manifest-not-included"))
        .audited(3),
    ]
}

/// The honest index, its manifest changed as text; the auditor is taken in.
fn edited(change: fn(&mut String)) -> Operator {
    let mut operator = Operator::prepared();
    let runs = operator.runs();
    operator.add_files(&runs);
    let manifest = operator.manifest(&runs).encode();
    let mut text = String::from_utf8(manifest).expect("a manifest is text");
    let before = text.clone();
    change(&mut text);
    assert_ne!(text, before, "the manifest was to change");
    operator.publish_manifest(text.into_bytes());
    operator
}

/// The honest index, whose manifest embeds a checkpoint of the same tree under this origin, signed by this key.
fn about(origin: &str, key: &SignerKey) -> Operator {
    let mut operator = Operator::prepared();
    let runs = operator.runs();
    operator.add_files(&runs);
    let origin = Origin::parse(origin).expect("an origin");
    let checkpoint = Checkpoint::sign(&origin, operator.log.head(), key).expect("its key");
    let checkpoint = signed(&checkpoint, key);
    let heads = runs.iter().map(ForgedRun::head).collect();
    let manifest = Manifest::new(MapFunction::AccessV2, heads, &checkpoint);
    operator.publish_manifest(manifest.expect("the runs cover it").encode());
    operator
}

/// An honest index of a fork of the log that starts like it.
fn fork(size: u64) -> Operator {
    let mut operator = Operator::prepared();
    let mut fork = Log::new(ORIGIN);
    let mut keys = operator.keys[..index(size)].to_vec();
    // An event about the artifact is gone, and the one before stands in its place.
    let at = index(EARLIER + 20);
    keys[at] = keys[at - 1].clone();
    for number in 0..index(size) {
        let number = if number == at { at - 1 } else { number };
        fork.add(operator.log.entries[number].clone());
    }
    let checkpoint = signed(&fork.checkpoint(&log_key(), &[], COSIGNED), &log_key());
    let honest = std::mem::replace(&mut operator.keys, Arc::new(keys));
    let runs = [0..128, 128..size].map(|range| operator.run(range));
    operator.keys = honest;
    let heads = runs.iter().map(ForgedRun::head).collect();
    let manifest = Manifest::new(MapFunction::AccessV2, heads, &checkpoint);
    operator.add_files(&runs);
    operator.publish_manifest(manifest.expect("the runs cover it").encode());
    operator
}
