//! Rules of Glasslog: a transparency log of signed access events about machine-learning model artifacts.
//!
//! A log is a folder of static files. This crate reads their bytes and gives a verdict: which events are in the log,
//! whether they are *all* events about an artifact, and whose signatures say so. The browser, the command line and the
//! log's own writer run the same code.
//!
//! # Format
//!
//! An *entry* is a signed *event*: a [DSSE](https://github.com/secure-systems-lab/dsse) [envelope](event::Envelope) around an
//! [in-toto Statement](event::Statement) (`docs/formats/events.md`). Entries are the leaves of a Merkle tree
//! ([RFC 6962, section 2.1](https://www.rfc-editor.org/rfc/rfc6962#section-2.1)), which is published as
//! [C2SP tlog-tiles](https://c2sp.org/tlog-tiles):
//!
//! ```text
//! checkpoint              signed tree head: origin, size, root (C2SP tlog-checkpoint)
//! tile/0/x001/234         hashes of the tree, 256 to a tile, 32 bytes each
//! tile/entries/x001/234   entries, 256 to a bundle, each after its length in two bytes, big endian
//! index/…                 an index of the entries by artifact, actor and key, with a log of its manifests
//! ```
//!
//! Sizes and positions are `u64` and count from 0; ranges are half-open; times are seconds since the Unix epoch.
//!
//! # Example
//!
//! A [`Query`] names the files that it needs; the caller reads them from a disk, a bucket or a URL and hands them over;
//! the query ends in a [`Report`]. An empty folder proves nothing:
//!
//! ```
//! use glasslog_core::{HistoryQuery, Options, Query, Verdict};
//!
//! let policy = include_bytes!("../../docs/formats/vectors/index/trust.policy");
//! let options = Options {
//!     now: 1_780_000_000, // judges freshness
//!     require: None,      // a history must be complete
//!     max_checkpoint_age: None,
//!     full_scan: false,   // asks the log's index if auditors vouch for it, or the log is large
//!     accept_index: false,
//!     state: false,
//! };
//! let exact = false; // follow registrations from the name to digests
//! let mut query = HistoryQuery::new("resnet50@2.1", policy, options, exact)?;
//! while query.report().is_none() {
//!     for path in query.needs() {
//!         let bytes = std::fs::read(format!("a-folder-without-a-log/{path}")).ok();
//!         query.supply(&path, bytes);
//!     }
//! }
//! assert!(query.report().is_some_and(|report| report.result == Verdict::Failed));
//! # Ok::<(), glasslog_core::event::ArtifactError>(())
//! ```
//!
//! # Guarantees
//!
//! * *Claimed, then verified.* Parsing yields a claim. Only a reader's [`TrustPolicy`] turns a [`Checkpoint`] into a
//!   [`VerifiedCheckpoint`], which has no other constructor.
//! * *No evidence is no success.* A missing file fails a verification, and an unanswered question is *unknown*.
//! * *Bounded.* Every limit on outside input is a named constant in [`text::limits`] with its reason; parsers are strict,
//!   accept one spelling of each value, and do not panic.
//! * *Pure.* No clock, no I/O, no randomness, no threads: time, seeds and file contents are arguments. `no_std`.
//!
//! # Scope
//!
//! In scope: formats, hashing, proofs, signatures, trust policies, the rules by which a log admits events, verification,
//! reports. Out of scope: reading files and URLs (`glasslog-client`), writing a log (`glasslog-log`), HTTP
//! (`glasslog-server`), showing a report to people (`glasslog-cli`, the portal). An access that was never submitted to a
//! log cannot be found in it (`docs/THREAT-MODEL.md`).
//!
//! # Modules
//!
//! From the bottom up; a module uses only modules in rows above it, or before it in its row (`docs/ARCHITECTURE.md` has
//! the exact table).
//!
//! | module | contents |
//! |---|---|
//! | [`text`] | encodings, strict JSON, times, limits |
//! | [`crypto`], [`merkle`] | Ed25519, ML-DSA-44; hashes, trees and proofs |
//! | [`tiles`], [`note`], [`trust`] | static files, signed text, trust policies, as C2SP specifies them |
//! | [`event`], [`rules`] | events, and the rules that they change: keys, registrations, admission |
//! | [`object_store`], [`witness`], [`index`] | formats that writers of one bucket share; the witness protocol; the index |
//! | [`report`], [`fetch`], [`verify`] | verdicts, file requests, verifications |
#![no_std]

extern crate alloc;
#[cfg(test)]
#[macro_use]
extern crate std;

pub mod crypto;
pub mod event;
pub mod fetch;
pub mod index;
pub mod merkle;
pub mod note;
pub mod object_store;
pub mod report;
pub mod rules;
pub mod text;
pub mod tiles;
pub mod trust;
pub mod verify;
pub mod witness;

pub use event::{AccessEvent, Envelope};
pub use fetch::{ProveQuery, Query};
pub use merkle::{ConsistencyProof, Hash, InclusionProof, TreeHead};
pub use note::{Checkpoint, TlogProof};
pub use report::{Report, Verdict};
pub use rules::Admission;
pub use trust::{TrustPolicy, VerifiedCheckpoint};
pub use verify::audit::AuditQuery;
pub use verify::{
    ConsistencyQuery, EntryQuery, HistoryQuery, Options, Require, verify_bundle,
    verify_consistency, verify_fraud, verify_proof,
};
