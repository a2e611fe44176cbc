//! The command line's shape: global flags, the verbs, and arguments that several verbs share.
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

use glasslog_core::verify::{Options, Require};

use crate::console::Console;
use crate::failure::Failure;
use crate::input;
use crate::source::{Source, policy_beside};
use crate::verbs::Verb;

/// Proves who touched a model artifact, when and why, from static files alone.
#[derive(Debug, Parser)]
#[command(
    name = "glasslog",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "\
LOG is a log directory made by `glasslog init`, its public tree, or an http(s) URL.
`-` in place of a file is standard input.

Exit codes:
  0 verified, or done   1 could not finish   2 usage   3 false   4 nothing to verify
  5 not decided on the given trust   6 policy says no   7 inconsistency found   8 malformed input

Examples:
  glasslog init my.log --origin models.example.com/access
  glasslog history resnet50@2.1 --log my.log --policy my.log/trust.policy
  glasslog audit https://log.example.com/ --policy trust.policy --format json"
)]
pub(crate) struct Cli {
    /// How results are written to standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(crate) format: Format,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: one report, one line
    Json,
    #[value(hide = true)]
    Sarif,
    #[value(hide = true)]
    Junit,
    #[value(hide = true)]
    Markdown,
}

impl Format {
    /// # Errors
    /// The formats that a later version brings.
    pub(crate) fn check(self) -> Result<(), Failure> {
        match self {
            Self::Text | Self::Json => Ok(()),
            Self::Sarif => Err(Failure::not_available("`--format sarif`")),
            Self::Junit => Err(Failure::not_available("`--format junit`")),
            Self::Markdown => Err(Failure::not_available("`--format markdown`")),
        }
    }
}

/// Arguments of a verb that a later version brings: whatever they are, the answer is the same.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Later {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<OsString>,
}

impl Later {
    pub(crate) fn refuse(&self, verb: &str) -> Failure {
        Failure::not_available(format_args!("`{verb}`"))
    }
}

/// What every verifying verb takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Trust")]
pub(crate) struct TrustArgs {
    /// Trust policy: whose signatures count. Required; the one beside a log is never used by itself
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,

    /// Claim that must hold
    #[arg(long, value_enum, value_name = "CLAIM")]
    pub(crate) require: Option<Claim>,

    /// Refuse a checkpoint for which witnesses vouch no more recently than this, such as `1h` or `2days`
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) max_checkpoint_age: Option<u64>,

    /// Open no socket at all
    #[arg(long)]
    pub(crate) offline: bool,

    /// Judge freshness as of this time (RFC 3339, UTC) instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<u64>,
}

impl TrustArgs {
    /// The trust policy's bytes. `log` only helps the hint: a policy that lies beside a log says what whoever wrote
    /// both wants to be believed, so it must be named to count.
    ///
    /// # Errors
    /// `--policy` is absent (exit 2), or cannot be read.
    pub(crate) fn policy(&self, log: Option<&str>) -> Result<Vec<u8>, Failure> {
        let Some(path) = &self.policy else {
            let failure =
                Failure::usage("`--policy FILE` is required: it says whose signatures count");
            return Err(match log.and_then(policy_beside) {
                Some(beside) => failure.hint(format!(
                    "`--policy {}` trusts whoever made that log",
                    beside.display()
                )),
                None => failure.hint("ask the log's operator for its trust policy, over another channel than the log"),
            });
        };
        input::read(path, input::MAX_POLICY)
    }

    /// For verbs that make files which others will verify by their own policy: the one beside a log directory will do,
    /// and that is said.
    ///
    /// # Errors
    /// There is none (exit 2), or it cannot be read.
    pub(crate) fn policy_or_beside(
        &self,
        log: &str,
        console: &Console,
    ) -> Result<Vec<u8>, Failure> {
        match (&self.policy, policy_beside(log)) {
            (None, Some(beside)) => {
                console.note(format_args!(
                    "judged by {}, which lies beside the log; readers judge by their own policy",
                    beside.display()
                ));
                input::read(&beside, input::MAX_POLICY)
            }
            _ => self.policy(Some(log)),
        }
    }

