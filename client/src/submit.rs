//! Submits entries to a server: `POST /add` and `POST /batch`, tried again while the server is busy.

use core::time::Duration;
use std::thread;

use glasslog_core::merkle::{Hash, leaf_hash};
use glasslog_core::rules::RefusalClass;
use glasslog_core::text::wire::parse_decimal;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::error::{Error, StatusReason};
use crate::http_client::{Proxies, client, innermost, refused_redirect, runtime};
use crate::source::parse_address;

/// Longest time for a batch: 16 MiB over a slow line, and then a slow disk.
const TIMEOUT: Duration = Duration::from_secs(180);
/// Tries for one batch, including the first. An entry that arrived twice has one index, so trying again is safe.
const TRIES: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Longest `Retry-After` that the client waits for.
const MAX_WAIT: Duration = Duration::from_secs(15);
/// Most bytes of an answer: 1 KiB for each of 16,384 entries.
const MAX_ANSWER: usize = 16 << 20;

/// The moment at which a submission returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The entries survive a power loss.
    Durable,
    /// The entries are in a published checkpoint.
    Published,
}

/// The position of an entry in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its index.
    pub index: u64,
    /// Its leaf hash.
    pub leaf_hash: Hash,
}

/// An entry that was not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The stable code, as the log gives it.
    pub code: String,
    /// The reason, in words.
    pub message: String,
    /// The kind of refusal; `None` if the log could not take the entry just now, or gives a status that is not known.
    pub class: Option<RefusalClass>,
}

/// The outcome for each entry, in order.
pub type Outcome = Vec<Result<Receipt, Refused>>;

/// The answer of a server to a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The outcome for each entry.
    pub outcome: Outcome,
    /// The witnesses without whose cosignatures some of the entries are durable, and not public; `None` if the server did
    /// what it was asked for.
    pub unpublished: Option<Vec<Missing>>,
}

/// A witness that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its name in the policy of the log's operator.
    pub name: String,
    /// Time since when it is missing, in seconds since the epoch.
    pub since: u64,
}

/// A submission without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unanswered {
    /// The reason.
    pub error: Error,
    /// True if the server may have admitted the entries.
    pub may_be_admitted: bool,
}

/// A log behind `glasslog serve`.
pub struct Server {
    base: Url,
    client: Client,
    proxies: Proxies,
    runtime: Runtime,
}

enum Try {
    Got(StatusCode, Vec<u8>),
    Failed(Failed),
}

struct Failed {
    error: Error,
    /// True if the server may have admitted the entries.
    may_be_admitted: bool,
    is_last: bool,
    /// The pause that the server asks for.
    asked: Option<Duration>,
}

impl Failed {
    /// The entries may be admitted; another try shows it.
    fn unknown(error: Error) -> Self {
        Self {
            error,
            may_be_admitted: true,
            is_last: false,
            asked: None,
        }
    }

    fn not_admitted(self) -> Self {
        Self {
            may_be_admitted: false,
            ..self
        }
    }

    fn last(self) -> Self {
        Self {
            is_last: true,
            ..self
        }
    }
}

impl Server {
    /// Prepares to write to the log at `address`; opens no connection yet.
    ///
    /// # Errors
    /// The address is malformed, or contains credentials, a query or a fragment.
    pub fn open(address: &str) -> Result<Self, Error> {
        Ok(Self {
            base: parse_address(address)?,
            client: client()?,
            proxies: Proxies::of_environment(),
            runtime: runtime()?,
        })
    }

