//! Witnesses without whose cosignatures a checkpoint is not public.

use glasslog_core::text::escape::display_safe;
use glasslog_core::text::time;
use std::fmt;
use std::sync::Arc;

/// A witness that has not cosigned a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its name in the policy.
    pub name: String,
    /// Time since when it is missing, in seconds since the epoch.
    pub since: u64,
    /// Its last failure, in words; `None` if it was not asked.
    pub problem: Option<String>,
}

/// The reason for which a checkpoint is not public: its entries are durable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the quorum of witnesses was not met ({needs}): {}", list(.missing, *.next))]
pub struct NotCosigned {
    /// The quorum in words, as in the policy.
    pub needs: String,
    /// The witnesses that have not cosigned, in the order of the policy.
    pub missing: Arc<[Missing]>,
    /// Time at which the next round may begin, in seconds since the epoch; `None` while one is under way.
    pub next: Option<u64>,
}

impl NotCosigned {
    /// Returns the stable name of this class of errors.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "quorum-not-met"
    }

    /// Returns the remedy.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "the entries are kept, and are published with the next checkpoint that enough witnesses cosign; `glasslog log status` shows the witnesses"
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, since) = (display_safe(&self.name), time::format(self.since));
        write!(f, "`{name}` is missing since {since}")?;
        match &self.problem {
            Some(problem) => write!(f, ": {}", display_safe(problem)),
            None => Ok(()),
        }
    }
}

fn list(missing: &[Missing], next: Option<u64>) -> String {
    let texts: Vec<String> = missing.iter().map(Missing::to_string).collect();
    match (texts.is_empty(), next) {
        (false, _) => texts.join("; "),
        (true, Some(next)) => format!("the next round begins at {}", time::format(next)),
        (true, None) => "a round is under way".to_owned(),
    }
}
