//! The archive of checkpoints that were public, and the list by which a reader finds those around an entry
//! (`docs/formats/checkpoint-archive.md`).

use crate::error::LogError;
use crate::storage::Storage;
use crate::writer::signer::Signer;
use glasslog_core::fetch::{CHECKPOINT_PATH, CheckpointList, LogFile, PAGE_SIZES};
use glasslog_core::note::Checkpoint;
use glasslog_core::text::wire::parse_decimal;

/// Private file with the times of the last archived checkpoints.
const ARCHIVED: &str = "archived";

/// Least time between two archived checkpoints in seconds: half of the promised hour, so that a log that grows at least
/// that often has no gap of more than an hour.
pub const ARCHIVE_INTERVAL: u64 = 1_800;

/// Times of the last archived checkpoints, in seconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Archived {
    any: Option<u64>,
    cosigned: Option<u64>,
}

/// Archives a checkpoint before it is replaced, if none was archived recently, or none with a cosignature. Only verified
/// signatures are kept: a false one could not be removed again. After a crash between two steps the next call completes them.
pub(crate) fn archive(
    storage: &dyn Storage,
    signer: &Signer,
    public: &Checkpoint,
    now: u64,
) -> Result<(), LogError> {
    let last = storage.read_private(ARCHIVED)?.unwrap_or_default();
    let last = Archived::parse(&String::from_utf8_lossy(&last));
    // A clock that went back does not tell the age.
    let is_due = |then: Option<u64>| {
        then.is_none_or(|then| {
            now.checked_sub(then)
                .is_none_or(|age| age >= ARCHIVE_INTERVAL)
        })
    };
    let (any, with_cosignature) = (is_due(last.any), is_due(last.cosigned));
    if !any && !with_cosignature {
        return Ok(());
    }
    let unsigned = || Signer::unsigned(&storage.locate(CHECKPOINT_PATH));
    let signed = signer.signed(public).ok_or_else(unsigned)?;
    let cosigned = signed.by_log().ok_or_else(unsigned)? != signed;
    if !any && !cosigned {
        return Ok(());
    }
    let public = signed.checkpoint();
    let size = public.head().size;
    let path = LogFile::Archived(size).path();
    // A writer of a bucket that was replaced meanwhile may archive it too: the first file stays.
    match storage.keep(&path, &public.encode())? {
        None => {}
        Some(kept) => {
            // After a crash the file may exist with fewer cosignatures: it stays.
            let is_same = Checkpoint::parse(&kept)
                .is_ok_and(|kept| kept.note().text() == public.note().text());
            if !is_same {
                let path = storage.locate(&path);
                return Err(LogError::differs(path));
            }
        }
    }
    if cosigned {
        list(storage, size)?;
    }
    let archived = Archived {
        any: Some(now),
        cosigned: if cosigned { Some(now) } else { last.cosigned },
    };
    storage.replace_private(ARCHIVED, archived.encode().as_bytes())
}

/// Adds a size to the list. Without a list, or with one that is malformed, all of them are listed anew.
fn list(storage: &dyn Storage, size: u64) -> Result<(), LogError> {
    storage.update_inside(&LogFile::CheckpointList.path(), &mut |found| {
        let known = found.as_deref().and_then(CheckpointList::parse);
        let new = match &known {
            Some(_) => vec![size],
            None => cosigned_sizes(storage)?,
        };
        let mut list = known.clone().unwrap_or_default();
        for size in new {
            if let Some(page) = list.append(size) {
                storage.update_inside(&page.path, &mut |_| Ok(Some(page.bytes.clone())))?;
            }
        }
        Ok((known.as_ref() != Some(&list)).then(|| list.encode()))
    })
}

/// Returns the sizes of all archived checkpoints with a cosignature, in order.
fn cosigned_sizes(storage: &dyn Storage) -> Result<Vec<u64>, LogError> {
    let one = LogFile::Archived(0).path();
    let (folder, _) = one.split_once('/').unwrap_or_default();
    let names = storage.list(folder)?;
    let mut sizes: Vec<u64> = names
        .iter()
        .filter_map(|name| parse_decimal(name))
        .collect();
    sizes.sort_unstable();
    let mut cosigned = Vec::new();
    for some in sizes.chunks(PAGE_SIZES) {
        let paths: Vec<String> = some
            .iter()
            .map(|size| LogFile::Archived(*size).path())
            .collect();
        for (size, bytes) in some.iter().zip(storage.read_many(&paths)?) {
            let checkpoint = bytes.and_then(|bytes| Checkpoint::parse(&bytes).ok());
            // The log's own line is the first; only verified lines are in the archive.
            if checkpoint.is_some_and(|found| found.note().signatures().len() > 1) {
                cosigned.push(*size);
            }
        }
    }
    Ok(cosigned)
}

impl Archived {
    /// Parses leniently: an unknown line only means that the next checkpoint is archived.
    fn parse(text: &str) -> Self {
        let time = |name: &str| {
            text.lines()
                .find_map(|line| parse_decimal(line.strip_prefix(name)?.strip_prefix(' ')?))
        };
        Self {
            any: time("any"),
            cosigned: time("cosigned"),
        }
    }

    fn encode(&self) -> String {
        let line = |name: &str, time: Option<u64>| {
            time.map(|time| format!("{name} {time}\n"))
                .unwrap_or_default()
        };
        line("any", self.any) + &line("cosigned", self.cosigned)
    }
}
