//! Status of a log, for operators: read without its lock, also while another process writes to it.

mod bucket;
mod directory;

use crate::config::Config;
use crate::cosigning::Standings;
use crate::dedup::levels_in;
use crate::directory::disk::Disk;
use crate::directory::error::Holder;
use crate::directory::layout::Layout;
use crate::error::LogError;
use crate::object_store::Client;
use crate::writer::error::HistoryError;
use crate::writer::replay::bundle_from;
use crate::writer::signer::Signer;
use glasslog_core::index::format::Manifest;
use glasslog_core::merkle::{TreeHead, empty_root};
use glasslog_core::note::{Checkpoint, TlogProof};
use glasslog_core::object_store;
use glasslog_core::tiles::{EntryBundle, frontier};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A snapshot of a log; concurrent changes may be visible in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The origin of the log.
    pub origin: String,
    /// Number of durable entries.
    pub size: u64,
    /// Size of the public checkpoint.
    pub published: u64,
    /// Bytes of the entries between the two.
    pub backlog_bytes: u64,
    /// Seconds since the public checkpoint was replaced, if there is a backlog.
    pub lag: Option<u64>,
    /// Number of entries that the public index covers; `None` without an index.
    pub indexed: Option<u64>,
    /// Partials partial tiles and bundles that are still there.
    pub superseded_partials: u64,
    /// True if the log is closed.
    pub is_closed: bool,
    /// The writer, if there is one.
    pub writer: Option<Writer>,
    /// The contradiction between the private state and the public checkpoint, for which no writer opens the log.
    pub contradiction: Option<HistoryError>,
    /// The failure that ended the last writer, if one did.
    pub last_error: Option<String>,
    /// The witnesses of the log, if it has any.
    pub witnesses: Standings,
    /// The witnesses of its index, if that has any.
    pub index_witnesses: Standings,
}

/// The writer of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writer {
    /// A process of this machine that holds the lock of the directory.
    Process(Holder),
    /// The process that holds the lease of the bucket, or fell silent less than a lease ago.
    Lease(object_store::Holder),
}

impl Writer {
    /// Returns the URL where it accepts entries, if it serves.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Process(holder) => holder.url.as_deref(),
            Self::Lease(holder) => holder.url.as_deref(),
        }
    }
}

impl Status {
    /// Returns the number of entries that are durable and not public.
    pub fn backlog(&self) -> u64 {
        self.size.saturating_sub(self.published)
    }

    /// Returns the names of the witnesses for which durable entries wait; none if nothing waits, or the last round met the
    /// quorum.
    pub fn waiting_for(&self) -> &[String] {
        match self.backlog() {
            0 => &[],
            _ => &self.witnesses.missing,
        }
    }

    /// Reads the status of the log with the directory `path`, whose entries may be in a bucket.
    ///
    /// # Errors
    /// The directory is not a log, or its files or its bucket cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, LogError> {
        let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()));
        let config = Config::read(&disk, &layout)?;
        match &config.store {
            None => directory::read(&disk, &layout, config),
            Some(settings) => bucket::read(settings, &disk, &layout, &config),
        }
    }
}

/// Returns the contradiction between the private state and the public checkpoint of the log with the directory `path`.
///
/// # Errors
/// As [`Status::read`].
pub fn contradiction(path: impl AsRef<Path>) -> Result<Option<HistoryError>, LogError> {
    let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()));
    let config = Config::read(&disk, &layout)?;
    match &config.store {
        None => Ok(directory::heads(&disk, &layout)?.contradiction()),
        Some(settings) => {
            let client = Client::open(settings, &layout.config())?;
            Ok(bucket::heads(&client)?.1.contradiction())
        }
    }
}

/// Checks that the key of the log with the directory `path` is there, and signed the newest head that is kept beside it.
///
/// # Errors
/// The key is missing, is not the log's, or can be read by others.
pub fn check_key(path: impl AsRef<Path>) -> Result<(), LogError> {
    let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()));
    let config = Config::read(&disk, &layout)?;
    let signer = Signer::read(&disk, &layout, &config)?;
    match disk.read(&layout.head())? {
        Some(bytes) => signer.verify_bytes(&bytes, &layout.head()).map(|_| ()),
        // It is in a bucket, or lost, which is another finding.
        None => Ok(()),
    }
}

/// Checks that the newest tiles of the log with the directory `path` are those of its public checkpoint; they are what a
/// writer continues from.
///
/// # Errors
/// A tile is missing or was changed.
pub fn check_newest_tiles(path: impl AsRef<Path>) -> Result<(), LogError> {
    let (disk, layout) = (Disk::new(), Layout::new(path.as_ref()));
    let Some(bytes) = disk.read(&layout.checkpoint())? else {
        return Err(LogError::missing(layout.checkpoint()));
    };
    let head = head_in(&bytes, layout.checkpoint())?;
    let read = |path: &str| Ok(disk.read(&layout.public_file(path))?);
    let locate = |path: &str| layout.public_file(path);
    let levels = levels_in(&read, &locate, head.size, head.size)?;
    let computed = frontier(head.size, &levels).map(|range| range.root());
    if computed != Some(head.root) {
        return Err(HistoryError::WrongRoot {
            size: head.size,
            signed: head.root,
            computed: computed.unwrap_or_else(empty_root),
        }
        .into());
    }
    let last = head.size.checked_sub(1);
    let Some(bundle) = last.and_then(|last| EntryBundle::containing(last, head.size)) else {
        return Ok(());
    };
    match bundle_from(&bundle, |bundle| read(&bundle.path()))? {
        Some(_) => Ok(()),
        None => Err(LogError::missing(locate(&bundle.path()))),
    }
}

/// The newest signed head, and the public one.
struct Heads {
    signed: Option<TreeHead>,
    public: Option<TreeHead>,
}

impl Heads {
    /// Reads the signed head again if it is behind the public one, which a writer may have signed meanwhile.
    fn settled(
        mut self,
        signed: impl FnOnce() -> Result<Option<TreeHead>, LogError>,
    ) -> Result<Self, LogError> {
        if self.contradiction().is_some() {
            self.signed = signed()?;
        }
        Ok(self)
    }

    fn contradiction(&self) -> Option<HistoryError> {
        let (signed, public) = (self.signed.as_ref()?, self.public.as_ref()?);
        HistoryError::between(signed, public).err()
    }
}

/// Returns the text in the file of the last error.
fn last_error(file: Option<Vec<u8>>) -> Option<String> {
    file.map(|text| String::from_utf8_lossy(&text).trim().to_owned())
}

/// Returns the seconds since a moment; 0 if it is in the future or unknown.
fn age(changed: Option<SystemTime>) -> u64 {
    let age = changed.and_then(|changed| SystemTime::now().duration_since(changed).ok());
    age.unwrap_or_default().as_secs()
}

/// Returns the head in a checkpoint from the file `path`.
fn head_in(bytes: &[u8], path: PathBuf) -> Result<TreeHead, LogError> {
    match Checkpoint::parse(bytes) {
        Ok(checkpoint) => Ok(checkpoint.head()),
        Err(error) => Err(LogError::malformed(path, error)),
    }
}

/// Returns the size of the log that the newest manifest covers, from the file `path`.
fn indexed(bytes: &[u8], path: PathBuf) -> Result<u64, LogError> {
    let manifest = TlogProof::parse(bytes)
        .ok()
        .and_then(|proof| Manifest::parse(proof.extra()).ok());
    let malformed = || LogError::malformed(path, "it has no manifest");
    manifest
        .map(|manifest| manifest.head().size)
        .ok_or_else(malformed)
}
