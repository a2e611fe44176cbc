//! Keeps the state of an audit (`docs/formats/audit-state.md`), every so often and at the end.

use super::run_check::Sums;
use glasslog_core::index::build::RunHead;
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::audit::state::AuditState;
use std::time::{Duration, Instant};

/// Where the state of an audit is kept.
pub struct Keeper<'a, E> {
    /// The state of the audit before, if there was one; it is taken.
    pub(super) state: Option<AuditState>,
    every: Duration,
    last: Instant,
    save: &'a mut dyn FnMut(&AuditState) -> Result<(), E>,
}

impl<'a, E> Keeper<'a, E> {
    /// Goes on from `state`, and saves what to go on from later every so often.
    pub fn new(
        state: Option<AuditState>,
        every: Duration,
        save: &'a mut dyn FnMut(&AuditState) -> Result<(), E>,
    ) -> Self {
        Self {
            state,
            every,
            last: Instant::now(),
            save,
        }
    }

    /// Whether it is time.
    pub(super) fn is_due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Saves what there is to go on from; whether there is anything.
    pub(super) fn keep(
        &mut self,
        query: &AuditQuery,
        sums: &Sums,
        superseded: Vec<RunHead>,
    ) -> Result<bool, E> {
        let state = query.state(sums.kept(), superseded);
        if let Some(state) = &state {
            (self.save)(state)?;
        }
        self.last = Instant::now();
        Ok(state.is_some())
    }
}
