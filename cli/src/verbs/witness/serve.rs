//! `witness serve`: cosigns the checkpoints of many logs over HTTP.

use core::time::Duration;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use glasslog_core::note::VerifierKey;
use glasslog_core::text::limits::MAX_LOG_LIST;
use glasslog_core::witness::{KnownLogs, KnownLogsError, LogList, WitnessKey};
use glasslog_log::Network;
use glasslog_log::witness::{
    Evidence, FileMark, Restored, Signers, State, StateError, mark_beside,
};
use glasslog_server::{Logs, Options, ServeError, WitnessServer, Witnessing};
use tokio::signal::unix::{Signal, SignalKind};

use super::witness_key;
use crate::args::{loopback, parse_listen, parse_timeout, rate, read_trust_policy};
use crate::clock::now;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input;
use crate::output::{Console, LogFormat, LogLevel, begin_logging};
use crate::server_process::{self, Ending, announce, listen_for};

/// Cosigns the checkpoints of many logs over HTTP.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
POST /add-checkpoint cosigns (c2sp.org/tlog-witness), GET /HASH/checkpoint shows the newest cosigned checkpoint of a log to
monitors; GET also serves /healthz, /readyz and /metrics. SIGHUP reads the lists of logs again. There is no TLS: strangers should
come through a reverse proxy (docs/operating.md).

Examples:
  glasslog witness serve --listen 127.0.0.1:8081 --state w1.db --key w1.key --policy trust.policy
  glasslog witness serve --listen 127.0.0.1:8081 --state w1.db --key w1.key --logs logs.list --generation /var/lib/other/w1")]
pub(crate) struct Args {
    /// Address and port to listen on, such as `127.0.0.1:8081`, `localhost:8081`, or `:8081` for every IPv4 address
    #[arg(long, value_name = "ADDR", value_parser = parse_listen)]
    listen: SocketAddr,

    /// Database of the witness; made if it is missing
    #[arg(long, value_name = "DB")]
    state: PathBuf,

    /// File that says how new the state must be; best on a disk that is not backed up with the state
    /// [default: the path of the state with `.generation` after it]
    #[arg(long, value_name = "FILE")]
    generation: Option<PathBuf>,

    /// State that the state may be older than it was, and that the risk of cosigning two versions of a log is taken
    #[arg(long)]
    accept_restored: bool,

    /// Witness key, as `keygen --kind witness` writes it; each given key cosigns
    #[arg(long, value_name = "SPEC", required = true)]
    key: Vec<String>,

    /// Trust policy whose logs are cosigned
    #[arg(long, value_name = "FILE", required_unless_present = "logs")]
    policy: Vec<PathBuf>,

    /// List of logs that are cosigned, in the format `logs/v0` of the public witness network
    #[arg(long, value_name = "FILE")]
    logs: Vec<PathBuf>,

    /// Show metrics on this address and not on the other; health is shown on both
    #[arg(long, value_name = "ADDR", value_parser = parse_listen)]
    admin_listen: Option<SocketAddr>,

    /// Take the address of a client of a reverse proxy on this machine from the last entry of X-Forwarded-For
    #[arg(long)]
    behind_proxy: bool,

    /// Do the same for reverse proxies at this address or in this network
    #[arg(long, value_name = "NETWORK")]
    proxy: Vec<Network>,

    /// Requests a second that one client may make [default: no limit]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    rate_limit: Option<NonZeroU32>,

    /// Requests that one client may make at once after a pause [default: those of ten seconds]
    #[arg(
        long,
        value_name = "N",
        requires = "rate_limit",
        help_heading = "Limits"
    )]
    rate_burst: Option<NonZeroU32>,

    /// Most open connections [default: 4096]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    max_connections: Option<NonZeroUsize>,

    /// Most open connections of one client [default: 64]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    max_client_connections: Option<NonZeroUsize>,

    /// Longest time that a client may take for a request's head [default: 15s], and for a body or reading an answer
    /// [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout, help_heading = "Limits")]
    client_timeout: Option<Duration>,

    /// Form of the server's own log on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT", help_heading = "Logging")]
    log_format: LogFormat,

    /// Lowest level of the server's own log
    #[arg(long, value_enum, default_value_t = LogLevel::Info, value_name = "LEVEL", help_heading = "Logging")]
    log_level: LogLevel,
}

