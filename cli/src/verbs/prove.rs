//! `prove`: writes the proof that an entry is in the log (c2sp.org/tlog-proof@v1).

use std::path::PathBuf;

use glasslog_client::prove::prove;
use glasslog_client::source::{Source, read_file};
use glasslog_core::fetch::LogFile;
use glasslog_core::note::TlogProof;
use glasslog_core::report::Class;
use glasslog_core::tiles::{EntryBundle, parse_entries};
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::verify_proof;
use serde::Serialize;

use crate::args::TrustArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::known_signatures::keep_known;
use crate::output::{Console, Watch, write_file};
use crate::source;

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

    /// File of the proof
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
    /// The policy or the log cannot be read, the log does not prove the entry, or the proof cannot be written.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = match &self.trust.policy {
            Some(_) => Some(self.trust.policy(Some(&self.log))?),
            None => None,
        };
        let source = source::open(&self.log, self.trust.offline)?;
        let proof = prove(&*source, &Watch::reading(console), self.index)?;
        if let Some(policy) = &policy {
            let entry = entry(&*source, &proof)?;
            let report = verify_proof(&proof.encode(), &entry, policy, self.trust.options());
            if report.class() != Class::Verified {
                return Ok(console.report(&report));
            }
        }
        let trust = policy.and_then(|policy| TrustPolicy::parse(&policy).ok());
        let proof = keep_known(proof, &self.log, trust.as_ref(), console)?;
        write_file(&self.output, &proof.encode())?;
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

/// Reads the entry that a proof is about.
fn entry(source: &dyn Source, proof: &TlogProof) -> Result<Vec<u8>, Failure> {
    let missing = || Failure::unfinished("missing-file", "the entry's bundle is missing");
    let bundle = EntryBundle::containing(proof.index(), proof.checkpoint().head().size)
        .ok_or_else(missing)?;
    let bytes = read_file(source, &LogFile::Bundle(bundle))?.ok_or_else(missing)?;
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
