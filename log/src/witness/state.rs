//! The state of a witness: the last checkpoint of each log that it cosigned, in one database file.
//!
//! | table | key | value |
//! |---|---|---|
//! | `witness` | `format`, `id`, `generation`, `suspended` | `1`; 16 random bytes; a big-endian `u64`; the reason |
//! | `keys` | the verifier keys that it signed with | – |
//! | `heads` | origin | a big-endian `u64` time, then the cosigned checkpoint |

use super::generation::{self, Generation, Mark};
use super::state_error::StateError;
use crate::directory::disk::directory_of;
use crate::directory::layout::PRIVATE_FILE;
use glasslog_core::note::{Checkpoint, Origin, VerifierKey};
use glasslog_core::text::escape::display_safe;
use glasslog_core::witness::{Memory, WitnessKey};
use redb::backends::FileBackend;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table,
    TableDefinition,
};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const WITNESS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("witness");
const KEYS: TableDefinition<'_, &str, ()> = TableDefinition::new("keys");
const HEADS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("heads");

const FORMAT: &str = "format";
const ID: &str = "id";
const GENERATION: &str = "generation";
const SUSPENDED: &str = "suspended";

/// Value of `format`.
const VERSION: &[u8] = b"1";

/// Bytes of the database's cache: the heads of 40,000 logs.
const CACHE: usize = 32 << 20;

/// Time for which a written mark may stay in the memory of the operating system. Only a power loss within this time makes a
/// restored copy of that time look new.
const MARK_SYNC: Duration = Duration::from_secs(1);

/// The statement of the operator about a state that may be older than it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// The state is refused if it is older than it was.
    Refused,
    /// The operator takes the risk that the witness cosigns two versions of a log.
    Accepted,
}

/// An open state; no other process can open it.
pub struct State {
    database: Arc<Database>,
    mark: Box<dyn Mark>,
    generation: Generation,
    mark_synced: Instant,
    suspended: Option<String>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// A second way to an open state, for reading.
#[derive(Clone, Debug)]
pub struct Reader(Arc<Database>);

/// Changes that become durable together.
#[derive(Debug)]
pub struct Batch<'a> {
    heads: Table<'a, &'static str, &'static [u8]>,
    suspended: Option<String>,
    is_changed: bool,
}

/// Facts about a state that no process uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its random identifier, in hex. Copies have the same.
    pub id: String,
    /// Number of its commits.
    pub generation: u64,
    /// The keys that it signed with.
    pub keys: Vec<String>,
    /// Number of logs.
    pub logs: u64,
    /// The reason why it is suspended.
    pub suspended: Option<String>,
}

impl State {
    /// Opens the state at `path`, or makes it; `mark` is its place outside of the database.
    ///
    /// # Errors
    /// The database cannot be opened, another process uses it, or it is older than it was.
    pub fn open(
        path: &Path,
        mark: Box<dyn Mark>,
        keys: &[WitnessKey],
        restored: Restored,
    ) -> Result<Self, StateError> {
        if !path.exists() {
            create(path)?;
        }
        let database = open_file(path)?;
        Self::of(database, mark, keys, restored)
    }

    /// Takes an open database as state.
    ///
    /// # Errors
    /// The database is damaged, or older than it was.
    pub fn of(
        database: Database,
        mut mark: Box<dyn Mark>,
        keys: &[WitnessKey],
        restored: Restored,
    ) -> Result<Self, StateError> {
        let (generation, suspended) = match read_identity(&database)? {
            Some(identity) => identity,
            None => (make(&database)?, None),
        };
        let checked = generation::check(&mut *mark, generation).and_then(|()| match &suspended {
            Some(reason) => Err(StateError::Suspended {
                reason: reason.clone(),
            }),
            None => Ok(()),
        });
        let is_accepted = matches!(
            checked,
            Err(StateError::NoMark { .. }
                | StateError::OtherState { .. }
                | StateError::Restored { .. }
                | StateError::Suspended { .. })
        ) && restored == Restored::Accepted;
        if !is_accepted {
            checked?;
        }
        let mut state = Self {
            database: Arc::new(database),
            mark,
            generation,
            mark_synced: Instant::now(),
            suspended: None,
        };
        // The mark is durable before the first commit: a state with commits and without a mark has lost it.
        state.write_mark()?;
        state.sync_mark()?;
        state.generation.number = sign_with(&state.database, keys, generation.number)?;
        state.write_mark()?;
        Ok(state)
    }

