//! Events, keys and admission through the public interface: tables, a model of the keyring, and the vectors of
//! `docs/formats/vectors/events`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_alloc,
    clippy::as_conversions,
    reason = "tests may fail loudly"
)]

mod access;
mod admission;
mod entries;
mod fixture;
mod keyring;
mod keyring_model;
mod keys;
mod scenarios;
mod vectors;
