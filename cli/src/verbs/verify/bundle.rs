//! `verify bundle`: replays a bundle through the query that made it.

use std::path::PathBuf;

use glasslog_core::report::Class;
use glasslog_core::text::limits::MAX_OFFLINE_BUNDLE;
use glasslog_core::verify::{Asked, verify_bundle};

use crate::args::{TextArgs, TrustArgs, refuse_artifact, resolve_artifact};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input;
use crate::other_question::of_path;
use crate::output::Console;

/// Verifies a bundle, offline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog verify bundle resnet50.bundle --artifact resnet50@2.1 --policy trust.policy --offline
  glasslog verify bundle model.bundle --artifact ./model.bin --exact --policy trust.policy")]
pub(crate) struct Args {
    /// The bundle
    #[arg(value_name = "FILE")]
    bundle: PathBuf,

    /// Artifact that the bundle must be about, as in `glasslog history`; without it, the bundle names its own
    #[arg(long, value_name = "ARTIFACT")]
    artifact: Option<String>,

    /// Accept a bundle of `--exact`, which followed no registration
    #[arg(long)]
    exact: bool,

    #[command(flatten)]
    trust: TrustArgs,

    #[command(flatten)]
    text: TextArgs,
}

impl Args {
    /// # Errors
    /// The artifact is malformed, or a file cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = self.trust.policy(None)?;
        let bundle = input::read_as(&self.bundle, MAX_OFFLINE_BUNDLE, FileKind::Bundle)?;
        let artifact = self.artifact.as_ref();
        let artifact = artifact
            .map(|artifact| resolve_artifact(artifact, console))
            .transpose()?;
        let asked = Asked {
            artifact: artifact.as_deref(),
            exact: self.exact,
        };
        let report = verify_bundle(&bundle, &policy, self.trust.options(), asked)
            .map_err(|error| refuse_artifact(&error))?;
        let exit = console.report(&report, self.text.extent());
        let is_other = matches!(report.class(), Class::Nothing | Class::False);
        let argument = self.artifact.as_deref().filter(|_| is_other);
        if let Some(hint) = argument.and_then(of_path) {
            console.hint(hint);
        }
        Ok(exit)
    }
}
