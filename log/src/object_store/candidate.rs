//! A process that wants to write a log: it tests the store once, then polls the lock, and takes the lease if it is free
//! or its holder is silent.

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

/// Polls of the lock in the time of a lease, while a candidate waits.
const LOOKS: u32 = 10;

/// A process that wants to write one log.
#[derive(Debug)]
pub struct Candidate {
    client: Client,
    watch: Watch,
    id: [u8; 16],
    url: Option<String>,
    began: Instant,
}

/// The result of polling the lock.
#[derive(Debug)]
pub enum Taken {
    /// The lease is taken by this process.
    Bucket(Box<Bucket>),
    /// Another process holds the lease.
    Held(Holder),
}

impl Candidate {
    /// Tests that the store honours conditional requests. `url` is the URL where this process accepts entries, if it
    /// serves.
    ///
    /// # Errors
    /// The settings, from the file `path`, are wrong; the store is unfit or unreachable.
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

    /// Returns the client of the store.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the public files of the log.
    pub fn source(&self) -> BucketSource {
        BucketSource::new(self.client.clone())
    }

    /// Sets the URL where this process accepts entries once it has the lease.
    pub fn announce(&mut self, url: String) {
        self.url = Some(url);
    }

    /// Returns the time between two polls.
    pub fn pause(&self) -> Duration {
        self.client.lease() / LOOKS
    }

    /// Polls the lock, and takes the lease if it is free.
    ///
    /// # Errors
    /// The lock is missing, or the store is unreachable.
    pub fn look(&mut self) -> Result<Taken, StoreError> {
        let (object, lock) = self.client.read_lock()?;
        match self.watch.see(self.began.elapsed(), &object, &lock) {
            // A lease of this process itself, from before a failure, may be taken again.
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
                // It was released in between: the next poll sees that.
                Ok(Taken::Held(lock.holder.unwrap_or_else(|| self.holder())))
            }
            Err(_) => Err(self.client.no_lock()),
        }
    }

    /// Polls until the lease is taken. It waits for a holder that serves only until that renews its lease, which
    /// happens four times in a lease, and for another holder until its lease should have ended.
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

    /// Creates the lock of a new log, and holds it.
    ///
    /// # Errors
    /// The lock exists: the prefix holds a log.
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
