//! Copies the index of a log: the index log, the runs of the manifests that readers begin with, and the proofs of those
//! (`docs/formats/index.md`).

use super::Mirror;
use super::error::MirrorError;
use super::tree::{INDEX, LOG};
use glasslog_client::source::Source;
use glasslog_core::fetch::LogFile;
use glasslog_core::index::build::StoredError;
use glasslog_core::index::format::{AUDITED_PATH, IndexFile, LATEST_PATH, Manifest, RunHead};
use glasslog_core::index::read::walk_run;
use glasslog_core::merkle::{InclusionProof, ProofError, TreeHead, inclusion_subtrees, leaf_hash};
use glasslog_core::note::{Checkpoint, TlogProof};
use glasslog_core::tiles::{EntryBundle, PublicFile, TilePlan, parse_entries};

/// Files of a run that are stored at a time.
const FILES_AT_ONCE: usize = 256;

impl Mirror<'_> {
    /// Copies the index up to the index checkpoint `shown`, which was read before the log's. `log` is the head of the
    /// copied log.
    pub(super) fn copy_index(&self, shown: &[u8], log: TreeHead) -> Result<TreeHead, MirrorError> {
        let checkpoint = self.accept(&INDEX, shown)?;
        let copied = self.transfer(&INDEX, &checkpoint)?;
        let head = checkpoint.head();
        let Some(newest) = head.size.checked_sub(1) else {
            return Ok(head);
        };
        let earlier = self.proven_runs()?;
        let latest = self.prove_manifest(newest, &checkpoint)?;
        let audited = self.audited(head)?;
        for proof in [Some(&latest), audited.as_ref()].into_iter().flatten() {
            self.copy_runs(proof, &earlier, log)?;
        }
        self.publish(&INDEX, &checkpoint, copied)?;
        self.copy.replace(LATEST_PATH, &latest.encode())?;
        if let Some(audited) = audited {
            self.copy.replace(AUDITED_PATH, &audited.encode())?;
        }
        Ok(head)
    }

    /// Returns the runs whose files are in the copy: those of the proofs there, which are written after them.
    fn proven_runs(&self) -> Result<Vec<RunHead>, MirrorError> {
        let mut runs = Vec::new();
        for path in [LATEST_PATH, AUDITED_PATH] {
            let Some(bytes) = self.copy.source().read(path)? else {
                continue;
            };
            let manifest = TlogProof::parse(&bytes).map_err(|error| error.to_string());
            let manifest = manifest.and_then(|proof| {
                Manifest::parse(proof.extra()).map_err(|error| error.to_string())
            });
            runs.extend(
                manifest
                    .map_err(|problem| malformed(path, problem))?
                    .runs()
                    .to_vec(),
            );
        }
        Ok(runs)
    }

    /// Proves the entry of the index log at `index` from the copy, with the manifest as extra data.
    fn prove_manifest(
        &self,
        index: u64,
        checkpoint: &Checkpoint,
    ) -> Result<TlogProof, MirrorError> {
        let head = checkpoint.head();
        let outside = || MirrorError::Missing {
            path: INDEX.checkpoint.path(),
        };
        let bundle = EntryBundle::containing(index, head.size).ok_or_else(outside)?;
        let path = LogFile::IndexBundle(bundle).path();
        let bytes = self.copy.source().read(&path)?;
        let bytes = bytes.ok_or_else(|| MirrorError::Missing { path: path.clone() })?;
        let entries = parse_entries(&bytes, bundle.width());
        let entries = entries.map_err(|error| malformed(&path, error))?;
        let manifest = entries.last().copied().unwrap_or_default();
        let not_proven = |error: ProofError| malformed(&path, error);
        let subtrees = inclusion_subtrees(index, head.size).map_err(not_proven)?;
        let plan = TilePlan::new(head, &subtrees)?;
        let tiles = plan.finish(&INDEX.tiles(self.copy.source(), plan.tiles())?)?;
        let size = head.size;
        let read = |subtree| {
            let hash = tiles.hash(subtree);
            hash.ok_or(ProofError::IndexOutOfRange { index, size })
        };
        let proof = InclusionProof::prove(index, size, read).map_err(not_proven)?;
        TlogProof::new(manifest.to_vec(), index, proof, checkpoint.clone())
            .map_err(|error| malformed(LATEST_PATH, error))
    }

    /// Reads the proof of the newest manifest that auditors vouch for, with its verified lines; `None` if there is none, or
    /// it is of a newer index than the one that is copied.
    fn audited(&self, head: TreeHead) -> Result<Option<TlogProof>, MirrorError> {
        let Some(bytes) = self.source.read(AUDITED_PATH)? else {
            return Ok(None);
        };
        let proof = TlogProof::parse(&bytes).map_err(|error| malformed(AUDITED_PATH, error))?;
        let is_false = |problem: String| MirrorError::False {
            path: AUDITED_PATH.into(),
            problem,
        };
        let shown = proof.checkpoint().head();
        let leaf = leaf_hash(proof.extra());
        let included = proof.proof().verify(&leaf, proof.index(), &shown);
        included.map_err(|error| is_false(error.to_string()))?;
        if shown.size > head.size {
            return Ok(None);
        }
        let (root, _) = INDEX.prefix(self.copy.source(), shown.size, head)?;
        if root != shown.root {
            return Err(is_false(
                "its tree is not the beginning of the index log's".into(),
            ));
        }
        let signed = self.policy.signed_index(proof.checkpoint());
        let signed = signed.ok_or_else(|| MirrorError::NotAccepted {
            path: AUDITED_PATH.into(),
        })?;
        let kept = proof.under(signed.checkpoint().clone());
        Ok(Some(kept.map_err(|error| malformed(AUDITED_PATH, error))?))
    }

    /// Copies the files of the runs of a manifest, each after it was compared with the manifest.
    fn copy_runs(
        &self,
        proof: &TlogProof,
        earlier: &[RunHead],
        log: TreeHead,
    ) -> Result<(), MirrorError> {
        let manifest = Manifest::parse(proof.extra());
        let manifest = manifest.map_err(|error| malformed(LATEST_PATH, error))?;
        let map = manifest
            .map()
            .map_err(|error| malformed(LATEST_PATH, error))?;
        let covered = manifest.head();
        let (root, _) = match covered.size <= log.size {
            true => LOG.prefix(self.copy.source(), covered.size, log)?,
            false => {
                return Err(MirrorError::False {
                    path: LATEST_PATH.into(),
                    problem: "its manifest is of a newer log than the checkpoint".into(),
                });
            }
        };
        if root != covered.root {
            return Err(MirrorError::False {
                path: LATEST_PATH.into(),
                problem: "its manifest is not of this log".into(),
            });
        }
        for head in manifest.runs().iter().filter(|run| !earlier.contains(run)) {
            let mut kept = Kept {
                source: self.source,
                store: |files: &[PublicFile]| self.copy.add(files),
                read: Vec::new(),
                failure: None,
            };
            let walked = walk_run(map, head, |file| kept.next(file), |_, _| {});
            kept.finish(walked)?;
        }
        Ok(())
    }
}

