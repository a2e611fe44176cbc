//! Reads the entries of a log in order, each bundle compared with the signed root; the next bundles are read while these are
//! worked on, by all cores.

use core::ops::Range;
use std::thread;

use glasslog_core::fetch::LogFile;
use glasslog_core::merkle::{Hash, TreeHead};
use glasslog_core::text::limits::MAX_IN_FLIGHT;
use glasslog_core::tiles::{EntryBundle, FULL_WIDTH, ScanTiles, TileError};

use super::kind::Kind;
use super::{Condition, Stop};
use crate::source::{Source, read_file};

/// Bundles with their bytes, which are not compared with the root yet.
type Wave = Vec<(EntryBundle, Vec<u8>)>;

/// Reads the entries of a range. `pick` sees each of them, in any order and on any thread, and says what is kept of it; `take`
/// receives what was kept of some bundles, in log order, and the end of these bundles.
pub(super) fn entries<T: Send>(
    source: &dyn Source,
    head: TreeHead,
    range: Range<u64>,
    pick: impl Fn(u64, Hash, &[u8]) -> Option<T> + Sync,
    mut take: impl FnMut(u64, Vec<T>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let (first, end) = (range.start, range.end.min(head.size));
    if first >= end {
        return Ok(());
    }
    let width = u64::from(FULL_WIDTH);
    let start = first / width;
    let scan = tiles(source, head, start)?;
    let numbers: Vec<u64> = (start..end.div_ceil(width)).collect();
    let mut waves = numbers.chunks(MAX_IN_FLIGHT).map(|numbers| {
        let bundle = |number: &u64| EntryBundle::containing(number * width, head.size);
        numbers.iter().filter_map(bundle).collect::<Vec<_>>()
    });
    let picked = |index: u64, leaf, entry: &[u8]| {
        let is_asked = (first..end).contains(&index);
        is_asked.then(|| pick(index, leaf, entry)).flatten()
    };
    let mut next = waves
        .next()
        .map(|wave| read_wave(source, wave))
        .transpose()?;
    while let Some(wave) = next {
        let ahead = waves.next();
        next = thread::scope(|scope| -> Result<Option<Wave>, Stop> {
            let ahead = ahead.map(|wave| scope.spawn(|| read_wave(source, wave)));
            let last = wave.last().and_then(|(bundle, _)| bundle.start());
            let last = last.map_or(end, |last| (last + width).min(end));
            take(last, compare(&scan, &wave, &picked)?)?;
            match ahead.map(thread::ScopedJoinHandle::join) {
                None => Ok(None),
                Some(Ok(wave)) => Ok(Some(wave?)),
                Some(Err(panic)) => std::panic::resume_unwind(panic),
            }
        })?;
    }
    Ok(())
}

/// Reads the tiles that say which entries each bundle has, from bundle number `start` on.
fn tiles(source: &dyn Source, head: TreeHead, start: u64) -> Result<ScanTiles, Condition> {
    let is_false = |error: TileError| Condition::new(Kind::False, error);
    let mut scan = ScanTiles::starting(head, start).map_err(is_false)?;
    loop {
        let tiles = scan.next_tiles(MAX_IN_FLIGHT);
        if tiles.is_empty() {
            return Ok(scan);
        }
        let files: Vec<LogFile> = tiles.iter().copied().map(LogFile::Tile).collect();
        for (tile, bytes) in tiles.iter().zip(read_all(source, &files)?) {
            scan.supply(tile, &bytes).map_err(is_false)?;
        }
    }
}

/// Compares bundles with the root and picks from their entries, on all cores.
fn compare<T: Send>(
    scan: &ScanTiles,
    wave: &Wave,
    pick: &(impl Fn(u64, Hash, &[u8]) -> Option<T> + Sync),
) -> Result<Vec<T>, Condition> {
    let one = |(bundle, bytes): &(EntryBundle, Vec<u8>)| {
        let entries = scan.verify_bundle(*bundle, bytes).map_err(|error| {
            Condition::new(Kind::False, format!("`{}`: {error}", bundle.path()))
        })?;
        let start = bundle.start().unwrap_or_default();
        let all = (start..).zip(entries.leaves()).zip(entries.entries());
        let picked = all.filter_map(|((index, leaf), entry)| pick(index, *leaf, entry));
        Ok::<_, Condition>(picked.collect::<Vec<T>>())
    };
    let parts = on_all_cores(wave, |part| part.iter().map(one).collect::<Vec<_>>());
    let mut kept = Vec::new();
    for picked in parts.into_iter().flatten() {
        kept.extend(picked?);
    }
    Ok(kept)
}

/// Works on the parts of a slice, one for each core; the results are in the order of the parts.
pub(super) fn on_all_cores<I: Sync, T: Send>(
    items: &[I],
    work: impl Fn(&[I]) -> T + Sync,
) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let size = items.len().div_ceil(threads).max(1);
    if items.len() <= size {
        return vec![work(items)];
    }
    thread::scope(|scope| {
        let work = &work;
        let parts: Vec<_> = items
            .chunks(size)
            .map(|part| scope.spawn(move || work(part)))
            .collect();
        let join = |part: thread::ScopedJoinHandle<'_, T>| {
            part.join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        parts.into_iter().map(join).collect()
    })
}

fn read_wave(source: &dyn Source, bundles: Vec<EntryBundle>) -> Result<Wave, Condition> {
    let files: Vec<LogFile> = bundles.iter().copied().map(LogFile::Bundle).collect();
    let bytes = read_all(source, &files)?;
    Ok(bundles.into_iter().zip(bytes).collect())
}

/// Reads files that the log must have, several at a time; the full one stands in for a partial one.
fn read_all(source: &dyn Source, files: &[LogFile]) -> Result<Vec<Vec<u8>>, Condition> {
    let paths: Vec<String> = files.iter().map(LogFile::path).collect();
    let mut found = Vec::with_capacity(files.len());
    for (file, bytes) in files.iter().zip(source.read_many(&paths)?) {
        let bytes = match bytes {
            None if file.is_partial() => read_file(source, file)?,
            bytes => bytes,
        };
        let missing = || Condition::new(Kind::Unreachable, format!("`{}` is missing", file.path()));
        found.push(bytes.ok_or_else(missing)?);
    }
    Ok(found)
}
