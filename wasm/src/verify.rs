//! Verifications that need no further files.

use glasslog_core::verify::{self, Asked};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::options::options;

/// Verifies an offline bundle: `artifact` is what it must be about, `exact` accepts one that followed no registration.
///
/// # Errors
/// Throws on an unknown option, and if the artifact breaks its syntax.
#[wasm_bindgen(js_name = verifyBundle)]
#[expect(
    clippy::too_many_arguments,
    reason = "only single values pass between JavaScript and Rust; the wrapper in JavaScript names them"
)]
pub fn verify_bundle(
    bundle: &[u8],
    policy: &str,
    artifact: Option<String>,
    exact: bool,
    now: u64,
    require: Option<String>,
    max_checkpoint_age: Option<u64>,
    accept_index: bool,
) -> Result<String, JsError> {
    let options = options(now, require.as_deref(), max_checkpoint_age, accept_index)?;
    let artifact = artifact.as_deref();
    let asked = Asked { artifact, exact };
    Ok(verify::verify_bundle(bundle, policy.as_bytes(), options, asked)?.to_json())
}

/// Verifies a `c2sp.org/tlog-proof@v1` file of one entry.
///
/// # Errors
/// Throws on an unknown option.
#[wasm_bindgen(js_name = verifyProof)]
pub fn verify_proof(
    proof: &[u8],
    entry: &[u8],
    policy: &str,
    now: u64,
    require: Option<String>,
    max_checkpoint_age: Option<u64>,
) -> Result<String, JsError> {
    let options = options(now, require.as_deref(), max_checkpoint_age, false)?;
    Ok(verify::verify_proof(proof, entry, policy.as_bytes(), options).to_json())
}

/// Verifies that a newer checkpoint extends an older one.
///
/// # Errors
/// Throws on an unknown option.
#[wasm_bindgen(js_name = verifyConsistency)]
pub fn verify_consistency(
    old: &[u8],
    new: &[u8],
    proof: &[u8],
    policy: &str,
    now: u64,
    require: Option<String>,
    max_checkpoint_age: Option<u64>,
) -> Result<String, JsError> {
    let options = options(now, require.as_deref(), max_checkpoint_age, false)?;
    Ok(verify::verify_consistency(old, new, proof, policy.as_bytes(), options).to_json())
}

/// Verifies a fraud proof against the signer of an index.
///
/// # Errors
/// Throws on an unknown option.
#[wasm_bindgen(js_name = verifyFraud)]
pub fn verify_fraud(
    fraud: &[u8],
    policy: &str,
    now: u64,
    require: Option<String>,
    max_checkpoint_age: Option<u64>,
) -> Result<String, JsError> {
    let options = options(now, require.as_deref(), max_checkpoint_age, false)?;
    Ok(verify::verify_fraud(fraud, policy.as_bytes(), options).to_json())
}

/// Verifies the evidence of an inconsistency against a log.
///
/// # Errors
/// Throws on an unknown option.
#[wasm_bindgen(js_name = verifyInconsistency)]
pub fn verify_inconsistency(
    evidence: &[u8],
    policy: &str,
    now: u64,
    require: Option<String>,
    max_checkpoint_age: Option<u64>,
) -> Result<String, JsError> {
    let options = options(now, require.as_deref(), max_checkpoint_age, false)?;
    Ok(verify::verify_inconsistency(evidence, policy.as_bytes(), options).to_json())
}
