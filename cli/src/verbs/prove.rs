//! `prove`: writes the proof that an entry is in the log (c2sp.org/tlog-proof@v1).

use std::path::PathBuf;

use glasslog_client::prove::prove;
use glasslog_client::source::{Source, read_file};
use glasslog_core::fetch::LogFile;
use glasslog_core::merkle::leaf_hash;
use glasslog_core::note::TlogProof;
use glasslog_core::report::Class;
use glasslog_core::tiles::{EntryBundle, parse_entries};
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::verify_proof;
use serde::Serialize;

use crate::args::{TrustArgs, given};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::known_signatures::keep_known;
use crate::output::{Console, Extent, Watch};
use crate::proof_files::ProofFiles;
use crate::source;

/// Writes the proof that one entry is in the log.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog prove --log my.log --index 7 -o 7.tlog-proof
  glasslog verify proof 7.tlog-proof --policy trust.policy")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
    log: String,

    /// Index of the entry
    #[arg(long, value_name = "N")]
    index: u64,

    /// File of the proof; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// File of the entry, which `verify proof` needs [default: beside the proof, ending in .entry]
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    schema_version: u32,
    result: &'static str,
    index: u64,
    proof: Option<String>,
    /// `null` if it was not written.
    entry: Option<String>,
}

impl Args {
    /// # Errors
    /// The policy or the log cannot be read, the log does not prove the entry, or the proof cannot be written.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = match &self.trust.policy {
            Some(_) => Some(self.trust.policy(Some(&self.log))?),
            None => None,
        };
        let files = ProofFiles::open(Some(&self.output), self.entry.as_deref(), console)?;
        let source = source::open(&self.log, self.trust.offline)?;
        let proof = prove(&*source, &Watch::reading(console), self.index)?;
        let entry = entry(&*source, &proof)?;
        if let Some(policy) = &policy {
            let report = verify_proof(&proof.encode(), &entry, policy, self.trust.options());
            if report.class() != Class::Verified {
                return Ok(console.report(&report, Extent::Whole));
            }
        }
        let trust = policy.and_then(|policy| TrustPolicy::parse(&policy).ok());
        let proof = keep_known(proof, &self.log, trust.as_ref(), console)?;
        files.check_entry_place(Some(&entry))?;
        let origin = proof.checkpoint().origin().as_str();
        let written = files.write(origin, self.index, &proof.encode(), &entry)?;
        if console.is_json() {
            console.result(
                &Written {
                    schema_version: 1,
                    result: "done",
                    index: self.index,
                    proof: written.proof,
                    entry: written.entry,
                },
                Exit::Done,
            );
        } else {
            console.line(format_args!(
                "proof of entry {} written to {}",
                self.index,
                self.output.display()
            ));
        }
        Ok(Exit::Done)
    }
}

/// Reads the entry that a proof is about, and checks that it is.
fn entry(source: &dyn Source, proof: &TlogProof) -> Result<Vec<u8>, Failure> {
    let missing = || Failure::unfinished("missing-file", "the entry's bundle is missing");
    let bundle = EntryBundle::containing(proof.index(), proof.checkpoint().head().size)
        .ok_or_else(missing)?;
    let bytes = read_file(source, &LogFile::Bundle(bundle))?.ok_or_else(missing)?;
    let at = usize::try_from(proof.index() % 256).unwrap_or_default();
    let entries = parse_entries(&bytes, bundle.width()).map_err(|error| {
        let message = format!("`{}`: {error}", bundle.path());
        Failure::new(Exit::False, error.code(), message)
    })?;
    let entry = entries.get(at).ok_or_else(missing)?;
    let head = proof.checkpoint().head();
    let proven = proof
        .proof()
        .verify(&leaf_hash(entry), proof.index(), &head);
    proven.map_err(|error| {
        let message = format!("`{}` holds another entry: {error}", bundle.path());
        Failure::new(Exit::False, error.code(), message)
    })?;
    Ok(entry.to_vec())
}
