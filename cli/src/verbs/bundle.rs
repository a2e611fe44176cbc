//! `bundle`: one file with everything that verifies an artifact's complete history offline.

use std::path::PathBuf;

use glasslog_client::drive;
use glasslog_core::fetch::{BundleError, BundleWriter, Progress, Query};
use glasslog_core::report::{Report, Verdict};
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::{HistoryQuery, bundled};

use crate::args::{LookupArgs, refuse_artifact, resolve_artifact};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Output, Watch};

/// Writes everything needed to verify an artifact's complete history offline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog bundle resnet50@2.1 --log my.log --policy trust.policy -o resnet50.bundle
  glasslog verify bundle resnet50.bundle --policy trust.policy --offline")]
pub(crate) struct Args {
    /// Artifact, as in `glasslog history`
    artifact: String,

    #[command(flatten)]
    lookup: LookupArgs,

    /// Look up this one key only, without following registrations to other names and digests
    #[arg(long)]
    exact: bool,

    /// File of the bundle; `-` is standard output, and the report then goes to standard error
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Args {
    /// # Errors
    /// The artifact is malformed, the policy or log cannot be read, the log is too large for a bundle, or the bundle
    /// cannot be written.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let LookupArgs { log, trust, .. } = &self.lookup;
        let policy = trust.policy_or_beside(log, console)?;
        let options = self.lookup.options();
        let source = self.lookup.source()?;
        let artifact = resolve_artifact(&self.artifact, console)?;
        let output = Output::open(&self.output, console)?;
        // A malformed policy is reported by the history.
        let known = TrustPolicy::parse(&policy).ok();
        let recording = drive::run(&*source, &Watch::reading(console), || {
            let query = HistoryQuery::new(&artifact, &policy, options, self.exact)
                .map_err(|error| refuse_artifact(&error))?;
            Ok::<_, Failure>(Recording {
                query: self.lookup.bounded(query),
                bundle: Ok(BundleWriter::new(&artifact, self.exact)),
                known: known.as_ref(),
                is_signed: true,
            })
        })?;
        let Recording {
            query,
            bundle,
            is_signed,
            ..
        } = recording;
        let bundle = bundle.map_err(|error| too_large(&error))?;
        // A bundle of a false or incomplete history would fail again at the reader's.
        let report = query.report();
        if is_signed && report.is_some_and(|report| report.result != Verdict::Failed) {
            let bytes = bundle.finish();
            output.write(&bytes)?;
            console.note(format_args!(
                "{} bytes written to {}",
                bytes.len(),
                self.output.display()
            ));
        } else {
            console.note("no bundle was written, because it would not verify");
        }
        console.verdict(query.report())
    }
}

fn too_large(error: &BundleError) -> Failure {
    Failure::unfinished(error.code(), error.to_string())
        .hint("prove single entries with `glasslog prove`, or let the reader run `glasslog history` on the log itself")
}

/// A history that keeps its files, with the signatures that it verified.
struct Recording<'a> {
    query: HistoryQuery,
    bundle: Result<BundleWriter, BundleError>,
    known: Option<&'a TrustPolicy>,
    /// True if every checkpoint so far has a signature by a known key.
    is_signed: bool,
}

impl Query for Recording<'_> {
    fn needs(&self) -> Vec<String> {
        // A history that no bundle can hold need not be read to its end.
        if self.bundle.is_ok() {
            self.query.needs()
        } else {
            Vec::new()
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        if let (Ok(bundle), Some(bytes), Some(policy)) = (&mut self.bundle, &bytes, self.known) {
            match bundled(path, bytes, policy).map(|bytes| bundle.add(path, &bytes)) {
                Some(Ok(())) => {}
                Some(Err(error)) => self.bundle = Err(error),
                None => self.is_signed = false,
            }
        }
        self.query.supply(path, bytes);
    }

    fn report(&self) -> Option<&Report> {
        self.query.report()
    }

    fn progress(&self) -> Progress<'_> {
        self.query.progress()
    }
}
