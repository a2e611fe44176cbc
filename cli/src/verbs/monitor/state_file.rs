//! The state file of a monitor, which one process reads and writes at a time (`docs/formats/monitor.md`, "State").

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use glasslog_client::Error;
use glasslog_client::monitor::State;
use glasslog_log::LogError;
use glasslog_log::directory::Disk;

use super::undelivered::failed;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input;
use crate::output::check_replaceable;

/// Bytes of the largest state: keys of eight logs with as many key events as a monitor keeps.
const MAX_STATE: usize = 64 << 20;

/// Code of a state file that another program wrote.
pub(super) const CHANGED: &str = "monitor-state-changed";

/// A state file, and the right to write it until this is dropped.
pub(super) struct StateFile {
    path: PathBuf,
    /// The content as this process read or wrote it last.
    known: Option<Vec<u8>>,
    _lock: File,
}

impl StateFile {
    /// Locks the file, and then reads it: a state that another process saves meanwhile would be overwritten, and its heads
    /// forgotten.
    ///
    /// # Errors
    /// Another process has the lock (exit 1), or the file is no state (exit 8).
    pub(super) fn open(path: &Path) -> Result<(Self, State), Failure> {
        check_replaceable(path, path)?;
        let lock = lock(path)?;
        let known = match fs::symlink_metadata(path) {
            Ok(_) => Some(input::read_as(path, MAX_STATE, FileKind::MonitorState)?),
            Err(_) => None,
        };
        let state = known.as_deref().map(State::parse).transpose();
        let state = state.map_err(|error| {
            let message = format!("`{}`: {error}", path.display());
            Failure::new(Exit::Malformed, error.code(), message)
                .hint("begin with a new state file: every entry is then told again")
        })?;
        let file = Self {
            path: path.to_owned(),
            known,
            _lock: lock,
        };
        Ok((file, state.unwrap_or_default()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the content, durably and in one step.
    ///
    /// # Errors
    /// The disk; or another program wrote the file, whose heads are then kept.
    pub(super) fn save(&mut self, state: &State) -> Result<(), Error> {
        let disk = Disk::new();
        let broken = |error: LogError| failed(&error.to_string());
        let found = disk
            .read(&self.path)
            .map_err(|error| broken(error.into()))?;
        if found.is_some() && found != self.known {
            return Err(Error::Other {
                code: CHANGED,
                message: format!(
                    "another program wrote the state `{}` meanwhile; it is left as it is",
                    self.path.display()
                ),
                hint: Some("give each monitor a state file of its own".into()),
            });
        }
        let parent = self.path.parent();
        let named = parent.filter(|parent| !parent.as_os_str().is_empty());
        let folder = named.unwrap_or(Path::new("."));
        let bytes = state.encode();
        if self.known.as_ref() == Some(&bytes) && found.is_some() {
            return Ok(());
        }
        if bytes.len() > MAX_STATE {
            return Err(Error::Other {
                code: "monitor-state-too-large",
                message: format!("the state has more than {MAX_STATE} bytes; it is left as it is"),
                hint: Some("monitor fewer logs with one state file".into()),
            });
        }
        let written = disk.replace(folder, &self.path, &bytes, 0o600);
        written.map_err(|error| broken(error.into()))?;
        self.known = Some(bytes);
        Ok(())
    }
}

/// Takes the lock of a state file. The kernel releases it when the process ends, in any way.
fn lock(path: &Path) -> Result<File, Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let beside = PathBuf::from(name);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&beside)
        .map_err(|error| Failure::file(beside.display(), &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let message = format!("another monitor works with the state `{}`", path.display());
            Err(Failure::unfinished("monitor-locked", message)
                .hint("wait until it ends, or give each monitor a state file of its own"))
        }
        Err(TryLockError::Error(error)) => Err(Failure::file(beside.display(), &error)),
    }
}
