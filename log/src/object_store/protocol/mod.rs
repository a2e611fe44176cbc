//! How several writers share one log in a bucket without ever forking it (`docs/formats/object-store.md`): pure.
//!
//! Everything here is a state machine that says what it wants of the store ([`Machine::ask`]) and is told what came of it
//! ([`Machine::hear`]). No I/O, no clock, no randomness: the S3 backend and the simulator drive the same code.
//!
//! * [`Lock`](glasslog_core::object_store::Lock) is the one object that moves: who writes, what is decided, what is signed.
//! * [`Watch`] tells a dead holder from a live one, and is trusted for nothing but that.
//! * [`Lease`] is a writer's hold on the lock; every [`Change`] of it is one conditional swap, carried to its end.
//! * [`Create`] makes a file that must never be another; [`Update`] changes one that others change too.
//! * [`Probe`] finds out whether a store keeps its conditions at all.

mod change;
mod create;
mod lease;
mod probe;
mod request;
mod update;
mod watch;

pub use change::{Change, Outcome};
pub use create::{Create, Presence};
pub use lease::Lease;
pub use probe::{Probe, Unfit};
pub use request::{Answer, ETag, Machine, Object, Request};
pub use update::Update;
pub use watch::{LeaseStatus, Watch};

/// The one object that moves.
pub const LOCK: &str = "private/lock";
/// Folder of what only writers read.
pub const PRIVATE: &str = "private/";
/// How the names of scratch objects begin.
pub const PROBE: &str = "private/probe-";
/// Folder of the public tree.
pub const PUBLIC: &str = "public/";
