//! Rules: each reads the entries of a log in order and keeps the state that decides what comes next.
//!
//! Admission and verification share them.

pub(crate) mod admission;
pub(crate) mod keyring;
pub(crate) mod registration;

pub use admission::{Admission, Admitted, InMemory, Memory, Refusal, RefusalClass};
pub use keyring::{EnrolledKey, KeyEffect, Keyring, NoEffect, Revocation, SignatureStatus};
pub use registration::{Binding, RegisterConflict, Registrations, bindings};
