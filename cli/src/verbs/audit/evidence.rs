//! Files that an audit writes about a false index or a split view.

use std::path::{Path, PathBuf};

use glasslog_core::index::fraud::Fraud;

use crate::failure::Failure;
use crate::output::{Console, Output, write_new};

/// Opens the place of a fraud proof, before hours of work.
///
/// # Errors
/// It cannot be written, or is a file that exists.
pub(super) fn open_new(path: &Path, console: &Console) -> Result<Output, Failure> {
    Output::open_new(path, console).map_err(|failure| match failure.hint {
        None => failure.hint("a proof never replaces another file: choose a new name"),
        Some(_) => failure,
    })
}

/// Writes a proof to `output`, or to a new file with a default name, with a hint on how to check it.
///
/// # Errors
/// The disk or permissions.
pub(super) fn write_fraud(
    fraud: &Fraud,
    output: Option<Output>,
    console: &Console,
) -> Result<(), Failure> {
    let bytes = fraud.encode();
    let path = match output {
        Some(output) => {
            let path = output.path().to_path_buf();
            output.write(&bytes)?;
            path
        }
        None => {
            let stem = format!("index-{}", fraud.index_proof().index());
            write_one(Path::new(&stem), "fraud", &bytes)?
        }
    };
    console.note(format_args!(
        "a proof that the index is false was written to {}",
        path.display()
    ));
    console.hint(format_args!(
        "anyone can check it: `glasslog verify fraud {} --policy FILE`",
        path.display()
    ));
    Ok(())
}

fn write_one(stem: &Path, extension: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
    let paths = write_new(stem, &[(extension, bytes)])?;
    Ok(paths.into_iter().next().unwrap_or_default())
}
