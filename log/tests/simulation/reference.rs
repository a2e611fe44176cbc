//! Invariants of every schedule, checked at every write of every writer.

use crate::manifest;
use glasslog_core::merkle::{Hash, TreeHead, sha256};
use glasslog_core::note::Checkpoint;
use glasslog_core::object_store::{Lock, decode_batch};
use glasslog_core::tiles::Edge;
use glasslog_log::object_store::protocol::{LOCK, PUBLIC};
use std::collections::{BTreeMap, HashMap};

/// The one history that the lock has decided so far.
pub(crate) struct Reference {
    pub(crate) decided: Vec<Vec<u8>>,
    edge: Edge,
    heads: Vec<TreeHead>,
    /// Every file of every size of the log.
    files: BTreeMap<String, Vec<u8>>,
    batches: HashMap<u64, Hash>,
    holders: HashMap<u64, [u8; 16]>,
    /// Decided manifests of the index, oldest first.
    pub(crate) manifests: Vec<Vec<u8>>,
    lock: Option<Lock>,
    pub(crate) shown: u64,
}

type Checked = Result<(), String>;

impl Reference {
    pub(crate) fn new() -> Self {
        Self {
            decided: Vec::new(),
            edge: Edge::new(),
            heads: vec![TreeHead::empty()],
            files: BTreeMap::new(),
            batches: HashMap::new(),
            holders: HashMap::new(),
            manifests: Vec::new(),
            lock: None,
            shown: 0,
        }
    }

    pub(crate) fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    /// Judges a write of the object `key`.
    pub(crate) fn check(&mut self, objects: &BTreeMap<String, Vec<u8>>, key: &str) -> Checked {
        let bytes = &objects[key];
        if key == LOCK {
            let lock = Lock::parse(bytes).map_err(|error| format!("malformed lock: {error}"))?;
            return self.check_lock(objects, lock);
        }
        let Some(path) = key.strip_prefix(PUBLIC) else {
            return Ok(());
        };
        match path {
            "checkpoint" => self.check_shown(bytes),
            _ if path.starts_with("tile/") => match self.files.get(path) == Some(bytes) {
                true => Ok(()),
                false => Err(format!("poisoned: `{path}` is not of the decided history")),
            },
            _ => match path.strip_prefix(manifest::ENTRIES) {
                Some(size) => {
                    let position = size.parse::<usize>().map(|size| size.saturating_sub(1));
                    let decided = position.ok().and_then(|at| self.manifests.get(at));
                    match decided == Some(bytes) {
                        true => Ok(()),
                        false => Err(format!("poisoned: `{path}` is not a decided manifest")),
                    }
                }
                None => Ok(()),
            },
        }
    }

    /// One manifest follows another, and is stored before it is named.
    fn check_index(&mut self, objects: &BTreeMap<String, Vec<u8>>, new: &Lock) -> Checked {
        let old = self.lock.as_ref().and_then(|lock| lock.index.as_ref());
        let Some(index) = new.index.as_ref().filter(|index| Some(*index) != old) else {
            return match old.is_some() && new.index.is_none() {
                true => Err("lost: the lock forgot the index".into()),
                false => Ok(()),
            };
        };
        let bytes = objects.get(&index.key());
        let bytes = bytes.ok_or_else(|| format!("`{}` is decided but not stored", index.key()))?;
        let follows = index.size == self.manifests.len() as u64 + 1
            && index.root == manifest::root(old, bytes);
        if !follows {
            return Err(format!("fork: manifest {} does not follow", index.size));
        }
        self.manifests.push(bytes.clone());
        Ok(())
    }

    fn check_lock(&mut self, objects: &BTreeMap<String, Vec<u8>>, new: Lock) -> Checked {
        if let Some(old) = &self.lock {
            // A duplicate of the swap that made this content has no effect.
            if *old == new {
                return Ok(());
            }
            if new.change != old.change + 1 || new.epoch < old.epoch {
                return Err(format!(
                    "the lock went from epoch {} change {} to epoch {} change {}",
                    old.epoch, old.change, new.epoch, new.change
                ));
            }
            if new.size() < old.size() {
                return Err(format!(
                    "the head went from {} to {}",
                    old.size(),
                    new.size()
                ));
            }
        }
        self.check_index(objects, &new)?;
        if let Some(holder) = &new.holder {
            let first = self.holders.entry(new.epoch).or_insert(holder.id);
            if *first != holder.id {
                return Err(format!("epoch {} has two holders", new.epoch));
            }
        }
        for batch in &new.staged {
            match self.batches.get(&batch.first) {
                Some(known) if *known == batch.digest => continue,
                Some(_) => return Err(format!("fork: two batches begin at {}", batch.first)),
                None => {}
            }
            let stored = objects
                .get(&batch.key())
                .filter(|bytes| sha256(bytes) == batch.digest);
            let decoded = stored.and_then(|bytes| decode_batch(bytes));
            let Some((first, entries)) = decoded else {
                return Err(format!("batch {} is decided but not stored", batch.key()));
            };
            if first != batch.first || first != self.decided.len() as u64 {
                return Err(format!("fork: batch at {first} does not follow"));
            }
            self.batches.insert(first, batch.digest);
            entries
                .into_iter()
                .try_for_each(|entry| self.decide(entry))?;
        }
        if new.end() != self.decided.len() as u64 {
            let (end, decided) = (new.end(), self.decided.len());
            return Err(format!(
                "lost: the lock ends at {end}, decided were {decided}"
            ));
        }
        let head = new.head.as_ref().map(Checkpoint::head);
        if let Some(head) = head.filter(|head| self.heads.get(head.size as usize) != Some(head)) {
            return Err(format!("fork: a head of size {} was signed", head.size));
        }
        self.lock = Some(new);
        Ok(())
    }

    fn decide(&mut self, entry: Vec<u8>) -> Checked {
        if self.decided.contains(&entry) {
            return Err(format!("entry {} has two indices", text(&entry)));
        }
        let files = &mut self.files;
        let mut keep = |file: glasslog_core::tiles::PublicFile| {
            files.insert(file.path, file.bytes);
        };
        self.edge.append(&entry, &mut keep).unwrap();
        self.edge.partials(0).into_iter().for_each(keep);
        self.heads.push(self.edge.head());
        self.decided.push(entry);
        Ok(())
    }

    fn check_shown(&mut self, bytes: &[u8]) -> Checked {
        let head = Checkpoint::parse(bytes).unwrap().head();
        if head.size < self.shown {
            return Err(format!(
                "the public checkpoint went from {} to {}",
                self.shown, head.size
            ));
        }
        if self.heads.get(head.size as usize) != Some(&head) {
            return Err(format!("fork: a head of size {} is public", head.size));
        }
        if self
            .lock
            .as_ref()
            .is_none_or(|lock| lock.size() < head.size)
        {
            return Err(format!("size {} was shown before it was signed", head.size));
        }
        self.shown = head.size;
        Ok(())
    }

    /// Judges an acknowledgement.
    pub(crate) fn acknowledge(&self, entry: &[u8], index: u64) -> Checked {
        match self.decided.get(index as usize).map(Vec::as_slice) == Some(entry) {
            true => Ok(()),
            false => Err(format!(
                "lost: {} was acknowledged at {index}, where it is not",
                text(entry)
            )),
        }
    }
}

fn text(entry: &[u8]) -> String {
    String::from_utf8_lossy(entry).into_owned()
}