    /// Returns a second way to the state, for reading.
    pub fn reader(&self) -> Reader {
        Reader(Arc::clone(&self.database))
    }

    /// Returns the number of commits so far.
    pub fn generation(&self) -> u64 {
        self.generation.number
    }

    /// Returns the reason why the witness is suspended.
    pub fn suspended(&self) -> Option<&str> {
        self.suspended.as_deref()
    }

    /// Makes the changes of `work` durable, if it makes any. Nothing of them is to be told to others before this returns.
    ///
    /// # Errors
    /// The state may or may not have the changes: the caller must open it anew before it uses it again.
    pub fn commit<T>(
        &mut self,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let mut transaction = self.database.begin_write().map_err(StateError::database)?;
        // Origins, keys and notes are outsiders' bytes: the commit must not rest on a checksum that is no secure hash.
        transaction.set_two_phase_commit(true);
        let number = self.generation.number.saturating_add(1);
        let mut batch = Batch {
            heads: transaction
                .open_table(HEADS)
                .map_err(StateError::database)?,
            suspended: None,
            is_changed: false,
        };
        let done = work(&mut batch)?;
        let (suspended, is_changed) = (batch.suspended.take(), batch.is_changed);
        drop(batch);
        if !is_changed {
            transaction.abort().map_err(StateError::database)?;
            return Ok(done);
        }
        {
            let mut witness = transaction
                .open_table(WITNESS)
                .map_err(StateError::database)?;
            let bytes = number.to_be_bytes();
            insert(&mut witness, GENERATION, &bytes)?;
            if let Some(reason) = &suspended {
                insert(&mut witness, SUSPENDED, reason.as_bytes())?;
            }
        }
        transaction.commit().map_err(StateError::database)?;
        self.generation.number = number;
        self.suspended = suspended.or_else(|| self.suspended.take());
        self.write_mark()?;
        if self.mark_synced.elapsed() >= MARK_SYNC {
            self.sync_mark()?;
        }
        Ok(done)
    }

    /// Makes the mark durable; the state is not used afterwards.
    ///
    /// # Errors
    /// The mark cannot be synced.
    pub fn close(mut self) -> Result<(), StateError> {
        self.sync_mark()
    }

    fn write_mark(&mut self) -> Result<(), StateError> {
        let written = self.mark.write(&self.generation.encode());
        written.map_err(|error| self.mark_failed(&error))
    }

    fn sync_mark(&mut self) -> Result<(), StateError> {
        let synced = self.mark.sync();
        synced.map_err(|error| self.mark_failed(&error))?;
        self.mark_synced = Instant::now();
        Ok(())
    }

    fn mark_failed(&self, error: &std::io::Error) -> StateError {
        StateError::Mark {
            place: self.mark.place(),
            problem: error.to_string(),
        }
    }
}

impl Reader {
    /// Returns the origins of all logs that the witness remembers.
    ///
    /// # Errors
    /// The database cannot be read, or is damaged.
    pub fn origins(&self) -> Result<Vec<Origin>, StateError> {
        let transaction = self.0.begin_read().map_err(StateError::database)?;
        let heads = transaction
            .open_table(HEADS)
            .map_err(StateError::database)?;
        let mut origins = Vec::new();
        for head in heads.iter().map_err(StateError::database)? {
            let (origin, _) = head.map_err(StateError::database)?;
            let origin = Origin::parse(origin.value());
            origins.push(origin.map_err(|_| damaged("a name is no origin"))?);
        }
        Ok(origins)
    }

