//! `index`: builds the index of a log, the user's own or another's, and looks entries up in it.

use std::path::PathBuf;

use crate::args::TrustArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use clap::builder::NonEmptyStringValueParser;

mod audited;
mod build;
mod lookup;

/// Builds the index of a log, or looks an entry up in one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog index my.log
  glasslog keygen --kind index --name indexer.example/of-models --out index.key
  glasslog index https://log.example.com/ --policy trust.policy --key index.key --out my.index
  glasslog index https://log.example.com/ --policy both.policy --index my.index --lookup LEAFHASH
  glasslog index my.log --audited audited.tlog-proof")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    log: String,

    /// Make every run again from the entries, and compare it with the existing one
    #[arg(long)]
    rebuild: bool,

    /// Directory for the index of another's log; it is absent, or was made by this verb
    #[arg(long, value_name = "DIR", requires = "key")]
    out: Option<PathBuf>,

    /// Key that signs that index; its name is the index's origin
    #[arg(long, value_name = "PATH", requires = "out")]
    key: Option<PathBuf>,

    /// Key function [default: access/v2 for a log with a genesis, else leaf/v1]
    #[arg(long, value_name = "NAME", requires = "out")]
    map: Option<String>,

    /// Look up the entries with this leaf hash (base64), in an index by leaf/v1
    #[arg(long, value_name = "HASH", conflicts_with_all = ["out", "rebuild"])]
    lookup: Option<String>,

    /// Directory, public tree or URL of that index, if it is not with the log
    #[arg(long, value_name = "INDEX", requires = "lookup")]
    index: Option<String>,

    /// Publish this proof, which an auditor wrote with `audit --cosign KEY -o FILE`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "rebuild", "lookup"])]
    audited: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustArgs,
}

impl Args {
    /// # Errors
    /// The log cannot be read or is not trusted, or the index cannot be built, written or read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match (&self.lookup, &self.audited) {
            (Some(hash), _) => lookup::run(&self, hash, console),
            (None, Some(file)) => audited::run(&self, file, console),
            (None, None) => build::run(&self, console),
        }
    }
}
