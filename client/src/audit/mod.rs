//! Audits a log and its index with all cores, in memory that does not grow with the log
//! (`docs/formats/index.md`, "What each party checks").
//!
//! The rules are those of [`AuditQuery`]; this reads files ahead, compares bundles, verifies signatures and recomputes
//! runs in threads, and hands the outcomes over in log order.

mod accuse;
mod entry_bundles;
mod index_files;
mod index_log;
mod index_names;
mod run_check;
mod state_keeper;

pub use state_keeper::Keeper;

use glasslog_core::fetch::Query;
use glasslog_core::index::fraud::Fraud;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::Inconsistency;
use glasslog_core::verify::Options;
use glasslog_core::verify::audit::index::INDEX_CHECKPOINT_PATH;
use glasslog_core::verify::audit::{AuditQuery, Setup};
use std::collections::{BTreeSet, VecDeque};

/// Where the files of a log come from; many threads ask at once.
pub trait Files: Sync {
    /// Why a file could not be read.
    type Error: Send;

    /// Reads a file by its path relative to the public tree; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be told whether there is one, or it cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// What to audit, and with what.
#[derive(Debug)]
pub struct Settings<'a> {
    /// The auditor's trust policy.
    pub policy: &'a [u8],
    /// As of when, and what is required.
    pub options: Options,
    /// Every file of the public tree, where that can be told.
    pub listing: Option<Vec<String>>,
    /// How many files are read and compared at a time.
    pub threads: usize,
}

/// An audit that has ended.
pub struct Audited {
    /// Its verdict.
    pub query: AuditQuery,
    /// What shows that the index is false, where it is and something shows it.
    pub fraud: Option<Fraud>,
    /// What shows that the log, or its index, is not the one of an earlier audit.
    pub inconsistency: Option<Inconsistency>,
    /// Whether a state was kept at the end: not of what is not right.
    pub is_kept: bool,
}

/// Audits the log, and its index where the policy names one; tells `progress` of entries read, and of how many. With a
/// `keeper`, from its state on.
///
/// # Errors
/// What `files` and `keeper` say; a file that is missing is a finding, not an error.
pub fn audit<F: Files>(
    files: &F,
    settings: Settings<'_>,
    mut keeper: Option<&mut Keeper<'_, F::Error>>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Audited, F::Error> {
    let Settings {
        policy,
        options,
        listing,
        threads,
    } = settings;
    let names_index = TrustPolicy::parse(policy).is_ok_and(|policy| policy.index().is_some());
    // Before the log's checkpoint, so that the index cannot be ahead of it.
    let index_checkpoint = match names_index {
        true => Some(files.read(INDEX_CHECKPOINT_PATH)?),
        false => None,
    };
    let setup = Setup {
        files: listing.clone(),
        index: index_checkpoint.as_ref().map(Option::as_deref),
        resume: keeper.as_mut().map(|keeper| keeper.state.take()),
    };
    let mut query = AuditQuery::start(policy, options, setup);
    let is_reading = |query: &AuditQuery| query.reader().is_none();
    feed(&mut query, files, is_reading)?;
    if query.awaits_manifests() {
        index_log::read(&mut query, files)?;
        query.proceed();
        feed(&mut query, files, is_reading)?;
    }
    let mut is_kept = false;
    if query.report().is_none() {
        let sums =
            entry_bundles::read(&mut query, files, threads, keeper.as_deref_mut(), progress)?;
        query.resume();
        feed(&mut query, files, |_| true)?;
        if query.awaits_index() {
            index_files::check(&mut query, files, &sums, listing.as_deref(), threads)?;
            if let Some(keeper) = keeper {
                let superseded = index_names::superseded(&query, listing.as_deref());
                is_kept = keeper.keep(&query, &sums, superseded)?;
            }
        }
    }
    let fraud = accuse::accuse(&query, files)?;
    let fork = query.fork().or_else(|| query.index()?.fork()).cloned();
    query.finish();
    Ok(Audited {
        query,
        fraud,
        inconsistency: fork.map(Inconsistency::from),
        is_kept,
    })
}

/// Hands over the files that the query asks for, one after the other, while `goes_on` says so.
fn feed<F: Files>(
    query: &mut AuditQuery,
    files: &F,
    goes_on: impl Fn(&AuditQuery) -> bool,
) -> Result<(), F::Error> {
    let mut queue = VecDeque::new();
    let mut asked = BTreeSet::new();
    while goes_on(query) {
        for path in query.needs() {
            if asked.insert(path.clone()) {
                queue.push_back(path);
            }
        }
        let Some(path) = queue.pop_front() else {
            break;
        };
        asked.remove(&path);
        query.supply(&path, files.read(&path)?);
    }
    Ok(())
}
