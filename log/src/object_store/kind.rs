//! What each public file is, and how long it may be kept, as static hosts and browsers are told.

/// For files whose name settles their content.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For files that change: kept, but asked about each time.
pub const REVALIDATE: &str = "no-cache";
/// For what nobody but a writer reads.
const PRIVATE: &str = "no-store";

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// `Content-Type` and `Cache-Control` of an object, by its key below the log's prefix.
pub fn of(key: &str) -> (&'static str, &'static str) {
    let Some(path) = key.strip_prefix("public/") else {
        return (BYTES, PRIVATE);
    };
    let caching = match path.starts_with("tile/") || path.starts_with("checkpoints/") {
        true => IMMUTABLE,
        false => index_caching(path),
    };
    let is_text = path == "checkpoint"
        || path.starts_with("checkpoints/")
        || path == "index/checkpoint"
        || path.ends_with(".tlog-proof");
    (if is_text { TEXT } else { BYTES }, caching)
}

fn index_caching(path: &str) -> &'static str {
    let is_fixed = [
        "index/tile/",
        "index/run/",
        "index/reserved/",
        "index/postings/",
    ]
    .iter()
    .any(|prefix| path.starts_with(prefix));
    if is_fixed { IMMUTABLE } else { REVALIDATE }
}
