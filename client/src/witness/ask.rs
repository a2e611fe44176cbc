//! One request to one witness, and a second one if the witness cosigned another size than expected.

use core::time::Duration;
use std::net::IpAddr;
use std::sync::Arc;

use glasslog_core::merkle::ConsistencyProof;
use glasslog_core::note::{Checkpoint, Signature, VerifierKey};
use glasslog_core::text::limits::{MAX_SIZE_ANSWER, MAX_WITNESS_ANSWER};
use glasslog_core::witness::{ADD_CHECKPOINT_PATH, AddCheckpoint, Cosignatures, parse_size};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, StatusCode, Url};
use tokio::runtime::Runtime;
use tokio::time::{Instant, timeout_at};

use super::WitnessError;
use crate::error::{Error, Peer};
use crate::http_client::{Proxies, innermost, runtime, witness_client};
use crate::source::parse_address;

/// Makes the proof that the checkpoint extends the tree of a smaller size.
pub type Prove = dyn Fn(u64) -> Result<ConsistencyProof, String> + Send + Sync;

/// The connections to witnesses, and the runtime that drives them; clones share both.
#[derive(Clone, Debug)]
pub struct Caller {
    client: Client,
    runtime: Arc<OwnRuntime>,
}

/// A runtime that may be dropped anywhere, also within another one.
#[derive(Debug)]
struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Caller {
    /// Prepares connections; opens none yet.
    ///
    /// # Errors
    /// The system has no usable certificate store, or refuses file descriptors.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            client: witness_client()?,
            runtime: Arc::new(OwnRuntime(Some(runtime()?))),
        })
    }

    /// Runs a future that asks witnesses. Blocks; must not be called within a runtime.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let OwnRuntime(runtime) = &*self.runtime;
        let runtime = runtime.as_ref();
        runtime
            .expect("the runtime is taken out only when the last clone is dropped")
            .block_on(future)
    }
}

/// A witness that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    key: VerifierKey,
    /// Address of `add-checkpoint`.
    url: Url,
}

/// A cosignature by the key of the witness, verified over the checkpoint that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The signature line.
    pub line: Signature,
    /// Its time, in seconds since the epoch.
    pub time: u64,
}

/// The outcome of asking a witness.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Requests that were sent.
    pub requests: u32,
    /// The cosignature.
    pub outcome: Result<Cosigned, WitnessError>,
}

impl Witness {
    /// Describes the witness with this key at this address, its submission prefix.
    ///
    /// # Errors
    /// The address is malformed, or contains a user name, a password, a query or a fragment.
    pub fn new(key: VerifierKey, address: &str) -> Result<Self, Error> {
        let base = parse_address(address)?;
        let refuse = |problem: String| Error::Address {
            address: address.to_owned(),
            problem,
            instead: None,
        };
        if !matches!(base.scheme(), "http" | "https") {
            return Err(refuse(format!("its scheme is `{}`", base.scheme())));
        }
        let url = base.join(ADD_CHECKPOINT_PATH);
        let url = url.map_err(|error| refuse(error.to_string()))?;
        Ok(Self { key, url })
    }

