//! The verifiable index: finds the positions of a log that hold a key, from static files (`docs/formats/index.md`).
//!
//! *Building* goes from pairs to files: [`build`](build::build) makes a [`Run`](build::Run) of a range,
//! [`merge`](build::merge) joins neighbours in memory and a [`Join`](build::Join) stored ones, a
//! [`Manifest`](format::Manifest) lists the runs that cover a log. *Reading* goes from claims to positions: an
//! [`IndexProof`](read::IndexProof) that the trust policy accepts gives a [`VouchedManifest`](read::VouchedManifest),
//! tiles of the log bind it to a checkpoint, and a [`Lookup`](read::Lookup) requests files and answers. *Accusing*: a
//! [`Fraud`](fraud::Fraud) proves that a builder signed a false statement.

pub mod build;
pub mod format;
pub mod fraud;
pub mod read;
