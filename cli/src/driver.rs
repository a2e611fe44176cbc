//! Feeds a query with the files it asks for, several in flight, in the order in which it asked.
//!
//! The order makes a verdict independent of the network's: of two missing files it is always the same one that is named.
use std::collections::{BTreeSet, VecDeque};

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use glasslog_core::fetch::Query;
use glasslog_core::report::Verdict;

use crate::console::Console;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::source::{Directory, Remote, Source};

/// Runs a query to its report. `make` starts it: once, and once more without remembered files if a verdict that rests
/// on such files fails.
///
/// # Errors
/// What `make` says, and whatever keeps a file from being read. A file that is missing is no error here: the query
/// judges it.
pub(crate) fn run<Q: Query>(
    source: &mut Source,
    console: &Console,
    make: impl Fn() -> Result<Q, Failure>,
) -> Result<Q, Failure> {
    let failed = |query: &Q| {
        let report = query.report();
        report.is_some_and(|report| report.result == Verdict::Failed)
    };
    run_until(source, console, make, failed)
}

/// As [`run`], where `failed` says whether to try again without remembered files.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_until<Q: Query>(
    source: &mut Source,
    console: &Console,
    make: impl Fn() -> Result<Q, Failure>,
    failed: impl Fn(&Q) -> bool,
) -> Result<Q, Failure> {
    let query = feed(make()?, source, console)?;
    match source {
        Source::Remote(remote) if remote.used_cache() && failed(&query) => {
            remote.forget_cached();
            console.note("remembered files may be damaged: reading the log again without them");
            feed(make()?, source, console)
        }
        _ => Ok(query),
    }
}

/// Reads one file of a log.
///
/// # Errors
/// Whatever keeps it from being read; that it is missing is an answer.
pub(crate) fn read(source: &Source, path: &str) -> Result<Option<Vec<u8>>, Failure> {
    match source {
        Source::Directory(directory) => directory.read(path),
        Source::Remote(remote) => remote.runtime().block_on(remote.fetch(path)),
    }
}

fn feed<Q: Query>(mut query: Q, source: &Source, console: &Console) -> Result<Q, Failure> {
    let progress = Progress::new(
        console,
        "reading {wide_bar} {human_pos}/{human_len} entries",
    );
    let outcome = match source {
        Source::Directory(directory) => from_directory(&mut query, directory, &progress),
        Source::Remote(remote) => remote
            .runtime()
            .block_on(from_remote(&mut query, remote, &progress)),
    };
    outcome.map(|()| query)
}

fn from_directory(
    query: &mut impl Query,
    directory: &Directory,
    progress: &Progress,
) -> Result<(), Failure> {
    let mut asked = BTreeSet::new();
    let mut queue = VecDeque::new();
    loop {
        for path in query.needs() {
            if asked.insert(path.clone()) {
                queue.push_back(path);
            }
        }
        let Some(path) = queue.pop_front() else {
            return Ok(());
        };
        asked.remove(&path);
        query.supply(&path, directory.read(&path)?);
        let so_far = query.progress();
        progress.show(so_far.done, so_far.total);
    }
}

async fn from_remote(
    query: &mut impl Query,
    remote: &Remote,
    progress: &Progress,
) -> Result<(), Failure> {
    let mut asked = BTreeSet::new();
    let mut flying = FuturesOrdered::new();
    loop {
        for path in query.needs() {
            if asked.insert(path.clone()) {
                flying.push_back(async move { (remote.fetch(&path).await, path) });
            }
        }
        let Some((fetched, path)) = flying.next().await else {
            return Ok(());
        };
        asked.remove(&path);
        query.supply(&path, fetched?);
        let so_far = query.progress();
        progress.show(so_far.done, so_far.total);
    }
}
