//! Publication of a proof with audit statements, as `index/audited.tlog-proof`.

use std::path::Path;

use glasslog_core::index::format::AUDITED_PATH;
use glasslog_log::index::{AuditedProof, CosignError, PublicIndex, Published};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

/// Puts a proof into the log directory `log`, or into its bucket.
///
/// # Errors
/// The proof does not fit the index there, or a file cannot be replaced.
pub(crate) fn publish(proof: &AuditedProof, log: &str, console: &Console) -> Result<(), Failure> {
    let index = PublicIndex::of(Path::new(log))?;
    if proof.publish(&index).map_err(refuse)? == Published::Stays {
        console.note(format_args!(
            "`{AUDITED_PATH}` stays as it is: it is newer, or has more of the auditors that the policy asks for"
        ));
    }
    Ok(())
}

/// Explains why a proof was not made or published.
pub(crate) fn refuse(error: CosignError) -> Failure {
    match error {
        CosignError::Log(error) => error.into(),
        error => Failure::new(Exit::from(&error), error.code(), error.to_string()),
    }
}
