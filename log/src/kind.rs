//! What each public file is, and how long it may be kept, as static hosts and browsers are told
//! (`docs/formats/object-store.md`).

/// For files whose name settles their content.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For files that change: kept, but asked about each time.
pub const REVALIDATE: &str = "no-cache";
/// For what is not there now and may be in a moment, and for what nobody but a writer reads.
pub const NEVER: &str = "no-store";

/// The type of what is no text.
pub const BYTES: &str = "application/octet-stream";

/// Folders of files whose name settles their content.
const IMMUTABLE_FOLDERS: [&str; 6] = [
    "tile/",
    "checkpoints/",
    "index/tile/",
    "index/run/",
    "index/reserved/",
    "index/postings/",
];

/// What a path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The newest checkpoint, of the log or its index, or a proof for it.
    Changing,
    /// A checkpoint under its size.
    Archived,
    /// Entries: text, mostly.
    Entries,
    /// Hashes.
    Hashes,
    /// Anything else, such as the portal; typed by its extension.
    Other,
}

impl Kind {
    /// The kind of the file at a path below the public tree, which has no slash at its front.
    pub fn of(path: &str) -> Self {
        match path {
            "checkpoint" | "index/checkpoint" => Self::Changing,
            _ if path.ends_with(".tlog-proof") => Self::Changing,
            _ if path.starts_with("checkpoints/") => Self::Archived,
            _ if path.starts_with("tile/entries/") || path.starts_with("index/tile/entries/") => {
                Self::Entries
            }
            _ if IMMUTABLE_FOLDERS
                .iter()
                .any(|folder| path.starts_with(folder)) =>
            {
                Self::Hashes
            }
            _ => Self::Other,
        }
    }

    /// How long it may be kept: a `Cache-Control`.
    pub fn caching(self) -> &'static str {
        match self {
            Self::Changing | Self::Other => REVALIDATE,
            Self::Archived | Self::Entries | Self::Hashes => IMMUTABLE,
        }
    }

    /// Its `Content-Type`, unless that follows from its extension.
    pub fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Changing | Self::Archived => Some("text/plain; charset=utf-8"),
            Self::Entries | Self::Hashes => Some(BYTES),
            Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_kinds() {
        for (path, kind) in [
            ("checkpoint", Kind::Changing),
            ("index/checkpoint", Kind::Changing),
            ("index/latest.tlog-proof", Kind::Changing),
            ("checkpoints/7", Kind::Archived),
            ("tile/entries/000", Kind::Entries),
            ("tile/0/x001/067.p/3", Kind::Hashes),
            ("index/tile/entries/000.p/1", Kind::Entries),
            ("index/run/00ff/000", Kind::Hashes),
            ("index/reserved/00ff", Kind::Hashes),
            ("index/postings/00ff", Kind::Hashes),
            ("portal/index.html", Kind::Other),
            ("tile", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }
}
