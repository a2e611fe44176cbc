//! Files of a folder in the event that registers it: as many as an entry holds, the largest first
//! (`docs/formats/folders.md`, "Registration").

use glasslog_core::event::{AccessEvent, FileList, FileListReference};
use glasslog_core::text::limits::MAX_LISTED_FILES;

use crate::failure::Failure;

/// Lists the files in the event. If an entry does not hold them all, the event names the whole list by its digest, for
/// which there must be a place beside the log. `fits` tells whether the event makes an entry.
///
/// # Errors
/// An entry does not hold the list, and it has no place (exit 2).
pub(crate) fn list_files(
    event: &mut AccessEvent,
    files: &FileList,
    has_place: bool,
    fits: impl Fn(&AccessEvent) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let count = files.files().len();
    let digest = files.digest();
    let mut with = |listed: usize| {
        event.files = files.largest(listed);
        event.file_list = (listed < count).then_some(FileListReference {
            digest,
            files: count as u64,
        });
        fits(event)
    };
    if count <= MAX_LISTED_FILES && with(count)? {
        return Ok(());
    }
    if !has_place {
        let message = format!("an entry does not hold the list of {count} files");
        return Err(Failure::usage(message)
            .hint("`--file-list FILE` writes the list, which the entry then names by its digest"));
    }
    // Between a number of files that fit and one that does not.
    let (mut fit, mut excess) = (0, count.min(MAX_LISTED_FILES) + 1);
    while excess - fit > 1 {
        let middle = fit.midpoint(excess);
        match with(middle)? {
            true => fit = middle,
            false => excess = middle,
        }
    }
    with(fit)?;
    Ok(())
}
