//! The kinds of files in a log's public tree, for the code that fetches them.

use glasslog_core::fetch::LogFile;
use wasm_bindgen::prelude::wasm_bindgen;

/// Most bytes of the file at a path; `None` if no log has a file of this name.
#[wasm_bindgen(js_name = fileLimit)]
#[must_use]
pub fn file_limit(path: &str) -> Option<u32> {
    let limit = LogFile::parse(path)?.limit();
    u32::try_from(limit).ok()
}

/// Returns `true` if the file's name determines its content, so that a cached copy is as good as a fetched one.
#[wasm_bindgen(js_name = isImmutable)]
#[must_use]
pub fn is_immutable(path: &str) -> bool {
    LogFile::parse(path).is_some_and(|file| file.is_immutable())
}

/// Returns `true` for a file that a good log need not have: HTTP 403 then means the same as 404.
#[wasm_bindgen(js_name = isOptional)]
#[must_use]
pub fn is_optional(path: &str) -> bool {
    LogFile::parse(path).is_some_and(|file| file.is_optional())
}

/// Number of entries in the log's entry bundle at a path; 0 for any other file.
#[wasm_bindgen(js_name = entriesIn)]
#[must_use]
pub fn entries_in(path: &str) -> u16 {
    match LogFile::parse(path) {
        Some(LogFile::Bundle(bundle)) => bundle.width(),
        _ => 0,
    }
}
