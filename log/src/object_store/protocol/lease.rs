//! A writer's hold on the lock: every change names its author, and fails after another writer took over.

use super::change::{Change, Outcome};
use super::request::Object;
use glasslog_core::merkle::Hash;
use glasslog_core::note::Checkpoint;
use glasslog_core::object_store::{Batch, Holder, Lock, MAX_BATCHES, Manifest};

/// The lease as its holder knows it. Only a successful change proves that the holder still has it.
#[derive(Clone, Debug)]
pub struct Lease {
    object: Object,
    lock: Lock,
}

impl Lease {
    /// Returns the change that takes the lease over from any earlier holder. Decided batches stay decided.
    pub fn take(object: Object, lock: &Lock, holder: Holder) -> Change {
        let wanted = Lock {
            epoch: lock.epoch + 1,
            change: lock.change + 1,
            holder: Some(holder),
            ..lock.clone()
        };
        Change::new(object, wanted)
    }

    /// Returns the lease of the process that created the lock.
    pub fn made(object: Object, lock: Lock) -> Self {
        Self { object, lock }
    }

    /// Returns the lease after a successful change, or the outcome of a failed one.
    ///
    /// # Errors
    /// The outcome, unless it is [`Outcome::Won`].
    pub fn won(change: Change, outcome: Outcome) -> Result<Self, Outcome> {
        match outcome {
            Outcome::Won(etag) => {
                let (object, lock) = change.into_held(etag);
                Ok(Self { object, lock })
            }
            lost => Err(lost),
        }
    }

    /// Returns the lock as this writer left it.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    fn change(&self, edit: impl FnOnce(&mut Lock)) -> Change {
        let mut wanted = self.lock.clone();
        wanted.change += 1;
        edit(&mut wanted);
        Change::new(self.object.clone(), wanted)
    }

    /// Returns the batch that the next change may decide, under a unique name.
    ///
    /// `None` if so many batches are decided that a head must be signed first.
    pub fn next_batch(&self, count: u64, digest: Hash) -> Option<Batch> {
        (self.lock.staged.len() < MAX_BATCHES).then(|| Batch {
            first: self.lock.end(),
            count,
            epoch: self.lock.epoch,
            change: self.lock.change + 1,
            digest,
        })
    }

    /// Returns the change that decides the order of a batch whose object is in the store: once it succeeds, the entries
    /// may be acknowledged.
    pub fn stage(&self, batch: Batch) -> Change {
        self.change(|lock| lock.staged.push(batch))
    }

    /// Returns the manifest that the next change may decide, under a unique name.
    pub fn next_manifest(&self, size: u64, root: Hash) -> Manifest {
        Manifest {
            size,
            root,
            epoch: self.lock.epoch,
            change: self.lock.change + 1,
        }
    }

    /// Returns the change that decides the next entry of the index log, whose object is in the store: once it succeeds,
    /// the tiles may be created.
    pub fn index(&self, manifest: Manifest) -> Change {
        self.change(|lock| lock.index = Some(manifest))
    }

    /// Returns the change that replaces the signed head and drops the batches that it covers, whose files must be
    /// public.
    pub fn advance(&self, head: Checkpoint) -> Change {
        let size = head.head().size;
        self.change(|lock| {
            lock.staged.retain(|batch| batch.end() > size);
            lock.head = Some(head);
        })
    }

    /// Returns the change that shows that the holder is alive, and its URL.
    pub fn renew(&self, url: Option<&str>) -> Change {
        self.change(|lock| {
            if let (Some(holder), Some(url)) = (&mut lock.holder, url) {
                holder.url = Some(url.to_owned());
            }
        })
    }

    /// Returns the change that releases the lease, so that other processes need not wait.
    pub fn release(&self) -> Change {
        self.change(|lock| lock.holder = None)
    }
}
