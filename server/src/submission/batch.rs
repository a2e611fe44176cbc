//! `POST /batch`: takes entries, one a line, and answers each while the next ones still arrive.
//!
//! The lines that are ready go to the log as soon as it can take them: a slow sender gets each line answered at once, a
//! fast one fills larger and larger parts. The server stops reading from a sender that outruns the log or leaves its
//! answers unread.

use super::answer::{self, Addition};
use super::lines::{Line, Lines};
use super::options::SubmitOptions;

use super::receipt;
use super::refused::Refused;
use super::unindexed::Kept;
use crate::app::App;
use crate::http::client::Client;
use crate::http::observe::Observed;
use crate::http::pace::Pace;
use crate::http::slots::Slot;
use crate::limits::CHUNKS_IN_WORK;
use crate::status::metrics::Route;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream::{self, FuturesOrdered};
use glasslog_log::Refusal;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time;

/// Parts of the answer that are ready but unread: enough to fill the connection's buffers.
const UNREAD: usize = 2;

/// Takes many entries, one a line.
pub(crate) async fn batch(State(app): State<Arc<App>>, request: Request) -> Response {
    let observed = Observed::begin(&app, Route::Batch, &request);
    let response = match open(&app, request) {
        Ok(response) => response,
        Err(refused) => refused.respond(&app.metrics),
    };
    observed.end(&app, response)
}

fn open(app: &Arc<App>, request: Request) -> Result<Response, Refused> {
    let options = SubmitOptions::parse(request.uri())?;
    let client = app.client(&request);
    let slot = app.batches.take(Some(client), 1)?;
    let (answers, receiver) = mpsc::channel(UNREAD);
    let batch = Batch {
        app: Arc::clone(app),
        client,
        options,
        body: request.into_body().into_data_stream(),
        lines: Lines::new(options.is_proof),
        slot: Some(slot),
    };
    // A task of its own, so that reading continues while the connection writes. It ends when the client stops reading.
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
    options: SubmitOptions,
    body: BodyDataStream,
    lines: Lines,
    /// The place among the batches, which a batch without lines or bytes of one does not keep: a slow sender would hold it
    /// for next to nothing.
    slot: Option<Slot>,
}

/// State of the body.
enum Input {
    Open,
    Ended,
    /// The body broke off; the refusal follows the answers to the lines that had arrived.
    Broken(Refused),
}

