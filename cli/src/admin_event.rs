//! Events that an admin signs: signing, submitting and waiting until they are published.

use std::path::Path;

use glasslog_client::source::is_address;
use glasslog_client::submit::{Receipt, Wait};
use glasslog_core::event::{self, Envelope, Statement};

use crate::destination::Destination;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kept_entry::offer_kept;
use crate::member_flags::of_admins;
use crate::output::Console;
use crate::signer_spec::{self, Signer};
use crate::submitted::{State, Submitted};
use crate::upkeep;

/// An event that is in the log, and the log, which stays locked if it is a directory.
pub(crate) struct Sent {
    pub(crate) receipt: Receipt,
    entry: Vec<u8>,
    destination: Destination,
}

/// Signs a Statement as admin, submits it and waits until it is published.
///
/// # Errors
/// The Statement is malformed, the admin's key cannot be read, or the log cannot be written or refuses the event.
pub(crate) fn send(
    log: &str,
    admin: Option<&str>,
    statement: &Statement<'_>,
    console: &Console,
) -> Result<Sent, Failure> {
    let admin = admin_key(log, admin)?;
    let malformed =
        |code: &'static str, problem: String| Failure::new(Exit::Malformed, code, problem);
    let payload =
        event::encode(statement).map_err(|error| malformed(error.code(), of_admins(&error)))?;
    let envelope = Envelope::sign(payload, &[&admin.key])
        .map_err(|error| malformed(error.code(), error.to_string()))?;
    let entry = envelope.encode();
    let mut destination = Destination::open(log)?;
    let wait = Wait::Published;
    let receipt = offer_kept(&mut destination, &entry, wait, Path::new(""), console)
        .map_err(|failure| failure.keeping(log, None))??;
    Ok(Sent {
        receipt,
        entry,
        destination,
    })
}

impl Sent {
    /// Describes a failure that came after the event was published.
    pub(crate) fn then(&self, failure: Failure) -> Failure {
        failure.after(Submitted::entry(State::InLog, &self.receipt, &self.entry))
    }

    /// Ends the verb after its result was printed: extends the index of a directory.
    ///
    /// # Errors
    /// The result could not be printed.
    pub(crate) fn finish(self, log: &str, console: &Console) -> Result<Exit, Failure> {
        console.written().map_err(|failure| self.then(failure))?;
        upkeep::extend_index(log, self.destination, console);
        Ok(Exit::Done)
    }
}

fn admin_key(log: &str, spec: Option<&str>) -> Result<Signer, Failure> {
    match spec {
        Some(spec) => signer_spec::read(spec),
        None if is_address(log)? => {
            Err(Failure::usage("`--admin SPEC` is required with an address"))
        }
        None => signer_spec::read_file(&glasslog_log::Layout::new(log).key("admin")),
    }
}
