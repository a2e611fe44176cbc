//! Consistency proofs for witnesses, from the tiles of the log.

use crate::error::LogError;
use glasslog_client::witness::Prove;
use glasslog_core::merkle::{ConsistencyProof, TreeHead};
use glasslog_core::tiles::ConsistencyPlan;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A file of a tree; `None` if it is missing.
type File = Result<Option<Vec<u8>>, LogError>;

/// Returns the function that proves that the tree of `head` extends smaller ones; `read` reads a file of the tree by its
/// path. Each proof is made once.
pub(crate) fn prover(
    head: TreeHead,
    read: impl Fn(&str) -> File + Send + Sync + 'static,
) -> Arc<Prove> {
    let made: Mutex<BTreeMap<u64, ConsistencyProof>> = Mutex::default();
    Arc::new(move |old| {
        let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(proof) = made.get(&old) {
            return Ok(proof.clone());
        }
        let proof = prove(old, head, &read)?;
        made.insert(old, proof.clone());
        Ok(proof)
    })
}

fn prove(
    old: u64,
    head: TreeHead,
    read: &dyn Fn(&str) -> File,
) -> Result<ConsistencyProof, String> {
    let plan = ConsistencyPlan::new(old, head).map_err(|error| error.to_string())?;
    let files = plan.read(|tile| read(&tile.path()));
    let files = files.map_err(|error| error.to_string())?;
    let (_, proof) = plan.finish(&files).map_err(|error| error.to_string())?;
    Ok(proof)
}
