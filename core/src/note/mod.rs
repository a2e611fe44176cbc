//! Signed text ([c2sp.org/signed-note](https://c2sp.org/signed-note)): notes, checkpoints, cosignatures, offline proofs.

pub(crate) mod checkpoint;
pub mod cosignature;
pub(crate) mod key;
pub(crate) mod key_name;
pub(crate) mod note;
pub(crate) mod signature_line;
pub(crate) mod tlog_proof;

pub use checkpoint::{Checkpoint, CheckpointError, Origin};
pub use key::{SignerKey, VerifierKey};
pub use key_name::{KeyId, KeyName, NoteKeyError, SignatureType};
pub use note::{KeyVerdict, Note, NoteError};
pub use signature_line::{Signature, SignatureLineError};
pub use tlog_proof::{TlogProof, TlogProofError};
