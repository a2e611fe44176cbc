//! `keys amend`: states since when a revoked key was compromised.

use glasslog_core::rules::NoEffect;

use crate::args::given;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::key_change::{Change, refused};
use crate::output::Console;

/// States or lowers the index from which a revoked key's events count for nothing any more.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog keys amend --log my.log --key ci.key.pub --compromised-since 4711 --reason 'seen in a dump'")]
pub(crate) struct Args {
    /// Log directory, or the URL of its server
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
    log: String,
    /// Public key (PEM file), or its id as `keys list` shows it
    #[arg(long, value_name = "PUB|sha256:HEX")]
    key: String,
    /// Index of the first event that is not to be trusted; it can only be lowered later
    #[arg(long, value_name = "INDEX")]
    compromised_since: u64,
    /// Reason, in words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Admin key that signs [default: LOG/keys/admin]
    #[arg(long, value_name = "SPEC")]
    admin: Option<String>,
}

impl Args {
    /// # Errors
    /// A key or the log cannot be read, the key is not revoked, or the log refuses the event.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let change = Change::new(&self.log, self.admin.as_deref(), &self.key)?;
        match &change.key.revoked {
            Some(revocation) => {
                change.amend(revocation, self.reason, self.compromised_since, console)
            }
            None => Err(refused(&NoEffect::NotRevoked)
                .hint("`glasslog keys revoke --compromised-since` ends it")),
        }
    }
}