impl Args {
    /// Runs until it is interrupted or terminated.
    ///
    /// # Errors
    /// A list of logs is malformed, the state cannot be used or is older than it was, the address is taken, or the disk fails.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        begin_logging(self.log_format, self.log_level);
        let keys: Result<Vec<WitnessKey>, Failure> =
            self.key.iter().map(|spec| witness_key(spec)).collect();
        let keys = keys?;
        let sources = Sources {
            policies: self.policy.clone(),
            lists: self.logs.clone(),
            own: keys.iter().map(|key| key.verifier().clone()).collect(),
        };
        let logs = sources.read()?;
        let (state, restored) = self.open(&keys)?;
        for key in &keys {
            console.note(format_args!("cosigns as {}", key.verifier()));
        }
        let witness = Witnessing {
            state,
            signers: Signers {
                keys,
                clock: Box::new(now),
            },
            evidence: Evidence::beside(&self.state),
            restored,
            logs,
        };
        server_process::run(async {
            let ending = Ending::listen()?;
            let hangup = listen_for(SignalKind::hangup())?;
            let options = self.options();
            let server = WitnessServer::bind(witness, self.listen, options).await;
            let server = server.map_err(ended)?;
            announce(console, server.address(), server.admin_address());
            let logs = server.logs();
            let stop = async move {
                tokio::select! {
                    () = ending.signalled() => {}
                    () = reread(hangup, sources, logs) => {}
                }
            };
            server.run(stop).await.map_err(ended)?;
            console.note("all answered cosignatures are durable; stopped");
            Ok(Exit::Done)
        })
    }

    fn open(&self, keys: &[WitnessKey]) -> Result<(State, Restored), Failure> {
        check_database(&self.state)?;
        let beside = || mark_beside(&self.state);
        let mark = FileMark::new(self.generation.clone().unwrap_or_else(beside));
        let restored = match self.accept_restored {
            true => Restored::Accepted,
            false => Restored::Refused,
        };
        let state = State::open(&self.state, Box::new(mark), keys, restored);
        Ok((state.map_err(|error| refuse(&error))?, restored))
    }

    fn options(&self) -> Options {
        let mut options = Options::default();
        options.admin = self.admin_listen;
        options.proxies.extend(&self.proxy);
        if self.behind_proxy {
            options.proxies.extend(loopback());
        }
        let limits = &mut options.limits;
        limits.connections = self
            .max_connections
            .map_or(limits.connections, NonZeroUsize::get);
        limits.connections_of_client = self
            .max_client_connections
            .map_or(limits.connections_of_client, NonZeroUsize::get);
        limits.rate = rate(self.rate_limit, self.rate_burst);
        if let Some(timeout) = self.client_timeout {
            limits.wait_for_clients(timeout);
        }
        options
    }
}

/// The files that name the logs, and the keys that none of them may have.
struct Sources {
    policies: Vec<PathBuf>,
    lists: Vec<PathBuf>,
    own: Vec<VerifierKey>,
}

impl Sources {
    /// Reads all files.
    ///
    /// # Errors
    /// A file cannot be read (exit 1), or is malformed (exit 8).
    fn read(&self) -> Result<KnownLogs, Failure> {
        let mut all = KnownLogs::default();
        let mut add = |path: &Path, logs: KnownLogs| {
            let own: Vec<&VerifierKey> = self.own.iter().collect();
            let checked = logs.refuse_own(&own).and_then(|()| all.extend(logs));
            checked.map_err(|error| not_among(path, &error))
        };
        for path in &self.policies {
            let policy = read_trust_policy(path)?;
            let logs = KnownLogs::of_policy(&policy);
            add(path, logs.map_err(|error| not_among(path, &error))?)?;
        }
        for path in &self.lists {
            let bytes = input::read_as(path, MAX_LOG_LIST, FileKind::LogList)?;
            let list = LogList::parse(&bytes).map_err(|error| {
                let message = format!("`{}`: {error}", path.display());
                Failure::new(Exit::Malformed, error.code(), message)
            })?;
            for skipped in &list.skipped {
                let list = path.display();
                tracing::warn!(%list, line = skipped.line, reason = %skipped.error, "a log is not cosigned: its key cannot be used");
            }
            add(path, list.logs)?;
        }
        Ok(all)
    }
}

fn not_among(path: &Path, error: &KnownLogsError) -> Failure {
    let message = format!("`{}`: {error}", path.display());
    Failure::new(Exit::Malformed, error.code(), message)
}

/// Reads the lists again at each SIGHUP, for ever. A list that cannot be read changes nothing.
async fn reread(mut hangup: Signal, sources: Sources, logs: Logs) {
    while hangup.recv().await.is_some() {
        match sources.read() {
            Ok(read) => {
                tracing::info!(logs = read.len(), "the lists of logs were read again");
                logs.replace(read);
            }
            Err(failure) => {
                logs.not_replaced();
                tracing::error!(
                    code = failure.code,
                    problem = failure.message,
                    "the lists of logs stay as they were"
                );
            }
        }
    }
}

/// Refuses a file that is no database, before it is opened as one.
fn check_database(path: &Path) -> Result<(), Failure> {
    let wanted = FileKind::WitnessDatabase;
    match FileKind::at(path) {
        Some(found) if found == wanted => Ok(()),
        Some(found) => Err(found.instead_of(wanted, path)),
        None if path.is_file() => {
            let message = format!("`{}` is not {}", path.display(), wanted.words());
            Err(Failure::new(Exit::Malformed, "wrong-file", message)
                .hint("name the database of this witness; a file that is missing is made"))
        }
        // A new one, or what only opening tells.
        None => Ok(()),
    }
}

fn refuse(error: &StateError) -> Failure {
    let exit = match error {
        StateError::Restored { .. }
        | StateError::NoMark { .. }
        | StateError::OtherState { .. }
        | StateError::Suspended { .. } => Exit::Undecided,
        StateError::Damaged { .. } => Exit::Malformed,
        _ => Exit::Unfinished,
    };
    let failure = Failure::new(exit, error.code(), error.to_string());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn ended(error: ServeError) -> Failure {
    match error {
        ServeError::Witness(error) => refuse(&error),
        other => server_process::ended(&other),
    }
}
