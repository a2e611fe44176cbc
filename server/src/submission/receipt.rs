//! Receipts: a [tlog-proof](https://c2sp.org/tlog-proof) for each entry, from the public files under the newest checkpoint.

use crate::app::App;
use glasslog_client::prove::{ProofError, prove_all};

/// Tries: a growing log may replace the checkpoint and delete partial tiles while a proof is made.
const TRIES: usize = 3;

/// Makes the proofs of published entries, in order.
///
/// # Errors
/// A file does not match the checkpoint, or cannot be read in any try.
pub(crate) async fn prove(app: &App, indices: Vec<u64>) -> Result<Vec<String>, ProofError> {
    let source = app.source()?;
    let work = move || {
        let mut proofs = Err(ProofError::Unfinished);
        for _ in 0..TRIES {
            proofs = prove_all(&*source, &indices);
            if proofs.is_ok() {
                break;
            }
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(proofs?.iter().map(|proof| text(proof.encode())).collect())
    };
    let worked = tokio::task::spawn_blocking(work).await;
    worked.unwrap_or(Err(ProofError::Unfinished))
}
