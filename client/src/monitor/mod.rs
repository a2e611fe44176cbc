//! A monitor of logs: compares every head with the one before, reads every new entry once, and tells what concerns its watches
//! (`docs/formats/monitor.md`).
//!
//! It recomputes all that it tells, also the keys by which signatures are judged, from entries that the signed root commits to;
//! no index is read. Its state is saved after the alerts were delivered, so that a crash repeats alerts, with the same
//! identifiers, and never loses one.

mod alert;
mod kind;
mod rights;
mod scan;
mod state;
mod telling;
mod watch;
mod webhook;
mod witnesses;

pub use alert::Alert;
pub use kind::Kind;
pub use rights::Rights;
pub use state::{LogState, Ongoing, State, StateError};
pub use watch::{Watch, Watches};
pub use webhook::Webhook;
pub use witnesses::{Behind, Shown, Witness};

use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::note::Checkpoint;
use glasslog_core::tiles::TileError;
use glasslog_core::trust::{LogVerdict, TrustPolicy};
use glasslog_core::verify::Inconsistency;

use crate::error::Error;
use crate::fork::contradiction;
use crate::prefix::PrefixError;
use crate::rotation::FOLLOW;
use crate::source::Source;

/// Rules of a monitor.
pub struct Rules<'a> {
    /// The policy that decides which checkpoints count.
    pub policy: &'a TrustPolicy,
    /// The entries to tell of.
    pub watches: &'a Watches,
    /// Tell of a log without a state from its present head on; its earlier entries are read for their keys alone.
    pub from_now: bool,
    /// Most seconds since the witnesses vouched for the head; a shorter `max-age` of the policy counts.
    pub max_checkpoint_age: Option<u64>,
    /// Witnesses whose heads are compared with those of the logs.
    pub witnesses: &'a [Witness<'a>],
    /// Seconds for which another source may show a larger head than the log.
    pub max_lag: u64,
    /// Most seconds without a new entry.
    pub max_silence: Option<u64>,
    /// The time, in seconds since the epoch.
    pub now: u64,
}

/// The receiver of a monitor's results.
pub trait Sink {
    /// Delivers an alert; the state is saved only after it succeeded.
    ///
    /// # Errors
    /// The alert was not delivered.
    fn deliver(&mut self, alert: &Alert) -> Result<(), Error>;

    /// Saves the state of the log that is monitored now.
    ///
    /// # Errors
    /// The disk or permissions.
    fn save(&mut self, state: &LogState) -> Result<(), Error>;
}

/// One look at one log.
pub struct Monitor<'a> {
    /// The log.
    pub source: &'a dyn Source,
    /// The rules.
    pub rules: &'a Rules<'a>,
    /// Its state, which is kept up to date.
    pub state: &'a mut LogState,
}

/// An alarm that holds after a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its kind, and the time of the look that saw it begin.
    pub alarm: Ongoing,
    /// The condition in words.
    pub message: String,
    /// True if it was delivered by this look, false if by an earlier one.
    pub is_new: bool,
}

/// A condition of a log that ends a look at it.
struct Condition {
    kind: Kind,
    message: String,
    evidence: Option<Box<Inconsistency>>,
}

impl Condition {
    fn new(kind: Kind, message: impl ToString) -> Self {
        Self {
            kind,
            message: message.to_string(),
            evidence: None,
        }
    }
}

impl From<Error> for Condition {
    fn from(error: Error) -> Self {
        Self::new(Kind::Unreachable, error)
    }
}

impl From<PrefixError> for Condition {
    fn from(error: PrefixError) -> Self {
        match error {
            PrefixError::Source(error) => error.into(),
            PrefixError::Tile(error @ TileError::Missing { .. }) => {
                Self::new(Kind::Unreachable, error)
            }
            PrefixError::Tile(error) => Self::new(Kind::False, error),
        }
    }
}

/// The end of a look: a condition of the log, or a sink that failed.
enum Stop {
    Condition(Condition),
    Sink(Error),
}

