//! `history`: the complete verified history of an artifact.
use std::path::PathBuf;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

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
  glasslog history ./model.bin --log https://log.example.com/ --policy trust.policy --max-checkpoint-age 1h")]
pub(crate) struct Args {
    /// Whose history
    artifact: String,

    /// Log directory, public tree or URL
    #[arg(long)]
    log: String,

    /// Look up this one key only, without following registrations to other names and digests
    #[arg(long)]
    exact: bool,

    /// Read every entry, so that the host does not learn what is looked for
    #[arg(long)]
    full_scan: bool,

    #[arg(long, value_name = "BUNDLE", hide = true)]
    since: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`history` is under construction",
        ))
    }
}
