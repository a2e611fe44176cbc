//! Counters of the server, in the [Prometheus text format](https://prometheus.io/docs/instrumenting/exposition_formats/).

use crate::http::counters::ConnectionCounters;
use crate::http::refusal_class::RefusalClass;
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// `Content-Type` of the format.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds in seconds: an answer from memory, a sync of a fast disk, of a slow disk, and times that people notice.
const SECONDS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// Kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    Add,
    Batch,
    File,
}

impl Route {
    fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Batch => "batch",
            Self::File => "file",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    code: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u16,
}

/// Counters of requests.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
    refusals: Family<RefusalLabels, Counter>,
    refused: Family<StatusLabels, Counter>,
    forwarded: Family<StatusLabels, Counter>,
    terms: Counter,
    takeover: Gauge<f64, AtomicU64>,
    /// Entries that were answered with an index, including repeated ones.
    pub(crate) entries: Counter,
    /// Bytes of those entries.
    pub(crate) bytes: Counter,
    pub(crate) connections: ConnectionCounters,
    /// Batches that are being sent.
    pub(crate) batches: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// All counters at zero.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("glasslog");
        let metrics = Self {
            connections: ConnectionCounters::registered(&mut registry),
            registry,
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            refusals: Family::default(),
            refused: Family::default(),
            forwarded: Family::default(),
            terms: Counter::default(),
            takeover: Gauge::default(),
            entries: Counter::default(),
            bytes: Counter::default(),
            batches: Gauge::default(),
        };
        metrics.begin_at_zero();
        metrics.registered()
    }

    /// Makes the series that an alarm can ask for before the first of its events.
    fn begin_at_zero(&self) {
        for route in [Route::Add, Route::Batch, Route::File] {
            let route = route.name();
            let _ = self
                .requests
                .get_or_create(&RequestLabels { route, status: 200 });
            let _ = self.seconds.get_or_create(&RouteLabels { route });
        }
        for class in RefusalClass::ALL {
            let status = class.status().as_u16();
            let _ = self.refused.get_or_create(&StatusLabels { status });
        }
        for status in [200, 503] {
            let _ = self.forwarded.get_or_create(&StatusLabels { status });
        }
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register(
            "http_requests",
            "Requests, by kind and status",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to the head of its answer, by kind",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register(
            "refusals",
            "Refused entries and requests, by code and status",
            self.refusals.clone(),
        );
        registry.register(
            "refused",
            "Refused entries and requests, by status",
            self.refused.clone(),
        );
        registry.register(
            "forwarded",
            "Submissions that were forwarded to the server that sequences, by the status of its answer",
            self.forwarded.clone(),
        );
        registry.register(
            "terms",
            "Times that this server began to sequence a log that several share",
            self.terms.clone(),
        );
        registry.register_with_unit(
            "takeover",
            "Time from the lease of the last term to readiness for entries",
            Unit::Seconds,
            self.takeover.clone(),
        );
        registry.register(
            "entries_answered",
            "Entries that were answered with an index, including repeated ones",
            self.entries.clone(),
        );
        registry.register_with_unit(
            "entries_answered",
            "Bytes of entries that were answered with an index",
            Unit::Bytes,
            self.bytes.clone(),
        );
        registry.register(
            "batches",
            "Batches that are being sent",
            self.batches.clone(),
        );
        self
    }

    /// Counts a request and its time.
    pub(crate) fn request(&self, route: Route, status: u16, took: Duration) {
        let route = route.name();
        self.requests
            .get_or_create(&RequestLabels { route, status })
            .inc();
        self.seconds
            .get_or_create(&RouteLabels { route })
            .observe(took.as_secs_f64());
    }

    /// Counts a refusal.
    pub(crate) fn refused(&self, code: &'static str, status: u16) {
        self.refusals
            .get_or_create(&RefusalLabels { code, status })
            .inc();
        self.refused.get_or_create(&StatusLabels { status }).inc();
    }

    /// Counts a submission that was forwarded.
    pub(crate) fn forwarded(&self, status: u16) {
        self.forwarded.get_or_create(&StatusLabels { status }).inc();
    }

    /// Counts a term, and records how long it took to begin.
    pub(crate) fn term(&self, took: Duration) {
        self.terms.inc();
        self.takeover.set(took.as_secs_f64());
    }

    /// Returns all metrics as text; `more` adds those that are read on request.
    pub(crate) fn encode(&self, more: impl FnOnce(&mut Registry)) -> Result<String, fmt::Error> {
        let mut current = Registry::with_prefix("glasslog");
        more(&mut current);
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        prometheus_text::encode(&mut text, &current)?;
        Ok(text)
    }
}
