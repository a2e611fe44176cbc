//! Feeds a query with the files it asks for, several in flight, in the order in which it asked.
//!
//! The order makes a verdict independent of the network's: of two missing files it is always the same one that is named.
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use glasslog_core::fetch::{CHECKPOINT_PATH, Query};
use glasslog_core::index::format::LATEST_PATH;
use glasslog_core::report::{Class, Verdict};
use glasslog_core::verify::audit::index::INDEX_CHECKPOINT_PATH;

use crate::console::Console;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::source::{Remote, Source};

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
    let (mut query, mut head) = feed(make()?, source, console)?;
    if let Source::Remote(remote) = source
        && remote.used_cache()
        && failed(&query)
    {
        remote.forget_cached();
        console.note("remembered files may be damaged: reading the log again without them");
        (query, head) = feed(make()?, source, console)?;
    }
    // The log may have grown while it was read, and have collected files of the older head, or of an older manifest of
    // its index, since.
    for _ in 0..NEWER_HEADS {
        if !is_unfinished(&query) || !head.has_changed(source)? {
            break;
        }
        console.note("the log has grown meanwhile: reading it again with its newer checkpoint");
        (query, head) = feed(make()?, source, console)?;
    }
    Ok(query)
}

/// The files that a query was fed with and that change when the log grows, by path.
#[derive(Default)]
pub(crate) struct Head(BTreeMap<&'static str, Option<Vec<u8>>>);

impl Head {
    pub(crate) fn note(&mut self, path: &str, bytes: Option<&Vec<u8>>) {
        let mutable = [CHECKPOINT_PATH, INDEX_CHECKPOINT_PATH, LATEST_PATH];
        if let Some(path) = mutable.into_iter().find(|mutable| *mutable == path) {
            self.0.insert(path, bytes.cloned());
        }
    }

    pub(crate) fn has_changed(&self, source: &Source) -> Result<bool, Failure> {
        for (path, bytes) in &self.0 {
            if read(source, path)? != *bytes {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// How often a reading begins anew because the log has grown: a log that outruns three readings is not caught up with.
pub(crate) const NEWER_HEADS: usize = 2;

fn is_unfinished(query: &impl Query) -> bool {
    let report = query.report();
    report.is_some_and(|report| report.class() == Class::Unfinished)
}

/// Reads one file of a log.
///
/// # Errors
/// Whatever keeps it from being read; that it is missing is an answer.
pub(crate) fn read(source: &Source, path: &str) -> Result<Option<Vec<u8>>, Failure> {
    match source {
        Source::Directory(directory) => directory.read(path),
        Source::Bucket(bucket) => bucket.read(path),
        Source::Remote(remote) => remote.runtime().block_on(remote.fetch(path)),
    }
}

/// Reads files of a log, several in flight; the answers are in order.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_many(
    source: &Source,
    paths: &[String],
) -> Result<Vec<Option<Vec<u8>>>, Failure> {
    match source {
        Source::Directory(directory) => paths.iter().map(|path| directory.read(path)).collect(),
        Source::Bucket(bucket) => paths.iter().map(|path| bucket.read(path)).collect(),
        Source::Remote(remote) => remote.runtime().block_on(async {
            let fetches = paths.iter().map(|path| remote.fetch(path));
            let fetched: Vec<_> = fetches.collect::<FuturesOrdered<_>>().collect().await;
            fetched.into_iter().collect()
        }),
    }
}

/// Feeds a query to its end; gives also the head that it was fed with.
fn feed<Q: Query>(query: Q, source: &Source, console: &Console) -> Result<(Q, Head), Failure> {
    let template = "reading {wide_bar} {human_pos}/{human_len} entries";
    let mut feeding = Feeding {
        query,
        head: Head::default(),
        progress: Progress::new(console, template),
    };
    match source {
        Source::Directory(directory) => one_by_one(&mut feeding, |path| directory.read(path))?,
        Source::Bucket(bucket) => one_by_one(&mut feeding, |path| bucket.read(path))?,
        Source::Remote(remote) => remote
            .runtime()
            .block_on(from_remote(&mut feeding, remote))?,
    }
    Ok((feeding.query, feeding.head))
}

/// A query that is being fed.
struct Feeding<Q> {
    query: Q,
    head: Head,
    progress: Progress,
}

impl<Q: Query> Feeding<Q> {
    fn supply(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        self.head.note(path, bytes.as_ref());
        self.query.supply(path, bytes);
        let so_far = self.query.progress();
        self.progress.show(so_far.done, so_far.total);
    }
}

fn one_by_one(
    feeding: &mut Feeding<impl Query>,
    read: impl Fn(&str) -> Result<Option<Vec<u8>>, Failure>,
) -> Result<(), Failure> {
    let mut asked = BTreeSet::new();
    let mut queue = VecDeque::new();
    loop {
        for path in feeding.query.needs() {
            if asked.insert(path.clone()) {
                queue.push_back(path);
            }
        }
        let Some(path) = queue.pop_front() else {
            return Ok(());
        };
        asked.remove(&path);
        feeding.supply(&path, read(&path)?);
    }
}

async fn from_remote(feeding: &mut Feeding<impl Query>, remote: &Remote) -> Result<(), Failure> {
    let mut asked = BTreeSet::new();
    let mut flying = FuturesOrdered::new();
    loop {
        for path in feeding.query.needs() {
            if asked.insert(path.clone()) {
                flying.push_back(async move { (remote.fetch(&path).await, path) });
            }
        }
        let Some((fetched, path)) = flying.next().await else {
            return Ok(());
        };
        asked.remove(&path);
        feeding.supply(&path, fetched?);
    }
}
