//! Logs in an S3-compatible bucket, written by several processes (`docs/formats/object-store.md`).
//!
//! [`protocol`] decides, [`Client`] performs the requests. A store is tested before it is used
//! ([`Client::check_fitness`]): some stores accept conditional requests and ignore the condition.

mod ahead;
mod bucket;
mod candidate;
mod client;
pub(crate) mod error;
mod fitness;
mod hold;
mod listing;
pub mod protocol;
mod retry;
mod settings;
mod source;
mod storage;

pub use bucket::Bucket;
pub use candidate::{Candidate, Taken};
pub use client::Client;
pub use error::StoreError;
pub use settings::StoreSettings;
pub use source::BucketSource;
