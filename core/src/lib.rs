//! Rules of the Glasslog transparency log: formats, hashing, proofs, trust, events and verdicts.
//!
//! Pure by construction: `no_std`, no clock, no I/O, no randomness, no threads. Time, randomness and file
//! contents are arguments.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod escape;
pub mod limits;
pub mod member;
pub mod time;
pub mod wire;

mod heapsort;

pub mod compact;
pub mod edge;
pub mod entries;
pub mod hash;
pub mod proof;
mod proof_spans;
pub mod tile;
mod tile_path;
pub mod tile_plan;
pub mod tree;
pub mod trunk;

pub mod checkpoint;
pub mod cosignature;
pub mod ed25519;
pub mod ed25519_batch;
pub mod note;
pub mod note_key;
pub mod policy;
pub mod policy_text;
pub mod tlog_proof;
pub mod trust;

pub mod access;
pub mod admission;
pub mod artifact;
pub mod dsse;
pub mod event;
pub mod genesis;
pub mod index_key;
pub mod json;
pub mod key_event;
pub mod keyring;
pub mod registration;
pub mod spki;
pub mod statement;

pub mod audit;
pub mod bundle;
pub mod consistency_query;
mod entry;
pub mod entry_query;
pub mod event_view;
pub mod fetch;
mod findings;
pub mod fraud_query;
mod gathered;
pub mod head;
pub mod history;
pub mod index;
mod indexed;
mod inquiry;
mod positions;
pub mod proof_query;
pub mod prove_query;
mod replay;
pub mod report;
mod scan;
mod sparse_trunk;

pub mod writers;
