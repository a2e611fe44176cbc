//! Manifests: lists of the runs that cover a log, signed as entries of the index log (`docs/formats/index.md`, "Manifest").

use crate::merkle::hash::Hash;
use crate::merkle::tree::TreeHead;
use crate::note::checkpoint::{Checkpoint, CheckpointError};
use crate::note::signed_checkpoint::SignedCheckpoint;
use crate::text::limits::{MAX_ENTRY, MAX_RUN, MAX_RUN_BITS, MAX_RUNS};
use crate::text::wire;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::index::format::map::MapFunction;
use crate::index::format::run_head::RunHead;

const HEADER: &str = "tlog-index/v1";

/// Bytes of the longest name of a key function, so that it fits on a line.
const MAX_MAP_NAME: usize = 64;

/// The claim that these runs are the index of a log up to its checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    map: String,
    specification: Hash,
    runs: Vec<RunHead>,
    checkpoint: Checkpoint,
}

impl Manifest {
    /// Makes a manifest; of the checkpoint's verified signatures, only those of the log itself are kept.
    ///
    /// # Errors
    /// A [`ManifestError`] if the log itself did not sign, if the runs do not cover the log, or if the manifest is too
    /// large.
    pub fn new(
        map: MapFunction,
        runs: Vec<RunHead>,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Self, ManifestError> {
        let own = checkpoint.by_log().ok_or(ManifestError::NotByLog)?;
        let manifest = Self {
            map: map.name().into(),
            specification: map.specification(),
            runs,
            checkpoint: own.checkpoint().clone(),
        };
        check_runs(&manifest.runs, manifest.head().size)?;
        check_size(manifest.encode().len())?;
        Ok(manifest)
    }

    /// Parses a manifest.
    ///
    /// # Errors
    /// A [`ManifestError`] for the rule that the bytes break.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        check_size(bytes.len())?;
        let gap = bytes.windows(2).position(|pair| pair == b"\n\n");
        let (head, rest) = gap
            .and_then(|at| bytes.split_at_checked(at.saturating_add(1)))
            .ok_or(ManifestError::NoCheckpoint)?;
        let head = core::str::from_utf8(head).map_err(|_| ManifestError::Header)?;
        let mut lines = head.split_terminator('\n');
        match lines.next() {
            Some(HEADER) => {}
            Some(line) if is_other_version(line) => return Err(ManifestError::UnknownVersion),
            _ => return Err(ManifestError::Header),
        }
        let (map, specification) = lines
            .next()
            .and_then(parse_map)
            .ok_or(ManifestError::MapFunction)?;
        let mut runs = Vec::new();
        for line in lines {
            if runs.len() >= MAX_RUNS {
                return Err(ManifestError::TooManyRuns);
            }
            let run = parse_run(line).ok_or(ManifestError::Run { run: runs.len() })?;
            runs.push(run);
        }
        let checkpoint = Checkpoint::parse(rest.get(1..).unwrap_or_default())
            .map_err(ManifestError::Checkpoint)?;
        let origin = checkpoint.origin().as_str();
        let mut lines = checkpoint.note().signatures().iter();
        if lines.any(|line| line.name().as_str() != origin) {
            return Err(ManifestError::NotByLog);
        }
        check_runs(&runs, checkpoint.head().size)?;
        Ok(Self {
            map: map.into(),
            specification,
            runs,
            checkpoint,
        })
    }

    /// Encodes the manifest: the bytes that it was parsed from.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut text = format!("{HEADER}\nmapfn {} {}\n", self.map, self.specification);
        for run in &self.runs {
            text.push_str(&encode_run(run));
            text.push('\n');
        }
        text.push('\n');
        [text.into_bytes(), self.checkpoint.encode()].concat()
    }

    /// The key function, if this version knows it.
    ///
    /// # Errors
    /// [`ManifestError::UnknownMapFunction`].
    pub fn map(&self) -> Result<MapFunction, ManifestError> {
        MapFunction::find(&self.map, &self.specification).ok_or_else(|| {
            ManifestError::UnknownMapFunction {
                name: self.map.clone(),
                specification: self.specification,
            }
        })
    }

    /// The name of the key function, whether or not this version knows it.
    #[must_use]
    pub fn map_name(&self) -> &str {
        &self.map
    }

    /// The runs, in log order.
    #[must_use]
    pub fn runs(&self) -> &[RunHead] {
        &self.runs
    }

    /// The log's checkpoint; parsing the manifest does not verify its signatures.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The tree that the runs cover.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.checkpoint.head()
    }
}

/// Tells whether a first line is that of a manifest of another version.
fn is_other_version(line: &str) -> bool {
    line.strip_prefix("tlog-index/v")
        .and_then(wire::parse_decimal)
        .is_some()
}

