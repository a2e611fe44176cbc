//! Reads the index log ([c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles) below `index/`): every manifest, proven to be in
//! the tree of the index checkpoint.

use crate::error::Error;
use crate::source::{Source, read_file};
use glasslog_core::fetch::LogFile;
use glasslog_core::index::format::{INDEX_CHECKPOINT_PATH, LATEST_PATH};
use glasslog_core::merkle::{InclusionProof, ProofError, TreeHead, inclusion_subtrees, leaf_hash};
use glasslog_core::note::{Checkpoint, TlogProof};
use glasslog_core::tiles::{
    ConsistencyPlan, EntryBundle, ScanTiles, Tile, TilePlan, encode_hashes,
};
use glasslog_core::trust::LogVerdict;
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::audit::index::IndexAudit;
use std::collections::BTreeMap;

/// Tiles of the scan that are requested at a time.
const TILES_AT_ONCE: usize = 16;

/// Reads every manifest of the index, if the key in the policy signed the index checkpoint.
pub(super) fn read(query: &mut AuditQuery, source: &dyn Source) -> Result<(), Error> {
    let Some(index) = query.index_mut() else {
        return Ok(());
    };
    let Some(head) = index.checkpoint().map(Checkpoint::head) else {
        return Ok(());
    };
    let Ok(mut scan) = ScanTiles::new(head) else {
        index.index_log_broken(
            INDEX_CHECKPOINT_PATH,
            Some("its root is not of an empty log".into()),
        );
        return Ok(());
    };
    loop {
        let tiles = scan.next_tiles(TILES_AT_ONCE);
        if tiles.is_empty() {
            break;
        }
        for tile in tiles {
            let file = LogFile::IndexTile(tile);
            let Some(bytes) = read_file(source, &file)? else {
                index.index_log_broken(&file.path(), None);
                return Ok(());
            };
            if let Err(error) = scan.supply(&tile, &bytes) {
                index.index_log_broken(&file.path(), Some(error.to_string()));
                return Ok(());
            }
        }
    }
    let mut vouched = 0;
    if let Some((earlier, whole)) = index.earlier() {
        if head.size < earlier.size {
            index.rolled_back(earlier.size, head.size);
            return Ok(());
        }
        if !extends(index, source, earlier, head)? {
            return Ok(());
        }
        vouched = whole;
    }
    let mut at = vouched;
    while let Some(bundle) = EntryBundle::containing(at, head.size) {
        let start = bundle.start().unwrap_or(at);
        at = start + u64::from(bundle.width());
        let file = LogFile::IndexBundle(bundle);
        let Some(bytes) = read_file(source, &file)? else {
            index.index_log_broken(&file.path(), None);
            return Ok(());
        };
        let entries = match scan.verify_bundle(bundle, &bytes) {
            Ok(entries) => entries,
            Err(error) => {
                index.index_log_broken(&file.path(), Some(error.to_string()));
                return Ok(());
            }
        };
        if bundle.is_full() {
            let path = LogFile::IndexTile(bundle.tile()).path();
            match source.read(&path)? {
                Some(bytes) if bytes == encode_hashes(entries.leaves()) => {}
                Some(_) => index.index_log_broken(&path, Some("it is another tile".into())),
                None => index.index_log_broken(&path, None),
            }
        }
        let new = (start..).zip(entries.iter());
        let mut new = new.filter(|(position, _)| *position >= vouched);
        if !new.all(|(_, (_, _, manifest))| index.absorb(manifest)) {
            return Ok(());
        }
    }
    check_latest(query, source, head)
}

