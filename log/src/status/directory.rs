//! Status of a log in a directory (`docs/formats/log-directory.md`).

use super::{Heads, Status, Writer, age, head_in, indexed, last_error};
use crate::config::Config;
use crate::cosigning::{Role, standings, state};
use crate::directory::checkpoint::CheckpointFile;
use crate::directory::disk::Disk;
use crate::directory::error::DiskError;
use crate::directory::layout::Layout;
use crate::directory::{journal, lock};
use crate::error::LogError;
use crate::sequencer::LAST_ERROR;
use crate::writer::close::CLOSED;
use glasslog_core::index::format::LATEST_PATH;
use glasslog_core::tiles::TILE_FOLDER;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::SystemTime;

/// Reads the status of the log in the directory of `layout`.
pub(super) fn read(disk: &Disk, layout: &Layout, config: Config) -> Result<Status, LogError> {
    // The head is read first: the checkpoint is never beyond it, and may only have caught up since.
    let heads = heads(disk, layout)?;
    let staged = journal::peek(disk, layout)?;
    let signed = heads.signed.map_or(0, |head| head.size);
    let published = heads.public.map_or(0, |head| head.size);
    let size = staged.end().max(signed).max(published);
    let waiting = (staged.first..)
        .zip(&staged.leaves)
        .filter(|(index, _)| *index >= published);
    let backlog_bytes = waiting.map(|(_, leaf)| leaf.entry().len() as u64).sum();
    let latest = layout.public_file(LATEST_PATH);
    let place = (disk, layout);
    let kept = |name| disk.read(&layout.private(name));
    Ok(Status {
        witnesses: standings(&config, Role::Log, place, kept(state::OF_LOG)?)?,
        index_witnesses: standings(&config, Role::Index, place, kept(state::OF_INDEX)?)?,
        origin: config.origin,
        size,
        published,
        backlog_bytes,
        lag: (size > published).then(|| age(changed(&layout.checkpoint()))),
        indexed: disk
            .read(&latest)?
            .map(|bytes| indexed(&bytes, latest))
            .transpose()?,
        superseded_partials: superseded(&layout.public_file(TILE_FOLDER))?,
        is_closed: layout.private(CLOSED).exists(),
        writer: lock::writer(&layout.lock())?.map(Writer::Process),
        contradiction: heads.contradiction(),
        last_error: last_error(disk.read(&layout.private(LAST_ERROR))?),
    })
}

/// Reads both heads.
pub(super) fn heads(disk: &Disk, layout: &Layout) -> Result<Heads, LogError> {
    let signed = || {
        let path = layout.head();
        let Some(bytes) = disk.read(&path)? else {
            return Err(LogError::missing(path));
        };
        head_in(&bytes, path).map(Some)
    };
    let heads = Heads {
        signed: signed()?,
        public: CheckpointFile::new(disk, layout)
            .read()?
            .map(|shown| shown.head()),
    };
    heads.settled(signed)
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// Counts the partial files below a directory whose full ones exist.
fn superseded(directory: &Path) -> Result<u64, LogError> {
    let mut count = 0;
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        let failed = |error: std::io::Error| DiskError::new("list", &directory, &error);
        let entries = match fs::read_dir(&directory) {
            // A directory of partial files is removed with the last of them.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries.map_err(failed)?,
        };
        let is_superseded = directory
            .extension()
            .is_some_and(|extension| extension == "p")
            && directory.with_extension("").exists();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_dir() {
                directories.push(entry.path());
            } else {
                count += u64::from(is_superseded);
            }
        }
    }
    Ok(count)
}
