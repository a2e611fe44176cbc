//! Creates a log (`docs/cli.md`, "init").
//!
//! `glasslog.toml` is written after everything that makes a directory a log, then the public checkpoint, then the first
//! index. A directory whose creation was interrupted is therefore either not a log, or a log that the next writer
//! completes.

use crate::config::{Config, FORMAT, Schedule, Serving, without_config};
use crate::dedup::{self, Bounds, Dedup};
use crate::directory::disk::Disk;
use crate::directory::error::{DiskError, LayoutError};
use crate::directory::layout::{Layout, PRIVATE_DIRECTORY, PUBLIC_DIRECTORY, PUBLIC_FILE};
use crate::directory::lock::WriterLock;
use crate::directory::storage::Posix;
use crate::error::LogError;
use crate::index::Indexer;
use crate::object_store::{Candidate, StoreSettings};
use crate::storage::Storage;
use crate::writer::admitter::Admitter;
use crate::writer::keys::{new_secret, write_secret, write_signer};
use crate::writer::log::Log;
use crate::writer::publisher::{Publisher, Synced};
use crate::writer::signer::Signer;
use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{self, Envelope, Genesis, Predecessor, Spki, secret_to_pem};
use glasslog_core::merkle::{Hash, TreeHead, leaf_hash};
use glasslog_core::note::{KeyName, SignatureType, SignerKey, VerifierKey};
use glasslog_core::tiles::Edge;
use glasslog_core::trust::TrustPolicy;
use std::path::Path;
use std::sync::Arc;

/// A log to be created.
#[derive(Debug)]
pub struct NewLog {
    origin: String,
    is_raw: bool,
    key: Option<SignerKey>,
    succeeds: Option<Predecessor>,
    store: Option<StoreSettings>,
    auditors: Vec<VerifierKey>,
    witnesses: Vec<VerifierKey>,
    /// Witnesses that must have cosigned; `None`: all of them.
    quorum: Option<usize>,
}

/// The result of creating a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The first signed head.
    pub head: TreeHead,
    /// Leaf hash of the genesis, to be pinned; `None` for a raw log.
    pub genesis: Option<Hash>,
}

