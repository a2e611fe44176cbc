//! `verify consistency`: checks that a newer checkpoint only appends to an older one.

use std::path::{Path, PathBuf};

use glasslog_client::fork;
use glasslog_core::fetch::Query;
use glasslog_core::verify::{ConsistencyQuery, verify_consistency};

use crate::args::{TextArgs, TrustArgs, given};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::inconsistency_file::keep_evidence;
use crate::input;
use crate::output::{Console, Watch};
use crate::source;

/// Verifies that a newer checkpoint only appends to an older one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The proof is base64 hashes, one a line, as in a tlog-witness add-checkpoint request.

Examples:
  glasslog verify consistency --old last-week.checkpoint --log my.log --policy trust.policy
  glasslog verify consistency --old a.checkpoint --new b.checkpoint --proof ab.proof --policy trust.policy")]
pub(crate) struct Args {
    /// The older checkpoint
    #[arg(long, value_name = "FILE")]
    old: PathBuf,

    /// Log directory, public tree or URL, whose checkpoint is the newer one; without `--new`, the variable GLASSLOG_LOG names it
    #[arg(long, value_parser = given::log(), conflicts_with_all = ["new", "proof"])]
    log: Option<String>,

    /// The newer checkpoint
    #[arg(long, value_name = "FILE", requires = "proof")]
    new: Option<PathBuf>,

    /// The consistency proof
    #[arg(long, value_name = "FILE", requires = "new")]
    proof: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustArgs,

    #[command(flatten)]
    text: TextArgs,
}

impl Args {
    /// # Errors
    /// A file or the log cannot be read.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        // A variable that stands for `--log` does not contradict `--new`, as the flag does.
        let log = match (&self.log, &self.new) {
            (None, None) => Some(given::log_variable()?.ok_or_else(incomplete)?),
            (log, _) => log.clone(),
        };
        let policy = self.trust.policy(log.as_deref())?;
        let options = self.trust.options();
        let old = || read_checkpoint(&self.old);
        match (&log, &self.new, &self.proof) {
            (Some(log), ..) => {
                let source = source::open(log, self.trust.offline)?;
                let old = old()?;
                let judged = (&*old, &*policy);
                let (query, found) = fork::run(&*source, &Watch::reading(console), judged, || {
                    Ok::<_, Failure>(ConsistencyQuery::new(&old, &policy, options))
                })?;
                let exit = console.verdict(query.report(), self.text.extent())?;
                keep_evidence(query.report(), found.as_ref(), &self.old, console);
                Ok(exit)
            }
            (None, Some(new), Some(proof)) => {
                let old = old()?;
                let new = read_checkpoint(new)?;
                let proof = input::read(proof, input::MAX_PROOF)?;
                let report = verify_consistency(&old, &new, &proof, &policy, options);
                let exit = console.report(&report, self.text.extent());
                let found = fork::of_one_size(&old, &new, &policy);
                keep_evidence(Some(&report), found.as_ref(), &self.old, console);
                Ok(exit)
            }
            _ => Err(incomplete()),
        }
    }
}

/// Describes a line that names no newer checkpoint.
fn incomplete() -> Failure {
    Failure::usage("`verify consistency` takes `--log LOG`, or `--new FILE` and `--proof FILE`").hint(
        "`--log` can be replaced by `--new FILE` with `--proof FILE`, or by the variable `GLASSLOG_LOG`",
    )
}

fn read_checkpoint(path: &Path) -> Result<Vec<u8>, Failure> {
    input::read_as(path, input::MAX_PROOF, FileKind::Checkpoint)
}
