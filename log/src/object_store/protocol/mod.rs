//! The protocol by which several writers share one log in a bucket without forking it (`docs/formats/object-store.md`):
//! pure.
//!
//! Each part is a state machine that states its next request ([`Machine::ask`]) and receives the answer
//! ([`Machine::hear`]). It has no I/O, clock or randomness: the S3 backend and the simulator drive the same code.
//!
//! * [`Lock`](glasslog_core::object_store::Lock) is the one object that changes: it names the writer, the decided
//!   batches and the signed head.
//! * [`Watch`] tells a dead holder from a live one, and is trusted for nothing else.
//! * [`Lease`] is a writer's hold on the lock; every [`Change`] of it is one conditional swap, carried to its end.
//! * [`Create`] creates an immutable file; [`Update`] changes a file that other processes change too.
//! * [`Probe`] tests that a store honours conditional requests at all.

mod change;
mod create;
mod lease;
mod probe;
mod request;
mod single;
mod update;
mod watch;

pub use change::{Change, Outcome};
pub use create::{Create, Presence};
pub use lease::Lease;
pub use probe::{Probe, Unfit};
pub use request::{Answer, ETag, Machine, Object, Request};
pub use single::{Read, Remove};
pub use update::Update;
pub use watch::{LeaseStatus, Watch};

/// Key of the lock, the one object that changes.
pub const LOCK: &str = "private/lock";
/// Folder of objects that only writers read.
pub const PRIVATE: &str = "private/";
/// Prefix of the keys of scratch objects.
pub const PROBE: &str = "private/probe-";
/// Folder of the public tree.
pub const PUBLIC: &str = "public/";