impl NewLog {
    /// Describes a log of signed events.
    pub fn events(origin: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            is_raw: false,
            key: None,
            succeeds: None,
            store: None,
            auditors: Vec::new(),
            witnesses: Vec::new(),
            quorum: None,
        }
    }

    /// Describes a log of any bytes.
    pub fn raw(origin: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            is_raw: true,
            key: None,
            succeeds: None,
            store: None,
            auditors: Vec::new(),
            witnesses: Vec::new(),
            quorum: None,
        }
    }

    /// Signs with this key instead of a new one; the name of the key must be the origin.
    #[must_use]
    pub fn with_key(mut self, key: SignerKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Succeeds a closed log: the genesis commits to it. A raw log has no genesis, and so no predecessor.
    #[must_use]
    pub fn succeeding(mut self, predecessor: Predecessor) -> Self {
        self.succeeds = Some(predecessor);
        self
    }

    /// Stores everything but keys and configuration in this bucket.
    #[must_use]
    pub fn in_store(mut self, store: StoreSettings) -> Self {
        self.store = Some(store);
        self
    }

    /// Writes these auditors of the index, all of whom must have vouched for it, into the trust policy.
    #[must_use]
    pub fn audited_by(mut self, auditors: Vec<VerifierKey>) -> Self {
        self.auditors = auditors;
        self
    }

    /// Writes these witnesses of the log into the trust policy, of whom `quorum` must have cosigned a checkpoint; all of them
    /// if it is not given.
    #[must_use]
    pub fn witnessed_by(mut self, witnesses: Vec<VerifierKey>, quorum: Option<usize>) -> Self {
        self.witnesses = witnesses;
        self.quorum = quorum;
        self
    }

    /// Creates the log in `path`, which must be absent or empty.
    ///
    /// # Errors
    /// The directory is not empty, the origin or the key is invalid, or the disk fails.
    pub fn create(self, path: impl AsRef<Path>, now: u64) -> Result<Made, LogError> {
        self.create_with(&Disk::new(), path, now)
    }

    /// As [`create`](Self::create), on a disk that a test controls.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_with(
        self,
        disk: &Disk,
        path: impl AsRef<Path>,
        now: u64,
    ) -> Result<Made, LogError> {
        let layout = Layout::new(path.as_ref());
        check_empty(&layout)?;
        let wrong = |problem: String| LogError::setting(layout.root(), problem);
        let key = match self.key {
            Some(key) => key,
            None => new_key(&layout, &self.origin, SignatureType::Ed25519)?,
        };
        let index_key = new_key(
            &layout,
            &format!("{}/index", self.origin),
            SignatureType::Ed25519,
        )?;
        let witnesses = (&*self.witnesses, self.quorum);
        let policy = trust_policy(&key, witnesses, &index_key, &self.auditors);
        TrustPolicy::parse(policy.as_bytes()).map_err(|error| wrong(error.to_string()))?;
        let signer = Signer::new(&self.origin, key).map_err(|error| wrong(error.to_string()))?;
        let beginning = match self.is_raw {
            true => None,
            false => Some(Beginning::new(&layout, &self.origin, self.succeeds)?),
        };

        make_directories(disk, &layout)?;
        let lock = WriterLock::take(&layout.lock())?;
        write_signer(disk, &layout.key("log"), signer.key())?;
        write_signer(disk, &layout.key("index"), &index_key)?;

        let config = Config {
            format: FORMAT,
            origin: self.origin,
            raw: self.is_raw,
            index: Schedule::default(),
            serve: Serving::default(),
            store: self.store,
            witnesses: None,
        };
        let bucket = match &config.store {
            None => None,
            Some(store) => Some(Candidate::new(store, &layout.config(), None)?.make()?),
        };
        let storage: Arc<dyn Storage> = match &bucket {
            None => Arc::new(Posix::create(disk, &layout, lock)?),
            Some(bucket) => Arc::new(bucket.clone()),
        };
        let directory = layout.private(dedup::DIRECTORY);
        let dedup = Dedup::new(&storage, &directory, &config.origin, Bounds::default());
        let dedup = Arc::new(dedup);
        let synced = Synced::new(0, Arc::clone(&dedup));
        let mut log = Log {
            cosigning: None,
            public_size: 0,
            admitter: Admitter::new(&config, dedup),
            rebuilt: None,
            bucket: bucket.clone(),
            staged: Vec::new(),
            size: 0,
            is_stopped: false,
            publisher: Publisher::new(storage, signer, Edge::new(), None, false, synced),
        };
        let genesis = match beginning {
            None => None,
            Some(beginning) => Some(beginning.add(&mut log, disk, &layout)?),
        };
        let checkpoint = log.publisher.prepare(&log.staged)?;
        log.publisher.storage.unstage(log.size)?;
        let temporary = layout.temporary();
        disk.replace(
            &temporary,
            &layout.trust_policy(),
            policy.as_bytes(),
            PUBLIC_FILE,
        )?;
        disk.replace(
            &temporary,
            &layout.config(),
            config.encode().as_bytes(),
            PUBLIC_FILE,
        )?;
        log.publisher.publish_checkpoint(&checkpoint, now)?;
        let mut indexer = match bucket {
            None => Indexer::open_with(disk.clone(), layout.root())?,
            Some(bucket) => Indexer::open_in(bucket, layout.root())?,
        };
        indexer.publish(now)?;
        Ok(Made {
            head: log.head(),
            genesis,
        })
    }
}

/// The first entry of a log of events, and the new key of its admin.
struct Beginning {
    admin: SecretKey,
    entry: Vec<u8>,
}

