//! The file format `glasslog-bundle/v1`: a question, and each file that its query asked for (`docs/formats/bundle.md`).

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::text::limits::{MAX_OFFLINE_BUNDLE, MAX_PATH};
use crate::text::wire::parse_decimal;

/// First line of a bundle.
pub const HEADER: &str = "glasslog-bundle/v1";

/// Reasons for a bundle file to be refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It does not begin with [`HEADER`].
    #[error("a bundle begins with the line `{HEADER}`")]
    Header,
    /// Its second line is not `history ARTIFACT` or `history --exact ARTIFACT`.
    #[error("the second line of a bundle is `history ARTIFACT` or `history --exact ARTIFACT`")]
    Query,
    /// A file's line is not `path SP length LF`, at this byte.
    #[error("expected `path length` and a line feed at byte {0} of the bundle")]
    FileLine(usize),
    /// A file ends early: `length` bytes were announced, `left` are left.
    #[error("the bundle ends inside `{path}`: {length} bytes announced, {left} left")]
    Truncated {
        /// The file.
        path: String,
        /// Bytes announced.
        length: u64,
        /// Bytes left.
        left: u64,
    },
    /// A file appears twice.
    #[error("the bundle holds `{0}` twice")]
    Duplicate(String),
    /// It is larger than a bundle may be.
    #[error("the bundle has {size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The largest allowed.
        limit: u64,
    },
}

impl BundleError {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Header => "bundle-header",
            Self::Query => "bundle-query",
            Self::FileLine(_) => "bundle-file-line",
            Self::Truncated { .. } => "bundle-truncated",
            Self::Duplicate(_) => "bundle-duplicate",
            Self::TooLarge { .. } => "bundle-too-large",
        }
    }
}

/// Collects the files of a history query as they are supplied.
#[derive(Clone, Debug)]
pub struct BundleWriter {
    bytes: Vec<u8>,
    paths: BTreeSet<String>,
}

impl BundleWriter {
    /// A bundle of the history of `artifact`, with or without following registrations.
    #[must_use]
    pub fn new(artifact: &str, exact: bool) -> Self {
        let exact = if exact { "--exact " } else { "" };
        Self {
            bytes: format!("{HEADER}\nhistory {exact}{artifact}\n").into_bytes(),
            paths: BTreeSet::new(),
        }
    }

    /// Adds one file that the query asked for and received.
    ///
    /// # Errors
    /// [`BundleError::TooLarge`] if the bundle would be larger than a bundle may be.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> Result<(), BundleError> {
        if !self.paths.insert(path.to_owned()) {
            return Ok(());
        }
        let line = format!("{path} {}\n", bytes.len());
        let size = self
            .bytes
            .len()
            .saturating_add(line.len())
            .saturating_add(bytes.len());
        if size > MAX_OFFLINE_BUNDLE {
            return Err(too_large(size));
        }
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// The bundle's bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

fn too_large(size: usize) -> BundleError {
    let count = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    BundleError::TooLarge {
        size: count(size),
        limit: count(MAX_OFFLINE_BUNDLE),
    }
}

/// A parsed bundle. It proves nothing until its history is replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle<'a> {
    artifact: &'a str,
    exact: bool,
    files: BTreeMap<&'a str, &'a [u8]>,
}

impl<'a> Bundle<'a> {
    /// Reads a bundle.
    ///
    /// # Errors
    /// [`BundleError`] if it breaks the format.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_OFFLINE_BUNDLE {
            return Err(too_large(bytes.len()));
        }
        let (header, rest) = line(bytes, HEADER.len()).ok_or(BundleError::Header)?;
        if header != HEADER {
            return Err(BundleError::Header);
        }
        let (query, mut rest) = line(rest, MAX_PATH).ok_or(BundleError::Query)?;
        let query = query.strip_prefix("history ").ok_or(BundleError::Query)?;
        let (artifact, exact) = query
            .strip_prefix("--exact ")
            .map_or((query, false), |artifact| (artifact, true));
        let mut files = BTreeMap::new();
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            let (file, after) = line(rest, MAX_PATH).ok_or(BundleError::FileLine(at))?;
            let (path, length) = file.split_once(' ').ok_or(BundleError::FileLine(at))?;
            let length = parse_decimal(length).ok_or(BundleError::FileLine(at))?;
            if path.is_empty() {
                return Err(BundleError::FileLine(at));
            }
            let split = usize::try_from(length)
                .ok()
                .and_then(|length| after.split_at_checked(length));
            let Some((content, after)) = split else {
                let left = u64::try_from(after.len()).unwrap_or(u64::MAX);
                return Err(BundleError::Truncated {
                    path: path.to_owned(),
                    length,
                    left,
                });
            };
            if files.insert(path, content).is_some() {
                return Err(BundleError::Duplicate(path.to_owned()));
            }
            rest = after;
        }
        Ok(Self {
            artifact,
            exact,
            files,
        })
    }

    /// The artifact that the history is about.
    #[must_use]
    pub const fn artifact(&self) -> &'a str {
        self.artifact
    }

    /// Returns `true` if the query follows no registration.
    #[must_use]
    pub const fn exact(&self) -> bool {
        self.exact
    }

    /// The file at a path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&'a [u8]> {
        self.files.get(path).copied()
    }

    /// Its files, by path.
    pub fn files(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.files.iter().map(|(path, bytes)| (*path, *bytes))
    }
}

/// One line of at most `limit` bytes, and the bytes after it.
fn line(bytes: &[u8], limit: usize) -> Option<(&str, &[u8])> {
    let end = bytes
        .iter()
        .take(limit.saturating_add(1))
        .position(|&byte| byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((core::str::from_utf8(line).ok()?, rest.get(1..)?))
}
