//! HTTP faces of a Glasslog log: submission and the static tree.
//!
//! # Format
//! The server speaks HTTP/1.1 (`docs/formats/submission-api.md`, `docs/formats/openapi.json`):
//!
//! | request | answer |
//! |---|---|
//! | `POST /add` | body: one entry; answer: its decimal index once a published checkpoint covers it (`?ack=durable`: once it is durable; `?answer=proof`: its proof) |
//! | `POST /batch` | body: one entry a line; answer: one line of JSON for each, in order, while the body still arrives: `{"index":N,"leafHash":"…"}` or `{"error":{"code":"…","message":"…","status":422}}` |
//! | `GET`, `HEAD` | the files of `public/`; `/` redirects to `portal/` if the tree has one |
//! | `GET /healthz`, `/readyz`, `/metrics`, `/openapi.json` | for operators and their monitoring |
//!
//! A refusal is `{"error":{"code":"…","message":"…","status":422}}` with status 400 (malformed), 403 (key or actor not
//! entitled), 408 (too slow), 409 (conflicts with an earlier entry), 413 (too large), 422 (bad signature), 429 (too often)
//! or 503 (busy; with `Retry-After`).
//!
//! # Example
//! ```no_run
//! use glasslog_log::Log;
//! use glasslog_server::{ServeError, Server};
//!
//! # async fn serve() -> Result<(), ServeError> {
//! let log = Log::open("/srv/log")?;
//! let server = Server::bind(log, ([127, 0, 0, 1], 8080).into()).await?;
//! let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
//! server.run(stop).await
//! # }
//! ```
//!
//! # Guarantees
//! * *An index is a promise.* The server answers with an index only after the entry is durable, and by default published.
//!   The same entry always gets the same index, so a client may send it again after any failure.
//! * *Grouping.* The log takes all waiting entries, makes them durable with one sync and publishes them
//!   ([`glasslog_log::sequencer`]): an idle log answers at once, a busy one in larger groups.
//! * *Bounded.* [`Limits`] bounds connections, batches, rates and times for all clients and for each one. Beyond the
//!   bound on waiting bytes, `/add` answers 503 and the server stops reading batches.
//! * *One writer.* Of several servers of a log in a bucket, one sequences. The others stand in: they serve the public
//!   files, forward submissions to the leader, and take over when its lease ends.
//!
//! # Scope
//! The server has no TLS, and no authentication except the signatures in the entries: a reverse proxy provides both. The
//! rules for entries are the core's; storage and sequencing are the log's. An answer is the server's word; a client that
//! needs evidence verifies the entry's proof.

mod app;
mod error;
mod files;
mod http;
mod leadership;
mod limits;
mod options;
mod run;
mod server;
mod status;
mod submission;
mod witness;

pub use error::ServeError;
pub use leadership::role::is_server_address;
pub use options::{Limits, Options, Rate};
pub use server::Server;
pub use witness::{Logs, WitnessServer, Witnessing};
