//! Saves the state of an audit (`docs/formats/audit-state.md`), at intervals and at the end.

use super::run_check::Sums;
use glasslog_core::index::format::RunHead;
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::audit::state::AuditState;
use std::time::{Duration, Instant};

/// Saves the state of an audit.
pub struct Keeper<'a, E> {
    /// The state of the earlier audit, if there was one, until the audit takes it.
    pub(super) state: Option<AuditState>,
    every: Duration,
    last: Instant,
    save: &'a mut dyn FnMut(&AuditState) -> Result<(), E>,
}

impl<'a, E> Keeper<'a, E> {
    /// Resumes from `state`, and calls `save` with each new state, at intervals of `every`.
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

    /// Returns true if the interval has passed.
    pub(super) fn is_due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Saves the state, if the audit has one; returns true if it has.
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
