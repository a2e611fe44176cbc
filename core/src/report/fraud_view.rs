//! The accusation of a fraud proof as a report shows it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::merkle::hash::Hash;

/// Who is accused of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FraudSummary {
    /// `bad-manifest`, `malformed-bucket`, `omission` or `insertion`.
    pub kind: &'static str,
    /// Origin of the index log, whose key signed what is false.
    pub index: String,
    /// Origin of the log that the manifest is about; `null` where it cannot be read.
    pub log: Option<String>,
    /// Which entry of the index log is false.
    pub manifest: u64,
    /// Which run of the manifest.
    pub run: Option<u64>,
    /// Which bucket of it, `reserved` or a number.
    pub bucket: Option<String>,
    /// Whose list, base64.
    pub key: Option<Hash>,
    /// Position of the entry that is left out, or does not belong there.
    pub position: Option<u64>,
    /// Auditors of the policy who cosigned it, if in the number that the policy asks for.
    pub auditors: Vec<String>,
}
