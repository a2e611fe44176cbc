//! The file with the evidence that a log signed two heads that cannot both be true (`docs/formats/inconsistency.md`).

use std::path::{Path, PathBuf};

use glasslog_core::report::{Class, Report};
use glasslog_core::verify::Inconsistency;

use crate::failure::Failure;
use crate::output::{Console, write_new};

/// Writes the evidence to `STEM.inconsistency`, or to `STEM-2.inconsistency` and so on if other evidence has the name.
///
/// # Errors
/// The disk or permissions.
pub(crate) fn write_inconsistency(stem: &Path, evidence: &[u8]) -> Result<PathBuf, Failure> {
    let paths = write_new(stem, &[("inconsistency", evidence)])?;
    Ok(paths.into_iter().next().unwrap_or_default())
}

/// Returns the hint for a file of evidence that was written.
pub(crate) fn show_to_everyone(path: &Path) -> String {
    let path = path.display();
    format!(
        "show the file to everyone who relies on this log: `glasslog verify inconsistency {path} --policy FILE` checks it"
    )
}

/// Writes the evidence as [`write_inconsistency`] does, and says where it is and how anyone checks it.
///
/// # Errors
/// The disk or permissions.
pub(crate) fn write_and_tell(
    stem: &Path,
    evidence: &[u8],
    console: &Console,
) -> Result<PathBuf, Failure> {
    let path = write_inconsistency(stem, evidence)?;
    console.note(format_args!(
        "both checkpoints, and what shows that they contradict each other, were written to {}",
        path.display()
    ));
    console.hint(show_to_everyone(&path));
    Ok(path)
}

/// Tells whether a file lies in the public tree of a log, in which strangers would read what is written beside it.
fn is_served(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else {
        return false;
    };
    let mut folders = path.ancestors().skip(1);
    folders.any(|folder| folder.join("checkpoint").is_file() && folder.join("tile").is_dir())
}

/// Writes the evidence of a report that found the log to contradict the checkpoint in the file `older`, beside that file, or in
/// the working directory if that is in the public tree of a log. The verdict stands even if that fails.
pub(crate) fn keep_evidence(
    report: Option<&Report>,
    found: Option<&Inconsistency>,
    older: &Path,
    console: &Console,
) {
    if report.is_none_or(|report| report.class() != Class::Inconsistent) {
        return;
    }
    let Some(found) = found else {
        let older = older.display();
        console.warn(format_args!(
            "no evidence could be written: keep `{older}` and the log's checkpoint, which contradict each other"
        ));
        return;
    };
    let stem = match older.file_name() {
        _ if older.as_os_str() == "-" => Path::new("old"),
        Some(name) if is_served(older) => Path::new(name),
        _ => older,
    };
    if let Err(failure) = write_and_tell(stem, &found.encode(), console) {
        console.warn_of(&failure);
    }
}
