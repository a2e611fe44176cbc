//! HTTP faces of a Glasslog log: submission and the static tree.
//!
//! | request | answer |
//! |---|---|
//! | `POST /add` | body one entry; its decimal index once it is in a published checkpoint (`?ack=durable`: once it is durable; `?answer=proof`: its proof) |
//! | `POST /batch` | one entry a line; one line of JSON for each, in order, while the body still comes: `{"index":N,"leafHash":"…"}` or `{"error":{"code":"…","message":"…","status":422}}` |
//! | `GET`, `HEAD` | the files of `public/`; `/` leads to `portal/` when it is there |
//! | `GET /healthz`, `/readyz`, `/metrics`, `/openapi.json` | for operators and their machines |
//!
//! A refusal is `{"error":{"code":"…","message":"…","status":422}}` with 400 (malformed), 403 (key or actor not entitled), 408 (too
//! slow), 409 (conflicts with an earlier entry), 413 (too large), 422 (bad signature), 429 (too often) or 503 with `Retry-After` (busy).
//!
//! The log takes whatever waits, makes it durable with one sync and publishes it ([`glasslog_log::sequencer`]): an idle log
//! answers at once, a busy one in ever larger groups. What waits is bounded; beyond that the answer is 503, and a batch is
//! read no further.
//!
//! Of several servers of one log in a bucket, one sequences; the others stand in: they serve the public files, pass
//! submissions on to the one, and take over when its lease ends.
//!
//! # Scope
//! No TLS and no authentication beyond the signatures in the entries: a reverse proxy's work.

mod app;
mod files;
mod http;
mod leadership;
mod limits;
mod options;
mod status;
mod submission;

pub use leadership::role::is_address;
pub use options::{Limits, Options, Rate};

use app::App;
use axum::Router;
use axum::middleware::from_fn_with_state;
use glasslog_log::object_store::Candidate;
use glasslog_log::sequencer::Sequencer;
use glasslog_log::{Log, LogError};
use http::front::Front;
use http::slots::Slots;
use http::{connections, descriptors};
use leadership::forward;
use leadership::role::{Role, Shared};
use leadership::term::Terms;
use limits::BACKLOG;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use submission::intake::{self, Intake};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

/// Why the server ended, other than being asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's words.
        message: String,
    },
    /// The client that asks other servers cannot be made.
    Client {
        /// Why.
        message: String,
    },
    /// The log cannot be written any more.
    Log(LogError),
}

impl ServeError {
    /// A stable name for this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "cannot-listen",
            Self::Client { .. } => "cannot-forward",
            Self::Log(error) => error.code(),
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, message } => write!(f, "cannot listen on {address}: {message}"),
            Self::Client { message } => write!(f, "cannot reach other servers: {message}"),
            Self::Log(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for ServeError {}

/// A log that is ready to be served.
#[derive(Debug)]
pub struct Server {
    source: Source,
    options: Options,
    listener: TcpListener,
    address: SocketAddr,
    admin: Option<(TcpListener, SocketAddr)>,
}

impl Server {
    /// Listens on `address`, and on nothing else, and says so in the log's lock.
    ///
    /// # Errors
    /// When the address is taken or the lock cannot be written.
    pub async fn bind(log: Log, address: SocketAddr) -> Result<Self, ServeError> {
        Self::bind_with(log, address, Options::default()).await
    }

    /// As [`bind`](Self::bind), with options: also on the address for metrics, if there is one.
    ///
    /// The limit on open files is raised as far as the operating system allows; where that is not enough for the
    /// connections asked for, fewer are taken, so that the log can always open its files.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub async fn bind_with(
        log: Log,
        address: SocketAddr,
        options: Options,
    ) -> Result<Self, ServeError> {
        let mut server = Self::listen(Source::Log(Box::new(log)), address, options).await?;
        let url = server.url();
        if let Source::Log(log) = &mut server.source {
            log.announce(&url).map_err(ServeError::Log)?;
        }
        Ok(server)
    }

    /// As [`bind_with`](Self::bind_with), for a log in a bucket, whose keys and configuration are in the directory `path`:
    /// the server sequences while it has the lease, and stands in for another server while that has it.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn bind_shared(
        candidate: Candidate,
        path: PathBuf,
        address: SocketAddr,
        options: Options,
    ) -> Result<Self, ServeError> {
        let source = Source::Shared(Box::new(candidate), path);
        let mut server = Self::listen(source, address, options).await?;
        let url = server.url();
        if let Source::Shared(candidate, _) = &mut server.source {
            candidate.announce(url);
        }
        Ok(server)
    }

    async fn listen(
        source: Source,
        address: SocketAddr,
        mut options: Options,
    ) -> Result<Self, ServeError> {
        let (listener, address) = listen(address)?;
        let admin = match options.admin {
            Some(admin) => Some(listen(admin)?),
            None => None,
        };
        let wanted = options.limits.connections;
        options.limits.connections = descriptors::connections(wanted);
        if options.limits.connections < wanted {
            let allowed = options.limits.connections;
            tracing::warn!(
                wanted,
                allowed,
                "the limit on open files allows fewer connections"
            );
        }
        Ok(Self {
            source,
            options,
            listener,
            address,
            admin,
        })
    }

    /// Where this server is reached.
    fn url(&self) -> String {
        let own = || format!("http://{}", self.address);
        self.options.url.clone().unwrap_or_else(own)
    }

    /// The address that is listened on, with the port that was chosen when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address where metrics are shown, if that is another one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|(_, address)| *address)
    }

    /// Serves until `stop` is ready, then answers what was accepted, publishes what is staged and gives the log back.
    ///
    /// # Errors
    /// When the log cannot be written any more: nothing further is accepted, and the process should end.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let url = self.url();
        let face = Face {
            options: self.options,
            listener: self.listener,
            admin: self.admin.map(|(listener, _)| listener),
        };
        match self.source {
            Source::Log(log) => face.run_alone(*log, stop).await,
            Source::Shared(candidate, path) => face.run_shared(*candidate, path, url, stop).await,
        }
    }
}

