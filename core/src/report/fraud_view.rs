//! The accusation of a fraud proof as a report shows it.

use alloc::string::String;
#[cfg(test)]
use alloc::string::ToString; // for the derived TypeScript type
use alloc::vec::Vec;

use serde::Serialize;

use crate::merkle::hash::Hash;

/// The accusation of a fraud proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FraudSummary {
    /// `bad-manifest`, `malformed-bucket`, `omission` or `insertion`.
    pub kind: &'static str,
    /// Origin of the index log, whose key signed the falsehood.
    pub index: String,
    /// Origin of the log that the manifest is about; `null` if it cannot be read.
    pub log: Option<String>,
    /// Position in the index log of the false entry.
    pub manifest: u64,
    /// Number of the run in the manifest.
    pub run: Option<u64>,
    /// Bucket of the run, `reserved` or a number.
    pub bucket: Option<String>,
    /// Key of the list, base64.
    pub key: Option<Hash>,
    /// Position of the entry that is left out, or does not belong there.
    pub position: Option<u64>,
    /// Auditors of the policy who cosigned it, if enough of them did.
    pub auditors: Vec<String>,
}
