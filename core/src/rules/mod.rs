//! Rules: each reads the entries of a log in order and keeps the state that decides about the next entry.
//!
//! Admission and verification share them.

pub(crate) mod acknowledgements;
pub(crate) mod admission;
pub(crate) mod holder;
mod judge_many;
pub(crate) mod key_effect;
pub(crate) mod keyring;
pub(crate) mod memory;
pub(crate) mod refusal;
pub(crate) mod registration;
pub(crate) mod rotation;
pub(crate) mod signature_status;

pub use acknowledgements::{Acknowledged, Acknowledgements};
pub use admission::{Admission, Admitted};
pub use key_effect::{KeyEffect, NoEffect};
pub use keyring::{Compromise, EnrolledKey, Keyring, Revocation};
pub use memory::{InMemory, Memory};
pub use refusal::{KnownAs, Refusal, RefusalClass};
pub use registration::{
    Binding, RegisterConflict, Registered, Registrations, candidate, owned, versions,
};
pub use rotation::RotationError;
pub use signature_status::SignatureStatus;
