//! What every request can reach.

use crate::http::client::Client;
use crate::http::rate::RateLimit;
use crate::http::slots::Slots;
use crate::leadership::role::{Role, Shared};
use crate::options::{Limits, Options};
use crate::status::metrics::Metrics;
use crate::submission::intake::Intake;
use axum::http::Request;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// One served log.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) intake: Intake,
    pub(crate) metrics: Metrics,
    pub(crate) rate: Option<RateLimit>,
    pub(crate) batches: Arc<Slots>,
    pub(crate) limits: Limits,
    pub(crate) public: PathBuf,
    /// What there is besides if the log is in a bucket, as its public files are then.
    pub(crate) shared: Option<Arc<Shared>>,
    /// Ends when the server is asked to stop, or the log has.
    pub(crate) stopping: watch::Receiver<()>,
    is_behind_proxy: bool,
}

impl App {
    /// Nothing counted, nothing taken.
    pub(crate) fn new(
        intake: Intake,
        public: PathBuf,
        shared: Option<Arc<Shared>>,
        options: &Options,
        stopping: watch::Receiver<()>,
    ) -> Self {
        let limits = options.limits.clone();
        Self {
            intake,
            metrics: Metrics::new(),
            rate: limits.rate.map(RateLimit::new),
            batches: Slots::new(limits.batches, limits.batches_of_client),
            limits,
            public,
            shared,
            stopping,
            is_behind_proxy: options.is_behind_proxy,
        }
    }

    /// Whether the server was asked to stop, or the log takes no more entries.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.has_changed().is_err()
    }

    /// This server's part; the only server of a log always leads.
    pub(crate) fn role(&self) -> Role {
        let shared = self.shared.as_ref();
        shared.map_or(Role::Leader, |shared| shared.role())
    }

    /// Whether a submission is taken, or passed on to who takes it.
    pub(crate) fn is_ready(&self) -> bool {
        !self.is_stopping() && self.role() != Role::StandIn(None)
    }

    /// Whom a request's limits apply to: whoever opened the connection, or whom the proxy that did names.
    pub(crate) fn client<B>(&self, request: &Request<B>) -> Client {
        let forwarded = self
            .is_behind_proxy
            .then(|| Client::forwarded(request.headers()))
            .flatten();
        forwarded
            .or_else(|| request.extensions().get().copied())
            // Every connection says whose it is.
            .unwrap_or(Client::of(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    }
}
