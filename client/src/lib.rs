//! Reads logs and asks servers on behalf of the command line, auditors and tests; the verdicts are the core's.
//!
//! # Example
//! ```no_run
//! use glasslog_client::drive;
//! use glasslog_client::source::Http;
//! use glasslog_core::fetch::Query;
//! use glasslog_core::verify::{EntryQuery, Options};
//!
//! # fn main() -> Result<(), glasslog_client::Error> {
//! # let (policy, options): (Vec<u8>, Options) = unimplemented!();
//! let log = Http::open("https://log.example.com/")?;
//! let query = drive::run(&log, &(), || {
//!     Ok::<_, glasslog_client::Error>(EntryQuery::new(7, &policy, options))
//! })?;
//! assert!(query.report().is_some());
//! # Ok(())
//! # }
//! ```
//!
//! # Scope
//! * [`source`]: the one door to the files of a log: [`source::Source`], in a directory or behind an address. A source is
//!   not trusted; its bytes are checked by the core.
//! * [`drive`]: the one loop that feeds a query, with its retries.
//! * [`fork`]: the evidence that a log contradicts an older checkpoint.
//! * [`prove`]: makes the proof of an entry.
//! * [`rotation`]: follows the rotations of a log's key from a reader's trust policy.
//! * [`submit`]: sends entries to a server.
//! * [`monitor`]: follows logs, compares their heads and tells of new entries.
//! * [`witness`]: asks a witness for a cosignature.
//! * [`audit`]: reads and recomputes a whole log with all cores.
//!
//! Not here: exit codes, printing, progress bars (callers pass a [`drive::Observer`]), and the rules of verification.

pub mod audit;
pub mod drive;
mod error;
pub mod fork;
mod http_client;
pub mod monitor;
pub mod prefix;
pub mod prove;
mod random;
pub mod rotation;
pub mod source;
pub mod submit;
pub mod witness;

pub use error::{Error, Peer, StatusReason, io_reason};
pub use source::cache_directory;
