//! A log over HTTP: several files in flight, retries, limits, and no way out to another host.
use core::time::Duration;
use std::time::Instant;

use glasslog_core::text::limits::{MAX_BUNDLE_BYTES, MAX_IN_FLIGHT};
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::cache::Cache;
use super::limit;
use crate::failure::Failure;

/// A server that does not accept within this time is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Silence on an open connection for longer is a time-out.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Most time for one small file; drip-feeding ends here.
const FILE_TIMEOUT: Duration = Duration::from_secs(20);
/// Most time for one entry bundle: the largest (16 MiB) at 280 kB/s.
const BUNDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Tries for one file, the first included: 1.75 s of waiting in all, longer only when the server asks for it.
const TRIES: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Longest wait that a `Retry-After` is followed for.
const MAX_WAIT: Duration = Duration::from_secs(15);
/// No new try after this time for one file.
const MAX_TRYING: Duration = Duration::from_secs(25);
/// Requests in flight without TLS, each on its own connection: what browsers allow themselves. Small servers drop
/// connections beyond a handful, and every one that is dropped costs a second.
const CONNECTIONS: usize = 6;
/// Requests in flight with TLS, where most servers take them on one connection.
const STREAMS: usize = MAX_IN_FLIGHT;
/// Static hosts redirect once or twice (http to https is another scheme, and refused).
const MAX_REDIRECTS: usize = 4;

/// An `http(s)://` log.
#[derive(Debug)]
pub(crate) struct Remote {
    base: Url,
    client: Client,
    runtime: Runtime,
    cache: Option<Cache>,
    /// One for each request that may be in flight.
    connections: Semaphore,
}

/// What one try came to.
enum Try {
    Got(Vec<u8>),
    Missing,
    Again(Failure, Option<Duration>),
    Final(Failure),
}

impl Remote {
    /// Prepares to read the log at `address`; opens no connection yet.
    ///
    /// # Errors
    /// An address that is malformed, or carries what does not belong there.
    pub(crate) fn open(address: &str) -> Result<Self, Failure> {
        let base = parse_address(address)?;
        let cache = Cache::of(base.as_str());
        Self::new(base, cache)
    }

    fn new(base: Url, cache: Option<Cache>) -> Result<Self, Failure> {
        let connections = match base.scheme() {
            "https" => STREAMS,
            _ => CONNECTIONS,
        };
        Ok(Self {
            base,
            client: client()?,
            runtime: runtime()?,
            cache,
            connections: Semaphore::new(connections),
        })
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Whether remembered files were used since the last [`Self::forget_cached`].
    pub(crate) fn used_cache(&self) -> bool {
        self.cache.as_ref().is_some_and(Cache::was_used)
    }

    /// Forgets the remembered files that were used, and uses none from here on.
    pub(crate) fn forget_cached(&mut self) {
        if let Some(cache) = self.cache.take() {
            cache.forget_used();
        }
    }

    /// Fetches one file, or says that it is missing (404, 410).
    ///
    /// # Errors
    /// Whatever the network does, after some tries.
    pub(crate) async fn fetch(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(bytes) = self.cache.as_ref().and_then(|cache| cache.get(path)) {
            return Ok(Some(bytes));
        }
        let url = self
            .base
            .join(path)
            .map_err(|error| Failure::unfinished("address", format!("`{path}`: {error}")))?;
        let started = Instant::now();
        let mut wait = FIRST_WAIT;
        for tried in 1.. {
            let (failure, asked) = match self.try_once(url.clone(), path).await {
                Try::Got(bytes) => {
                    if let Some(cache) = &self.cache {
                        cache.put(path, &bytes);
                    }
                    return Ok(Some(bytes));
                }
                Try::Missing => return Ok(None),
                Try::Final(failure) => return Err(failure),
                Try::Again(failure, asked) => (failure, asked),
            };
            if tried == TRIES || started.elapsed() > MAX_TRYING {
                return Err(failure);
            }
            tokio::time::sleep(asked.unwrap_or(wait).min(MAX_WAIT)).await;
            wait *= 2;
        }
        Ok(None)
    }

    async fn try_once(&self, url: Url, path: &str) -> Try {
        let patience = if limit(path) == MAX_BUNDLE_BYTES {
            BUNDLE_TIMEOUT
        } else {
            FILE_TIMEOUT
        };
        // The semaphore is never closed.
        let _permit = self.connections.acquire().await;
        let response = match self.client.get(url).timeout(patience).send().await {
            Ok(response) => response,
            Err(error) => return failed(path, &error),
        };
        let status = response.status();
        match status {
            StatusCode::OK => match body(response, limit(path)).await {
                Ok(bytes) => Try::Got(bytes),
                Err(error) => failed(path, &error),
            },
            StatusCode::NOT_FOUND | StatusCode::GONE => Try::Missing,
            // A redirect out of HTTP (`file:`, `ftp:`) is handed on instead of being followed.
            _ if status.is_redirection() && response.headers().contains_key(LOCATION) => {
                Try::Final(Failure::unfinished(
                    "redirect",
                    format!("`{path}`: redirect to another scheme refused"),
                ))
            }
            StatusCode::TOO_MANY_REQUESTS => Try::Again(
                status_failure(path, status),
                retry_after(response.headers()),
            ),
            _ if status.is_server_error() => Try::Again(
                status_failure(path, status),
                retry_after(response.headers()),
            ),
            _ => Try::Final(status_failure(path, status)),
        }
    }
}

/// Reads at most one byte more than `most`, counted after decompression.
async fn body(mut response: Response, most: usize) -> reqwest::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = (most + 1).saturating_sub(bytes.len());
        bytes.extend(chunk.iter().take(room));
        if bytes.len() > most {
            break;
        }
    }
    Ok(bytes)
}

