//! Kinds of public files: what they are, how long they may be kept, whether they shrink.

use axum::http::HeaderValue;

/// For files whose name settles their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For files that change: kept, but asked about each time.
pub(crate) const REVALIDATE: &str = "no-cache";
/// For what is missing now and may be there in a moment.
pub(crate) const NEVER: &str = "no-store";

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
pub(crate) enum Kind {
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
    /// The kind of a path, which has no slash at its front.
    pub(crate) fn of(path: &str) -> Self {
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

    /// How long it may be kept.
    pub(crate) fn caching(self) -> &'static str {
        match self {
            Self::Changing | Self::Other => REVALIDATE,
            Self::Archived | Self::Entries | Self::Hashes => IMMUTABLE,
        }
    }

    /// Its type, unless that follows from its extension.
    pub(crate) fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Changing | Self::Archived => Some("text/plain; charset=utf-8"),
            Self::Entries | Self::Hashes => Some("application/octet-stream"),
            Self::Other => None,
        }
    }

    /// Whether compression pays. Hashes are random, and checkpoints small.
    pub(crate) fn is_compressible(self, content_type: Option<&HeaderValue>) -> bool {
        let is_image = || {
            content_type.is_some_and(|value| {
                value.as_bytes().starts_with(b"image/") && value.as_bytes() != b"image/svg+xml"
            })
        };
        match self {
            Self::Entries => true,
            Self::Other => !is_image(),
            Self::Changing | Self::Archived | Self::Hashes => false,
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
