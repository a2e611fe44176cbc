//! State that every request shares.

use crate::http::client::Client;
use crate::http::counters::ConnectionCounters;
use crate::http::host::Host;
use crate::http::rate::RateLimit;
use crate::http::slots::{Share, Slots};
use crate::leadership::role::{Role, Shared};
use crate::options::{Limits, Options};
use crate::status::metrics::Metrics;
use crate::submission::intake::Intake;
use crate::submission::standing::Standings;
use axum::http::{HeaderValue, Request};
use glasslog_client::source::{Directory, Source};
use glasslog_log::{KnownSigners, Network, PageOrigin};
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
    pub(crate) standings: Standings,
    pub(crate) limits: Limits,
    /// The log directory, with its keys and its trust policy.
    pub(crate) directory: PathBuf,
    /// The keys whose signatures a receipt may carry, read once.
    pub(crate) signers: Arc<KnownSigners>,
    /// The folder to serve, if the log is in a directory.
    pub(crate) public: PathBuf,
    /// Further state if the log, and so its public files, are in a bucket.
    pub(crate) shared: Option<Arc<Shared>>,
    /// Ends when the server is asked to stop, or the log has stopped.
    pub(crate) stopping: watch::Receiver<()>,
    proxies: Vec<Network>,
    /// Value of `Content-Security-Policy`.
    pub(crate) framing: HeaderValue,
}

impl App {
    /// Begins with all counters at zero and all places free.
    pub(crate) fn new(
        intake: Intake,
        directory: PathBuf,
        signers: KnownSigners,
        public: PathBuf,
        shared: Option<Arc<Shared>>,
        options: &Options,
        stopping: watch::Receiver<()>,
    ) -> Self {
        let limits = options.limits.clone();
        let batches = Share {
            times: 1,
            part: limits.batches_part.max(1),
        };
        Self {
            intake,
            metrics: Metrics::new(),
            rate: limits.rate.map(RateLimit::new),
            batches: Slots::shared(limits.batches, batches),
            standings: Standings::default(),
            limits,
            directory,
            signers: Arc::new(signers),
            public,
            shared,
            stopping,
            proxies: options.proxies.clone(),
            framing: framing(&options.embedders),
        }
    }

    /// Returns whether the server was asked to stop, or the log takes no more entries.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.has_changed().is_err()
    }

    /// Returns the public files of the log, in its directory or its bucket.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(crate) fn source(&self) -> Result<Box<dyn Source + Send>, glasslog_client::Error> {
        Ok(match &self.shared {
            Some(shared) => Box::new(shared.public.clone()),
            None => Box::new(Directory::open(&self.public)?),
        })
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

    /// Returns the client to which a request's limits apply: the peer of the connection or, if that is a configured
    /// proxy, the client that the proxy names.
    pub(crate) fn client<B>(&self, request: &Request<B>) -> Client {
        Client::of_request(request, &self.proxies)
    }
}

impl Host for App {
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

/// Returns the policy that says which pages may show this server's pages in a frame.
fn framing(embedders: &[PageOrigin]) -> HeaderValue {
    let sources: Vec<String> = match embedders {
        [] => vec!["'none'".to_owned()],
        some => some.iter().map(PageOrigin::to_string).collect(),
    };
    let policy = format!("frame-ancestors {}", sources.join(" "));
    // Origins consist of characters that a header may have.
    HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("frame-ancestors 'none'"))
}
