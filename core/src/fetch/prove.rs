//! Makes a `tlog-proof` of one entry from a log's files.
//!
//! The tiles are checked against the checkpoint, so the proof is sound for that checkpoint. Trust in the checkpoint is
//! judged by the verifier of the proof.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::fetch::log_file::LogFile;
use crate::fetch::query::{Progress, Query};
use crate::fetch::wave::{self, Wave};
use crate::note::checkpoint::{Checkpoint, CheckpointError};
use crate::note::tlog_proof::{TlogProof, TlogProofError};
use crate::report::report::Report;
use crate::tiles::plan::InclusionPlan;
use crate::tiles::tile::TileError;

/// A proof in progress.
pub struct ProveQuery {
    index: u64,
    stage: Stage,
}

enum Stage {
    Checkpoint(Wave),
    Tiles(Checkpoint, InclusionPlan, Wave),
    Done(Result<TlogProof, ProveError>),
}

/// Reasons for the lack of a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// A needed file is missing.
    #[error("`{path}` is missing")]
    Missing {
        /// Its path.
        path: String,
    },
    /// The log's checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// The log has no such entry.
    #[error("there is no entry {index}: the log has {}", crate::report::words::entries(*.size))]
    NoSuchEntry {
        /// The index asked for.
        index: u64,
        /// Entries of the log.
        size: u64,
    },
    /// The tiles do not match the checkpoint.
    #[error(transparent)]
    Tiles(TileError),
    /// The proof cannot be assembled.
    #[error(transparent)]
    Proof(TlogProofError),
}

impl ProveError {
    /// The stable name of the reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "prove-missing-file",
            Self::Checkpoint(error) => error.code(),
            Self::NoSuchEntry { .. } => "prove-no-such-entry",
            Self::Tiles(error) => error.code(),
            Self::Proof(error) => error.code(),
        }
    }
}

impl ProveQuery {
    /// A proof of the entry at `index` under the log's newest checkpoint.
    #[must_use]
    pub fn new(index: u64) -> Self {
        Self {
            index,
            stage: Stage::Checkpoint(Wave::of([LogFile::Checkpoint])),
        }
    }

    fn plan(&self, bytes: &[u8]) -> Result<Stage, ProveError> {
        let checkpoint = Checkpoint::parse(bytes).map_err(ProveError::Checkpoint)?;
        let head = checkpoint.head();
        if self.index >= head.size {
            return Err(ProveError::NoSuchEntry {
                index: self.index,
                size: head.size,
            });
        }
        let plan = InclusionPlan::new(head, self.index).map_err(ProveError::Tiles)?;
        let wave = Wave::of(plan.tiles().iter().copied().map(LogFile::Tile));
        Ok(Stage::Tiles(checkpoint, plan, wave))
    }

    /// The proof, once no more files are needed.
    #[must_use]
    pub const fn proof(&self) -> Option<&Result<TlogProof, ProveError>> {
        match &self.stage {
            Stage::Done(proof) => Some(proof),
            _ => None,
        }
    }
}

/// It has no report, because it judges nothing about an artifact.
impl Query for ProveQuery {
    fn needs(&self) -> Vec<String> {
        match &self.stage {
            Stage::Checkpoint(wave) | Stage::Tiles(_, _, wave) => wave.needs(),
            Stage::Done(_) => Vec::new(),
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        let (Stage::Checkpoint(wave) | Stage::Tiles(_, _, wave)) = &mut self.stage else {
            return;
        };
        if !wave.supply(path, bytes) {
            return;
        }
        let missing = wave.missing().map(ToString::to_string);
        let files = wave.take();
        let stage = core::mem::replace(&mut self.stage, Stage::Checkpoint(Wave::default()));
        self.stage = match (missing, stage) {
            (Some(path), _) => Stage::Done(Err(ProveError::Missing { path })),
            (None, Stage::Checkpoint(_)) => {
                let bytes = files.into_values().next().unwrap_or_default();
                self.plan(&bytes)
                    .unwrap_or_else(|error| Stage::Done(Err(error)))
            }
            (None, Stage::Tiles(checkpoint, plan, _)) => {
                let proof = plan.finish(&wave::tiles(files)).map_err(ProveError::Tiles);
                Stage::Done(proof.and_then(|proof| {
                    TlogProof::new(Vec::new(), self.index, proof, checkpoint)
                        .map_err(ProveError::Proof)
                }))
            }
            (None, done @ Stage::Done(_)) => done,
        };
    }

    fn report(&self) -> Option<&Report> {
        None
    }

    fn progress(&self) -> Progress<'_> {
        Progress::default()
    }
}
