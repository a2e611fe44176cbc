//! Opens a log: reads the entries that the table of known entries does not cover, and refuses inconsistent files
//! (`docs/formats/log-directory.md`, "Opening").

use crate::config::{Config, NEWBORN};
use crate::cosigning::{Cosigning, Role, state};
use crate::dedup::{self, Bounds, Dedup, Loaded, Problem};
use crate::directory::disk::Disk;
use crate::directory::layout::Layout;
use crate::directory::storage::Posix;
use crate::error::LogError;
use crate::object_store::{Bucket, Candidate};
use crate::storage::Storage;
use crate::storage::error::JournalError;
use crate::writer::admitter::Admitter;
use crate::writer::close;
use crate::writer::error::HistoryError;
use crate::writer::log::Log;
use crate::writer::partials::Partials;
use crate::writer::public_checkpoint;
use crate::writer::publisher::{Publisher, Synced};
use crate::writer::replay::{check_root, replay, restore};
use crate::writer::signer::Signer;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::merkle::TreeHead;
use glasslog_core::tiles::{Edge, FULL_WIDTH};
use std::path::Path;
use std::sync::Arc;

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
        let log = Self::open_in_any_state(disk, path.as_ref(), bounds)?;
        log.check_log_key()?;
        Ok(log)
    }

    /// As [`open_within`](Self::open_within), also if the log waits for its next key.
    pub(crate) fn open_in_any_state(
        disk: Disk,
        path: &Path,
        bounds: Bounds,
    ) -> Result<Self, LogError> {
        let layout = Layout::new(path);
        let config = Config::read(&disk, &layout)?;
        let signer = Signer::read(&disk, &layout, &config)?;
        let storage: Arc<dyn Storage> = match &config.store {
            None => Arc::new(Posix::open(&disk, &layout)?),
            Some(store) => {
                let bucket = Candidate::new(store, &layout.config(), None)?.wait()?;
                return Self::open_held(bucket, &config, signer, (&disk, &layout), bounds);
            }
        };
        Self::open_on(storage, &config, signer, (&disk, &layout), bounds)
    }

    /// Opens the log at `path` in the bucket whose lease this process has just taken.
    ///
    /// # Errors
    /// The files of the log are inconsistent.
    pub fn open_in(bucket: Bucket, path: impl AsRef<Path>) -> Result<Self, LogError> {
        let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()));
        let config = Config::read(&disk, &layout)?;
        let signer = Signer::read(&disk, &layout, &config)?;
        let place = (&disk, &layout);
        let log = Self::open_held(bucket, &config, signer, place, Bounds::default())?;
        log.check_log_key()?;
        Ok(log)
    }

    /// Opens a log in a bucket. A writer that was replaced while it read may find files of its successor, which
    /// contradict its state: it then returns only the error that it was replaced.
    fn open_held(
        bucket: Bucket,
        config: &Config,
        signer: Signer,
        place: (&Disk, &Layout),
        bounds: Bounds,
    ) -> Result<Self, LogError> {
        bucket.set_reading_ahead(true);
        let opened = Self::open_on(Arc::new(bucket.clone()), config, signer, place, bounds);
        bucket.set_reading_ahead(false);
        let mut log = opened.map_err(|error| bucket.explain(error))?;
        log.bucket = Some(bucket);
        Ok(log)
    }

    /// Opens the log in `storage`, which only this writer may write; the directory has the table of known entries and the
    /// policy of its witnesses.
    pub(crate) fn open_on(
        storage: Arc<dyn Storage>,
        config: &Config,
        signer: Signer,
        (disk, layout): (&Disk, &Layout),
        bounds: Bounds,
    ) -> Result<Self, LogError> {
        let kept = storage.read_private(state::OF_LOG)?;
        let own = signer.key().verifier();
        let cosigning = Cosigning::open(config, Role::Log, own, (disk, layout), kept)?;
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
            cosigning,
            public_size: public.map_or(0, |public| public.size),
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
    HistoryError::between(head, &public)?;
    Ok(Some(public))
}
