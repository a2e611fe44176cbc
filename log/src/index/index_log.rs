//! The index log: manifests are appended to it, and opening it finishes interrupted work.

use super::{Indexer, Newest};
use crate::cosigning::{prover, state};
use crate::dedup::levels_in;
use crate::directory::layout::PRIVATE_FILE;
use crate::directory::lock::CheckpointLock;
use crate::error::LogError;
use crate::object_store::Bucket;
use crate::writer::error::HistoryError;
use crate::writer::replay::bundle_from;
use glasslog_core::index::format::{INDEX_CHECKPOINT_PATH, INDEX_FOLDER, LATEST_PATH, Manifest};
use glasslog_core::merkle::{Hash, InclusionProof, TreeHead, leaf_hash};
use glasslog_core::note::{Checkpoint, TlogProof};
use glasslog_core::tiles::{Edge, EntryBundle, PublicFile, parse_entries};

impl Indexer {
    /// Continues at the newest signed head of the index log, and finishes work that a crash interrupted.
    pub(super) fn finish_interrupted(&mut self) -> Result<(), LogError> {
        let public = self.public_head()?;
        if let Some(bucket) = self.files.bucket().cloned() {
            return self.finish_decided(&bucket, public);
        }
        if self.disk.read(&self.layout.index_head())?.is_some() {
            let path = self.layout.index_head();
            let head = self.index.read_signed(&self.disk, &path)?;
            if let Some(public) = public.filter(|public| public.size > head.size) {
                return Err(HistoryError::RolledBack {
                    state: head.size,
                    public: public.size,
                }
                .into());
            }
            self.replay(&head)?;
            self.publish_newest()?;
        } else if let Some(public) = public {
            return Err(HistoryError::RolledBack {
                state: 0,
                public: public.size,
            }
            .into());
        }
        // A manifest that was decided and not signed is the next one: its files may be public already.
        let newest = self.newest.as_ref().map(|(manifest, _)| manifest.encode());
        match self.disk.read(&self.layout.index_next())? {
            Some(next) if Some(&next) != newest.as_ref() => self.commit(&next),
            _ => Ok(()),
        }
    }

    /// Does the same in a bucket, where the lock names the manifests. The newest may have no tiles yet.
    fn finish_decided(
        &mut self,
        bucket: &Bucket,
        public: Option<TreeHead>,
    ) -> Result<(), LogError> {
        let decided = bucket.manifest()?;
        let state = decided.as_ref().map_or(0, |(head, _)| head.size);
        if let Some(public) = public.filter(|public| public.size > state) {
            return Err(HistoryError::RolledBack {
                state,
                public: public.size,
            }
            .into());
        }
        let Some((head, manifest)) = decided else {
            return Ok(());
        };
        self.replay_entries(head.size.saturating_sub(1))?;
        let (edge, newest, files) = self.with(&manifest)?;
        let computed = edge.head().root;
        if computed != head.root {
            return Err(HistoryError::WrongRoot {
                size: head.size,
                signed: head.root,
                computed,
            }
            .into());
        }
        self.files.create(&files)?;
        (self.edge, self.newest) = (edge, Some(newest));
        self.publish_newest()
    }

    fn public_head(&self) -> Result<Option<TreeHead>, LogError> {
        let tree = &self.files;
        let path = tree.locate(INDEX_CHECKPOINT_PATH);
        let Some(bytes) = tree.read(INDEX_CHECKPOINT_PATH)? else {
            return Ok(None);
        };
        let checkpoint =
            Checkpoint::parse(&bytes).map_err(|error| LogError::malformed(path.clone(), error))?;
        self.index.verify(&checkpoint, &path).map(Some)
    }

    fn replay(&mut self, head: &TreeHead) -> Result<(), LogError> {
        self.replay_entries(head.size)?;
        let computed = self.edge.head().root;
        match computed == head.root {
            true => Ok(()),
            false => Err(HistoryError::WrongRoot {
                size: head.size,
                signed: head.root,
                computed,
            }
            .into()),
        }
    }

