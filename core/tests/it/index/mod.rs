//! The verifiable index as a whole: what it answers, what it refuses, and what it can be accused of.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests may fail loudly"
)]

mod fraud;
mod join;
mod oracle;
mod refusals;
mod vectors;
mod world;