impl From<Condition> for Stop {
    fn from(condition: Condition) -> Self {
        Self::Condition(condition)
    }
}

impl Monitor<'_> {
    /// Looks at the log once; returns the alarms that hold now. An alarm is delivered when it begins.
    ///
    /// # Errors
    /// The errors of `sink`: an alert was not delivered, or the state was not saved.
    pub fn look(mut self, sink: &mut dyn Sink) -> Result<Vec<Held>, Error> {
        let mut alarms = Vec::new();
        match self.read(sink) {
            Ok(time) => {
                self.check_times(time, &mut alarms);
                self.compare_witnesses(&mut alarms);
                self.check_behind(&mut alarms);
            }
            Err(Stop::Condition(condition)) => alarms.push(condition),
            Err(Stop::Sink(error)) => return Err(error),
        }
        let mut held = Vec::new();
        for alarm in alarms {
            let before = self.state.since(alarm.kind);
            if before.is_none() {
                sink.deliver(&Alert::alarm(
                    self.state,
                    alarm.kind,
                    &alarm.message,
                    alarm.evidence.as_deref(),
                    self.rules.now,
                ))?;
            }
            held.push(Held {
                alarm: Ongoing {
                    kind: alarm.kind,
                    since: before.unwrap_or(self.rules.now),
                },
                message: alarm.message,
                is_new: before.is_none(),
            });
        }
        let alarms = &mut self.state.alarms;
        // Two views that contradicted each other once always will.
        alarms.retain(|alarm| alarm.kind == Kind::SplitView);
        for held in &held {
            if alarms.iter().all(|alarm| alarm.kind != held.alarm.kind) {
                alarms.push(held.alarm);
            }
        }
        sink.save(self.state)?;
        Ok(held)
    }

    /// Judges the head and reads the new entries; returns the time that the witnesses confirm.
    fn read(&mut self, sink: &mut dyn Sink) -> Result<Option<u64>, Stop> {
        let (shown, time) = self.accept()?;
        self.compare(&shown)?;
        let head = shown.head();
        let is_new = self.state.checkpoint.is_none();
        let grows = self.state.size() < head.size;
        if is_new && self.rules.from_now {
            self.state.from = head.size;
        }
        // The head is remembered before its entries are told, so that a fork of it is found whatever happens next.
        self.state.checkpoint = Some(shown);
        if is_new || grows {
            self.state.grown = self.rules.now;
        }
        sink.save(self.state).map_err(Stop::Sink)?;
        self.tell(head, sink)?;
        self.tell_withdrawn(head, sink)?;
        Ok(time)
    }

    /// Reads the checkpoint, if the policy accepts it, with the lines that verify; and the time that its witnesses confirm.
    fn accept(&self) -> Result<(Checkpoint, Option<u64>), Condition> {
        let bytes = self.source.read(CHECKPOINT_PATH)?;
        let missing = || {
            let answer = self.source.take_absences().pop();
            let answer = answer.map_or_else(String::new, |answer| format!(": {answer}"));
            Condition::new(
                Kind::Unreachable,
                format!("`{CHECKPOINT_PATH}` is missing{answer}"),
            )
        };
        let bytes = bytes.ok_or_else(missing)?;
        let shown = Checkpoint::parse(&bytes).map_err(|error| {
            Condition::new(Kind::Malformed, format!("`{CHECKPOINT_PATH}`: {error}"))
        })?;
        let (verdict, verified) = self.rules.policy.verify_log(&shown, self.rules.now);
        if verdict.is_false() {
            let message = "a signature of a known key on the checkpoint is wrong";
            return Err(Condition::new(Kind::False, message));
        }
        if matches!(verdict.log, LogVerdict::UnknownKey) {
            let message = format!(
                "no key that the trust policy has for the log signed the checkpoint: {FOLLOW}"
            );
            return Err(Condition::new(Kind::NotAccepted, message));
        }
        let signed = verified.zip(self.rules.policy.log().signed(&shown));
        let (verified, signed) = signed.ok_or_else(|| {
            let message = "the trust policy does not accept the checkpoint: it lacks a signature of the log, or the quorum";
            Condition::new(Kind::NotAccepted, message)
        })?;
        Ok((signed.checkpoint().clone(), verified.time()))
    }

    /// Checks that a checkpoint continues the one before.
    fn compare(&self, shown: &Checkpoint) -> Result<(), Condition> {
        let Some(seen) = &self.state.checkpoint else {
            return Ok(());
        };
        let (before, origin) = (seen.origin().as_str(), shown.origin().as_str());
        if before != origin {
            let message = format!("the log was `{before}`, and is now `{origin}`");
            return Err(Condition::new(Kind::Restart, message));
        }
        let (old, new) = (seen.head(), shown.head());
        if new.size < old.size {
            return Err(match self.state.fork(self.source, shown, seen)? {
                Some(fork) => fork,
                None => Condition::new(
                    Kind::Rollback,
                    format!("the log shows size {}, and had size {}", new.size, old.size),
                ),
            });
        }
        match self.state.fork(self.source, seen, shown)? {
            Some(fork) => Err(fork),
            None => Ok(()),
        }
    }

    /// Adds the alarms of age and silence.
    fn check_times(&self, time: Option<u64>, alarms: &mut Vec<Condition>) {
        let now = self.rules.now;
        let of_policy = self.rules.policy.max_age(self.state.origin());
        let limits = [of_policy, self.rules.max_checkpoint_age];
        if let Some(most) = limits.into_iter().flatten().min() {
            let age = time.map(|time| now.saturating_sub(time));
            let message = match age {
                Some(age) if age <= most => None,
                Some(age) => Some(format!("witnesses vouched for the head {age} s ago")),
                None => Some("no witness of the policy dates the head".to_owned()),
            };
            alarms.extend(message.map(|message| Condition::new(Kind::Stale, message)));
        }
        if let Some(most) = self.rules.max_silence {
            let silence = now.saturating_sub(self.state.grown);
            if silence > most {
                let message = format!("no new entry for {silence} s");
                alarms.push(Condition::new(Kind::Silent, message));
            }
        }
    }
}

