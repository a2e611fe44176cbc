//! Reads a file of a log, of which the full one may have replaced a partial one
//! ([c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles), "Partial Tiles").

use glasslog_core::fetch::LogFile;

use super::source::{Answer, Source};

/// Reads a file; the beginning of the full tile or bundle stands in for a partial one.
///
/// # Errors
/// As [`Source::read`].
pub fn read_file(source: &dyn Source, file: &LogFile) -> Answer {
    let found = source.read(&file.path())?;
    let (None, Some(full)) = (&found, file.full()) else {
        return Ok(found);
    };
    let bytes = source.read(&full.path())?;
    Ok(bytes.map(|bytes| file.prefix(bytes)))
}
