//! The one writer of a log: opens it, admits entries, makes them durable, publishes and signs checkpoints.

pub(crate) mod admitter;
mod archive;
pub(crate) mod close;
pub(crate) mod error;
mod event_memory;
pub(crate) mod keys;
pub(crate) mod known_signers;
pub(crate) mod log;
pub(crate) mod open;
pub(crate) mod partials;
pub(crate) mod public_checkpoint;
pub(crate) mod publisher;
pub(crate) mod refusal;
pub(crate) mod replay;
pub(crate) mod rotate;
pub(crate) mod signer;

pub use admitter::Admitter;
pub use archive::ARCHIVE_INTERVAL;
pub use error::{HistoryError, WriterError};
pub use keys::{
    check_private, new_secret, read_signer, write_pair, write_public, write_secret, write_signer,
};
pub use log::Log;
pub use refusal::{Outcome, Receipt, Refusal};