/// The files of a run that a walk reads. A walk checks each file before it asks for the next one, so all but the last are
/// right.
struct Kept<'a, S> {
    source: &'a dyn Source,
    store: S,
    read: Vec<PublicFile>,
    failure: Option<MirrorError>,
}

impl<S: Fn(&[PublicFile]) -> Result<(), MirrorError>> Kept<'_, S> {
    fn next(&mut self, file: &IndexFile) -> Option<Vec<u8>> {
        let path = file.path();
        let bytes = self.take(&path);
        match bytes {
            Ok(bytes) => {
                let bytes = bytes?;
                self.read.push(PublicFile {
                    path,
                    bytes: bytes.clone(),
                });
                Some(bytes)
            }
            Err(error) => {
                self.failure.get_or_insert(error);
                None
            }
        }
    }

    fn take(&mut self, path: &str) -> Result<Option<Vec<u8>>, MirrorError> {
        if self.read.len() >= FILES_AT_ONCE {
            (self.store)(&self.read)?;
            self.read.clear();
        }
        Ok(self.source.read(path)?)
    }

    fn finish(self, walked: Result<u64, StoredError>) -> Result<(), MirrorError> {
        match (self.failure, walked) {
            (Some(error), _) => Err(error),
            (None, Ok(_)) => (self.store)(&self.read),
            (None, Err(StoredError::Missing { path })) => Err(MirrorError::Missing { path }),
            (None, Err(error)) => Err(MirrorError::False {
                path: LATEST_PATH.into(),
                problem: error.to_string(),
            }),
        }
    }
}

fn malformed(path: &str, problem: impl ToString) -> MirrorError {
    MirrorError::Malformed {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}
