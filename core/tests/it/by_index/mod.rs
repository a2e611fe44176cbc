//! Histories, files and entries through the index: the same answers as a full scan, and each fault told for what it is.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::integer_division_remainder_used,
    clippy::std_instead_of_alloc,
    reason = "tests may fail loudly"
)]

mod answers;
mod bundles;
mod faults;
mod found;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the histories use the rest")]
mod support;
mod world;
