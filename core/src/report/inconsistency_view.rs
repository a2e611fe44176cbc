//! The accusation of an inconsistency as a report shows it.

use alloc::string::String;
#[cfg(test)]
use alloc::string::ToString; // for the derived TypeScript type
use alloc::vec::Vec;

use serde::Serialize;

use crate::merkle::hash::Hash;
use crate::report::checkpoint_summary::CheckpointSummary;

/// Two heads of one log, and who signed both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct InconsistencySummary {
    /// `log`, or `index` if the accused is the log of an index.
    pub role: &'static str,
    /// The smaller of the two heads, or the one seen first.
    pub old: CheckpointSummary,
    /// The other head.
    pub new: CheckpointSummary,
    /// The root that the tree of the other head has at the smaller size, base64.
    pub prefix: Hash,
    /// Witnesses of the policy who cosigned both heads.
    pub witnesses: Vec<String>,
}
