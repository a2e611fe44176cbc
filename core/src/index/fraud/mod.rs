//! Fraud proofs: evidence that an index builder signed something false.

pub(crate) mod fraud;
pub(crate) mod fraud_text;
pub(crate) mod fraud_verify;

pub use fraud::{Accusation, BucketEvidence, ChunkEvidence, EntryEvidence, Fraud, accuse_entry};
pub use fraud_text::FraudTextError;
pub use fraud_verify::{FraudError, Guilt};
