//! Opens a log: reads the entries that the table of known entries does not cover, and refuses inconsistent files
//! (`docs/formats/log-directory.md`, "Opening").

use crate::config::Config;
use crate::dedup::{self, Bounds, Dedup, Loaded, Problem};
use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::directory::storage::Posix;
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::object_store::{Bucket, Candidate};
use crate::storage::Storage;
use crate::storage::error::JournalError;
use crate::writer::admitter::Admitter;
use crate::writer::close;
use crate::writer::error::HistoryError;
use crate::writer::log::Log;
use crate::writer::partials::Partials;
use crate::writer::public_checkpoint;
use crate::writer::publisher::{self, Publisher, Synced};
use crate::writer::signer::Signer;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::merkle::{Hash, TreeHead, empty_root};
use glasslog_core::tiles::{
    Edge, EntryBundle, FULL_WIDTH, PublicFile, Tile, bundles_between, frontier, parse_entries,
};
use std::path::Path;
use std::sync::Arc;

/// Largest size of a log whose first checkpoint `init` may not have published yet.
const NEWBORN: u64 = 1;

impl Log {
    /// Opens the log at `path` for writing.
    ///
    /// # Errors
    /// Another process writes to the log, or its files are inconsistent.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LogError> {
        Self::open_with(Disk::new(), path)
    }

    /// As [`open`](Self::open), on a disk that a test controls.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(disk: Disk, path: impl AsRef<Path>) -> Result<Self, LogError> {
        Self::open_within(disk, path, Bounds::default())
    }

    /// As [`open_with`](Self::open_with), with other bounds of the table of known entries.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_within(
        disk: Disk,
        path: impl AsRef<Path>,
        bounds: Bounds,
    ) -> Result<Self, LogError> {
        let layout = Layout::new(path.as_ref());
        let config = Config::read(&disk, &layout)?;
        let signer = Signer::read(&disk, &layout, &config.origin)?;
        let storage: Arc<dyn Storage> = match &config.store {
            None => Arc::new(Posix::open(&disk, &layout)?),
            Some(store) => {
                let bucket = Candidate::new(store, &layout.config(), None)?.wait()?;
                return Self::open_held(bucket, &config, signer, &layout, bounds);
            }
        };
        Self::open_on(storage, &config, signer, &layout, bounds)
    }

    /// Opens the log at `path` in the bucket whose lease this process has just taken.
    ///
    /// # Errors
    /// The files of the log are inconsistent.
    pub fn open_in(bucket: Bucket, path: impl AsRef<Path>) -> Result<Self, LogError> {
        let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()));
        let config = Config::read(&disk, &layout)?;
        let signer = Signer::read(&disk, &layout, &config.origin)?;
        Self::open_held(bucket, &config, signer, &layout, Bounds::default())
    }

    /// Opens a log in a bucket. A writer that was replaced while it read may find files of its successor, which
    /// contradict its state: it then returns only the error that it was replaced.
    fn open_held(
        bucket: Bucket,
        config: &Config,
        signer: Signer,
        layout: &Layout,
        bounds: Bounds,
    ) -> Result<Self, LogError> {
        bucket.set_reading_ahead(true);
        let opened = Self::open_on(Arc::new(bucket.clone()), config, signer, layout, bounds);
        bucket.set_reading_ahead(false);
        let mut log = opened.map_err(|error| bucket.explain(error))?;
        log.bucket = Some(bucket);
        Ok(log)
    }

    /// Opens the log in `storage`, which only this writer may write; `layout` locates the table of known entries.
    pub(crate) fn open_on(
        storage: Arc<dyn Storage>,
        config: &Config,
        signer: Signer,
        layout: &Layout,
        bounds: Bounds,
    ) -> Result<Self, LogError> {
        let missing = || LogError::missing(storage.locate_private("head"));
        let (bytes, version) = storage.load_head()?.ok_or_else(missing)?;
        let head = signer.verify_bytes(&bytes, &storage.locate_private("head"))?;
        let public = public_head(&*storage, &signer, &head)?;
        // Public files beyond this size may have been lost with the power: they are created again.
        let durable = storage.durable_size()?;
        if durable != u64::MAX && durable > head.size {
            return Err(HistoryError::RolledBack {
                state: head.size,
                public: durable,
            }
            .into());
        }
        let held = storage.staged()?;
        if held.first > head.size || held.end() < head.size {
            return Err(JournalError::Gap {
                first: held.first,
                end: held.end(),
                head: head.size,
            }
            .into());
        }
        let durable = durable.min(head.size).max(held.first);
        let table = layout.private(dedup::DIRECTORY);
        let Start {
            dedup,
            mut admitter,
            edge,
            rebuilt,
        } = begin(&storage, config, &table, bounds, durable)?;
        let (mut edge, roots) = replay(
            &*storage,
            edge,
            durable,
            public.as_ref(),
            &mut admitter,
            &dedup,
        )?;
        let size = held.end();
        let mut staged = Vec::new();
        let mut lost = Vec::new();
        for (index, leaf) in (held.first..).zip(held.leaves) {
            if index < durable {
                // The leaf hash is compared with the tiles themselves if the table covers the entry.
                let found = match index < durable - durable % u64::from(FULL_WIDTH) {
                    true => dedup::leaf(&*storage, index)? == *leaf.hash(),
                    false => admitter.newest_position(leaf.hash()) == Some(index),
                };
                if !found {
                    return Err(JournalError::Differs { index }.into());
                }
            } else {
                admitter.replay(leaf.entry(), *leaf.hash())?;
                match index < head.size {
                    true => lost.push(leaf),
                    false => staged.push(leaf),
                }
            }
        }
        let roots = roots.and(restore(&*storage, &mut edge, &lost, public.as_ref())?);
        roots.and(check_root(&edge, Some(&head)))?;
        let partials = Partials::find(&*storage, durable, size)?;
        partials.check(&*storage, &edge, &staged)?;
        admitter.is_closed = close::is_closed(&*storage, &head)?;
        let is_public = public == Some(head);
        let synced = Synced::new(durable, dedup);
        let version = Some(version);
        let mut publisher = Publisher::new(storage, signer, edge, version, is_public, synced);
        publisher.partials = partials;
        publisher.collect();
        publisher.sweep()?;
        Ok(Self {
            admitter,
            staged,
            size,
            is_stopped: false,
            publisher,
            bucket: None,
            rebuilt,
        })
    }
}

