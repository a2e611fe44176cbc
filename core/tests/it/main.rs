//! The core through its public interface: tables, vectors, oracles, and whole logs in memory.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::integer_division_remainder_used,
    clippy::panic,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests may fail loudly"
)]

mod acknowledged;
mod audit_state;
mod bindings;
mod by_index;
mod closure;
mod dice;
mod ed25519_batch;
mod ed25519_vectors;
mod events;
mod files;
mod folders;
mod history;
mod hostile;
mod inconsistency;
mod index;
mod merkle_vectors;
mod ml_dsa_vectors;
mod note_oracle;
mod policy;
mod proof_exhaustive;
mod proof_oracles;
mod queries;
mod rotation;
mod standing;
mod strangers;
mod support;
mod tile_plan;
mod times;
mod trust;
mod validity;
mod witness;
mod witness_validity;
