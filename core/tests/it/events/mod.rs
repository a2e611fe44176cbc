//! Events, keys and admission through the public interface: tables, a model of the keyring, and the vectors of
//! `docs/formats/vectors/events`.

mod access;
mod admission;
mod entries;
mod fixture;
mod genesis;
mod key_oracle;
mod keyring;
mod keyring_model;
mod keys;
mod scenarios;
mod schemas;
mod vectors;