/// The client of every request that this program makes.
///
/// # Errors
/// The system has no usable certificate store.
pub(crate) fn client() -> Result<Client, Failure> {
    // Fails only when a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("glasslog/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(Policy::custom(|attempt| match refusal(&attempt) {
            Some(why) => attempt.error(why),
            None => attempt.follow(),
        }))
        .referer(false)
        .build()
        .map_err(|error| Failure::unfinished("network", innermost(&error)))
}

/// The runtime of network requests.
///
/// # Errors
/// The system refuses threads or file descriptors.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Failure::unfinished("runtime", error.to_string()))
}

/// Reads a log's address: a base URL that ends in `/`.
///
/// # Errors
/// Exit 2 for what is no address, or holds a password, query or fragment.
pub(crate) fn parse_address(address: &str) -> Result<Url, Failure> {
    let refuse = |why: &str| Failure::usage(format!("`{address}` is not a log's address: {why}"));
    let mut url = Url::parse(address).map_err(|error| refuse(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::usage(
            "a log's address holds no user name or password",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it has a query or a fragment"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn refusal(attempt: &Attempt<'_>) -> Option<&'static str> {
    let from = attempt.previous().last()?;
    let to = attempt.url();
    if from.scheme() != to.scheme() {
        Some("redirect to another scheme refused")
    } else if from.host() != to.host() || from.port_or_known_default() != to.port_or_known_default()
    {
        Some("redirect to another host refused")
    } else if attempt.previous().len() > MAX_REDIRECTS {
        Some("too many redirects")
    } else {
        None
    }
}

fn failed(path: &str, error: &reqwest::Error) -> Try {
    let failure = |code, words: &str| {
        Failure::unfinished(code, format!("`{path}`: {words}: {}", innermost(error)))
    };
    if error.is_redirect() {
        Try::Final(Failure::unfinished(
            "redirect",
            format!("`{path}`: {}", innermost(error)),
        ))
    } else if error.is_connect() {
        Try::Again(failure("unreachable", "cannot connect"), None)
    } else if error.is_timeout() {
        // Whoever was silent for so long will be again.
        Try::Final(Failure::unfinished(
            "timeout",
            format!("`{path}`: the server did not answer in time"),
        ))
    } else {
        Try::Again(failure("network", "the answer broke off"), None)
    }
}

fn status_failure(path: &str, status: StatusCode) -> Failure {
    Failure::unfinished(
        "http-status",
        format!("`{path}`: the server answered {status}"),
    )
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The cause behind a chain of errors, which is the part that helps.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