fn parse_map(line: &str) -> Option<(&str, Hash)> {
    let (name, specification) = line.strip_prefix("mapfn ")?.split_once(' ')?;
    let is_name = (1..=MAX_MAP_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name
        .then(|| Hash::parse_base64(specification))
        .flatten()
        .map(|specification| (name, specification))
}

/// The line of a run, without the newline.
#[must_use]
pub fn encode_run(run: &RunHead) -> String {
    let reserved = run
        .reserved
        .map_or_else(|| "-".into(), |hash| hash.to_base64());
    format!(
        "run {} {} {} {} {reserved}",
        run.start, run.end, run.bits, run.root
    )
}

/// Parses the line of a run; `None` if it is malformed. The bounds of its numbers are not checked here.
#[must_use]
pub fn parse_run(line: &str) -> Option<RunHead> {
    let mut words = line.strip_prefix("run ")?.split(' ');
    let run = RunHead {
        start: wire::parse_decimal(words.next()?)?,
        end: wire::parse_decimal(words.next()?)?,
        bits: u8::try_from(wire::parse_decimal(words.next()?)?).ok()?,
        root: Hash::parse_base64(words.next()?)?,
        reserved: match words.next()? {
            "-" => None,
            hash => Some(Hash::parse_base64(hash)?),
        },
    };
    words.next().is_none().then_some(run)
}

/// Checks that the runs cover `0..size` without gaps, and that each is within the bounds.
fn check_runs(runs: &[RunHead], size: u64) -> Result<(), ManifestError> {
    if runs.len() > MAX_RUNS {
        return Err(ManifestError::TooManyRuns);
    }
    let mut covered = 0;
    for (number, run) in runs.iter().enumerate() {
        if run.start != covered {
            return Err(ManifestError::Gap {
                run: number,
                claimed: run.start,
                expected: covered,
            });
        }
        let length = run.end.checked_sub(run.start);
        if !length.is_some_and(|length| (1..=MAX_RUN).contains(&length)) {
            return Err(ManifestError::RunLength { run: number });
        }
        if run.bits > MAX_RUN_BITS {
            return Err(ManifestError::RunBits {
                run: number,
                bits: run.bits,
            });
        }
        covered = run.end;
    }
    if covered != size {
        return Err(ManifestError::Coverage { covered, size });
    }
    Ok(())
}

fn check_size(size: usize) -> Result<(), ManifestError> {
    if size > MAX_ENTRY {
        return Err(ManifestError::TooLarge { size });
    }
    Ok(())
}

/// Reason for which bytes are not a manifest, or for which runs do not make one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The manifest has more bytes than an entry of a log can have.
    #[error("the manifest has {size} bytes, more than {MAX_ENTRY}")]
    TooLarge {
        /// Bytes given.
        size: usize,
    },
    /// The first line of the manifest is wrong.
    #[error("the first line of the manifest is not `{HEADER}`")]
    Header,
    /// The manifest is of another version than this one; it may be correct.
    #[error("the manifest is of another version than `{HEADER}`")]
    UnknownVersion,
    /// The second line is not `mapfn NAME HASH`.
    #[error("line 2 of the manifest is not `mapfn`, a name and a base64 hash")]
    MapFunction,
    /// This version does not know the key function; the manifest itself may be correct.
    #[error("the key function `{name}` with specification {specification} is not known here")]
    UnknownMapFunction {
        /// Its name.
        name: String,
        /// SHA-256 of its specification.
        specification: Hash,
    },
    /// A line is not `run START END B ROOT RESERVED`.
    #[error("run {run} of the manifest is not `run`, start, end, bits, root and reserved hash")]
    Run {
        /// Number of the run, from 0.
        run: usize,
    },
    /// The manifest has more than [`MAX_RUNS`] runs.
    #[error("the manifest has more than {MAX_RUNS} runs")]
    TooManyRuns,
    /// A run does not start at the end of the run before it.
    #[error("run {run} of the manifest starts at {claimed}, not at {expected}")]
    Gap {
        /// Number of the run, from 0.
        run: usize,
        /// First entry of the run.
        claimed: u64,
        /// End of the run before it.
        expected: u64,
    },
    /// A run is empty, or has more than [`MAX_RUN`] entries.
    #[error("run {run} of the manifest is empty or longer than {MAX_RUN}")]
    RunLength {
        /// Number of the run, from 0.
        run: usize,
    },
    /// A run has too many buckets.
    #[error("run {run} of the manifest has 2^{bits} buckets, more than 2^{MAX_RUN_BITS}")]
    RunBits {
        /// Number of the run, from 0.
        run: usize,
        /// Its number of bits, above [`MAX_RUN_BITS`].
        bits: u8,
    },
    /// The runs do not end at the size of the log.
    #[error("the runs of the manifest end at {covered}, the log at {size}")]
    Coverage {
        /// End of the last run.
        covered: u64,
        /// Entries of the log.
        size: u64,
    },
    /// The empty line before the checkpoint is missing.
    #[error("the manifest has no empty line with a checkpoint after it")]
    NoCheckpoint,
    /// The checkpoint in the manifest has a signature line of another name than the log's origin, or none of it.
    #[error("a signature in the manifest is not by the log: its name is not the log's origin")]
    NotByLog,
    /// The checkpoint in the manifest is malformed.
    #[error("in the manifest, {0}")]
    Checkpoint(CheckpointError),
}

impl ManifestError {
    /// True if the manifest may be right for a reader of another version: no fault of its builder.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::UnknownVersion | Self::UnknownMapFunction { .. })
    }

    /// The stable name of the broken rule.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "index-manifest-too-large",
            Self::Header => "index-manifest-header",
            Self::UnknownVersion => "index-manifest-unknown-version",
            Self::MapFunction => "index-manifest-mapfn",
            Self::UnknownMapFunction { .. } => "index-manifest-unknown-mapfn",
            Self::Run { .. } => "index-manifest-run",
            Self::TooManyRuns => "index-manifest-too-many-runs",
            Self::Gap { .. } => "index-manifest-gap",
            Self::RunLength { .. } => "index-manifest-run-length",
            Self::RunBits { .. } => "index-manifest-run-bits",
            Self::Coverage { .. } => "index-manifest-coverage",
            Self::NoCheckpoint => "index-manifest-no-checkpoint",
            Self::NotByLog => "index-manifest-not-by-log",
            Self::Checkpoint(error) => error.code(),
        }
    }
}
