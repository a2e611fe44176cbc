//! A witness as callers use it: bound to its addresses, then run until it is asked to stop.

use super::add_checkpoint::Front;
use super::app::WitnessApp;
use super::book::Logs;
use super::metrics::Metrics;
use super::{monitoring, status};
use crate::error::ServeError;
use crate::http::connections;
use crate::http::descriptors;
use crate::http::rate::RateLimit;
use crate::http::slots::Slots;
use crate::limits::{ADMIN_CONNECTIONS, MAX_WITNESS_BYTES, WITNESS_REFUSALS, WITNESS_SHARE};
use crate::options::Options;
use crate::server::listen;
use axum::Router;
use glasslog_core::note::VerifierKey;
use glasslog_core::witness::{KnownLogs, WitnessKey};
use glasslog_log::witness::{Committer, Evidence, Reader, Restored, Signers, State, StateError};
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The parts of a witness.
#[derive(Debug)]
pub struct Witnessing {
    /// Its open state.
    pub state: State,
    /// Its keys and its clock.
    pub signers: Signers,
    /// The folder for evidence of forks.
    pub evidence: Evidence,
    /// The operator's statement about the state.
    pub restored: Restored,
    /// The logs that it cosigns.
    pub logs: KnownLogs,
}

/// A witness that is ready to be served.
#[derive(Debug)]
pub struct WitnessServer {
    options: Options,
    listener: TcpListener,
    address: SocketAddr,
    admin: Option<(TcpListener, SocketAddr)>,
    logs: Logs,
    own: Vec<VerifierKey>,
    reader: Reader,
    evidence: Evidence,
    metrics: Arc<Metrics>,
    committer: Committer,
    running: JoinHandle<Result<(), StateError>>,
}

impl WitnessServer {
    /// Listens on `address`, and on the address for metrics if the options have one.
    ///
    /// # Errors
    /// An address is taken, or the state cannot be read.
    pub async fn bind(
        witness: Witnessing,
        address: SocketAddr,
        mut options: Options,
    ) -> Result<Self, ServeError> {
        let (listener, address) = listen(address)?;
        let admin = options.admin.map(listen).transpose()?;
        options.limits.connections = descriptors::connections(options.limits.connections);
        let reader = witness.state.reader();
        let logs = Logs::new(witness.logs, reader.origins()?);
        let keys = witness.signers.keys.iter().map(WitnessKey::verifier);
        let own = keys.cloned().collect();
        let metrics = Arc::new(Metrics::new());
        let (committer, running) = Committer::start(
            witness.state,
            witness.signers,
            witness.evidence.clone(),
            witness.restored,
            Box::new(Arc::clone(&metrics)),
        )
        .map_err(|error| ServeError::Thread {
            message: error.to_string(),
        })?;
        Ok(Self {
            options,
            listener,
            address,
            admin,
            logs,
            own,
            reader,
            evidence: witness.evidence,
            metrics,
            committer,
            running,
        })
    }

    /// Returns the address on which the witness listens, with the port that was chosen if 0 was requested.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of the metrics, if it is a separate one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|(_, address)| *address)
    }

    /// Returns the logs, which the caller may replace while the witness runs.
    pub fn logs(&self) -> Logs {
        self.logs.clone()
    }

    /// Serves until `stop` is ready, then answers the requests under way.
    ///
    /// # Errors
    /// The state cannot be written any more, and the process should end.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let (stopper, stopping) = watch::channel(());
        let stopped = self.committer.clone();
        let limits = self.options.limits;
        let app = Arc::new(WitnessApp {
            logs: self.logs,
            own: self.own,
            reader: self.reader,
            evidence: self.evidence,
            metrics: self.metrics,
            rate: limits.rate.map(RateLimit::new),
            refusals: RateLimit::new(WITNESS_REFUSALS),
            room: Slots::shared(MAX_WITNESS_BYTES, WITNESS_SHARE),
            committing: RwLock::new(Some(self.committer)),
            proxies: self.options.proxies,
            limits,
            stopping,
        });
        tracing::info!(address = %self.address, logs = app.logs.book().len(), "serving a witness");
        let ended = async {
            tokio::select! {
                () = stop => tracing::info!("asked to stop"),
                () = stopped.ended() => tracing::error!("the state cannot be written any more"),
            }
            // No value is ever sent: the end of the channel is the signal.
            drop((stopper, stopped));
        };
        let probes = status::probes(Arc::clone(&app));
        let metrics = status::metrics(Arc::clone(&app));
        let public = monitoring::routes(Arc::clone(&app)).merge(probes.clone());
        let (public, private) = match self.admin {
            Some((listener, _)) => (public, Some((listener, metrics.merge(probes)))),
            None => (public.merge(metrics), None),
        };
        let limits = &app.limits;
        let slots = Slots::new(limits.connections, limits.connections_of_client);
        let serving = serve(self.listener, public, &app, slots);
        let private = async {
            if let Some((listener, routes)) = private {
                // Scrapers have connections of their own, so that many clients cannot shut them out.
                let slots = Slots::new(ADMIN_CONNECTIONS, ADMIN_CONNECTIONS);
                serve(listener, routes, &app, slots).await;
            }
        };
        tokio::join!(ended, serving, private);
        app.stop();
        drop(app);
        let running = self.running;
        let joined = tokio::task::spawn_blocking(move || running.join()).await;
        match joined {
            Ok(Ok(ended)) => Ok(ended?),
            _ => Err(ServeError::Thread {
                message: "the thread that decides ended by itself".into(),
            }),
        }
    }
}

async fn serve(listener: TcpListener, routes: Router, app: &Arc<WitnessApp>, slots: Arc<Slots>) {
    let front = Front::new(Arc::clone(app), routes);
    connections::serve(listener, front, Arc::clone(app), slots).await;
}