    /// Returns the key of the witness.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Returns the address that is asked: that of one server, which may have several keys.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.as_str()
    }

    /// Tells whether the witness is on this machine or in a private network, by its address alone.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.url.host_str().is_some_and(is_own_host)
    }

    /// Asks for a cosignature on `checkpoint`, which the witness must give within `limit`. `old` is the size that it
    /// cosigned last, as far as the caller knows; if the witness names a size of its own, the proof begins there.
    ///
    /// A size beyond the checkpoint's is never believed.
    pub async fn ask(
        &self,
        caller: &Caller,
        checkpoint: &Checkpoint,
        old: u64,
        prove: &Prove,
        limit: Duration,
    ) -> Asked {
        let deadline = Instant::now() + limit;
        let mut requests = 0;
        let outcome = self
            .exchange(caller, checkpoint, old, prove, deadline, &mut requests)
            .await;
        Asked { requests, outcome }
    }

    async fn exchange(
        &self,
        caller: &Caller,
        checkpoint: &Checkpoint,
        old: u64,
        prove: &Prove,
        deadline: Instant,
        requests: &mut u32,
    ) -> Result<Cosigned, WitnessError> {
        let size = checkpoint.head().size;
        // A memory from another life of the log is not a reason to send nonsense.
        let mut old = old.min(size);
        loop {
            let request = request(checkpoint, old, prove)?;
            *requests += 1;
            match self.post(caller, &request, deadline).await? {
                Answer::Cosignatures(lines) => {
                    let (line, time) = lines.by(checkpoint, &self.key)?;
                    return Ok(Cosigned { line, time });
                }
                Answer::Size(claimed) if claimed > size => {
                    return Err(WitnessError::Ahead { claimed, size });
                }
                Answer::Size(claimed) if claimed == old || *requests > 1 => {
                    return Err(WitnessError::Wavering { old, claimed });
                }
                Answer::Size(claimed) => old = claimed,
                Answer::Inconsistent => return Err(WitnessError::Inconsistent { old }),
            }
        }
    }

    async fn post(
        &self,
        caller: &Caller,
        request: &AddCheckpoint,
        deadline: Instant,
    ) -> Result<Answer, WitnessError> {
        let answer = timeout_at(deadline, self.post_unbounded(caller, request)).await;
        answer.unwrap_or_else(|_| Err(Error::Timeout { peer: self.peer() }.into()))
    }

    async fn post_unbounded(
        &self,
        caller: &Caller,
        request: &AddCheckpoint,
    ) -> Result<Answer, WitnessError> {
        let sent = caller.client.post(self.url.clone()).body(request.encode());
        let mut response = sent.send().await.map_err(|error| self.network(&error))?;
        let status = response.status();
        let most = match status {
            StatusCode::OK => MAX_WITNESS_ANSWER,
            StatusCode::CONFLICT => MAX_SIZE_ANSWER,
            StatusCode::UNPROCESSABLE_ENTITY => return Ok(Answer::Inconsistent),
            _ => return Err(refusal(&response)),
        };
        // One byte more shows that the answer is too long.
        let mut body = Vec::new();
        while body.len() <= most {
            match response
                .chunk()
                .await
                .map_err(|error| self.network(&error))?
            {
                Some(chunk) => body.extend(chunk.iter().take(most + 1 - body.len())),
                None => break,
            }
        }
        Ok(match status {
            StatusCode::OK => Answer::Cosignatures(Cosignatures::parse(&body)?),
            _ => Answer::Size(parse_size(&body)?),
        })
    }

    fn network(&self, error: &reqwest::Error) -> WitnessError {
        let (peer, problem) = (self.peer(), innermost(error));
        let error = if error.is_timeout() {
            Error::Timeout { peer }
        } else if error.is_connect() {
            Error::Unreachable { peer, problem }
        } else {
            Error::Network { peer, problem }
        };
        error.into()
    }

    /// Names the witness with the proxy before it.
    fn peer(&self) -> Peer {
        Proxies::of_environment().peer(&self.url)
    }
}

/// An answer about the checkpoint.
enum Answer {
    /// 200.
    Cosignatures(Cosignatures),
    /// 409, with the size that the witness cosigned last.
    Size(u64),
    /// 422.
    Inconsistent,
}

fn request(
    checkpoint: &Checkpoint,
    old: u64,
    prove: &Prove,
) -> Result<AddCheckpoint, WitnessError> {
    let no_proof = |problem: String| WitnessError::Proof { old, problem };
    let proof = match old == 0 || old == checkpoint.head().size {
        true => ConsistencyProof::from_hashes(Vec::new()).map_err(|error| error.to_string()),
        false => prove(old),
    };
    let proof = proof.map_err(no_proof)?;
    let request = AddCheckpoint::new(old, proof, checkpoint.clone());
    request.map_err(|error| no_proof(error.to_string()))
}

/// Describes an answer that is neither a cosignature nor a size.
fn refusal(response: &reqwest::Response) -> WitnessError {
    let status = response.status();
    let seconds = response.headers().get(RETRY_AFTER);
    let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
    match status {
        StatusCode::NOT_FOUND => WitnessError::UnknownLog,
        StatusCode::FORBIDDEN => WitnessError::Untrusted,
        StatusCode::BAD_REQUEST => WitnessError::Malformed,
        _ if status.is_redirection() => WitnessError::Redirect,
        _ if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
            WitnessError::Busy {
                status: status.to_string(),
                pause: seconds.map(Duration::from_secs),
            }
        }
        _ => WitnessError::Status {
            status: status.to_string(),
        },
    }
}

/// Tells whether a host is this machine or in a private network, by its name or address alone: `localhost`, a loopback,
/// private or link-local address. No name is resolved, so an unknown name counts as public.
#[must_use]
pub fn is_own_host(host: &str) -> bool {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match inner.unwrap_or(host).parse::<IpAddr>() {
        Ok(address) => match address.to_canonical() {
            IpAddr::V4(address) => {
                address.is_loopback() || address.is_private() || address.is_link_local()
            }
            IpAddr::V6(address) => {
                address.is_loopback()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            }
        },
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_hosts_are_told_by_their_names() {
        for (host, is_own) in [
            ("localhost", true),
            ("w1.localhost", true),
            ("127.0.0.1", true),
            ("127.3.2.1", true),
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("192.168.7.7", true),
            ("169.254.1.1", true),
            ("[::1]", true),
            ("[fd00::1]", true),
            ("[fe80::1]", true),
            ("[::ffff:10.0.0.1]", true),
            ("172.32.0.1", false),
            ("203.0.113.7", false),
            ("[2001:db8::1]", false),
            ("witness.example", false),
            ("localhost.example", false),
            ("10.0.0.1.example", false),
        ] {
            assert_eq!(is_own_host(host), is_own, "{host}");
        }
    }
}
