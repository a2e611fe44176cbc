//! Counters of a witness, in the [Prometheus text format](https://prometheus.io/docs/instrumenting/exposition_formats/).

use crate::http::counters::ConnectionCounters;
use glasslog_log::witness::Outcomes;
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Upper bounds in seconds: an answer from memory, a sync of a fast disk, of a slow disk, and times that people notice.
const SECONDS: [f64; 11] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    code: &'static str,
}

/// Counters of a witness.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    refusals: Family<CodeLabels, Counter>,
    seconds: Histogram,
    cosigned: Counter,
    commits: Counter,
    forks: Counter,
    suspended: Gauge,
    pub(super) connections: ConnectionCounters,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// All counters at zero.
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("glasslog_witness");
        let mut metrics = Self {
            connections: ConnectionCounters::registered(&mut registry),
            registry,
            requests: Family::default(),
            refusals: Family::default(),
            seconds: Histogram::new(SECONDS),
            cosigned: Counter::default(),
            commits: Counter::default(),
            forks: Counter::default(),
            suspended: Gauge::default(),
        };
        for status in [200, 400, 403, 404, 409, 413, 422, 429, 503] {
            let route = "add-checkpoint";
            let _ = metrics
                .requests
                .get_or_create(&RequestLabels { route, status });
        }
        let registry = &mut metrics.registry;
        let requests = metrics.requests.clone();
        registry.register("http_requests", "Requests, by kind and status", requests);
        let refusals = metrics.refusals.clone();
        registry.register("refusals", "Refused requests, by code", refusals);
        registry.register_with_unit(
            "answer",
            "Time from the head of a request to add a checkpoint to its answer",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register(
            "cosigned",
            "Checkpoints that were cosigned",
            metrics.cosigned.clone(),
        );
        registry.register(
            "commits",
            "Groups of decisions that became durable together",
            metrics.commits.clone(),
        );
        registry.register(
            "forks",
            "Requests that showed two versions of a log",
            metrics.forks.clone(),
        );
        registry.register(
            "suspended",
            "1 if the state is older than it was, and the operator must decide",
            metrics.suspended.clone(),
        );
        metrics
    }

    /// Counts a request.
    pub(super) fn request(&self, route: &'static str, status: u16) {
        self.requests
            .get_or_create(&RequestLabels { route, status })
            .inc();
    }

    /// Records the time of a request to add a checkpoint.
    pub(super) fn answered(&self, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
    }

    /// Counts a refusal.
    pub(super) fn refused(&self, code: &'static str) {
        self.refusals.get_or_create(&CodeLabels { code }).inc();
    }

    /// Tells whether the witness is suspended.
    pub(super) fn is_suspended(&self) -> bool {
        self.suspended.get() != 0
    }

    /// Returns all metrics as text; `more` adds those that are read on request.
    pub(super) fn encode(&self, more: impl FnOnce(&mut Registry)) -> Result<String, fmt::Error> {
        let mut current = Registry::with_prefix("glasslog_witness");
        more(&mut current);
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        prometheus_text::encode(&mut text, &current)?;
        Ok(text)
    }
}

impl Outcomes for Metrics {
    fn committed(&self, cosigned: usize) {
        self.commits.inc();
        self.cosigned.inc_by(cosigned as u64);
    }

    fn forked(&self, origin: &str, kept: Result<Option<PathBuf>, String>) {
        self.forks.inc();
        match kept {
            Ok(Some(path)) => {
                let evidence = path.display();
                tracing::error!(?origin, %evidence, "a log signed two versions of itself");
            }
            Ok(None) => tracing::warn!(?origin, "a log signed two versions of itself again"),
            Err(error) => {
                tracing::error!(
                    ?origin,
                    error,
                    "a log signed two versions of itself, and the evidence could not be written"
                );
            }
        }
    }

    fn suspended(&self, reason: &str) {
        self.suspended.set(1);
        tracing::error!(
            reason,
            "the witness is suspended until its operator decides"
        );
    }
}
