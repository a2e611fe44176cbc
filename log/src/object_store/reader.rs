//! The public files of a log in a bucket, for whoever reads them without the lease.

use super::client::Client;
use super::protocol::PUBLIC;
use crate::error::LogError;

/// A view of a log's public files.
#[derive(Clone, Debug)]
pub struct Reader {
    client: Client,
}

impl Reader {
    /// The public files of the log that `client` reaches.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Reads a public file by its path relative to the tree; `None` when there is none. Blocks.
    ///
    /// # Errors
    /// When the store denies access, or does not answer for long.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        let object = self.client.read(&format!("{PUBLIC}{path}"))?;
        Ok(object.map(|object| object.bytes))
    }

    /// Where the public files lie, for messages.
    pub fn location(&self) -> String {
        self.client.locate(PUBLIC)
    }
}
