//! The public checkpoint, which only a larger head replaces, and the archive of earlier ones.

use crate::error::LogError;
use crate::storage::Storage;
use crate::writer::error::HistoryError;
use crate::writer::signer::Signer;
use glasslog_core::fetch::{CHECKPOINT_PATH, LogFile};
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
            if old.size > new.size {
                return Err(HistoryError::RolledBack {
                    state: new.size,
                    public: old.size,
                }
                .into());
            }
            if old.size == new.size {
                return match old.root == new.root {
                    true => add_lines(storage, &public, checkpoint),
                    false => Err(HistoryError::Diverged {
                        size: new.size,
                        state: new.root,
                        public: old.root,
                    }
                    .into()),
                };
            }
            archive(storage, signer, &public, now)?;
        }
        Ok(Some(checkpoint.encode()))
    })
}

/// Adds the lines of a checkpoint to the public one of the same text, whose other lines stay; `None` if it has them.
fn add_lines(
    storage: &dyn Storage,
    public: &Checkpoint,
    checkpoint: &Checkpoint,
) -> Result<Option<Vec<u8>>, LogError> {
    let known = public.note().signatures();
    let mut lines = checkpoint.note().signatures().iter();
    let lacking = lines.clone().any(|line| !known.contains(line));
    if !lacking || public.note().text() != checkpoint.note().text() {
        return Ok(None);
    }
    let added = lines.try_fold(public.clone(), |sum, line| sum.with_signature(line.clone()));
    let added =
        added.map_err(|error| LogError::malformed(storage.locate(CHECKPOINT_PATH), error))?;
    Ok(Some(added.encode()))
}

/// Archives a checkpoint before it is replaced, if none was archived recently, or none with a cosignature. Only verified
/// signatures are kept: a false one could not be removed again.
fn archive(
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
    let path = LogFile::Archived(public.head().size).path();
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
    let archived = Archived {
        any: Some(now),
        cosigned: if cosigned { Some(now) } else { last.cosigned },
    };
    storage.replace_private(ARCHIVED, archived.encode().as_bytes())
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
