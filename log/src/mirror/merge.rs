//! Joins replicas of one log in a copy: every head that a replica knows is taken up, from the smallest to the largest, with the
//! files that any of them has (`docs/formats/mirror.md`, "Merging").

use super::error::MirrorError;
use super::{Mirror, Mirrored};
use crate::directory::error::DiskError;
use crate::directory::layout::Layout;
use crate::mirror::tree::LOG;
use glasslog_client::source::{Answer, Directory, Source};
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::note::Checkpoint;
use glasslog_core::text::limits::MAX_NOTE;
use std::fs;
use std::path::{Path, PathBuf};

/// A replica: a copy of a mirror, or any public tree of the log.
pub struct Replica {
    /// Its directory.
    pub path: PathBuf,
    source: Directory,
    /// The heads that it knows: that of its tree, and the newest one that its mirror accepted.
    heads: Vec<Vec<u8>>,
}

/// The outcome for one head.
pub struct Merged {
    /// Position of the replica that knows it.
    pub replica: usize,
    /// Size of the head; `None` if its checkpoint does not decode.
    pub size: Option<u64>,
    /// The copy after it was taken up, or the reason why it was not.
    pub outcome: Result<Mirrored, MirrorError>,
}

impl Replica {
    /// Opens a replica.
    ///
    /// # Errors
    /// The directory, or a checkpoint in it, cannot be read; or it has no checkpoint.
    pub fn open(path: &Path) -> Result<Self, MirrorError> {
        let source = Directory::open(path)?;
        let shown = source.read(CHECKPOINT_PATH)?;
        let seen = read_seen(&Layout::new(path).private(LOG.memory))?;
        let seen = seen.filter(|seen| {
            let shown = shown.as_deref().map(Checkpoint::parse);
            // The same head may have fewer cosignatures there.
            !matches!((shown, Checkpoint::parse(seen)), (Some(Ok(shown)), Ok(seen)) if shown.note().text() == seen.note().text())
        });
        let heads: Vec<Vec<u8>> = shown.into_iter().chain(seen).collect();
        if heads.is_empty() {
            return Err(MirrorError::Missing {
                path: path.join(CHECKPOINT_PATH).display().to_string(),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            source,
            heads,
        })
    }
}

/// Reads the newest head that a mirror accepted, and may not have copied yet.
fn read_seen(path: &Path) -> Result<Option<Vec<u8>>, MirrorError> {
    match fs::read(path) {
        Ok(bytes) if bytes.len() <= MAX_NOTE => Ok(Some(bytes)),
        Ok(_) => Err(MirrorError::Memory {
            path: path.to_owned(),
            problem: "it is too large for a checkpoint".into(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DiskError::new("read", path, &error).into()),
    }
}

impl Source for Replica {
    fn read(&self, path: &str) -> Answer {
        self.source.read(path)
    }
}

/// A head of one replica over the files of another one.
struct HeadOver<'a> {
    checkpoint: &'a [u8],
    files: &'a Replica,
}

impl Source for HeadOver<'_> {
    fn read(&self, path: &str) -> Answer {
        match path {
            CHECKPOINT_PATH => Ok(Some(self.checkpoint.to_vec())),
            _ => self.files.read(path),
        }
    }
}

/// Takes up every head in a copy, by the rules of `mirror`; the source is each replica in turn. A head that cannot be taken up leaves the
/// copy as it was before it. Heads that contradict each other, or the copy, are looked for before anything is copied: a tree that the
/// log denied elsewhere is not stored.
///
/// # Errors
/// Two heads contradict each other, or the copy cannot be read or written.
pub fn merge(mirror: &Mirror<'_>, replicas: &[Replica]) -> Result<Vec<Merged>, MirrorError> {
    let is_new = mirror.copy.checkpoint(&LOG)?.is_none();
    find_fork(mirror, replicas)?;
    let merged = take_up_all(mirror, replicas);
    let fork = merged.iter().position(Merged::is_fork);
    let Some(fork) = fork.map(|at| &merged[at].outcome) else {
        return Ok(merged);
    };
    // Only the tiles of the joined copy showed it.
    if is_new {
        mirror.copy.withdraw()?;
    }
    match fork {
        Err(error) => Err(error.clone()),
        Ok(_) => Ok(merged),
    }
}

/// Compares each head that the policy accepts with each larger one, by the tiles of any replica or of the copy.
fn find_fork(mirror: &Mirror<'_>, replicas: &[Replica]) -> Result<(), MirrorError> {
    let known = replicas.iter().flat_map(|it| &it.heads);
    let known = known.filter_map(|bytes| Checkpoint::parse(bytes).ok());
    let accepted = known.filter_map(|shown| mirror.judge(&LOG, &shown).ok());
    let mut heads: Vec<Checkpoint> = accepted.chain(mirror.copy.seen(&LOG)?).collect();
    heads.sort_by_key(|it| it.head().size);
    let replicas = replicas.iter().map(|it| it as &dyn Source);
    let sources: Vec<&dyn Source> = replicas.chain([mirror.copy.source()]).collect();
    for (at, new) in heads.iter().enumerate() {
        for old in &heads[..at] {
            let (size, head) = (old.head().size, new.head());
            if old.origin() != new.origin() || old.head() == head {
                continue;
            }
            // Files that no replica has are told when the head is taken up.
            let mut shown = sources.iter().map(|it| LOG.prefix(*it, size, head));
            if let Some(Ok(shown)) = shown.find(Result::is_ok)
                && shown.0 != old.head().root
            {
                return Err(mirror.accuse(&LOG, old, new, shown));
            }
        }
    }
    Ok(())
}

fn take_up_all(mirror: &Mirror<'_>, replicas: &[Replica]) -> Vec<Merged> {
    let mut heads: Vec<(Option<u64>, usize, &[u8])> = Vec::new();
    for (replica, it) in replicas.iter().enumerate() {
        for bytes in &it.heads {
            let size = Checkpoint::parse(bytes).ok().map(|it| it.head().size);
            heads.push((size, replica, bytes));
        }
    }
    heads.sort_by_key(|(size, replica, _)| (*size, *replica));
    let more: Vec<&dyn Source> = replicas.iter().map(|it| it as &dyn Source).collect();
    let mut merged: Vec<Merged> = Vec::new();
    for (size, replica, checkpoint) in &heads {
        let outcome = take_up(mirror, replicas, &more, *replica, checkpoint);
        merged.push(Merged {
            replica: *replica,
            size: *size,
            outcome,
        });
        if merged.last().is_some_and(Merged::is_fork) {
            return merged;
        }
    }
    // The tree of a larger head shows whether a smaller one, whose own tree is nowhere, is of the same log.
    let whole = merged.iter().filter(|it| it.outcome.is_ok());
    let largest = whole.filter_map(|it| it.size).max();
    for (head, (size, replica, checkpoint)) in merged.iter_mut().zip(&heads) {
        if head.outcome.is_err() && *size <= largest {
            let outcome = take_up(mirror, replicas, &more, *replica, checkpoint);
            if matches!(
                outcome,
                Err(MirrorError::Older { .. } | MirrorError::Inconsistent(_))
            ) {
                head.outcome = outcome;
            }
        }
    }
    merged
}

impl Merged {
    fn is_fork(&self) -> bool {
        matches!(self.outcome, Err(MirrorError::Inconsistent(_)))
    }
}

/// Takes up a head: by the tiles of the replica that knows it, or else of another one; a bundle may be any replica's.
fn take_up(
    mirror: &Mirror<'_>,
    replicas: &[Replica],
    more: &[&dyn Source],
    replica: usize,
    checkpoint: &[u8],
) -> Result<Mirrored, MirrorError> {
    let others = (0..replicas.len()).filter(|other| *other != replica);
    let mut first: Option<Result<Mirrored, MirrorError>> = None;
    for files in core::iter::once(replica).chain(others) {
        let source = HeadOver {
            checkpoint,
            files: &replicas[files],
        };
        let passed = Mirror {
            source: &source,
            more,
            ..*mirror
        }
        .pass();
        match &passed {
            Ok(done) if done.index_failure.is_none() => return passed,
            Err(MirrorError::Inconsistent(_)) => return passed,
            _ => {}
        }
        // The first failure names the files of the replica itself; a copied log without its index is better than none.
        let is_better = passed.is_ok() && first.as_ref().is_none_or(Result::is_err);
        if first.is_none() || is_better {
            first = Some(passed);
        }
    }
    first.unwrap_or_else(|| {
        Err(MirrorError::Missing {
            path: CHECKPOINT_PATH.into(),
        })
    })
}
