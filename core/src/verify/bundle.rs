//! `glasslog-bundle/v1`: everything needed to verify a history offline, in one file (`docs/formats/bundle.md`).
//!
//! A bundle holds the question and each file that the history query asked for. Verifying it replays the same query on
//! these files, so a bundle can prove nothing that the log could not, and a file left out is a file missing. Its maker chose
//! the question, so a reader compares it with the reader's own.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::artifact::{ArtifactError, question};
use crate::event::lookup_key::LookupKey;
use crate::fetch::bundle_file::{Bundle, BundleError};
use crate::fetch::log_file::LogFile;
use crate::fetch::query::Query;
use crate::note::checkpoint::Checkpoint;
use crate::note::tlog_proof::TlogProof;
use crate::report::check::{CheckCode, Checks, Class};
use crate::report::evidence::Evidence;
use crate::report::report::Report;
use crate::trust::trust_policy::TrustPolicy;
use crate::verify::history::HistoryQuery;
use crate::verify::history::since::Since;
use crate::verify::options::Options;
use crate::verify::verification::Files;

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
}

impl ReplayError {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Artifact(_) => "bundle-artifact",
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
    #[error("the older bundle is about {found}, not about {expected}")]
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

/// The question that a reader wants a bundle to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The artifact, as of [`HistoryQuery::new`]; `None` takes the question that the bundle names.
    pub artifact: Option<&'a str>,
    /// Accepts a bundle of an exact history, which followed no registration.
    pub exact: bool,
}

/// Verifies a bundle without any other file: replays its history on the files that it holds.
///
/// The report is that of the history, with the check *question* beside its checks: it fails if the bundle is about another
/// artifact than the one asked, and is *unknown* for an exact bundle that was not asked for. Files that the history does
/// not need are ignored. A bundle that breaks the format gives a report whose `bundle` check failed.
///
/// # Errors
/// [`ArtifactError`] if the artifact asked is of no known form, or is a path: the caller hashes files.
pub fn verify_bundle(
    bytes: &[u8],
    policy: &[u8],
    options: Options,
    asked: Asked<'_>,
) -> Result<Report, ArtifactError> {
    let key = match asked.artifact {
        Some(artifact) => Some(question(artifact, false)?.0),
        None => None,
    };
    let judge = |checks: &mut Checks, named: &LookupKey, exact: bool| {
        judge_question(checks, key.as_ref(), asked.exact, named, exact);
    };
    Ok(report(bytes, policy, options, &judge))
}

/// Records whether a bundle about the key `named` answers the reader's question.
fn judge_question(
    checks: &mut Checks,
    asked: Option<&LookupKey>,
    takes_exact: bool,
    named: &LookupKey,
    exact: bool,
) {
    let code = CheckCode::Question;
    if let Some(asked) = asked.filter(|asked| *asked != named) {
        let evidence = Evidence::new()
            .with("kind", asked.kind.as_str())
            .with("id", asked.id.as_str());
        let (named, asked) = (shown(named, false), shown(asked, false));
        let detail = format!("the bundle is about {named}, not about {asked}");
        return checks.fail(code, Class::False, detail, Some(evidence));
    }
    let named = shown(named, false);
    let evidence = Evidence::new().with("asked", if asked.is_some() { "yes" } else { "no" });
    if exact && !takes_exact {
        let detail = format!(
            "the bundle looked up {named} alone: events about its digests and other names may be missing"
        );
        return checks.unknown(code, detail, Some(evidence));
    }
    let detail = match asked {
        Some(_) => "the bundle answers the question that was asked".into(),
        None => format!("the bundle names its own question: {named}"),
    };
    checks.pass(code, detail, Some(evidence));
}

/// Records whether a bundle about this key, looked up exactly or not, answers the question of its reader.
type JudgeQuestion<'a> = &'a dyn Fn(&mut Checks, &LookupKey, bool);

