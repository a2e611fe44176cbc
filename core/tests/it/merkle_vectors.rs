//! Inclusion and consistency vectors of [transparency-dev/merkle](https://github.com/transparency-dev/merkle/tree/main/testdata), read as files.

#![expect(clippy::print_stdout, reason = "a test says what it skips")]

use glasslog_core::merkle::{ConsistencyProof, Hash, InclusionProof, TreeHead};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// All `.json` files below the folder, or `None` if the vectors are absent.
fn vectors(kind: &str) -> Option<Vec<(PathBuf, Value)>> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    if !root.exists() {
        println!("skipped: ../shared/vectors is absent");
        return None;
    }
    let mut files = Vec::new();
    walk(&root.join("merkle").join(kind), &mut files);
    files.sort();
    Some(
        files
            .into_iter()
            .map(|file| {
                (
                    file.clone(),
                    serde_json::from_slice(&fs::read(file).unwrap()).unwrap(),
                )
            })
            .collect(),
    )
}

fn hash(value: &Value) -> Option<Hash> {
    Hash::parse_base64(value.as_str().unwrap())
}

/// The hashes, any of which may be malformed on purpose.
fn hashes(value: &Value) -> Option<Vec<Hash>> {
    value
        .as_array()
        .map_or(Some(Vec::new()), |list| list.iter().map(hash).collect())
}

fn inclusion(vector: &Value) -> Option<()> {
    let proof = InclusionProof::from_hashes(hashes(&vector["proof"])?).ok()?;
    let head = TreeHead {
        size: vector["treeSize"].as_u64().unwrap(),
        root: hash(&vector["root"])?,
    };
    proof
        .verify(
            &hash(&vector["leafHash"])?,
            vector["leafIdx"].as_u64().unwrap(),
            &head,
        )
        .ok()
}

fn consistency(vector: &Value) -> Option<()> {
    let proof = ConsistencyProof::from_hashes(hashes(&vector["proof"])?).ok()?;
    let old = TreeHead {
        size: vector["size1"].as_u64().unwrap(),
        root: hash(&vector["root1"])?,
    };
    let new = TreeHead {
        size: vector["size2"].as_u64().unwrap(),
        root: hash(&vector["root2"])?,
    };
    proof.verify(&old, &new).ok()
}

fn check(kind: &str, expected: usize, verify: impl Fn(&Value) -> Option<()>) {
    let Some(vectors) = vectors(kind) else { return };
    assert_eq!(vectors.len(), expected, "vectors of {kind}");
    let mut good = 0;
    for (file, vector) in &vectors {
        let refused = verify(vector).is_none();
        assert_eq!(
            refused,
            vector["wantErr"].as_bool().unwrap(),
            "{}: {}",
            file.display(),
            vector["desc"]
        );
        good += usize::from(!refused);
    }
    assert!(good > 0 && good < expected, "{good} of {expected} good");
    println!("{kind}: {good} verify, {} are refused", expected - good);
}

#[test]
fn inclusion_vectors() {
    check("inclusion", 86, inclusion);
}

#[test]
fn consistency_vectors() {
    check("consistency", 84, consistency);
}
