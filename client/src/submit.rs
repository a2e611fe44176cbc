//! A server's `POST /batch`: entries out, results in, tried again while the server is busy.
use core::time::Duration;
use std::thread;

use glasslog_core::merkle::{Hash, leaf_hash};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{Outcome, Receipt, Refused, Wait, exit_of_status};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::{client, innermost, parse_address, runtime};

/// Longest that a batch may take: 16 MiB over a slow line, and then a slow disk.
const TIMEOUT: Duration = Duration::from_secs(180);
/// Tries for one batch, the first included. An entry that arrived twice has one index, so trying again is safe.
const TRIES: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Longest wait that a `Retry-After` is followed for.
const MAX_WAIT: Duration = Duration::from_secs(15);
/// Most bytes of an answer: a line of 64 KiB for each of 16,384 entries would be absurd, 1 KiB is generous.
const MAX_ANSWER: usize = 16 << 20;

/// A log behind `glasslog serve`.
pub(crate) struct Server {
    base: Url,
    client: Client,
    runtime: Runtime,
}

enum Try {
    Got(Vec<u8>),
    Again(Failure, Option<Duration>),
    Final(Failure),
}

impl Server {
    /// Prepares to write to the log at `address`; opens no connection yet.
    ///
    /// # Errors
    /// An address that is malformed, or carries what does not belong there.
    pub(super) fn open(address: &str) -> Result<Self, Failure> {
        Ok(Self {
            base: parse_address(address)?,
            client: client()?,
            runtime: runtime()?,
        })
    }

    /// Submits entries as one batch.
    ///
    /// # Errors
    /// Whatever the network does, after some tries, and an answer that is not one.
    pub(super) fn submit(&self, entries: &[Vec<u8>], wait: Wait) -> Result<Outcome, Failure> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        // One entry goes to /add, whose body is the entry as it is; lines cannot hold every byte.
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
            Err(refused) if single => return Ok(vec![Err(refused)]),
            Err(refused) => return Err(refused.into()),
        };
        let outcome = match entries {
            [entry] => add_answer(&answer, entry).map(|receipt| vec![Ok(receipt)]),
            _ => batch_answer(&answer, entries),
        };
        outcome.ok_or_else(|| {
            Failure::unfinished(
                "server-answer",
                format!("`{url}`: the answer is not about what was sent"),
            )
        })
    }

    /// Posts until there is an answer; the inner error is the server's judgement of the request.
    fn post(&self, url: &Url, body: &[u8]) -> Result<Result<Vec<u8>, Refused>, Failure> {
        let mut wait = FIRST_WAIT;
        let mut tried = 0;
        loop {
            tried += 1;
            let (failure, asked) = match self.runtime.block_on(self.try_once(url, body)) {
                Ok(Try::Got(bytes)) => return Ok(Ok(bytes)),
                Ok(Try::Final(failure)) => return Err(failure),
                Ok(Try::Again(failure, asked)) => (failure, asked),
                Err(refused) => return Ok(Err(refused)),
            };
            if tried == TRIES {
                return Err(failure);
            }
            thread::sleep(asked.unwrap_or(wait).min(MAX_WAIT));
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
            Err(error) => return Ok(network(url, &error)),
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
                    let message = format!("`{url}`: the answer is too long");
                    return Ok(Try::Final(Failure::unfinished("server-answer", message)));
                }
                Ok(None) => break,
                Err(error) => return Ok(network(url, &error)),
            }
        }
        let failure = Failure::unfinished(
            "http-status",
            format!("`{url}`: the server answered {status}"),
        );
        match status {
            StatusCode::OK if is_cut_off(&bytes) => {
                let message = format!("`{url}`: the server stopped answering in the middle");
                Ok(Try::Again(Failure::unfinished("no-answer", message), None))
            }
            StatusCode::OK => Ok(Try::Got(bytes)),
            StatusCode::TOO_MANY_REQUESTS => {
                Ok(Try::Again(failure, seconds.map(Duration::from_secs)))
            }
            _ if status.is_server_error() => {
                Ok(Try::Again(failure, seconds.map(Duration::from_secs)))
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Ok(Try::Final(failure.hint(
                    "entries go to the address of `glasslog serve`; a static host takes none",
                )))
            }
            _ => match refusal(&bytes, status) {
                Some(refused) => Err(refused),
                None => Ok(Try::Final(failure)),
            },
        }
    }
}

fn network(url: &Url, error: &reqwest::Error) -> Try {
    let failure = Failure::unfinished("network", format!("`{url}`: {}", innermost(error)));
    match error.is_redirect() {
        true => Try::Final(failure),
        false => Try::Again(failure, None),
    }
}

/// Whether the answer to a batch ends with the word that the server is busy or stopping: the rest was not looked at.
fn is_cut_off(body: &[u8]) -> bool {
    let last = body.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
    let status = |line| -> Option<u64> {
        let value: Value = serde_json::from_slice(line).ok()?;
        value.get("error")?.get("status")?.as_u64()
    };
    last.and_then(status) == Some(503)
}

/// What a server says about a request that it refused.
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
    let exit = status.or(stated).map_or(Exit::Unfinished, exit_of_status);
    Some(Refused {
        code: text("code")?,
        message: text("message")?,
        exit,
    })
}

fn add_answer(body: &[u8], entry: &[u8]) -> Option<Receipt> {
    let index = glasslog_core::text::wire::parse_decimal(str::from_utf8(body).ok()?.trim_end())?;
    Some(Receipt {
        index,
        leaf_hash: leaf_hash(entry),
    })
}

/// One line for each entry, with the leaf hash that the entry has.
fn batch_answer(body: &[u8], entries: &[Vec<u8>]) -> Option<Outcome> {
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
            let leaf_hash = Hash::parse_base64(value.get("leafHash")?.as_str()?)?;
            let receipt = Receipt {
                index: value.get("index")?.as_u64()?,
                leaf_hash,
            };
            (leaf_hash == glasslog_core::merkle::leaf_hash(entry)).then_some(Ok(receipt))
        })
        .collect()
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
        let outcome = batch_answer(body.as_bytes(), &entries(&["a", "b", "c"])).unwrap();
        assert_eq!(outcome[0].as_ref().unwrap().index, 4);
        assert_eq!(
            outcome[1],
            Err(Refused {
                code: "c".into(),
                message: "m".into(),
                exit: Exit::False
            })
        );
        assert_eq!(outcome[2].as_ref().unwrap().index, 5);
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
    fn refusals_have_the_exit_codes_of_the_contract() {
        let body = b"{\"error\":{\"code\":\"c\",\"message\":\"m\"}}";
        for (status, exit) in [(400, 8), (403, 5), (409, 6), (413, 8), (422, 3), (503, 1)] {
            let refused = refusal(body, StatusCode::from_u16(status).unwrap()).unwrap();
            assert_eq!(refused.exit as u8, exit, "{status}");
        }
        assert_eq!(refusal(b"<html>", StatusCode::BAD_REQUEST), None);
    }
}
