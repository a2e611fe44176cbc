//! Options of every verification: its time, and the claims that it requires.

/// Requirements and time of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Seconds since the epoch, against which freshness is judged.
    pub now: u64,
    /// The claim that the verdict needs; each verb has its own default.
    pub require: Option<Require>,
    /// Oldest acceptable checkpoint, in seconds; makes *fresh* a requirement.
    pub max_checkpoint_age: Option<u64>,
    /// Read every entry, even if the policy names an index.
    pub full_scan: bool,
    /// Take the index's own word that it leaves nothing out, although no auditor vouches for it.
    pub accept_index: bool,
    /// In a history of a log, leave out routine accesses: what was read, executed and verified. A bundle, and a history that
    /// continues one, have all events.
    pub state: bool,
}

/// The claim that a verdict needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Require {
    /// Everything shown is in the log.
    Included,
    /// And nothing is missing.
    Complete,
    /// Of files: each is registered, which no mention replaces.
    Registered,
}
