//! The entry of a submission, kept in a file from before it is sent until its fate is known: a killed process or a full disk
//! loses nothing. After a failure the file stays, and the message says how to repeat it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use glasslog_client::source::is_address;
use glasslog_client::submit::{Receipt, Refused, Wait};
use glasslog_core::merkle::leaf_hash;

use crate::destination::Destination;
use crate::failure::Failure;
use crate::output::{Console, Output, put, visible};
use crate::submitted::{Entries, State};

/// An entry that is kept while it is sent.
struct KeptEntry {
    /// `None` if the folder takes no files.
    file: Option<PathBuf>,
}

impl KeptEntry {
    /// Writes the entry to a file of the folder, named by its leaf hash. A folder that this user may not write into keeps
    /// nothing, which is told.
    ///
    /// # Errors
    /// The disk, such as a full one: nothing was sent yet.
    fn new(folder: &Path, entry: &[u8], console: &Console) -> Result<Self, Failure> {
        let file = folder.join(name(entry));
        match put(&file, entry) {
            Ok(()) => Ok(Self { file: Some(file) }),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                let failure = Failure::file(file.display(), &error);
                console.note(format_args!(
                    "the event is not kept while it is sent: {}",
                    visible(&failure.message)
                ));
                Ok(Self { file: None })
            }
            Err(error) => Err(Failure::file(file.display(), &error)),
        }
    }

    /// Removes the file of an entry whose fate is known.
    fn remove(self) {
        if let Some(file) = self.file {
            // A file that stays is the entry itself, and does no harm.
            let _ = fs::remove_file(file);
        }
    }
}

/// Returns the name of the file that keeps an entry.
fn name(entry: &[u8]) -> String {
    let hash = leaf_hash(entry).to_hex();
    format!("unanswered-{}.entry", hash.get(..16).unwrap_or_default())
}

/// Submits one entry, which is kept in `folder` until the log has answered. A refusal is an answer.
///
/// # Errors
/// The entry cannot be kept, or as [`Destination::offer`].
pub(crate) fn offer_kept(
    destination: &mut Destination,
    entry: &[u8],
    wait: Wait,
    folder: &Path,
    console: &Console,
) -> Result<Result<Receipt, Refused>, Failure> {
    let kept = KeptEntry::new(folder, entry, console)?;
    let answer = destination.offer(entry, wait).map_err(|mut failure| {
        let submitted = failure.submitted.as_deref_mut();
        let submitted = submitted.filter(|submitted| submitted.state == State::Unknown);
        if let Some(Entries::One { file, .. }) = submitted.map(|submitted| &mut submitted.entries) {
            file.clone_from(&kept.file);
        }
        failure
    });
    let is_unknown = |failure: &Failure| {
        let submitted = failure.submitted.as_deref();
        submitted.is_some_and(|submitted| submitted.state == State::Unknown)
    };
    if !answer.as_ref().is_err_and(is_unknown) {
        kept.remove();
    }
    answer
}

impl Failure {
    /// Adds the way to repeat a submission whose outcome is not known, or to publish it; `log` is the argument of `--log`. The
    /// entry that was kept goes to `chosen`, if the user named a place for it.
    pub(crate) fn keeping(mut self, log: &str, chosen: Option<Output>) -> Self {
        let Some(submitted) = &mut self.submitted else {
            return self;
        };
        let remedy = match (submitted.state, &mut submitted.entries) {
            (State::Durable, _) if is_address(log) == Ok(true) => {
                "its server publishes it".to_owned()
            }
            (State::Durable, _) => {
                format!("`glasslog publish {log}` publishes it, as the next writer does")
            }
            (State::Unknown, Entries::One { envelope, file, .. }) => {
                move_to(chosen, file, envelope);
                match file {
                    Some(path) => format!(
                        "`glasslog submit --log {log} {}` repeats it; an entry that the log has keeps its index",
                        path.display()
                    ),
                    None => "the entry could not be kept; `--format json` shows it".to_owned(),
                }
            }
            _ => return self,
        };
        let earlier = self.hint.take().map(|hint| hint + "; ");
        self.hint(earlier.unwrap_or_default() + &remedy)
    }
}

/// Moves a kept entry to the chosen place, if that is a file and can be written.
fn move_to(chosen: Option<Output>, file: &mut Option<PathBuf>, envelope: &str) {
    let Some(output) = chosen.filter(|output| output.file().is_some()) else {
        return;
    };
    let path = output.path().to_path_buf();
    if output.write(envelope.as_bytes()).is_ok()
        && let Some(kept) = file.replace(path)
    {
        let _ = fs::remove_file(kept);
    }
}
