//! `prove`: writes the proof that an entry is in the log (c2sp.org/tlog-proof@v1).
use std::path::PathBuf;

use glasslog_core::fetch::{Progress, ProveError, ProveQuery, Query};
use glasslog_core::note::TlogProof;
use glasslog_core::report::{Class, Report};
use glasslog_core::tiles::{EntryBundle, parse_entries};
use glasslog_core::verify::verify_proof;
use serde::Serialize;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::Source;
use crate::{driver, output};

/// Writes the proof that one entry is in the log.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog prove --log my.log --index 7 -o 7.tlog-proof")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    #[arg(long)]
    log: String,

    /// Index of the entry
    #[arg(long, value_name = "N")]
    index: u64,

    /// Where the proof goes
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    schema_version: u32,
    result: &'static str,
    index: u64,
    proof: String,
}

impl Args {
    /// # Errors
    /// An unreadable policy, a source that cannot be read or proves nothing, a file that cannot be written.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = match &self.trust.policy {
            Some(_) => Some(self.trust.policy(Some(&self.log))?),
            None => None,
        };
        let mut source = Source::open(&self.log, self.trust.offline)?;
        let proof = prove(&mut source, console, self.index)?;
        if let Some(policy) = policy {
            let entry = entry(&source, &proof)?;
            let report = verify_proof(&proof.encode(), &entry, &policy, self.trust.options());
            if report.class() != Class::Verified {
                return Ok(console.report(&report));
            }
        }
        output::write(&self.output, &proof.encode())?;
        let proof = self.output.display().to_string();
        if console.is_json() {
            console.json(&Written {
                schema_version: 1,
                result: "done",
                index: self.index,
                proof,
            });
        } else {
            console.line(format_args!(
                "proof of entry {} written to {proof}",
                self.index
            ));
        }
        Ok(Exit::Done)
    }
}

/// Makes the proof of one entry, without judging who signed its checkpoint.
///
/// # Errors
/// A source that cannot be read or proves nothing.
pub(crate) fn prove(
    source: &mut Source,
    console: &Console,
    index: u64,
) -> Result<TlogProof, Failure> {
    let make = || Ok(Proving(ProveQuery::new(index)));
    let Proving(query) = driver::run_until(source, console, make, Proving::is_false)?;
    match query.proof() {
        Some(Ok(proof)) => Ok(proof.clone()),
        Some(Err(error)) => Err(refuse(error)),
        None => Err(Failure::unfinished(
            "no-proof",
            "the proof was not finished",
        )),
    }
}

/// The entry that a proof is about, as the log gives it.
fn entry(source: &Source, proof: &TlogProof) -> Result<Vec<u8>, Failure> {
    let missing = || Failure::unfinished("missing-file", "the entry's bundle could not be had");
    let bundle = EntryBundle::containing(proof.index(), proof.checkpoint().head().size)
        .ok_or_else(missing)?;
    // A partial bundle may have given way to the full one (tlog-tiles, "Partial Tiles").
    let (bundle, bytes) = match driver::read(source, &bundle.path())? {
        Some(bytes) => (bundle, bytes),
        None => (
            bundle.full(),
            driver::read(source, &bundle.full().path())?.ok_or_else(missing)?,
        ),
    };
    let at = usize::try_from(proof.index() % 256).unwrap_or_default();
    match parse_entries(&bytes, bundle.width()) {
        Ok(entries) => entries
            .get(at)
            .map(|entry| entry.to_vec())
            .ok_or_else(missing),
        Err(error) => Err(Failure::new(
            Exit::False,
            error.code(),
            format!("`{}`: {error}", bundle.path()),
        )),
    }
}

fn refuse(error: &ProveError) -> Failure {
    let exit = match error {
        ProveError::Checkpoint(_) => Exit::Malformed,
        ProveError::NoSuchEntry { .. } => Exit::Nothing,
        ProveError::Tiles(_) => Exit::False,
        _ => Exit::Unfinished,
    };
    Failure::new(exit, error.code(), error.to_string())
}

/// A proof in the making, fed as queries are. It has no report: it judges nothing.
struct Proving(ProveQuery);

impl Proving {
    fn is_false(&self) -> bool {
        matches!(self.0.proof(), Some(Err(ProveError::Tiles(_))))
    }
}

impl Query for Proving {
    fn needs(&self) -> Vec<String> {
        self.0.needs()
    }

    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        self.0.supply(path, bytes);
    }

    fn report(&self) -> Option<&Report> {
        None
    }

    fn progress(&self) -> Progress<'_> {
        Progress::default()
    }
}
