//! `monitor`: watches logs, and tells of each entry once.

mod delivery;
mod exec;
mod looks;
mod state_file;
mod undelivered;

use core::num::NonZeroU32;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use glasslog_client::Error;
use glasslog_client::monitor::{Kind, Rules, Watch, Watches, Webhook, Witness};
use glasslog_client::source::{Http, Pace, Source, is_address};
use glasslog_core::event::ArtifactQuery;

use crate::args::{
    given, parse_duration, parse_period, read_trust_policy, refuse_artifact, resolve_artifact,
};
use crate::clock::now;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::Console;
use crate::source;
use delivery::Delivery;
use exec::Exec;
use looks::Looks;
use state_file::StateFile;

/// Bytes of the largest file of rules.
const MAX_RULES: usize = 16 << 20;

/// Watches logs: every head continues the one before, and each new entry that meets a watch is told once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog monitor https://log.example.com/ --policy trust.policy --state m.state --watch resnet50@2.1
  glasslog monitor my.log https://mirror.example.net/ --policy trust.policy --state m.state --once
  glasslog monitor https://log.example.com/ --policy trust.policy --state m.state --witness https://witness.example.org/
  glasslog monitor my.log --policy trust.policy --state m.state --rules watches --exec ./page-me")]
pub(crate) struct Args {
    /// Log directories, public trees or URLs; those of one origin are compared with each other
    #[arg(required = true, value_name = "LOG", value_parser = NonEmptyStringValueParser::new())]
    logs: Vec<String>,

    /// Trust policy, which decides which checkpoints count
    #[arg(
        long,
        value_name = "FILE",
        env = given::POLICY,
        hide_env_values = true,
        value_parser = given::policy()
    )]
    policy: PathBuf,

    /// State between looks; made if it is missing
    #[arg(long, value_name = "FILE")]
    state: PathBuf,

    /// Tell of entries about this artifact, `actor:ID` or `key:sha256:HEX` (repeatable); without a watch, of all
    #[arg(long, value_name = "WATCH")]
    watch: Vec<String>,

    /// Further watches, one a line
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// Begin a log that has no state at its present head; otherwise its first entry is the first to be told
    #[arg(long)]
    from_now: bool,

    /// Raise an alarm if the witnesses vouched for the head longer ago than this
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    max_checkpoint_age: Option<u64>,

    /// Compare the logs with the heads that this witness shows below its monitoring prefix (repeatable)
    #[arg(long, value_name = "URL")]
    witness: Vec<String>,

    /// Raise an alarm if a log shows less than a witness, or another LOG of its origin, has shown for so long
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration)]
    max_lag: u64,

    /// Send at most this many requests a second to one host
    #[arg(long, value_name = "N", default_value = "200")]
    max_rate: NonZeroU32,

    /// Raise an alarm if there is no new entry for so long
    #[arg(long, value_name = "DURATION", value_parser = parse_period)]
    max_silence: Option<u64>,

    /// Look once, and end
    #[arg(long)]
    once: bool,

    /// Pause between two looks
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = parse_period, conflicts_with = "once")]
    every: u64,

    /// Post each alert to this address
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,

    /// Sign posted alerts with the secret in this file (HMAC-SHA256)
    #[arg(long, value_name = "FILE", requires = "webhook")]
    webhook_key: Option<PathBuf>,

    /// Run this command by the shell for each alert, which is on its standard input
    #[arg(long, value_name = "CMD", value_parser = NonEmptyStringValueParser::new())]
    exec: Option<String>,

    /// Kill that command, and count the alert as not delivered, after so long
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_period, requires = "exec")]
    exec_timeout: u64,
}

impl Args {
    /// # Errors
    /// The arguments, the policy or the state are wrong; or an alert was not delivered, or the state not saved.
    pub(crate) fn run(mut self, console: &Console) -> Result<Exit, Failure> {
        let mut given = self.logs.iter().chain(&self.witness).chain(&self.watch);
        if given.any(|text| text.contains('\n')) {
            return Err(Failure::usage(
                "a log, a witness and a watch are one line each",
            ));
        }
        // A log that is given twice is looked at once.
        let mut logs = BTreeSet::new();
        self.logs.retain(|log| logs.insert(log.clone()));
        let policy = read_trust_policy(&self.policy)?;
        let watches = self.watches(console)?;
        let key = self.webhook_key.as_deref().map(read_key).transpose()?;
        let webhook = self.webhook.as_deref();
        let webhook = webhook.map(|url| Webhook::new(url, key).map_err(refuse_webhook));
        let webhook = webhook.transpose()?;
        let pace = Arc::new(Pace::new(self.max_rate));
        let sources = self.logs.iter().map(|log| source::open_paced(log, &pace));
        let sources: Vec<Box<dyn Source>> = sources.collect::<Result<_, _>>()?;
        let open = |url: &String| match is_address(url)? {
            true => Ok(Http::open_uncached(url)?.paced(Arc::clone(&pace))),
            false => Err(Failure::usage(format!(
                "`--witness {url}`: the address of a witness begins with `http://` or `https://`"
            ))),
        };
        let shown: Vec<Http> = self
            .witness
            .iter()
            .map(open)
            .collect::<Result<_, Failure>>()?;
        let witnesses = self.witness.iter().zip(&shown);
        let witnesses: Vec<Witness<'_>> = witnesses
            .map(|(name, source)| Witness { name, source })
            .collect();
        if webhook.is_none() && self.exec.is_none() {
            warn_of_nowhere(console);
        }
        let (file, state) = StateFile::open(&self.state)?;
        let exec = self.exec.as_deref().map(|command| Exec {
            command,
            limit: Duration::from_secs(self.exec_timeout.max(1)),
        });
        let mut delivery = Delivery {
            console,
            webhook,
            exec,
            file,
            state,
        };
        let looks = Looks {
            logs: &self.logs,
            sources: &sources,
            every: (!self.once).then(|| Duration::from_secs(self.every.max(1))),
            rules: &|| Rules {
                policy: &policy,
                watches: &watches,
                from_now: self.from_now,
                max_checkpoint_age: self.max_checkpoint_age,
                witnesses: &witnesses,
                max_lag: self.max_lag,
                max_silence: self.max_silence,
                now: now(),
            },
        };
        looks.run(&mut delivery)
    }

