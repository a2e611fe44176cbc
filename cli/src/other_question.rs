//! Hints at the question that a reader may have meant, where a history has no event.
//!
//! A file of a folder is registered with its folder, whose registration lists it: events about the file alone are events about
//! its digest, and there may be none. An argument without `./` is a name, though a file has it too.

use std::path::Path;

use glasslog_client::drive;
use glasslog_client::source::Source;
use glasslog_core::event::{ArtifactQuery, KeyKind, base_name};
use glasslog_core::fetch::Query;
use glasslog_core::report::{Class, Report};
use glasslog_core::text::escape::display_safe;
use glasslog_core::verify::{HistoryQuery, Options};

use crate::failure::Failure;
use crate::output::Console;

/// Most registrations of one file that are named.
const MAX_NAMED: usize = 3;

/// Most other versions that are named.
const MAX_VERSIONS: usize = 5;

/// Shows the hints for the report of a history that `argument` asked for.
pub(crate) fn hint(
    argument: &str,
    report: Option<&Report>,
    (policy, options): (&[u8], Options),
    source: &dyn Source,
    console: &Console,
) {
    let Some(report) = report.filter(|report| report.class() == Class::Nothing) else {
        return;
    };
    if report.query.kind == KeyKind::Digest.as_str() {
        for hint in of_folders(argument, &report.query.id, policy, options, source) {
            console.hint(hint);
        }
        return;
    }
    if report.query.kind == KeyKind::Version.as_str() {
        let hint = of_versions(&report.query.id, policy, options, source);
        hint.iter().for_each(|hint| console.hint(hint));
    }
    if let Some(hint) = of_path(argument) {
        console.hint(hint);
    }
}

/// Returns the hint that names other versions of a name, whose registrations are verified as the question was. A log that is
/// read whole because that was asked for is not read again.
fn of_versions(
    version: &str,
    policy: &[u8],
    options: Options,
    source: &dyn Source,
) -> Option<String> {
    if options.full_scan {
        return None;
    }
    let options = Options {
        require: None,
        state: true,
        ..options
    };
    let name = format!("{}:{}", KeyKind::Name.as_str(), base_name(version));
    // The question was answered; this one may fail in silence.
    let query = drive::run(source, &(), || {
        HistoryQuery::new(&name, policy, options, false)
            .map_err(|error| Failure::usage(error.to_string()))
    });
    let query = query.ok()?;
    let report = query.report()?;
    let versions = report.members.versions.as_deref()?;
    if report.class() != Class::Verified {
        return None;
    }
    let is_other = |name: &&str| base_name(name) == base_name(version) && *name != version;
    let others = versions.iter().rev().map(|found| found.name.as_str());
    let others: Vec<&str> = others.filter(is_other).collect();
    let names = others.iter().take(MAX_VERSIONS);
    let names: Vec<String> = names
        .map(|name| format!("`{}`", display_safe(name)))
        .collect();
    let more = match others.len().saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} older ones"),
    };
    let named = names.join(", ");
    (!names.is_empty())
        .then(|| format!("other versions of this name that are registered: {named}{more}"))
}

/// Returns the hint that an argument that is a name is also the path of a file.
pub(crate) fn of_path(argument: &str) -> Option<String> {
    let is_path = matches!(ArtifactQuery::parse(argument), Ok(ArtifactQuery::Path(_)));
    let exists = !is_path && Path::new(argument).exists();
    let shown = display_safe(argument);
    exists.then(|| format!("a path begins with `./`: `./{shown}` asks about that file's content"))
}

/// Returns a hint for each folder whose registration lists a file with this digest.
fn of_folders(
    argument: &str,
    digest: &str,
    policy: &[u8],
    options: Options,
    source: &dyn Source,
) -> Vec<String> {
    let options = Options {
        require: None,
        state: false,
        ..options
    };
    let digests = [digest.to_owned()];
    // The question was answered; this one may fail in silence.
    let query = drive::run(source, &(), || {
        HistoryQuery::of_files(&digests, None, policy, options)
            .map_err(|error| Failure::usage(error.to_string()))
    });
    let query = query.ok();
    let report = query.as_ref().and_then(Query::report);
    let files = report.and_then(|report| report.members.files.as_deref());
    let registered = files
        .into_iter()
        .flatten()
        .flat_map(|file| &file.registered_as);
    let listed = registered.filter_map(|found| Some((found, found.path.as_deref()?)));
    listed
        .take(MAX_NAMED)
        .map(|(found, path)| {
            let [argument, path, actor] = [argument, path, &found.actor].map(display_safe);
            let name = display_safe(&found.name);
            format!(
                "`{argument}` is `{path}` in the folder that `{actor}` registered as `{name}`: its history is `glasslog history {name}`"
            )
        })
        .collect()
}
