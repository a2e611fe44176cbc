//! Command line of Glasslog: one file per verb, results on standard output, everything else on standard error.
//!
//! The contract is `docs/cli.md`. The binary decides nothing about logs: verdicts come from `glasslog_core`
//! as reports, and this crate fetches files for them, shows them and turns their class into an exit code.
use std::process::ExitCode;

use clap::Parser;

mod arguments;
mod artifact;
mod console;
mod destination;
mod driver;
mod exit;
mod failure;
mod input;
mod origin;
mod output;
mod progress;
mod render;
mod signer_spec;
mod source;
mod upkeep;
mod verbs;

use arguments::Cli;
use console::Console;

/// Entries are read in one thread and let go in another, which the C library's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return console::show_usage(&error).into(),
    };
    let console = Console::new(cli.format);
    match cli.verb.run(&console) {
        Ok(exit) => console.finish(exit).into(),
        Err(failure) => {
            let exit = console.fail(&failure);
            console.finish(exit).into()
        }
    }
}