/// What is served.
#[derive(Debug)]
enum Source {
    /// A log that this process alone writes.
    Log(Box<Log>),
    /// A log in a bucket, and the directory with its keys.
    Shared(Box<Candidate>, PathBuf),
}

/// Where it is served, and how.
struct Face {
    options: Options,
    listener: TcpListener,
    admin: Option<TcpListener>,
}

impl Face {
    async fn run_alone(
        self,
        log: Log,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let public = log.public_directory();
        // Whatever becomes of the working directory.
        let public = public.canonicalize().unwrap_or(public);
        let (sequencer, mut running) = Sequencer::start(log, intake::LIMITS);
        let (stopper, stopping) = watch::channel(());
        if let Ok(address) = self.listener.local_addr() {
            tracing::info!(%address, public = %public.display(), "serving");
        }
        let app = Arc::new(App::new(
            Intake::new(Some(sequencer)),
            public,
            None,
            &self.options,
            stopping,
        ));
        let ended = async {
            tokio::select! {
                () = stop => tracing::info!("asked to stop"),
                () = running.ended() => tracing::error!("the log takes no more entries"),
            }
            // Nothing is ever sent: the channel's end is the message.
            drop(stopper);
        };
        tokio::join!(ended, faces(app, self.listener, self.admin));
        tokio::task::spawn_blocking(|| running.join())
            .await
            .unwrap_or(Err(LogError::STOPPED))
            .map_err(ServeError::Log)
    }

    async fn run_shared(
        self,
        candidate: Candidate,
        path: PathBuf,
        url: String,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let source = candidate.source();
        let (stopper, stopping) = watch::channel(());
        if let Ok(address) = self.listener.local_addr() {
            tracing::info!(%address, url, public = source.location(), "serving");
        }
        let (role, played) = watch::channel(Role::StandIn(None));
        let shared = Arc::new(Shared {
            public: source,
            role: played,
            client: forward::client().map_err(|error| ServeError::Client {
                message: error.to_string(),
            })?,
        });
        let app = Arc::new(App::new(
            Intake::new(None),
            PathBuf::new(),
            Some(shared),
            &self.options,
            stopping,
        ));
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
            // Nothing is ever sent: the channel's end is the message.
            drop(stopper);
            ended
        };
        let faces = faces(Arc::clone(&app), self.listener, self.admin);
        let (ended, ()) = tokio::join!(terms, faces);
        match ended? {
            Some(term) => term.end(&app).await,
            None => Ok(()),
        }
    }
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |error: std::io::Error| ServeError::Listen {
        address,
        message: error.to_string(),
    };
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    };
    let socket = socket.map_err(failed)?;
    // A server that is started again gets its port back, whatever connections of the last one linger.
    socket.set_reuseaddr(true).map_err(failed)?;
    socket.bind(address).map_err(failed)?;
    let listener = socket.listen(BACKLOG).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Connections to the address for metrics.
const ADMIN_CONNECTIONS: usize = 32;

/// Serves both addresses until the server is asked to stop.
async fn faces(app: Arc<App>, listener: TcpListener, admin: Option<TcpListener>) {
    let mut submission = submission::routes(Arc::clone(&app));
    if let Some(shared) = &app.shared {
        let state = (Arc::clone(&app), Arc::clone(shared));
        submission = submission.route_layer(from_fn_with_state(state, forward::unless_leading));
    }
    let public = Router::new()
        .merge(submission)
        .merge(status::health(Arc::clone(&app)))
        .merge(status::description())
        .fallback_service(files::routes(Arc::clone(&app)));
    let measures = status::measures(Arc::clone(&app));
    let (public, private) = match &admin {
        Some(_) => (public, measures.merge(status::health(Arc::clone(&app)))),
        None => (public.merge(measures), Router::new()),
    };
    let private = async {
        if let Some(listener) = admin {
            // A few scrapers and probes, which a flood of the other address does not shut out.
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
