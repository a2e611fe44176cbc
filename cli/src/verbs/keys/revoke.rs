//! `keys revoke`: ends the validity of a key.

use crate::args::given;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::key_change::Change;
use crate::output::Console;

/// Ends a key's validity for all later entries.
///
/// Of a key that is revoked already, `--compromised-since` states or lowers the index, as `keys amend` does.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog keys revoke --log my.log --key ci.key.pub --reason 'laptop lost'")]
pub(crate) struct Args {
    /// Log directory, or the URL of its server
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
    log: String,
    /// Public key (PEM file), or its id as `keys list` shows it
    #[arg(long, value_name = "PUB|sha256:HEX")]
    key: String,
    /// Reason, in words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Index from which the key's events count for nothing any more
    #[arg(long, value_name = "INDEX")]
    compromised_since: Option<u64>,
    /// Admin key that signs [default: LOG/keys/admin]
    #[arg(long, value_name = "SPEC")]
    admin: Option<String>,
}

impl Args {
    /// # Errors
    /// A key or the log cannot be read, the key is not enrolled, or the log refuses the event.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let change = Change::new(&self.log, self.admin.as_deref(), &self.key)?;
        match (&change.key.revoked, self.compromised_since) {
            (Some(revocation), Some(since)) => {
                change.amend(revocation, self.reason, since, console)
            }
            (_, since) => change.revoke(self.reason, since, console),
        }
    }
}
