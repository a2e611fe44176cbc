//! Finds evidence that an index is false (`docs/formats/index.md`, "Fraud proofs"): the first run that is not the log's is
//! compared with the log pair by pair, in memory for a part of the keys at a time.

use super::index_log::prove;
use crate::error::Error;
use crate::source::{Source, read_file};
use glasslog_core::fetch::LogFile;
use glasslog_core::index::build::bucket_files;
use glasslog_core::index::format::{
    Bucket, BucketName, IndexFile, Manifest, MapFunction, open_file,
};
use glasslog_core::index::fraud::{Accusation, BucketEvidence, EntryEvidence, Fraud, accuse_entry};
use glasslog_core::index::read::walk_run;
use glasslog_core::merkle::{Hash, TreeHead};
use glasslog_core::note::{Checkpoint, TlogProof};
use glasslog_core::tiles::{EntryBundle, parse_entries};
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::audit::index::RunClaim;
use std::collections::BTreeSet;

/// Entries whose pairs are compared at a time, on average.
const ENTRIES_AT_ONCE: u64 = 1 << 18;

/// Returns the first accusation that verifies, if any.
pub(super) fn accuse(query: &AuditQuery, source: &dyn Source) -> Result<Option<Fraud>, Error> {
    let Some(head) = query.head() else {
        return Ok(None);
    };
    let Some(index) = query.index() else {
        return Ok(None);
    };
    if let Some((position, bytes)) = index.bad_manifest() {
        return fraud(query, source, *position, bytes, Accusation::BadManifest);
    }
    // Threads judge runs in any order; the proof is about the first run.
    let mut claims: Vec<&RunClaim> = index.false_runs().iter().collect();
    claims.sort_unstable_by_key(|claim| (claim.manifest, claim.run));
    for claim in claims {
        let Some(bytes) = manifest(query, source, claim.manifest)? else {
            continue;
        };
        let Ok(manifest) = Manifest::parse(&bytes) else {
            continue;
        };
        let Some(accusation) = find(source, head, &manifest, claim)? else {
            continue;
        };
        if let Some(fraud) = fraud(query, source, claim.manifest, &bytes, accusation)? {
            return Ok(Some(fraud));
        }
    }
    Ok(None)
}

/// Makes the fraud proof, and verifies it.
fn fraud(
    query: &AuditQuery,
    source: &dyn Source,
    position: u64,
    manifest: &[u8],
    accusation: Accusation,
) -> Result<Option<Fraud>, Error> {
    let (Some(policy), Some(checkpoint)) = (
        query.policy(),
        query.index().and_then(|index| index.checkpoint()),
    ) else {
        return Ok(None);
    };
    let head = checkpoint.head();
    let Some(proof) = prove(source, LogFile::IndexTile, head, position, head.size)? else {
        return Ok(None);
    };
    let Some(signed) = policy.signed_index(checkpoint) else {
        return Ok(None);
    };
    let proof = TlogProof::new(Vec::new(), position, proof, signed.checkpoint().clone());
    let fraud = proof.and_then(|proof| Fraud::new(manifest.to_vec(), &proof, accusation));
    Ok(fraud
        .ok()
        .filter(|fraud| fraud.verify(policy, query.now()).is_ok()))
}

fn manifest(
    query: &AuditQuery,
    source: &dyn Source,
    position: u64,
) -> Result<Option<Vec<u8>>, Error> {
    let checkpoint = query.index().and_then(|index| index.checkpoint());
    let size = checkpoint.map(Checkpoint::head).map_or(0, |head| head.size);
    entry(source, LogFile::IndexBundle, position, size)
}

fn entry(
    source: &dyn Source,
    file: fn(EntryBundle) -> LogFile,
    position: u64,
    size: u64,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(bundle) = EntryBundle::containing(position, size) else {
        return Ok(None);
    };
    let bytes = read_file(source, &file(bundle))?;
    let entry = bytes.and_then(|bytes| {
        let entries = parse_entries(&bytes, bundle.width()).ok()?;
        let at = usize::try_from(position - bundle.start()?).ok()?;
        entries.get(at).map(|entry| entry.to_vec())
    });
    Ok(entry)
}

