//! Makes the proof that an entry is in a log (c2sp.org/tlog-proof@v1), without judging who signed its checkpoint.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use glasslog_core::fetch::{ProveError, ProveQuery};
use glasslog_core::note::TlogProof;

use crate::drive::{Observer, Outcome, Reading, feed, read_with_retries};
use crate::error::Error;
use crate::source::{Answer, Source};

/// The reason why a proof could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The log could not be read.
    #[error(transparent)]
    Source(#[from] Error),
    /// The log's files do not give a proof.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The proof was not finished.
    #[error("the proof was not finished")]
    Unfinished,
}

impl ProofError {
    /// Returns the stable name of this class of errors.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Source(error) => error.code(),
            Self::Prove(error) => error.code(),
            Self::Unfinished => "no-proof",
        }
    }
}

/// Makes the proof of the entry at `index` under the log's newest checkpoint.
///
/// # Errors
/// The log cannot be read, has no such entry, or its tiles do not match its checkpoint.
pub fn prove(
    source: &dyn Source,
    observer: &dyn Observer,
    index: u64,
) -> Result<TlogProof, ProofError> {
    let attempt = |reading: &Reading<'_>| {
        let mut query = ProveQuery::new(index);
        feed(&mut query, reading, observer, |_| true)?;
        Ok::<_, Error>(query)
    };
    let query = read_with_retries(source, observer, attempt, |query| Outcome {
        is_failed: matches!(query.proof(), Some(Err(ProveError::Tiles(_)))),
        is_unfinished: false,
    })?;
    match query.proof() {
        Some(proof) => Ok(proof.clone()?),
        None => Err(ProofError::Unfinished),
    }
}

/// Makes the proofs of several entries, in order, all under one checkpoint: each file is read once.
///
/// # Errors
/// As [`prove`]; the log may have replaced the checkpoint meanwhile, and deleted partial tiles of the older one.
pub fn prove_all(source: &dyn Source, indices: &[u64]) -> Result<Vec<TlogProof>, ProofError> {
    let source = ReadOnce {
        source,
        read: Mutex::default(),
    };
    let proofs = indices.iter().map(|index| prove(&source, &(), *index));
    proofs.collect()
}

/// A source that reads each file once.
struct ReadOnce<'a> {
    source: &'a dyn Source,
    read: Mutex<HashMap<String, Option<Vec<u8>>>>,
}

impl Source for ReadOnce<'_> {
    fn read(&self, path: &str) -> Answer {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(path) {
            return Ok(known.clone());
        }
        let bytes = self.source.read(path)?;
        read.insert(path.to_owned(), bytes.clone());
        Ok(bytes)
    }
}
