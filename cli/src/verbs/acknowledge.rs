//! `acknowledge`: the admins state that they know of an entry that should not be in the log.

use glasslog_core::event::{self, Acknowledgement};
use glasslog_core::merkle::leaf_hash;
use serde::Serialize;

use crate::admin_event::send;
use crate::args::given;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::published_keys::{PublishedKeys, read_keys_and};

/// Acknowledges an entry that should not be in the log: it is shown for ever and decides nothing.
///
/// The entry is not an event, or its signature does not count. Reports name it and the reason; it no longer keeps a history
/// from being verified.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog acknowledge 4711 --log my.log --reason 'imported by mistake, see ticket 12'")]
pub(crate) struct Args {
    /// Index of the entry
    #[arg(value_name = "INDEX")]
    index: u64,
    /// Log directory, or the URL of its server
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
    log: String,
    /// Reason, in words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Admin key that signs [default: LOG/keys/admin]
    #[arg(long, value_name = "SPEC")]
    admin: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Acknowledged {
    schema_version: u32,
    result: &'static str,
    index: u64,
    leaf_hash: String,
    acknowledged: u64,
}

impl Args {
    /// # Errors
    /// The log cannot be read, the entry counts or does not exist, or the log refuses the event.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let (published, entry) = read_keys_and(&self.log, self.index)?;
        let entry = entry.ok_or_else(|| self.no_such_entry(&published))?;
        if let Ok(parsed) = event::parse(&entry)
            && published.keyring.judge(self.index, &parsed).is_valid()
        {
            return Err(Failure::new(
                Exit::Refused,
                "entry-counts",
                format!("entry {} is a validly signed event", self.index),
            )
            .hint("only an entry that counts for nothing can be acknowledged"));
        }
        let event = Acknowledgement {
            log: published.keyring.origin().to_owned(),
            entries: [(self.index, leaf_hash(&entry))].into(),
            reason: self.reason,
        };
        let sent = send(
            &self.log,
            self.admin.as_deref(),
            &event.to_statement(),
            console,
        )?;
        let receipt = &sent.receipt;
        if console.is_json() {
            console.result(
                &Acknowledged {
                    schema_version: 1,
                    result: "done",
                    index: receipt.index,
                    leaf_hash: receipt.leaf_hash.to_base64(),
                    acknowledged: self.index,
                },
                Exit::Done,
            );
        } else {
            console.line(format_args!(
                "acknowledged entry {} at index {}",
                self.index, receipt.index
            ));
        }
        sent.finish(&self.log, console)
    }

    fn no_such_entry(&self, published: &PublishedKeys) -> Failure {
        let message = format!(
            "there is no entry {}: the log has {} entries",
            self.index, published.size
        );
        Failure::new(Exit::Nothing, "no-such-entry", message)
    }
}
