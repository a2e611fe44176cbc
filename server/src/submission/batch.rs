//! `POST /batch`: entries in, one a line, and results out while they still come.
//!
//! Whatever is ready goes to the log as soon as it has a hand free: a slow sender gets each line answered at once, a quick
//! one fills ever larger parts. A sender that outruns the log, or leaves its answers unread, is read no further.

use super::answer::{self, Refused};
use super::lines::{Line, Lines};
use super::options::Wish;
use super::receipt;
use crate::app::App;
use crate::http::client::Client;
use crate::http::observe::Observed;
use crate::http::slots::{Full, Slot};
use crate::limits::CHUNKS_IN_WORK;
use crate::status::metrics::Route;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream::{self, FuturesOrdered};
use glasslog_log::Refusal;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time;

/// Parts of the answer that are ready and unread: enough to fill the connection's buffers.
const UNREAD: usize = 2;

/// Many entries, one a line.
pub(crate) async fn batch(State(app): State<Arc<App>>, request: Request) -> Response {
    let observed = Observed::begin(&app, Route::Batch, &request);
    let response = match open(&app, request) {
        Ok(response) => response,
        Err(refused) => refused.respond(&app.metrics),
    };
    observed.end(&app, response)
}

fn open(app: &Arc<App>, request: Request) -> Result<Response, Refused> {
    let wish = Wish::of(request.uri())?;
    let client = app.client(&request);
    let slot = app.batches.take(client).map_err(|full| {
        let (code, message) = match full {
            Full::All => ("busy", "too many batches are being sent"),
            Full::Client => ("busy", "this client is sending too many batches"),
        };
        Refused::busy(code, message)
    })?;
    let (answers, receiver) = mpsc::channel(UNREAD);
    let batch = Batch {
        app: Arc::clone(app),
        client,
        wish,
        body: request.into_body().into_data_stream(),
        lines: Lines::new(wish.is_proof),
        _slot: slot,
    };
    // On its own, so that reading goes on while the connection writes. It ends when nobody is left to read the answer.
    tokio::spawn(batch.run(answers));
    let text = stream::unfold(receiver, |mut receiver| async {
        let text = receiver.recv().await?;
        Some((Ok::<String, Infallible>(text), receiver))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(text)).into_response())
}

/// A batch under way.
struct Batch {
    app: Arc<App>,
    client: Client,
    wish: Wish,
    body: BodyDataStream,
    lines: Lines,
    _slot: Slot,
}

/// Where the body stands.
enum Input {
    Open,
    Ended,
    /// It came to no good end; this is said after the answers to what had arrived.
    Broken(Refused),
}

/// The answer to some lines.
struct Part {
    text: String,
    /// The log takes no more.
    is_last: bool,
}

impl Batch {
    async fn run(mut self, answers: mpsc::Sender<String>) {
        let app = Arc::clone(&self.app);
        app.metrics.batches.inc();
        self.answer(answers).await;
        app.metrics.batches.dec();
    }

    async fn answer(&mut self, answers: mpsc::Sender<String>) {
        let mut stopping = self.app.stopping.clone();
        let limit = self.app.limits.body_timeout;
        let mut deadline = time::Instant::now() + limit;
        let mut in_work = FuturesOrdered::new();
        let mut input = Input::Open;
        loop {
            if in_work.len() < CHUNKS_IN_WORK && !self.lines.is_empty() {
                in_work.push_back(self.submit());
            }
            let is_reading = matches!(input, Input::Open) && !self.lines.is_full();
            if !is_reading {
                // Whoever is not read is not slow.
                deadline = time::Instant::now() + limit;
                if in_work.is_empty() {
                    break;
                }
            }
            tokio::select! {
                Some(part) = in_work.next() => {
                    let Part { text, is_last } = part;
                    if answers.send(text).await.is_err() || is_last {
                        return;
                    }
                }
                piece = time::timeout_at(deadline, self.body.next()), if is_reading => match piece {
                    Ok(Some(Ok(piece))) => {
                        if self.lines.push(&piece) {
                            deadline = time::Instant::now() + limit;
                        }
                    }
                    Ok(None) => {
                        self.lines.finish();
                        input = Input::Ended;
                    }
                    // What arrived of the last line is not the line.
                    Ok(Some(Err(_))) => input = Input::Broken(cut_short()),
                    Err(_) => input = Input::Broken(Refused::too_slow("a line", limit)),
                },
                _ = stopping.changed(), if matches!(input, Input::Open) => {
                    input = Input::Broken(Refused::busy("stopping", "the server is stopping"));
                }
            }
        }
        if let Input::Broken(refused) = input {
            let mut text = String::new();
            refused.write_line(&self.app.metrics, &mut text);
            // Who is gone needs no answer.
            let _ = answers.send(text).await;
        }
    }