    /// Reads the watches of the command line, and then those of the file. One that is given twice tells an entry once.
    fn watches(&self, console: &Console) -> Result<Watches, Failure> {
        let mut given = BTreeSet::new();
        let mut watches = Vec::new();
        for text in &self.watch {
            if given.insert(text.clone()) {
                watches.push(watch(text, console)?);
            }
        }
        let Some(path) = &self.rules else {
            return Ok(Watches(watches));
        };
        let bytes = input::read(path, MAX_RULES)?;
        let malformed = |message: String| Failure::new(Exit::Malformed, "monitor-rules", message);
        let text = String::from_utf8(bytes)
            .map_err(|_| malformed(format!("`{}` is not text", path.display())))?;
        for (number, line) in (1..).zip(text.lines()) {
            let text = line.trim();
            let is_watch = !text.is_empty() && !text.starts_with('#');
            if !is_watch || !given.insert(text.to_owned()) {
                continue;
            }
            let found = watch(text, console).map_err(|failure| {
                let place = format!("`{}` line {number}: ", path.display());
                // A line of a file is no argument.
                let exit = match failure.exit {
                    Exit::Usage => Exit::Malformed,
                    exit => exit,
                };
                Failure {
                    exit,
                    code: "monitor-rules",
                    message: place + &failure.message,
                    ..failure
                }
            })?;
            watches.push(found);
        }
        Ok(Watches(watches))
    }
}

/// Reads a watch as it is written on the command line.
fn watch(text: &str, console: &Console) -> Result<Watch, Failure> {
    let resolved = resolve_artifact(text, console)?;
    match ArtifactQuery::parse(&resolved).map_err(|error| refuse_artifact(&error))? {
        ArtifactQuery::Key(key) => Ok(Watch::new(text.to_owned(), &key)),
        ArtifactQuery::Path(_) => Err(Failure::usage(format!("`{text}` names no artifact"))),
    }
}

/// Describes an address that alerts cannot be posted to.
fn refuse_webhook(error: Error) -> Failure {
    match error {
        Error::Address {
            address, problem, ..
        } => Failure::usage(format!("`--webhook {address}`: {problem}")),
        error => error.into(),
    }
}

/// Warns of a monitor whose alerts reach nobody: one that is started with standard output closed has `/dev/null` there.
fn warn_of_nowhere(console: &Console) {
    let is_nowhere = fs::metadata("/dev/stdout").and_then(|stdout| {
        let null = fs::metadata("/dev/null")?;
        Ok(stdout.file_type().is_char_device() && stdout.rdev() == null.rdev())
    });
    if is_nowhere.unwrap_or(false) {
        console.warn(
            "standard output is closed or `/dev/null`, and alerts go nowhere else: they are lost",
        );
        console.hint("`--webhook URL` or `--exec CMD` takes alerts; the exit code of `--once` tells of alarms alone");
    }
}

fn read_key(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut key = input::read(path, 4_096)?;
    while key.last().is_some_and(u8::is_ascii_whitespace) {
        key.pop();
    }
    match key.is_empty() {
        true => Err(Failure::new(
            Exit::Malformed,
            "webhook-key",
            format!("`{}` has no secret", path.display()),
        )),
        false => Ok(key),
    }
}

/// Returns the exit code of an alarm, for `cron`.
const fn exit_of(kind: Kind) -> Exit {
    match kind {
        Kind::Event | Kind::Withdrawn => Exit::Done,
        Kind::Fork | Kind::SplitView => Exit::Inconsistent,
        Kind::False => Exit::False,
        Kind::Malformed => Exit::Malformed,
        Kind::Unreachable | Kind::BeyondLimits => Exit::Unfinished,
        Kind::Withheld
        | Kind::Rollback
        | Kind::Restart
        | Kind::NotAccepted
        | Kind::Stale
        | Kind::Silent => Exit::Undecided,
    }
}
