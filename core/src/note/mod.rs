//! Signed text ([c2sp.org/signed-note](https://c2sp.org/signed-note)): notes, checkpoints, cosignatures, audit statements,
//! offline proofs.

pub mod audit_statement;
pub(crate) mod checkpoint;
pub mod cosignature;
pub(crate) mod cosigned_message;
pub(crate) mod key;
pub(crate) mod key_name;
pub(crate) mod note;
pub(crate) mod signature_line;
pub(crate) mod signed_checkpoint;
pub(crate) mod tlog_proof;

pub use checkpoint::{Checkpoint, CheckpointError, Origin};
pub use key::{NotePublicKey, NoteSignatureError, SignerKey, UnsupportedKey, VerifierKey};
pub use key_name::{KeyId, KeyName, NoteKeyError, Role, SignatureType};
pub use note::{KeyVerdict, Note, NoteError};
pub use signature_line::{Signature, SignatureLineError};
pub use signed_checkpoint::SignedCheckpoint;
pub use tlog_proof::{TlogProof, TlogProofError};
