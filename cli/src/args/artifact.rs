//! ARTIFACT arguments: the syntax decides (`glasslog_core::event::artifact`), and files are hashed here.

use std::path::Path;

use glasslog_core::event::{ArtifactError, ArtifactQuery, KeyKind, subject_name};

use crate::contents::{ContentArgs, named};
use crate::failure::Failure;
use crate::other_question::of_path;
use crate::output::Console;

/// Turns an argument into a query's key: a path becomes the digest of its file or folder.
///
/// # Errors
/// The argument has no known form (exit 2), or the file cannot be read (exit 1).
pub(crate) fn resolve_artifact(argument: &str, console: &Console) -> Result<String, Failure> {
    let parsed = ArtifactQuery::parse(argument).map_err(|error| {
        let failure = refuse_artifact(&error);
        match of_path(argument) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })?;
    match parsed {
        ArtifactQuery::Path(path) => digest_of(Path::new(&path), console),
        // One spelling of a digest, so that files that repeat it are the same.
        ArtifactQuery::Key(key) if key.kind == KeyKind::Digest => Ok(key.id),
        ArtifactQuery::Key(_) => Ok(argument.to_owned()),
    }
}

/// Hashes a file or a folder.
fn digest_of(path: &Path, console: &Console) -> Result<String, Failure> {
    let contents = ContentArgs::default();
    let digest = match path.is_dir() {
        true => contents.folder(path, console)?.root(),
        false => contents.file(path, console)?,
    };
    Ok(named(&digest))
}

/// Returns the name that `--artifact` gives to what is recorded.
///
/// # Errors
/// The argument is no name (exit 2); `history` would look up something else by it.
pub(crate) fn recorded_name(argument: &str) -> Result<&str, Failure> {
    subject_name(argument)
        .map_err(|error| Failure::usage(format!("`--artifact`: {error}")).hint(error.hint()))
}

/// Describes why an argument names no artifact.
pub(crate) fn refuse_artifact(error: &ArtifactError) -> Failure {
    Failure::usage(error.to_string()).hint(error.hint())
}
