//! Changes of the keys of actors: events that an admin signs.

use std::path::Path;

use glasslog_core::event::{KeyEvent, KeyOp, Spki};
use glasslog_core::merkle::Hash;
use glasslog_core::rules::{EnrolledKey, NoEffect, Revocation};
use serde::Serialize;

use crate::admin_event::{Sent, send};
use crate::args::parse_digest;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::output::Console;
use crate::pem_file::{self, Expected};
use crate::published_keys::{PublishedKeys, read_keys, read_size};

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
        kind: FileKind::ActorPublic,
    };
    pem_file::read(path, &expected, Spki::parse_pem)
}

/// An enrolled key that is to be changed, and the log that it is enrolled in.
pub(crate) struct Change<'a> {
    pub(crate) log: &'a str,
    pub(crate) admin: Option<&'a str>,
    pub(crate) published: PublishedKeys,
    pub(crate) key: EnrolledKey,
}

impl<'a> Change<'a> {
    /// Reads the state in the log of a key, which is named by its id or its public half.
    ///
    /// # Errors
    /// The key or the log cannot be read, or the key is not enrolled (exit 5).
    pub(crate) fn new(log: &'a str, admin: Option<&'a str>, key: &str) -> Result<Self, Failure> {
        let keyid = match key.starts_with("sha256:") {
            true => format!("sha256:{}", parse_digest(key)?.to_hex()),
            false => read_public_key(Path::new(key))?.0.key_id(),
        };
        let published = read_keys(log)?;
        let key = published.keyring.keys().get(&keyid).cloned();
        let key = key.ok_or_else(|| {
            let message = format!("key `{keyid}` is not enrolled");
            Failure::new(Exit::Undecided, NoEffect::NotEnrolled.code(), message)
                .hint("`glasslog keys list` shows the ids of the enrolled keys")
        })?;
        Ok(Self {
            log,
            admin,
            published,
            key,
        })
    }

    /// Ends the key.
    ///
    /// # Errors
    /// As [`submit`], and if `since` is beyond the end of the log (exit 6).
    pub(crate) fn revoke(
        &self,
        reason: String,
        since: Option<u64>,
        console: &Console,
    ) -> Result<Exit, Failure> {
        since.map_or(Ok(()), |since| self.check_since(since))?;
        self.submit(KeyOp::Revoke, reason, self.key.enrolment, since, console)
    }

    /// States since when the key, which `revocation` ended, was compromised.
    ///
    /// # Errors
    /// As [`submit`], and if `since` is beyond the end of the log or not lower than before (exit 6).
    pub(crate) fn amend(
        &self,
        revocation: &Revocation,
        reason: String,
        since: u64,
        console: &Console,
    ) -> Result<Exit, Failure> {
        self.check_since(since)?;
        if let Some(current) = revocation.compromised_since()
            && since >= current
        {
            return Err(refused(&NoEffect::NotLowered { current }));
        }
        let acts_on = revocation.latest;
        self.submit(KeyOp::Amend, reason, acts_on, Some(since), console)
    }

    fn check_since(&self, since: u64) -> Result<(), Failure> {
        let size = self.published.size;
        match since < size {
            true => Ok(()),
            false => Err(refused(&NoEffect::SinceBeyondEnd { since, size })),
        }
    }

    fn submit(
        &self,
        op: KeyOp,
        reason: String,
        acts_on: Hash,
        compromised_since: Option<u64>,
        console: &Console,
    ) -> Result<Exit, Failure> {
        let event = KeyEvent {
            log: self.published.keyring.origin().to_owned(),
            op,
            actor: self.key.actor.clone(),
            spki: self.key.spki,
            reason: Some(reason),
            acts_on: Some(acts_on),
            compromised_since,
        };
        submit(self.log, self.admin, &event, console)
    }
}

/// Returns the refusal (exit 6) of an event that the log would refuse for this reason.
pub(crate) fn refused(reason: &NoEffect) -> Failure {
    Failure::new(Exit::Refused, reason.code(), reason.to_string())
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
    let sent = send(log, admin, &event.to_statement(), console)?;
    tell(event, sent, log, console)
}

/// Signs an enrolment as admin, submits it and waits until it is published.
///
/// # Errors
/// As [`submit`], and if the key was enrolled before and is revoked (exit 6): a copy of the old enrolment is not refused by
/// the log, which has it.
pub(crate) fn enrol(
    log: &str,
    admin: Option<&str>,
    event: &KeyEvent,
    console: &Console,
) -> Result<Exit, Failure> {
    let size = read_size(log)?;
    let sent = send(log, admin, &event.to_statement(), console)?;
    if sent.receipt.index < size {
        let keyring = read_keys(log)
            .map_err(|failure| sent.then(failure))?
            .keyring;
        let enrolled = keyring.keys().get(&event.spki.key_id());
        if let Some(revoked) = enrolled.and_then(|key| key.revoked.as_ref()) {
            let reason = NoEffect::AlreadyRevoked { at: revoked.at };
            return Err(refused(&reason).hint("make a new key with `glasslog keygen`"));
        }
    }
    tell(event, sent, log, console)
}

/// Prints the result, and ends the verb.
fn tell(event: &KeyEvent, sent: Sent, log: &str, console: &Console) -> Result<Exit, Failure> {
    let keyid = event.spki.key_id();
    let receipt = &sent.receipt;
    if console.is_json() {
        console.result(
            &Changed {
                schema_version: 1,
                result: "done",
                index: receipt.index,
                leaf_hash: receipt.leaf_hash.to_base64(),
                keyid,
            },
            Exit::Done,
        );
    } else {
        let done = match event.op {
            KeyOp::Enrol => "enrolled",
            KeyOp::Revoke => "revoked",
            KeyOp::Amend => "amended the revocation of",
        };
        console.line(format_args!(
            "{done} {keyid} of `{}` at index {}",
            event.actor, receipt.index
        ));
    }
    sent.finish(log, console)
}