    /// Submits entries as one batch; the outer refusal is about the batch as a whole.
    ///
    /// # Errors
    /// [`Unanswered`]: the network fails after some tries, or the answer is not about these entries.
    pub fn submit(
        &self,
        entries: &[Vec<u8>],
        wait: Wait,
    ) -> Result<Result<Answered, Refused>, Unanswered> {
        let answered = |outcome| Answered {
            outcome,
            unpublished: None,
        };
        if entries.is_empty() {
            return Ok(Ok(answered(Vec::new())));
        }
        // A single entry goes to /add, whose body is the entry itself; a line cannot contain every byte.
        let single = entries.len() == 1;
        let mut url = self.base.clone();
        let verb = if single { "add" } else { "batch" };
        url.set_path(&format!("{}{verb}", self.base.path()));
        if wait == Wait::Durable {
            url.set_query(Some("ack=durable"));
        }
        let body: Vec<u8> = match entries {
            [entry] => entry.clone(),
            _ => entries
                .iter()
                .flat_map(|entry| [entry, &b"\n"[..]].concat())
                .collect(),
        };
        let answer = match self.post(&url, &body)? {
            Ok(answer) => answer,
            Err(refused) if single => return Ok(Ok(answered(vec![Err(refused)]))),
            Err(refused) => return Ok(Err(refused)),
        };
        let read = match (entries, answer) {
            ([entry], (StatusCode::OK, body)) => {
                add_answer(&body, entry).map(|receipt| answered(vec![Ok(receipt)]))
            }
            (_, (_, body)) => batch_answer(&body, entries),
        };
        match read {
            Some(answered) => Ok(Ok(answered)),
            None => Err(Unanswered {
                error: self.bad_answer(&url, "the answer does not match the request"),
                may_be_admitted: true,
            }),
        }
    }

    /// Posts until there is an answer; the inner error is the server's judgement of the request.
    fn post(
        &self,
        url: &Url,
        body: &[u8],
    ) -> Result<Result<(StatusCode, Vec<u8>), Refused>, Unanswered> {
        let mut wait = FIRST_WAIT;
        let mut tried = 0;
        let mut may_be_admitted = false;
        loop {
            tried += 1;
            let failed = match self.runtime.block_on(self.try_once(url, body)) {
                Ok(Try::Got(status, bytes)) => return Ok(Ok((status, bytes))),
                Ok(Try::Failed(failed)) => failed,
                Err(refused) => return Ok(Err(refused)),
            };
            may_be_admitted |= failed.may_be_admitted;
            if failed.is_last || tried == TRIES {
                let error = failed.error;
                return Err(Unanswered {
                    error,
                    may_be_admitted,
                });
            }
            thread::sleep(failed.asked.unwrap_or(wait).min(MAX_WAIT));
            wait *= 2;
        }
    }

    async fn try_once(&self, url: &Url, body: &[u8]) -> Result<Try, Refused> {
        let request = self
            .client
            .post(url.clone())
            .timeout(TIMEOUT)
            .body(body.to_vec());
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Ok(Try::Failed(self.network(url, &error))),
        };
        let status = response.status();
        let seconds = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() <= MAX_ANSWER => bytes.extend(chunk),
                Ok(Some(_)) => {
                    let error = self.bad_answer(url, "the answer is too long");
                    return Ok(Try::Failed(Failed::unknown(error).last()));
                }
                Ok(None) => break,
                Err(error) => return Ok(Try::Failed(self.network(url, &error))),
            }
        }
        let error = |reason| Error::Status {
            peer: self.proxies.peer(url),
            status: status.to_string(),
            reason,
        };
        let failed = match status {
            StatusCode::OK if is_cut_off(&bytes) => {
                let peer = self.proxies.peer(url);
                Failed::unknown(Error::CutOff { peer })
            }
            // 202: durable, not published yet.
            StatusCode::OK | StatusCode::ACCEPTED => return Ok(Try::Got(status, bytes)),
            StatusCode::TOO_MANY_REQUESTS => {
                Failed::unknown(error(StatusReason::Itself)).not_admitted()
            }
            _ if status.is_server_error() => Failed::unknown(error(StatusReason::Itself)),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Failed::unknown(error(StatusReason::TakesNoEntries))
                    .not_admitted()
                    .last()
            }
            _ => match refusal(&bytes, status) {
                Some(refused) => return Err(refused),
                None => {
                    // The log's server gives a reason with each refusal.
                    let reason = match status {
                        StatusCode::PAYLOAD_TOO_LARGE => StatusReason::ProxyLimit,
                        _ => StatusReason::Itself,
                    };
                    Failed::unknown(error(reason)).not_admitted().last()
                }
            },
        };
        let asked = seconds.map(Duration::from_secs);
        Ok(Try::Failed(Failed { asked, ..failed }))
    }

    fn bad_answer(&self, url: &Url, problem: &str) -> Error {
        Error::Answer {
            peer: self.proxies.peer(url),
            problem: problem.to_owned(),
        }
    }

    fn network(&self, url: &Url, error: &reqwest::Error) -> Failed {
        let peer = self.proxies.peer(url);
        let problem = innermost(error);
        if error.is_redirect() {
            let path = url.path().strip_prefix(self.base.path());
            let refused = refused_redirect(peer, path.unwrap_or_default(), error);
            Failed::unknown(refused).not_admitted().last()
        } else if error.is_connect() {
            Failed::unknown(Error::Unreachable { peer, problem }).not_admitted()
        } else {
            Failed::unknown(Error::Network { peer, problem })
        }
    }
}

