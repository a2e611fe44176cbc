//! `index` without `--lookup`: builds or extends an index.

use std::path::{self, Path};

use glasslog_client::source::{Source, is_address, read_file};
use glasslog_core::event;
use glasslog_core::fetch::LogFile;
use glasslog_core::index::format::MapFunction;
use glasslog_core::note::{Checkpoint, SignedCheckpoint};
use glasslog_core::rules::Keyring;
use glasslog_core::tiles::{EntryBundle, parse_entries};
use glasslog_log::directory::Disk;
use glasslog_log::index::{Indexer, LogFiles};
use glasslog_log::{Config, Layout, LayoutError, LogError, Schedule};
use serde::Serialize;

use super::Args;
use crate::args::named_key;
use crate::clock::now;
use crate::destination::open_log;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, SharedProgress};
use crate::source;
use crate::trusted_checkpoint::trusted_checkpoint;

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

/// Builds or extends the index that the arguments name.
///
/// # Errors
/// The log cannot be read or is not trusted, or the index cannot be built or written.
pub(super) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    if let (Some(out), Some(key)) = (&args.out, &args.key) {
        refuse_in_a_log(out)?;
        let key = named_key(key, "index")?;
        let policy = args.trust.policy(Some(&args.log))?;
        let source = source::open(&args.log, args.trust.offline)?;
        let checkpoint = trusted_checkpoint(&*source, &policy, args.trust.options().now)?;
        let origin = checkpoint.checkpoint().origin().as_str();
        if key.verifier().name().as_str() == origin {
            return Err(Failure::usage(format!(
                "the key is named `{origin}` as the log is: by the log's key, an index would be a second log of that name"
            ))
            .hint("`glasslog keygen --kind index --name NAME` makes a key; its name is the index's origin"));
        }
        let map = map(args.map.as_deref(), &*source, checkpoint.checkpoint())?;
        let indexer = Indexer::of(out, key, map, Schedule::default())?;
        return build(
            indexer,
            args.rebuild,
            Some((&&*source, &checkpoint)),
            console,
        );
    }
    let layout = Layout::new(&args.log);
    let is_address = is_address(&args.log)?;
    if !is_address {
        let read = Config::read(&Disk::new(), &layout);
        if let Err(error @ LogError::Layout(LayoutError::NoConfig { .. })) = read {
            return Err(error.into());
        }
    }
    if is_address || !layout.config().is_file() {
        return Err(Failure::usage(format!(
            "`{}` is not a log directory: `--key` and `--out` make the index of another's log",
            args.log
        ))
        .hint("`glasslog keygen --kind index` makes a key"));
    }
    // In a bucket, only the writer of the log may write its index.
    let indexer = match Config::read(&Disk::new(), &layout)?.store {
        None => Indexer::open(&args.log),
        Some(_) => Indexer::of_log(&open_log(args.log.as_ref())?, &args.log),
    };
    build(indexer?, args.rebuild, None, console)
}

/// Refuses a directory in that of a log: the index in there is signed by another key, and the public tree has its files alone.
///
/// # Errors
/// It is the directory of a log, or lies in one (exit 2).
fn refuse_in_a_log(out: &Path) -> Result<(), Failure> {
    let place = path::absolute(out).unwrap_or_else(|_| out.to_owned());
    // A directory that does not exist yet has no links to follow.
    let mut existing = place
        .ancestors()
        .filter_map(|above| above.canonicalize().ok());
    let nearest = existing.next().unwrap_or_default();
    let log = nearest
        .ancestors()
        .find(|above| Layout::new(above).config().is_file());
    match log {
        None => Ok(()),
        Some(log) => Err(Failure::usage(format!(
            "`{}` is in the directory of the log `{}`",
            out.display(),
            log.display()
        ))
        .hint("`--out` takes a directory of its own; without `--out` and `--key`, `glasslog index LOG` extends the log's own index")),
    }
}

/// Extends an index, joins its runs, and prints its size.
fn build(
    mut indexer: Indexer,
    is_rebuilt: bool,
    of: Option<(&dyn LogFiles, &SignedCheckpoint)>,
    console: &Console,
) -> Result<Exit, Failure> {
    let progress = SharedProgress::new(
        console,
        "indexing {wide_bar} {human_pos}/{human_len} entries",
    );
    let show = |done, total| progress.show(done, total);
    if is_rebuilt {
        indexer.remake();
    }
    let now = now();
    let extended = match of {
        Some((files, checkpoint)) => indexer.extend(files, checkpoint, true, now, &show),
        None => indexer.publish_joined(now, &show),
    };
    let indexed = extended?;
    indexer.tidy(now)?;
    drop(progress);
    let manifest = indexer.manifest().ok_or_else(|| {
        Failure::unfinished("index-without-manifest", "the index has no manifest")
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
        true => console.result(&built, Exit::Done),
        false => console.line(format_args!(
            "indexed {} size {indexed} by {} in {} runs as {}",
            built.log, built.mapfn, built.runs, built.index
        )),
    }
    Ok(Exit::Done)
}

/// Returns the key function of `--map`, or the default for the log.
fn map(
    name: Option<&str>,
    source: &dyn Source,
    checkpoint: &Checkpoint,
) -> Result<MapFunction, Failure> {
    let known = [MapFunction::AccessV2, MapFunction::LeafV1];
    if let Some(name) = name {
        return known
            .into_iter()
            .find(|map| map.name() == name)
            .ok_or_else(|| {
                Failure::usage(format!("`--map {name}`: expected `access/v2` or `leaf/v1`"))
            });
    }
    let size = checkpoint.head().size;
    let first = EntryBundle::containing(0, size);
    let bytes = first.map(|bundle| Ok((bundle, read_file(source, &LogFile::Bundle(bundle))?)));
    let Some((bundle, Some(bytes))) = bytes
        .transpose()
        .map_err(|error: glasslog_client::Error| Failure::from(error))?
    else {
        return Ok(MapFunction::LeafV1);
    };
    let entries = parse_entries(&bytes, bundle.width()).unwrap_or_default();
    let origin = checkpoint.origin().as_str();
    // The indexer proves that the entry is in the log; here the entry only decides a default.
    let has_genesis = entries
        .first()
        .and_then(|entry| event::parse(entry).ok())
        .is_some_and(|entry| Keyring::from_genesis(origin, &entry).is_ok());
    Ok(match has_genesis {
        true => MapFunction::AccessV2,
        false => MapFunction::LeafV1,
    })
}
