//! `witness`: cosigns a log's checkpoint after checking that it extends the last one seen.
use std::path::{Path, PathBuf};

use clap::Subcommand;
use glasslog_core::note::Checkpoint;
use glasslog_core::tiles::TileError;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::Inconsistency;
use glasslog_log::directory::Disk;
use glasslog_log::object_store::Client;
use glasslog_log::witness::{Target, Witness, WitnessError};
use glasslog_log::{Config, Layout};
use serde::Serialize;

use crate::arguments::Later;
use crate::console::Console;
use crate::destination::{named_key, now, refuse};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::is_address;
use crate::verbs::publish::Head;
use crate::{input, output};

/// Cosigns checkpoints.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: WitnessVerb,
}

/// How to be a witness.
#[derive(Debug, Subcommand)]
pub(crate) enum WitnessVerb {
    /// Checks consistency with what it last saw, remembers, then cosigns the public checkpoint
    #[command(after_help = "\
Example:
  glasslog witness cosign my.log --key w1.key --state w1.state")]
    Cosign {
        /// Log directory
        log: String,
        /// Witness key, as `keygen --kind witness` writes it
        #[arg(long, value_name = "KEY")]
        key: PathBuf,
        /// What the witness remembers between runs
        #[arg(long, value_name = "FILE")]
        state: PathBuf,
        /// Trust policy that names the log's key [default: LOG/trust.policy]
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    #[command(hide = true)]
    Serve(Later),
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
    /// A checkpoint that does not verify, or does not extend what the witness remembers.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match self.verb {
            WitnessVerb::Cosign {
                log,
                key,
                state,
                policy,
            } => cosign(&log, &key, &state, policy, console),
            WitnessVerb::Serve(later) => Err(later.refuse("witness serve")),
        }
    }
}

fn cosign(
    log: &str,
    key: &Path,
    state: &Path,
    policy: Option<PathBuf>,
    console: &Console,
) -> Result<Exit, Failure> {
    if is_address(log) {
        return Err(Failure::not_available("cosigning at an address"));
    }
    let (disk, layout) = (Disk::new(), Layout::new(log));
    let config = Config::read(&disk, &layout).map_err(|error| refuse(&error))?;
    let key = named_key(key, "witness")?;
    let path = policy.unwrap_or_else(|| layout.trust_policy());
    let policy = TrustPolicy::parse(&input::read(&path, input::MAX_POLICY)?).map_err(|error| {
        Failure::new(
            Exit::Malformed,
            error.code(),
            format!("`{}`: {error}", path.display()),
        )
    })?;
    let (witness, time) = (
        Witness {
            key: &key,
            state,
            policy: policy.log(),
        },
        now(),
    );
    let target = match &config.store {
        None => Target::directory(&disk, &layout),
        Some(store) => {
            let client = Client::open(store, &layout.config());
            Target::Bucket(client.map_err(|error| refuse(&error))?)
        }
    };
    match witness.cosign_at(&target, &disk, time) {
        Ok(done) => {
            let name = key.verifier().name().as_str();
            match console.is_json() {
                true => console.json(&Cosigned {
                    schema_version: 1,
                    result: "done",
                    checkpoint: Head::new(&config.origin, &done.head),
                    seen: done.seen.map(|seen| Head::new(&config.origin, &seen)),
                    time,
                }),
                false => console.line(format_args!(
                    "{name} cosigned {} size {}",
                    config.origin, done.head.size
                )),
            }
            Ok(Exit::Done)
        }
        Err(WitnessError::Inconsistent(evidence)) => Err(accuse(&evidence, state)?),
        Err(error) => Err(refuse_to_cosign(&error)),
    }
}

/// Writes the evidence of a split view beside the witness's memory.
fn accuse(evidence: &Inconsistency, state: &Path) -> Result<Failure, Failure> {
    let mut path = state.as_os_str().to_owned();
    path.push(".inconsistency");
    let path = PathBuf::from(path);
    output::write(&path, &evidence.encode())?;
    let size = |checkpoint: &Checkpoint| checkpoint.head().size;
    let message = format!(
        "the log signed two heads that cannot both be true, of sizes {} and {}; evidence written to `{}`",
        size(&evidence.old),
        size(&evidence.new),
        path.display()
    );
    Ok(
        Failure::new(Exit::Inconsistent, "inconsistent-heads", message)
            .hint("show the file to everyone who relies on this log"),
    )
}

fn refuse_to_cosign(error: &WitnessError) -> Failure {
    let exit = match error {
        WitnessError::Log(error) => return refuse(error),
        WitnessError::NotACosigner | WitnessError::OtherLog { .. } => Exit::Usage,
        WitnessError::UnknownLog { .. } | WitnessError::Older { .. } => Exit::Undecided,
        WitnessError::BadSignature { .. } => Exit::False,
        WitnessError::Tile(TileError::Missing { .. }) => Exit::Unfinished,
        WitnessError::Tile(_) => Exit::False,
        _ => Exit::Unfinished,
    };
    let failure = Failure::new(exit, error.code(), error.to_string());
    match error {
        WitnessError::NotACosigner => {
            failure.hint("`glasslog keygen --kind witness` makes a witness's key")
        }
        WitnessError::Older { .. } => failure
            .hint("the log was rolled back, or this is an old copy of it; nothing was cosigned"),
        WitnessError::OtherLog { .. } => failure.hint("keep one state file for each log"),
        _ => failure,
    }
}
