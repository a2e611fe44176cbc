//! The public checkpoint, which only a larger head replaces.

use crate::error::LogError;
use crate::storage::Storage;
use crate::writer::archive::archive;
use crate::writer::error::HistoryError;
use crate::writer::signer::Signer;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::note::Checkpoint;

/// Parses a public checkpoint without verifying it.
pub(crate) fn parse(storage: &dyn Storage, bytes: &[u8]) -> Result<Checkpoint, LogError> {
    Checkpoint::parse(bytes)
        .map_err(|error| LogError::malformed(storage.locate(CHECKPOINT_PATH), error))
}

/// Makes `checkpoint` public unless it is, and archives the one before if that is due. Lines that the public one lacks are
/// added to it.
pub(crate) fn replace(
    storage: &dyn Storage,
    signer: &Signer,
    checkpoint: &Checkpoint,
    now: u64,
) -> Result<(), LogError> {
    let new = checkpoint.head();
    storage.update(CHECKPOINT_PATH, &mut |public| {
        if let Some(bytes) = public {
            let public = parse(storage, &bytes)?;
            let old = public.head();
            HistoryError::between(&new, &old)?;
            if old.size == new.size {
                return add_lines(storage, signer, &public, checkpoint, now);
            }
            archive(storage, signer, &public, now)?;
        }
        Ok(Some(checkpoint.encode()))
    })
}

/// Adds the lines of a checkpoint to the public one of the same text, whose other lines stay; `None` if it has them. Before
/// newer lines take the place of older ones, the older ones are archived if that is due: they say soonest that the entries
/// were there.
fn add_lines(
    storage: &dyn Storage,
    signer: &Signer,
    public: &Checkpoint,
    checkpoint: &Checkpoint,
    now: u64,
) -> Result<Option<Vec<u8>>, LogError> {
    let known = public.note().signatures();
    let mut lines = checkpoint.note().signatures().iter();
    let lacking = lines.clone().filter(|line| !known.contains(line)).count();
    if lacking == 0 || public.note().text() != checkpoint.note().text() {
        return Ok(None);
    }
    let added = lines.try_fold(public.clone(), |sum, line| sum.with_signature(line.clone()));
    let added =
        added.map_err(|error| LogError::malformed(storage.locate(CHECKPOINT_PATH), error))?;
    if added.note().signatures().len() < known.len() + lacking {
        archive(storage, signer, public, now)?;
    }
    Ok(Some(added.encode()))
}
