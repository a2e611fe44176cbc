//! `completions`: completion scripts for shells.

use clap::Command;
use clap_complete::Shell;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;

/// Prints a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog completions bash > /etc/bash_completion.d/glasslog")]
pub(crate) struct Args {
    /// Shell
    shell: Shell,
}

impl Args {
    /// # Errors
    /// None.
    pub(crate) fn run(self, command: &mut Command, console: &Console) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "glasslog", &mut script);
        console.line(String::from_utf8_lossy(&script).trim_end());
        Ok(Exit::Done)
    }
}
