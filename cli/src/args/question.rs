//! The question of a history: an artifact in a log, perhaps with an older history that this one must continue.

use std::path::PathBuf;

use clap::Args;
use glasslog_client::source::Source;
use glasslog_core::fetch::{Bundle, CHECKPOINT_PATH};
use glasslog_core::report::Report;
use glasslog_core::text::limits::MAX_OFFLINE_BUNDLE;
use glasslog_core::verify::{HistoryQuery, Inconsistency, Options, SinceError};

use super::artifact::{refuse_artifact, resolve_artifact};
use super::lookup::LookupArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::inconsistency_file::keep_evidence;
use crate::input;
use crate::other_question;
use crate::output::Console;

/// The question of a history.
#[derive(Debug, Args)]
pub(crate) struct QuestionArgs {
    /// Artifact, actor or key
    artifact: String,

    #[command(flatten)]
    pub(crate) lookup: LookupArgs,

    /// Look up this one key only, without following registrations to other names and digests
    #[arg(long)]
    pub(crate) exact: bool,

    /// An older bundle of the same history, which must be the beginning of this one
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) since: Option<PathBuf>,
}

/// A question whose files were read: the one that an artifact's path names, and the older bundle.
pub(crate) struct Asked<'a> {
    args: &'a QuestionArgs,
    pub(crate) artifact: String,
    older: Option<Vec<u8>>,
}

impl QuestionArgs {
    /// Reads the files that the question names.
    ///
    /// # Errors
    /// The artifact is malformed (exit 2), or a file cannot be read.
    pub(crate) fn read(&self, console: &Console) -> Result<Asked<'_>, Failure> {
        let older = self.since.as_ref();
        let older = older.map(|path| input::read_as(path, MAX_OFFLINE_BUNDLE, FileKind::Bundle));
        Ok(Asked {
            args: self,
            artifact: resolve_artifact(&self.artifact, console)?,
            older: older.transpose()?,
        })
    }
}

impl QuestionArgs {
    /// Hints at the question that may have been meant, if the history has no event.
    pub(crate) fn hint(
        &self,
        report: Option<&Report>,
        judged: (&[u8], Options),
        source: &dyn Source,
        console: &Console,
    ) {
        other_question::hint(&self.artifact, report, judged, source, console);
    }
}

impl Asked<'_> {
    /// Returns the checkpoint of the older bundle.
    pub(crate) fn older_checkpoint(&self) -> Option<&[u8]> {
        let bundle = Bundle::parse(self.older.as_deref()?).ok()?;
        bundle.file(CHECKPOINT_PATH)
    }

    /// Writes the evidence beside the older bundle if the log contradicts that one's checkpoint.
    pub(crate) fn keep_evidence(
        &self,
        report: Option<&Report>,
        found: Option<&Inconsistency>,
        console: &Console,
    ) {
        if let Some(older) = &self.args.since {
            keep_evidence(report, found, older, console);
        }
    }

    /// Begins the history.
    ///
    /// # Errors
    /// The artifact or the older bundle is malformed, or the bundle is about something else.
    pub(crate) fn query(&self, policy: &[u8], options: Options) -> Result<HistoryQuery, Failure> {
        let (artifact, exact) = (&self.artifact, self.args.exact);
        let query = match &self.older {
            None => HistoryQuery::new(artifact, policy, options, exact)
                .map_err(|error| refuse_artifact(&error)),
            Some(older) => HistoryQuery::since(artifact, policy, options, exact, older)
                .map_err(|error| refuse_older(&error)),
        };
        query.map(|query| self.args.lookup.bounded(query))
    }
}

/// Describes why the history cannot be compared with the older bundle.
fn refuse_older(error: &SinceError) -> Failure {
    match error {
        SinceError::Artifact(error) => refuse_artifact(error),
        SinceError::OtherQuestion { .. } => Failure::usage(error.to_string()).hint(
            "`--since` takes a bundle of the same ARTIFACT, with `--exact` or without as here",
        ),
        error => Failure::new(Exit::Malformed, error.code(), error.to_string()),
    }
}