/// Answer to some lines.
struct Part {
    text: String,
    /// True if the log takes no more entries.
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
        let mut pace = Pace::begin(&self.app.limits);
        let mut in_work = FuturesOrdered::new();
        let mut input = Input::Open;
        loop {
            let most = self.app.standings.lines_at_once(self.client);
            if in_work.len() < CHUNKS_IN_WORK && !self.lines.is_empty() {
                in_work.push_back(self.submit(most));
            }
            if in_work.is_empty() && self.lines.is_empty() && self.lines.begun() == 0 {
                self.slot = None;
            }
            let is_reading = matches!(input, Input::Open) && !self.lines.is_full(most);
            if !is_reading {
                // A client that the server does not read from is not slow.
                pace = Pace::begin(&self.app.limits);
                if in_work.is_empty() {
                    break;
                }
            }
            let deadline = match self.lines.begun() {
                0 => pace.idle_deadline(),
                bytes => pace.deadline(bytes),
            };
            tokio::select! {
                Some(part) = in_work.next() => {
                    let Part { text, is_last } = part;
                    if answers.send(text).await.is_err() || is_last {
                        return;
                    }
                }
                piece = time::timeout_at(deadline, self.body.next()), if is_reading => match piece {
                    Ok(Some(Ok(piece))) => {
                        if self.slot.is_none() {
                            tokio::select! {
                                slot = self.app.batches.wait(self.client, 1) => self.slot = Some(slot),
                                _ = stopping.changed() => {
                                    input = Input::Broken(Refused::Stopping);
                                    continue;
                                }
                            }
                        }
                        let was_idle = self.lines.begun() == 0;
                        if self.lines.push(&piece) || was_idle {
                            pace = Pace::begin(&self.app.limits);
                        }
                    }
                    Ok(None) => {
                        self.lines.finish();
                        input = Input::Ended;
                    }
                    // The last line may be incomplete, so it is not an entry.
                    Ok(Some(Err(_))) => input = Input::Broken(Refused::BodyCutShort),
                    Err(_) => input = Input::Broken(Refused::TooSlow { part: "a line", limit }),
                },
                _ = stopping.changed(), if matches!(input, Input::Open) => {
                    input = Input::Broken(Refused::Stopping);
                }
            }
        }
        if let Input::Broken(refused) = input {
            let mut text = String::new();
            refused.write_line(&self.app.metrics, &mut text);
            // A client that has gone needs no answer.
            let _ = answers.send(text).await;
        }
    }

    /// Submits lines that are ready to the log, at most so many.
    fn submit(&mut self, most: usize) -> impl Future<Output = Part> + use<> {
        let (app, client, options) = (Arc::clone(&self.app), self.client, self.options);
        let lines = self.lines.take(most);
        async move {
            let mut part = Part {
                text: String::with_capacity(lines.len() * 96),
                is_last: false,
            };
            // Length of each line; `Err` if it is too long for an entry.
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
            let mut outcome = commit(&app, client, options, entries).await.into_iter();
            let mut refusals = 0;
            for shape in shapes {
                match shape {
                    Err(length) => {
                        refusals += 1;
                        Refused::from(Refusal::too_large(length))
                            .write_line(&app.metrics, &mut part.text);
                    }
                    Ok(length) => match outcome.next() {
                        Some(Ok((receipt, addition))) => {
                            app.metrics.entries.inc();
                            app.metrics.bytes.inc_by(length as u64);
                            answer::write_receipt(&receipt, &addition, &mut part.text);
                        }
                        Some(Err(refused)) => {
                            refusals += usize::from(matches!(refused, Refused::Entry(_)));
                            refused.write_line(&app.metrics, &mut part.text);
                        }
                        None => {
                            part.is_last = true;
                            Refused::Busy.write_line(&app.metrics, &mut part.text);
                        }
                    },
                }
            }
            app.standings.settle(client, refusals).await;
            part
        }
    }
}

type Verdict = Result<(glasslog_log::Receipt, Addition), Refused>;

/// Submits entries and returns the result of each, in order; returns none if the log takes no more entries.
async fn commit(
    app: &App,
    client: Client,
    options: SubmitOptions,
    entries: Vec<Vec<u8>>,
) -> Vec<Verdict> {
    if entries.is_empty() {
        return Vec::new();
    }
    if let Some(rate) = &app.rate {
        rate.wait(client, entries.len()).await;
    }
    let bytes = entries.iter().map(Vec::len).sum();
    let room = app
        .intake
        .room_for_chunk(client, bytes, entries.len())
        .await;
    let Some(unindexed) = app.intake.unindexed() else {
        return Vec::new();
    };
    let mut stopping = app.stopping.clone();
    let claim = tokio::select! {
        claim = unindexed.wait(client, entries.len(), bytes) => claim,
        _ = stopping.changed() => return Vec::new(),
    };
    let kept = Kept { claim, _room: room };
    let Ok(answered) = app
        .intake
        .submit(entries, options.acknowledgement, kept)
        .await
    else {
        return Vec::new();
    };
    let outcome = answered.outcomes;
    let unpublished = answered.unpublished;
    if unpublished.is_some() || !options.is_proof {
        let addition = || match &unpublished {
            Some(missing) => Addition::Unpublished(Arc::clone(missing)),
            None => Addition::Nothing,
        };
        return outcome
            .into_iter()
            .map(|result| {
                result
                    .map(|receipt| (receipt, addition()))
                    .map_err(Refused::from)
            })
            .collect();
    }
    let indices = outcome.iter().flatten().map(|receipt| receipt.index);
    let proofs = receipt::prove(app, indices.collect()).await;
    let mut proofs = proofs.unwrap_or_default().into_iter();
    outcome
        .into_iter()
        .map(|result| {
            let receipt = result?;
            let proof = proofs.next().ok_or(Refused::ProofUnavailable)?;
            Ok((receipt, Addition::Proof(proof)))
        })
        .collect()
}
