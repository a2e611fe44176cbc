//! `witness cosign`: cosigns a log's checkpoint after checking that it extends the last one seen.

use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use glasslog_client::rotation::FOLLOW;
use glasslog_client::source::is_address;
use glasslog_core::text::escape::display_safe;
use glasslog_core::text::limits::MAX_NOTE;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::Inconsistency;
use glasslog_core::witness::Refusal;
use glasslog_log::directory::Disk;
use glasslog_log::object_store::Client;
use glasslog_log::witness::{Target, Witness, WitnessError};
use glasslog_log::{Config, Layout};
use serde::Serialize;

use super::witness_key;
use crate::args::read_trust_policy;
use crate::clock::signing_time;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::inconsistency_file::{show_to_everyone, write_inconsistency};
use crate::input;
use crate::output::{Console, Head, Output, check_replaceable};
use crate::source;

/// Checks consistency with the checkpoint last seen, remembers, then cosigns the public checkpoint.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing can be written at an address: the cosigned checkpoint of such a log goes to standard output, or to the file of `-o`.

Examples:
  glasslog witness cosign my.log --key w1.key --state w1.state
  glasslog witness cosign https://log.example.com/ --key w1.key --state w1.state --policy trust.policy -o cosigned")]
pub(crate) struct Args {
    /// Log directory, or address of a log
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    log: String,
    /// Witness key, as `keygen --kind witness` writes it
    #[arg(long, value_name = "SPEC")]
    key: String,
    /// State of the witness between runs
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Trust policy that names the log's key [default: LOG/trust.policy; required for an address]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write the cosigned checkpoint here
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
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
    /// The cosigned checkpoint of a log at an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Args {
    /// # Errors
    /// The checkpoint does not verify, or does not extend the one that the witness remembers.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let key = witness_key(&self.key)?;
        check_state(&self.state)?;
        let (target, policy) = self.target()?;
        let output = self
            .output
            .as_deref()
            .map(|path| Output::open(path, console));
        let output = output.transpose()?;
        let disk = Disk::new();
        let witness = Witness {
            key: &key,
            state: &self.state,
            policy: &policy,
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
        let origin = done.checkpoint.origin().as_str();
        let note = done.checkpoint.encode();
        let is_told = matches!(target, Target::Address(..)) && output.is_none();
        let note_text = is_told.then(|| String::from_utf8_lossy(&note).into_owned());
        match console.is_json() {
            true => console.result(
                &Cosigned {
                    schema_version: 1,
                    result: "done",
                    checkpoint: Head::new(origin, &done.head),
                    seen: done.seen.map(|seen| Head::new(origin, &seen)),
                    time,
                    note: note_text,
                },
                Exit::Done,
            ),
            // A note that is piped on has no other line before it.
            false => match note_text {
                Some(note) => console.line(note.trim_end_matches('\n')),
                None => console.line(format_args!(
                    "{name} cosigned {} size {}",
                    display_safe(origin),
                    done.head.size
                )),
            },
        }
        if let Some(output) = output {
            output.write(&note)?;
        }
        Ok(Exit::Done)
    }

    /// Returns the log and the policy that names its key.
    fn target(&self) -> Result<(Target, TrustPolicy), Failure> {
        if is_address(&self.log)? {
            let policy = self.policy.as_ref().ok_or_else(|| {
                Failure::usage("`--policy FILE` is required for a log at an address")
                    .hint("ask the log's operator for its trust policy, over another channel than the log")
            })?;
            let source = source::open(&self.log, false)?;
            let target = Target::Address(source, self.log.clone());
            return Ok((target, read_trust_policy(policy)?));
        }
        let (disk, layout) = (Disk::new(), Layout::new(&self.log));
        let config = Config::read(&disk, &layout)?;
        let beside = || layout.trust_policy();
        let policy = read_trust_policy(&self.policy.clone().unwrap_or_else(beside))?;
        let target = match &config.store {
            None => Target::directory(&disk, &layout),
            Some(store) => Target::Bucket(Client::open(store, &layout.config())?),
        };
        Ok((target, policy))
    }
}

/// Refuses a file that is not the state of a one-shot witness: the checkpoint that it cosigned last.
fn check_state(path: &Path) -> Result<(), Failure> {
    check_replaceable(path, path)?;
    let wanted = "the state of `glasslog witness cosign`";
    let refuse = |problem: String| {
        let message = format!("`{}` is {problem}", path.display());
        Failure::new(Exit::Malformed, "wrong-file", message).hint(
            "name the state of this witness for this log, or look for a copy; a file that is missing is made, by a witness that knows no earlier head",
        )
    };
    if !path.exists() {
        return Ok(());
    }
    let bytes = input::read(path, MAX_NOTE)?;
    match FileKind::of(&bytes) {
        Some(FileKind::Checkpoint) => Ok(()),
        Some(found) => Err(refuse(format!("{}, not {wanted}", found.words()))),
        None => Err(refuse(format!("not {wanted}: it is no checkpoint"))),
    }
}

/// Writes the evidence of a split view beside the witness's state. The split view is told even if that fails.
fn accuse(
    error: &WitnessError,
    evidence: &Inconsistency,
    state: &Path,
    console: &Console,
) -> Failure {
    let (outcome, hint) = match write_inconsistency(state, &evidence.encode()) {
        Ok(path) => (
            format!("evidence written to `{}`", path.display()),
            show_to_everyone(&path),
        ),
        Err(failure) => {
            console.warn_of(&failure);
            (
                "the evidence could not be written".to_owned(),
                "cosign again when the folder of the state can be written: the evidence is made anew"
                    .to_owned(),
            )
        }
    };
    let message = format!("{error}; {outcome}");
    Failure::new(Exit::from(error), error.code(), message).hint(hint)
}

fn refuse(error: WitnessError) -> Failure {
    let hint = match error {
        WitnessError::Log(error) => return error.into(),
        WitnessError::Source(error) => return error.into(),
        WitnessError::Refused(Refusal::RolledBack { .. }) => {
            "look for a newer copy of the state; without it, begin with a new key"
        }
        WitnessError::Older { .. } => {
            "the log was rolled back, or this is an old copy of it; nothing was cosigned"
        }
        WitnessError::UnknownLog { .. } => FOLLOW,
        WitnessError::OtherLog { .. } => "keep one state file for each log",
        _ => return Failure::new(Exit::from(&error), error.code(), error.to_string()),
    };
    Failure::new(Exit::from(&error), error.code(), error.to_string()).hint(hint)
}
