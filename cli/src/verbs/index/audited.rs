//! `index --audited`: publishes the proof that an auditor made elsewhere with `audit --cosign KEY -o FILE`.

use std::path::Path;

use glasslog_core::trust::TrustPolicy;
use glasslog_log::index::AuditedProof;
use serde_json::json;

use super::Args;
use crate::audited_proof::{publish, refuse};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input::{self, MAX_PROOF};
use crate::output::Console;

/// Checks the proof by `--policy`, or by the policy beside the log, and publishes it.
///
/// # Errors
/// The log is not a directory, or the policy does not accept the proof.
pub(super) fn run(args: &Args, file: &Path, console: &Console) -> Result<Exit, Failure> {
    let bytes = input::read_as(file, MAX_PROOF, FileKind::EntryProof)?;
    let policy = args.trust.policy_or_beside(&args.log, console)?;
    let policy = TrustPolicy::parse(&policy)
        .map_err(|error| Failure::new(Exit::Malformed, error.code(), error.to_string()))?;
    let now = args.trust.options().now;
    let proof = AuditedProof::read(&bytes, &policy, now).map_err(refuse)?;
    publish(&proof, &args.log, console)?;
    if console.is_json() {
        console.result(&json!({ "schemaVersion": 1, "result": "done" }), Exit::Done);
    }
    console.note("readers that require auditors begin with this manifest");
    Ok(Exit::Done)
}
