//! `keys`: enrols, revokes and lists the keys of actors by events in the log.
use std::path::{Path, PathBuf};

use clap::Subcommand;
use glasslog_core::event::{self, Envelope, KeyEvent, KeyOp, Spki};
use glasslog_core::rules::EnrolledKey;
use glasslog_core::text::escape::display_safe;
use serde::Serialize;

use crate::console::Console;
use crate::destination::{Destination, Receipt, Wait};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::origin::origin_of;
use crate::signer_spec::{self, Signer};
use crate::source::is_address;
use crate::{input, upkeep};

mod published;

use published::{Published, read_keys};

/// A PEM block and a line: more is something else.
const MAX_PUBLIC_KEY: usize = 4_096;

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
        /// Log directory, public tree or URL
        #[arg(long)]
        log: String,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    schema_version: u32,
    result: &'static str,
    index: u64,
    leaf_hash: String,
    keyid: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    schema_version: u32,
    result: &'static str,
    origin: String,
    /// As of this many entries.
    size: u64,
    admins: Vec<String>,
    keys: Vec<ListedKey>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedKey {
    keyid: String,
    actor: String,
    enrolled_at: u64,
    revoked_at: Option<u64>,
    reason: Option<String>,
    compromised_since: Option<u64>,
}

impl ListedKey {
    fn new(keyid: &str, key: &EnrolledKey) -> Self {
        let revocation = key.revoked.as_ref();
        Self {
            keyid: keyid.to_owned(),
            actor: key.actor.clone(),
            enrolled_at: key.enrolled_at,
            revoked_at: revocation.map(|revocation| revocation.at),
            reason: revocation.and_then(|revocation| revocation.reason.clone()),
            compromised_since: revocation.and_then(|revocation| revocation.compromised_since),
        }
    }
}

impl Args {
    /// # Errors
    /// A key that cannot be read, a log that cannot be read or does not take the event.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match self.verb {
            KeysVerb::Enrol {
                log,
                actor,
                key,
                admin,
            } => {
                let (spki, named) = read_public(&key)?;
                if named.as_ref().is_some_and(|named| *named != actor) {
                    console.warn(format_args!(
                        "`{}` names another actor than `{actor}`, for whom it is being enrolled",
                        key.display()
                    ));
                }
                let event = KeyEvent {
                    log: origin_of(&log, None, console)?,
                    op: KeyOp::Enrol,
                    actor,
                    spki,
                    reason: None,
                    acts_on: None,
                    compromised_since: None,
                };
                submit(&log, admin.as_deref(), &event, console)
            }
            KeysVerb::Revoke {
                log,
                key,
                reason,
                compromised_since,
                admin,
            } => {
                let (spki, _) = read_public(&key)?;
                let published = read_keys(&log)?;
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
                    reason: Some(reason),
                    acts_on: Some(enrolled.enrolment),
                    compromised_since,
                };
                submit(&log, admin.as_deref(), &event, console)
            }
            KeysVerb::List { log } => {
                list(&read_keys(&log)?, console);
                Ok(Exit::Done)
            }
        }
    }
}

fn read_public(path: &Path) -> Result<(Spki, Option<String>), Failure> {
    let bytes = input::read(path, MAX_PUBLIC_KEY)?;
    let malformed = |problem: String| {
        Failure::new(
            Exit::Malformed,
            "public-key",
            format!("`{}`: {problem}", path.display()),
        )
        .hint("a public key is a PEM file, as `glasslog keygen` writes it to PATH.pub")
    };
    let text = str::from_utf8(&bytes).map_err(|_| malformed("not text".into()))?;
    Spki::parse_pem(text).map_err(|error| malformed(error.to_string()))
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
fn submit(
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

fn list(published: &Published, console: &Console) {
    let keyring = &published.keyring;
    let admins: Vec<String> = keyring.genesis().admins.iter().map(Spki::key_id).collect();
    let mut keys: Vec<ListedKey> = keyring
        .keys()
        .iter()
        .map(|(keyid, key)| ListedKey::new(keyid, key))
        .collect();
    keys.sort_by_key(|key| key.enrolled_at);
    if console.is_json() {
        let origin = keyring.origin().to_owned();
        console.json(&Listed {
            schema_version: 1,
            result: "done",
            origin,
            size: published.size,
            admins,
            keys,
        });
        return;
    }
    for keyid in admins {
        console.line(format_args!("{keyid}  admin"));
    }
    for key in keys {
        let state = match (key.revoked_at, key.compromised_since) {
            (None, _) => String::new(),
            (Some(at), None) => format!(", revoked at {at}"),
            (Some(at), Some(since)) => format!(", revoked at {at}, compromised since {since}"),
        };
        let reason = key
            .reason
            .map(|reason| format!(" ({})", display_safe(&reason)))
            .unwrap_or_default();
        console.line(format_args!(
            "{}  {}, enrolled at {}{state}{reason}",
            key.keyid, key.actor, key.enrolled_at
        ));
    }
}
