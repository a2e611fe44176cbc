//! Judges a file below `index/` by its name (`docs/formats/index.md`, "Files").

use glasslog_core::fetch::LogFile;
use glasslog_core::index::format::{
    BucketName, IndexFile, RunHead, bucket_leaf, chunk_leaf, open_file,
};
use glasslog_core::merkle::{Hash, tree_root};
use glasslog_core::tiles::Tile;
use glasslog_core::verify::audit::AuditQuery;
use glasslog_core::verify::audit::index::IndexAudit;
use std::collections::BTreeSet;

/// The files that some manifest names.
pub(super) struct Known {
    heads: Vec<RunHead>,
    newest: Vec<RunHead>,
    /// Entries of the index log.
    size: u64,
}

/// Judgement of a file.
pub(super) enum Name {
    /// It was compared already, or belongs to the index log itself.
    Known,
    /// It matches a superseded run.
    Right,
    /// It does not match its name.
    Wrong(String),
    /// No manifest has such a file.
    Stray,
}

/// Returns the superseded runs that still have files; the next audit needs them to judge those files.
pub(super) fn superseded(query: &AuditQuery, listing: Option<&[String]>) -> Vec<RunHead> {
    let (Some(index), Some(listing)) = (query.index(), listing) else {
        return Vec::new();
    };
    let names = listing
        .iter()
        .filter_map(|path| match LogFile::parse(path) {
            Some(LogFile::Index(IndexFile::Bucket { root, .. })) => Some(root),
            Some(LogFile::Index(IndexFile::Reserved(leaf))) => Some(leaf),
            _ => None,
        });
    let there: BTreeSet<Hash> = names.collect();
    let known = Known::new(index);
    let is_kept = |head: &&RunHead| {
        let files = [Some(head.root), head.reserved];
        let is_there = files.iter().flatten().any(|file| there.contains(file));
        is_there && !known.newest.contains(*head)
    };
    let mut runs: Vec<RunHead> = known.heads.iter().filter(is_kept).cloned().collect();
    runs.sort_unstable_by_key(|head| (head.start, head.end, head.root));
    runs.dedup();
    runs
}

/// Describes the problem with the bytes of a file, if there is one.
type Check<'a> = Box<dyn FnOnce(&[u8]) -> Option<String> + 'a>;

impl Known {
    pub(super) fn new(index: &IndexAudit) -> Self {
        let claims = index.claims().values().flatten().map(|claim| &claim.head);
        let newest = index.newest().map(|newest| newest.runs().to_vec());
        Self {
            heads: claims.chain(index.vouched()).cloned().collect(),
            newest: newest.unwrap_or_default(),
            size: index.checkpoint().map_or(0, |index| index.head().size),
        }
    }

    pub(super) fn judge<E>(
        &self,
        path: &str,
        read: impl FnOnce() -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Name, E> {
        let check: Check<'_> = match LogFile::parse(path) {
            Some(LogFile::IndexCheckpoint | LogFile::LatestManifest | LogFile::AuditedManifest) => {
                return Ok(Name::Known);
            }
            Some(LogFile::IndexTile(tile)) => return Ok(self.judge_tile(tile)),
            Some(LogFile::IndexBundle(bundle)) => return Ok(self.judge_tile(bundle.tile())),
            Some(LogFile::Index(IndexFile::Bucket { root, number })) => {
                let is_it = |head: &&RunHead| head.root == root && number < head.buckets();
                if self.newest.iter().any(|head| is_it(&head)) {
                    return Ok(Name::Known);
                }
                let Some(head) = self.heads.iter().find(is_it) else {
                    return Ok(Name::Stray);
                };
                Box::new(move |bytes| {
                    let opened = open_file(bytes, head, BucketName::Number(number));
                    opened.err().map(|error| error.to_string())
                })
            }
            Some(LogFile::Index(IndexFile::Reserved(leaf))) => {
                let is_it = |head: &RunHead| head.reserved == Some(leaf);
                if self.newest.iter().any(is_it) {
                    return Ok(Name::Known);
                }
                if !self.heads.iter().any(is_it) {
                    return Ok(Name::Stray);
                }
                Box::new(move |bytes| {
                    (bucket_leaf(bytes) != leaf).then(|| "it is another bucket".into())
                })
            }
            Some(LogFile::Index(IndexFile::Postings(wanted))) => Box::new(move |bytes| {
                (!is_postings(bytes, wanted)).then(|| "it is another list".into())
            }),
            _ => return Ok(Name::Stray),
        };
        Ok(match read()? {
            // It was deleted since the files were listed.
            None => Name::Known,
            Some(bytes) => check(&bytes).map_or(Name::Right, Name::Wrong),
        })
    }

    /// A tile or bundle of the index log is known if the index log is long enough to have it.
    fn judge_tile(&self, tile: Tile) -> Name {
        let covered = || {
            let hashes = 1u64.checked_shl(8 * u32::from(tile.level()))?;
            let start = tile.index().checked_mul(256)?.checked_mul(hashes)?;
            start.checked_add(u64::from(tile.width()).saturating_mul(hashes))
        };
        match covered() {
            Some(end) if end <= self.size => Name::Known,
            _ => Name::Stray,
        }
    }
}

/// Returns true if the bytes are a chunk of offsets, or the leaves of a list, with this hash.
fn is_postings(bytes: &[u8], wanted: Hash) -> bool {
    let (leaves, rest) = bytes.as_chunks::<32>();
    let leaves: Vec<Hash> = leaves.iter().copied().map(Hash::from_bytes).collect();
    chunk_leaf(bytes) == wanted || rest.is_empty() && tree_root(&leaves) == wanted
}
