//! `index`: builds the index of a log, one's own or somebody else's, and looks entries up in it.
use glasslog_log::IndexError;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use glasslog_core::event;
use glasslog_core::fetch::CHECKPOINT_PATH;
use glasslog_core::index::format::MapFunction;
use glasslog_core::note::Checkpoint;
use glasslog_core::rules::Keyring;
use glasslog_core::tiles::{EntryBundle, parse_entries};
use glasslog_core::trust::TrustPolicy;
use glasslog_log::Schedule;
use glasslog_log::directory::Disk;
use glasslog_log::index::{Indexer, LogFiles};
use glasslog_log::{Config, Layout, LogError};
use serde::Serialize;

use crate::arguments::TrustArgs;
use crate::console::Console;
use crate::destination::{named_key, now, open_log, refuse};
use crate::driver;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::SharedProgress;
use crate::source::{Source, is_address};

mod lookup;

/// Builds the index of a log, or looks an entry up in one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  glasslog index my.log
  glasslog keygen --kind index --name indexer.example/of-models --out index.key
  glasslog index https://log.example.com/ --policy trust.policy --key index.key --out my.index
  glasslog index https://log.example.com/ --policy both.policy --index my.index --lookup LEAFHASH")]
pub(crate) struct Args {
    /// Log directory, public tree or URL
    log: String,

    /// Make every run again from the entries, and compare with what is there
    #[arg(long)]
    rebuild: bool,

    /// Where the index of somebody else's log goes: a directory, absent or made by this
    #[arg(long, value_name = "DIR", requires = "key")]
    out: Option<PathBuf>,

    /// Key that signs that index; its name is the index's origin
    #[arg(long, value_name = "PATH", requires = "out")]
    key: Option<PathBuf>,

    /// Key function [default: access/v1 for a log with a genesis, else leaf/v1]
    #[arg(long, value_name = "NAME", requires = "out")]
    map: Option<String>,

    /// Look up the entries with this leaf hash (base64), in an index by leaf/v1
    #[arg(long, value_name = "HASH", conflicts_with_all = ["out", "rebuild"])]
    lookup: Option<String>,

    /// Where that index is, if not with the log: directory, public tree or URL
    #[arg(long, value_name = "INDEX", requires = "lookup")]
    index: Option<String>,

    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Built {
    schema_version: u32,
    result: &'static str,
    /// Origin of the index.
    index: String,
    /// Origin of the log.
    log: String,
    mapfn: &'static str,
    /// Entries that the index covers.
    indexed: u64,
    runs: usize,
}

impl Args {
    /// # Errors
    /// A log that cannot be read or is not trusted, an index that cannot be built or written.
    pub(crate) fn run(self, console: &Console) -> Result<Exit, Failure> {
        match (&self.lookup, &self.out, &self.key) {
            (Some(hash), ..) => lookup::run(&self, hash, console),
            (None, Some(out), Some(key)) => {
                let key = named_key(key, "index")?;
                let policy = self.trust.policy(Some(&self.log))?;
                let files = Files::open(&self.log, self.trust.offline)?;
                let checkpoint = self.judged(&files, &policy)?;
                let map = self.map(&files, &checkpoint)?;
                let indexer = Indexer::of(out, key, map, Schedule::default());
                let indexer = indexer.map_err(|error| refuse(&error))?;
                self.build(indexer, Some((&files, &checkpoint)), console)
            }
            _ if is_address(&self.log) || !Layout::new(&self.log).config().is_file() => {
                Err(Failure::usage(format!(
                    "`{}` is not a log directory: `--key` and `--out` say whose the index is and where it goes",
                    self.log
                ))
                .hint("`glasslog keygen --kind index` makes a key"))
            }
            _ => {
                let layout = Layout::new(&self.log);
                let config = Config::read(&Disk::new(), &layout);
                // In a bucket, only who writes the log may write its index.
                let indexer = match config.map_err(|error| refuse(&error))?.store {
                    None => Indexer::open(&self.log),
                    Some(_) => Indexer::of_log(&open_log(self.log.as_ref())?, &self.log),
                };
                self.build(indexer.map_err(|error| refuse(&error))?, None, console)
            }
        }
    }

