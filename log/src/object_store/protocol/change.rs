//! One change of the lock, carried to its end: also with lost answers, its outcome is known afterwards.

use super::LOCK;
use super::request::{Answer, ETag, Machine, Object, Request};
use glasslog_core::object_store::Lock;

/// A swap of the lock from a content that was read to a content that is new.
#[derive(Clone, Debug)]
pub struct Change {
    base: Object,
    wanted: Lock,
    bytes: Vec<u8>,
    is_reading: bool,
}

/// The outcome of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in place, under this tag.
    Won(ETag),
    /// Another content is in place. The change was never made, or another writer has already built on it.
    Lost(Object),
    /// The lock is missing; no writer removes it.
    Gone,
}

impl Change {
    /// Prepares to replace `base` by `wanted`.
    pub fn new(base: Object, wanted: Lock) -> Self {
        let bytes = wanted.encode();
        Self {
            base,
            wanted,
            bytes,
            is_reading: false,
        }
    }

    /// Returns the content that the change writes.
    pub fn wanted(&self) -> &Lock {
        &self.wanted
    }

    /// Returns the written content under the tag that it won.
    pub(super) fn into_held(self, etag: ETag) -> (Object, Lock) {
        let bytes = self.bytes;
        (Object { etag, bytes }, self.wanted)
    }
}

impl Machine for Change {
    type Output = Outcome;

    fn ask(&self) -> Request {
        match self.is_reading {
            true => Request::Get(LOCK.into()),
            false => Request::Swap(LOCK.into(), self.base.etag.clone(), self.bytes.clone()),
        }
    }

    fn hear(&mut self, answer: Answer) -> Option<Outcome> {
        match answer {
            Answer::Done(Some(etag)) if !self.is_reading => Some(Outcome::Won(etag)),
            // A content never returns, so the present one tells if an earlier attempt succeeded.
            Answer::Found(object) if object.bytes == self.bytes => Some(Outcome::Won(object.etag)),
            Answer::Found(object) if object.bytes == self.base.bytes => {
                self.base.etag = object.etag;
                self.is_reading = false;
                None
            }
            Answer::Found(object) => Some(Outcome::Lost(object)),
            Answer::Missing if self.is_reading => Some(Outcome::Gone),
            _ => {
                self.is_reading = true;
                None
            }
        }
    }
}
