//! Why a log could not be made, opened or written.

use crate::directory::disk::DiskError;
use crate::directory::lock::Holder;
use crate::object_store::StoreError;
use core::fmt;
use glasslog_core::merkle::Hash;
use std::path::PathBuf;

/// An operation on a log directory that was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogError {
    /// A file operation failed.
    Disk(DiskError),
    /// `init` was pointed at a directory that holds something.
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// A file that must be new is there already.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is no log here.
    NotALog {
        /// The directory.
        path: PathBuf,
    },
    /// `init` was interrupted here.
    Unfinished {
        /// The directory.
        path: PathBuf,
    },
    /// Another process writes to this log.
    Locked {
        /// Who, unless it has not said so yet.
        holder: Option<Holder>,
    },
    /// Another process builds the index of this log.
    IndexLocked {
        /// Who, unless it has not said so yet.
        holder: Option<Holder>,
    },
    /// A configuration, key or policy file is wrong.
    Setting {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file that a log always has is not there.
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The public checkpoint is newer than the private state: the state is from a backup.
    RolledBack {
        /// Size of the head in the private state.
        state: u64,
        /// Size of the public checkpoint.
        public: u64,
    },
    /// The private state and the public checkpoint disagree about one size.
    Diverged {
        /// The tree size.
        size: u64,
        /// The root in the private state.
        state: Hash,
        /// The root that is public.
        public: Hash,
    },
    /// The public files do not add up to a signed head.
    WrongRoot {
        /// Size of the signed head.
        size: u64,
        /// The root that was signed.
        signed: Hash,
        /// The root that the public entries give.
        computed: Hash,
    },
    /// A public file is not what the entries before it make it.
    Differs {
        /// The file.
        path: PathBuf,
    },
    /// A public file does not decode.
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The journal is damaged in its middle, which no crash does.
    JournalDamaged {
        /// Where, in bytes.
        offset: u64,
    },
    /// The journal does not meet the signed head.
    JournalGap {
        /// First index in the journal.
        first: u64,
        /// One past the last index in the journal.
        end: u64,
        /// Size of the signed head.
        head: u64,
    },
    /// The journal holds another entry than the public tree.
    JournalDiffers {
        /// Its index.
        index: u64,
    },
    /// An entry in the public tree or the journal would never have been admitted.
    NotAdmissible {
        /// Its index.
        index: u64,
        /// Why.
        problem: String,
    },
    /// A file of the log cannot be read from where it is.
    Unread {
        /// The stable name of the cause.
        code: &'static str,
        /// Why.
        problem: String,
    },
    /// A file is not the part of the tree that it should be.
    NotInTree {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The log is not the one that was indexed: it has another history.
    IndexedAnother {
        /// Size of the newest manifest.
        size: u64,
        /// The root that the manifest's checkpoint has.
        indexed: Hash,
        /// The root that the log has at this size.
        computed: Hash,
    },
    /// The index cannot be built, or what is there of it is not what it should be.
    Index {
        /// Why.
        problem: String,
    },
    /// Another writer moved the signed head.
    HeadMoved {
        /// Where the head is kept.
        path: PathBuf,
    },
    /// The log is closed, and its head is another than the one it was closed with.
    ClosedElsewhere {
        /// Size of the final head.
        closed: u64,
        /// Size of the head in the private state.
        head: u64,
    },
    /// A log that is to be succeeded is not closed.
    NotClosed {
        /// Its origin.
        origin: String,
    },
    /// The table of known entries could not be read or written while it was in use.
    KnownEntries {
        /// Its directory.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A log in a bucket could not be read or written.
    Store(StoreError),
    /// An earlier failure left this writer unsure of what is on disk.
    Stopped,
}

impl LogError {
    /// A stable name for this class of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Disk(error) => error.code(),
            Self::NotEmpty { .. } => "directory-not-empty",
            Self::Exists { .. } => "file-exists",
            Self::NotALog { .. } => "not-a-log",
            Self::Unfinished { .. } => "init-unfinished",
            Self::Locked { .. } => "log-locked",
            Self::IndexLocked { .. } => "index-locked",
            Self::Setting { .. } => "log-setting",
            Self::Missing { .. } => "log-file-missing",
            Self::RolledBack { .. } => "state-rolled-back",
            Self::Diverged { .. } => "state-diverged",
            Self::WrongRoot { .. } => "public-root-mismatch",
            Self::Differs { .. } => "public-file-differs",
            Self::Malformed { .. } => "public-file-malformed",
            Self::JournalDamaged { .. } => "journal-damaged",
            Self::JournalGap { .. } => "journal-gap",
            Self::JournalDiffers { .. } => "journal-differs",
            Self::NotAdmissible { .. } => "entry-not-admissible",
            Self::Unread { code, .. } => code,
            Self::NotInTree { .. } => "log-file-not-in-tree",
            Self::IndexedAnother { .. } => "index-of-another-history",
            Self::Index { .. } => "index-not-buildable",
            Self::HeadMoved { .. } => "head-moved",
            Self::ClosedElsewhere { .. } => "closed-head-differs",
            Self::NotClosed { .. } => "log-not-closed",
            Self::KnownEntries { .. } => "known-entries",
            Self::Store(error) => error.code(),
            Self::Stopped => "writer-stopped",
        }
    }

    /// What the operator can do about it.
    pub fn hint(&self) -> Option<String> {
        let from_backup = "restore `state/` and `public/` from one moment; a log whose state is older than what it \
                           published must not sign again";
        match self {
            Self::NotEmpty { .. } => Some("choose a directory that is empty or does not exist".into()),
            Self::NotALog { .. } => Some("`glasslog init` makes a log".into()),
            Self::Unfinished { .. } => {
                Some("nothing was published from it: remove the directory and run `glasslog init` again".into())
            }
            Self::Locked { holder: Some(Holder { url: Some(url), .. }) } => {
                Some(format!("write through the running server: `--log {url}`"))
            }
            Self::Locked { .. } => {
                Some("wait until it ends, or write through the URL of the running `glasslog serve`".into())
            }
            Self::IndexLocked { .. } => Some("wait until it ends".into()),
            Self::RolledBack { .. }
            | Self::Diverged { .. }
            | Self::JournalGap { .. }
            | Self::JournalDamaged { .. }
            | Self::JournalDiffers { .. }
            | Self::Missing { .. } => Some(from_backup.into()),
            Self::WrongRoot { .. } | Self::Differs { .. } | Self::Malformed { .. } => {
                Some("a public file was changed or lost: restore `public/` from a copy; `glasslog audit` names the file".into())
            }
            Self::HeadMoved { .. } => Some(
                "another process writes to this log: end one of them, then open the log again".into(),
            ),
            Self::NotClosed { .. } => Some("`glasslog log close` closes it, for good".into()),
            Self::ClosedElsewhere { .. } => Some(from_backup.into()),
            Self::Store(error) => error.hint(),
            Self::KnownEntries { .. } => Some(
                "open the log again: the table is made again from the log, here or after removing it by hand".into(),
            ),
            Self::Stopped => Some("open the log again".into()),
            _ => None,
        }
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(error) => write!(f, "{error}"),
            Self::NotEmpty { path } => write!(f, "`{}` is not empty", path.display()),
            Self::Exists { path } => write!(f, "`{}` exists already", path.display()),
            Self::NotALog { path } => write!(f, "`{}` is not a log directory", path.display()),
            Self::Unfinished { path } => {
                write!(
                    f,
                    "`{}` holds a log whose making was interrupted",
                    path.display()
                )
            }
            Self::Locked {
                holder: Some(Holder { pid, .. }),
            } => {
                write!(f, "the log is being written by process {pid}")
            }
            Self::Locked { holder: None } => {
                write!(f, "the log is being written by another process")
            }
            Self::IndexLocked {
                holder: Some(Holder { pid, .. }),
            } => write!(f, "the index is being built by process {pid}"),
            Self::IndexLocked { holder: None } => {
                write!(f, "the index is being built by another process")
            }
            Self::Setting { path, problem } | Self::Malformed { path, problem } => {
                write!(f, "`{}`: {problem}", path.display())
            }
            Self::Missing { path } => write!(f, "`{}` is missing", path.display()),
            Self::RolledBack { state, public } => write!(
                f,
                "the private state ends at size {state}, but a checkpoint of size {public} is public: the state was rolled back"
            ),
            Self::Diverged {
                size,
                state,
                public,
            } => write!(
                f,
                "at size {size} the private state has root {state}, but the public checkpoint has root {public}"
            ),
            Self::WrongRoot {
                size,
                signed,
                computed,
            } => write!(
                f,
                "at size {size} the signed root is {signed}, but the public entries give {computed}"
            ),
            Self::Differs { path } => {
                write!(
                    f,
                    "`{}` is not what the log's entries make it",
                    path.display()
                )
            }
            Self::JournalDamaged { offset } => write!(f, "the journal is damaged at byte {offset}"),
            Self::JournalGap { first, end, head } => write!(
                f,
                "the journal covers indices {first} to {end}, which does not meet the signed head of size {head}"
            ),
            Self::JournalDiffers { index } => {
                write!(
                    f,
                    "entry {index} is not the same in the journal and in the public tree"
                )
            }
            Self::NotAdmissible { index, problem } => {
                write!(f, "entry {index} is not admissible: {problem}")
            }
            Self::Unread { problem, .. } => f.write_str(problem),
            Self::NotInTree { path, problem } => write!(f, "`{}`: {problem}", path.display()),
            Self::IndexedAnother {
                size,
                indexed,
                computed,
            } => write!(
                f,
                "at size {size} the log that was indexed has root {indexed}, but this one has root {computed}"
            ),
            Self::Index { problem } => write!(f, "the index cannot be built: {problem}"),
            Self::HeadMoved { path } => write!(
                f,
                "`{}` is not the head that this writer knows: another writer moved it",
                path.display()
            ),
            Self::ClosedElsewhere { closed, head } => write!(
                f,
                "the log was closed at size {closed}, but its signed head has size {head}"
            ),
            Self::NotClosed { origin } => write!(f, "`{origin}` is not closed"),
            Self::KnownEntries { path, problem } => write!(
                f,
                "the table of known entries in `{}` failed: {problem}",
                path.display()
            ),
            Self::Store(error) => write!(f, "{error}"),
            Self::Stopped => write!(f, "the writer stopped after an earlier failure"),
        }
    }
}

impl core::error::Error for LogError {}

impl From<StoreError> for LogError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<DiskError> for LogError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}
