//! `serve`: the public tree and the submission API over HTTP.

use core::time::Duration;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use glasslog_log::directory::Disk;
use glasslog_log::object_store::Candidate;
use glasslog_log::{Config, Layout, Log, Network, PageOrigin, Serving};
use glasslog_server::{Options, ServeError, Server};

use crate::args::{loopback, parse_listen, parse_timeout, rate};
use crate::destination::open_log;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, LogFormat, LogLevel, begin_logging};
use crate::server_process::{self, Ending, announce};
use crate::source;

/// Serves the public tree and accepts events over HTTP.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
POST /add and POST /batch take entries; GET serves the public tree, /healthz, /readyz, /metrics and /openapi.json.
There is no TLS: strangers should come through a reverse proxy (docs/operating.md).

Examples:
  glasslog serve my.log --listen 127.0.0.1:8080
  glasslog serve my.log --listen 127.0.0.1:8080 --admin-listen 127.0.0.1:9090 --log-format json
  glasslog serve my.log --listen 127.0.0.1:8080 --behind-proxy --rate-limit 50 --rate-burst 500
  curl --data-binary @event.json 'http://127.0.0.1:8080/add?answer=proof'")]
pub(crate) struct Args {
    /// Log directory
    pub(crate) log: PathBuf,

    /// Address and port to listen on, such as `127.0.0.1:8080`, `localhost:8080`, or `:8080` for every IPv4 address
    #[arg(long, value_name = "ADDR", value_parser = parse_listen)]
    pub(crate) listen: SocketAddr,

    /// Address at which others reach this server, if it differs from the one that it listens on: another process that
    /// tries to write the log is told it, and other servers of the same bucket forward entries to it
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    url: Option<String>,

    /// Show metrics on this address and not on the other; health is shown on both
    #[arg(long, value_name = "ADDR", value_parser = parse_listen)]
    admin_listen: Option<SocketAddr>,

    /// Take the address of a client of a reverse proxy on this machine from the last entry of X-Forwarded-For
    #[arg(long)]
    behind_proxy: bool,

    /// Do the same for reverse proxies at this address or in this network, beside those of `glasslog.toml`
    #[arg(long, value_name = "NETWORK")]
    proxy: Vec<Network>,

    /// Web origin whose pages may show the portal in a frame, beside those of `glasslog.toml`
    #[arg(long, value_name = "ORIGIN")]
    embedder: Vec<PageOrigin>,

    /// Entries a second that one client may submit [default: no limit]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    rate_limit: Option<NonZeroU32>,

    /// Entries that one client may submit at once after a pause [default: those of ten seconds]
    #[arg(
        long,
        value_name = "N",
        requires = "rate_limit",
        help_heading = "Limits"
    )]
    rate_burst: Option<NonZeroU32>,

    /// Most open connections [default: 4096, or the number in `glasslog.toml`]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    max_connections: Option<NonZeroUsize>,

    /// Most open connections of one client [default: 64, or the number in `glasslog.toml`]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    max_client_connections: Option<NonZeroUsize>,

    /// Longest time that a client may take for a request's head [default: 15s], and for a body, a line of a batch or
    /// reading an answer [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout, help_heading = "Limits")]
    client_timeout: Option<Duration>,

    /// Form of the server's own log on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT", help_heading = "Logging")]
    log_format: LogFormat,

    /// Lowest level of the server's own log; `debug` has a line for each request
    #[arg(long, value_enum, default_value_t = LogLevel::Info, value_name = "LEVEL", help_heading = "Logging")]
    log_level: LogLevel,
}

impl Args {
    /// Runs until it is interrupted or terminated.
    ///
    /// # Errors
    /// The directory is not a log, another process writes to it, the address is taken, or the disk fails.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        begin_logging(self.log_format, self.log_level);
        let (source, serving) = Source::open(&self.log)?;
        server_process::run(async {
            let ending = Ending::listen()?;
            let options = self.options(serving);
            let bound = match source {
                Source::Log(log) => Server::bind_with(*log, self.listen, options).await,
                Source::Bucket(candidate) => {
                    let path = self.log.clone();
                    Server::bind_shared(*candidate, path, self.listen, options).await
                }
            };
            let server = bound.map_err(ended)?;
            announce(console, server.address(), server.admin_address());
            server.run(ending.signalled()).await.map_err(ended)?;
            console.note("all accepted entries are published; stopped");
            Ok(Exit::Done)
        })
    }

    fn options(&self, serving: Serving) -> Options {
        let mut options = Options::default();
        options.admin = self.admin_listen;
        options.proxies = serving.proxies;
        options.proxies.extend(&self.proxy);
        if self.behind_proxy {
            options.proxies.extend(loopback());
        }
        options.embedders = serving.embedders;
        options.embedders.extend(self.embedder.iter().cloned());
        options.url = self.url.clone();
        let limits = &mut options.limits;
        let most = |flag: Option<NonZeroUsize>, setting: Option<NonZeroUsize>, default: usize| {
            flag.or(setting).map_or(default, NonZeroUsize::get)
        };
        limits.connections = most(
            self.max_connections,
            serving.max_connections,
            limits.connections,
        );
        limits.connections_of_client = most(
            self.max_client_connections,
            serving.max_client_connections,
            limits.connections_of_client,
        );
        limits.rate = rate(self.rate_limit, self.rate_burst);
        if let Some(timeout) = self.client_timeout {
            limits.wait_for_clients(timeout);
        }
        options
    }
}

/// The log to serve.
enum Source {
    Log(Box<Log>),
    Bucket(Box<Candidate>),
}

impl Source {
    /// Opens the log in a directory, and reads what its configuration says about serving; a log in a bucket is opened
    /// when this process becomes its writer.
    fn open(path: &Path) -> Result<(Self, Serving), Failure> {
        let layout = Layout::new(source::directory(path)?);
        let config = Config::read(&Disk::new(), &layout)?;
        let source = match config.store {
            None => Self::Log(Box::new(open_log(path)?)),
            Some(store) => {
                let candidate = Candidate::new(&store, &layout.config(), None);
                Self::Bucket(Box::new(candidate?))
            }
        };
        Ok((source, config.serve))
    }
}

/// Reads the address at which others reach the server.
fn parse_url(text: &str) -> Result<String, String> {
    match glasslog_server::is_server_address(text) {
        true => Ok(text.to_owned()),
        false => {
            Err("expected `http://HOST:PORT` or `https://HOST/PATH` without credentials".into())
        }
    }
}

fn ended(error: ServeError) -> Failure {
    match error {
        ServeError::Log(error) => error.into(),
        other => server_process::ended(&other),
    }
}