    /// Extends an index, joins what can be, and says how far it is.
    fn build(
        &self,
        mut indexer: Indexer,
        of: Option<(&Files, &Checkpoint)>,
        console: &Console,
    ) -> Result<Exit, Failure> {
        let progress = SharedProgress::new(
            console,
            "indexing {wide_bar} {human_pos}/{human_len} entries",
        );
        let show = |done, total| progress.show(done, total);
        if self.rebuild {
            indexer.remake();
        }
        let now = now();
        let extended = match of {
            Some((files, checkpoint)) => indexer.extend(files, checkpoint, true, now, &show),
            None => indexer.publish_joined(now, &show),
        };
        let indexed = extended.map_err(|error| refuse(&error))?;
        indexer.tidy(now).map_err(|error| refuse(&error))?;
        drop(progress);
        let manifest = indexer.manifest().ok_or_else(|| {
            Failure::unfinished("index-not-buildable", "the index has no manifest")
        })?;
        let built = Built {
            schema_version: 1,
            result: "done",
            index: indexer.origin().to_owned(),
            log: manifest.checkpoint().origin().as_str().to_owned(),
            mapfn: indexer.map().name(),
            indexed,
            runs: manifest.runs().len(),
        };
        match console.is_json() {
            true => console.json(&built),
            false => console.line(format_args!(
                "indexed {} size {indexed} by {} in {} runs as {}",
                built.log, built.mapfn, built.runs, built.index
            )),
        }
        Ok(Exit::Done)
    }

    /// The log's newest checkpoint, if the trust policy accepts it.
    fn judged(&self, files: &Files, policy: &[u8]) -> Result<Checkpoint, Failure> {
        let trust = TrustPolicy::parse(policy)
            .map_err(|error| Failure::new(Exit::Malformed, error.code(), error.to_string()))?;
        let bytes = files
            .get(CHECKPOINT_PATH)?
            .ok_or_else(|| Failure::unfinished("missing-file", "`checkpoint` is missing"))?;
        let checkpoint = Checkpoint::parse(&bytes)
            .map_err(|error| Failure::new(Exit::Malformed, error.code(), error.to_string()))?;
        let (verdict, verified) = trust.verify_log(&checkpoint, self.trust.options().now);
        match verified {
            Some(_) => Ok(checkpoint),
            None => Err(Failure::new(
                if verdict.is_false() {
                    Exit::False
                } else {
                    Exit::Undecided
                },
                "checkpoint-not-trusted",
                "the trust policy does not accept the log's checkpoint",
            )
            .hint("`glasslog audit` says what is missing")),
        }
    }

    fn map(&self, files: &Files, checkpoint: &Checkpoint) -> Result<MapFunction, Failure> {
        let known = [MapFunction::AccessV1, MapFunction::LeafV1];
        if let Some(name) = &self.map {
            return known
                .into_iter()
                .find(|map| map.name() == name)
                .ok_or_else(|| {
                    Failure::usage(format!("`--map {name}`: expected `access/v1` or `leaf/v1`"))
                });
        }
        let size = checkpoint.head().size;
        let genesis = EntryBundle::containing(0, size).and_then(|bundle| {
            let found = files.get(&bundle.path()).transpose();
            let full = || files.get(&bundle.full().path()).transpose();
            found
                .map(|bytes| (bundle, bytes))
                .or_else(|| full().map(|bytes| (bundle.full(), bytes)))
        });
        let Some((bundle, bytes)) = genesis else {
            return Ok(MapFunction::LeafV1);
        };
        let bytes = bytes?;
        let entries = parse_entries(&bytes, bundle.width()).unwrap_or_default();
        let origin = checkpoint.origin().as_str();
        // Whether the entry is the log's is seen when it is indexed; here it only decides a default.
        let has_genesis = entries
            .first()
            .and_then(|entry| event::parse(entry).ok())
            .is_some_and(|entry| Keyring::from_genesis(origin, &entry).is_ok());
        Ok(match has_genesis {
            true => MapFunction::AccessV1,
            false => MapFunction::LeafV1,
        })
    }
}

/// The files of a log, wherever they are; one thread at a time asks for several.
struct Files(Mutex<Source>);

impl Files {
    /// # Errors
    /// As [`Source::open`].
    fn open(log: &str, offline: bool) -> Result<Self, Failure> {
        Ok(Self(Mutex::new(Source::open(log, offline)?)))
    }

    fn source(&self) -> MutexGuard<'_, Source> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// Whatever keeps a file from being read; that it is missing is an answer.
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        driver::read(&self.source(), path)
    }
}

impl LogFiles for Files {
    fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError> {
        driver::read_many(&self.source(), paths).map_err(|failure| {
            LogError::Index(IndexError::Unread {
                code: failure.code,
                problem: failure.message,
            })
        })
    }
}