/// Finds a false part of a run.
fn find(
    source: &dyn Source,
    head: TreeHead,
    manifest: &Manifest,
    claim: &RunClaim,
) -> Result<Option<Accusation>, Error> {
    let Ok(map) = manifest.map() else {
        return Ok(None);
    };
    let mut failed = None;
    let mut read = |file: &IndexFile| match source.read(&file.path()) {
        Ok(found) => found,
        Err(error) => {
            failed.get_or_insert(error);
            None
        }
    };
    if let Some(accusation) = malformed(map, claim, &mut read) {
        return Ok(Some(accusation));
    }
    let length = claim.head.end - claim.head.start;
    // A power of two, so that the first bits of a key give its part.
    let parts = (length / ENTRIES_AT_ONCE + 1).next_power_of_two().min(256);
    for part in 0..parts {
        let is_in = |key: &Hash| u64::from(key.as_bytes()[0]) * parts / 256 == part;
        let log = pairs_of_log(source, head, map, claim, is_in)?;
        let mut index = BTreeSet::new();
        let walked = walk_run(map, &claim.head, &mut read, |key, offsets| {
            if is_in(key) {
                index.extend(offsets.iter().map(|offset| (*key, *offset)));
            }
        });
        // A list that breaks a rule ends the walk. Then each key is looked up, which finds that list.
        let candidates: Vec<(Hash, u32)> = match walked {
            Ok(_) => log.symmetric_difference(&index).take(1).copied().collect(),
            Err(_) => log.into_iter().collect(),
        };
        for (key, offset) in candidates {
            let position = claim.head.start + u64::from(offset);
            let size = manifest.head().size;
            let found = entry(source, LogFile::Bundle, position, head.size)?;
            let inclusion = prove(source, LogFile::Tile, head, position, size)?;
            let (Some(entry), Some(inclusion)) = (found, inclusion) else {
                continue;
            };
            let evidence = EntryEvidence {
                position,
                entry,
                inclusion,
            };
            if let Some(accusation) = accuse_entry(manifest, &key, evidence, &mut read) {
                return Ok(Some(accusation));
            }
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(None),
    }
}

/// Finds the first bucket that the run commits to and that breaks a rule.
fn malformed(
    map: MapFunction,
    claim: &RunClaim,
    mut read: impl FnMut(&IndexFile) -> Option<Vec<u8>>,
) -> Option<Accusation> {
    let reserved = map.reserved();
    let evidence = |name: BucketName, file: Vec<u8>| {
        Accusation::MalformedBucket(BucketEvidence {
            run: claim.run,
            name,
            file,
            key: None,
            chunks: Vec::new(),
        })
    };
    bucket_files(&claim.head)
        // A bound on requests to a host that has none of the claimed buckets.
        .take(1 << 22)
        .map_while(|(name, file)| Some((name, read(&file)?)))
        .find_map(|(name, file)| {
            let bytes = open_file(&file, &claim.head, name).ok()?;
            let is_bad = Bucket::parse(bytes, &claim.head, name, &reserved).is_err();
            is_bad.then(|| evidence(name, file.clone()))
        })
}

/// Computes the pairs of the run's range from the log.
fn pairs_of_log(
    source: &dyn Source,
    head: TreeHead,
    map: MapFunction,
    claim: &RunClaim,
    is_in: impl Fn(&Hash) -> bool,
) -> Result<BTreeSet<(Hash, u32)>, Error> {
    let mut pairs = BTreeSet::new();
    let mut at = claim.head.start;
    while at < claim.head.end
        && let Some(bundle) = EntryBundle::containing(at, head.size)
    {
        let first = bundle.start().unwrap_or(at);
        let bytes = read_file(source, &LogFile::Bundle(bundle))?.unwrap_or_default();
        let entries = parse_entries(&bytes, bundle.width()).unwrap_or_default();
        for (position, entry) in (first..).zip(entries) {
            if (claim.head.start..claim.head.end).contains(&position) {
                let offset = u32::try_from(position - claim.head.start).unwrap_or(u32::MAX);
                let keys = map.keys(entry).into_iter().filter(|key| is_in(key));
                pairs.extend(keys.map(|key| (key, offset)));
            }
        }
        at = first + u64::from(bundle.width());
    }
    Ok(pairs)
}
