//! `witness cosign`: cosigns a log's checkpoint after checking that it extends the last one seen.

use std::path::{Path, PathBuf};

use glasslog_client::source::is_address;
use glasslog_core::verify::Inconsistency;
use glasslog_log::directory::Disk;
use glasslog_log::object_store::Client;
use glasslog_log::witness::{Target, Witness, WitnessError};
use glasslog_log::{Config, Layout};
use serde::Serialize;

use crate::args::{named_key, read_trust_policy};
use crate::clock::signing_time;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Head, write_new};

/// Checks consistency with the checkpoint last seen, remembers, then cosigns the public checkpoint.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  glasslog witness cosign my.log --key w1.key --state w1.state")]
pub(crate) struct Args {
    /// Log directory
    log: String,
    /// Witness key, as `keygen --kind witness` writes it
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    /// State of the witness between runs
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Trust policy that names the log's key [default: LOG/trust.policy]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cosigned {
    schema_version: u32,
    result: &'static str,
    checkpoint: Head,
    /// The checkpoint that this one was found to extend.
    seen: Option<Head>,
    time: u64,
}

impl Args {
    /// # Errors
    /// The checkpoint does not verify, or does not extend the one that the witness remembers.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        if is_address(&self.log)? {
            return Err(Failure::not_available("cosigning at an address"));
        }
        let (disk, layout) = (Disk::new(), Layout::new(&self.log));
        let config = Config::read(&disk, &layout)?;
        let key = named_key(&self.key, "witness")?;
        let policy = read_trust_policy(&self.policy.unwrap_or_else(|| layout.trust_policy()))?;
        let witness = Witness {
            key: &key,
            state: &self.state,
            policy: policy.log(),
        };
        let target = match &config.store {
            None => Target::directory(&disk, &layout),
            Some(store) => Target::Bucket(Client::open(store, &layout.config())?),
        };
        let time = signing_time()?;
        let done = match witness.cosign_at(&target, &disk, time) {
            Ok(done) => done,
            Err(error) => {
                return Err(match &error {
                    WitnessError::Inconsistent(evidence) => {
                        accuse(&error, evidence, &self.state, console)
                    }
                    _ => refuse(error),
                });
            }
        };
        let name = key.verifier().name().as_str();
        match console.is_json() {
            true => console.result(
                &Cosigned {
                    schema_version: 1,
                    result: "done",
                    checkpoint: Head::new(&config.origin, &done.head),
                    seen: done.seen.map(|seen| Head::new(&config.origin, &seen)),
                    time,
                },
                Exit::Done,
            ),
            false => console.line(format_args!(
                "{name} cosigned {} size {}",
                config.origin, done.head.size
            )),
        }
        Ok(Exit::Done)
    }
}

/// Writes the evidence of a split view beside the witness's state. The split view is told even if that fails.
fn accuse(
    error: &WitnessError,
    evidence: &Inconsistency,
    state: &Path,
    console: &Console,
) -> Failure {
    let (outcome, hint) = match write_new(state, &[("inconsistency", &evidence.encode())]) {
        Ok(paths) => (
            format!("evidence written to `{}`", paths[0].display()),
            "show the file to everyone who relies on this log",
        ),
        Err(failure) => {
            console.warn_of(&failure);
            (
                "the evidence could not be written".to_owned(),
                "cosign again when the folder of the state can be written: the evidence is made anew",
            )
        }
    };
    let message = format!("{error}; {outcome}");
    Failure::new(Exit::from(error), error.code(), message).hint(hint)
}

fn refuse(error: WitnessError) -> Failure {
    let hint = match error {
        WitnessError::Log(error) => return error.into(),
        WitnessError::NotACosigner { .. } => {
            "`glasslog keygen --kind witness` makes a witness's key"
        }
        WitnessError::Older { .. } => {
            "the log was rolled back, or this is an old copy of it; nothing was cosigned"
        }
        WitnessError::OtherLog { .. } => "keep one state file for each log",
        _ => return Failure::new(Exit::from(&error), error.code(), error.to_string()),
    };
    Failure::new(Exit::from(&error), error.code(), error.to_string()).hint(hint)
}
