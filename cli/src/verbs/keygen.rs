//! `keygen`: makes a key pair; formats of the files are in `docs/cli.md` ("Keys").

use std::path::PathBuf;

use clap::ValueEnum;
use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{Spki, is_name, secret_to_pem};
use glasslog_core::note::{KeyName, Role, SignatureType, SignerKey};
use glasslog_log::directory::Disk;
use glasslog_log::writer::{new_secret, write_pair};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Console;
use crate::signer_spec::public_path;

/// Makes a secret key and its public half.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The secret key is written to PATH with mode 0600 and never overwrites; the public half goes to PATH.pub.

Examples:
  glasslog keygen --kind actor --name ci@example.org --out ci.key
  glasslog keygen --kind witness --name witness.example.org/w1 --out w1.key")]
pub(crate) struct Args {
    /// Role of the key
    #[arg(long, value_enum)]
    pub(crate) kind: Kind,

    /// Key name (log, index, witness, auditor) or the actor's id (actor, admin)
    #[arg(long)]
    pub(crate) name: String,

    /// Path of the secret key
    #[arg(long, value_name = "PATH")]
    pub(crate) out: PathBuf,

    /// Signature algorithm
    #[arg(long, value_enum, default_value_t = Algorithm::Ed25519)]
    pub(crate) alg: Algorithm,
}

/// The one role of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Signs a log's checkpoints
    Log,
    /// Signs an index log's checkpoints
    Index,
    /// Cosigns checkpoints of logs
    Witness,
    /// Vouches for indexes that it recomputed
    Auditor,
    /// Signs access events
    Actor,
    /// Signs genesis and key events
    Admin,
}

impl Kind {
    /// The role of a key that signs notes; `None` for one that signs events.
    const fn role(self) -> Option<Role> {
        match self {
            Self::Log | Self::Index => Some(Role::Log),
            Self::Witness => Some(Role::Witness),
            Self::Auditor => Some(Role::Auditor),
            Self::Actor | Self::Admin => None,
        }
    }
}

/// Signature algorithm of a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    /// Ed25519 (RFC 8032)
    Ed25519,
    #[value(hide = true)]
    P256,
    /// ML-DSA-44 (FIPS 204), for logs, indexes, witnesses and auditors
    #[value(name = "ml-dsa-44")]
    MlDsa44,
}

/// A new key, as in its files.
struct Pair {
    secret: Zeroizing<String>,
    public: String,
    /// The key's name in other files: a vkey, or a keyid.
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    schema_version: u32,
    result: &'static str,
    secret: String,
    public: String,
    key: String,
}

impl Args {
    /// # Errors
    /// The kind does not allow the name or algorithm (exit 2), or a file exists already (exit 1); nothing is left then.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        if self.out.as_os_str() == "-" {
            let problem = "`--out`: a secret key goes into a file, never to standard output";
            return Err(Failure::usage(problem));
        }
        let role = self.kind.role();
        match (self.alg, role) {
            (Algorithm::P256, _) => return Err(Failure::not_available("`--alg p256`")),
            (Algorithm::MlDsa44, None) => {
                let problem = "`--alg ml-dsa-44`: keys of actors and admins are Ed25519";
                return Err(Failure::usage(problem));
            }
            _ => {}
        }
        let secret =
            new_secret().map_err(|error| Failure::unfinished("randomness", error.to_string()))?;
        let pair = match role.map(Role::types) {
            Some([ed25519, ml_dsa]) => {
                let is_ml_dsa = self.alg == Algorithm::MlDsa44;
                self.note_pair(if is_ml_dsa { ml_dsa } else { ed25519 }, secret)?
            }
            None => self.event_pair(&secret)?,
        };
        let (disk, public) = (Disk::new(), public_path(&self.out));
        write_pair(&disk, (&self.out, &pair.secret), (&public, &pair.public))?;
        match console.is_json() {
            true => console.result(
                &Made {
                    schema_version: 1,
                    result: "done",
                    secret: self.out.display().to_string(),
                    public: public.display().to_string(),
                    key: pair.id,
                },
                Exit::Done,
            ),
            false => console.line(pair.id),
        }
        Ok(Exit::Done)
    }

    fn note_pair(&self, kind: SignatureType, secret: SecretKey) -> Result<Pair, Failure> {
        let name = KeyName::parse(&self.name)
            .map_err(|error| Failure::usage(format!("`--name`: {error}")))?;
        let key = SignerKey::new(name, kind, secret);
        let vkey = key.verifier().to_string();
        Ok(Pair {
            secret: Zeroizing::new(format!("{}\n", key.encode().as_str())),
            public: format!("{vkey}\n"),
            id: vkey,
        })
    }

    fn event_pair(&self, secret: &SecretKey) -> Result<Pair, Failure> {
        if !is_name(&self.name) {
            return Err(Failure::usage(
                "`--name`: an actor's id is 1 to 256 bytes of printable ASCII without spaces",
            ));
        }
        let public = Spki::new(secret.public());
        Ok(Pair {
            secret: secret_to_pem(secret, &self.name),
            public: public.to_pem(&self.name),
            id: public.key_id(),
        })
    }
}
