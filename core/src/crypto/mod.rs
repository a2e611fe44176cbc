//! Signature algorithms. Keys and signatures are bytes here; their meaning is in `note` and `event`.

pub(crate) mod ed25519;
pub mod ed25519_batch;
pub(crate) mod ml_dsa;

pub use ed25519::{KeyError, PublicKey, SecretKey, SignatureError};
pub use ml_dsa::{MlDsaError, MlDsaPublicKey, MlDsaSecretKey};
