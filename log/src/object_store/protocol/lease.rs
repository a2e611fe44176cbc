//! A writer's hold on the lock: every change it makes says who made it, and fails once another writer took over.

use super::change::{Change, Outcome};
use super::request::Object;
use glasslog_core::merkle::Hash;
use glasslog_core::note::Checkpoint;
use glasslog_core::object_store::{Batch, Holder, Lock, MAX_BATCHES, Manifest};

/// The lease, as far as its holder knows. Only a change that wins proves that it still has it.
#[derive(Clone, Debug)]
pub struct Lease {
    object: Object,
    lock: Lock,
}

impl Lease {
    /// The change that takes the lease over from whoever had it. What was decided stays decided.
    pub fn take(object: Object, lock: &Lock, holder: Holder) -> Change {
        let wanted = Lock {
            epoch: lock.epoch + 1,
            change: lock.change + 1,
            holder: Some(holder),
            ..lock.clone()
        };
        Change::new(object, wanted)
    }

    /// The lease of who made the lock.
    pub fn made(object: Object, lock: Lock) -> Self {
        Self { object, lock }
    }

    /// The lease that a change won; what is there instead when it did not.
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

    /// The lock as this writer left it.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    fn change(&self, edit: impl FnOnce(&mut Lock)) -> Change {
        let mut wanted = self.lock.clone();
        wanted.change += 1;
        edit(&mut wanted);
        Change::new(self.object.clone(), wanted)
    }

    /// The batch that the next change may decide: its name is used by no other.
    ///
    /// `None` when so many are decided already that a head must be signed first.
    pub fn next_batch(&self, count: u64, digest: Hash) -> Option<Batch> {
        (self.lock.staged.len() < MAX_BATCHES).then(|| Batch {
            first: self.lock.end(),
            count,
            epoch: self.lock.epoch,
            change: self.lock.change + 1,
            digest,
        })
    }

    /// Decides the order of a batch whose object is in the store: once this wins, its entries may be acknowledged.
    pub fn stage(&self, batch: Batch) -> Change {
        self.change(|lock| lock.staged.push(batch))
    }

    /// The manifest that the next change may decide: its name is used by no other.
    pub fn next_manifest(&self, size: u64, root: Hash) -> Manifest {
        Manifest {
            size,
            root,
            epoch: self.lock.epoch,
            change: self.lock.change + 1,
        }
    }

    /// Decides the next entry of the index log, whose object is in the store: once this wins, its tiles may be made.
    pub fn index(&self, manifest: Manifest) -> Change {
        self.change(|lock| lock.index = Some(manifest))
    }

    /// Puts a new signed head in place and forgets the batches that are under it; their files must be public.
    pub fn advance(&self, head: Checkpoint) -> Change {
        let size = head.head().size;
        self.change(|lock| {
            lock.staged.retain(|batch| batch.end() > size);
            lock.head = Some(head);
        })
    }

    /// Shows that the holder is alive, and where.
    pub fn renew(&self, url: Option<&str>) -> Change {
        self.change(|lock| {
            if let (Some(holder), Some(url)) = (&mut lock.holder, url) {
                holder.url = Some(url.to_owned());
            }
        })
    }

    /// Lets go, so that others need not wait.
    pub fn release(&self) -> Change {
        self.change(|lock| lock.holder = None)
    }
}
