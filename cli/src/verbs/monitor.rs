//! `monitor`: watches logs, and tells of each entry once.

mod exec;
mod state_file;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use glasslog_client::Error;
use glasslog_client::monitor::{
    Alert, Kind, LogState, Monitor, Rules, Sink, State, Watch, Watches, Webhook, compare_views,
};
use glasslog_client::source::Source;
use glasslog_core::event::ArtifactQuery;

use crate::args::{given, parse_duration, read_trust_policy, refuse_artifact, resolve_artifact};
use crate::clock::now;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::{Console, write_new};
use crate::source;
use exec::Exec;
use state_file::StateFile;

/// Bytes of the largest file of rules.
const MAX_RULES: usize = 16 << 20;

/// Watches logs: every head continues the one before, and each new entry that meets a watch is told once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog monitor https://log.example.com/ --policy trust.policy --state m.state --watch resnet50@2.1
  glasslog monitor my.log https://mirror.example.net/ --policy trust.policy --state m.state --once
  glasslog monitor my.log --policy trust.policy --state m.state --rules watches --exec ./page-me")]
pub(crate) struct Args {
    /// Log directories, public trees or URLs; those of one origin are compared with each other
    #[arg(required = true, value_name = "LOG")]
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

    /// Raise an alarm if there is no new entry for so long
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    max_silence: Option<u64>,

    /// Look once, and end
    #[arg(long)]
    once: bool,

    /// Pause between two looks
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = parse_duration, conflicts_with = "once")]
    every: u64,

    /// Post each alert to this address
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,

    /// Sign posted alerts with the secret in this file (HMAC-SHA256)
    #[arg(long, value_name = "FILE", requires = "webhook")]
    webhook_key: Option<PathBuf>,

    /// Run this command by the shell for each alert, which is on its standard input
    #[arg(long, value_name = "CMD")]
    exec: Option<String>,

    /// Kill that command, and count the alert as not delivered, after so long
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration, requires = "exec")]
    exec_timeout: u64,
}

/// The places to which alerts go, and the state file.
struct Delivery<'a> {
    console: &'a Console,
    webhook: Option<Webhook>,
    exec: Option<Exec<'a>>,
    file: StateFile,
    state: State,
    /// The log that is monitored now.
    at: usize,
}

