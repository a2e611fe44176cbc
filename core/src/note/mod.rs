//! Signed text ([c2sp.org/signed-note](https://c2sp.org/signed-note)): notes, checkpoints, cosignatures, offline proofs.

pub(crate) mod checkpoint;
pub mod cosignature;
pub(crate) mod key;
pub(crate) mod note;
pub(crate) mod tlog_proof;

pub use checkpoint::{Checkpoint, CheckpointError, Origin};
pub use key::{KeyId, KeyName, NoteKeyError, SignatureType, SignerKey, VerifierKey};
pub use note::{KeyVerdict, Note, NoteError, Signature, SignatureLineError};
pub use tlog_proof::{TlogProof, TlogProofError};