    /// Returns what the witness remembers of a log.
    ///
    /// # Errors
    /// The database cannot be read, or is damaged.
    pub fn memory(&self, origin: &Origin) -> Result<Option<Memory>, StateError> {
        let transaction = self.0.begin_read().map_err(StateError::database)?;
        let heads = transaction
            .open_table(HEADS)
            .map_err(StateError::database)?;
        read(&heads, origin)
    }
}

impl Batch<'_> {
    /// Returns what the witness remembers of a log, with the changes of this batch.
    ///
    /// # Errors
    /// The database cannot be read, or is damaged.
    pub fn memory(&self, origin: &Origin) -> Result<Option<Memory>, StateError> {
        read(&self.heads, origin)
    }

    /// Remembers a checkpoint of a log.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn remember(&mut self, memory: &Memory) -> Result<(), StateError> {
        let time = memory.time.to_be_bytes();
        let value = [&time[..], &memory.checkpoint.encode()].concat();
        let origin = memory.checkpoint.origin().as_str();
        self.is_changed = true;
        insert(&mut self.heads, origin, &value)
    }

    /// Suspends the witness, until its operator accepts the state.
    pub fn suspend(&mut self, reason: String) {
        self.is_changed = true;
        self.suspended = Some(reason);
    }
}

impl Summary {
    /// Reads the facts about the state at `path`.
    ///
    /// # Errors
    /// It is no state, another process uses it, or the mark does not fit.
    pub fn read(
        path: &Path,
        mut mark: Box<dyn Mark>,
    ) -> Result<(Self, Result<(), StateError>), StateError> {
        let database = redb::ReadOnlyDatabase::open(path).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => StateError::InUse {
                path: path.to_owned(),
            },
            error => StateError::database(error),
        })?;
        let (generation, suspended) =
            read_identity(&database)?.ok_or_else(|| damaged("it has no identifier"))?;
        let transaction = database.begin_read().map_err(StateError::database)?;
        let keys = transaction.open_table(KEYS).map_err(StateError::database)?;
        let heads = transaction
            .open_table(HEADS)
            .map_err(StateError::database)?;
        let mut names = Vec::new();
        for key in keys.iter().map_err(StateError::database)? {
            let (key, _) = key.map_err(StateError::database)?;
            names.push(key.value().to_owned());
        }
        let summary = Self {
            id: glasslog_core::text::wire::hex_encode(&generation.id),
            generation: generation.number,
            keys: names,
            logs: heads.len().map_err(StateError::database)?,
            suspended,
        };
        Ok((summary, generation::check(&mut *mark, generation)))
    }
}

/// Returns identifier and generation, and the reason of a suspension; `None` for a new database.
fn read_identity(
    database: &impl ReadableDatabase,
) -> Result<Option<(Generation, Option<String>)>, StateError> {
    let transaction = database.begin_read().map_err(StateError::database)?;
    let witness = match transaction.open_table(WITNESS) {
        Ok(witness) => witness,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(StateError::database(error)),
    };
    let get = |name: &str| -> Result<Option<Vec<u8>>, StateError> {
        let value = witness.get(name).map_err(StateError::database)?;
        Ok(value.map(|value| value.value().to_vec()))
    };
    if get(FORMAT)?.as_deref() != Some(VERSION) {
        return Err(damaged("it is of another version"));
    }
    let id = get(ID)?.and_then(|bytes| bytes.try_into().ok());
    let number = get(GENERATION)?.and_then(|bytes| bytes.try_into().ok());
    let suspended = get(SUSPENDED)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let generation = Generation {
        id: id.ok_or_else(|| damaged("it has no identifier"))?,
        number: u64::from_be_bytes(number.ok_or_else(|| damaged("it has no generation"))?),
    };
    Ok(Some((generation, suspended)))
}

