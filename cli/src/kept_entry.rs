//! The entry of a failed submission, kept for the next attempt, and the words that say how to make it.

use std::path::{Path, PathBuf};

use glasslog_client::source::is_address;
use glasslog_core::merkle::Hash;

use crate::failure::Failure;
use crate::output::{Output, write_new};
use crate::submitted::{Entries, State};

impl Failure {
    /// Keeps the entry in a file if it may be in the log, and adds the way to repeat it; `log` is the argument of `--log`.
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
            (
                State::Unknown,
                Entries::One {
                    leaf_hash,
                    envelope,
                    file,
                    ..
                },
            ) => match keep(leaf_hash, envelope, chosen) {
                Ok(path) => {
                    let path = file.insert(path).display();
                    format!(
                        "`glasslog submit --log {log} {path}` repeats it; an entry that the log has keeps its index"
                    )
                }
                Err(failure) => format!("the entry could not be kept: {}", failure.message),
            },
            _ => return self,
        };
        let earlier = self.hint.take().map(|hint| hint + "; ");
        self.hint(earlier.unwrap_or_default() + &remedy)
    }
}

/// Writes an entry to the chosen place, or to a new file named by its leaf hash.
fn keep(leaf_hash: &str, envelope: &str, chosen: Option<Output>) -> Result<PathBuf, Failure> {
    if let Some(output) = chosen.filter(|output| output.file().is_some()) {
        let path = output.path().to_path_buf();
        return output.write(envelope.as_bytes()).map(|()| path);
    }
    let hash = Hash::parse_base64(leaf_hash).map_or(String::new(), |hash| hash.to_hex());
    let stem = format!("unanswered-{}", hash.get(..16).unwrap_or_default());
    let paths = write_new(Path::new(&stem), &[("entry", envelope.as_bytes())])?;
    Ok(paths.into_iter().next().unwrap_or_default())
}
