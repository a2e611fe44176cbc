//! A log over HTTP: several files in flight, retries, limits, and no redirects to another host.

use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use glasslog_core::fetch::LogFile;
use glasslog_core::text::limits::{MAX_BUNDLE_BYTES, MAX_IN_FLIGHT};
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::address::parse_address;
use super::cache::Cache;
use super::pace::Pace;
use super::source::{Answer, Fetches, Source, limit_bytes};
use crate::error::{Error, Peer, StatusReason};
use crate::http_client::{OTHER_SCHEME, Proxies, client, innermost, refused_redirect, runtime};

/// Most time for one small file: a server that sends it byte by byte is cut off.
const FILE_TIMEOUT: Duration = Duration::from_secs(20);
/// Most time for one entry bundle: the largest (16 MiB) at 280 kB/s.
const BUNDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Tries for one file, including the first: 1.75 s of waiting in all, longer only if the server asks for it.
const TRIES: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Longest `Retry-After` that the client waits for.
const MAX_WAIT: Duration = Duration::from_secs(15);
/// No new try after this time for one file.
const MAX_TRYING: Duration = Duration::from_secs(25);
/// Requests in flight without TLS, each on its own connection: as many as browsers use. Small servers drop connections
/// beyond a handful, and every dropped one costs a second.
const CONNECTIONS: usize = 6;
/// Requests in flight with TLS, as most servers take them on one connection.
const STREAMS: usize = MAX_IN_FLIGHT;
/// Missing files whose answers are kept for a message; the first ones tell enough.
const MAX_ABSENCES: usize = 8;

/// A log at an `http(s)://` address.
#[derive(Debug)]
pub struct Http {
    base: Url,
    client: Client,
    proxies: Proxies,
    runtime: Runtime,
    cache: Option<Cache>,
    /// The server's answers for files that it does not have.
    absences: Mutex<Vec<Error>>,
    /// One for each request that may be in flight.
    connections: Semaphore,
    /// The limit on requests to each host, if there is one.
    pace: Option<Arc<Pace>>,
}

/// Outcome of one try.
enum Try {
    Got(Vec<u8>),
    Missing(Error),
    Again(Error, Option<Duration>),
    Final(Error),
}

impl Http {
    /// Prepares to read the log at `address`; opens no connection yet.
    ///
    /// # Errors
    /// The address is malformed, or contains credentials, a query or a fragment.
    pub fn open(address: &str) -> Result<Self, Error> {
        let base = parse_address(address)?;
        let cache = Cache::of(base.as_str());
        Self::new(base, cache)
    }

