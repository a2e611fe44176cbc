//! Changes of the keys of actors: events that an admin signs.

use std::path::Path;

use glasslog_client::source::is_address;
use glasslog_client::submit::{Receipt, Wait};
use glasslog_core::event::{self, Envelope, KeyEvent, KeyOp, Spki};
use serde::Serialize;

use crate::destination::Destination;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::pem_file::{self, Expected};
use crate::signer_spec::{self, Signer};
use crate::upkeep;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    schema_version: u32,
    result: &'static str,
    index: u64,
    leaf_hash: String,
    keyid: String,
}

/// Reads a public key, and the actor that its file names.
///
/// # Errors
/// The file cannot be read (exit 1), or is not a public key (exit 8).
pub(crate) fn read_public_key(path: &Path) -> Result<(Spki, Option<String>), Failure> {
    let expected = Expected {
        code: "public-key",
        hint: "a public key is a PEM file, as `glasslog keygen` writes it to PATH.pub",
    };
    pem_file::read(path, &expected, Spki::parse_pem)
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

/// Signs a key event as admin, submits it and waits until it is published.
///
/// # Errors
/// The admin's key cannot be read, or the log cannot be written or refuses the event.
pub(crate) fn submit(
    log: &str,
    admin: Option<&str>,
    event: &KeyEvent,
    console: &Console,
) -> Result<Exit, Failure> {
    let admin = admin_key(log, admin)?;
    let malformed =
        |code: &'static str, problem: String| Failure::new(Exit::Malformed, code, problem);
    let payload = event::encode(&event.to_statement())
        .map_err(|error| malformed(error.code(), error.to_string()))?;
    let envelope = Envelope::sign(payload, &[&admin.key])
        .map_err(|error| malformed(error.code(), error.to_string()))?;
    let mut destination = Destination::open(log)?;
    let receipt = destination.add(envelope.encode(), Wait::Published)?;
    tell(event, &receipt, console);
    upkeep::extend_index(log, destination, console);
    Ok(Exit::Done)
}

fn tell(event: &KeyEvent, receipt: &Receipt, console: &Console) {
    let keyid = event.spki.key_id();
    if console.is_json() {
        console.json(&Changed {
            schema_version: 1,
            result: "done",
            index: receipt.index,
            leaf_hash: receipt.leaf_hash.to_base64(),
            keyid,
        });
        return;
    }
    let done = match event.op {
        KeyOp::Enrol => "enrolled",
        KeyOp::Revoke => "revoked",
    };
    console.line(format_args!(
        "{done} {keyid} of `{}` at index {}",
        event.actor, receipt.index
    ));
}