    /// What the verdict requires, and the time it is judged at.
    pub(crate) fn options(&self) -> Options {
        Options {
            now: self.now.unwrap_or_else(clock),
            require: self.require.map(|claim| match claim {
                Claim::Included => Require::Included,
                Claim::Complete => Require::Complete,
            }),
            max_checkpoint_age: self.max_checkpoint_age,
            full_scan: false,
        }
    }
}

/// What verbs that look something up in a log take.
#[derive(Debug, Args)]
pub(crate) struct LookupArgs {
    /// Log directory, public tree or URL
    #[arg(long)]
    pub(crate) log: String,

    /// Read every entry, instead of asking the index that the policy names
    #[arg(long)]
    full_scan: bool,

    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

impl LookupArgs {
    /// The policy that judges, what the verdict requires, and the log.
    ///
    /// # Errors
    /// `--policy` is absent (exit 2) or cannot be read, a source that cannot be read.
    pub(crate) fn open(&self) -> Result<(Vec<u8>, Options, Source), Failure> {
        let policy = self.trust.policy(Some(&self.log))?;
        Ok((policy, self.options(), self.source()?))
    }

    /// What the verdict requires, and how it is found.
    pub(crate) fn options(&self) -> Options {
        Options {
            full_scan: self.full_scan,
            ..self.trust.options()
        }
    }

    /// # Errors
    /// A source that cannot be read.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        Source::open(&self.log, self.trust.offline)
    }
}

/// The claim of `--require`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Claim {
    /// What is shown is in the log
    Included,
    /// Nothing is left out
    Complete,
}

/// Seconds since the epoch; 0 where the clock is before it.
pub(crate) fn clock() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Reads a duration in words, or in seconds.
pub(crate) fn parse_duration(text: &str) -> Result<u64, String> {
    if let Some(seconds) = glasslog_core::text::wire::parse_decimal(text) {
        return Ok(seconds);
    }
    humantime::parse_duration(text)
        .map(|duration| duration.as_secs())
        .map_err(|error| format!("{error}, expected a duration such as `90s`, `15m` or `2days`"))
}

/// Reads the time of `--now`, in UTC or with an offset (RFC 3339 §5.6).
pub(crate) fn parse_time(text: &str) -> Result<u64, String> {
    let text = text.to_ascii_uppercase();
    let (time, offset) = split_offset(&text).unwrap_or((text.clone(), 0));
    glasslog_core::text::time::parse(&time)
        .and_then(|seconds| seconds.checked_add_signed(-offset))
        .ok_or_else(|| "expected a time such as `2026-11-23T12:00:00Z`".into())
}

/// Splits `+01:00` off a time: the same time of day in UTC, and the offset in seconds.
fn split_offset(text: &str) -> Option<(String, i64)> {
    let (time, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let digits = |part: &str| {
        let two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        two.then(|| part.parse().ok())?
    };
    let (hours, minutes): (i64, i64) = (digits(hours)?, digits(minutes)?);
    let seconds = hours * 3600 + minutes * 60;
    let sign = match offset.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| (format!("{time}Z"), sign * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc_or_with_an_offset() {
        for (text, seconds) in [
            ("2026-11-23T12:00:00Z", Some(1_795_435_200)),
            ("2026-11-23t12:00:00.5z", Some(1_795_435_200)),
            ("2026-11-23T13:00:00+01:00", Some(1_795_435_200)),
            ("2026-11-23T06:30:00-05:30", Some(1_795_435_200)),
            ("2026-11-23T12:00:00+00:00", Some(1_795_435_200)),
            ("1970-01-01T00:00:00+00:01", None),
            ("2026-11-23T12:00:00+24:00", None),
            ("2026-11-23T12:00:00+1:000", None),
            ("2026-11-23T12:00:00", None),
            ("2026-02-29T12:00:00Z", None),
            ("2026-11-23", None),
            ("\u{e9}\u{e9}\u{e9}\u{e9}", None),
            ("", None),
        ] {
            assert_eq!(parse_time(text).ok(), seconds, "{text}");
        }
    }

    #[test]
    fn durations_have_units_or_are_seconds() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("2days", Some(172_800)),
            ("1h 30m", Some(5400)),
            ("3600", Some(3600)),
            ("soon", None),
            ("", None),
            ("-1", None),
        ] {
            assert_eq!(parse_duration(text).ok(), seconds, "{text}");
        }
    }
}
