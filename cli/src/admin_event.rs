//! Events that an admin signs: signing, submitting and waiting until they are published.

use glasslog_client::source::is_address;
use glasslog_client::submit::{Receipt, Wait};
use glasslog_core::event::{self, Envelope, Statement};

use crate::destination::Destination;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signer_spec::{self, Signer};

/// Signs a Statement as admin, submits it and waits until it is published.
///
/// # Errors
/// The Statement is malformed, the admin's key cannot be read, or the log cannot be written or refuses the event.
pub(crate) fn send(
    log: &str,
    admin: Option<&str>,
    statement: &Statement<'_>,
) -> Result<(Receipt, Destination), Failure> {
    let admin = admin_key(log, admin)?;
    let malformed =
        |code: &'static str, problem: String| Failure::new(Exit::Malformed, code, problem);
    let payload =
        event::encode(statement).map_err(|error| malformed(error.code(), error.to_string()))?;
    let envelope = Envelope::sign(payload, &[&admin.key])
        .map_err(|error| malformed(error.code(), error.to_string()))?;
    let mut destination = Destination::open(log)?;
    let receipt = destination.add(envelope.encode(), Wait::Published)?;
    Ok((receipt, destination))
}

fn admin_key(log: &str, spec: Option<&str>) -> Result<Signer, Failure> {
    match spec {
        Some(spec) => signer_spec::read(spec),
        None if is_address(log) => {
            Err(Failure::usage("`--admin SPEC` is required with an address"))
        }
        None => signer_spec::read_file(&glasslog_log::Layout::new(log).key("admin")),
    }
}
