//! A log in a bucket, as the directory with its keys and configuration names it.
use std::path::Path;

use glasslog_log::directory::Disk;
use glasslog_log::object_store::Client;
use glasslog_log::{Config, Layout, LogError};

use super::limit;
use crate::destination::refuse;
use crate::failure::Failure;

/// The public tree of a log in a bucket.
#[derive(Debug)]
pub(crate) struct Bucket(Client);

impl Bucket {
    /// The bucket of the log directory `log`; `None` when the log lives in the directory, or there is none.
    ///
    /// # Errors
    /// A configuration that does not parse.
    pub(super) fn of(log: &Path) -> Result<Option<Self>, Failure> {
        let layout = Layout::new(log);
        if !layout.config().is_file() {
            return Ok(None);
        }
        let config = Config::read(&Disk::new(), &layout).map_err(|error| refuse(&error))?;
        let Some(store) = config.store else {
            return Ok(None);
        };
        let client = Client::open(&store, &layout.config()).map_err(|error| refuse(&error))?;
        Ok(Some(Self(client)))
    }

    /// Reads one file, or says that it is missing. Of a file over its limit, one byte more than the limit is kept.
    ///
    /// # Errors
    /// When the store denies access or does not answer.
    pub(crate) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let found = self.0.read(&format!("public/{path}"));
        let object = found.map_err(|error| refuse(&LogError::Store(error)))?;
        Ok(object.map(|object| {
            let mut bytes = object.bytes;
            bytes.truncate(limit(path) + 1);
            bytes
        }))
    }
}
