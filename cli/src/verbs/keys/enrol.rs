//! `keys enrol`: binds a public key to an actor.

use std::path::PathBuf;

use glasslog_core::event::{KeyEvent, KeyOp};

use crate::args::{given, read_trust_policy};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::key_change::{self, read_public_key};
use crate::origin::origin_of;
use crate::output::Console;
use crate::signer_spec::agreed_actor;

/// Binds a public key to an actor, by an event signed by an admin.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog keys enrol --log my.log --actor ci@example.org --key ci.key.pub")]
pub(crate) struct Args {
    /// Log directory, or the URL of its server
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
    log: String,
    /// Owner of the key
    #[arg(long, value_name = "ID")]
    actor: String,
    /// Public key (PEM)
    #[arg(long, value_name = "PUB")]
    key: PathBuf,
    /// Admin key that signs [default: LOG/keys/admin]
    #[arg(long, value_name = "SPEC")]
    admin: Option<String>,
    /// Trust policy that must accept the log, as in `glasslog history`, before the event is signed
    #[arg(
        long,
        value_name = "FILE",
        env = given::POLICY,
        hide_env_values = true,
        value_parser = given::policy()
    )]
    policy: Option<PathBuf>,
}

impl Args {
    /// # Errors
    /// A key or the log cannot be read, the key is revoked, or the log refuses the event.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let (spki, named) = read_public_key(&self.key)?;
        let actor = agreed_actor(Some(self.actor), named, self.key.display())?;
        let policy = self.policy.as_deref().map(read_trust_policy).transpose()?;
        let event = KeyEvent {
            log: origin_of(&self.log, policy.as_ref(), console)?,
            op: KeyOp::Enrol,
            actor,
            spki,
            reason: None,
            acts_on: None,
            compromised_since: None,
        };
        key_change::enrol(&self.log, self.admin.as_deref(), &event, console)
    }
}