    /// Continues from the hashes of the tiles and the manifests of the last bundle: the hashes cover all older ones.
    fn replay_entries(&mut self, size: u64) -> Result<(), LogError> {
        let Some(bundle) = size
            .checked_sub(1)
            .and_then(|last| EntryBundle::containing(last, size))
        else {
            return Ok(());
        };
        let tree = &self.files;
        let path_of = |bundle: &EntryBundle| [INDEX_FOLDER, &bundle.path()].concat();
        let malformed =
            |problem: String| LogError::malformed(tree.locate(&path_of(&bundle)), problem);
        let read = |path: &str| tree.read(&[INDEX_FOLDER, path].concat());
        let locate = |path: &str| tree.locate(&[INDEX_FOLDER, path].concat());
        let start = bundle.start().unwrap_or_default();
        let levels = levels_in(&read, &locate, start, size)?;
        self.edge = Edge::resume(start, levels).map_err(|error| malformed(error.to_string()))?;
        let bytes = bundle_from(&bundle, |bundle| tree.read(&path_of(bundle)))?;
        let bytes = bytes.ok_or_else(|| LogError::missing(tree.locate(&path_of(&bundle))))?;
        let entries = parse_entries(&bytes, bundle.width());
        for entry in entries.map_err(|error| malformed(error.to_string()))? {
            let (edge, newest) = extend(&self.edge, entry, |_| {})?;
            (self.edge, self.newest) = (edge, Some(newest));
        }
        Ok(())
    }

    /// Returns the index log with one more manifest, and the files that are new in it.
    fn with(&self, manifest: &[u8]) -> Result<(Edge, Newest, Vec<PublicFile>), LogError> {
        let mut files = Vec::new();
        let (edge, newest) = extend(&self.edge, manifest, |file| files.push(file))?;
        files.extend(edge.partials(self.edge.size()));
        for file in &mut files {
            file.path.insert_str(0, INDEX_FOLDER);
        }
        Ok((edge, newest, files))
    }

    /// Appends a manifest to the index log: tiles, then the signed head in the private state, then the public files.
    pub(super) fn commit(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        let (edge, newest, files) = self.with(bytes)?;
        if let Some(bucket) = self.files.bucket() {
            // Names of tiles follow from their positions: no other process may have decided another manifest.
            bucket.decide_manifest(&self.edge.head(), &edge.head(), bytes)?;
        }
        self.files.create(&files)?;
        if self.files.bucket().is_none() {
            let checkpoint = self.sign(edge.head())?;
            let (temporary, path) = (self.layout.temporary(), self.layout.index_head());
            let signed = checkpoint.encode();
            self.disk
                .replace(&temporary, &path, &signed, PRIVATE_FILE)?;
        }
        (self.edge, self.newest) = (edge, Some(newest));
        self.publish_newest()
    }

    /// Publishes the newest head and manifest unless they are public; existing cosignatures stay. An index with witnesses waits
    /// for their quorum.
    fn publish_newest(&mut self) -> Result<(), LogError> {
        let Some((manifest, proof)) = self.newest.clone() else {
            return Ok(());
        };
        let signed = self.sign(self.edge.head())?;
        let signed = self.cosigned(signed)?;
        let position = self.edge.size().saturating_sub(1);
        let latest = TlogProof::new(manifest.encode(), position, proof, signed.clone());
        let latest = latest.map_err(LogError::not_buildable)?;
        let _lock = match self.files.bucket() {
            Some(_) => None,
            None => Some(CheckpointLock::wait(&self.layout.index_checkpoint_lock())?),
        };
        let tree = &self.files;
        // The proof is first: a reader of the checkpoint finds its manifest among the entries anyway.
        tree.update(LATEST_PATH, &mut |found| {
            let public = found.and_then(|bytes| TlogProof::parse(&bytes).ok());
            let Some(checkpoint) =
                replacement(public.as_ref().map(TlogProof::checkpoint), &signed)?
            else {
                return Ok(None);
            };
            let latest = latest.under(checkpoint).map_err(LogError::not_buildable)?;
            Ok(Some(latest.encode()))
        })?;
        tree.update(INDEX_CHECKPOINT_PATH, &mut |found| {
            let public = found.and_then(|bytes| Checkpoint::parse(&bytes).ok());
            let checkpoint = replacement(public.as_ref(), &signed)?;
            Ok(checkpoint.map(|checkpoint| checkpoint.encode()))
        })
    }

