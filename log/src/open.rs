//! Opens a log: reads all of it, and refuses what does not add up (`docs/formats/log-directory.md`, "Opening").

use crate::checkpoint_file::CheckpointFile;
use crate::config::Config;
use crate::disk::{Disk, DiskError};
use crate::error::LogError;
use crate::journal::{Journal, Staged};
use crate::layout::Layout;
use crate::ledger::Ledger;
use crate::lock::{CheckpointLock, WriterLock};
use crate::log::Log;
use crate::public::PublicTree;
use crate::signer::Signer;
use glasslog_core::edge::{Edge, PublicFile};
use glasslog_core::hash::leaf_hash;
use glasslog_core::tile::{EntryBundle, Tile, bundles_between, parse_entries};
use glasslog_core::tree::TreeHead;
use std::path::Path;

/// Largest size of a log whose checkpoint `init` may not have shown yet.
const NEWBORN: u64 = 1;

impl Log {
    /// Opens the log at `path` for writing.
    ///
    /// # Errors
    /// When another process writes to it, or its files do not add up.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LogError> {
        Self::open_with(Disk::new(), path)
    }

    /// As [`open`](Self::open), on a disk that a test controls.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(disk: Disk, path: impl AsRef<Path>) -> Result<Self, LogError> {
        let layout = Layout::new(path.as_ref());
        let config = Config::read(&disk, &layout)?;
        let lock = WriterLock::take(&layout.lock())?;
        clear_temporary(&disk, &layout)?;
        let signer = Signer::read(&disk, &layout, &config.origin)?;
        let head = signer.read_head(&disk, &layout)?;
        let shown = shown_head(&disk, &layout, &signer, &head)?;
        let public = PublicTree::new(&disk, &layout);
        let mut ledger = Ledger::new(&config);
        let edge = replay(&public, &layout, &head, shown.as_ref(), &mut ledger)?;
        let (journal, held) = Journal::open(&disk, &layout)?;
        let staged = stage(held, &journal, &head, &mut ledger)?;
        let is_shown = shown == Some(head);
        Ok(Self {
            lock,
            disk,
            layout,
            signer,
            public,
            journal,
            ledger,
            edge,
            staged,
            is_shown,
            is_stopped: false,
        })
    }
}

/// Removes what crashed writers left among temporary files. A cosigner uses `state/tmp` under the checkpoint lock.
pub(crate) fn clear_temporary(disk: &Disk, layout: &Layout) -> Result<(), LogError> {
    let _lock = CheckpointLock::wait(&layout.checkpoint_lock())?;
    let path = layout.temporary();
    let failed = |error: std::io::Error| DiskError::new("list", &path, &error);
    for entry in std::fs::read_dir(&path).map_err(failed)? {
        disk.remove(&entry.map_err(failed)?.path())?;
    }
    Ok(())
}

/// The head that is public, which must be the signed one or one before it.
fn shown_head(
    disk: &Disk,
    layout: &Layout,
    signer: &Signer,
    head: &TreeHead,
) -> Result<Option<TreeHead>, LogError> {
    let Some(checkpoint) = CheckpointFile::new(disk, layout).read()? else {
        // The last step of `init` shows the first checkpoint.
        return match head.size <= NEWBORN {
            true => Ok(None),
            false => Err(LogError::Missing {
                path: layout.checkpoint(),
            }),
        };
    };
    let shown = signer.verify(&checkpoint, &layout.checkpoint())?;
    if shown.size > head.size {
        return Err(LogError::RolledBack {
            state: head.size,
            public: shown.size,
        });
    }
    if shown.size == head.size && shown.root != head.root {
        return Err(LogError::Diverged {
            size: head.size,
            state: head.root,
            public: shown.root,
        });
    }
    Ok(Some(shown))
}

