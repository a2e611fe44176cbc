//! `keygen`: makes a key pair; formats of the files are in `docs/cli.md` ("Keys").
use std::path::PathBuf;

use clap::ValueEnum;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Makes a secret key and its public half.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The secret key is written to PATH with mode 0600 and never overwrites; the public half goes to PATH.pub.

Examples:
  glasslog keygen --kind actor --name ci@example.org --out ci.key
  glasslog keygen --kind witness --name witness.example.org/w1 --out w1.key")]
pub(crate) struct Args {
    /// What the key is for
    #[arg(long, value_enum)]
    pub(crate) kind: Kind,

    /// Key name (log, index, witness, auditor) or the actor's id (actor, admin)
    #[arg(long)]
    pub(crate) name: String,

    /// Where the secret key goes
    #[arg(long, value_name = "PATH")]
    pub(crate) out: PathBuf,

    /// Signature algorithm
    #[arg(long, value_enum, default_value_t = Algorithm::Ed25519)]
    pub(crate) alg: Algorithm,
}

/// The role that a key plays; it plays one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Signs a log's checkpoints
    Log,
    /// Signs an index log's checkpoints
    Index,
    /// Cosigns checkpoints of logs
    Witness,
    /// Cosigns checkpoints of index logs
    Auditor,
    /// Signs access events
    Actor,
    /// Signs genesis and key events
    Admin,
}

/// Signature algorithm of a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    /// Ed25519 (RFC 8032)
    Ed25519,
    #[value(hide = true)]
    P256,
    #[value(hide = true, name = "ml-dsa-44")]
    MlDsa44,
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`keygen` is under construction",
        ))
    }
}
