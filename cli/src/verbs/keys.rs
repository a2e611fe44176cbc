//! `keys`: enrols, revokes and lists the keys of actors by events in the log.
use std::path::PathBuf;

use clap::Subcommand;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Enrols, revokes and lists the keys of actors.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: KeysVerb,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysVerb {
    /// Binds a public key to an actor, by an event signed by an admin
    #[command(after_help = "\
Example:
  glasslog keys enrol --log my.log --actor ci@example.org --key ci.key.pub")]
    Enrol {
        /// Log directory, or the URL of its server
        #[arg(long)]
        log: String,
        /// Actor whose key it is
        #[arg(long, value_name = "ID")]
        actor: String,
        /// Public key (PEM)
        #[arg(long, value_name = "PUB")]
        key: PathBuf,
        /// Admin key that signs [default: LOG/keys/admin]
        #[arg(long, value_name = "SPEC")]
        admin: Option<String>,
    },
    /// Ends a key's validity for all later entries
    #[command(after_help = "\
Example:
  glasslog keys revoke --log my.log --key ci.key.pub --reason 'laptop lost'")]
    Revoke {
        /// Log directory, or the URL of its server
        #[arg(long)]
        log: String,
        /// Public key (PEM)
        #[arg(long, value_name = "PUB")]
        key: PathBuf,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Index from which the key's events are suspect
        #[arg(long, value_name = "INDEX")]
        compromised_since: Option<u64>,
        /// Admin key that signs [default: LOG/keys/admin]
        #[arg(long, value_name = "SPEC")]
        admin: Option<String>,
    },
    /// Lists the keys that the log's entries enrol and revoke
    List {
        /// Log directory
        #[arg(long)]
        log: String,
    },
}

impl Args {
    /// # Errors
    /// Not written yet.
    pub(crate) fn run(self, _console: &Console) -> Result<Exit, Failure> {
        Err(Failure::unfinished(
            "under-construction",
            "`keys` is under construction",
        ))
    }
}
