//! `POST /add` and `POST /batch`: entries in, indices out (`docs/cli.md`, "Writers").

use crate::limits::{BODY_TIMEOUT, MAX_BATCH, MAX_BATCH_ENTRIES, RETRY_AFTER, SUBMISSION_COST};
use crate::sequencer::{Acknowledgement, Busy, Room, Sequencer};
use axum::body::{Body, to_bytes};
use axum::extract::{Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER as RETRY_AFTER_NAME,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use glasslog_core::limits::MAX_ENTRY;
use glasslog_log::{Receipt, Refusal};
use serde_json::{Value, json};
use std::collections::HashMap;
use tokio::time;

/// A request that got no index.
enum Refused {
    /// The entry was judged.
    Entry(Refusal),
    /// The request itself is at fault.
    Request {
        status: StatusCode,
        code: &'static str,
        message: String,
    },
}

impl From<Busy> for Refused {
    fn from(Busy: Busy) -> Self {
        let message = "too much is waiting, or the log has stopped".into();
        Self::Request {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "busy",
            message,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::Entry(refusal) => {
                let status = status(&refusal);
                (status, error(status, refusal.code(), &refusal.to_string()))
            }
            Self::Request {
                status,
                code,
                message,
            } => (status, error(status, code, &message)),
        };
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-store"),
        ];
        let mut response = (status, headers, format!("{body}\n")).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(
                RETRY_AFTER_NAME,
                axum::http::HeaderValue::from_static(RETRY_AFTER),
            );
        }
        response
    }
}

/// The status is repeated where a batch hides it: it tells what kind of refusal a code stands for.
fn error(status: StatusCode, code: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message, "status": status.as_u16() } })
}

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.http_status()).unwrap_or(StatusCode::BAD_REQUEST)
}

/// One entry.
pub(crate) async fn add(
    State(sequencer): State<Sequencer>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let result = async {
        let acknowledgement = acknowledgement(&query)?;
        let (bytes, room) = read(&sequencer, &headers, body, MAX_ENTRY, |length| {
            Refused::Entry(Refusal::too_large(length))
        })
        .await?;
        let outcome = sequencer.submit(vec![bytes], acknowledgement, room).await?;
        match outcome.into_iter().next() {
            Some(Ok(receipt)) => Ok(receipt.index),
            Some(Err(refusal)) => Err(Refused::Entry(refusal)),
            None => Err(Busy.into()),
        }
    };
    match result.await {
        Ok(index) => {
            let headers = [
                (CONTENT_TYPE, "text/plain; charset=utf-8"),
                (CACHE_CONTROL, "no-store"),
            ];
            (headers, index.to_string()).into_response()
        }
        Err(refused) => refused.into_response(),
    }
}

/// Many entries, one a line.
pub(crate) async fn batch(
    State(sequencer): State<Sequencer>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let result = async {
        let acknowledgement = acknowledgement(&query)?;
        let (bytes, room) = read(&sequencer, &headers, body, MAX_BATCH, |_| {
            too_large(format!("a batch has at most {MAX_BATCH} bytes"))
        })
        .await?;
        let entries = lines(&bytes)?;
        drop(bytes);
        Ok(sequencer.submit(entries, acknowledgement, room).await?)
    };
    match result.await {
        Ok(outcome) => {
            let mut text = String::new();
            for result in &outcome {
                text.push_str(&line(result).to_string());
                text.push('\n');
            }
            let headers = [
                (CONTENT_TYPE, "application/jsonl"),
                (CACHE_CONTROL, "no-store"),
            ];
            (headers, text).into_response()
        }
        Err(refused) => Refused::into_response(refused),
    }
}

fn line(result: &Result<Receipt, Refusal>) -> Value {
    match result {
        Ok(receipt) => json!({ "index": receipt.index, "leafHash": receipt.leaf_hash.to_base64() }),
        Err(refusal) => error(status(refusal), refusal.code(), &refusal.to_string()),
    }
}

fn acknowledgement(query: &HashMap<String, String>) -> Result<Acknowledgement, Refused> {
    match query.get("ack").map(String::as_str) {
        None | Some("published") => Ok(Acknowledgement::Published),
        Some("durable") => Ok(Acknowledgement::Durable),
        Some(other) => Err(Refused::Request {
            status: StatusCode::BAD_REQUEST,
            code: "unknown-acknowledgement",
            message: format!("`ack={other}` is neither `published` nor `durable`"),
        }),
    }
}

/// Splits a batch into its lines; the last one may lack its end.
fn lines(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Refused> {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let entries: Vec<Vec<u8>> = text
        .split(|byte| *byte == b'\n')
        .take(MAX_BATCH_ENTRIES + 1)
        .map(<[u8]>::to_vec)
        .collect();
    if entries.len() > MAX_BATCH_ENTRIES {
        return Err(too_large(format!(
            "a batch has at most {MAX_BATCH_ENTRIES} entries"
        )));
    }
    Ok(entries)
}

fn too_large(message: String) -> Refused {
    Refused::Request {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        code: "batch-too-large",
        message,
    }
}

/// Reads a body of at most `limit` bytes, with memory set aside for it first.
async fn read(
    sequencer: &Sequencer,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    too_long: impl Fn(usize) -> Refused,
) -> Result<(Vec<u8>, Room), Refused> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let expected = announced.unwrap_or(limit);
    if expected > limit {
        return Err(too_long(expected));
    }
    let room = sequencer.reserve(expected + SUBMISSION_COST)?;
    match time::timeout(BODY_TIMEOUT, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok((bytes.into(), room)),
        // The only other failure is a client that went away, who reads no answer.
        Ok(Err(_)) => Err(too_long(limit + 1)),
        Err(_) => Err(Refused::Request {
            status: StatusCode::REQUEST_TIMEOUT,
            code: "too-slow",
            message: format!(
                "the body did not arrive within {} seconds",
                BODY_TIMEOUT.as_secs()
            ),
        }),
    }
}
