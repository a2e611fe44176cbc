//! Errors of places that did not take an alert, or of a state that was not saved.

use glasslog_client::Error;

/// Code of a standard output that takes no alerts.
pub(super) const CLOSED: &str = "monitor-output";

pub(super) fn failed(problem: &str) -> Error {
    undelivered("monitor-delivery", problem)
}

pub(super) fn closed(problem: &str) -> Error {
    undelivered(CLOSED, problem)
}

fn undelivered(code: &'static str, problem: &str) -> Error {
    Error::Other {
        code,
        message: problem.to_owned(),
        hint: Some("the state is as before the alert: the next look tells it again".into()),
    }
}
