//! The HTTP client and runtime of every request that this crate makes.

use core::time::Duration;

use reqwest::Client;
use reqwest::redirect::{Attempt, Policy};
use tokio::runtime::Runtime;

use crate::error::Error;

/// A server that does not accept a connection within this time counts as unreachable.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer silence on an open connection is a time-out.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Static hosts redirect once or twice (http to https is another scheme, and refused).
pub(crate) const MAX_REDIRECTS: usize = 4;

/// Builds the client.
///
/// # Errors
/// The system has no usable certificate store.
pub(crate) fn client() -> Result<Client, Error> {
    // Fails only if a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("glasslog/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(Policy::custom(|attempt| match refusal(&attempt) {
            Some(reason) => attempt.error(reason),
            None => attempt.follow(),
        }))
        .referer(false)
        .build()
        .map_err(|error| Error::Network {
            context: String::new(),
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

/// Returns the last cause of a chain of errors, which is the part that helps.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
