//! `bundle`: one file with everything that verifies an artifact's complete history offline.
use std::path::PathBuf;

use glasslog_core::fetch::{Progress, Query};
use glasslog_core::report::{Report, Verdict};
use glasslog_core::verify::{BundleError, BundleWriter, HistoryQuery};

use crate::arguments::LookupArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{artifact, driver, output};

/// Writes everything needed to verify an artifact's complete history offline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog bundle resnet50@2.1 --log my.log --policy trust.policy -o resnet50.bundle
  glasslog verify bundle resnet50.bundle --policy trust.policy --offline")]
pub(crate) struct Args {
    /// Whose history, as in `glasslog history`
    artifact: String,

    #[command(flatten)]
    lookup: LookupArgs,

    /// Look up this one key only, without following registrations to other names and digests
    #[arg(long)]
    exact: bool,

    /// Where the bundle goes
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Args {
    /// # Errors
    /// A malformed artifact, an unreadable policy or source, a log too large for a bundle, a file that cannot be
    /// written.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let LookupArgs { log, trust, .. } = &self.lookup;
        let policy = trust.policy_or_beside(log, console)?;
        let options = self.lookup.options();
        let mut source = self.lookup.source()?;
        let artifact = artifact::resolve(&self.artifact, console)?;
        let recording = driver::run(&mut source, console, || {
            let query = HistoryQuery::new(&artifact, &policy, options, self.exact)
                .map_err(|error| artifact::refuse(&error))?;
            Ok(Recording {
                query,
                bundle: Ok(BundleWriter::new(&artifact, self.exact)),
            })
        })?;
        let Recording { query, bundle } = recording;
        let bundle = bundle.map_err(|error| too_large(&error))?;
        // A bundle of what is false or incomplete would only fail again elsewhere.
        if query
            .report()
            .is_some_and(|report| report.result != Verdict::Failed)
        {
            let bytes = bundle.finish();
            output::write(&self.output, &bytes)?;
            console.note(format_args!(
                "{} bytes written to {}",
                bytes.len(),
                self.output.display()
            ));
        } else {
            console.note("no bundle is written, for it would not verify");
        }
        console.verdict(query.report())
    }
}

fn too_large(error: &BundleError) -> Failure {
    Failure::unfinished(error.code(), error.to_string())
        .hint("prove single entries with `glasslog prove`, or let the reader run `glasslog history` on the log itself")
}

/// A history that keeps the files it is fed with.
struct Recording {
    query: HistoryQuery,
    bundle: Result<BundleWriter, BundleError>,
}

impl Query for Recording {
    fn needs(&self) -> Vec<String> {
        // What no bundle can hold need not be read to its end.
        if self.bundle.is_ok() {
            self.query.needs()
        } else {
            Vec::new()
        }
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        if let (Ok(bundle), Some(bytes)) = (&mut self.bundle, &bytes)
            && let Err(error) = bundle.add(path, bytes)
        {
            self.bundle = Err(error);
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
