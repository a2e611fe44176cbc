//! The HTTP client and runtime of every request that this crate makes.

use core::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, ClientBuilder, Url};
use tokio::runtime::Runtime;

use crate::error::{Error, NO_TLS, Peer};

/// A server that does not accept a connection within this time counts as unreachable.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer silence on an open connection is a time-out.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Static hosts redirect once or twice (http to https is another scheme, and refused).
pub(crate) const MAX_REDIRECTS: usize = 4;

/// Builds the client that reads logs and submits entries.
///
/// # Errors
/// The system has no usable certificate store.
pub(crate) fn client() -> Result<Client, Error> {
    build(
        builder().redirect(Policy::custom(|attempt| match refusal(&attempt) {
            Some(problem) => {
                let target = attempt.url().clone();
                attempt.error(RefusedRedirect { problem, target })
            }
            None => attempt.follow(),
        })),
    )
}

/// Builds the client that asks witnesses: it follows no redirect, whose answer would be another server's.
///
/// # Errors
/// As [`client`].
pub(crate) fn witness_client() -> Result<Client, Error> {
    build(builder().redirect(Policy::none()))
}

fn builder() -> ClientBuilder {
    // Fails only if a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("glasslog/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .referer(false)
}

fn build(builder: ClientBuilder) -> Result<Client, Error> {
    builder.build().map_err(|error| Error::Runtime {
        problem: innermost(&error),
    })
}

/// Builds the runtime.
///
/// # Errors
/// The system refuses threads or file descriptors.
pub(crate) fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Error::Runtime {
            problem: error.to_string(),
        })
}

/// The proxies that the environment names, chosen as the HTTP client chooses them.
#[derive(Debug)]
pub(crate) struct Proxies(Matcher);

impl Proxies {
    pub(crate) fn of_environment() -> Self {
        Self(Matcher::from_system())
    }

    /// Returns the address with the proxy through which the client asks it.
    pub(crate) fn peer(&self, url: &Url) -> Peer {
        let found = url.as_str().parse().ok();
        let found = found.and_then(|uri| self.0.intercept(&uri));
        Peer {
            address: url.to_string(),
            proxy: found.map(|proxy| proxy.uri().to_string().trim_end_matches('/').to_owned()),
        }
    }
}

/// A redirect that the client does not follow.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct RefusedRedirect {
    problem: &'static str,
    target: Url,
}

impl RefusedRedirect {
    /// Finds it among the causes of an error.
    fn of<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        let causes = core::iter::successors(Some(error), |cause| cause.source());
        causes.filter_map(|cause| cause.downcast_ref()).last()
    }
}

/// Describes a redirect that the client did not follow. `path` is the part of the address below the log's or server's own.
pub(crate) fn refused_redirect(peer: Peer, path: &str, error: &reqwest::Error) -> Error {
    let refused = RefusedRedirect::of(error);
    let target = refused.map_or_else(String::new, |refused| refused.target.to_string());
    Error::Redirect {
        peer,
        problem: refused.map_or("redirect refused", |refused| refused.problem),
        instead: refused
            .filter(|refused| refused.problem != TOO_MANY)
            .and_then(|_| Some(target.strip_suffix(path)?.to_owned())),
        target,
    }
}

/// The problem of a redirect to `https:`, `file:` and the like.
pub(crate) const OTHER_SCHEME: &str = "redirect to another scheme refused";
/// The problem of a redirect that follows too many others.
const TOO_MANY: &str = "too many redirects";

fn refusal(attempt: &Attempt<'_>) -> Option<&'static str> {
    let from = attempt.previous().last()?;
    let to = attempt.url();
    if from.scheme() != to.scheme() {
        Some(OTHER_SCHEME)
    } else if from.host() != to.host() || from.port_or_known_default() != to.port_or_known_default()
    {
        Some("redirect to another host refused")
    } else if attempt.previous().len() > MAX_REDIRECTS {
        Some(TOO_MANY)
    } else {
        None
    }
}

/// Returns the last cause of a chain of errors, which is the part that helps.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let problem = cause.to_string();
    // The TLS library's words for an answer that is no TLS at all.
    match problem.contains("InvalidContentType") {
        true => NO_TLS.into(),
        false => problem,
    }
}
