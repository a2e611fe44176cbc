//! The public files of a log in a bucket, for processes that read them without the lease.

use super::client::Client;
use super::error::StoreError;
use super::protocol::PUBLIC;
use crate::config::Config;
use crate::directory::{Disk, Layout};
use crate::error::LogError;
use glasslog_client::Error;
use glasslog_client::source::{Answer, Source, limit_bytes};
use std::path::Path;

/// The public tree of a log in a bucket.
#[derive(Clone, Debug)]
pub struct BucketSource {
    client: Client,
}

impl BucketSource {
    /// Returns the public files of the log that `client` reaches.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Returns the bucket that the log directory `log` names as its store; `None` if the log is in the directory itself,
    /// or `log` is not a log directory.
    ///
    /// # Errors
    /// The configuration does not parse, or the store's settings are wrong.
    pub fn of(log: &Path) -> Result<Option<Self>, LogError> {
        let layout = Layout::new(log);
        if !layout.config().is_file() {
            return Ok(None);
        }
        let config = Config::read(&Disk::new(), &layout)?;
        let Some(store) = config.store else {
            return Ok(None);
        };
        Ok(Some(Self::new(Client::open(&store, &layout.config())?)))
    }

    /// Reads a public file of any length, for a server that hands it on; `None` if it is missing. Blocks.
    ///
    /// # Errors
    /// The store denies access, or does not answer for long.
    pub fn read_whole(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.client.read_public(path)
    }

    /// Returns the location of the public files, for messages.
    pub fn location(&self) -> String {
        self.client.locate(PUBLIC)
    }
}

impl Source for BucketSource {
    fn read(&self, path: &str) -> Answer {
        let found = self.read_whole(path).map_err(|error| Error::Other {
            code: error.code(),
            message: error.to_string(),
            hint: error.hint(),
        })?;
        Ok(found.map(|mut bytes| {
            bytes.truncate(limit_bytes(path) + 1);
            bytes
        }))
    }
}
