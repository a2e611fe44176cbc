//! State that every request to a witness shares.

use crate::http::client::Client;
use crate::http::counters::ConnectionCounters;
use crate::http::host::Host;
use crate::http::rate::RateLimit;
use crate::http::slots::Slots;
use crate::options::Limits;
use crate::witness::book::Logs;
use crate::witness::metrics::Metrics;
use axum::http::Request;
use glasslog_core::note::VerifierKey;
use glasslog_log::Network;
use glasslog_log::witness::{Committer, Evidence, Reader};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// One witness.
#[derive(Debug)]
pub(super) struct WitnessApp {
    pub(super) logs: Logs,
    /// The public halves of its keys.
    pub(super) own: Vec<VerifierKey>,
    pub(super) reader: Reader,
    pub(super) evidence: Evidence,
    pub(super) metrics: Arc<Metrics>,
    pub(super) rate: Option<RateLimit>,
    /// Refusals, for which a client that gets too many waits.
    pub(super) refusals: RateLimit,
    /// Bytes of requests that are being read or decided.
    pub(super) room: Arc<Slots>,
    pub(super) limits: Limits,
    /// Gone when the witness has stopped.
    pub(super) committing: RwLock<Option<Committer>>,
    pub(super) proxies: Vec<Network>,
    /// Ends when the server is asked to stop.
    pub(super) stopping: watch::Receiver<()>,
}

impl WitnessApp {
    pub(super) fn client<B>(&self, request: &Request<B>) -> Client {
        Client::of_request(request, &self.proxies)
    }

    pub(super) fn committer(&self) -> Option<Committer> {
        let committer = self.committing.read();
        committer.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the thread that commits, once all requests are answered.
    pub(super) fn stop(&self) {
        let mut committer = self
            .committing
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *committer = None;
    }
}

impl Host for WitnessApp {
    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn stopping(&self) -> watch::Receiver<()> {
        self.stopping.clone()
    }

    fn proxies(&self) -> &[Network] {
        &self.proxies
    }

    fn counters(&self) -> &ConnectionCounters {
        &self.metrics.connections
    }
}