/// The state from which opening replays the log.
struct Start {
    dedup: Arc<Dedup>,
    admitter: Admitter,
    edge: Edge,
    /// Reason for which the table on disk is unusable, if it is.
    rebuilt: Option<String>,
}

/// Resumes from the table on disk, or begins with an empty state.
fn begin(
    storage: &Arc<dyn Storage>,
    config: &Config,
    table: &Path,
    bounds: Bounds,
    durable: u64,
) -> Result<Start, LogError> {
    let empty = || {
        let dedup = Arc::new(Dedup::new(storage, table, &config.origin, bounds));
        let admitter = Admitter::new(config, Arc::clone(&dedup));
        (dedup, admitter)
    };
    let (dedup, mut admitter) = empty();
    let resumed = dedup.load(durable).and_then(|loaded| {
        let Some(loaded) = loaded else {
            return Ok(Edge::new());
        };
        let resumed = admitter.resume(&loaded);
        let Loaded { size, levels, .. } = loaded;
        let edge = Edge::resume(size, levels).map_err(|error| error.to_string());
        resumed.and(edge).map_err(Problem::Broken)
    });
    match resumed {
        Ok(edge) => Ok(Start {
            dedup,
            admitter,
            edge,
            rebuilt: None,
        }),
        Err(problem) => {
            drop((dedup, admitter));
            let (dedup, admitter) = empty();
            if problem == Problem::Locked {
                dedup.stay_in_memory();
            }
            Ok(Start {
                dedup,
                admitter,
                edge: Edge::new(),
                rebuilt: Some(problem.to_string()),
            })
        }
    }
}

/// Checks the public root of a size before `begin`, by the tiles of size `at`.
fn check_earlier_root(
    storage: &dyn Storage,
    public: Option<&TreeHead>,
    begin: u64,
    at: u64,
) -> Result<Result<(), LogError>, LogError> {
    let Some(public) = public.filter(|public| public.size < begin) else {
        return Ok(Ok(()));
    };
    let levels = dedup::levels(storage, public.size, at)?;
    let computed = frontier(public.size, &levels).map(|range| range.root());
    Ok(compare_roots(public, computed))
}

/// Creates the files of published entries again that a power loss may have removed; files that are the same stay.
fn restore(
    storage: &dyn Storage,
    edge: &mut Edge,
    leaves: &[Leaf],
    public: Option<&TreeHead>,
) -> Result<Result<(), LogError>, LogError> {
    if leaves.is_empty() {
        return Ok(Ok(()));
    }
    let before = edge.size();
    let mut rest = leaves;
    let mut roots = Ok(());
    if let Some(public) = public.filter(|public| public.size > before) {
        let (now, later) = leaves.split_at((public.size - before) as usize);
        publisher::add(storage, edge, now)?;
        roots = check_root(edge, Some(public));
        rest = later;
    }
    publisher::add(storage, edge, rest)?;
    storage.create(&edge.partials(before))?;
    Ok(roots)
}