    /// Returns a checkpoint of the index with the cosignatures that it needs to be public.
    fn cosigned(&mut self, signed: Checkpoint) -> Result<Checkpoint, LogError> {
        let Some(cosigning) = &mut self.cosigning else {
            return Ok(signed);
        };
        let public = self.files.read(LATEST_PATH)?;
        let public = public.and_then(|bytes| TlogProof::parse(&bytes).ok());
        // The time does not decide if a cosignature counts.
        let is_public = public.is_some_and(|public| {
            let public = public.checkpoint();
            public.note().text() == signed.note().text() && cosigning.is_cosigned(public, 0)
        });
        if is_public {
            return Ok(signed);
        }
        let files = self.files.clone();
        let read = move |path: &str| files.read(&[INDEX_FOLDER, path].concat());
        let cosigned = cosigning.cosign(signed.clone(), prover(signed.head(), read));
        let (temporary, path) = (
            self.layout.temporary(),
            self.layout.private(state::OF_INDEX),
        );
        self.disk
            .replace(&temporary, &path, &cosigning.encode(), PRIVATE_FILE)?;
        Ok(cosigned?)
    }

    fn sign(&self, head: TreeHead) -> Result<Checkpoint, LogError> {
        self.index
            .sign(head)
            .map_err(|error| LogError::setting(self.layout.key("index"), error))
    }
}

/// Returns the checkpoint to put in the place of the public one: of the same text, that with the lines that it lacks. `None` if
/// it stays, as one does that a builder has published which has taken over since.
fn replacement(
    public: Option<&Checkpoint>,
    signed: &Checkpoint,
) -> Result<Option<Checkpoint>, LogError> {
    let Some(public) = public else {
        return Ok(Some(signed.clone()));
    };
    if public.note().text() != signed.note().text() {
        let is_newer = public.head().size <= signed.head().size;
        return Ok(is_newer.then(|| signed.clone()));
    }
    let known = public.note().signatures();
    let mut lines = signed.note().signatures().iter();
    if lines.clone().all(|line| known.contains(line)) {
        return Ok(None);
    }
    let added = lines.try_fold(public.clone(), |sum, line| sum.with_signature(line.clone()));
    added.map(Some).map_err(LogError::not_buildable)
}

/// Returns the index log with one more manifest, and the files that are new in it.
fn extend(
    edge: &Edge,
    entry: &[u8],
    full: impl FnMut(PublicFile),
) -> Result<(Edge, (Manifest, InclusionProof)), LogError> {
    let wrong = |problem: String| LogError::not_buildable(problem);
    let manifest = Manifest::parse(entry).map_err(|error| wrong(error.to_string()))?;
    // All siblings of the last leaf are to its left: the parts of the tree before it.
    let siblings: Vec<Hash> = edge.frontier().parts().iter().rev().copied().collect();
    let proof = InclusionProof::from_hashes(siblings).map_err(|error| wrong(error.to_string()))?;
    let mut edge = edge.clone();
    edge.append(entry, full)
        .map_err(|error| wrong(error.to_string()))?;
    let position = edge.size().saturating_sub(1);
    proof
        .verify(&leaf_hash(entry), position, &edge.head())
        .map_err(|error| wrong(error.to_string()))?;
    Ok((edge, (manifest, proof)))
}
