//! Evidence that a log contradicts an older checkpoint, as the reading that found it saw the log
//! (`docs/formats/inconsistency.md`).

use glasslog_core::fetch::{CHECKPOINT_PATH, LogFile, Query};
use glasslog_core::note::Checkpoint;
use glasslog_core::report::Class;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::Inconsistency;
use glasslog_core::verify::audit::Fork;

use crate::drive::{self, Observer, Outcome, Reading};
use crate::error::Error;
use crate::prefix::{PrefixError, prefix};
use crate::source::Source;

/// Runs a query that compares a log with an older checkpoint, as [`drive::run`] does; returns it with the evidence if the log
/// contradicts the checkpoint.
///
/// # Errors
/// As [`drive::run`].
pub fn run<Q: Query, E: From<Error>>(
    source: &dyn Source,
    observer: &dyn Observer,
    (old, policy): (&[u8], &[u8]),
    make: impl Fn() -> Result<Q, E>,
) -> Result<(Q, Option<Inconsistency>), E> {
    let attempt = |reading: &Reading<'_>| {
        let mut query = make()?;
        drive::feed(&mut query, reading, observer, |_| true)?;
        let class = query.report().map(|report| report.class());
        let found = match class {
            Some(Class::Inconsistent) => evidence(reading, old, policy),
            _ => None,
        };
        Ok((query, found))
    };
    let outcome = |(query, _): &(Q, Option<Inconsistency>)| Outcome::from(query.report());
    drive::read_with_retries(source, observer, attempt, outcome)
}

/// Returns the evidence that two checkpoints of one size contradict each other, if they do.
#[must_use]
pub fn of_one_size(old: &[u8], new: &[u8], policy: &[u8]) -> Option<Inconsistency> {
    let (old, new) = (Checkpoint::parse(old).ok()?, Checkpoint::parse(new).ok()?);
    let (one, two) = (old.head(), new.head());
    let is_fork = old.origin() == new.origin() && one.size == two.size && one.root != two.root;
    let policy = TrustPolicy::parse(policy).ok()?;
    is_fork.then(|| Inconsistency::of(&Fork::of_one_size(old, new), &policy))?
}

/// Compares two checkpoints of one log, the smaller one first, by the tiles under the larger one; evidence if they contradict
/// each other.
///
/// # Errors
/// A tile cannot be read, is missing, or is not the one that the larger head commits to.
pub(crate) fn contradiction(
    source: &dyn Source,
    old: &Checkpoint,
    new: &Checkpoint,
) -> Result<Option<Inconsistency>, PrefixError> {
    let (root, proof) = prefix(source, LogFile::Tile, old.head().size, new.head())?;
    Ok((root != old.head().root).then(|| Inconsistency {
        old: old.clone(),
        new: new.clone(),
        root,
        proof,
    }))
}

/// Returns the evidence against the checkpoint that the reading saw.
fn evidence(reading: &Reading<'_>, old: &[u8], policy: &[u8]) -> Option<Inconsistency> {
    let policy = TrustPolicy::parse(policy).ok()?;
    let old = Checkpoint::parse(old).ok()?;
    let new = Checkpoint::parse(&reading.kept(CHECKPOINT_PATH)?).ok()?;
    if old.origin() != new.origin() {
        return None;
    }
    let (root, proof) = prefix(reading, LogFile::Tile, old.head().size, new.head()).ok()?;
    let fork = Fork {
        old,
        new,
        root,
        proof,
    };
    (fork.root != fork.old.head().root).then(|| Inconsistency::of(&fork, &policy))?
}