/// Makes a new state under another name, and gives it its own when it is whole: a power loss leaves no half of one.
fn create(path: &Path) -> Result<(), StateError> {
    let failed = |error: io::Error| StateError::Database {
        problem: format!("`{}`: {error}", path.display()),
    };
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    make(&open_file(Path::new(&fresh))?)?;
    let file = File::open(&fresh).and_then(|file| file.sync_all());
    file.map_err(failed)?;
    match fs::hard_link(&fresh, path) {
        // Another process was faster.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    fs::remove_file(&fresh).map_err(failed)?;
    let directory = File::open(directory_of(path)).and_then(|it| it.sync_all());
    directory.map_err(failed)
}

/// Opens a database file, or makes it.
fn open_file(path: &Path) -> Result<Database, StateError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE_FILE)
        .open(path)
        .map_err(|error| StateError::Database {
            problem: format!("`{}`: {error}", path.display()),
        })?;
    let opened = FileBackend::new(file).and_then(|file| {
        Database::builder()
            .set_cache_size(CACHE)
            .create_with_backend(file)
    });
    opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => StateError::InUse {
            path: path.to_owned(),
        },
        error => StateError::database(error),
    })
}

/// Makes the tables of a new state, of generation 0.
fn make(database: &Database) -> Result<Generation, StateError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| StateError::Database {
        problem: format!("no random identifier: {error}"),
    })?;
    let transaction = database.begin_write().map_err(StateError::database)?;
    {
        let mut witness = transaction
            .open_table(WITNESS)
            .map_err(StateError::database)?;
        insert(&mut witness, FORMAT, VERSION)?;
        insert(&mut witness, ID, &id)?;
        insert(&mut witness, GENERATION, &0u64.to_be_bytes())?;
        transaction.open_table(KEYS).map_err(StateError::database)?;
        transaction
            .open_table(HEADS)
            .map_err(StateError::database)?;
    }
    transaction.commit().map_err(StateError::database)?;
    Ok(Generation { id, number: 0 })
}

/// Records the keys, ends a suspension, and begins the next generation.
fn sign_with(database: &Database, keys: &[WitnessKey], generation: u64) -> Result<u64, StateError> {
    let next = generation.saturating_add(1);
    let transaction = database.begin_write().map_err(StateError::database)?;
    {
        let mut known = transaction.open_table(KEYS).map_err(StateError::database)?;
        for key in keys
            .iter()
            .map(WitnessKey::verifier)
            .map(VerifierKey::to_string)
        {
            known
                .insert(key.as_str(), ())
                .map_err(StateError::database)?;
        }
        let mut witness = transaction
            .open_table(WITNESS)
            .map_err(StateError::database)?;
        witness.remove(SUSPENDED).map_err(StateError::database)?;
        insert(&mut witness, GENERATION, &next.to_be_bytes())?;
    }
    transaction.commit().map_err(StateError::database)?;
    Ok(next)
}

fn insert(
    table: &mut Table<'_, &'static str, &'static [u8]>,
    key: &str,
    value: &[u8],
) -> Result<(), StateError> {
    table.insert(key, value).map_err(StateError::database)?;
    Ok(())
}

fn read(
    heads: &impl ReadableTable<&'static str, &'static [u8]>,
    origin: &Origin,
) -> Result<Option<Memory>, StateError> {
    let Some(value) = heads.get(origin.as_str()).map_err(StateError::database)? else {
        return Ok(None);
    };
    let wrong = || {
        let name = display_safe(origin.as_str()).to_string();
        damaged(&format!("the head of `{name}` is malformed"))
    };
    let (time, note) = value.value().split_first_chunk().ok_or_else(wrong)?;
    let checkpoint = Checkpoint::parse(note).map_err(|_| wrong())?;
    if checkpoint.origin() != origin {
        return Err(wrong());
    }
    Ok(Some(Memory {
        checkpoint,
        time: u64::from_be_bytes(*time),
    }))
}

fn damaged(problem: &str) -> StateError {
    StateError::Damaged {
        problem: problem.to_owned(),
    }
}
