//! Histories, files and entries through the index: the same answers as a full scan, and each fault under its own name.

mod answers;
mod bundles;
mod faults;
mod found;
mod grounds;
mod state;
mod withheld;
pub(crate) mod world;
