//! `trust explain`: the differences between two trust policies, in words.

use std::path::PathBuf;

use glasslog_core::trust::changes;
use serde::Serialize;

use super::changes::{ChangeView, print};
use crate::args::read_trust_policy;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

/// Says in words what a newer trust policy alters.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A line with `-` is what the older policy alone says, one with `+` what the newer one alone says.

Examples:
  glasslog trust explain trust.policy new.policy")]
pub(crate) struct Args {
    /// The policy in use
    old: PathBuf,

    /// The policy that would replace it
    new: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Explained {
    schema_version: u32,
    result: &'static str,
    /// The party that signed the change; policies are not signed.
    signed_by: Option<String>,
    changes: Vec<ChangeView>,
}

impl Args {
    /// # Errors
    /// A file cannot be read (exit 1), or is not a trust policy (exit 8).
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let (old, new) = (read_trust_policy(&self.old)?, read_trust_policy(&self.new)?);
        let found = changes(&old, &new);
        if console.is_json() {
            let changes = found.into_iter().map(ChangeView::from);
            console.json(&Explained {
                schema_version: 1,
                result: "done",
                signed_by: None,
                changes: changes.collect(),
            });
            return Ok(Exit::Done);
        }
        if found.is_empty() {
            console.line("both policies say the same");
            return Ok(Exit::Done);
        }
        print(&found, console);
        console.note("no signature says who made this change: ask over another channel than the one that the file came by");
        Ok(Exit::Done)
    }
}
