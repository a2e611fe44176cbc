//! Signature algorithms. Keys and signatures are bytes here; their meaning is in `note` and `event`.

pub(crate) mod ed25519;
pub mod ed25519_batch;

pub use ed25519::{KeyError, PublicKey, SecretKey, SignatureError};