impl LogState {
    /// Compares two checkpoints of one log, the smaller one first, by the tiles under the larger one; a fork if they contradict
    /// each other.
    fn fork(
        &self,
        source: &dyn Source,
        old: &Checkpoint,
        new: &Checkpoint,
    ) -> Result<Option<Condition>, Condition> {
        let evidence = match contradiction(source, old, new) {
            Ok(Some(evidence)) => evidence,
            Ok(None) => return Ok(None),
            // A log that was rolled back has no tiles of the larger head: nothing shows a contradiction.
            Err(_) if self.size() == new.head().size => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (old, new) = (old.head().size, new.head().size);
        let message =
            format!("the log signed two heads that cannot both be true, of sizes {old} and {new}");
        Ok(Some(Condition {
            evidence: Some(Box::new(evidence)),
            ..Condition::new(Kind::Fork, message)
        }))
    }
}

/// Compares two monitored logs of one origin, such as mirrors; returns an alarm of the first if their heads contradict each
/// other.
#[must_use]
pub fn compare_views(
    (state, source): (&LogState, &dyn Source),
    (other, other_source): (&LogState, &dyn Source),
    now: u64,
) -> Option<Alert> {
    let (one, two) = (state.checkpoint.as_ref()?, other.checkpoint.as_ref()?);
    if one.origin() != two.origin() {
        return None;
    }
    let (old, new, source) = match one.head().size <= two.head().size {
        true => (one, two, other_source),
        false => (two, one, source),
    };
    // Tiles that cannot be read are an alarm of the log that lacks them.
    let evidence = contradiction(source, old, new).ok()??;
    let message = format!("`{}` and `{}` show different logs", state.log, other.log);
    Some(Alert::alarm(
        state,
        Kind::SplitView,
        &message,
        Some(&evidence),
        now,
    ))
}
