//! `bundle`: one file with everything that verifies an artifact's complete history offline.

use std::path::PathBuf;

use glasslog_client::fork;
use glasslog_core::fetch::{BundleError, BundleWriter, Progress, Query};
use glasslog_core::report::{Class, Report, Verdict};
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::{HistoryQuery, bundled};

use crate::args::{LookupArgs, QuestionArgs, TextArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Output, Staged, Watch};

/// Writes everything needed to verify an artifact's complete history offline.
///
/// With `--since` the history is reported as of what is new, and then saved: the next call begins where this report ended.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog bundle resnet50@2.1 --log my.log --policy trust.policy -o resnet50.bundle
  glasslog verify bundle resnet50.bundle --policy trust.policy --offline
  glasslog bundle resnet50@2.1 --log my.log --policy trust.policy --since resnet50.bundle -o resnet50.bundle")]
pub(crate) struct Args {
    #[command(flatten)]
    question: QuestionArgs,

    /// File of the bundle, with `--since` perhaps the older one; `-` is standard output, and the report then goes to standard
    /// error
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    #[command(flatten)]
    text: TextArgs,
}

impl Args {
    /// # Errors
    /// The artifact is malformed, the policy, the older bundle or the log cannot be read, or the log is too large for a
    /// bundle.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let lookup = &self.question.lookup;
        let LookupArgs { log, trust, .. } = lookup;
        let policy = trust.policy_or_beside(log, console)?;
        let options = lookup.options();
        let source = lookup.source()?;
        let asked = self.question.read(console)?;
        let output = Output::open(&self.output, console)?;
        // A malformed policy is reported by the history.
        let known = TrustPolicy::parse(&policy).ok();
        let older = asked.older_checkpoint().unwrap_or_default();
        let watch = Watch::reading(console);
        let (recording, found) = fork::run(&*source, &watch, (older, &policy), || {
            Ok::<_, Failure>(Recording {
                query: asked.query(&policy, options)?,
                bundle: Ok(BundleWriter::new(&asked.artifact, self.question.exact)),
                known: known.as_ref(),
                is_signed: true,
            })
        })?;
        let bundle = recording.bundle.map_err(|error| too_large(&error))?;
        let query = &recording.query;
        let report = query.report().filter(|_| recording.is_signed);
        let staged = self.stage(report, bundle, output, console)?;
        let extent = self.text.extent();
        if self.question.since.is_none() {
            staged.map_or(Ok(()), |staged| self.keep(staged, console))?;
            let exit = console.verdict(query.report(), extent)?;
            let judged = (&*policy, options);
            self.question
                .hint(query.report(), judged, &*source, console);
            return Ok(exit);
        }
        // The position is saved once its report is out.
        let exit = console.verdict(query.report(), extent)?;
        asked.keep_evidence(query.report(), found.as_ref(), console);
        if !console.is_delivered() {
            return Err(Failure::unfinished(
                "report-lost",
                "no bundle was written, because its report could not be: the older bundle remains the position",
            ));
        }
        match staged.map_or(Ok(()), |staged| self.keep(staged, console)) {
            Ok(()) => Ok(exit),
            Err(failure) => Ok(exit.and(console.warn_of(&failure))),
        }
    }

    /// Writes the bundle of a history, if it is signed and not false, beside its place.
    ///
    /// # Errors
    /// The bundle cannot be written.
    fn stage(
        &self,
        report: Option<&Report>,
        bundle: BundleWriter,
        output: Output,
        console: &Console,
    ) -> Result<Option<Written>, Failure> {
        let is_settled = |report: &Report| {
            report.complete && matches!(report.class(), Class::Verified | Class::Nothing)
        };
        // A bundle of a false or incomplete history would fail again at the reader's, and nothing can be new since it.
        let problem = match (report, &self.question.since) {
            (Some(report), Some(_)) if is_settled(report) => None,
            (_, Some(_)) => Some(
                "nothing can be new since an undecided history: the older bundle remains the position",
            ),
            (Some(report), None) if report.result != Verdict::Failed => None,
            (_, None) => Some("it would not verify"),
        };
        if let Some(problem) = problem {
            console.note(format_args!("no bundle was written, because {problem}"));
            return Ok(None);
        }
        let bytes = bundle.finish();
        Ok(Some(Written {
            staged: output.stage(&bytes)?,
            length: bytes.len(),
        }))
    }

    /// Puts the bundle in its place.
    ///
    /// # Errors
    /// The disk.
    fn keep(&self, written: Written, console: &Console) -> Result<(), Failure> {
        written.staged.keep()?;
        console.note(format_args!(
            "{} bytes written to {}",
            written.length,
            self.output.display()
        ));
        Ok(())
    }
}

/// A bundle that is written, and not in its place yet.
struct Written {
    staged: Staged,
    length: usize,
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