    /// Gives the lines that are ready to the log.
    fn submit(&mut self) -> impl Future<Output = Part> + use<> {
        let (app, client, wish) = (Arc::clone(&self.app), self.client, self.wish);
        let lines = self.lines.take();
        async move {
            let mut part = Part {
                text: String::with_capacity(lines.len() * 96),
                is_last: false,
            };
            // Of each line: how long it is, and if it is too long, that it is.
            let mut entries = Vec::with_capacity(lines.len());
            let shapes: Vec<Result<usize, usize>> = lines
                .into_iter()
                .map(|line| match line {
                    Line::Entry(entry) => {
                        entries.push(entry);
                        Ok(entries[entries.len() - 1].len())
                    }
                    Line::TooLong(length) => Err(length),
                })
                .collect();
            let mut outcome = commit(&app, client, wish, entries).await.into_iter();
            for shape in shapes {
                match shape {
                    Err(length) => {
                        Refused::from(Refusal::too_large(length))
                            .write_line(&app.metrics, &mut part.text);
                    }
                    Ok(length) => match outcome.next() {
                        Some(Ok((receipt, proof))) => {
                            app.metrics.entries.inc();
                            app.metrics.bytes.inc_by(length as u64);
                            answer::write_receipt(&receipt, proof.as_deref(), &mut part.text);
                        }
                        Some(Err(refused)) => {
                            refused.write_line(&app.metrics, &mut part.text);
                        }
                        None => {
                            part.is_last = true;
                            Refused::from(glasslog_log::sequencer::Busy)
                                .write_line(&app.metrics, &mut part.text);
                        }
                    },
                }
            }
            part
        }
    }
}

type Verdict = Result<(glasslog_log::Receipt, Option<String>), Refused>;

/// What became of each entry, in order; of none when the log takes no more.
async fn commit(app: &App, client: Client, wish: Wish, entries: Vec<Vec<u8>>) -> Vec<Verdict> {
    if entries.is_empty() {
        return Vec::new();
    }
    if let Some(rate) = &app.rate {
        rate.wait(client, entries.len()).await;
    }
    let bytes = entries.iter().map(Vec::len).sum();
    let Ok(room) = app.intake.room_for_chunk(bytes, entries.len()).await else {
        return Vec::new();
    };
    let Ok(outcome) = app.intake.submit(entries, wish.acknowledgement, room).await else {
        return Vec::new();
    };
    if !wish.is_proof {
        let without = |receipt| (receipt, None);
        return outcome
            .into_iter()
            .map(|result| result.map(without).map_err(Refused::from))
            .collect();
    }
    let indices = outcome.iter().flatten().map(|receipt| receipt.index);
    let proofs = receipt::prove(app, indices.collect()).await;
    let mut proofs = proofs.unwrap_or_default().into_iter();
    outcome
        .into_iter()
        .map(|result| {
            let receipt = result?;
            let proof = proofs.next().ok_or_else(receipt::unproven)?;
            Ok((receipt, Some(proof)))
        })
        .collect()
}

fn cut_short() -> Refused {
    Refused::request(
        StatusCode::BAD_REQUEST,
        "body-cut-short",
        "the body ended in the middle".into(),
    )
}
