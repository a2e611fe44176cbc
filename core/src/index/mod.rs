//! The verifiable index: which positions of a log hold a key, from static files (`docs/formats/index.md`).
//!
//! *Building* goes from pairs to files: [`build`](run::build) makes a [`Run`](run::Run) of a range,
//! [`merge`](merge::merge) joins neighbours in memory and a [`Join`](join::Join) stored ones, a [`Manifest`](manifest::Manifest) names the runs that cover a log.
//! *Reading* goes from claims to positions: an [`IndexProof`](vouched::IndexProof) that the trust policy accepts gives a
//! [`VouchedManifest`](vouched::VouchedManifest), tiles of the log bind it to a checkpoint, and a
//! [`Lookup`](lookup::Lookup) asks for files and answers. *Accusing*: a
//! [`Fraud`](fraud::Fraud) shows that a builder signed what is false.

pub mod bucket;
pub mod file;
pub mod fraud;
mod fraud_text;
mod fraud_verify;
pub mod join;
pub mod layout;
pub mod lists;
pub mod lookup;
pub mod manifest;
pub mod map;
pub mod merge;
pub mod part;
pub mod postings;
pub mod run;
mod run_tree;
pub mod stored;
pub mod vouched;
pub mod walk;
