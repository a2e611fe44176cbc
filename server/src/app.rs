//! State that every request shares.

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
    /// Further state if the log, and so its public files, are in a bucket.
    pub(crate) shared: Option<Arc<Shared>>,
    /// Ends when the server is asked to stop, or the log has stopped.
    pub(crate) stopping: watch::Receiver<()>,
    is_behind_proxy: bool,
}

impl App {
    /// Begins with all counters at zero and all places free.
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

    /// Returns whether the server was asked to stop, or the log takes no more entries.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.has_changed().is_err()
    }

    /// Returns this server's role; the only server of a log always leads.
    pub(crate) fn role(&self) -> Role {
        let shared = self.shared.as_ref();
        shared.map_or(Role::Leader, |shared| shared.role())
    }

    /// Returns whether the server takes a submission, or forwards it to the server that does.
    pub(crate) fn is_ready(&self) -> bool {
        !self.is_stopping() && self.role() != Role::StandIn(None)
    }

    /// Returns the client to which a request's limits apply: the peer of the connection or, behind a proxy, the client
    /// that the proxy names.
    pub(crate) fn client<B>(&self, request: &Request<B>) -> Client {
        let forwarded = self
            .is_behind_proxy
            .then(|| Client::forwarded(request.headers()))
            .flatten();
        forwarded
            .or_else(|| request.extensions().get().copied())
            // Every connection carries its client, so this default is never used.
            .unwrap_or(Client::of(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    }
}
