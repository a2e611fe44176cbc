//! A process that would write a log: it tries the store once, then looks at the lock now and then, and takes the lease
//! when nobody has it or its holder is silent.

use super::bucket::Bucket;
use super::client::Client;
use super::error::StoreError;
use super::fitness::random;
use super::protocol::{Change, LOCK, Lease, LeaseStatus, Outcome, Watch};
use super::settings::StoreSettings;
use super::source::BucketSource;
use crate::directory::error::LayoutError;
use crate::error::LogError;
use glasslog_core::object_store::{Holder, Lock};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a candidate looks at the lock while it waits, as a part of the lease.
const LOOKS: u32 = 10;

/// A process that would write one log.
#[derive(Debug)]
pub struct Candidate {
    client: Client,
    watch: Watch,
    id: [u8; 16],
    url: Option<String>,
    began: Instant,
}

/// What came of a look at the lock.
#[derive(Debug)]
pub enum Taken {
    /// The lease is taken.
    Bucket(Box<Bucket>),
    /// Somebody has it.
    Held(Holder),
}

impl Candidate {
    /// Makes sure that the store keeps its conditions. `url` is where this process takes entries, if it does.
    ///
    /// # Errors
    /// Wrong settings, of the file `path`; a store that is unfit or cannot be reached.
    pub fn new(
        settings: &StoreSettings,
        path: &Path,
        url: Option<String>,
    ) -> Result<Self, LogError> {
        let client = Client::open(settings, path)?;
        client.check_fitness()?;
        Ok(Self {
            client,
            watch: Watch::default(),
            id: random()?,
            url,
            began: Instant::now(),
        })
    }

    fn holder(&self) -> Holder {
        Holder {
            id: self.id,
            lease: self.client.lease().as_millis() as u64,
            url: self.url.clone(),
        }
    }

    /// The store.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The log's public files.
    pub fn source(&self) -> BucketSource {
        BucketSource::new(self.client.clone())
    }

    /// Says where this process takes entries, for when it takes the lease.
    pub fn announce(&mut self, url: String) {
        self.url = Some(url);
    }

    /// How long to wait between two looks.
    pub fn pause(&self) -> Duration {
        self.client.lease() / LOOKS
    }

    /// Looks at the lock, and takes the lease if it may.
    ///
    /// # Errors
    /// When there is no lock, or the store cannot be reached.
    pub fn look(&mut self) -> Result<Taken, StoreError> {
        let (object, lock) = self.client.read_lock()?;
        match self.watch.see(self.began.elapsed(), &object, &lock) {
            // A hold of this very process, from before a failure that ended it, is its own to take back.
            LeaseStatus::Held(holder) if holder.id != self.id => return Ok(Taken::Held(holder)),
            _ => {}
        }
        let mut change = Lease::take(object, &lock, self.holder());
        let outcome = self.client.drive::<Change>(&mut change)?;
        match Lease::won(change, outcome) {
            Ok(lease) => Ok(Taken::Bucket(Box::new(Bucket::new(
                self.client.clone(),
                lease,
            )))),
            Err(Outcome::Lost(object)) => {
                let lock = self.client.parse_lock(&object)?;
                // It was let go again in between: the next look sees that.
                Ok(Taken::Held(lock.holder.unwrap_or_else(|| self.holder())))
            }
            Err(_) => Err(self.client.no_lock()),
        }
    }

    /// Looks until the lease is taken. A holder that serves is waited for only until it shows that it lives, which it does
    /// four times in a lease; another one until its lease should have ended.
    ///
    /// # Errors
    /// [`StoreError::NotWriter`], or as [`look`](Self::look).
    pub fn wait(&mut self) -> Result<Bucket, StoreError> {
        let mut held_since: Option<(Holder, Instant)> = None;
        loop {
            let holder = match self.look()? {
                Taken::Bucket(bucket) => return Ok(*bucket),
                Taken::Held(holder) => holder,
            };
            let lease = Duration::from_millis(holder.lease);
            let since = match &held_since {
                Some((known, since)) if *known == holder => *since,
                _ => Instant::now(),
            };
            let serves = holder.url.is_some() && self.watch.has_changed();
            if serves || since.elapsed() > 2 * lease {
                return Err(StoreError::NotWriter { url: holder.url });
            }
            held_since = Some((holder, since));
            sleep(lease / LOOKS);
        }
    }

    /// Makes the lock of a new log, and holds it.
    ///
    /// # Errors
    /// When there is one already: the prefix holds a log.
    pub fn make(&self) -> Result<Bucket, LogError> {
        use super::protocol::{Create, Presence};
        let lock = Lock::new(self.holder());
        let mut create = Create::new(LOCK.into(), lock.encode());
        if self.client.drive(&mut create)? == Presence::Differs {
            let path = self.client.locate(LOCK).into();
            return Err(LayoutError::NotEmpty { path }.into());
        }
        let object = self.client.read(LOCK)?;
        let object = object.ok_or_else(|| self.client.no_lock())?;
        Ok(Bucket::new(self.client.clone(), Lease::made(object, lock)))
    }
}
