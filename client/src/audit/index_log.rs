//! Reads the index log ([c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles) below `index/`): every manifest, proven to be in
//! the tree of the index checkpoint.

use crate::error::Error;
use crate::prefix::{PrefixError, prefix};
use crate::source::{Source, read_file};
use glasslog_core::fetch::LogFile;
use glasslog_core::index::format::{AUDITED_PATH, INDEX_CHECKPOINT_PATH, LATEST_PATH};
use glasslog_core::merkle::{
    ConsistencyProof, Hash, InclusionProof, ProofError, TreeHead, inclusion_subtrees, leaf_hash,
};
use glasslog_core::note::{Checkpoint, TlogProof};
use glasslog_core::tiles::{EntryBundle, ScanTiles, Tile, TileError, TilePlan, encode_hashes};
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
    check_proofs(query, source, head)
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
    match begins(source, earlier.size, head)? {
        Ok((root, _)) if root == earlier.root => Ok(true),
        Ok((root, proof)) => {
            index.forked(root, Some(proof));
            Ok(false)
        }
        Err((path, problem)) => {
            index.index_log_broken(&path, problem);
            Ok(false)
        }
    }
}

/// A prefix of the index log's tree: its root, and the proof of it; or the path and the problem of a file.
type Prefix = Result<(Hash, ConsistencyProof), (String, Option<String>)>;

/// Computes the root of the first `size` manifests of the index log with this head.
fn begins(source: &dyn Source, size: u64, head: TreeHead) -> Result<Prefix, Error> {
    match prefix(source, LogFile::IndexTile, size, head) {
        Ok(found) => Ok(Ok(found)),
        Err(PrefixError::Source(error)) => Err(error),
        Err(PrefixError::Tile(TileError::Missing { tile })) => {
            Ok(Err((LogFile::IndexTile(tile).path(), None)))
        }
        Err(PrefixError::Tile(error)) => Ok(Err((
            INDEX_CHECKPOINT_PATH.to_owned(),
            Some(error.to_string()),
        ))),
    }
}

/// Checks the proofs that readers begin with: of the newest manifest, or of one that was published during this audit; and
/// of the newest one that auditors vouch for, if there is one.
fn check_proofs(query: &mut AuditQuery, source: &dyn Source, head: TreeHead) -> Result<(), Error> {
    let latest = source.read(LATEST_PATH)?;
    let audited = source.read(AUDITED_PATH)?;
    if latest.is_none()
        && let Some(index) = query.index_mut()
    {
        index.file_missing(LATEST_PATH);
    }
    for (path, bytes) in [(LATEST_PATH, latest), (AUDITED_PATH, audited)] {
        let Some(bytes) = bytes else {
            continue;
        };
        let proof = TlogProof::parse(&bytes);
        let judged = match &proof {
            Err(_) => Judged::Right,
            Ok(proof) => match judge_proof(query, proof) {
                Judged::Right if path == LATEST_PATH => judge_newest(query, proof, head),
                Judged::Right => {
                    judge_prefix(source, proof, head)?.map_or(Judged::Right, Judged::False)
                }
                judged => judged,
            },
        };
        let Some(index) = query.index_mut() else {
            return Ok(());
        };
        match (proof, judged) {
            (Err(error), _) => index.latest_malformed(path, &error.to_string()),
            (Ok(_), Judged::False(problem)) => index.file_differs(path, &problem),
            (Ok(_), Judged::Undecided(problem)) => index.latest_undecided(path, problem),
            (Ok(_), Judged::Right) => index.files_agree(1),
        }
    }
    Ok(())
}

/// Verdict on a proof of a manifest.
enum Judged {
    Right,
    /// It is out of date, or signed by a key that the policy does not know. Readers lose time, and nothing is false.
    Undecided(&'static str),
    False(String),
}

/// Judges whether a proof is of a manifest of the index that the policy names.
fn judge_proof(query: &AuditQuery, proof: &TlogProof) -> Judged {
    let Some(policy) = query.policy().and_then(|policy| policy.index()) else {
        return Judged::Undecided("the trust policy names no index");
    };
    match policy.judge_signature(proof.checkpoint()) {
        LogVerdict::Signed(_) => {}
        LogVerdict::BadSignature => {
            return Judged::False("the index's signature on its checkpoint is wrong".into());
        }
        _ => return Judged::Undecided("no known key of the index signed its checkpoint"),
    }
    let leaf = leaf_hash(proof.extra());
    let shown = proof.checkpoint().head();
    match proof.proof().verify(&leaf, proof.index(), &shown) {
        Ok(()) => Judged::Right,
        Err(error) => Judged::False(error.to_string()),
    }
}

/// Judges whether a proof is of the newest manifest.
fn judge_newest(query: &AuditQuery, proof: &TlogProof, head: TreeHead) -> Judged {
    let shown = proof.checkpoint().head();
    let newest = query.index().and_then(|index| index.newest());
    let is_newest = newest.is_some_and(|newest| newest.encode() == proof.extra());
    match shown.size < head.size || shown == head && !is_newest {
        true => Judged::Undecided("it is of an older manifest than the newest"),
        false => Judged::Right,
    }
}

/// Describes why the tree of a proof is not a prefix of the index log's, unless it is newer.
fn judge_prefix(
    source: &dyn Source,
    proof: &TlogProof,
    head: TreeHead,
) -> Result<Option<String>, Error> {
    let shown = proof.checkpoint().head();
    if shown.size > head.size || shown == head {
        return Ok(None);
    }
    Ok(match begins(source, shown.size, head)? {
        Ok((root, _)) if root == shown.root => None,
        Ok(_) => Some("its tree is not the beginning of the index log's".into()),
        Err((path, problem)) => {
            let problem = problem.unwrap_or_else(|| "it is missing".into());
            Some(format!("`{path}`: {problem}"))
        }
    })
}

/// Proves the newest manifest under the index checkpoint, with the signatures that verify by keys of the policy.
pub(super) fn prove_newest(
    query: &AuditQuery,
    source: &dyn Source,
) -> Result<Option<TlogProof>, Error> {
    let (Some(index), Some(policy)) = (query.index(), query.policy()) else {
        return Ok(None);
    };
    let (Some(checkpoint), Some(newest)) = (index.checkpoint(), index.newest()) else {
        return Ok(None);
    };
    let head = checkpoint.head();
    if index.manifests() != head.size {
        return Ok(None);
    }
    let last = head.size.saturating_sub(1);
    let (Some(proof), Some(signed)) = (
        prove(source, LogFile::IndexTile, head, last, head.size)?,
        policy.signed_index(checkpoint),
    ) else {
        return Ok(None);
    };
    let signed = signed.checkpoint().clone();
    Ok(TlogProof::new(newest.encode(), last, proof, signed).ok())
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
