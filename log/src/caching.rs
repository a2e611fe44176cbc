//! `Cache-Control` of public files, as static hosts and browsers are told (`docs/formats/object-store.md`).

use glasslog_core::fetch::LogFile;

/// For files whose name determines their content.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For files that change: kept, but validated at each use.
pub const REVALIDATE: &str = "no-cache";
/// For missing files, which may appear at any moment, and for private files, which only a writer reads.
pub const NEVER: &str = "no-store";

/// The `Cache-Control` of a file in the public tree; `None` is a file that does not belong to the log, such as one of
/// the portal's.
pub fn caching(file: Option<LogFile>) -> &'static str {
    match file {
        Some(file) if file.is_immutable() => IMMUTABLE,
        _ => REVALIDATE,
    }
}
