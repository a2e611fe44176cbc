//! `log rotate`: changes the key that signs a log's checkpoints.

use std::path::PathBuf;

use glasslog_core::event::{self, Envelope, LogKeyEvent};
use glasslog_core::note::{Role, SignerKey};
use glasslog_log::directory::Disk;
use glasslog_log::index::extend_if_due;
use glasslog_log::{Config, Layout, Log};
use serde_json::json;

use crate::args::named_key;
use crate::clock::now;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Head};
use crate::signer_spec;
use crate::source;

/// Changes the key that signs a log's checkpoints.
///
/// The log's last entry under the old key is the statement of the change, signed by the old key and the admins; both keys sign
/// that tree, and the new one alone every larger tree. Readers follow with `glasslog trust update`. If the verb is
/// interrupted, run it again with the same key: until it is done, the log takes no entry.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The old key moves to `keys/log.ID`: it signs nothing more, so put it away or destroy it.

Examples:
  glasslog keygen --kind log --name models.example.com/access --out next.key
  glasslog log rotate my.log --key next.key --reason 'yearly change' --yes")]
pub(crate) struct Args {
    /// Log directory
    log: PathBuf,
    /// The new key, as `glasslog keygen --kind log` makes it with the origin as its name
    #[arg(long, value_name = "PATH")]
    key: PathBuf,
    /// Reason, in words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Admin keys that sign, as many as the genesis asks for [default: LOG/keys/admin]
    #[arg(long, value_name = "SPEC")]
    admin: Vec<String>,
    /// Change the key: no key is ever changed back
    #[arg(long)]
    yes: bool,
}

impl Args {
    /// # Errors
    /// The user does not confirm it, a key cannot be read or is unfit, another process writes to the log, its rules refuse the
    /// statement, too few witnesses cosign, or the disk fails.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let layout = Layout::new(source::directory(&self.log)?);
        let config = Config::read(&Disk::new(), &layout)?;
        let new = self.new_key(&config)?;
        if !self.yes {
            let question = format!("changing the key of `{}` cannot be undone", config.origin);
            return Err(Failure::usage(question).hint("`--yes` changes it"));
        }
        let mut log = Log::open_to_rotate(layout.root())?;
        if log.log_key() == new.verifier() {
            let message = format!("`{}` signs with that key already", config.origin);
            return Err(Failure::new(
                Exit::Refused,
                "log-key-signs-already",
                message,
            ));
        }
        match log.next_log_key() {
            Some(begun) if begun == new.verifier() => {}
            Some(begun) => {
                let message = format!(
                    "a rotation to another key, `{}`, was begun",
                    begun.name_and_id()
                );
                return Err(
                    Failure::new(Exit::Refused, "log-rotation-to-other-key", message)
                        .hint("give that key as `--key`"),
                );
            }
            None => self.state(&mut log, &new, &layout)?,
        }
        let old = log.log_key().clone();
        let head = log.switch_key(layout.root(), &new, now())?;
        let done = format!(
            "`{}` is signed by `{}` from size {} on",
            config.origin,
            new.verifier().name_and_id(),
            head.size
        );
        extend_if_due(layout.root(), now()).map_err(|error| Failure::from(error).despite(&done))?;
        match console.is_json() {
            true => console.result(
                &json!({
                    "schemaVersion": 1,
                    "result": "done",
                    "checkpoint": Head::new(&config.origin, &head),
                    "old": old.to_string(),
                    "new": new.verifier().to_string(),
                }),
                Exit::Done,
            ),
            false => {
                console.line(done);
                let kept = layout.key(&format!("log.{}", old.id()));
                console.hint(format_args!(
                    "the old key is in `{}`: destroy it, or put it away",
                    kept.display()
                ));
                console.hint("readers follow with `glasslog trust update`; restart servers and witnesses that read the old policy");
            }
        }
        Ok(Exit::Done)
    }

    /// Reads the new key, which has to be a log's with the origin as its name.
    fn new_key(&self, config: &Config) -> Result<SignerKey, Failure> {
        let path = self.key.display();
        if config.raw {
            let message = "`--raw` logs have no admins, who must sign a change of the log's key";
            return Err(Failure::usage(message));
        }
        if config.store.is_some() {
            return Err(Failure::not_available("`log rotate` of a log in a bucket"));
        }
        let key = named_key(&self.key, "log")?;
        let verifier = key.verifier();
        if !Role::Log.allows(verifier.signature_type()) {
            return Err(Failure::usage(format!("`{path}` is not the key of a log")));
        }
        match verifier.name().as_str() == config.origin {
            true => Ok(key),
            false => Err(Failure::usage(format!(
                "`{path}` is the key of `{}`, not of `{}`",
                verifier.name(),
                config.origin
            ))
            .hint("`glasslog keygen --kind log --name ORIGIN` makes one for this log")),
        }
    }

    /// Makes the statement the last entry of the log.
    fn state(&self, log: &mut Log, new: &SignerKey, layout: &Layout) -> Result<(), Failure> {
        let malformed =
            |code: &'static str, problem: String| Failure::new(Exit::Malformed, code, problem);
        let head = log.publish(now())?;
        // The statement cannot be taken back: all that could refuse the key after it is asked before.
        if log.has_ended(new.verifier())? {
            let message = format!(
                "`{}` was signed by that key before, and changed to another one",
                log.origin()
            );
            let ended = Failure::new(Exit::Refused, "log-key-ended", message);
            return Err(ended.hint("`glasslog keygen --kind log` makes a new key"));
        }
        log.check_policies(layout.root(), new.verifier(), head.size + 1)?;
        let genesis = log
            .admitter()
            .keyring()
            .map(|keyring| keyring.genesis_leaf());
        let genesis = genesis.ok_or_else(|| {
            Failure::new(Exit::Nothing, "log-without-keys", "the log has no genesis")
        })?;
        let event = LogKeyEvent {
            log: log.origin().to_owned(),
            genesis,
            size: head.size + 1,
            old: log.log_key().clone(),
            new: new.verifier().clone(),
            reason: self.reason.clone(),
        };
        let payload = event::encode(&event.to_statement())
            .map_err(|error| malformed(error.code(), error.to_string()))?;
        let mut admins = Vec::new();
        for spec in &self.admin {
            admins.push(signer_spec::read(spec)?);
        }
        if admins.is_empty() {
            admins.push(signer_spec::read_file(&layout.key("admin"))?);
        }
        let keys: Vec<_> = admins.iter().map(|admin| &admin.key).collect();
        let envelope = Envelope::sign(payload, &keys)
            .and_then(|envelope| log.sign_rotation(envelope))
            .map_err(|error| malformed(error.code(), error.to_string()))?;
        match log.append_rotation(envelope.encode())? {
            Ok(_) => Ok(()),
            Err(refusal) => Err(Failure::new(
                Exit::from(refusal.class()),
                refusal.code(),
                refusal.to_string(),
            )),
        }
    }
}
