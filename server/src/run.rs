//! Runs a server: starts the log's sequencer or the terms of leadership, serves the routes, and ends them in order.

use crate::app::App;
use crate::error::ServeError;
use crate::http::connections;
use crate::http::front::Front;
use crate::http::slots::Slots;
use crate::leadership::forward;
use crate::leadership::role::{Role, Shared};
use crate::leadership::term::Terms;
use crate::limits::ADMIN_CONNECTIONS;
use crate::options::Options;
use crate::submission::intake::{Intake, Sequenced};
use crate::{files, status, submission};
use axum::Router;
use axum::middleware::from_fn_with_state;
use glasslog_log::index::Background;
use glasslog_log::object_store::Candidate;
use glasslog_log::{KnownSigners, Log, LogError};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The addresses of a server, and its options.
pub(crate) struct Listeners {
    pub(crate) options: Options,
    pub(crate) public: TcpListener,
    pub(crate) admin: Option<TcpListener>,
}

impl Listeners {
    /// Serves a log in a directory until `stop` is ready.
    ///
    /// # Errors
    /// The log cannot be written any more.
    pub(crate) async fn run_directory(
        self,
        log: Log,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let public = log.public_directory();
        // Absolute paths stay right if the working directory changes. The public folder may be a link to elsewhere: the
        // log's own folder is the one that holds the link.
        let resolved = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let directory = resolved(public.parent().unwrap_or(&public));
        let public = resolved(&public);
        let signers = KnownSigners::of(&directory)?;
        let (sequenced, mut running, index) =
            Sequenced::start(log, |tell| Background::start(&directory, tell));
        let (stopper, stopping) = watch::channel(());
        if let Ok(address) = self.public.local_addr() {
            tracing::info!(%address, public = %public.display(), "serving");
        }
        let intake = Intake::new(Some(sequenced));
        let app = App::new(
            intake,
            directory,
            signers,
            public,
            None,
            &self.options,
            stopping,
        );
        let ended = async {
            tokio::select! {
                () = stop => tracing::info!("asked to stop"),
                () = running.ended() => tracing::error!("the log takes no more entries"),
            }
            // No value is ever sent: the end of the channel is the signal.
            drop(stopper);
        };
        tokio::join!(ended, serve(Arc::new(app), self.public, self.admin));
        let end = || {
            let ended = running.join();
            index.stop();
            ended
        };
        tokio::task::spawn_blocking(end)
            .await
            .unwrap_or(Err(LogError::STOPPED))
            .map_err(ServeError::Log)
    }

    /// Serves a log in a bucket until `stop` is ready, as its leader or as a stand-in.
    ///
    /// # Errors
    /// The log cannot be written although this server has the lease.
    pub(crate) async fn run_bucket(
        self,
        candidate: Candidate,
        path: PathBuf,
        url: String,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let source = candidate.source();
        let (stopper, stopping) = watch::channel(());
        if let Ok(address) = self.public.local_addr() {
            tracing::info!(%address, url, public = source.location(), "serving");
        }
        let (role, role_changes) = watch::channel(Role::StandIn(None));
        let shared = Arc::new(Shared {
            public: source,
            role: role_changes,
            client: forward::client().map_err(|error| ServeError::Client {
                message: error.to_string(),
            })?,
        });
        let intake = Intake::new(None);
        let app = App::new(
            intake,
            path.clone(),
            KnownSigners::of(&path)?,
            PathBuf::new(),
            Some(shared),
            &self.options,
            stopping,
        );
        let app = Arc::new(app);
        let terms = Terms {
            app: Arc::clone(&app),
            path,
            candidate,
            url,
            role,
        };
        let terms = async {
            let ended = terms.run(pin!(stop)).await;
            match &ended {
                Ok(_) => tracing::info!("asked to stop"),
                Err(error) => tracing::error!(%error, "the log takes no more entries"),
            }
            // No value is ever sent: the end of the channel is the signal.
            drop(stopper);
            ended
        };
        let serving = serve(Arc::clone(&app), self.public, self.admin);
        let (ended, ()) = tokio::join!(terms, serving);
        match ended? {
            Some(term) => term.end(&app).await,
            None => Ok(()),
        }
    }
}

/// Serves both addresses until the server is asked to stop.
async fn serve(app: Arc<App>, listener: TcpListener, admin: Option<TcpListener>) {
    let (public, private) = routes(&app, admin.is_some());
    let private = async {
        if let Some(listener) = admin {
            // Scrapers and probes have connections of their own, so that many clients cannot shut them out.
            let slots = Slots::new(ADMIN_CONNECTIONS, ADMIN_CONNECTIONS);
            let front = Front::new(Arc::clone(&app), private);
            connections::serve(listener, front, Arc::clone(&app), slots).await;
        }
    };
    let slots = Slots::new(app.limits.connections, app.limits.connections_of_client);
    let front = Front::for_submissions(Arc::clone(&app), public);
    tokio::join!(
        connections::serve(listener, front, Arc::clone(&app), slots),
        private
    );
}

/// Returns the routes of the public address and of the address for metrics; without the latter, the public address
/// serves the metrics too.
fn routes(app: &Arc<App>, has_admin: bool) -> (Router, Router) {
    let mut submission = submission::routes(Arc::clone(app));
    if let Some(shared) = &app.shared {
        let state = (Arc::clone(app), Arc::clone(shared));
        submission = submission.route_layer(from_fn_with_state(state, forward::unless_leading));
    }
    let public = Router::new()
        .merge(submission)
        .merge(status::probes(Arc::clone(app)))
        .merge(status::description())
        .fallback_service(files::routes(Arc::clone(app)));
    let metrics = status::metrics_route(Arc::clone(app));
    match has_admin {
        true => (public, metrics.merge(status::probes(Arc::clone(app)))),
        false => (public.merge(metrics), Router::new()),
    }
}
