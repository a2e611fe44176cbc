//! `audit --resume`: the file with the state of an earlier audit (`docs/formats/audit-state.md`).

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use glasslog_core::text::limits::MAX_AUDIT_STATE;
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::audit::state::{AuditState, AuditStateError};
use glasslog_log::LogError;
use glasslog_log::directory::Disk;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::input;
use crate::output::{Console, check_replaceable};

/// A state file, which may not exist yet.
pub(super) struct StateFile(PathBuf);

impl StateFile {
    /// # Errors
    /// The folder does not exist; the audit would otherwise fail hours later.
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        check_replaceable(path, path)?;
        let state = Self(path.to_path_buf());
        let folder = state.folder();
        match fs::metadata(folder) {
            Ok(found) if found.is_dir() => Ok(state),
            Ok(_) => Err(Failure::file(
                path.display(),
                &ErrorKind::NotADirectory.into(),
            )),
            Err(error) => Err(Failure::file(folder.display(), &error)),
        }
    }

    fn folder(&self) -> &Path {
        let parent = self.0.parent();
        let named = parent.filter(|parent| *parent != Path::new(""));
        named.unwrap_or(Path::new("."))
    }

    /// Reads the state, if there is one, and checks that it is about the log and the keys of this policy.
    ///
    /// # Errors
    /// The file cannot be read, is not a whole state, or is another log's.
    pub(super) fn read(
        &self,
        policy: &[u8],
        console: &Console,
    ) -> Result<Option<AuditState>, Failure> {
        if fs::symlink_metadata(&self.0).is_err() {
            console.note(format_args!(
                "there is no state `{}` yet: auditing from the beginning",
                self.0.display()
            ));
            return Ok(None);
        }
        // One byte more than a state may have, so that the parser says that it is too large.
        let bytes = input::read_as(&self.0, MAX_AUDIT_STATE + 1, FileKind::AuditState)?;
        let state = AuditState::parse(&bytes).map_err(|error| self.refuse(&error))?;
        // The report describes a malformed policy.
        if let Ok(policy) = TrustPolicy::parse(policy) {
            let checked = state.check(&policy);
            checked.map_err(|error| self.refuse(&error))?;
        }
        Ok(Some(state))
    }

    /// Replaces the state: after a crash the file is the old one or the new one.
    ///
    /// # Errors
    /// The disk or permissions.
    pub(super) fn write(&self, state: &AuditState) -> Result<(), Failure> {
        let bytes = state.encode();
        if bytes.len() > MAX_AUDIT_STATE {
            return Err(self.refuse(&AuditStateError::TooLarge));
        }
        let written = Disk::new().replace(self.folder(), &self.0, &bytes, 0o600);
        written.map_err(|error| LogError::from(error).into())
    }

    fn refuse(&self, error: &AuditStateError) -> Failure {
        let hint = match error {
            AuditStateError::OtherLog { .. } => "keep one state file for each log",
            AuditStateError::OtherKeys => {
                "the state rests on other keys: audit from the beginning, with a new state file"
            }
            AuditStateError::NotAState => {
                "`--resume` takes the file that an earlier `glasslog audit --resume` wrote, or a new one"
            }
            _ => "the state was not used: audit from the beginning, with a new state file",
        };
        let message = format!("`{}`: {error}", self.0.display());
        Failure::new(Exit::from(error), error.code(), message).hint(hint)
    }
}
