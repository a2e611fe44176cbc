//! Test-only entry points that take public test vectors as raw JSON, so that the same files are judged natively,
//! in Node and in a browser. Their 64-bit numbers would not survive `JSON.parse`.

use glasslog_core::crypto::PublicKey;
use glasslog_core::index::format::{Bucket, BucketName, MapFunction, open_file, parse_run};
use glasslog_core::merkle::{ConsistencyProof, Hash, InclusionProof, TreeHead};
use glasslog_core::text::wire;
use serde_json::Value;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Returns `true` if the inclusion proof of one transparency-dev/merkle vector is accepted.
///
/// # Errors
/// Throws if the text is not such a vector.
#[wasm_bindgen(js_name = acceptsInclusion)]
pub fn accepts_inclusion(vector: &str) -> Result<bool, JsError> {
    let vector: Value = serde_json::from_str(vector)?;
    let index = number(&vector, "leafIdx")?;
    let size = number(&vector, "treeSize")?;
    let (Some(leaf), Some(root), Some(hashes)) = (
        hash(&vector["leafHash"]),
        hash(&vector["root"]),
        proof(&vector)?,
    ) else {
        return Ok(false);
    };
    let Ok(proof) = InclusionProof::from_hashes(hashes) else {
        return Ok(false);
    };
    Ok(proof.verify(&leaf, index, &TreeHead { size, root }).is_ok())
}

/// Returns `true` if the consistency proof of one transparency-dev/merkle vector is accepted.
///
/// # Errors
/// Throws if the text is not such a vector.
#[wasm_bindgen(js_name = acceptsConsistency)]
pub fn accepts_consistency(vector: &str) -> Result<bool, JsError> {
    let vector: Value = serde_json::from_str(vector)?;
    let sizes = (number(&vector, "size1")?, number(&vector, "size2")?);
    let (Some(old), Some(new), Some(hashes)) = (
        hash(&vector["root1"]),
        hash(&vector["root2"]),
        proof(&vector)?,
    ) else {
        return Ok(false);
    };
    let Ok(proof) = ConsistencyProof::from_hashes(hashes) else {
        return Ok(false);
    };
    let (old, new) = (
        TreeHead {
            size: sizes.0,
            root: old,
        },
        TreeHead {
            size: sizes.1,
            root: new,
        },
    );
    Ok(proof.verify(&old, &new).is_ok())
}

fn number(vector: &Value, name: &str) -> Result<u64, JsError> {
    vector[name]
        .as_u64()
        .ok_or_else(|| JsError::new(&format!("no number `{name}` in the vector")))
}

/// A hash; some vectors hold text of another length instead.
fn hash(value: &Value) -> Option<Hash> {
    Hash::parse_base64(value.as_str()?)
}

fn proof(vector: &Value) -> Result<Option<Vec<Hash>>, JsError> {
    match &vector["proof"] {
        Value::Null => Ok(Some(Vec::new())),
        Value::Array(hashes) => Ok(hashes.iter().map(hash).collect()),
        _ => Err(JsError::new("no array `proof` in the vector")),
    }
}

/// Returns `true` if the key of one CCTV ed25519 vector is admitted and its signature verifies.
///
/// # Errors
/// Throws if a value is not hex of the right length.
#[wasm_bindgen(js_name = acceptsEd25519)]
pub fn accepts_ed25519(key: &str, signature: &str, message: &str) -> Result<bool, JsError> {
    let hex = |text| wire::hex_decode(text).ok_or_else(|| JsError::new("not hex"));
    let key: [u8; 32] = hex(key)?
        .try_into()
        .map_err(|_| JsError::new("a key of another length"))?;
    let signature = hex(signature)?;
    Ok(PublicKey::from_bytes(&key)
        .is_ok_and(|key| key.verify(message.as_bytes(), &signature).is_ok()))
}

/// The number of keys in a bucket that matches its run's line in a manifest.
///
/// # Errors
/// Throws on a line that names no run, and on a bucket that is not the run's.
#[wasm_bindgen(js_name = verifyBucket)]
pub fn verify_bucket(run: &str, number: u64, file: &[u8]) -> Result<usize, JsError> {
    let run = parse_run(run).ok_or_else(|| JsError::new("not the line of a run"))?;
    let name = BucketName::Number(number);
    let bytes = open_file(file, &run, name)?;
    let bucket = Bucket::parse(bytes, &run, name, &MapFunction::AccessV2.reserved())?;
    Ok(bucket.records().len())
}
