//! `keys list`: lists the keys that the log's entries enrol and revoke.

use std::path::PathBuf;

use glasslog_core::event::Spki;
use glasslog_core::rules::{EnrolledKey, Revocation};
use glasslog_core::text::escape::display_safe;
use serde::Serialize;

use crate::args::{given, read_trust_policy};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::published_keys::{PublishedKeys, read_keys, read_trusted_keys};

/// Lists the keys that the log's entries enrol and revoke.
///
/// With `--policy` the log must meet it. Without, the entries are compared with the checkpoint's root alone, and a false host
/// could show other keys.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog keys list --log my.log
  glasslog keys list --log https://log.example.com/ --policy trust.policy")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    #[arg(long, env = given::LOG, hide_env_values = true, value_parser = given::log())]
    log: String,

    /// Trust policy that must accept the log, as in `glasslog history`
    #[arg(
        long,
        value_name = "FILE",
        env = given::POLICY,
        hide_env_values = true,
        value_parser = given::policy()
    )]
    policy: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    schema_version: u32,
    result: &'static str,
    origin: String,
    /// As of this many entries.
    size: u64,
    /// True if a trust policy accepted the log.
    verified: bool,
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
            compromised_since: revocation.and_then(Revocation::compromised_since),
        }
    }
}

impl Args {
    /// # Errors
    /// The log cannot be read, or has no genesis.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let policy = self.policy.as_deref().map(read_trust_policy).transpose()?;
        let published = match &policy {
            Some(policy) => read_trusted_keys(&self.log, policy)?,
            None => read_keys(&self.log)?,
        };
        list(&published, policy.is_some(), console);
        if policy.is_none() {
            console.note("no signature of the log is verified; `--policy FILE` names its keys");
        }
        Ok(Exit::Done)
    }
}

fn list(published: &PublishedKeys, verified: bool, console: &Console) {
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
        console.result(
            &Listed {
                schema_version: 1,
                result: "done",
                origin,
                size: published.size,
                verified,
                admins,
                keys,
            },
            Exit::Done,
        );
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