/// Returns true if the index log continues the one that an earlier audit has seen; otherwise tells `index`.
fn extends(
    index: &mut IndexAudit,
    source: &dyn Source,
    earlier: TreeHead,
    head: TreeHead,
) -> Result<bool, Error> {
    if earlier.size == 0 || earlier == head {
        return Ok(true);
    }
    if earlier.size == head.size {
        index.forked(head.root, None);
        return Ok(false);
    }
    let plan = match ConsistencyPlan::new(earlier.size, head) {
        Ok(plan) => plan,
        Err(error) => {
            index.index_log_broken(INDEX_CHECKPOINT_PATH, Some(error.to_string()));
            return Ok(false);
        }
    };
    let mut tiles = BTreeMap::new();
    for tile in plan.tiles() {
        let file = LogFile::IndexTile(*tile);
        let Some(bytes) = read_file(source, &file)? else {
            index.index_log_broken(&file.path(), None);
            return Ok(false);
        };
        tiles.insert(*tile, bytes);
    }
    match plan.finish(&tiles) {
        Ok((prefix, _)) if prefix == earlier => Ok(true),
        Ok((prefix, proof)) => {
            index.forked(prefix.root, Some(proof));
            Ok(false)
        }
        Err(error) => {
            index.index_log_broken(INDEX_CHECKPOINT_PATH, Some(error.to_string()));
            Ok(false)
        }
    }
}

/// Checks the proof that readers begin with: of the newest manifest, or of one that was published during this audit.
fn check_latest(query: &mut AuditQuery, source: &dyn Source, head: TreeHead) -> Result<(), Error> {
    let found = source.read(LATEST_PATH)?;
    let proof = found.as_deref().map(TlogProof::parse);
    let problem = match &proof {
        Some(Ok(proof)) => judge_latest(query, proof, head),
        _ => None,
    };
    let Some(index) = query.index_mut() else {
        return Ok(());
    };
    match (proof, problem) {
        (None, _) => index.file_missing(LATEST_PATH),
        (Some(Err(error)), _) => index.latest_malformed(LATEST_PATH, &error.to_string()),
        (Some(Ok(_)), Some(problem)) => index.file_differs(LATEST_PATH, &problem),
        (Some(Ok(_)), None) => index.files_agree(1),
    }
    Ok(())
}

fn judge_latest(query: &AuditQuery, proof: &TlogProof, head: TreeHead) -> Option<String> {
    let shown = proof.checkpoint().head();
    let Some(policy) = query.policy().and_then(|policy| policy.index()) else {
        return Some("the trust policy names no index".into());
    };
    if !matches!(
        policy.judge(proof.checkpoint(), query.now()).log,
        LogVerdict::Signed(_)
    ) {
        return Some("its checkpoint is not signed by the index".into());
    }
    let leaf = leaf_hash(proof.extra());
    if let Err(error) = proof.proof().verify(&leaf, proof.index(), &shown) {
        return Some(error.to_string());
    }
    let newest = query.index().and_then(|index| index.newest());
    let is_newest = newest.is_some_and(|newest| newest.encode() == proof.extra());
    (shown.size < head.size || shown == head && !is_newest)
        .then(|| "it is not of the newest manifest".into())
}

/// Proves the entry at `index` in the tree of the first `size` entries of the log with this head.
pub(super) fn prove(
    source: &dyn Source,
    file: fn(Tile) -> LogFile,
    head: TreeHead,
    index: u64,
    size: u64,
) -> Result<Option<InclusionProof>, Error> {
    let Ok(plan) = inclusion_subtrees(index, size)
        .map_err(|_| ())
        .and_then(|subtrees| TilePlan::new(head, &subtrees).map_err(|_| ()))
    else {
        return Ok(None);
    };
    let mut tiles = BTreeMap::new();
    for tile in plan.tiles() {
        let Some(bytes) = read_file(source, &file(*tile))? else {
            return Ok(None);
        };
        tiles.insert(*tile, bytes);
    }
    let Ok(verified) = plan.finish(&tiles) else {
        return Ok(None);
    };
    let missing = || ProofError::IndexOutOfRange { index, size };
    let read = |subtree| verified.hash(subtree).ok_or_else(missing);
    Ok(InclusionProof::prove(index, size, read).ok())
}
