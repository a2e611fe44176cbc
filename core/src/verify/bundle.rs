//! `glasslog-bundle/v1`: everything needed to verify a history offline, in one file (`docs/formats/bundle.md`).
//!
//! A bundle holds the question and each file that the history query asked for. Verifying it replays the same query on
//! these files, so a bundle can prove nothing that the log could not, and a file left out is a file missing.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};

use crate::event::artifact::{ArtifactError, question};
use crate::event::lookup_key::LookupKey;
use crate::fetch::bundle_file::{Bundle, BundleError};
use crate::fetch::query::Query;
use crate::index::format::file::LATEST_PATH;
use crate::report::check::Class;
use crate::report::report::Report;
use crate::text::escape;
use crate::verify::history::HistoryQuery;
use crate::verify::history::since::Since;
use crate::verify::options::Options;

/// Reasons for a bundle to prove nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The bundle breaks its format.
    #[error(transparent)]
    File(#[from] BundleError),
    /// The artifact of the query is of no known form.
    #[error("the bundle's question: {0}")]
    Artifact(ArtifactError),
    /// A file that the query does not ask for.
    #[error("the bundle holds `{0}`, which its question does not need")]
    Unasked(String),
}

impl ReplayError {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Artifact(_) => "bundle-artifact",
            Self::Unasked(_) => "bundle-unasked",
        }
    }
}

/// Reasons for a bundle to be refused as the older history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SinceError {
    /// The artifact of the history is of no known form.
    #[error(transparent)]
    Artifact(ArtifactError),
    /// The bundle breaks its format, or is about no known form of artifact.
    #[error("the older bundle: {0}")]
    Bundle(ReplayError),
    /// The bundle is about another question.
    #[error("the older bundle is about `{}`, not about `{}`", escape::excerpt(.found), escape::excerpt(.expected))]
    OtherQuestion {
        /// Question of the bundle.
        found: String,
        /// Question of the history.
        expected: String,
    },
}

impl SinceError {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Artifact(error) => error.code(),
            Self::Bundle(error) => error.code(),
            Self::OtherQuestion { .. } => "since-other-question",
        }
    }
}

/// Verifies a bundle without any other file: replays its history on the files that it holds.
///
/// The report is that of the history, so a bundle and the log it was made from give the same bytes. A bundle that
/// breaks the format gives a report whose `bundle` check failed.
#[must_use]
pub fn verify_bundle(bytes: &[u8], policy: &[u8], options: Options) -> Report {
    match replay(bytes, policy, options) {
        Ok(report) => report,
        Err(error) => Report::malformed_bundle(options.now, error.to_string()),
    }
}

fn replay(bytes: &[u8], policy: &[u8], options: Options) -> Result<Report, ReplayError> {
    let bundle = Bundle::parse(bytes)?;
    // A bundle without a manifest of the index holds every entry, which proves as much.
    let options = Options {
        full_scan: options.full_scan || bundle.file(LATEST_PATH).is_none(),
        ..options
    };
    let mut query = HistoryQuery::new(bundle.artifact(), policy, options, bundle.exact())
        .map_err(ReplayError::Artifact)?;
    let mut used = BTreeSet::new();
    loop {
        let needs = query.needs();
        if needs.is_empty() {
            break;
        }
        for path in needs {
            let file = bundle.file(&path);
            query.supply(&path, file.map(<[u8]>::to_vec));
            used.insert(path);
        }
    }
    let report = query.into_report().ok_or(BundleError::Query)?;
    // Files that a failed history did not come to ask for are not the bundle's fault.
    let mut paths = bundle.files().map(|(path, _)| path);
    match paths.find(|path| !used.contains(*path)) {
        Some(path) if matches!(report.class(), Class::Verified | Class::Nothing) => {
            Err(ReplayError::Unasked(path.to_owned()))
        }
        _ => Ok(report),
    }
}

impl HistoryQuery {
    /// As [`HistoryQuery::new`]; shows also that the history in `older`, an offline bundle about the same, is the
    /// beginning of this one.
    ///
    /// # Errors
    /// [`SinceError`] if the artifact or the bundle is malformed, or the bundle is about something else.
    pub fn since(
        artifact: &str,
        policy: &[u8],
        options: Options,
        exact: bool,
        older: &[u8],
    ) -> Result<Self, SinceError> {
        let (key, exact) = question(artifact, exact).map_err(SinceError::Artifact)?;
        let bundle = Bundle::parse(older).map_err(|error| SinceError::Bundle(error.into()))?;
        let (found, found_exact) = question(bundle.artifact(), bundle.exact())
            .map_err(|error| SinceError::Bundle(ReplayError::Artifact(error)))?;
        if (&found, found_exact) != (&key, exact) {
            return Err(SinceError::OtherQuestion {
                found: shown(&found, found_exact),
                expected: shown(&key, exact),
            });
        }
        // The older history does not get more recent, and need not be.
        let older_options = Options {
            max_checkpoint_age: None,
            full_scan: false,
            ..options
        };
        let since = Since::new(verify_bundle(older, policy, older_options));
        Ok(Self::begin(key, policy, options, exact, since))
    }
}

fn shown(key: &LookupKey, exact: bool) -> String {
    let exact = if exact { ", exactly" } else { "" };
    format!("{} {}{exact}", key.kind.as_str(), key.id)
}