/// Reads all published entries and checks that the tiles, and the signed roots, are theirs.
fn replay(
    public: &PublicTree,
    layout: &Layout,
    head: &TreeHead,
    shown: Option<&TreeHead>,
    ledger: &mut Ledger,
) -> Result<Edge, LogError> {
    let mut edge = Edge::new();
    // Told apart only after the tiles: a file that can be named says more than a root that is wrong.
    let mut roots = check_root(&edge, shown);
    for bundle in bundles_between(0, head.size) {
        let bytes = read_bundle(public, layout, "", &bundle)?;
        let malformed = |problem: String| LogError::Malformed {
            path: layout.public_file(&bundle.path()),
            problem,
        };
        let entries =
            parse_entries(&bytes, bundle.width()).map_err(|error| malformed(error.to_string()))?;
        let mut full = Vec::new();
        for entry in entries {
            let leaf = edge
                .append(entry, |file| full.push(file))
                .map_err(|error| malformed(error.to_string()))?;
            ledger.replay(entry, leaf)?;
            roots = roots.and(check_root(&edge, shown));
        }
        check_tiles(public, layout, &full)?;
    }
    check_tiles(public, layout, &edge.partials(0))?;
    roots.and(check_root(&edge, Some(head)))?;
    Ok(edge)
}

/// Compares the root with a signed one of the same size.
fn check_root(edge: &Edge, signed: Option<&TreeHead>) -> Result<(), LogError> {
    let Some(signed) = signed.filter(|signed| signed.size == edge.size()) else {
        return Ok(());
    };
    let computed = edge.head().root;
    match computed == signed.root {
        true => Ok(()),
        false => Err(LogError::WrongRoot {
            size: signed.size,
            signed: signed.root,
            computed,
        }),
    }
}

/// Reads a bundle of the log below `prefix`; where the partial one is gone, the full one begins with it.
pub(crate) fn read_bundle(
    public: &PublicTree,
    layout: &Layout,
    prefix: &str,
    bundle: &EntryBundle,
) -> Result<Vec<u8>, LogError> {
    let path = |bundle: &EntryBundle| [prefix, &bundle.path()].concat();
    if let Some(bytes) = public.read(&path(bundle))? {
        return Ok(bytes);
    }
    let missing = || LogError::Missing {
        path: layout.public_file(&path(bundle)),
    };
    let full = public.read(&path(&bundle.full()))?.ok_or_else(missing)?;
    let entries = parse_entries(&full, bundle.full().width()).map_err(|_| missing())?;
    let length: usize = entries
        .iter()
        .take(usize::from(bundle.width()))
        .map(|entry| 2 + entry.len())
        .sum();
    Ok(full[..length].to_vec())
}

/// Checks that tiles are on disk as the entries make them; bundles are where the entries were read from.
fn check_tiles(public: &PublicTree, layout: &Layout, files: &[PublicFile]) -> Result<(), LogError> {
    for file in files {
        let Ok(tile) = Tile::parse_path(&file.path) else {
            continue;
        };
        let path = || layout.public_file(&file.path);
        let found = match public.read(&file.path)? {
            Some(bytes) => Some(bytes),
            None => public
                .read(&tile.full().path())?
                .and_then(|full| tile.prefix_of_full(&full).map(<[u8]>::to_vec)),
        };
        match found {
            None => return Err(LogError::Missing { path: path() }),
            Some(bytes) if bytes != file.bytes => return Err(LogError::Differs { path: path() }),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Takes the entries after the signed head from the journal; those before it must be the published ones.
fn stage(
    held: Staged,
    journal: &Journal,
    head: &TreeHead,
    ledger: &mut Ledger,
) -> Result<Vec<Vec<u8>>, LogError> {
    if held.first > head.size || journal.end() < head.size {
        return Err(LogError::JournalGap {
            first: held.first,
            end: journal.end(),
            head: head.size,
        });
    }
    let mut staged = Vec::new();
    for (index, entry) in (held.first..).zip(held.entries) {
        let leaf = leaf_hash(&entry);
        if index < head.size {
            if ledger.position(&leaf) != Some(index) {
                return Err(LogError::JournalDiffers { index });
            }
        } else {
            ledger.replay(&entry, leaf)?;
            staged.push(entry);
        }
    }
    Ok(staged)
}
