//! `verify proof`: checks a proof that an entry is in the log.

use std::path::{Path, PathBuf};

use glasslog_core::report::Class;
use glasslog_core::text::limits::MAX_ENTRY;
use glasslog_core::verify::verify_proof;

use crate::args::{TextArgs, TrustArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input;
use crate::output::Console;
use crate::proof_files::entry_beside;

/// Verifies a proof file for an entry, offline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog verify proof 7.tlog-proof --policy trust.policy
  glasslog verify proof 7.tlog-proof --entry event.json --policy trust.policy")]
pub(crate) struct Args {
    /// The proof (c2sp.org/tlog-proof@v1)
    #[arg(value_name = "FILE")]
    proof: PathBuf,

    /// The entry's bytes [default: the file beside the proof, ending in .entry]
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustArgs,

    #[command(flatten)]
    text: TextArgs,
}

impl Args {
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = self.trust.policy(None)?;
        let proof = input::read_as(&self.proof, input::MAX_PROOF, FileKind::EntryProof)?;
        let entry = self.entry()?;
        let report = verify_proof(&proof, &entry, &policy, self.trust.options());
        let exit = console.report(&report, self.text.extent());
        if report.class() == Class::False
            && let Some(found) = FileKind::of(&entry).filter(|found| *found != FileKind::Event)
        {
            let words = found.words();
            console.hint(format_args!(
                "the entry that was given is {words}: `--entry` takes the one that the proof is about"
            ));
        }
        Ok(exit)
    }

    fn entry(&self) -> Result<Vec<u8>, Failure> {
        // One byte for the line feed that an editor or a shell may add.
        let read = |path: &Path| input::read(path, MAX_ENTRY + 1);
        match &self.entry {
            Some(path) => read(path),
            None if self.proof.as_os_str() == "-" => Err(Failure::usage(
                "`--entry` is required for a proof on standard input",
            )),
            None => read(&entry_beside(&self.proof)).map_err(|failure| {
                failure.hint("`--entry FILE` names the entry that the proof is about")
            }),
        }
    }
}
