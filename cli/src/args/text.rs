//! The option of every verb whose report is long.

use clap::Args;

use crate::output::Extent;

/// The option of every verb whose report is long.
#[derive(Debug, Args)]
#[command(next_help_heading = "Text output")]
pub(crate) struct TextArgs {
    /// Show only the verdict, in one sentence
    #[arg(long)]
    pub(crate) quiet: bool,
}

impl TextArgs {
    /// Returns the parts of the report to show.
    pub(crate) const fn extent(&self) -> Extent {
        match self.quiet {
            true => Extent::Verdict,
            false => Extent::Whole,
        }
    }
}
