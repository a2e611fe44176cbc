//! Posts alerts to an address, signed by HMAC-SHA256 ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)).

use core::time::Duration;

use glasslog_core::merkle::sha256;
use glasslog_core::text::wire::hex_encode;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, Url};
use tokio::runtime::Runtime;

use super::alert::Alert;
use crate::error::{Error, Peer, StatusReason};
use crate::http_client::{Proxies, client, innermost, runtime};

/// Tries for one alert, including the first, and the first pause between two, which doubles.
const TRIES: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Most time for one try.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Header of the time and the signature.
const SIGNATURE: &str = "Glasslog-Signature";
/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// An address that takes alerts.
#[derive(Debug)]
pub struct Webhook {
    url: Url,
    key: Option<Vec<u8>>,
    client: Client,
    proxies: Proxies,
    runtime: Runtime,
}

impl Webhook {
    /// Prepares to post to `url`, with signatures by `key` if there is one.
    ///
    /// # Errors
    /// `url` is not an `http` or `https` address.
    pub fn new(url: &str, key: Option<Vec<u8>>) -> Result<Self, Error> {
        let refuse = |problem: &str| Error::Address {
            address: url.to_owned(),
            problem: problem.to_owned(),
            instead: None,
        };
        const EXPECTED: &str = "the address of a webhook begins with `http://` or `https://`";
        let url = Url::parse(url).map_err(|error| refuse(&format!("{EXPECTED} ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse(EXPECTED));
        }
        Ok(Self {
            url,
            key,
            client: client()?,
            proxies: Proxies::of_environment(),
            runtime: runtime()?,
        })
    }

    /// Posts an alert until it is taken (2xx). Server errors, 429 and lost connections are tried again.
    ///
    /// # Errors
    /// The last failure.
    pub fn post(&self, alert: &Alert, now: u64) -> Result<(), Error> {
        self.runtime.block_on(async {
            let mut wait = FIRST_WAIT;
            for _ in 1..TRIES {
                match self.try_once(alert, now).await {
                    Err((_, true)) => tokio::time::sleep(wait).await,
                    done => return done.map_err(|(error, _)| error),
                }
                wait *= 2;
            }
            let last = self.try_once(alert, now).await;
            last.map_err(|(error, _)| error)
        })
    }

    /// Posts once; the error says whether another try may succeed.
    async fn try_once(&self, alert: &Alert, now: u64) -> Result<(), (Error, bool)> {
        let peer = || self.proxies.peer(&self.url);
        let body = alert.to_json();
        let mut request = self
            .client
            .post(self.url.clone())
            .timeout(TIMEOUT)
            .header(CONTENT_TYPE, "application/json")
            .body(body.clone());
        if let Some(key) = &self.key {
            request = request.header(SIGNATURE, signature(key, now, &body));
        }
        let answer = request.send().await.map_err(|error| {
            let problem = innermost(&error);
            (
                Error::Network {
                    peer: peer(),
                    problem,
                },
                true,
            )
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let again = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        let error = Error::Status {
            peer: Peer { ..peer() },
            status: status.to_string(),
            reason: StatusReason::Itself,
        };
        Err((error, again))
    }
}

/// Returns `t=SECONDS,v1=HEX`: the HMAC of the decimal time, a full stop and the body.
fn signature(key: &[u8], now: u64, body: &str) -> String {
    let mac = hmac(key, format!("{now}.{body}").as_bytes());
    format!("t={now},v1={}", hex_encode(&mac))
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let short = match key.len() > BLOCK {
        true => sha256(key).as_bytes().to_vec(),
        false => key.to_vec(),
    };
    let padded = |pad: u8| {
        let bytes = short.iter().copied().chain(core::iter::repeat(0));
        bytes
            .take(BLOCK)
            .map(|byte| byte ^ pad)
            .collect::<Vec<u8>>()
    };
    let inner = sha256(&[padded(0x36), message.to_vec()].concat());
    *sha256(&[padded(0x5c), inner.as_bytes().to_vec()].concat()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test cases 2 and 6 of [RFC 4231](https://www.rfc-editor.org/rfc/rfc4231#section-4).
    #[test]
    fn the_signature_is_hmac() {
        for (key, message, mac) in [
            (
                b"Jefe".to_vec(),
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 131],
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex_encode(&hmac(&key, message.as_bytes())), mac);
        }
    }
}
