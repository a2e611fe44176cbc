//! The options of every verb that verifies: whose signatures count, which claims must hold, and as of when.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use glasslog_core::verify::{Options, Require};

use super::files::read_policy;
use super::given;
use super::time::{parse_duration, parse_time};
use crate::clock::now;
use crate::failure::Failure;
use crate::output::Console;
use crate::policy_hint::policy_beside;

/// The options of every verb that verifies.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Trust")]
pub(crate) struct TrustArgs {
    /// Trust policy, which names the trusted keys. Required; the one beside a log is never used automatically
    #[arg(
        long,
        value_name = "FILE",
        env = given::POLICY,
        hide_env_values = true,
        value_parser = given::policy()
    )]
    pub(crate) policy: Option<PathBuf>,

    /// Claim that must hold
    #[arg(long, value_enum, value_name = "CLAIM")]
    pub(crate) require: Option<Claim>,

    /// Refuse a checkpoint that witnesses cosigned longer ago than this, such as `1h` or `2days`
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) max_checkpoint_age: Option<u64>,

    /// Take the index's own word that it leaves nothing out, although no auditor vouches for it
    #[arg(long)]
    pub(crate) accept_index: bool,

    /// Open no sockets
    #[arg(long)]
    pub(crate) offline: bool,

    /// Judge freshness as of this time (RFC 3339, UTC) instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<u64>,
}

impl TrustArgs {
    /// Reads the trust policy. `log` only helps the hint: whoever wrote the log also wrote the policy beside it, so it
    /// counts only if the user names it.
    ///
    /// # Errors
    /// `--policy` is missing (exit 2), or cannot be read.
    pub(crate) fn policy(&self, log: Option<&str>) -> Result<Vec<u8>, Failure> {
        if self.require == Some(Claim::Registered) {
            let message = "`--require registered` is a claim about files";
            return Err(Failure::usage(message).hint("`glasslog verify file` takes it"));
        }
        let Some(path) = &self.policy else {
            let failure = Failure::usage(
                "`--policy FILE`, or the variable `GLASSLOG_POLICY`, is required: it names the trusted keys",
            );
            return Err(match log.and_then(policy_beside) {
                Some(beside) => failure.hint(format!(
                    "`--policy {}` trusts the maker of that log",
                    beside.display()
                )),
                None => failure.hint("ask the log's operator for its trust policy, over another channel than the log"),
            });
        };
        read_policy(path)
    }

    /// Reads the trust policy for a verb whose output others verify by their own policy: without `--policy`, the one beside
    /// a log directory, with a note.
    ///
    /// # Errors
    /// There is no policy (exit 2), or it cannot be read.
    pub(crate) fn policy_or_beside(
        &self,
        log: &str,
        console: &Console,
    ) -> Result<Vec<u8>, Failure> {
        match (&self.policy, policy_beside(log)) {
            (None, Some(beside)) => {
                console.note(format_args!(
                    "judged by {}, the policy beside the log; readers judge by their own",
                    beside.display()
                ));
                read_policy(&beside)
            }
            _ => self.policy(Some(log)),
        }
    }

    /// Takes the claim out that only files can be asked for; false if it is another.
    pub(crate) fn take_registered(&mut self) -> bool {
        self.require
            .take_if(|claim| *claim == Claim::Registered)
            .is_some()
    }

    /// Returns the requirements of the verdict, and the time as of which it is judged.
    pub(crate) fn options(&self) -> Options {
        Options {
            now: self.now.unwrap_or_else(now),
            require: self.require.map(|claim| match claim {
                Claim::Included => Require::Included,
                Claim::Complete => Require::Complete,
                Claim::Registered => Require::Registered,
            }),
            max_checkpoint_age: self.max_checkpoint_age,
            full_scan: false,
            accept_index: self.accept_index,
            state: false,
        }
    }
}

/// Returns the options of a question whose answer decides nothing about a log: as of now, by the index as it is; `state` leaves
/// routine accesses out.
pub(crate) fn by_the_index(state: bool) -> Options {
    Options {
        now: now(),
        require: None,
        max_checkpoint_age: None,
        full_scan: false,
        accept_index: true,
        state,
    }
}

/// The claim of `--require`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Claim {
    /// The shown entries are in the log
    Included,
    /// No entry is left out
    Complete,
    /// Each file is registered, not only mentioned (`verify file`)
    Registered,
}
