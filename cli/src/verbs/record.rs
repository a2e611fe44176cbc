//! `record`: makes, signs and submits one access event.
use std::path::PathBuf;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Makes, signs and submits one event, and writes its proof.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog record --log my.log --signer ci.key --action read --artifact resnet50@2.1 --file model.bin
  glasslog record --log my.log --signer ci.key --action deploy --artifact resnet50@2.1 \\
      --digest sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 \\
      --reason-code release --reason 'weekly release' --env prod")]
pub(crate) struct Args {
    /// Log directory, or the URL of its server
    #[arg(long)]
    pub(crate) log: String,

    /// Key that signs: PATH or file:PATH
    #[arg(long, value_name = "SPEC")]
    pub(crate) signer: String,

    /// What happened: register, read, write, execute, verify, transfer, receive, deploy, undeploy, delete, grant, revoke, hold, release or approve
    #[arg(long)]
    pub(crate) action: String,

    /// The artifact's name, with its version after the last `@`
    #[arg(long, value_name = "NAME[@VERSION]")]
    pub(crate) artifact: String,

    /// File of the artifact, to be hashed
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "digest", conflicts_with = "digest")]
    pub(crate) file: Vec<PathBuf>,

    /// Digest of the artifact
    #[arg(long, value_name = "sha256:HEX", num_args = 1..)]
    pub(crate) digest: Vec<String>,

    /// Who acted [default: the actor named in the key file]
    #[arg(long, value_name = "ID")]
    pub(crate) actor: Option<String>,

    /// What kind of actor
    #[arg(long, value_name = "T")]
    pub(crate) actor_type: Option<String>,

    /// Why, as a code
    #[arg(long, value_name = "C")]
    pub(crate) reason_code: Option<String>,

    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    /// Environment, such as prod
    #[arg(long, value_name = "E")]
    pub(crate) env: Option<String>,

    /// Pipeline that acted
    #[arg(long, value_name = "P")]
    pub(crate) pipeline: Option<String>,

    /// Where the proof goes [default: INDEX.tlog-proof]
    #[arg(short, value_name = "PROOF", conflicts_with = "no_wait")]
    pub(crate) output: Option<PathBuf>,

    /// Return when the event is durable, without a proof
    #[arg(long)]
    pub(crate) no_wait: bool,

    /// Print the signed envelope and submit nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`record` is under construction",
        ))
    }
}
