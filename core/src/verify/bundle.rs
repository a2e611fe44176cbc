//! `glasslog-bundle/v1`: everything needed to verify a history offline, in one file (`docs/formats/bundle.md`).
//!
//! A bundle holds the question and each file that the history query asked for. Verifying it replays the same query on
//! these files, so a bundle can prove nothing that the log could not, and a file left out is a file missing.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::artifact::ArtifactError;
use crate::fetch::query::Query;
use crate::index::format::file::LATEST_PATH;
use crate::report::check::Class;
use crate::report::report::Report;
use crate::text::limits::{MAX_OFFLINE_BUNDLE, MAX_PATH};
use crate::text::wire::parse_decimal;
use crate::verify::checkpoint_checks::Options;
use crate::verify::history::HistoryQuery;

/// First line of a bundle.
pub const HEADER: &str = "glasslog-bundle/v1";

/// Why a bundle cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It does not begin with [`HEADER`].
    #[error("a bundle begins with the line `{HEADER}`")]
    Header,
    /// Its second line is not `history ARTIFACT` or `history --exact ARTIFACT`.
    #[error("the second line of a bundle is `history ARTIFACT` or `history --exact ARTIFACT`")]
    Query,
    /// The artifact of the query is of no known form.
    #[error("the bundle's question: {0}")]
    Artifact(ArtifactError),
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
    /// A file that the query does not ask for.
    #[error("the bundle holds `{0}`, which its question does not need")]
    Unasked(String),
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
            Self::Artifact(_) => "bundle-artifact",
            Self::FileLine(_) => "bundle-file-line",
            Self::Truncated { .. } => "bundle-truncated",
            Self::Duplicate(_) => "bundle-duplicate",
            Self::Unasked(_) => "bundle-unasked",
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

    /// Adds one file that the query asked for and got.
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

/// A bundle as it was read: it proves nothing until its history is replayed.
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

    /// The artifact that it is about.
    #[must_use]
    pub const fn artifact(&self) -> &'a str {
        self.artifact
    }

    /// Whether it follows no registration.
    #[must_use]
    pub const fn exact(&self) -> bool {
        self.exact
    }

    /// Its files, by path.
    pub fn files(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.files.iter().map(|(path, bytes)| (*path, *bytes))
    }
}

/// One line of at most `limit` bytes, and what follows it.
fn line(bytes: &[u8], limit: usize) -> Option<(&str, &[u8])> {
    let end = bytes
        .iter()
        .take(limit.saturating_add(1))
        .position(|&byte| byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((core::str::from_utf8(line).ok()?, rest.get(1..)?))
}

/// Verifies a bundle without any other file: replays its history on the files that it holds.
///
/// The report is that of the history, so a bundle and the log it was made from give the same bytes. A bundle that
/// breaks the format gives a report whose `bundle` check failed.
#[must_use]
pub fn verify_bundle(bytes: &[u8], policy: &[u8], options: Options) -> Report {
    match replay(bytes, policy, options) {
        Ok(report) => report,
        Err(error) => Report::malformed_bundle(options.now, error.to_string()),
    }
}

fn replay(bytes: &[u8], policy: &[u8], options: Options) -> Result<Report, BundleError> {
    let bundle = Bundle::parse(bytes)?;
    // Without a manifest of the index, it holds every entry: which proves as much, and asks for more.
    let options = Options {
        full_scan: options.full_scan || !bundle.files.contains_key(LATEST_PATH),
        ..options
    };
    let mut query = HistoryQuery::new(bundle.artifact, policy, options, bundle.exact)
        .map_err(BundleError::Artifact)?;
    let mut used = BTreeSet::new();
    loop {
        let needs = query.needs();
        if needs.is_empty() {
            break;
        }
        for path in needs {
            let file = bundle.files.get_key_value(path.as_str());
            used.extend(file.map(|(path, _)| *path));
            query.supply(&path, file.map(|(_, bytes)| bytes.to_vec()));
        }
    }
    let report = query.into_report().ok_or(BundleError::Query)?;
    // What a failed history did not come to ask for is not the bundle's fault.
    let unasked = bundle.files.keys().find(|path| !used.contains(*path));
    match unasked {
        Some(path) if matches!(report.class(), Class::Verified | Class::Nothing) => {
            Err(BundleError::Unasked((*path).to_owned()))
        }
        _ => Ok(report),
    }
}
