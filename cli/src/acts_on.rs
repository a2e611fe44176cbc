//! `--acts-on`: the event that a release, a revocation or a receipt answers, by its leaf hash or by its index.

use std::path::Path;

use glasslog_client::drive;
use glasslog_core::fetch::Query;
use glasslog_core::merkle::Hash;
use glasslog_core::report::{Class, Outcome};
use glasslog_core::text::wire::parse_decimal;
use glasslog_core::verify::EntryQuery;

use crate::args::{by_the_index, read_policy};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, Watch};
use crate::policy_hint::policy_beside;
use crate::source;

/// Remedy where an index cannot be used.
const SHOWS: &str = "`glasslog history ARTIFACT` shows index and leaf hash (`leafHash` in JSON) of each event that can be answered";

/// Returns the leaf hash that an event signs. An index is looked up in the log, whose checkpoint has to meet the policy, and
/// the entry at it is verified: the hash is what is signed, and the index is not.
///
/// # Errors
/// The text is neither (exit 2), the log has no such entry (exit 6), or the entry is not verified.
pub(crate) fn resolve(
    text: &str,
    log: &str,
    policy: Option<&Path>,
    console: &Console,
) -> Result<Hash, Failure> {
    if let Some(hash) = Hash::parse_base64(text) {
        return Ok(hash);
    }
    let index = parse_decimal(text).ok_or_else(|| {
        let expected = "expected a leaf hash in base64, or the index of an entry";
        Failure::usage(format!("`--acts-on`: {expected}, not `{text}`")).hint(SHOWS)
    })?;
    let beside = policy_beside(log);
    let path = policy.or(beside.as_deref()).ok_or_else(|| {
        let message = format!(
            "`--acts-on {index}`: an index needs `--policy FILE`, by which the entry is verified"
        );
        Failure::usage(message).hint(format!("or give the leaf hash: {SHOWS}"))
    })?;
    let policy = read_policy(path)?;
    // The index tells of keys alone, which decide nothing here.
    let options = by_the_index(false);
    let source = source::open(log, false)?;
    let query = drive::run(&*source, &Watch::reading(console), || {
        Ok::<_, Failure>(EntryQuery::new(index, &policy, options))
    })?;
    let report = query.report();
    let entry = report.and_then(|report| match report.claims.included {
        Outcome::Pass => report.members.entry,
        _ => None,
    });
    if let Some(entry) = entry {
        console.note(format_args!(
            "acts on entry {index}, whose leaf hash is {}",
            entry.leaf_hash
        ));
        return Ok(entry.leaf_hash);
    }
    let class = report.map_or(Class::Unfinished, |report| report.class());
    let why = report.map_or("the log was not read", |report| &report.headline);
    let message = format!("`--acts-on {index}`: {why}");
    Err(match class {
        Class::Nothing => Failure::new(Exit::Refused, "acts-on-index", message).hint(SHOWS),
        class => Failure::new(Exit::from(class), "acts-on-index", message),
    })
}
