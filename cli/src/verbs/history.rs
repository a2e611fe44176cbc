//! `history`: the complete verified history of an artifact.

use std::path::PathBuf;

use glasslog_client::drive;
use glasslog_core::fetch::Query;
use glasslog_core::text::limits::MAX_OFFLINE_BUNDLE;
use glasslog_core::verify::{HistoryQuery, Options, SinceError};

use crate::args::{Lookup, LookupArgs, refuse_artifact, resolve_artifact};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::{Console, Watch};

/// Shows the complete verified history of an artifact.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
ARTIFACT is decided by its syntax, never by what exists:
  sha256:HEX       a digest            ./PATH ../PATH /PATH   a file, hashed here
  name@version     one version         name                   every version of a name
  actor:ID         an actor's events   key:sha256:HEX         a signing key's events
  pkg:…            a purl, by the digest in it
  name:…           anything, as a name

Examples:
  glasslog history resnet50@2.1 --log my.log --policy trust.policy
  glasslog history ./model.bin --log https://log.example.com/ --policy trust.policy --max-checkpoint-age 1h
  glasslog history resnet50@2.1 --log my.log --policy trust.policy --since resnet50.bundle")]
pub(crate) struct Args {
    /// Artifact, actor or key
    artifact: String,

    #[command(flatten)]
    lookup: LookupArgs,

    /// Look up this one key only, without following registrations to other names and digests
    #[arg(long)]
    exact: bool,

    /// Leave out routine accesses: show only what changed something
    #[arg(long, conflicts_with = "since")]
    state: bool,

    /// An older bundle of the same history, which must be the beginning of this one
    #[arg(long, value_name = "BUNDLE")]
    since: Option<PathBuf>,
}

impl Args {
    /// # Errors
    /// The artifact is malformed, or the policy, the older bundle or the log cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let Lookup {
            policy,
            options,
            source,
        } = self.lookup.open()?;
        let options = Options {
            state: self.state,
            ..options
        };
        let artifact = resolve_artifact(&self.artifact, console)?;
        let older = self.since.as_ref();
        let older = older
            .map(|path| input::read(path, MAX_OFFLINE_BUNDLE))
            .transpose()?;
        let query = drive::run(&*source, &Watch::reading(console), || {
            let query = match &older {
                None => HistoryQuery::new(&artifact, &policy, options, self.exact)
                    .map_err(|error| refuse_artifact(&error)),
                Some(older) => HistoryQuery::since(&artifact, &policy, options, self.exact, older)
                    .map_err(|error| refuse(&error)),
            };
            query.map(|query| self.lookup.bounded(query))
        })?;
        console.verdict(query.report())
    }
}

/// Describes why the history cannot be compared with the older bundle.
fn refuse(error: &SinceError) -> Failure {
    match error {
        SinceError::Artifact(error) => refuse_artifact(error),
        SinceError::OtherQuestion { .. } => Failure::usage(error.to_string()).hint(
            "`--since` takes a bundle of the same ARTIFACT, with `--exact` or without as here",
        ),
        error => Failure::new(Exit::Malformed, error.code(), error.to_string()),
    }
}