impl Beginning {
    /// Generates the key and signs the entry; nothing is written yet.
    fn new(layout: &Layout, origin: &str, succeeds: Option<Predecessor>) -> Result<Self, LogError> {
        let wrong = |problem: String| LogError::setting(layout.root(), problem);
        let admin = secret(layout)?;
        let genesis = Genesis {
            log: origin.to_owned(),
            admins: vec![Spki::new(admin.public())],
            threshold: 1,
            succeeds: succeeds.map(Box::new),
        };
        let statement = genesis.to_statement();
        let payload = event::encode(&statement).map_err(|error| wrong(error.to_string()))?;
        let envelope = Envelope::sign(payload, &[&admin]);
        let entry = envelope.map_err(|error| wrong(error.to_string()))?.encode();
        // An entry that the log would refuse is refused before anything is written.
        event::parse(&entry)
            .map_err(|error| wrong(format!("no log can have this origin: {error}")))?;
        Ok(Self { admin, entry })
    }

    /// Writes the key, and adds the entry to the log.
    fn add(self, log: &mut Log, disk: &Disk, layout: &Layout) -> Result<Hash, LogError> {
        let path = layout.key("admin");
        write_secret(disk, &path, &secret_to_pem(&self.admin, "admin"))?;
        let leaf = leaf_hash(&self.entry);
        match log.append(vec![self.entry])?.pop() {
            Some(Err(refusal)) => Err(LogError::setting(path, refusal.to_string())),
            _ => Ok(leaf),
        }
    }
}

fn make_directories(disk: &Disk, layout: &Layout) -> Result<(), DiskError> {
    for (directory, mode) in [
        (layout.root().to_owned(), PUBLIC_DIRECTORY),
        (layout.state(), PRIVATE_DIRECTORY),
        (layout.temporary(), PRIVATE_DIRECTORY),
        (layout.keys(), PRIVATE_DIRECTORY),
        (layout.public(), PUBLIC_DIRECTORY),
    ] {
        disk.make_directory(&directory, mode)?;
    }
    Ok(())
}

/// Returns the first trust policy of readers: this log with its witnesses, its index, and the auditors of the index.
fn trust_policy(
    log: &SignerKey,
    (witnesses, quorum): (&[VerifierKey], Option<usize>),
    index: &SignerKey,
    auditors: &[VerifierKey],
) -> String {
    let quorum = quorum.map_or_else(|| "all".into(), |number| number.to_string());
    let mut policy = format!(
        "[log]\nlog {}\n{}\n[index]\nlog {}\nquorum none\n",
        log.verifier(),
        cosigners("witness", "witnesses", witnesses, &quorum),
        index.verifier()
    );
    if !auditors.is_empty() {
        policy += "\n[audit]\n";
        policy += &cosigners("auditor", "auditors", auditors, "all");
    }
    policy
}

/// Returns the lines that name keys, and ask for the cosignatures of `number` of them.
fn cosigners(name: &str, group: &str, keys: &[VerifierKey], number: &str) -> String {
    if keys.is_empty() {
        return "quorum none\n".into();
    }
    let (mut lines, mut names) = (String::new(), String::new());
    for (at, key) in (1..).zip(keys) {
        lines += &format!("witness {name}-{at} {key}\n");
        names += &format!(" {name}-{at}");
    }
    lines + &format!("group {group} {number}{names}\nquorum {group}\n")
}

fn secret(layout: &Layout) -> Result<SecretKey, LogError> {
    new_secret().map_err(|error| {
        let error = std::io::Error::other(error.to_string());
        DiskError::new("draw randomness for", layout.root(), &error).into()
    })
}

fn new_key(layout: &Layout, name: &str, kind: SignatureType) -> Result<SignerKey, LogError> {
    let name = KeyName::parse(name).map_err(|error| LogError::setting(layout.root(), error))?;
    Ok(SignerKey::new(name, kind, secret(layout)?))
}

/// Refuses a directory that is not empty, and tells apart an incomplete log and one that lost its configuration.
fn check_empty(layout: &Layout) -> Result<(), LogError> {
    let path = layout.root().to_owned();
    let is_empty = match std::fs::read_dir(&path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(DiskError::new("list", &path, &error).into()),
    };
    match is_empty {
        true => Ok(()),
        false if layout.state().exists() && !layout.config().exists() => {
            Err(without_config(layout).into())
        }
        false => Err(LayoutError::NotEmpty { path }.into()),
    }
}
