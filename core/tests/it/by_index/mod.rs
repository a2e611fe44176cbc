//! Histories, files and entries through the index: the same answers as a full scan, and each fault told for what it is.

mod answers;
mod bundles;
mod faults;
mod found;
mod world;
