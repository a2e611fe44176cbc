//! `keys revoke`: ends the validity of a key.

use std::path::PathBuf;

use glasslog_core::event::{KeyEvent, KeyOp};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::key_change::{read_public_key, submit};
use crate::output::Console;
use crate::published_keys::read_keys;

/// Ends a key's validity for all later entries.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog keys revoke --log my.log --key ci.key.pub --reason 'laptop lost'")]
pub(crate) struct Args {
    /// Log directory, or the URL of its server
    #[arg(long)]
    log: String,
    /// Public key (PEM)
    #[arg(long, value_name = "PUB")]
    key: PathBuf,
    /// Reason, in words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Index from which the key's events are suspect
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
        let (spki, _) = read_public_key(&self.key)?;
        let published = read_keys(&self.log)?;
        let keyid = spki.key_id();
        let enrolled = published.keyring.keys().get(&keyid).ok_or_else(|| {
            Failure::new(
                Exit::Undecided,
                "key-not-enrolled",
                format!("key `{keyid}` is not enrolled"),
            )
        })?;
        let event = KeyEvent {
            log: published.keyring.origin().to_owned(),
            op: KeyOp::Revoke,
            actor: enrolled.actor.clone(),
            spki,
            reason: Some(self.reason),
            acts_on: Some(enrolled.enrolment),
            compromised_since: self.compromised_since,
        };
        submit(&self.log, self.admin.as_deref(), &event, console)
    }
}
