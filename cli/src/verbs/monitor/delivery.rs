//! The places to which alerts go, and the state file, which one thread has.

use glasslog_client::Error;
use glasslog_client::monitor::{Alert, Kind, LogState, Ongoing, State, Webhook};
use glasslog_core::text::escape::display_safe;
use glasslog_core::text::time;

use super::exec::Exec;
use super::state_file::StateFile;
use super::undelivered::closed;
use crate::clock::now;
use crate::inconsistency_file::write_and_tell;
use crate::output::{Console, visible};

/// The outputs of a monitor, and its state.
pub(super) struct Delivery<'a> {
    pub(super) console: &'a Console,
    pub(super) webhook: Option<Webhook>,
    pub(super) exec: Option<Exec<'a>>,
    pub(super) file: StateFile,
    pub(super) state: State,
}

impl Delivery<'_> {
    /// Returns the state of a log, which begins without one if it is new.
    pub(super) fn state_of(&mut self, log: &str) -> &mut LogState {
        let states = &mut self.state.0;
        let found = states.iter().position(|state| state.log == log);
        let at = found.unwrap_or_else(|| {
            states.push(LogState::new(log.to_owned()));
            states.len() - 1
        });
        &mut states[at]
    }

    /// Delivers an alert to every place, in order.
    ///
    /// # Errors
    /// A place did not take it.
    pub(super) fn deliver(&self, alert: &Alert) -> Result<(), Error> {
        let file = alert.evidence.as_deref();
        let file = file.and_then(|evidence| self.accuse(evidence));
        let alert = &file.map_or_else(|| alert.clone(), |file| alert.in_file(&file));
        self.console.json_line(&alert.to_json());
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

    /// Writes evidence to a file, and returns its path; `None` if that failed: the alert itself has the evidence too.
    fn accuse(&self, evidence: &[u8]) -> Option<String> {
        match write_and_tell(self.file.path(), evidence, self.console) {
            Ok(path) => Some(path.display().to_string()),
            Err(failure) => {
                self.console.warn_of(&failure);
                None
            }
        }
    }

    /// Tells of an alarm that an earlier look delivered.
    pub(super) fn tell_ongoing(&self, log: &str, alarm: &Ongoing, message: &str) {
        let (kind, since) = (alarm.kind.name(), time::format(alarm.since));
        self.console.warn(format_args!(
            "`{}`: the alarm `{kind}` holds since {since}: {}",
            display_safe(log),
            visible(message)
        ));
    }

    /// Saves the state of one log. What a comparison with another log added since the look began stays.
    ///
    /// # Errors
    /// The disk, or another program wrote the file.
    pub(super) fn save(&mut self, looked: LogState) -> Result<(), Error> {
        let kept = self.state_of(&looked.log);
        let behind = kept.behind.filter(|behind| behind.size > looked.size());
        let split = kept.since(Kind::SplitView);
        *kept = looked;
        kept.behind = kept.behind.or(behind);
        if let (Some(since), None) = (split, kept.since(Kind::SplitView)) {
            let kind = Kind::SplitView;
            kept.alarms.push(Ongoing { kind, since });
        }
        self.file.save(&self.state)
    }

    /// Takes note that another log of its origin showed a head of this size.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub(super) fn see(&mut self, log: &str, size: u64, now: u64) -> Result<(), Error> {
        self.state_of(log).see(size, now);
        self.file.save(&self.state)
    }

    /// Delivers the alarm of a log that another log of its origin contradicts, once.
    ///
    /// # Errors
    /// It was not delivered, or not saved.
    pub(super) fn split(&mut self, log: &str, alarm: &Alert) -> Result<(), Error> {
        if self.state_of(log).since(Kind::SplitView).is_some() {
            return Ok(());
        }
        self.deliver(alarm)?;
        let (kind, since) = (Kind::SplitView, now());
        self.state_of(log).alarms.push(Ongoing { kind, since });
        self.file.save(&self.state)
    }
}