/// Returns the public head, which must be the signed head or an earlier one.
fn public_head(
    storage: &dyn Storage,
    signer: &Signer,
    head: &TreeHead,
) -> Result<Option<TreeHead>, LogError> {
    let path = || storage.locate(CHECKPOINT_PATH);
    let Some(bytes) = storage.read(CHECKPOINT_PATH)? else {
        // The last step of `init` publishes the first checkpoint.
        return match head.size <= NEWBORN {
            true => Ok(None),
            false => Err(LogError::missing(path())),
        };
    };
    let public = signer.verify(&public_checkpoint::parse(storage, &bytes)?, &path())?;
    if public.size > head.size {
        return Err(HistoryError::RolledBack {
            state: head.size,
            public: public.size,
        }
        .into());
    }
    if public.size == head.size && public.root != head.root {
        return Err(HistoryError::Diverged {
            size: head.size,
            state: head.root,
            public: public.root,
        }
        .into());
    }
    Ok(Some(public))
}

/// Reads the published entries from `edge` to `size`, and checks the tiles and the signed root against them.
///
/// A wrong root is reported only after the tiles: the name of a wrong file says more.
fn replay(
    storage: &dyn Storage,
    mut edge: Edge,
    size: u64,
    public: Option<&TreeHead>,
    admitter: &mut Admitter,
    dedup: &Dedup,
) -> Result<(Edge, Result<(), LogError>), LogError> {
    let begin = edge.size();
    let mut roots =
        check_earlier_root(storage, public, begin, size)?.and(check_root(&edge, public));
    for bundle in bundles_between(begin, size) {
        let bytes = read_bundle_of(storage, &bundle)?;
        let malformed =
            |problem: String| LogError::malformed(storage.locate(&bundle.path()), problem);
        let entries =
            parse_entries(&bytes, bundle.width()).map_err(|error| malformed(error.to_string()))?;
        let mut full = Vec::new();
        for entry in entries {
            let leaf = edge
                .append(entry, |file| full.push(file))
                .map_err(|error| malformed(error.to_string()))?;
            admitter.replay(entry, leaf)?;
            roots = roots.and(check_root(&edge, public));
        }
        check_tiles(storage, &full)?;
        // A table that is being rebuilt must not be completely in memory.
        admitter.freeze_if_due();
        dedup.store_before(edge.size(), size)?;
    }
    check_tiles(storage, &edge.partials(0))?;
    Ok((edge, roots))
}

/// Compares the root with a signed one of the same size.
fn check_root(edge: &Edge, signed: Option<&TreeHead>) -> Result<(), LogError> {
    let Some(signed) = signed.filter(|signed| signed.size == edge.size()) else {
        return Ok(());
    };
    compare_roots(signed, Some(edge.head().root))
}

fn compare_roots(signed: &TreeHead, computed: Option<Hash>) -> Result<(), LogError> {
    match computed {
        Some(computed) if computed == signed.root => Ok(()),
        computed => Err(HistoryError::WrongRoot {
            size: signed.size,
            signed: signed.root,
            computed: computed.unwrap_or_else(empty_root),
        }
        .into()),
    }
}

/// Reads a bundle of the log.
fn read_bundle_of(storage: &dyn Storage, bundle: &EntryBundle) -> Result<Vec<u8>, LogError> {
    let found = bundle_from(bundle, |bundle| storage.read(&bundle.path()))?;
    found.ok_or_else(|| LogError::missing(storage.locate(&bundle.path())))
}

/// Reads a bundle, or takes it from the beginning of the full bundle if the partial one was removed.
pub(crate) fn bundle_from(
    bundle: &EntryBundle,
    read: impl Fn(&EntryBundle) -> Result<Option<Vec<u8>>, LogError>,
) -> Result<Option<Vec<u8>>, LogError> {
    if let Some(bytes) = read(bundle)? {
        return Ok(Some(bytes));
    }
    let Some(full) = read(&bundle.full())? else {
        return Ok(None);
    };
    let Ok(entries) = parse_entries(&full, bundle.full().width()) else {
        return Ok(None);
    };
    let length: usize = entries
        .iter()
        .take(usize::from(bundle.width()))
        .map(|entry| 2 + entry.len())
        .sum();
    Ok(Some(full[..length].to_vec()))
}

/// Checks that the tiles exist and fit the entries; the entries themselves were read from the bundles.
fn check_tiles(storage: &dyn Storage, files: &[PublicFile]) -> Result<(), LogError> {
    for file in files {
        let Ok(tile) = Tile::parse_path(&file.path) else {
            continue;
        };
        let path = || storage.locate(&file.path);
        let found = match storage.read(&file.path)? {
            Some(bytes) => Some(bytes),
            None => storage
                .read(&tile.full().path())?
                .and_then(|full| tile.prefix_of_full(&full).map(<[u8]>::to_vec)),
        };
        match found {
            None => return Err(LogError::missing(path())),
            Some(bytes) if bytes != file.bytes => return Err(LogError::differs(path())),
            Some(_) => {}
        }
    }
    Ok(())
}
