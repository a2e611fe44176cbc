//! Replay of a log at its opening: reads published entries, and checks tiles and roots against them.

use crate::dedup::{self, Dedup};
use crate::error::LogError;
use crate::leaf::Leaf;
use crate::storage::Storage;
use crate::writer::admitter::Admitter;
use crate::writer::error::HistoryError;
use crate::writer::publisher::{self};
use glasslog_core::merkle::{Hash, TreeHead, empty_root};
use glasslog_core::tiles::{
    Edge, EntryBundle, PublicFile, Tile, bundles_between, frontier, parse_entries,
};

/// Reads the published entries from `edge` to `size`, and checks the tiles and the signed root against them.
///
/// A wrong root is reported only after the tiles: the name of a wrong file says more.
pub(super) fn replay(
    storage: &dyn Storage,
    mut edge: Edge,
    size: u64,
    public: Option<&TreeHead>,
    admitter: &mut Admitter,
    dedup: &Dedup,
) -> Result<(Edge, Result<(), LogError>), LogError> {
    let begin = edge.size();
    let mut roots =
        check_earlier_root(storage, public, begin, size)?.and(check_root(&edge, public));
    for bundle in bundles_between(begin, size) {
        let bytes = read_bundle_of(storage, &bundle)?;
        let malformed =
            |problem: String| LogError::malformed(storage.locate(&bundle.path()), problem);
        let entries =
            parse_entries(&bytes, bundle.width()).map_err(|error| malformed(error.to_string()))?;
        let mut full = Vec::new();
        for entry in entries {
            let leaf = edge
                .append(entry, |file| full.push(file))
                .map_err(|error| malformed(error.to_string()))?;
            admitter.replay(entry, leaf)?;
            roots = roots.and(check_root(&edge, public));
        }
        check_tiles(storage, &full)?;
        // A table that is being rebuilt must not be completely in memory.
        admitter.freeze_if_due();
        dedup.store_before(edge.size(), size)?;
    }
    check_tiles(storage, &edge.partials(0))?;
    Ok((edge, roots))
}

/// Compares the root with a signed one of the same size.
pub(super) fn check_root(edge: &Edge, signed: Option<&TreeHead>) -> Result<(), LogError> {
    let Some(signed) = signed.filter(|signed| signed.size == edge.size()) else {
        return Ok(());
    };
    compare_roots(signed, Some(edge.head().root))
}

fn compare_roots(signed: &TreeHead, computed: Option<Hash>) -> Result<(), LogError> {
    match computed {
        Some(computed) if computed == signed.root => Ok(()),
        computed => Err(HistoryError::WrongRoot {
            size: signed.size,
            signed: signed.root,
            computed: computed.unwrap_or_else(empty_root),
        }
        .into()),
    }
}

/// Reads a bundle of the log.
fn read_bundle_of(storage: &dyn Storage, bundle: &EntryBundle) -> Result<Vec<u8>, LogError> {
    let found = bundle_from(bundle, |bundle| storage.read(&bundle.path()))?;
    found.ok_or_else(|| LogError::missing(storage.locate(&bundle.path())))
}

/// Reads a bundle, or takes it from the beginning of the full bundle if the partial one was removed.
pub(crate) fn bundle_from(
    bundle: &EntryBundle,
    read: impl Fn(&EntryBundle) -> Result<Option<Vec<u8>>, LogError>,
) -> Result<Option<Vec<u8>>, LogError> {
    if let Some(bytes) = read(bundle)? {
        return Ok(Some(bytes));
    }
    let Some(full) = read(&bundle.full())? else {
        return Ok(None);
    };
    let Ok(entries) = parse_entries(&full, bundle.full().width()) else {
        return Ok(None);
    };
    let length: usize = entries
        .iter()
        .take(usize::from(bundle.width()))
        .map(|entry| 2 + entry.len())
        .sum();
    Ok(Some(full[..length].to_vec()))
}

/// Checks that the tiles exist and fit the entries; the entries themselves were read from the bundles.
fn check_tiles(storage: &dyn Storage, files: &[PublicFile]) -> Result<(), LogError> {
    for file in files {
        let Ok(tile) = Tile::parse_path(&file.path) else {
            continue;
        };
        let path = || storage.locate(&file.path);
        let found = match storage.read(&file.path)? {
            Some(bytes) => Some(bytes),
            None => storage
                .read(&tile.full().path())?
                .and_then(|full| tile.prefix_of_full(&full).map(<[u8]>::to_vec)),
        };
        match found {
            None => return Err(LogError::missing(path())),
            Some(bytes) if bytes != file.bytes => return Err(LogError::differs(path())),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Checks the public root of a size before `begin`, by the tiles of size `at`.
fn check_earlier_root(
    storage: &dyn Storage,
    public: Option<&TreeHead>,
    begin: u64,
    at: u64,
) -> Result<Result<(), LogError>, LogError> {
    let Some(public) = public.filter(|public| public.size < begin) else {
        return Ok(Ok(()));
    };
    let levels = dedup::levels(storage, public.size, at)?;
    let computed = frontier(public.size, &levels).map(|range| range.root());
    Ok(compare_roots(public, computed))
}

/// Creates the files of published entries again that a power loss may have removed; files that are the same stay.
pub(super) fn restore(
    storage: &dyn Storage,
    edge: &mut Edge,
    leaves: &[Leaf],
    public: Option<&TreeHead>,
) -> Result<Result<(), LogError>, LogError> {
    if leaves.is_empty() {
        return Ok(Ok(()));
    }
    let before = edge.size();
    let mut rest = leaves;
    let mut roots = Ok(());
    if let Some(public) = public.filter(|public| public.size > before) {
        let (now, later) = leaves.split_at((public.size - before) as usize);
        publisher::add(storage, edge, now)?;
        roots = check_root(edge, Some(public));
        rest = later;
    }
    publisher::add(storage, edge, rest)?;
    storage.create(&edge.partials(before))?;
    Ok(roots)
}