    /// As [`open`](Self::open), without files that are remembered: for a reader that keeps every file itself.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_uncached(address: &str) -> Result<Self, Error> {
        Self::new(parse_address(address)?, None)
    }

    fn new(base: Url, cache: Option<Cache>) -> Result<Self, Error> {
        let connections = match base.scheme() {
            "https" => STREAMS,
            _ => CONNECTIONS,
        };
        Ok(Self {
            base,
            client: client()?,
            proxies: Proxies::of_environment(),
            runtime: runtime()?,
            cache,
            absences: Mutex::default(),
            connections: Semaphore::new(connections),
            pace: None,
        })
    }

    /// Keeps to a limit on requests, which other sources may share.
    #[must_use]
    pub fn paced(self, pace: Arc<Pace>) -> Self {
        Self {
            pace: Some(pace),
            ..self
        }
    }

    /// Fetches one file; `None` if the server says that it is missing (404, 410), or may mean that (403) of a file that a
    /// log need not have.
    async fn fetch(&self, path: &str) -> Answer {
        if let Some(bytes) = self.cache.as_ref().and_then(|cache| cache.get(path)) {
            return Ok(Some(bytes));
        }
        let url = self.base.join(path).map_err(|error| Error::Path {
            path: path.to_owned(),
            problem: error.to_string(),
        })?;
        let started = Instant::now();
        let mut wait = FIRST_WAIT;
        for tried in 1.. {
            let (error, asked) = match self.try_once(url.clone(), path).await {
                Try::Got(bytes) => {
                    if let Some(cache) = &self.cache {
                        cache.put(path, &bytes);
                    }
                    return Ok(Some(bytes));
                }
                Try::Missing(answer) => {
                    self.keep_absence(answer);
                    return Ok(None);
                }
                Try::Final(error) => return Err(error),
                Try::Again(error, asked) => (error, asked),
            };
            if tried == TRIES || started.elapsed() > MAX_TRYING {
                return Err(error);
            }
            tokio::time::sleep(asked.unwrap_or(wait).min(MAX_WAIT)).await;
            wait *= 2;
        }
        Ok(None)
    }

    async fn try_once(&self, url: Url, path: &str) -> Try {
        let patience = if limit_bytes(path) == MAX_BUNDLE_BYTES {
            BUNDLE_TIMEOUT
        } else {
            FILE_TIMEOUT
        };
        let peer = self.proxies.peer(&url);
        // The semaphore is never closed.
        let _permit = self.connections.acquire().await;
        if let Some(pace) = &self.pace {
            pace.wait(&url).await;
        }
        let response = match self.client.get(url).timeout(patience).send().await {
            Ok(response) => response,
            Err(error) => return failed(peer, path, &error),
        };
        let status = response.status();
        let location = response.headers().get(LOCATION);
        match status {
            StatusCode::OK => match body(response, limit_bytes(path)).await {
                Ok(bytes) => Try::Got(bytes),
                Err(error) => failed(peer, path, &error),
            },
            StatusCode::NOT_FOUND | StatusCode::GONE => Try::Missing(refused(peer, status)),
            StatusCode::FORBIDDEN if is_optional(path) => Try::Missing(refused(peer, status)),
            // The HTTP library hands on a redirect out of HTTP (`file:`, `ftp:`) instead of following it.
            _ if status.is_redirection() && location.is_some() => Try::Final(Error::Redirect {
                peer,
                problem: OTHER_SCHEME,
                target: location.map_or_else(String::new, |target| {
                    String::from_utf8_lossy(target.as_bytes()).into_owned()
                }),
                instead: None,
            }),
            _ if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                Try::Again(refused(peer, status), retry_after(response.headers()))
            }
            _ => Try::Final(refused(peer, status)),
        }
    }

    fn keep_absence(&self, answer: Error) {
        let mut absences = self.absences.lock().unwrap_or_else(PoisonError::into_inner);
        if absences.len() < MAX_ABSENCES && !absences.contains(&answer) {
            absences.push(answer);
        }
    }
}

/// Returns true for a file that a good log need not have, so that 403 means what 404 means: a bucket that may not be listed
/// answers so for every missing file.
fn is_optional(path: &str) -> bool {
    LogFile::parse(path).is_some_and(|file| file.is_optional())
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

fn failed(peer: Peer, path: &str, error: &reqwest::Error) -> Try {
    let problem = innermost(error);
    if error.is_redirect() {
        Try::Final(refused_redirect(peer, path, error))
    } else if error.is_connect() {
        Try::Again(Error::Unreachable { peer, problem }, None)
    } else if error.is_timeout() {
        // A server that was silent for so long will be silent again.
        Try::Final(Error::Timeout { peer })
    } else {
        let problem = format!("the answer broke off: {problem}");
        Try::Again(Error::Network { peer, problem }, None)
    }
}

fn refused(peer: Peer, status: StatusCode) -> Error {
    let reason = match status {
        StatusCode::FORBIDDEN => StatusReason::Forbidden,
        _ => StatusReason::Itself,
    };
    Error::Status {
        peer,
        status: status.to_string(),
        reason,
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

impl Source for Http {
    fn read(&self, path: &str) -> Answer {
        self.runtime.block_on(self.fetch(path))
    }

    fn fetches(&self) -> Box<dyn Fetches + '_> {
        Box::new(InFlight {
            http: self,
            flying: FuturesOrdered::new(),
        })
    }

    fn forget_remembered(&self) -> bool {
        self.cache.as_ref().is_some_and(Cache::forget_used)
    }

    fn take_absences(&self) -> Vec<Error> {
        let mut absences = self.absences.lock().unwrap_or_else(PoisonError::into_inner);
        core::mem::take(&mut absences)
    }
}

/// One request, with its path.
type Fetch<'a> = Pin<Box<dyn Future<Output = (String, Answer)> + 'a>>;

/// Requests that are under way together; they make progress while one is waited for.
struct InFlight<'a> {
    http: &'a Http,
    flying: FuturesOrdered<Fetch<'a>>,
}

impl Fetches for InFlight<'_> {
    fn ask(&mut self, path: String) {
        let http = self.http;
        self.flying.push_back(Box::pin(async move {
            let answer = http.fetch(&path).await;
            (path, answer)
        }));
    }

    fn next(&mut self) -> Option<(String, Answer)> {
        self.http.runtime.block_on(self.flying.next())
    }
}

#[cfg(test)]
mod tests;
