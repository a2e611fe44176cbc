//! Opens the log that an argument names: a directory, the bucket that a directory names, or an address.

use std::path::Path;

use glasslog_client::source::{Directory, Http, Source, is_address};
use glasslog_log::object_store::BucketSource;

use crate::failure::Failure;

/// Opens what `--log` names. With `offline`, an address is refused before any socket exists.
///
/// # Errors
/// The address is malformed, `--offline` was given with an address or a bucket, or there is no such directory.
pub(crate) fn open(log: &str, offline: bool) -> Result<Box<dyn Source>, Failure> {
    if is_address(log) {
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
        None => Ok(Box::new(Directory::open(Path::new(log))?)),
    }
}
