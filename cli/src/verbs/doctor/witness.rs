//! States of witnesses: each as new as its generation file says, and no two of one witness or one key.

use std::path::{Path, PathBuf};

use glasslog_core::report::Outcome;
use glasslog_log::witness::{FileMark, StateError, Summary, mark_beside};

use super::Finding;
use crate::file_kind::FileKind;

const CODE: &str = "witness-state";

/// Checks states, and compares each two.
pub(super) fn check(paths: &[PathBuf]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut known: Vec<(&Path, Summary)> = Vec::new();
    for path in paths {
        let kind = FileKind::at(path);
        if let Some(found) = kind.filter(|kind| *kind != FileKind::WitnessDatabase) {
            let failure = found.instead_of(FileKind::WitnessDatabase, path);
            let hint = failure.hint.unwrap_or_default();
            findings.push(Finding::fail(CODE, failure.message, hint));
            continue;
        }
        let mark = Box::new(FileMark::new(mark_beside(path)));
        match Summary::read(path, mark) {
            Ok((summary, mark)) => {
                findings.push(judge(path, &summary, &mark));
                known.push((path, summary));
            }
            Err(error) => findings.push(unread(path, &error)),
        }
    }
    for (at, (path, one)) in known.iter().enumerate() {
        let others = known.iter().skip(at + 1);
        findings.extend(others.filter_map(|(other, two)| compare(path, one, other, two)));
    }
    findings
}

fn judge(path: &Path, summary: &Summary, mark: &Result<(), StateError>) -> Finding {
    let shown = path.display();
    if let Some(reason) = &summary.suspended {
        let detail = format!("`{shown}` is suspended: {reason}");
        return Finding::fail(
            CODE,
            detail,
            hint(&StateError::Suspended {
                reason: String::new(),
            }),
        );
    }
    match mark {
        // The operator may keep the generation elsewhere.
        Ok(()) | Err(StateError::NoMark { .. }) => {
            let (logs, generation) = (summary.logs, summary.generation);
            let detail = format!("`{shown}` remembers {logs} logs, in generation {generation}");
            Finding::pass(CODE, detail)
        }
        Err(error) => Finding::fail(CODE, format!("`{shown}`: {error}"), hint(error)),
    }
}

fn unread(path: &Path, error: &StateError) -> Finding {
    let detail = format!("`{}`: {error}", path.display());
    match error {
        StateError::InUse { .. } => Finding {
            hint: Some("stop the witness to have its state checked".to_owned()),
            ..Finding::new(CODE, Outcome::Unknown, detail)
        },
        _ => Finding::fail(CODE, detail, "is this the database of a witness?"),
    }
}

/// Tells of two states that could cosign two versions of a log.
fn compare(path: &Path, one: &Summary, other: &Path, two: &Summary) -> Option<Finding> {
    let (path, other) = (path.display(), other.display());
    let detail = if one.id == two.id {
        format!("`{path}` and `{other}` are copies of one state")
    } else {
        let key = one.keys.iter().find(|key| two.keys.contains(key))?;
        let name = key.split('+').next().unwrap_or_default();
        format!("`{path}` and `{other}` sign by one key of `{name}`")
    };
    const HINT: &str =
        "only one of them may ever run; remove the other, and the key if both have run";
    Some(Finding::fail("witness-copies", detail, HINT))
}

fn hint(error: &StateError) -> &'static str {
    error.hint().unwrap_or_default()
}
