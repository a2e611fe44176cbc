//! Audits a log and its index with all cores, in memory that does not grow with the log
//! (`docs/formats/index.md`, "What each party checks").
//!
//! The rules are those of [`AuditQuery`]; this reads files ahead, compares bundles, verifies signatures and recomputes
//! runs in threads, and hands the outcomes over in log order.

mod accuse;
mod bundles;
mod cosign;
mod index_files;
mod index_log;
mod index_names;
mod windows;

pub use cosign::{CosignError, Cosigned};

use glasslog_core::audit::AuditQuery;
use glasslog_core::audit_index::INDEX_CHECKPOINT_PATH;
use glasslog_core::fetch::Query;
use glasslog_core::head::Options;
use glasslog_core::index::fraud::Fraud;
use glasslog_core::trust::TrustPolicy;
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
}

/// Audits the log, and its index where the policy names one; tells `progress` of entries read, and of how many.
///
/// # Errors
/// What `files` says; a file that is missing is a finding, not an error.
pub fn audit<F: Files>(
    files: &F,
    settings: Settings<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Audited, F::Error> {
    let Settings {
        policy,
        options,
        listing,
        threads,
    } = settings;
    let names_index = TrustPolicy::parse(policy).is_ok_and(|policy| policy.index().is_some());
    let mut query = if names_index {
        // Before the log's checkpoint, so that the index cannot be ahead of it.
        let checkpoint = files.read(INDEX_CHECKPOINT_PATH)?;
        AuditQuery::with_index(policy, options, listing.clone(), checkpoint.as_deref())
    } else {
        AuditQuery::new(policy, options, listing.clone())
    };
    feed(&mut query, files, |query| query.reader().is_none())?;
    if query.report().is_none() {
        index_log::read(&mut query, files)?;
        let sums = bundles::read(&mut query, files, threads, progress)?;
        query.resume();
        feed(&mut query, files, |_| true)?;
        if query.awaits_index() {
            index_files::check(&mut query, files, &sums, listing.as_deref(), threads)?;
        }
    }
    let fraud = accuse::accuse(&query, files)?;
    query.finish();
    Ok(Audited { query, fraud })
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
