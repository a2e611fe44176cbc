//! Opens the log that an argument names: a directory, the bucket that a directory names, or an address.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use glasslog_client::Error;
use glasslog_client::source::{Answer, Directory, Http, Pace, Source, is_address};
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_log::object_store::BucketSource;

use crate::failure::{Failure, NO_LOG};

/// Remedy for a log that is not at its path.
const NAMES: &str = "`LOG` is a log directory, its public tree or an http(s) URL";

/// Returns the path of a log directory that a verb works on, which an address is not.
///
/// # Errors
/// The argument is an address (exit 2).
pub(crate) fn directory(log: &Path) -> Result<&Path, Failure> {
    match is_address(&log.to_string_lossy())? {
        false => Ok(log),
        true => Err(
            Failure::usage("LOG is an address, and this verb works on a log directory")
                .hint("run it where that directory is"),
        ),
    }
}

/// Describes a file that a log lacks and a verb needs, with its server's answer.
pub(crate) fn missing(source: &dyn Source, path: &str) -> Failure {
    let message = match source.take_absences().pop() {
        Some(answer) => format!("`{path}` is missing: {answer}"),
        None => format!("`{path}` is missing"),
    };
    let failure = Failure::unfinished("missing-file", message);
    match path {
        CHECKPOINT_PATH => failure.hint(NO_LOG),
        _ => failure,
    }
}

/// Opens a log that is followed beside others; requests to an address keep to a limit that all of them share. A directory that is
/// not there, such as a disk that is not mounted, fails when it is read.
///
/// # Errors
/// The address is malformed, or the path is a file.
pub(crate) fn open_paced(log: &str, pace: &Arc<Pace>) -> Result<Box<dyn Source>, Failure> {
    match is_address(log)? {
        true => Ok(Box::new(Http::open(log)?.paced(Arc::clone(pace)))),
        false if Path::new(log).is_file() => open(log, false),
        false => Ok(Box::new(Mounted::new(log))),
    }
}

/// A log in a directory that may come and go: opened anew whenever its checkpoint is read.
struct Mounted {
    path: PathBuf,
    opened: Mutex<Option<Arc<dyn Source + Send>>>,
}

impl Mounted {
    fn new(log: &str) -> Self {
        Self {
            path: log.into(),
            opened: Mutex::new(None),
        }
    }

    fn open(&self) -> Result<Arc<dyn Source + Send>, Error> {
        let bucket = BucketSource::of(&self.path).map_err(|error| Error::File {
            path: self.path.display().to_string(),
            problem: error.to_string(),
        })?;
        Ok(match bucket {
            Some(bucket) => Arc::new(bucket),
            None => Arc::new(Directory::open(&self.path)?),
        })
    }

    /// Returns the log as it was opened for its checkpoint, so that a look reads one and the same directory.
    fn at(&self, path: &str) -> Result<Arc<dyn Source + Send>, Error> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = opened.as_ref().filter(|_| path != CHECKPOINT_PATH) {
            return Ok(Arc::clone(source));
        }
        *opened = None;
        Ok(Arc::clone(opened.insert(self.open()?)))
    }
}

impl Source for Mounted {
    fn read(&self, path: &str) -> Answer {
        self.at(path)?.read(path)
    }
}

/// Opens what `--log` names. With `offline`, an address is refused before any socket exists.
///
/// # Errors
/// The address is malformed, `--offline` was given with an address or a bucket, or there is no such directory.
pub(crate) fn open(log: &str, offline: bool) -> Result<Box<dyn Source>, Failure> {
    if is_address(log)? {
        if offline {
            return Err(Failure::usage(format!(
                "`--offline` opens no socket, and `{log}` is an address"
            ))
            .hint("make a bundle with `glasslog bundle` while online, and check it with `glasslog verify bundle`"));
        }
        return Ok(Box::new(Http::open(log)?));
    }
    match BucketSource::of(Path::new(log))? {
        Some(_) if offline => Err(Failure::usage(format!(
            "`--offline` opens no socket, and `{log}` is in a bucket"
        ))),
        Some(bucket) => Ok(Box::new(bucket)),
        None => match Directory::open(Path::new(log)) {
            Ok(directory) => Ok(Box::new(directory)),
            Err(error) => {
                let failure = Failure::from(error);
                let hint = failure.hint.clone().unwrap_or_else(|| NAMES.into());
                Err(failure.hint(hint))
            }
        },
    }
}