/// Returns true if the answer to a batch ends with the line that the server is busy or stopping: the server did not look
/// at the remaining entries.
fn is_cut_off(body: &[u8]) -> bool {
    let last = body.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
    let status = |line| -> Option<u64> {
        let value: Value = serde_json::from_slice(line).ok()?;
        value.get("error")?.get("status")?.as_u64()
    };
    last.and_then(status) == Some(503)
}

/// Reads the server's reason for refusing a request.
fn refusal(body: &[u8], status: StatusCode) -> Option<Refused> {
    let value: Value = serde_json::from_slice(body).ok()?;
    parse_error(&value, Some(status.as_u16()))
}

fn parse_error(value: &Value, status: Option<u16>) -> Option<Refused> {
    let error = value.get("error")?;
    let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    let stated = error
        .get("status")
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok());
    Some(Refused {
        code: text("code")?,
        message: text("message")?,
        class: status.or(stated).and_then(class_of_status),
    })
}

/// The kind of refusal that an HTTP status stands for (`docs/formats/submission-api.md`).
fn class_of_status(status: u16) -> Option<RefusalClass> {
    match status {
        400 => Some(RefusalClass::Malformed),
        403 => Some(RefusalClass::Untrusted),
        409 => Some(RefusalClass::Conflict),
        413 => Some(RefusalClass::TooLarge),
        422 => Some(RefusalClass::Signature),
        _ => None,
    }
}

fn add_answer(body: &[u8], entry: &[u8]) -> Option<Receipt> {
    let index = parse_decimal(str::from_utf8(body).ok()?.trim_end())?;
    Some(Receipt {
        index,
        leaf_hash: leaf_hash(entry),
    })
}

/// Reads one line for each entry, with the leaf hash of that entry.
fn batch_answer(body: &[u8], entries: &[Vec<u8>]) -> Option<Answered> {
    let mut unpublished = None;
    let lines: Vec<&str> = str::from_utf8(body).ok()?.lines().collect();
    if lines.len() != entries.len() {
        return None;
    }
    lines
        .iter()
        .zip(entries)
        .map(|(line, entry)| {
            let value: Value = serde_json::from_str(line).ok()?;
            if let Some(refused) = parse_error(&value, None) {
                return Some(Err(refused));
            }
            let receipt = Receipt {
                index: value.get("index")?.as_u64()?,
                leaf_hash: Hash::parse_base64(value.get("leafHash")?.as_str()?)?,
            };
            if value.get("published").and_then(Value::as_bool) == Some(false) {
                unpublished = Some(missing(&value)?);
            }
            (receipt.leaf_hash == leaf_hash(entry)).then_some(Ok(receipt))
        })
        .collect::<Option<Outcome>>()
        .map(|outcome| Answered {
            outcome,
            unpublished,
        })
}

