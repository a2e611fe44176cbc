//! Receipts: a [tlog-proof](https://c2sp.org/tlog-proof) for each entry, from the public files under the newest checkpoint,
//! with the signatures on it that this server can verify.

use crate::app::App;
use glasslog_client::prove::prove_all;
use glasslog_client::source::Source;
use glasslog_log::KnownSigners;
use std::sync::Arc;

/// Tries: a growing log may replace the checkpoint and delete partial tiles while a proof is made.
const TRIES: usize = 3;

/// Makes the proofs of published entries, in order. `None` if a file does not match the checkpoint, or cannot be read in any
/// try.
pub(crate) async fn prove(app: &App, indices: Vec<u64>) -> Option<Vec<String>> {
    let (source, signers) = (app.source().ok()?, Arc::clone(&app.signers));
    let work = move || make(&*source, &signers, &indices);
    tokio::task::spawn_blocking(work).await.ok()?
}

fn make(source: &dyn Source, signers: &KnownSigners, indices: &[u64]) -> Option<Vec<String>> {
    let proofs = (0..TRIES).find_map(|_| prove_all(source, indices).ok())?;
    // All proofs are under one checkpoint.
    let Some(first) = proofs.first() else {
        return Some(Vec::new());
    };
    let signed = signers.keep(first.checkpoint())?;
    let proofs = proofs.iter().map(|proof| {
        let proof = proof.under(signed.checkpoint().clone()).ok()?;
        Some(String::from_utf8_lossy(&proof.encode()).into_owned())
    });
    proofs.collect()
}
