//! Audits a log and its index with all cores, in memory that does not grow with the log
//! (`docs/formats/index.md`, "What each party checks").
//!
//! The rules are those of [`AuditQuery`]; this module reads files ahead, compares bundles, verifies signatures and
//! recomputes runs in threads, and hands the outcomes over in log order.

mod accuse;
mod entry_bundles;
mod index_files;
mod index_log;
mod index_names;
mod run_check;
mod state_keeper;

pub use state_keeper::Keeper;

use crate::drive::precedes_unread;
use crate::drive::{Observer, feed};
use crate::error::Error;
use crate::source::Source;
use glasslog_core::fetch::Query;
use glasslog_core::index::format::INDEX_CHECKPOINT_PATH;
use glasslog_core::index::fraud::Fraud;
use glasslog_core::note::TlogProof;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::Inconsistency;
use glasslog_core::verify::Options;
use glasslog_core::verify::audit::{AuditQuery, Setup};

/// Settings of an audit.
#[derive(Debug)]
pub struct Settings<'a> {
    /// The auditor's trust policy.
    pub policy: &'a [u8],
    /// Time as of which the log is judged, and required claims.
    pub options: Options,
    /// Every file of the public tree, if the source can be listed.
    pub listing: Option<Vec<String>>,
    /// Number of files that are read and compared at a time.
    pub threads: usize,
}

/// An audit that has ended.
pub struct Audited {
    /// Its verdict.
    pub query: AuditQuery,
    /// Proof of the newest manifest under the index checkpoint that was audited, with the signatures that the policy knows;
    /// none if the index was not read to its end.
    pub newest: Option<TlogProof>,
    /// Proof that the index is false, if it is and a proof could be made.
    pub fraud: Option<Fraud>,
    /// Proof that the log, or its index, is not the one of an earlier audit.
    pub inconsistency: Option<Inconsistency>,
    /// True if a state was saved at the end, which happens only if everything is right.
    pub is_kept: bool,
}

/// Audits the log, and its index if the policy names one. With a `keeper`, the audit continues from its state.
///
/// # Errors
/// The errors of `source` and `keeper`; a missing file is a finding, not an error.
pub fn audit<E: From<Error>>(
    source: &dyn Source,
    settings: Settings<'_>,
    mut keeper: Option<&mut Keeper<'_, E>>,
    observer: &dyn Observer,
) -> Result<Audited, E> {
    let Settings {
        policy,
        options,
        listing,
        threads,
    } = settings;
    let names_index = TrustPolicy::parse(policy).is_ok_and(|policy| policy.index().is_some());
    // The index checkpoint is read before the log's, so that the index cannot be ahead of it.
    let index_checkpoint = match names_index {
        true => Some(source.read(INDEX_CHECKPOINT_PATH)?),
        false => None,
    };
    let setup = Setup {
        files: listing.clone(),
        index: index_checkpoint.as_ref().map(Option::as_deref),
        resume: keeper.as_mut().map(|keeper| keeper.state.take()),
    };
    let mut query = AuditQuery::start(policy, options, setup);
    let listing = listing.as_deref();
    let is_kept = match read(&mut query, source, listing, threads, keeper, observer) {
        Ok(is_kept) => is_kept,
        Err(error) => {
            query.abandon();
            if !precedes_unread(query.report()) {
                return Err(error);
            }
            false
        }
    };
    // A proof that cannot be made changes no verdict.
    let fraud = accuse::accuse(&query, source).unwrap_or_default();
    let newest = index_log::prove_newest(&query, source).unwrap_or_default();
    let fork = query.fork().or_else(|| query.index()?.fork());
    let inconsistency = fork.zip(query.policy());
    let inconsistency = inconsistency.and_then(|(fork, policy)| Inconsistency::of(fork, policy));
    query.finish();
    Ok(Audited {
        query,
        newest,
        fraud,
        inconsistency,
        is_kept,
    })
}

/// Reads the log and its index; whether the state at the end was kept.
///
/// # Errors
/// A file that cannot be read, and the errors of `keeper`.
fn read<E: From<Error>>(
    query: &mut AuditQuery,
    source: &dyn Source,
    listing: Option<&[String]>,
    threads: usize,
    mut keeper: Option<&mut Keeper<'_, E>>,
    observer: &dyn Observer,
) -> Result<bool, E> {
    let is_reading = |query: &AuditQuery| query.reader().is_none();
    feed(query, source, &(), is_reading)?;
    if query.awaits_manifests() {
        index_log::read(query, source)?;
        query.proceed();
        feed(query, source, &(), is_reading)?;
    }
    if query.report().is_some() {
        return Ok(false);
    }
    let sums = entry_bundles::read(query, source, threads, keeper.as_deref_mut(), observer)?;
    query.resume();
    feed(query, source, &(), |_| true)?;
    if !query.awaits_index() {
        return Ok(false);
    }
    index_files::check(query, source, &sums, listing, threads)?;
    match keeper {
        Some(keeper) => {
            let superseded = index_names::superseded(query, listing);
            keeper.keep(query, &sums, superseded)
        }
        None => Ok(false),
    }
}