/// Reads the witnesses for which an entry waits.
fn missing(line: &Value) -> Option<Vec<Missing>> {
    let named = line.get("waitingFor")?.as_array()?.iter();
    let read = |named: &Value| {
        Some(Missing {
            name: named.get("name")?.as_str()?.to_owned(),
            since: named.get("since")?.as_u64()?,
        })
    };
    named.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }

    fn line(index: u64, entry: &str) -> String {
        format!(
            "{{\"index\":{index},\"leafHash\":\"{}\"}}\n",
            leaf_hash(entry.as_bytes())
        )
    }

    #[test]
    fn a_batch_is_answered_line_by_line() {
        let error = "{\"error\":{\"code\":\"c\",\"message\":\"m\",\"status\":422}}\n";
        let body = format!("{}{error}{}", line(4, "a"), line(5, "c"));
        let answered = batch_answer(body.as_bytes(), &entries(&["a", "b", "c"])).unwrap();
        let outcome = answered.outcome;
        assert_eq!(answered.unpublished, None);
        assert_eq!(outcome[0].as_ref().unwrap().index, 4);
        assert_eq!(
            outcome[1],
            Err(Refused {
                code: "c".into(),
                message: "m".into(),
                class: Some(RefusalClass::Signature)
            })
        );
        assert_eq!(outcome[2].as_ref().unwrap().index, 5);
    }

    #[test]
    fn an_entry_that_waits_for_witnesses_is_told_from_a_published_one() {
        let waits = |waiting: &str| {
            let line = line(4, "a");
            let line = line.trim_end().trim_end_matches('}');
            format!("{line},\"published\":false{waiting}}}\n")
        };
        let body = waits(",\"waitingFor\":[{\"name\":\"w2\",\"since\":70}]");
        let answered = batch_answer(body.as_bytes(), &entries(&["a"])).unwrap();
        assert_eq!(answered.outcome[0].as_ref().unwrap().index, 4);
        let missing = Missing {
            name: "w2".into(),
            since: 70,
        };
        assert_eq!(answered.unpublished, Some(vec![missing]));
        for waiting in [
            "",
            ",\"waitingFor\":7",
            ",\"waitingFor\":[{\"name\":1,\"since\":2}]",
        ] {
            let body = waits(waiting);
            assert_eq!(batch_answer(body.as_bytes(), &entries(&["a"])), None);
        }
    }

    #[test]
    fn an_answer_that_breaks_off_is_no_refusal() {
        let error = |status: u16| {
            format!("{{\"error\":{{\"code\":\"c\",\"message\":\"m\",\"status\":{status}}}}}\n")
        };
        assert!(is_cut_off((line(4, "a") + &error(503)).as_bytes()));
        for body in [
            line(4, "a") + &error(422),
            line(4, "a"),
            "7".into(),
            String::new(),
        ] {
            assert!(!is_cut_off(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn an_answer_about_something_else_is_none() {
        for body in [
            line(0, "b"),
            line(0, "a") + &line(1, "a"),
            String::new(),
            "7\n".into(),
            "{}\n".into(),
        ] {
            assert_eq!(
                batch_answer(body.as_bytes(), &entries(&["a"])),
                None,
                "{body:?}"
            );
        }
        for body in ["", "-1", "01", "x", "1 2"] {
            assert_eq!(add_answer(body.as_bytes(), b"a"), None, "{body:?}");
        }
    }

    #[test]
    fn refusals_have_the_class_of_their_status() {
        let body = b"{\"error\":{\"code\":\"c\",\"message\":\"m\"}}";
        for (status, class) in [
            (400, Some(RefusalClass::Malformed)),
            (403, Some(RefusalClass::Untrusted)),
            (409, Some(RefusalClass::Conflict)),
            (413, Some(RefusalClass::TooLarge)),
            (422, Some(RefusalClass::Signature)),
            (503, None),
        ] {
            let refused = refusal(body, StatusCode::from_u16(status).unwrap()).unwrap();
            assert_eq!(refused.class, class, "{status}");
        }
        assert_eq!(refusal(b"<html>", StatusCode::BAD_REQUEST), None);
    }
}
