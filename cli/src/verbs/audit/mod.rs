//! `audit`: reads everything, recomputes everything, with all cores.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use glasslog_client::audit::{Audited, Keeper, Settings, audit};
use glasslog_client::drive::{self, Outcome, Reading};
use glasslog_client::source::Source;
use glasslog_core::fetch::Query;
use glasslog_core::report::Class;
use glasslog_core::text::limits::MAX_IN_FLIGHT;

use crate::args::{TextArgs, TrustArgs, parse_duration};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inconsistency_file::write_and_tell;
use crate::output::{Console, Output, Watch};
use crate::source;

mod cosign;
mod evidence;
mod state;

use cosign::Cosigner;
use state::StateFile;

/// Reads everything and recomputes everything: entries, tiles, signatures, and the index.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog audit my.log --policy my.log/trust.policy
  glasslog audit my.log --policy trust.policy --resume my.state
  glasslog audit my.log --policy trust.policy --cosign auditor.key
  glasslog audit https://log.example.com/ --policy trust.policy --format json")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    log: String,

    /// Resume from this file, which an earlier audit wrote; only new entries are read, and the file is kept up to date
    #[arg(long, value_name = "STATE")]
    resume: Option<PathBuf>,

    /// Interval at which the state is saved
    #[arg(long, value_name = "DURATION", default_value = "30s", requires = "resume", value_parser = parse_duration)]
    save_every: u64,

    /// Cosign the index with this auditor's key if everything is right
    #[arg(long, value_name = "KEY")]
    cosign: Option<PathBuf>,

    /// Write the cosigned index checkpoint to this file (`-`: standard output) instead of into the log directory
    #[arg(short, long, value_name = "FILE", requires = "cosign")]
    output: Option<PathBuf>,

    /// File of the proof if the index is false [default: index-MANIFEST.fraud]
    #[arg(long, value_name = "FILE")]
    fraud: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustArgs,

    #[command(flatten)]
    text: TextArgs,
}

impl Args {
    /// # Errors
    /// The policy, state, key or log cannot be read, or a result cannot be written.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let state = self.resume.as_deref().map(StateFile::new).transpose()?;
        let fraud = self.fraud.as_deref();
        let fraud = fraud
            .map(|path| evidence::open_new(path, console))
            .transpose()?;
        let cosigner = match &self.cosign {
            Some(key) => Some(Cosigner::new(
                key,
                &self.log,
                self.output.as_deref(),
                console,
            )?),
            None => None,
        };
        let policy = self.trust.policy(Some(&self.log))?;
        let source = source::open(&self.log, self.trust.offline)?;
        let audited = self.audit(&*source, &policy, state.as_ref(), console)?;
        let report = audited.query.report();
        let is_right = report.is_some_and(|report| report.class() == Class::Verified);
        let is_cosigned = match cosigner {
            // A verdict that is printed is that of the exit code, so an audit that could not vouch prints none.
            Some(cosigner) if is_right => cosigner
                .cosign(&audited, console)
                .map(|()| true)
                .map_err(|failure| failure.despite("the audit found everything right"))?,
            Some(_) => false,
            None => true,
        };
        let exit = console.verdict(report, self.text.extent())?;
        if state.is_some() && !audited.is_kept {
            console.note("the state contains only the part that was found right");
        }
        if !is_cosigned {
            console.note("nothing was cosigned");
        }
        // Evidence is about a log that is false, whose exit code stays.
        match self.write_evidence(&audited, fraud, console) {
            Ok(()) => Ok(exit),
            Err(failure) => Ok(exit.and(console.warn_of(&failure))),
        }
    }

    /// # Errors
    /// The disk or permissions.
    fn write_evidence(
        &self,
        audited: &Audited,
        output: Option<Output>,
        console: &Console,
    ) -> Result<(), Failure> {
        if let (Some(found), Some(state)) = (&audited.inconsistency, &self.resume) {
            write_and_tell(state, &found.encode(), console)?;
        }
        match &audited.fraud {
            Some(fraud) => evidence::write_fraud(fraud, output, console),
            None => Ok(()),
        }
    }

    fn audit(
        &self,
        source: &dyn Source,
        policy: &[u8],
        state: Option<&StateFile>,
        console: &Console,
    ) -> Result<Audited, Failure> {
        let watch = Watch::auditing(console);
        let attempt = |reading: &Reading<'_>| {
            let earlier = match state {
                Some(state) => state.read(policy, console)?,
                None => None,
            };
            let mut save = |kept: &_| state.map_or(Ok(()), |state| state.write(kept));
            let every = Duration::from_secs(self.save_every);
            let mut keeper = state.map(|_| Keeper::new(earlier, every, &mut save));
            // Only a directory can be listed; of a network, the client waits for many files at a time.
            let listing = reading.list()?;
            let threads = match listing {
                Some(_) => thread::available_parallelism().map_or(1, usize::from),
                None => MAX_IN_FLIGHT,
            };
            let settings = Settings {
                policy,
                options: self.trust.options(),
                listing,
                threads,
            };
            audit(reading, settings, keeper.as_mut(), &watch)
        };
        let outcome = |audited: &Audited| Outcome::from(audited.query.report());
        drive::read_with_retries(source, &watch, attempt, outcome)
    }
}