impl Args {
    /// # Errors
    /// The arguments, the policy or the state are wrong; or an alert was not delivered, or the state not saved.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        let mut given = self.logs.iter().chain(&self.watch);
        if given.any(|text| text.contains('\n')) {
            return Err(Failure::usage("a log and a watch are one line each"));
        }
        let policy = read_trust_policy(&self.policy)?;
        let watches = self.watches(console)?;
        let key = self.webhook_key.as_deref().map(read_key).transpose()?;
        let webhook = self.webhook.as_deref();
        let webhook = webhook.map(|url| Webhook::new(url, key)).transpose()?;
        let sources = self.logs.iter().map(|log| source::open(log, false));
        let sources: Vec<Box<dyn Source>> = sources.collect::<Result<_, _>>()?;
        let (file, state) = StateFile::open(&self.state)?;
        let mut delivery = Delivery {
            console,
            webhook,
            exec: self.exec.as_deref().map(|command| Exec {
                command,
                limit: Duration::from_secs(self.exec_timeout.max(1)),
            }),
            file,
            state,
            at: 0,
        };
        loop {
            let rules = Rules {
                policy: &policy,
                watches: &watches,
                from_now: self.from_now,
                max_checkpoint_age: self.max_checkpoint_age,
                max_silence: self.max_silence,
                now: now(),
            };
            let looked = self.look(&rules, &sources, &mut delivery);
            if self.once {
                return looked;
            }
            if let Err(failure) = looked {
                // A later look cannot mend these.
                if [state_file::CHANGED, CLOSED].contains(&failure.code) {
                    return Err(failure);
                }
                console.warn_of(&failure);
            }
            if !console.has_reader() {
                return Err(closed("the reader of standard output went away").into());
            }
            thread::sleep(Duration::from_secs(self.every.max(1)));
        }
    }

    /// Looks at every log once; returns the exit code of the alarms that hold.
    fn look(
        &self,
        rules: &Rules<'_>,
        sources: &[Box<dyn Source>],
        delivery: &mut Delivery<'_>,
    ) -> Result<Exit, Failure> {
        let mut exit = Exit::Done;
        for (log, source) in self.logs.iter().zip(sources) {
            let mut state = delivery.turn_to(log);
            let monitor = Monitor {
                source: &**source,
                rules,
                state: &mut state,
            };
            let alarms = monitor.look(delivery)?;
            exit = alarms
                .into_iter()
                .fold(exit, |exit, kind| exit.and(exit_of(kind)));
        }
        let is_split = self.compare(rules.now, sources, delivery)?;
        Ok(match is_split {
            true => exit.and(Exit::Inconsistent),
            false => exit,
        })
    }

    /// Compares the logs of one origin; an alarm is delivered once. Returns true if one was, now or before.
    fn compare(
        &self,
        now: u64,
        sources: &[Box<dyn Source>],
        delivery: &mut Delivery<'_>,
    ) -> Result<bool, Failure> {
        let mut states: Vec<LogState> = self.logs.iter().map(|log| delivery.turn_to(log)).collect();
        let views: Vec<(&LogState, &dyn Source)> =
            states.iter().zip(sources.iter().map(|it| &**it)).collect();
        let alarms = compare_views(&views, now);
        for (at, (log, state)) in self.logs.iter().zip(&mut states).enumerate() {
            delivery.turn_to(log);
            let own = alarms.iter().filter(|(place, _)| *place == at);
            let own: Vec<&Alert> = own.map(|(_, alarm)| alarm).collect();
            if !own.is_empty() && !state.alarms.contains(&Kind::SplitView) {
                for alarm in own {
                    delivery.deliver(alarm)?;
                }
                state.alarms.push(Kind::SplitView);
                delivery.save(state)?;
            }
        }
        let holds = |state: &LogState| state.alarms.contains(&Kind::SplitView);
        Ok(states.iter().any(holds))
    }

    fn watches(&self, console: &Console) -> Result<Watches, Failure> {
        let mut texts = self.watch.clone();
        if let Some(path) = &self.rules {
            let bytes = input::read(path, MAX_RULES)?;
            let text = String::from_utf8(bytes).map_err(|_| {
                let message = format!("`{}` is not text", path.display());
                Failure::new(Exit::Malformed, "monitor-rules", message)
            })?;
            let lines = text.lines().map(str::trim);
            texts.extend(
                lines
                    .filter(|line| !line.is_empty() && !line.starts_with('#'))
                    .map(str::to_owned),
            );
        }
        // A watch that is given twice tells an entry once.
        let mut given = BTreeSet::new();
        texts.retain(|text| given.insert(text.clone()));
        let watch = |text: String| {
            let resolved = resolve_artifact(&text, console)?;
            match ArtifactQuery::parse(&resolved).map_err(|error| refuse_artifact(&error))? {
                ArtifactQuery::Key(key) => Ok(Watch::new(text, &key)),
                ArtifactQuery::Path(_) => {
                    Err(Failure::usage(format!("`{text}` names no artifact")))
                }
            }
        };
        let watches = texts.into_iter().map(watch);
        Ok(Watches(watches.collect::<Result<_, Failure>>()?))
    }
}

impl Delivery<'_> {
    /// Turns to a log, which begins without a state if it is new.
    fn turn_to(&mut self, log: &str) -> LogState {
        let found = self.state.0.iter().position(|state| state.log == log);
        self.at = found.unwrap_or_else(|| {
            self.state.0.push(LogState::new(log.to_owned()));
            self.state.0.len() - 1
        });
        self.state.0[self.at].clone()
    }
}

impl Sink for Delivery<'_> {
    fn deliver(&mut self, alert: &Alert) -> Result<(), Error> {
        if let Some(evidence) = &alert.evidence {
            let written = write_new(self.file.path(), &[("inconsistency", evidence)]);
            if let Err(failure) = written {
                // The alert itself has the evidence too.
                self.console.warn_of(&failure);
            }
        }
        self.console.json_line(&alert.json);
        if !self.console.is_delivered() {
            return Err(closed("standard output did not take the alert"));
        }
        if let Some(webhook) = &self.webhook {
            webhook.post(alert, now())?;
        }
        match &self.exec {
            Some(exec) => exec.deliver(alert),
            None => Ok(()),
        }
    }

    fn save(&mut self, state: &LogState) -> Result<(), Error> {
        if let Some(kept) = self.state.0.get_mut(self.at) {
            kept.clone_from(state);
        }
        self.file.save(&self.state)
    }
}

/// Code of a standard output that takes no alerts.
const CLOSED: &str = "monitor-output";

fn failed(problem: &str) -> Error {
    undelivered("monitor-delivery", problem)
}

fn closed(problem: &str) -> Error {
    undelivered(CLOSED, problem)
}

fn undelivered(code: &'static str, problem: &str) -> Error {
    Error::Other {
        code,
        message: problem.to_owned(),
        hint: Some("the state is as before the alert: the next look tells it again".into()),
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
        Kind::Rollback | Kind::Restart | Kind::NotAccepted | Kind::Stale | Kind::Silent => {
            Exit::Undecided
        }
    }
}