fn report(bytes: &[u8], policy: &[u8], options: Options, judge: JudgeQuestion<'_>) -> Report {
    match replay(bytes, policy, options, judge) {
        Ok(report) => report,
        Err(error) => Report::malformed_bundle(options.now, error.code(), error.to_string()),
    }
}

/// Returns a file of the log as a bundle holds it: of a checkpoint, and of a proof of a manifest, the signatures that verify
/// by keys of the policy alone. `None` if there are none.
#[must_use]
pub fn bundled(path: &str, bytes: &[u8], policy: &TrustPolicy) -> Option<Vec<u8>> {
    match LogFile::parse(path) {
        Some(LogFile::Checkpoint) => {
            let checkpoint = Checkpoint::parse(bytes).ok()?;
            Some(policy.log().signed(&checkpoint)?.checkpoint().encode())
        }
        // One that nobody known signed bounds no time, here as at the reader.
        Some(LogFile::Archived(_)) => {
            let signed = Checkpoint::parse(bytes).ok();
            let signed = signed.and_then(|checkpoint| policy.log().signed(&checkpoint));
            Some(signed.map_or_else(Vec::new, |signed| signed.checkpoint().encode()))
        }
        Some(LogFile::LatestManifest | LogFile::AuditedManifest) => {
            let proof = TlogProof::parse(bytes).ok()?;
            let signed = policy.signed_index(proof.checkpoint())?;
            Some(proof.under(signed.checkpoint().clone()).ok()?.encode())
        }
        _ => Some(bytes.to_vec()),
    }
}

fn replay(
    bytes: &[u8],
    policy: &[u8],
    options: Options,
    judge: JudgeQuestion<'_>,
) -> Result<Report, ReplayError> {
    let bundle = Bundle::parse(bytes)?;
    // A bundle answers a history of all events.
    let options = Options {
        state: false,
        ..options
    };
    let scan = Options {
        full_scan: true,
        ..options
    };
    let (key, exact) =
        question(bundle.artifact(), bundle.exact()).map_err(ReplayError::Artifact)?;
    let judge = |checks: &mut Checks| judge(checks, &key, exact);
    // The maker of the bundle may have found the entries in another way than this reader would: as the reader, by a scan, or
    // by the index. The first way counts for which the bundle has every file.
    let ways = [
        (options, Files::Log),
        (scan, Files::Log),
        (options, Files::Bundle),
    ];
    let mut first = None;
    for (options, files) in ways {
        let query = HistoryQuery::of_bundle(key.clone(), policy, options, exact, &judge, files);
        let report = run(&bundle, query)?;
        if report.class() != Class::Unfinished {
            return Ok(report);
        }
        first.get_or_insert(report);
    }
    Ok(first.ok_or(BundleError::Query)?)
}

/// Feeds a query from the files of a bundle.
fn run(bundle: &Bundle<'_>, mut query: HistoryQuery) -> Result<Report, BundleError> {
    loop {
        let needs = query.needs();
        if needs.is_empty() {
            break;
        }
        for path in needs {
            let file = bundle.file(&path);
            query.supply(&path, file.map(<[u8]>::to_vec));
        }
    }
    query.into_report().ok_or(BundleError::Query)
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
        // The older history has all events, and this one is compared with it.
        let options = Options {
            state: false,
            ..options
        };
        // The older history does not get more recent, and need not be.
        let older_options = Options {
            max_checkpoint_age: None,
            full_scan: false,
            ..options
        };
        // The two questions are the same.
        let same = |checks: &mut Checks, _: &LookupKey, _: bool| {
            checks.pass(CheckCode::Question, "the same question", None);
        };
        let since = Since::new(report(older, policy, older_options, &same));
        Ok(Self::begin(key, policy, options, exact, since))
    }
}

fn shown(key: &LookupKey, exact: bool) -> String {
    let exact = if exact { ", exactly" } else { "" };
    format!("{} `{}`{exact}", key.kind.as_str(), key.id)
}
