//! A witness over HTTP ([C2SP tlog-witness](https://github.com/C2SP/C2SP/blob/5ba5ee8/tlog-witness.md), `docs/formats/witness.md`).
//!
//! | request | answer |
//! |---|---|
//! | `POST /add-checkpoint` | the cosignatures of a checkpoint, once it is durable |
//! | `GET /HASH/checkpoint` | the newest checkpoint that was cosigned of the log whose origin has this SHA-256 |
//! | `GET /healthz`, `/readyz`, `/metrics` | for the operator |

mod add_checkpoint;
mod app;
mod book;
mod metrics;
mod monitoring;
mod refused;
mod server;
mod status;

pub use book::Logs;
pub use server::{WitnessServer, Witnessing};
