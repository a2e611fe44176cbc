//! `trust show`: what a trust policy says, in words.

use std::path::PathBuf;

use glasslog_core::trust::describe;
use serde::Serialize;

use crate::args::read_trust_policy;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

/// Says in words whom a trust policy trusts, and under which conditions.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog trust show my.log/trust.policy")]
pub(crate) struct Args {
    /// Trust policy
    file: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    schema_version: u32,
    result: &'static str,
    statements: Vec<Statement>,
}

#[derive(Serialize)]
struct Statement {
    section: &'static str,
    text: String,
}

impl Args {
    /// # Errors
    /// The file cannot be read (exit 1), or is not a trust policy (exit 8).
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = read_trust_policy(&self.file)?;
        let statements = describe(&policy);
        if console.is_json() {
            console.json(&Shown {
                schema_version: 1,
                result: "done",
                statements: statements
                    .into_iter()
                    .map(|statement| Statement {
                        section: statement.section.name(),
                        text: statement.text,
                    })
                    .collect(),
            });
            return Ok(Exit::Done);
        }
        let mut section = None;
        for statement in statements {
            if section.replace(statement.section) != Some(statement.section) {
                console.line(statement.section.name());
            }
            console.line(format_args!("  {}", statement.text));
        }
        Ok(Exit::Done)
    }
}
