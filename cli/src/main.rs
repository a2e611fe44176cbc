//! Command line of Glasslog: one file per verb, results on standard output, everything else on standard error.
//!
//! The contract is `docs/cli.md`. The binary decides nothing about logs: verdicts come from `glasslog_core`
//! as reports, and this crate fetches files for them, shows them and turns their class into an exit code.
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

mod acts_on;
mod admin_event;
mod answers;
mod args;
mod audited_proof;
mod clock;
mod contents;
mod destination;
mod event_id;
mod exit;
mod failure;
mod file_kind;
mod inconsistency_file;
mod input;
mod kept_entry;
mod key_change;
mod known_signatures;
mod listing;
mod member_flags;
mod misplaced;
mod origin;
mod other_question;
mod output;
mod pem_file;
mod policy_hint;
mod proof_files;
mod published_keys;
mod remarks;
mod server_process;
mod signer_spec;
mod source;
mod submitted;
mod trusted_checkpoint;
mod upkeep;
mod verbs;

use output::{Console, Format, show_usage};
use verbs::Verb;

/// Entries are read in one thread and freed in another, for which the C library's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Proves who touched a model artifact, when and why, from static files alone.
#[derive(Debug, Parser)]
#[command(
    name = "glasslog",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "\
LOG is a log directory made by `glasslog init`, its public tree, or an http(s) URL.
`-` in place of a file is standard input.

Exit codes:
  0 verified, or done   1 could not finish   2 usage   3 false   4 nothing to verify
  5 not decided on the given trust   6 policy says no   7 inconsistency found   8 malformed input

Examples:
  glasslog init my.log --origin models.example.com/access
  glasslog history resnet50@2.1 --log my.log --policy my.log/trust.policy
  glasslog audit https://log.example.com/ --policy trust.policy --format json"
)]
struct Cli {
    /// Form of results on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,

    #[command(subcommand)]
    verb: Verb,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
            let hint = misplaced::hint(&error, &Cli::command(), words.skip(1));
            return show_usage(&error, hint).into();
        }
    };
    let console = Console::new(cli.format);
    match cli.verb.run(&console, Cli::command) {
        Ok(exit) => console.finish(exit).into(),
        Err(failure) => {
            let exit = console.fail(&failure);
            console.finish(exit).into()
        }
    }
}
