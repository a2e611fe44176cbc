//! Listings of objects, with the times of their last writes.

use super::client::Client;
use super::error::StoreError;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use std::time::{Duration, SystemTime};

/// An object in a listing.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// Key below the prefix of the log.
    pub(crate) key: String,
    /// Time of the last write, by the clock of the store.
    pub(crate) changed: SystemTime,
    /// Length in bytes.
    pub(crate) length: u64,
}

impl Client {
    /// Lists the keys that begin with `folder`, which ends in `/`.
    ///
    /// # Errors
    /// The store does not list them; there is no retry.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let found = self.list_objects(folder)?;
        Ok(found.into_iter().map(|listed| listed.key).collect())
    }

    /// Lists the objects whose keys begin with `folder`, which ends in `/`.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub(crate) fn list_objects(&self, folder: &str) -> Result<Vec<Listed>, StoreError> {
        let prefix = Path::from(format!("{}/{folder}", self.prefix).trim_end_matches('/'));
        let found = self.block_on(
            self.store
                .list(Some(&prefix))
                .map_ok(|meta| (meta.location.to_string(), meta.last_modified, meta.size))
                .try_collect::<Vec<_>>(),
        );
        let found = found.map_err(|error| self.judge("list", folder, &error).1)?;
        let own = format!("{}/", self.prefix);
        Ok(found
            .into_iter()
            .filter_map(|(key, changed, length)| {
                Some(Listed {
                    key: key.strip_prefix(&own)?.to_owned(),
                    changed: changed.into(),
                    length,
                })
            })
            .collect())
    }

    /// Lists the keys that begin with `folder`, each with its age relative to the object `than`, by the clock of the
    /// store.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub(super) fn list_with_ages(
        &self,
        folder: &str,
        than: &str,
    ) -> Result<Vec<(String, Duration)>, StoreError> {
        let found = self.list_objects(folder)?;
        let reference = found.iter().find(|listed| listed.key == than);
        let reference = reference.map(|listed| listed.changed);
        let age = |changed| {
            let age = reference.and_then(|reference| reference.duration_since(changed).ok());
            age.unwrap_or_default()
        };
        Ok(found
            .into_iter()
            .map(|listed| (listed.key, age(listed.changed)))
            .collect())
    }

    /// Returns the time of the last write of an object, by the clock of the store; `None` if it is missing.
    ///
    /// # Errors
    /// The store does not answer; there is no retry.
    pub(crate) fn changed(&self, key: &str) -> Result<Option<SystemTime>, StoreError> {
        let path = Path::from(format!("{}/{key}", self.prefix));
        match self.block_on(self.store.head(&path)) {
            Ok(meta) => Ok(Some(meta.last_modified.into())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.judge("look at", key, &error).1),
        }
    }
}
