//! Rules of the Glasslog transparency log: formats, hashing, proofs, trust, events and verdicts.
//!
//! Pure by construction: `no_std`, no clock, no I/O, no randomness, no threads. Time, randomness and file
//! contents are arguments.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod crypto;
pub mod event;
pub mod fetch;
pub mod index;
pub mod merkle;
pub mod note;
pub mod object_store;
pub mod report;
pub mod rules;
pub mod text;
pub mod tiles;
pub mod trust;
pub mod verify;
