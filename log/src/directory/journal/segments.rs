//! Sealed journals: each ends where the next one begins.

use super::frame;
use crate::directory::disk::Disk;
use crate::directory::error::DiskError;
use crate::directory::layout::Layout;
use crate::error::LogError;
use crate::storage::Staged;
use crate::storage::error::JournalError;
use glasslog_core::text::wire::parse_decimal;
use std::path::PathBuf;

/// A sealed journal.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// One past its last index.
    pub(super) end: u64,
}

/// Reads the sealed journals that end at index `end` without a gap; the present journal begins there.
pub(super) fn open(
    disk: &Disk,
    layout: &Layout,
    end: u64,
    durable: u64,
) -> Result<(Vec<Segment>, Staged), LogError> {
    let mut found = list(layout)?;
    found.sort_unstable_by(|a, b| b.cmp(a));
    let mut staged = Staged {
        first: end,
        leaves: Vec::new(),
    };
    let mut sealed = Vec::new();
    for first in found {
        let path = layout.sealed_journal(first);
        // A crash between the two steps of sealing leaves two names of one journal.
        if first == end {
            disk.remove(&path)?;
            continue;
        }
        let bytes = disk.read(&path)?.unwrap_or_default();
        let header = frame::parse_header(&bytes).filter(|(_, named)| *named == first);
        let (salt, _) = header.ok_or(JournalError::Damaged { offset: 0 })?;
        let mut leaves = Vec::new();
        let length = frame::read_all(&salt, first, &bytes, &mut leaves)?;
        // A sealed journal was complete.
        if length < bytes.len() {
            let offset = length as u64;
            return Err(JournalError::Damaged { offset }.into());
        }
        let own_end = first + leaves.len() as u64;
        if own_end <= durable && own_end != staged.first {
            // It was removed once, and a power loss took back this removal only.
            disk.remove(&path)?;
            continue;
        }
        if own_end != staged.first {
            return Err(JournalError::Gap {
                first: own_end,
                end: staged.first,
                head: durable,
            }
            .into());
        }
        leaves.append(&mut staged.leaves);
        staged = Staged { first, leaves };
        sealed.push(Segment { path, end: own_end });
    }
    sealed.reverse();
    Ok((sealed, staged))
}

/// First indices of the sealed journals.
fn list(layout: &Layout) -> Result<Vec<u64>, LogError> {
    let path = layout.state();
    let failed = |error: std::io::Error| DiskError::new("list", &path, &error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let first = name
            .to_str()
            .and_then(|name| parse_decimal(name.strip_prefix("journal-")?));
        found.extend(first);
    }
    Ok(found)
}
